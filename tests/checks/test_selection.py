"""Selection and contamination: each check fails at a stated rate where its violation is built in, and passes else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from drifting import shocks, treated_of

from sverige_did import words
from sverige_did.checks.changed_denominator import changed_denominator
from sverige_did.checks.just_before import just_before, without_last
from sverige_did.checks.kinds_in_parallel import implied_shares, kinds_in_parallel
from sverige_did.checks.placebo_outcome import placebo_outcome
from sverige_did.checks.regression_after_rise import halves, regression_after_rise
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Districts, districts
from sverige_did.report.labels import check_sentence
from sverige_did.results.estimates import CheckResult

NAMED = {"outcome": "institution_per_1000", "scale": "rate_per_1000"}
BEFORE, AFTER = 8, 4


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def planned(levels: np.ndarray, treated: np.ndarray) -> tuple[Districts, TTest]:
    sample = districts(levels[:, BEFORE:].mean(axis=1) - levels[:, :BEFORE].mean(axis=1), treated)
    return sample, calibrated_test(sample)


def of_anticipation(levels: np.ndarray) -> CheckResult:
    treated = treated_of()
    test = planned(levels, treated)[1]
    kept, last = without_last(np.arange(BEFORE), 0.5)
    change = levels[:, BEFORE:].mean(axis=1) - levels[:, kept].mean(axis=1)
    return just_before(test, calibrated_test(districts(change, treated)), last.size, **NAMED)


def test_waiting_for_the_programme_is_seen_in_39_of_40() -> None:
    """The treated pile up cases in the last year before and nothing else happens: the finding hangs on that year."""
    ahead = 8.0 * np.outer(treated_of(), np.isin(np.arange(BEFORE + AFTER), (6, 7)))
    made = [of_anticipation(0.6 * shocks(rng(s), BEFORE + AFTER) + ahead) for s in range(40)]
    assert sum(one.key == "result_turns" for one in made) >= 39
    assert all(one.numbers["periods"] == 2 for one in made)


def test_an_effect_without_anything_before_it_stays() -> None:
    after = 6.0 * np.outer(treated_of(), np.arange(BEFORE + AFTER) >= BEFORE)
    made = [of_anticipation(shocks(rng(s), BEFORE + AFTER) + after) for s in range(40)]
    assert sum(one.key == "result" for one in made) == 40


@pytest.mark.parametrize(("periods", "step", "left"), [(9, 0.5, 7), (2, 0.5, 1), (3, 1.0, 2), (2, 1.0, 1), (1, 1.0, 0)])
def test_the_last_year_is_left_out_or_the_last_period(periods: int, step: float, left: int) -> None:
    if not left:
        with pytest.raises(RefusedError):
            without_last(np.arange(periods), step)
        return
    kept, last = without_last(np.arange(periods), step)
    assert (kept.tolist(), last.tolist()) == (list(range(left)), list(range(left, periods)))


def risen(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Twenty districts that rise or fall for good in the middle of the time before, of which the four that had risen
    most begin; nothing is done to them."""
    draw = rng(seed)
    step = 2 * np.outer(draw.normal(size=20), np.arange(BEFORE + AFTER) >= BEFORE // 2)
    levels = 30 + 4 * draw.normal(size=(20, 1)) + step + 0.5 * draw.normal(size=step.shape)
    rise = levels[:, 4:BEFORE].mean(axis=1) - levels[:, :4].mean(axis=1)
    return levels, np.isin(np.arange(20), np.argsort(rise)[-4:])


def of_rise(levels: np.ndarray, treated: np.ndarray) -> tuple[TTest, CheckResult]:
    sample, test = planned(levels, treated)
    after = levels[:, BEFORE:].mean(axis=1)
    return test, regression_after_rise(test, levels[:, :BEFORE], after, sample, **NAMED)


def test_a_rise_that_lasts_is_taken_for_an_effect_and_the_check_says_so() -> None:
    """The plain difference finds an effect in nearly all data sets; the check turns nine in ten of them."""
    made = [of_rise(*risen(s)) for s in range(60)]
    found = [check for test, check in made if test.lower > 0 or test.upper < 0]
    assert len(found) > 50
    assert sum(one.key == "result_turns" for one in found) >= 0.9 * len(found)


def test_an_effect_on_districts_drawn_by_lot_survives_it() -> None:
    made = []
    for s in range(40):
        levels, _ = risen(s)
        levels[:4, BEFORE:] += 12.0
        made.append(of_rise(levels, treated_of())[1])
    assert sum(one.key == "result" for one in made) >= 36


def test_too_few_periods_before_and_holes_are_said() -> None:
    levels, treated = risen(1)
    sample, test = planned(levels, treated)
    after = levels[:, -1]
    for before, key in ((levels[:, :3], "did_one_pre_period"), (np.full((20, 8), np.nan), "inference_not_finite")):
        with pytest.raises(RefusedError) as refusal:
            regression_after_rise(test, before, after, sample, **NAMED)
        assert refusal.value.problems[0].key == key
    assert (halves(5), halves(4)) == ((slice(0, 2), slice(2, 5)), (slice(0, 2), slice(2, 4)))


def shares(seed: int, *, numerator: float = 1.0, denominator: float = 1.0) -> CheckResult:
    """Twenty districts with about 200 placed and 50 of them inside; the treated's are multiplied after."""
    draw, treated = rng(seed), treated_of()
    n0, n1 = (200 * np.exp(0.03 * draw.normal(size=20)) for _ in range(2))
    inside0, inside1 = (50 * np.exp(0.05 * draw.normal(size=20)) for _ in range(2))
    n1 = np.where(treated, denominator * n1, n1)
    inside1 = np.where(treated, numerator * inside1, inside1)
    tests = [
        calibrated_test(districts(change, treated))
        for change in (inside1 / n1 - inside0 / n0, (inside1 - inside0) / n0, np.log(n1 / n0))
    ]
    return changed_denominator(*tests, "institution_share", scale="pp")


def test_a_share_that_only_its_denominator_moved_turns_in_39_of_40() -> None:
    """A fifth fewer are placed, nobody is moved out of an institution: the share rises by itself."""
    made = [shares(s, denominator=0.8) for s in range(40)]
    assert sum(one.key == "moved_turns" for one in made) >= 38
    assert np.median([one.numbers["percent_denominator"] for one in made]) == pytest.approx(-20, abs=2)
    assert np.median([one.numbers["effect_other"] for one in made]) == pytest.approx(0, abs=0.01)


def test_a_share_that_its_numerator_moved_stays() -> None:
    made = [shares(s, numerator=0.5) for s in range(40)]
    assert sum(one.key in {"steady", "moved"} for one in made) == 40
    assert sum(one.key == "steady" for one in made) >= 36


def kinds(seed: int, before: float) -> CheckResult:
    """Shares of four kinds; the control group's second kind falls from 40 to 25 per cent, the treated's began lower."""
    draw = rng(seed)
    tables = [np.array([[0.4, before, 0.3, 0.3 - before], [0.2, after, 0.3, 0.5 - after]]) for after in (0.4, 0.25)]
    made = [table + 0.01 * draw.normal(size=table.shape) for table in tables]
    return kinds_in_parallel(*made, np.full(4, 0.01 * 3**0.5), 30, "network_share")


def test_a_kind_that_would_have_had_less_than_nothing_is_seen_in_39_of_40() -> None:
    assert sum(kinds(s, 0.05).key == "impossible" for s in range(40)) >= 39
    assert sum(kinds(s, 0.25).key == "possible" for s in range(40)) >= 39


def test_implied_shares_add_up_and_missing_ones_are_refused() -> None:
    before, after = np.array([[0.5, 0.5], [0.7, 0.3]]), np.array([[0.6, 0.4], [0.6, 0.4]])
    assert implied_shares(before, after) == pytest.approx([0.4, 0.6])
    with pytest.raises(RefusedError):
        kinds_in_parallel(before * np.nan, after, np.zeros(2), 9, "network_share")
    with pytest.raises(RefusedError):
        kinds_in_parallel(before, after, np.full(2, np.nan), 9, "network_share")


def test_a_kind_with_next_to_no_children_is_called_impossible_in_one_of_twenty_at_most() -> None:
    """Counts of 60 and 200 children whose kinds all stay what they are, one of them with one child in a hundred."""
    draw, share, n = rng(5), np.array([0.5, 0.3, 0.19, 0.01]), np.array([60, 200])
    said = []
    for _ in range(400):
        before, after = (np.array([draw.multinomial(one, share) / one for one in n]) for _ in range(2))
        error = np.sqrt(share * (1 - share) * (1 / 60 + 2 / 200))
        said.append(kinds_in_parallel(before, after, error, 60, "network_share").key)
    assert said.count("impossible") <= 0.05 * 400
    assert said.count("unclear") >= 0.1 * 400  # what was called impossible


def test_a_share_of_nothing_that_the_machine_rounds_is_possible() -> None:
    before, after = np.array([[0.7, 0.3], [0.8, 0.2]]), np.array([[0.1, 0.9], [0.1, 0.9]])
    assert implied_shares(before, after)[0] < 0
    assert kinds_in_parallel(before, after, np.zeros(2), 9, "network_share").key == "possible"


def beside(seed: int, shift: float, effect_percent: float, sd: float = 1.0) -> CheckResult:
    """Levels around 20, where an outcome that cannot move shifts all the same."""
    change = sd * rng(seed).normal(size=20) + shift * treated_of()
    test = calibrated_test(districts(change, treated_of()))
    return placebo_outcome(
        test, test.p_value, 20.0 + shift, effect_percent, "institution_per_1000", about="secure_per_1000"
    )


def test_an_outcome_that_could_not_move_and_did_is_called_in_39_of_40() -> None:
    assert sum(beside(s, -6.0, -30.0).key == "moved" for s in range(40)) >= 39


def test_one_that_stayed_passes_only_where_it_could_have_shown_as_much() -> None:
    """Where nothing moved it, one in twenty is called moved; with little noise the rest pass, with much none does."""
    made = [beside(s, 0.0, -30.0) for s in range(100)]
    assert sum(one.key == "moved" for one in made) <= 8
    assert sum(one.key == "still" for one in made) >= 90
    loud = [beside(s, 0.0, -30.0, sd=15.0) for s in range(100)]
    assert sum(one.key == "still" for one in loud) <= 8


def test_without_a_finding_in_per_cent_nothing_is_passed() -> None:
    assert beside(1, 0.0, float("nan")).key == "cannot_tell"
    assert beside(1, 0.0, float("nan")).numbers["percent_effect"] is None


MADE: dict[str, Callable[[], CheckResult]] = {
    "just_before": lambda: of_anticipation(shocks(rng(1), BEFORE + AFTER)),
    "regression_after_rise": lambda: of_rise(*risen(1))[1],
    "changed_denominator": lambda: shares(1, denominator=0.8),
    "kinds_in_parallel": lambda: kinds(1, 0.05),
    "placebo_outcome": lambda: beside(1, -6.0, -30.0),
}


@pytest.mark.parametrize("check", MADE)
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_key_has_its_sentence(check: str, language: words.Language) -> None:
    found = MADE[check]()
    keys = [key.split(".")[2] for key in words.catalogue(language) if key.startswith(f"checks.{check}.")]
    assert found.key in keys
    for key in keys:
        said = check_sentence(found.model_copy(update={"key": key, "about": "secure_per_1000"}), language)
        assert "{" not in said
        assert "None" not in said
