"""Reliable change and added value: published thresholds, and the conditions under which they hold."""

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.sdq.change import added_value, reliable_change, smallest_reliable_change
from sverige_did.sources.sdq.scores import score
from sverige_did.study.blocks import AddedValue

FORMULA = AddedValue(
    intercept=1.0, total=0.5, impact=0.25, emotion=-0.5, sd=5, source="numbers of this test", high_risk=True
)


def forms(n, seed, informant="parent"):
    return score(np.random.default_rng(seed).integers(0, 3, (n, 25)), informant, 12)


@pytest.mark.parametrize(
    ("sd", "reliability", "points"), [(6.5, 0.7, 9.9), (5, 0.62, 8.5), (5, 0.80, 6.2)]
)  # worked by hand as 1.96 sd sqrt(2 (1 - r)); .62 is the retest correlation of Goodman 2001
def test_the_smallest_reliable_change(sd, reliability, points):
    assert smallest_reliable_change(sd=sd, reliability=reliability) == pytest.approx(points, abs=0.06)


def test_verdicts_lie_where_the_threshold_puts_them():
    before, after = forms(500, 1), forms(500, 2)
    verdict = reliable_change(before, after, "total", 8.5)
    points = after.total - before.total
    expected = np.where(points >= 8.5, 1, np.where(points <= -8.5, -1, 0))
    assert (verdict == expected).all()
    assert set(expected.tolist()) == {-1, 0, 1}
    assert (reliable_change(after, before, "total", 8.5) == -verdict).all()


def test_more_prosocial_is_better():
    before, after = forms(500, 1), forms(500, 2)
    rose = after.prosocial - before.prosocial >= 4
    assert rose.any()
    assert (reliable_change(before, after, "prosocial", 4)[rose] == -1).all()


def test_a_missing_score_is_no_reliable_change():
    items = np.ones((1, 25))
    items[0, [2, 7, 12]] = np.nan
    assert reliable_change(score(items, "parent", 9), forms(1, 2), "total", 8.5).tolist() == [0]


def test_added_value_is_prediction_less_follow_up_and_moves_with_it_point_by_point():
    before, after, impact = forms(40, 1), forms(40, 2), np.arange(40) % 11
    expected = 1.0 + 0.5 * before.total + 0.25 * impact - 0.5 * before.emotion - after.total
    assert added_value(before, impact, after, 6, FORMULA) == pytest.approx(expected)


def test_without_the_impact_there_is_no_added_value():
    impact = np.where(np.arange(10) < 4, np.nan, 1.0)
    found = added_value(forms(10, 1), impact, forms(10, 2), 6, FORMULA)
    assert np.isnan(found).tolist() == [True] * 4 + [False] * 6


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: reliable_change(forms(3, 1), forms(3, 2, "teacher"), "total", 8), "sdq_informant_differs"),
        (lambda: reliable_change(forms(3, 1), forms(4, 2), "total", 8), "sdq_items_shape"),
        (lambda: smallest_reliable_change(sd=5, reliability=1.0), "sdq_reliability"),
        (lambda: added_value(forms(3, 1), [0] * 3, forms(3, 2), [6, 6, 12], FORMULA), "sdq_added_value_months"),
        (
            lambda: added_value(forms(3, 1, "teacher"), [0] * 3, forms(3, 2, "teacher"), 6, FORMULA),
            "sdq_added_value_parent",
        ),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))
