"""The power of the posterior in a design: what it is made of, and where it says nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.studies.posterior_power import posterior_powers

USUAL = {
    "districts": 20, "treated": 4, "before": 2, "after": 2, "family": "binomial", "level": 0.25, "children": 30,
    "shock": 0.15, "between": 0.2,
}  # fmt: skip


def test_larger_effects_are_found_more_and_none_hardly_ever() -> None:
    found = posterior_powers(planned_design(**USUAL), (0.0, -0.3, -0.6), seed=1, simulations=300)
    excludes = [one.excludes for one in found]
    assert excludes[0] < 0.06
    assert excludes[0] < excludes[1] < excludes[2]
    assert found[1].covers > 0.9
    assert posterior_powers(planned_design(**USUAL), (0.0, -0.3, -0.6), seed=1, simulations=300) == found


def test_where_hardly_a_case_is_left_nothing_is_said() -> None:
    (found,) = posterior_powers(planned_design(**USUAL | {"children": 5}), (-0.9,), seed=1, simulations=100)
    assert (found.excludes, found.sure, found.covers) == (None, None, None)


def test_rates_are_planned_too_and_children_who_stay_tell_no_more_than_they_are() -> None:
    rate = planned_design(**USUAL | {"family": "poisson", "level": 0.02, "children": 1_000})
    assert posterior_powers(rate, (-0.6,), seed=1, simulations=200)[0].excludes > 0.3
    long = planned_design(**USUAL | {"before": 6, "after": 6, "memory": 0.9, "stays": True})
    plain = replace(long, data=replace(long.data, stays=False))
    mine, theirs = (posterior_powers(one, (-0.4,), seed=1, simulations=300)[0] for one in (long, plain))
    assert mine.excludes < theirs.excludes
    assert mine.covers > 0.85


def test_scores_have_a_model_of_their_own() -> None:
    score = planned_design(**USUAL | {"family": "normal", "level": 14.0, "child_sd": 6.0})
    with pytest.raises(RefusedError) as refusal:
        posterior_powers(score, (-0.1,), seed=1)
    assert refusal.value.problems[0].key == "posterior_power_scale"


@pytest.mark.parametrize("response", [1.0, 0.5])
def test_forms_of_children_vary_as_the_formula_says(response: float) -> None:
    """60 children in each arm, sd 6.5, retest .7: a standard error of .92; with half the forms 1.91."""
    design = planned_design(
        districts=8, treated=4, before=1, after=1, family="normal", level=14.0, children=15, shock=0.0, child_sd=6.5,
        retest=0.7, response=response,
    )  # fmt: skip
    change, treated = design.changes(8_000, np.random.default_rng(2)), design.sample.treated
    error = (change[treated].mean(axis=0) - change[~treated].mean(axis=0)).std()
    assert error == pytest.approx(np.sqrt(4 * 6.5**2 * (1 - 0.7 * response) / (60 * response)), rel=0.03)
    waves = planned_design(
        districts=8, treated=4, before=4, after=4, family="normal", level=14.0, children=15, shock=0.0, child_sd=6.5,
        retest=0.7, response=response,
    )  # fmt: skip
    more = waves.changes(8_000, np.random.default_rng(2))
    assert (more[treated].mean(axis=0) - more[~treated].mean(axis=0)).std() == pytest.approx(error / 2, rel=0.04)


@pytest.mark.parametrize("wrong", [{"response": 0.0}, {"response": 1.2}, {"retest": 1.0}, {"retest": -0.1}])
def test_shares_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RefusedError, match=next(iter(wrong))):
        planned_design(**USUAL | wrong)
