"""A matplotlib figure as inline SVG: text stays text, ids are its own, and a made-up number is marked as such."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

INK, MUTED, RULE, ACCENT, TINT, WARNING = "#1b1f24", "#5b6470", "#c9ced6", "#0a5a9c", "#e6f1ea", "#9a3412"
"""Colours that keep at least 4.5:1 on white where they carry text, and differ in lightness without colour vision."""

NAMED = {
    INK: "--ink", MUTED: "--muted", RULE: "--line", ACCENT: "--accent", TINT: "--tint", WARNING: "--warning",
    "#8a93a0": "--quiet", "#ffffff": "--ground", "#14532d": "--good",
}  # fmt: skip
"""The colours of a figure by the names that the page's style gives them, light and dark."""


def in_the_pages_colours(source: str) -> str:
    """An SVG whose colours follow the page; by itself it keeps its own."""
    for colour, name in NAMED.items():
        source = source.replace(colour, f"var({name}, {colour})")
    return source


STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 13,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.unicode_minus": True,
    "text.parse_math": False,  # a dollar in a name is a dollar, and no formula that may be broken
}
UNITS_PER_INCH = 72
Paint = Callable[[Figure], None]
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def draw(name: str, width: float, height: float, paint: Paint, *, title: str, mark: str | None) -> Markup:
    """Paint a figure of ``width`` x ``height`` CSS pixels and return it as one ``<svg>`` element.

    ``name`` is unique on the page and makes the ids unique; ``title`` is the text alternative; ``mark`` is written
    across the top of the figure where the data are synthetic.
    """
    with mpl.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(width / UNITS_PER_INCH, height / UNITS_PER_INCH))
        paint(figure)
        if mark is not None:
            figure.text(0.995, 0.995, mark, ha="right", va="top", color=WARNING, fontsize=13, weight="bold")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=NO_METADATA, transparent=True)
    return Markup(_inline(buffer.getvalue(), name, title))  # noqa: S704 (matplotlib escapes its text, _inline the title)


def _inline(source: str, name: str, title: str) -> str:
    """The bare element: no prologue, fonts of the page, every id prefixed, sized by the page and named for all."""
    svg = source[source.index("<svg") :].strip()
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    head, body = svg.split(">", 1)
    head = re.sub(r'\b(width|height)="([\d.]+)pt"', r'\1="\2"', head)
    named = f'{head} role="img" aria-labelledby="{name}-title"><title id="{name}-title">{escape(title)}</title>'
    return named + in_the_pages_colours(body)
