"""The figures of results, each on axes that are handed in or made: an estimate is a dot, its interval a line."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from sverige_did import words
from sverige_did.api import asked
from sverige_did.api.rows import Row
from sverige_did.api.shown import FIGURES, NULL, apart
from sverige_did.report import numbers, svg
from sverige_did.results.estimates import Curve

DARK, MUTED, ACCENT = svg.INK, "#8a93a0", svg.WARNING
"""The colours of the pages, which know them and give them their own where a reader's screen is dark."""


def told(value: float) -> str:
    """A level as a reader meets it; nothing where there is none."""
    return "" if not np.isfinite(value) else numbers.significant(value, words.default_language(), FIGURES)


# Names are other people's: a dollar in one is a dollar, and begins no formula (parse_math).


def axes_of(ax: Axes | None, *, rows: int = 8) -> Axes:
    """The axes, or new ones high enough for so many rows; InputError ``frame_argument`` for anything else."""
    if ax is not None and not isinstance(ax, Axes):
        raise asked.unlike("ax", ax, "matplotlib.axes.Axes")
    return ax if ax is not None else plt.subplots(figsize=(7, max(3.0, 0.32 * rows + 1)), layout="constrained")[1]


def forest(ax: Axes | None, rows: Sequence[Row], title: str, *, by: str = "term") -> Axes:
    """Estimates under each other, the first on top, with the line of no effect; named by term or by method."""
    ax = axes_of(ax, rows=len(rows))
    for at, row in enumerate(rows):
        if row.lower is not None and row.upper is not None:
            ax.plot(np.clip([row.lower, row.upper], -1e300, 1e300), [at, at], color=DARK, linewidth=1.2)
        ax.plot([row.estimate], [at], "o", color=DARK, markersize=4)
    ax.axvline(NULL.get(rows[0].scale, 0.0) if rows else 0.0, color=MUTED, linewidth=0.8, linestyle="--")
    methods, terms = [row.method for row in rows], [row.term for row in rows]
    names = terms if by == "term" else apart(methods, terms)
    ax.set_yticks(range(len(rows)), names, parse_math=False)
    ax.invert_yaxis()
    ax.set_title(title, loc="left", parse_math=False)
    ax.set_xlabel(words.text("notebook.axis.effect"))
    return ax


def over_time(
    ax: Axes | None, x: Sequence[float], y: Sequence[float], joint: tuple[Sequence[float], Sequence[float]],
    pointwise: tuple[Sequence[float], Sequence[float]], title: str, ticks: Sequence[str] | None = None,
) -> Axes:  # fmt: skip
    """Effects by time since the start: the wide line holds for all at once, the dark one for each by itself."""
    ax = axes_of(ax)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.axvline(-0.5, color=MUTED, linewidth=0.8, linestyle="--")
    ax.vlines(x, *joint, color=MUTED, linewidth=4, alpha=0.6, label=words.text("notebook.axis.joint"))
    ax.vlines(x, *pointwise, color=DARK, linewidth=1.2, label=words.text("notebook.axis.pointwise"))
    ax.plot(x, y, "o", color=DARK, markersize=4)
    if ticks is not None:
        ax.set_xticks(x, ticks, rotation=45, ha="right", parse_math=False)
    else:
        ax.set_xlabel(words.text("notebook.axis.event_time"))
    ax.set_ylabel(words.text("notebook.axis.effect"))
    ax.set_title(title, loc="left", parse_math=False)
    ax.legend(frameon=False, fontsize="small")
    return ax


def histogram(
    ax: Axes | None, counts: Sequence[int], edges: Sequence[float], observed: float | None, title: str
) -> Axes:
    """How often each studentised difference comes of all choices of units, and where the choice that was made lies."""
    ax = axes_of(ax)
    ax.stairs(counts, edges, fill=True, color=MUTED, alpha=0.6)
    if observed is not None:
        ax.axvline(observed, color=ACCENT, linewidth=2)
    ax.set_xlabel(words.text("methods_table.axis.statistic"))
    ax.set_ylabel(words.text("methods_table.axis.choices"))
    ax.set_title(title, loc="left", parse_math=False)
    return ax


def along(ax: Axes | None, curve: Curve, title: str) -> Axes:
    """A number along an assumption, with its limits where it has any."""
    ax = axes_of(ax)
    if curve.lower and curve.upper:
        ax.fill_between(curve.x, curve.lower, curve.upper, color=MUTED, alpha=0.4, linewidth=0)
    ax.plot(curve.x, curve.y, color=DARK, linewidth=1.2)
    ax.axhline(0, color=MUTED, linewidth=0.8, linestyle="--")
    ax.set_xlabel(words.text(curve.x_name))
    ax.set_ylabel(words.text(curve.y_name))
    ax.set_title(title, loc="left", parse_math=False)
    return ax
