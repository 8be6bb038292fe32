"""Groups as small as another study's where nothing was done: all draws listed, a shock found again, refusals."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from sverige_did.checks.placebo_groups import Counts, Groups, placebo_differences, placebo_groups, shock
from sverige_did.errors import RefusedError
from sverige_did.words import LANGUAGES, text


def counts(y: np.ndarray, n: np.ndarray, *, per: float = 100.0, share: bool = True) -> Counts:
    return Counts(y.astype(float), n.astype(float), per, share)


@pytest.fixture
def small() -> Counts:
    rng = np.random.default_rng(3)
    n = rng.integers(20, 60, (4, 3))
    return counts(rng.binomial(n, 0.3), n)


def test_the_draws_are_all_that_there_are_each_as_often(small):
    every = []
    for a, b, c in permutations(range(4), 3):
        if b < c:
            for t in (0, 1):
                level = [
                    small.y[list(group), s].sum() / small.n[list(group), s].sum()
                    for group in ((a,), (b, c))
                    for s in (t, t + 1)
                ]
                every.append(100 * ((level[1] - level[0]) - (level[3] - level[2])))
    drawn = placebo_differences(small, Groups(1, 2), 1, draws=48_000, rng=np.random.default_rng(1))
    found, often = np.unique(drawn.round(9), return_counts=True)
    assert found == pytest.approx(np.unique(np.round(every, 9)))
    assert often == pytest.approx(np.full(24, 2000), abs=250)


def test_only_areas_of_the_size_stand_for_the_other_study():
    n = np.repeat([[10.0], [50.0], [80.0], [1000.0], [2000.0], [3000.0]], 4, axis=1)
    able = Groups(1, 3, size=67).able(counts(n / 4, n))
    assert able.tolist() == [False, True, True, False, False, False]
    assert Groups(2, 3, size=67).able(counts(n / 4, n)).tolist() == [False, True, False, False, False, False]
    y = n / 4
    y[1:3, 2:] *= 2  # only the two that are able ever change
    drawn = placebo_differences(counts(y, n), Groups(1, 3, size=67), 1, draws=2000, rng=np.random.default_rng(1))
    assert (drawn > 24).mean() == pytest.approx(1 / 3, abs=0.05)  # one date of three


@pytest.mark.parametrize("share", [True, False])
def test_a_shock_that_was_put_in_lies_between_the_two_bounds(share):
    rng = np.random.default_rng(11)
    n = rng.integers(100, 1000, (300, 9))
    eta = rng.normal(-1, 0.4, (300, 1)) + rng.normal(0, 0.25, (300, 9))
    p = 1 / (1 + np.exp(-eta)) if share else np.exp(eta) / 3
    y = rng.binomial(n, p) if share else rng.poisson(n * p)
    found = shock(counts(y, n, share=share), 1)
    assert found is not None
    assert found.low == pytest.approx(0.25, abs=0.02)  # new children in every period: the lower bound is the truth
    assert found.high > found.low
    nothing = shock(counts(rng.binomial(n, 0.3), n), 1)
    assert nothing is not None
    assert nothing.low < 0.06


def test_the_bounds_do_not_move_with_size_but_by_what_it_tells():
    rng = np.random.default_rng(12)
    n = np.repeat(rng.integers(50, 2000, (240, 1)), 9, axis=1)
    y = rng.binomial(n, 1 / (1 + np.exp(1 + rng.normal(0, 0.2, (240, 9)))))
    found = placebo_groups(
        counts(y, n), Groups(4, 16), "institution_share", scale="pp", apart=(1, 2), draws=4000, rng=rng, compared=-12.0
    )
    assert found.numbers["small_high"] > found.numbers["large_high"]
    for name in ("shock", "small", "large"):
        assert found.numbers[f"{name}_low"] <= found.numbers[f"{name}_high"]
        assert found.numbers[f"{name}_low"] == pytest.approx(0.2, abs=0.05)


def test_the_share_that_lies_as_far_counts_the_observed_one(small):
    def run(compared: float) -> dict[str, float | None]:
        found = placebo_groups(
            small, Groups(1, 2), "institution_share", scale="pp", apart=(1,), draws=199,
            rng=np.random.default_rng(5), compared=compared,
        )  # fmt: skip
        return found.numbers

    assert run(1000.0)["percent1"] == pytest.approx(0.5)
    assert run(0.0)["percent1"] == pytest.approx(100.0)
    assert run(8.0)["percent1"] == run(-8.0)["percent1"]


def test_the_figure_holds_every_draw_and_marks_the_other_study(small):
    found = placebo_groups(
        small, Groups(1, 2), "institution_share", scale="pp", apart=(1, 2), draws=500, rng=np.random.default_rng(5),
        compared=-12.0,
    )  # fmt: skip
    assert found.key == "compared_two"
    assert [curve.name for curve in found.curves] == ["percent_shorter", "percent_longer"]
    for curve in found.curves:
        assert sum(curve.y) == pytest.approx(100)
        assert curve.marked == -12.0
        for language in LANGUAGES:
            assert text(curve.x_name, language)
            assert text(curve.y_name, language)


@pytest.mark.parametrize("groups", [Groups(2, 3), Groups(1, 2, size=1.0)])
def test_too_few_areas_or_none_of_the_size_are_refused(small, groups):
    with pytest.raises(RefusedError) as refusal:
        placebo_differences(small, groups, 1, draws=10, rng=np.random.default_rng(1))
    assert refusal.value.problems[0].key == "placebo_groups_few"


def test_too_few_periods_are_refused(small):
    with pytest.raises(RefusedError):
        placebo_differences(small, Groups(1, 2), 3, draws=10, rng=np.random.default_rng(1))
