"""Why spending on placements changed, as a small stacked figure with its numbers: price, mix and volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.headlines import PARTS_OF_SPENDING, findings_of
from sverige_did.report.labels import caption
from sverige_did.report.tables import FigureView, Table, heads, painted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language

HEIGHT = 260.0
COLOURS = {"price_part": svg.ACCENT, "mix_part": svg.MUTED, "volume_part": svg.RULE}
"""One for each part; they differ in lightness, and the table beside the figure has the numbers."""

WHOLE = "all_parts"


def spending(release: Release, outcome: str, language: Language) -> FigureView | None:
    """The parts of one outcome by group and for the difference between the groups; None where it was not split."""
    amounts: dict[str, dict[str, float]] = {}
    step = next((one.result.step for one in findings_of(release, outcome)
                 if one.result.estimator in PARTS_OF_SPENDING), None)  # fmt: skip
    for finding in findings_of(release, outcome):
        if finding.result.estimator in PARTS_OF_SPENDING:
            amounts.setdefault(finding.result.estimator, {})[finding.result.estimand] = finding.result.estimate
    if not amounts:
        return None
    named = {estimator: words.text(f"labels.method.{estimator}", language) for estimator in amounts}

    def paint(figure: Figure) -> None:
        _bars(figure, {named[estimator]: parts for estimator, parts in amounts.items()}, language)

    order = (*COLOURS, WHOLE)
    rows = tuple(
        (named[estimator], *(numbers.signed(parts[name], language, numbers.no_finer(1, step)) for name in order))
        for estimator, parts in amounts.items()
    )
    columns = heads(("group", "price_part", "mix_part", "volume_part", "whole"), language)
    table = Table(caption(release, "spending_parts", language), columns, rows, frozenset({1, 2, 3, 4}))
    return painted(release, f"spending-{outcome}", HEIGHT, paint, table, language)


def _bars(figure: Figure, amounts: dict[str, dict[str, float]], language: Language) -> None:
    """One bar a row: rises to the right and falls to the left of zero, and a mark at their sum."""
    axes = figure.add_axes((0.3, 0.3, 0.67, 0.58))
    for row, parts in enumerate(amounts.values()):
        ends = {True: 0.0, False: 0.0}
        for name, colour in COLOURS.items():
            side = parts[name] > 0
            label = words.text(f"report.columns.{name}", language) if row == 0 else None
            axes.barh(row, parts[name], left=ends[side], height=0.55, color=colour, edgecolor=svg.INK, label=label)
            ends[side] += parts[name]
        axes.plot(parts[WHOLE], row, "D", color=svg.INK, markersize=6)
    axes.axvline(0, color=svg.INK, linewidth=1)
    axes.set_yticks(range(len(amounts)), list(amounts))
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: numbers.significant(value, language))
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(words.text("labels.unit.mio_dkk", language), fontsize=12)
    figure.legend(loc="lower center", ncols=3, frameon=False, fontsize=11)
