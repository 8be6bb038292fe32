"""Extremes over a box: against points drawn inside it, and against the published contrasts."""

from pathlib import Path

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.published.facts import read_facts
from sverige_did.studies.published.rounding import (
    institution_box,
    interval_of,
    per_resident_ratio_did,
    share_change_did,
    share_ratio,
    share_ratio_did,
)

PUBLISHED = Path(__file__).parents[3] / "data" / "herning" / "published.csv"


@pytest.fixture(scope="module")
def box():
    return institution_box(read_facts(PUBLISHED), unchanged_pp=1.0, control_before=(15.0, 35.0))


def pick(box, *names):
    return {name: box[name] for name in names}


def test_the_did_in_percentage_points_is_minus_13_to_minus_11_and_the_control_groups_play(box):
    still = pick(box, "share_before", "share_after") | {"control_change": (0.0, 0.0)}
    assert interval_of(share_change_did, still) == (-13, -11)
    assert interval_of(share_change_did, pick(box, "share_before", "share_after", "control_change")) == (-14, -10)


def test_the_share_ratio_is_about_a_half(box):
    low, high = interval_of(share_ratio, pick(box, "share_before", "share_after"))
    assert (low, high) == (12.5 / 25.5, 13.5 / 24.5)
    assert low < 13 / 25 < high


def test_the_per_resident_ratio_holds_the_published_point():
    # method: (.13 x .94/.25)/(1 x .98) = 0.50
    point = {"share_before": 25.0, "share_after": 13.0, "placed_change": -6.0, "control_placed_change": -2.0}
    value = per_resident_ratio_did(**point, control_before=25.0, control_change=0.0)
    assert value == pytest.approx(0.13 * 0.94 / 0.25 / 0.98)
    assert round(value, 2) == 0.50


@pytest.mark.parametrize("expression", [share_ratio_did, per_resident_ratio_did])
def test_no_point_inside_the_box_lies_outside_the_interval_and_some_come_near_its_ends(box, expression):
    names = expression.__code__.co_varnames[: expression.__code__.co_argcount]
    mine = pick(box, *names)
    low, high = interval_of(expression, mine)
    rng = np.random.default_rng(7)
    drawn = expression(**{name: rng.uniform(*limits, size=20_000) for name, limits in mine.items()})
    assert low <= drawn.min()
    assert drawn.max() <= high
    assert drawn.max() - drawn.min() > 0.6 * (high - low)


def test_the_order_of_quantities_and_the_unit_of_a_ratio_do_not_matter(box):
    forward = pick(box, "share_before", "share_after")
    backward = dict(reversed(forward.items()))
    fraction = {name: (low / 100, high / 100) for name, (low, high) in forward.items()}
    assert interval_of(share_ratio, forward) == interval_of(share_ratio, backward)
    assert interval_of(share_ratio, fraction) == pytest.approx(interval_of(share_ratio, forward))


def test_what_is_known_exactly_leaves_a_point():
    assert interval_of(share_ratio, {"share_before": (25, 25), "share_after": (13, 13)}) == (0.52, 0.52)


def test_reversed_limits_and_missing_figures_are_refused():
    with pytest.raises(RefusedError) as caught:
        interval_of(share_ratio, {"share_before": (26, 25), "share_after": (13, 13)})
    assert caught.value.problems[0].key == "limits_reversed"
    with pytest.raises(RefusedError) as caught:
        institution_box((), unchanged_pp=1.0, control_before=(25.0, 25.0))
    assert caught.value.problems[0].expected == "F077, F078, F079, F080"
