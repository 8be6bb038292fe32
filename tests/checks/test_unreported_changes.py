"""How an answer would have looked with changes unreported: means over draws, and when it is another answer."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.checks.unreported_changes import WHERE, unreported_changes
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import districts

RNG = np.random.default_rng(3)
NOISE = RNG.normal(size=16)
TREATED = np.arange(16) < 4


def answer(effect: float) -> TTest:
    return calibrated_test(districts(NOISE + effect * TREATED, TREATED))


def every(*effects: tuple[float, ...]) -> dict[str, list[list[TTest]]]:
    return {where: [[answer(one) for one in drawn] for drawn in effects] for where in WHERE}


def test_estimates_and_limits_are_means_over_the_draws() -> None:
    planned, found = answer(-8.0), every((-7.0, -8.0), (-4.0, -6.0))
    check = unreported_changes(planned, (0.1, 0.5), found, "institution_share", scale="pp")
    (line,) = check.curves
    assert line.x == (0, 10, 50)
    assert np.array(line.y) - planned.estimate == pytest.approx([0, 0.5, 3.0])
    assert line.upper[2] == pytest.approx(np.mean([one.upper for one in found["alike"][1]]))
    assert check.numbers["effect_treated"] == pytest.approx(line.y[2])


def test_another_answer_is_told_with_the_smallest_share_that_gives_it() -> None:
    planned, weak = answer(-8.0), answer(0.0)
    assert planned.upper < 0 < weak.upper
    same = every((-8.0,), (-8.0,), (-8.0,))
    assert unreported_changes(planned, (0.1, 0.3, 0.5), same, "a", scale="pp").key == "steady"
    other = same | {"control": [[planned], [weak], [weak]]}
    found = unreported_changes(planned, (0.1, 0.3, 0.5), other, "a", scale="pp")
    assert (found.key, found.numbers["percent_turns"]) == ("turns", 30)


def test_two_estimates_that_may_both_be_none_are_one_answer() -> None:
    there, here = answer(0.3 - answer(0.0).estimate), answer(-0.3 - answer(0.0).estimate)
    assert there.estimate * here.estimate < 0
    found = unreported_changes(there, (0.5,), {where: [[here]] for where in WHERE}, "a", scale="pp")
    assert found.key == "steady"


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(RefusedError):
        unreported_changes(answer(1.0), (1.5,), every((1.0,)), "a", scale="pp")
