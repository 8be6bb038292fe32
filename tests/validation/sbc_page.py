"""The recorded calibration as a figure and a table.

python tests/validation/sbc_page.py     # writes docs/calibration.svg and the table in docs/calibration.md
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sbc import done, recorded
from sbc_models import MODELS
from sbc_ranks import Ranks, band, curves, uniformity

DOCS = Path(__file__).parents[2] / "docs"
PAGE, FIGURE = DOCS / "calibration.md", DOCS / "calibration.svg"
FIRST, LAST = "<!-- table: written by tests/validation/sbc_page.py -->\n", "<!-- end of table -->\n"
OVERALL = 0.05
"""How often any curve of any model may leave its band by chance, at the most."""
SIMULATIONS = 40_000
COLUMNS, LINE, SHADE = 4, "#1f4e79", "#d9e2ec"


def limit() -> float:
    """The smallest p-value that a quantity may have: ``OVERALL`` shared out among all of them (Bonferroni)."""
    return OVERALL / sum(len(recorded(model).names) for model in done())


def told(model: str) -> dict[str, float]:
    """p-values of uniform ranks by quantity, the same whenever asked."""
    return uniformity(recorded(model), np.random.default_rng(0), SIMULATIONS)


def rows() -> Iterator[str]:
    """The table: one line a model."""
    yield "| model | data sets | refused | diverged | quantities | smallest p | of |\n"
    yield "| --- | --- | --- | --- | --- | --- | --- |\n"
    for model in done():
        found, p = recorded(model), told(model)
        least = min(p, key=p.__getitem__)
        names = ", ".join(f"`{name}`" for name in found.names)
        numbers = f"{len(found.ranks)} | {found.refused} | {found.diverged}"
        yield f"| {model.replace('_', ' ')} | {numbers} | {names} | {p[least]:.4f} | `{least}` |\n"


def table() -> str:
    """The table and what its p-values are held against."""
    count = sum(len(recorded(model).names) for model in done())
    said = f"{count} quantities; no p-value may lie below {OVERALL:g} / {count} = {limit():.5f}.\n"
    missing = ", ".join(model.replace("_", " ") for model in MODELS if model not in done())
    lacking = f"\nNot recorded yet: {missing}.\n" if missing else ""
    return "".join([FIRST, *rows(), "\n", said, lacking, LAST])


def draw() -> Figure:
    """Each model a panel, each quantity a curve, and the band that holds all curves of all models together."""
    height = -(-len(done()) // COLUMNS)
    figure = Figure(figsize=(2.4 * COLUMNS, 1.9 * height), layout="constrained")
    panels = figure.subplots(height, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, model in zip(panels, done(), strict=False):
        _panel(panel, recorded(model), model.replace("_", " "))
    for panel in panels[len(done()) :]:
        panel.axis("off")
    figure.supxlabel("rank of the truth among the draws, as a share", size=9)
    figure.supylabel("excess of ranks below it", size=9)
    return figure


def _panel(panel: Axes, found: Ranks, title: str) -> None:
    share, apart = curves(found)
    for prob, shade in ((1 - limit(), "#edf1f5"), (0.95, SHADE)):
        half = band(found, prob, np.random.default_rng(0), SIMULATIONS)
        panel.fill_between(share, -half, half, color=shade, linewidth=0)
    for curve in apart:
        panel.plot(share, curve, color=LINE, linewidth=0.7, alpha=0.8)
    panel.set_title(title, size=9)
    panel.tick_params(labelsize=7, length=2)
    panel.set_xticks([0, 0.5, 1])
    panel.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Write both."""
    before, rest = PAGE.read_text("utf-8").split(FIRST)
    PAGE.write_text(before + table() + rest.split(LAST)[1], "utf-8")
    with mpl.rc_context({"svg.hashsalt": "calibration", "svg.fonttype": "none"}):
        draw().savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
