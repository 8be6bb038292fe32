"""What single districts and dates add, against refits of the panel without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drifting import dated

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError
from sverige_did.inference.staggered import Whole, welch_by_cohort
from sverige_did.inference.staggered_districts import (
    Summed,
    of_each_treated,
    spread,
    summed,
    without_each,
    without_each_date,
)


def simple(panel: DistrictPanel) -> float:
    return aggregate(group_time_effects(panel, "never"), "simple").overall


def without(panel: DistrictPanel, gone: np.ndarray) -> DistrictPanel:
    kept = ~gone
    rows = kept[panel.unit]
    labels = tuple(label for label, stays in zip(panel.labels, kept, strict=True) if stays)
    place = np.cumsum(kept) - 1
    return replace(
        panel, unit=place[panel.unit[rows]], time=panel.time[rows], y=panel.y[rows], labels=labels,
        treated_from=panel.treated_from[kept], weights=panel.weights[kept],
    )  # fmt: skip


def whole(panel: DistrictPanel) -> Whole:
    return Whole(panel.wide(), (panel.periods >= panel.treated_from[:, None]).astype(float))


@pytest.fixture(scope="module")
def both() -> tuple[DistrictPanel, Summed]:
    panel = dated()
    return panel, summed(panel, simple, whole(panel))


def test_without_each_district_by_refits(both: tuple[DistrictPanel, Summed]) -> None:
    panel, found = both
    for one, test in enumerate(without_each(found)):
        rest = without(panel, np.arange(24) == one)
        expected = welch_by_cohort(rest, simple)
        assert (test.estimate, test.std_error) == pytest.approx((expected.estimate, expected.std_error))
        assert test.df == pytest.approx(expected.df)


def test_without_each_date_by_refits(both: tuple[DistrictPanel, Summed]) -> None:
    panel, found = both
    tests = without_each_date(found)
    assert [one.estimate for one in tests] == pytest.approx(
        [simple(without(panel, panel.treated_from == date)) for date in (4.0, 5.0)]
    )


def test_each_treated_district_by_itself_by_refits(both: tuple[DistrictPanel, Summed]) -> None:
    panel, found = both
    begun = np.flatnonzero(panel.ever_treated)
    expected = [simple(without(panel, panel.ever_treated & (np.arange(24) != one))) for one in begun]
    assert of_each_treated(found) == pytest.approx(expected)


def test_where_two_begin_together_both_are_left_out() -> None:
    panel = without(dated(), np.isin(np.arange(24), [0, 1]))
    tests = without_each(summed(panel, simple, whole(panel)))
    assert len(tests) == 22
    assert tests[0].estimate == tests[1].estimate == pytest.approx(simple(without(panel, np.arange(22) < 2)))


def test_the_swing_of_districts_that_never_begin_is_that_which_was_put_in(both: tuple[DistrictPanel, Summed]) -> None:
    _, found = both
    many = [spread(summed(one, simple, whole(one))).seen for one in map(dated, range(40))]
    assert np.mean(np.square(many)) == pytest.approx(1.0, abs=0.15)
    seen = spread(found)
    shares = (found.weights[found.cohort] ** 2).sum()
    assert seen.std_error == pytest.approx(seen.seen * np.sqrt(shares))


def test_a_district_alone_with_its_date_is_refused() -> None:
    panel = without(dated(), np.isin(np.arange(24), [0, 1, 2]))
    with pytest.raises(RefusedError):
        summed(panel, simple, whole(panel))
