"""SDQ scores: the examples of the published rules, and a slow version beside them. Items appear by number only."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.errors import RefusedError
from sverige_did.sources.sdq.scores import score

NAN = math.nan
SCALES = {
    "emotion": "3 8 13 16 24",
    "conduct": "5 7r 12 18 22",
    "hyper": "2 10 15 21r 25r",
    "peer": "6 11r 14r 19 23",
    "prosocial": "1 4 9 17 20",
}


def one(**answers):
    """One parent's form: every item 1, except those given as q<number>."""
    items = np.ones((1, 25))
    for name, value in answers.items():
        items[0, int(name[1:]) - 1] = value
    return items


def by_hand(row):
    """The five scales of one row, item by item, in whole numbers."""
    scores = {}
    for scale, items in SCALES.items():
        values = []
        for item in items.split():
            answer = row[int(item.rstrip("r")) - 1]
            if not math.isnan(answer):
                values.append(2 - int(answer) if item.endswith("r") else int(answer))
        # round half up without a float: floor(1/2 + 5 s / n) = (n + 10 s) // 2 n
        scores[scale] = (len(values) + 10 * sum(values)) // (2 * len(values)) if len(values) >= 3 else NAN
    return scores


def test_four_points_on_three_items_are_scaled_up_to_seven():
    """The example of the scoring guide: 6.67 is rounded to 7."""
    scores = score(one(q3=2, q8=1, q13=1, q16=NAN, q24=NAN), "parent", 8)
    assert scores.emotion.tolist() == [7]


def test_two_answers_are_too_few_and_the_totals_go_with_them():
    scores = score(one(q3=2, q8=1, q13=NAN, q16=NAN, q24=NAN), "parent", 8)
    assert np.isnan([scores.emotion[0], scores.total[0], scores.internalising[0]]).all()
    assert scores.externalising.tolist() == [10]


def test_the_worst_and_the_best_form():
    reversed_items = [f"q{k}" for k in (7, 11, 14, 21, 25)]
    worst = np.full((1, 25), 2.0)
    for name in reversed_items:
        worst[0, int(name[1:]) - 1] = 0
    high, low = score(worst, "teacher", 10), score(2 - worst, "teacher", 10)
    assert (high.total[0], low.total[0]) == (40, 0)
    assert (high.prosocial[0], low.prosocial[0]) == (10, 0)


answer = st.sampled_from([0.0, 1.0, 2.0, NAN])
forms = st.lists(st.lists(answer, min_size=25, max_size=25), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(rows=forms)
def test_scores_agree_with_a_count_by_hand(rows):
    scores = score(np.array(rows), "parent", 9)
    for k, row in enumerate(rows):
        expected = by_hand(row)
        for name, value in expected.items():
            assert scores.scale(name)[k] == pytest.approx(value, nan_ok=True)
        total = sum(value for name, value in expected.items() if name != "prosocial")
        assert scores.total[k] == pytest.approx(total, nan_ok=True)


def test_one_point_on_an_item_moves_its_scale_and_the_total_by_one():
    before = score(one(), "parent", 9)
    for name, items in SCALES.items():
        for item in items.split():
            toward_worse = {f"q{item.rstrip('r')}": 0 if item.endswith("r") else 2}
            after = score(one(**toward_worse), "parent", 9)
            assert after.scale(name)[0] - before.scale(name)[0] == 1
            assert after.total[0] - before.total[0] == (name != "prosocial")


def test_informant_and_age_stay_with_the_score():
    scores = score(np.ones((2, 25)), ["parent", "self"], [6.5, 12.0])
    assert scores.informant.tolist() == ["parent", "self"]
    assert scores.age.tolist() == [6.5, 12.0]


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: score(np.ones((2, 24)), "parent", 8), "sdq_items_shape"),
        (lambda: score(one(q3=3), "parent", 8), "sdq_item_range"),
        (lambda: score(one(q3=0.5), "parent", 8), "sdq_item_range"),
        (lambda: score(one(), "grandparent", 8), "sdq_informant"),
        (lambda: score(one(), "self", 10.9), "sdq_age"),
        (lambda: score(one(), "parent", NAN), "sdq_age"),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))
