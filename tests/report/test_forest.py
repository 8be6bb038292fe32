"""Bars on one axis: every number at its place, an arrow-head where a limit lies beyond it, a name for each bar."""

from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from sverige_did.report import svg
from sverige_did.report.forest import LAYOUTS, Axis, Bar, forest

SVG = "{http://www.w3.org/2000/svg}"
BARS = (
    Bar("raw & plain", "raw", 0.5, None, None),
    Bar("sampled", "sampling", 1.0, 0.25, 4.0),
    Bar("endless", "posterior", 2.0, 0.0, math.inf),
)


def drawn(bars=BARS, scale="ratio", shape="wide", mark=None) -> ElementTree.Element:
    return ElementTree.fromstring(getattr(forest("f", bars, "en", scale=scale, title="t", mark=mark), shape))


def marks(figure: ElementTree.Element, colour: str) -> list[float]:
    """The middles of the polygons of a colour, along the axis."""
    middles = []
    for found in figure.iter(f"{SVG}polygon"):
        if found.get("fill") == svg.in_the_pages_colours(colour):
            across = [float(corner.split(",")[0]) for corner in found.get("points").split()]
            middles.append((min(across) + max(across)) / 2)
    return middles


def test_beyond_an_end_of_the_axis_is_the_end():
    axis = Axis(low=-1.0, high=1.0, left=100.0, right=300.0)
    assert [axis.at(value) for value in (-math.inf, -1.0, 0.0, 0.5, math.inf)] == [100.0, 100.0, 200.0, 250.0, 300.0]


def test_equal_ratios_are_equally_far_apart():
    bars = tuple(Bar(str(ratio), "raw", ratio, None, None) for ratio in (0.5, 1.0, 2.0, 4.0))
    gaps = [after - before for before, after in pairwise(marks(drawn(bars), svg.MUTED))]
    assert gaps == pytest.approx([gaps[0]] * 3, abs=0.02)


def test_equal_differences_are_equally_far_apart_and_none_lies_on_the_line():
    bars = tuple(Bar(str(value), "raw", value, None, None) for value in (-1.0, 0.0, 1.0))
    figure = drawn(bars, scale="pp")
    before, none, after = marks(figure, svg.MUTED)
    assert after - none == pytest.approx(none - before, abs=0.02)
    (line,) = [path.get("d") for path in figure.iter(f"{SVG}path") if path.get("stroke-width") == "1"]
    assert f"M {none:.2f} " in line


def test_a_share_has_no_line_of_no_difference():
    figure = drawn((Bar("share", "raw", 0.4, 0.2, 0.6),), scale="share")
    assert not [path for path in figure.iter(f"{SVG}path") if path.get("stroke-width") == "1"]


def test_limits_beyond_the_axis_end_in_arrow_heads():
    layout = LAYOUTS["wide"]
    ends = [layout.left * layout.width, layout.right * layout.width]
    assert marks(drawn(), svg.ACCENT) == pytest.approx(ends, abs=0.02)


@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_every_bar_has_its_name_and_its_mark(shape):
    figure = drawn(shape=shape, mark="made up")
    said = [text.text for text in figure.iter(f"{SVG}text")]
    assert [name for name in said if name in {bar.label for bar in BARS}] == [bar.label for bar in BARS]
    assert "made up" in said
    assert len(marks(figure, svg.MUTED)) == len(marks(figure, svg.INK)) == len(list(figure.iter(f"{SVG}circle"))) == 1


@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_a_long_name_goes_on_below_and_pushes_the_next_bar_down(shape):
    long = "A name that no figure is wide enough for, " * 3
    bars = (Bar(long, "raw", 1.0, None, None), Bar("short", "raw", 2.0, None, None))
    figure, usual = drawn(bars, "pp", shape), drawn((Bar("long", *_of(bars[0])), bars[1]), "pp", shape)
    lines = [text for text in figure.iter(f"{SVG}text") if text.text and text.text in long]
    assert " ".join(line.text for line in lines) == long.strip()
    assert len(lines) > 1
    assert all(len(line.text) <= LAYOUTS[shape].letters for line in lines)
    (last,) = [text for text in figure.iter(f"{SVG}text") if text.text == "short"]
    assert float(last.get("y")) - float(lines[-1].get("y")) > 1.5 * LAYOUTS[shape].size
    assert float(figure.get("height")) > float(usual.get("height"))


def _of(bar: Bar) -> tuple[str, float, None, None]:
    return bar.look, bar.point, None, None
