"""The priors that a plan leaves to the package are the ones that the models themselves begin with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_posterior import plan

from sverige_did.bayes.models.district_effects import BASELINE_DIFFERENCE, DISTRICT, EFFECT_SD, PERIOD_WALK, PERSISTENCE
from sverige_did.bayes.models.negative_binomial import CLUSTERING
from sverige_did.bayes.priors import ENTHUSIASTIC, NEUTRAL, SCEPTICAL, SHOCK
from sverige_did.studies.panel.posterior.priors import from_plan
from sverige_did.study.priors import PACKAGE, PACKAGE_REASON

OF_THE_MODELS = {
    "effect": NEUTRAL,
    "effect_sceptical": SCEPTICAL,
    "effect_enthusiastic": ENTHUSIASTIC,
    "effect_sd": EFFECT_SD,
    "group_gap": BASELINE_DIFFERENCE,
    "district_sd": DISTRICT,
    "period_sd": PERIOD_WALK,
    "shock_sd": SHOCK,
    "shock_persistence": PERSISTENCE,
    "clustering": CLUSTERING,
}


def test_every_prior_of_the_package_stands_among_them() -> None:
    assert set(PACKAGE) == set(PACKAGE_REASON) == set(OF_THE_MODELS)


@pytest.mark.parametrize("key", OF_THE_MODELS)
def test_a_prior_left_out_is_that_of_the_models_with_its_reason(key: str) -> None:
    wanted = OF_THE_MODELS[key]
    assert replace(from_plan(plan().prior(key)), unit=wanted.unit, why=wanted.why) == wanted
    assert f"priors.{PACKAGE_REASON[key]}" == wanted.why


def test_a_prior_of_the_plan_stands_in_place_of_the_packages() -> None:
    own = PACKAGE["period_sd"].model_dump() | {"sd": 0.1, "reason": {"da": "Langsomt", "en": "Slow"}}
    requested = plan(priors=[own])
    assert requested.prior("period_sd").sd == 0.1
    assert len(requested.priors) == len(PACKAGE)
