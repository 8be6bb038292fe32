"""The sensitivity figures: every number at its place, gaps where a line is infinite, names that hide nothing."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from sverige_did.report import curves, svg_shapes
from sverige_did.report.curves import Line, Plane, curve_figure
from sverige_did.results.estimates import Curve

SVG = "{http://www.w3.org/2000/svg}"


def curve(y, **limits) -> Curve:
    x_name, y_name = "checks.axis.shock_sd", "checks.axis.effect_log_odds"
    return Curve(name="c", x_name=x_name, y_name=y_name, x=(0.0, 1.0, 2.0), y=y, **limits)


def drawn(*lines: Line, mark: str | None = None) -> ElementTree.Element:
    return ElementTree.fromstring(curve_figure("name", lines, "en", title="A & B", mark=mark))


def paths(figure: ElementTree.Element, width: str) -> list[list[tuple[float, float]]]:
    found = [path for path in figure.iter(f"{SVG}path") if path.get("stroke-width") == width]
    return [[tuple(map(float, place)) for place in re.findall(r"([\d.]+) ([\d.]+)", path.get("d"))] for path in found]


def test_the_corners_of_the_plane_are_its_edges():
    plane = Plane(x=(-1.0, 3.0), y=(10.0, 20.0), top=40.0)
    assert plane.at(-1.0, 10.0) == (curves.LEFT, curves.BOTTOM)
    assert plane.at(3.0, 20.0) == (curves.RIGHT, 40.0)
    assert plane.at(1.0, 15.0) == pytest.approx(((curves.LEFT + curves.RIGHT) / 2, (curves.BOTTOM + 40.0) / 2))


def test_a_line_goes_through_its_numbers():
    (line,) = paths(drawn(Line("r", curve((-1.0, 1.0, 0.0)))), "2")
    (left, low), (middle, high), (right, between) = line
    assert middle - left == pytest.approx(right - middle, abs=0.02)
    assert low - between == pytest.approx(between - high, abs=0.02)
    assert curves.TOP < high < between < low < curves.BOTTOM


def test_an_infinite_limit_is_a_gap_and_does_not_stretch_the_axis():
    finite = curve((0.0, 1.0, 2.0), lower=(-1.0, 0.0, 1.0), upper=(1.0, 2.0, 3.0))
    infinite = finite.model_copy(update={"upper": (1.0, math.inf, 3.0)})
    wanted, found = (paths(drawn(Line("r", one)), "0.8") for one in (finite, infinite))
    assert found[0] == wanted[0]
    assert [len(line) for line in found] == [3, 2, 3]  # lower, upper with a gap, axes
    assert "nan" not in ElementTree.tostring(drawn(Line("r", infinite)), "unicode")


@pytest.mark.parametrize("value", [0.0, -3.0, math.nan])
def test_a_curve_of_one_number_or_of_none_has_an_axis(value):
    low, high = curves.ends_of([value, value])
    assert low < (0.0 if math.isnan(value) else value) < high


def test_readings_are_named_below_the_title_and_told_apart_by_dashes():
    figure = drawn(*(Line(label, curve((0.0, 1.0, at))) for at, label in enumerate(("H1 <", "H2", "H3"))))
    said = [text.text for text in figure.iter(f"{SVG}text")]
    assert figure.find(f"{SVG}title").text == "A & B"
    assert {"H1 <", "H2", "H3"} <= set(said)
    thick = [path.get("stroke-dasharray") for path in figure.iter(f"{SVG}path") if path.get("stroke-width") == "2"]
    assert thick == [None, "7.4,3.2", "2,3.3"] * 2


def test_every_row_of_a_long_name_stands_above_the_plane(monkeypatch):
    monkeypatch.setattr(curves, "WRAP", 8)
    figure = drawn(Line("r", curve((0.0, 1.0, 2.0))))
    rows = [float(text.get("y")) for text in figure.iter(f"{SVG}text") if text.get("x") == "4.00"]
    top = min(y for line in paths(figure, "0.8") for _, y in line)
    assert len(rows) > 1
    assert svg_shapes.ASCENT * curves.NAMES <= min(rows) < max(rows) < top


def test_made_up_numbers_are_marked():
    assert "made up" in [
        text.text for text in drawn(Line("r", curve((0.0, 1.0, 2.0))), mark="made up").iter(f"{SVG}text")
    ]
