"""The main figures look as they did: every stroke and word stands where the recorded picture has it.

A figure that was meant to change is recorded anew with ``python tests/report/test_baselines.py``, and looked at.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from small_pages import with_everything

from sverige_did.report import render
from sverige_did.report.figures import figures_of
from sverige_did.report.front import render_front

RECORDED = Path(__file__).parent / "baselines"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
FIGURES = (
    "tile-children", "overview-wide", "card-institution_share-wide", "forest-institution_share-wide",
    "tipping_shock-institution_share-p_value", "spillover-institution_share-att", "beliefs-wide",
)  # fmt: skip
HALF_A_PIXEL = 0.5


@cache
def drawn() -> dict[str, str]:
    release = with_everything()
    return {name: svg for page in (render, render_front) for name, svg in figures_of(page(release, "da")).items()}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_that_which_was_recorded(name: str) -> None:
    """Another processor may round a coordinate otherwise, so numbers may differ by half a pixel; nothing else may."""
    recorded, found = (RECORDED / f"{name}.svg").read_text("utf-8"), drawn()[name]
    assert NUMBER.sub("#", found) == NUMBER.sub("#", recorded)
    apart = [
        (was, now)
        for was, now in zip(NUMBER.findall(recorded), NUMBER.findall(found), strict=True)
        if abs(float(was) - float(now)) > HALF_A_PIXEL
    ]
    assert not apart


def test_a_figure_that_moved_by_a_pixel_is_noticed() -> None:
    """The comparison can fail: a dot one pixel to the right is another picture."""
    svg = drawn()["tile-children"]
    place = re.search(r'cx="([\d.]+)"', svg)
    assert place
    moved = svg.replace(place[0], f'cx="{float(place[1]) + 1:g}"', 1)
    pairs = zip(NUMBER.findall(svg), NUMBER.findall(moved), strict=True)
    assert any(abs(float(was) - float(now)) > HALF_A_PIXEL for was, now in pairs)


if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    for figure in FIGURES:
        (RECORDED / f"{figure}.svg").write_text(drawn()[figure], "utf-8")
