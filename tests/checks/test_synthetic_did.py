"""Weighted controls beside the finding: when the two say different things, and a p that is exact over all choices."""

from itertools import combinations

import numpy as np
import pytest

from sverige_did.checks.synthetic_did import differ, staggered_synthetic_beside, synthetic_beside
from sverige_did.did.synthetic import synthetic_did
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import districts
from sverige_did.inference.permutation import permutation_test_of
from sverige_did.results.estimates import CheckResult

POST = np.arange(8) >= 6
SIZES = np.linspace(50, 400, 7)
CHOICES = [np.isin(np.arange(7), pair) for pair in combinations(range(7), 2)]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20130801)


def beside(table: np.ndarray, planned: TTest, seed: int = 1) -> CheckResult:
    sample = districts(table[:, 6:].mean(axis=1) - table[:, :6].mean(axis=1), CHOICES[0], weights=SIZES)
    return synthetic_beside(
        planned, table, POST, sample, "institution_per_1000", scale="rate_per_1000", rng=np.random.default_rng(seed)
    )


@pytest.mark.parametrize(
    ("limits", "estimate", "p", "turns"),
    [
        ((-3.0, -1.0), -1.5, 0.01, False),
        ((-5.0, 1.0), -1.5, 0.30, False),
        ((-3.0, -1.0), -0.5, 0.30, True),
        ((-5.0, 1.0), -2.5, 0.05, True),
        ((-5.0, 1.0), 0.1, 0.90, False),  # both may be nothing, whichever sign they have
        ((-3.0, -1.0), 1.5, 0.01, True),
    ],
)
def test_it_turns_where_signs_or_what_stands_out_differ(
    limits: tuple[float, float], estimate: float, p: float, turns: bool
) -> None:
    assert differ(TTest(-2.0, 1.0, 10.0, 0.5, *limits, 0.05), estimate, p) == turns


def test_the_numbers_are_those_of_the_weights_and_of_every_choice(rng: np.random.Generator) -> None:
    table = rng.normal(size=(7, 8)).cumsum(axis=1) - 9 * np.outer(CHOICES[0], POST)
    found = beside(table, TTest(-9.0, 1.0, 5.0, 0.01, -12.0, -6.0, 0.05))
    own = synthetic_did(table, CHOICES[0], POST, SIZES)
    every = np.array([synthetic_did(table, chosen, POST, SIZES).estimate for chosen in CHOICES])
    assert (found.check, found.outcome, found.scale) == ("synthetic_did", "institution_per_1000", "rate_per_1000")
    assert found.numbers == {
        "effect": -9.0,
        "effect_other": pytest.approx(own.estimate),
        "p": pytest.approx(np.mean(np.abs(every) >= abs(own.estimate) - 1e-9)),
        "controls": pytest.approx(1 / (own.omega**2).sum()),
        "of_controls": 5.0,
    }
    assert found.key == ("result" if found.numbers["p"] <= 0.05 else "turns")


def test_many_choices_are_drawn_and_the_seed_decides_which(rng: np.random.Generator) -> None:
    table, treated = rng.normal(size=(14, 8)).cumsum(axis=1), np.arange(14) < 5
    sample = districts(table[:, 7] - table[:, 0], treated)
    planned = TTest(-2.0, 1.0, 10.0, 0.5, -5.0, 1.0, 0.05)
    p = [
        synthetic_beside(planned, table, POST, sample, "x", scale="pp", rng=np.random.default_rng(seed)).numbers["p"]
        for seed in (1, 1, 2)
    ]
    assert p[0] == p[1] != p[2]
    assert all(1000 * one == pytest.approx(round(1000 * one)) for one in p)


def test_over_all_choices_of_districts_p_holds_its_level_exactly(rng: np.random.Generator) -> None:
    """Were each of the 21 pairs the treated one in turn, p would be at most k / 21 for at most k of them."""
    table, sizes = rng.normal(size=(7, 8)).cumsum(axis=1), rng.uniform(50, 400, 7)
    found = [
        permutation_test_of(lambda row: synthetic_did(table, row, POST, sizes).estimate, chosen, rng=rng).p_value
        for chosen in CHOICES
    ]
    for k in range(1, 22):
        assert sum(p <= k / 21 + 1e-9 for p in found) <= k


def test_a_true_null_is_rejected_as_often_as_promised(rng: np.random.Generator) -> None:
    """200 panels of seven districts whose shocks last; p <= 2/21 is a test at 9.5 %."""
    treated = CHOICES[0]
    hits = 0
    for _ in range(200):
        table = rng.normal(size=(7, 8)).cumsum(axis=1)
        p = permutation_test_of(lambda row, y=table: synthetic_did(y, row, POST).estimate, treated, rng=rng).p_value
        hits += p <= 2 / 21 + 1e-9
    assert abs(hits / 200 - 2 / 21) < 4 * np.sqrt(2 / 21 * 19 / 21 / 200)


def test_dates_that_change_places_are_the_reference_of_a_staggered_programme(rng: np.random.Generator) -> None:
    begun = np.array([2016.0] * 3 + [2017.0] * 3 + [np.nan] * 14)
    periods = np.arange(2010.0, 2020.0)
    noise = rng.normal(size=(20, 10))
    planned = TTest(-3.0, 0.5, 10.0, 0.01, -4.0, -2.0, 0.05)

    def run(levels: np.ndarray) -> CheckResult:
        return staggered_synthetic_beside(
            planned, levels, periods, begun, "institution_share", scale="pp", rng=np.random.default_rng(1), draws=99
        )

    found = run(noise - 9 * (periods >= begun[:, None]))
    assert found.key == "dates"
    assert found.numbers["p"] == pytest.approx(0.01)
    assert found.numbers["effect_other"] == pytest.approx(-9.0, abs=1.5)
    assert (found.numbers["districts"], found.numbers["adopters"]) == (6.0, 6.0)
    nothing = run(noise)
    assert nothing.key == "dates_turn"  # the planned estimate stood out, and this does not
    assert nothing.numbers["p"] > 0.05


def test_dates_change_places_within_strata_and_an_exchange_that_changes_nothing_is_a_hit(
    rng: np.random.Generator,
) -> None:
    begun = np.array([2016.0] * 3 + [2017.0] * 3 + [np.nan] * 8)
    found = staggered_synthetic_beside(
        TTest(-3.0, 0.5, 10.0, 0.01, -4.0, -2.0, 0.05), rng.normal(size=(14, 10)), np.arange(2010.0, 2020.0), begun,
        "institution_share", scale="pp", rng=rng, strata=np.repeat([0, 1, 2], [3, 3, 8]), draws=9,
    )  # fmt: skip
    assert found.numbers["p"] == 1.0
