"""Reliable change and added value: published thresholds, and the conditions under which they hold."""

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.sdq.change import AddedValueFormula, added_value, reliable_change
from sverige_did.sources.sdq.scores import score

FORMULA = AddedValueFormula(intercept=1.0, total=0.5, impact=0.25, emotion=-0.5, sd=5, source="numbers of this test")


def forms(n, seed, informant="parent"):
    return score(np.random.default_rng(seed).integers(0, 3, (n, 25)), informant, 12)


@pytest.mark.parametrize(
    ("sd", "reliability", "points"), [(6.5, 0.7, 9.9), (5, 0.62, 8.5), (5, 0.80, 6.2)]
)  # worked by hand as 1.96 sd sqrt(2 (1 - r)); .62 is the retest correlation of Goodman 2001
def test_the_smallest_reliable_change(sd, reliability, points):
    change = reliable_change(forms(3, 1), forms(3, 2), "total", sd=sd, reliability=reliability)
    assert change.threshold == pytest.approx(points, abs=0.06)


def test_verdicts_lie_where_the_threshold_puts_them():
    before, after = forms(500, 1), forms(500, 2)
    change = reliable_change(before, after, "total", sd=5, reliability=0.62)
    points = after.total - before.total
    expected = np.where(points >= change.threshold, 1, np.where(points <= -change.threshold, -1, 0))
    assert (change.verdict == expected).all()
    assert set(expected.tolist()) == {-1, 0, 1}
    assert (reliable_change(after, before, "total", sd=5, reliability=0.62).verdict == -change.verdict).all()


def test_more_prosocial_is_better():
    before, after = forms(500, 1), forms(500, 2)
    change = reliable_change(before, after, "prosocial", sd=2, reliability=0.6)
    rose = after.prosocial - before.prosocial >= change.threshold
    assert rose.any()
    assert (change.verdict[rose] == -1).all()


def test_a_missing_score_is_no_reliable_change():
    items = np.ones((1, 25))
    items[0, [2, 7, 12]] = np.nan
    change = reliable_change(score(items, "parent", 9), forms(1, 2), "total", sd=5, reliability=0.62)
    assert np.isnan(change.index).all()
    assert change.verdict.tolist() == [0]


def test_added_value_is_prediction_less_follow_up_and_moves_with_it_point_by_point():
    before, after, impact = forms(40, 1), forms(40, 2), np.arange(40) % 11
    result = added_value(before, impact, after, 6, FORMULA, high_risk=True)
    expected = 1.0 + 0.5 * before.total + 0.25 * impact - 0.5 * before.emotion - after.total
    assert result.score == pytest.approx(expected)
    assert result.effect_size == pytest.approx(expected.mean() / 5)


def test_the_limits_are_ten_points_for_one_child_and_one_for_a_hundred():
    """sdqinfo.com/e10.html."""
    for n, points in ((1, 10), (100, 1)):
        result = added_value(forms(n, 1), np.zeros(n), forms(n, 2), 6, FORMULA, high_risk=True)
        assert (result.upper - result.lower) / 2 == pytest.approx(points, rel=0.03)


def test_rows_without_a_score_are_not_in_the_mean():
    before, after = forms(10, 1), forms(10, 2)
    impact = np.where(np.arange(10) < 4, np.nan, 1.0)
    result = added_value(before, impact, after, 6, FORMULA, high_risk=True)
    assert result.n == 6
    assert result.mean == pytest.approx(result.score[4:].mean())


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (
            lambda: reliable_change(forms(3, 1), forms(3, 2, "teacher"), "total", sd=5, reliability=0.6),
            "sdq_informant_differs",
        ),
        (lambda: reliable_change(forms(3, 1), forms(4, 2), "total", sd=5, reliability=0.6), "sdq_items_shape"),
        (lambda: reliable_change(forms(3, 1), forms(3, 2), "total", sd=5, reliability=1.0), "sdq_reliability"),
        (lambda: added_value(forms(3, 1), [0] * 3, forms(3, 2), 6, FORMULA, high_risk=False), "sdq_added_value_risk"),
        (
            lambda: added_value(forms(3, 1), [0] * 3, forms(3, 2), [6, 6, 12], FORMULA, high_risk=True),
            "sdq_added_value_months",
        ),
        (
            lambda: added_value(forms(3, 1, "teacher"), [0] * 3, forms(3, 2, "teacher"), 6, FORMULA, high_risk=True),
            "sdq_added_value_parent",
        ),
        (
            lambda: added_value(forms(3, 1), [np.nan] * 3, forms(3, 2), 6, FORMULA, high_risk=True),
            "sdq_added_value_empty",
        ),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))
