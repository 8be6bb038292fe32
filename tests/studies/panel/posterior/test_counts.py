"""A panel's posteriors from plan to record; what cannot be modelled is refused in words and never by a crash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_posterior import PARTS, both, checked, fit_of, given, panel, plan, thresholds

from sverige_did import words
from sverige_did.bayes.draws.predictive_checks import CHECKS
from sverige_did.bayes.draws.replicate import predictor
from sverige_did.bayes.models.families import FAMILIES
from sverige_did.bayes.priors import Normal
from sverige_did.bayes.sampling.sample import Fit
from sverige_did.errors import RefusedError
from sverige_did.panel import Panel
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.posterior import composition
from sverige_did.studies.panel.posterior.counts import CountJob, prepare
from sverige_did.studies.panel.posterior.pipeline import fitter
from sverige_did.studies.panel.posterior.priors import effect_priors, prior_draws
from sverige_did.studies.panel.posterior.protocol import Fitted, Job
from sverige_did.studies.panel.posterior.record import prior_checks, records

CHAINS, DRAWS = 2, 300


def ready(cells: Panel, requested: Any, likelihood: str) -> list[Job | PosteriorRecord]:
    return checked(prepare(given(cells, requested), likelihood))


def job_of(cells: Panel, requested: Any, likelihood: str = "poisson") -> CountJob:
    (job,) = (one for one in ready(cells, requested, likelihood) if isinstance(one, CountJob))
    return job


@pytest.fixture(scope="module")
def made() -> Panel:
    return panel(effect=0.4)


def from_the_prior(job: CountJob, seed: int = 1) -> Fit:
    """Draws of the right form without sampling: those of the prior, so that what is told can be reckoned."""
    rng = np.random.default_rng(seed)
    priors = replace(job.priors, level=Normal(job.priors.level.mean, 0.1, "log_ratio", "priors.plan"))
    draws = prior_draws(priors, rng, CHAINS * DRAWS)
    values = dict(draws.scalars)
    values["tau_district"] = np.repeat(values["tau"][:, None], 4, axis=1)
    values["lambda"] = np.zeros((CHAINS * DRAWS, job.panel.cells.n_periods))
    known = replace(draws, walk=values["lambda"], effect=values["tau_district"])
    values["eta"] = predictor(known, job.panel.cells, rng)
    return fit_of(values, CHAINS, DRAWS, seed)


@pytest.fixture(scope="module")
def told(made: Panel) -> PosteriorRecord:
    requested = plan()
    job = job_of(made, requested)
    fitted = Fitted(job, {"": from_the_prior(job)}, lambda _, __, other: from_the_prior(other))  # type: ignore[arg-type]
    (made,) = records(fitted, prior_checks(job))
    return made


def test_the_record_tells_every_scale_and_every_check(told: PosteriorRecord):
    kinds = {(one.estimand, one.scale) for one in told.estimates}
    assert kinds == {
        (who, scale) for who in ("att", "new_district") for scale in ("rate_per_1000", "ratio", "log_ratio")
    }
    assert [check.check for check in told.checks] == [name for name in CHECKS if name != "autocorrelation"]
    assert {one.prior for one in told.alternative_priors if one.kind == "effect"} == {
        "effect_sceptical", "effect", "effect_enthusiastic",
    }  # fmt: skip
    assert [
        alternative_prior.value for alternative_prior in told.alternative_priors if alternative_prior.kind == "shock"
    ] == [0.1, 0.6]
    own = told.scales[0]
    assert (own.threshold, own.rope) == (-2.0, 0.5)


def test_draws_from_the_prior_have_learned_nothing(told: PosteriorRecord):
    learned = {one.parameter: one for one in told.learned}
    assert learned["tau"].shrinkage == pytest.approx(0, abs=0.2)
    assert learned["tau"].overlap > 0.85
    assert learned["mu"].shrinkage > 0.9, "the level was made narrow on purpose"


def test_wider_intervals_hold_narrower_ones_and_no_effect_is_one_on_the_ratio_scale(told: PosteriorRecord):
    for scale in told.scales:
        (low50, high50), (low89, high89), (low95, high95) = scale.intervals
        assert low95 <= low89 <= low50 <= scale.median <= high50 <= high89 <= high95
    ratio, log = (
        next(one for one in told.estimates if (one.estimand, one.scale) == ("att", s)) for s in ("ratio", "log_ratio")
    )
    assert np.log(ratio.estimate) == pytest.approx(log.estimate, abs=0.02)


def test_a_prior_in_the_middle_of_the_draws_needs_no_new_sampling(told: PosteriorRecord):
    neutral = next(one for one in told.alternative_priors if one.prior == "effect")
    assert not neutral.sampled
    assert neutral.pareto_k == 0.0
    doubters = [one for one in told.alternative_priors if one.kind == "effect"]
    assert all(one.sampled == (one.pareto_k is None or one.pareto_k > 0.7) for one in doubters)


def test_other_priors_leave_the_data_as_they_are(made: Panel):
    job = job_of(made, plan())
    other = job.with_effect("", Normal(-0.8, 0.5, "log_odds", "priors.plan")).with_shock(0.05)
    assert (other.priors.effect.mean, other.priors.shock.sd) == (-0.8, 0.05)
    assert other.panel is job.panel
    assert other.priors.level == job.priors.level


def test_the_level_prior_has_its_mass_where_the_plan_says(made: Panel):
    for likelihood, plausible in (("poisson", (1.0, 40.0)), ("binomial", (5.0, 60.0))):
        prior = job_of(made, plan(), likelihood).priors.level
        ends = prior.frozen().ppf([0.025, 0.975])
        assert FAMILIES[likelihood].outcome(ends) == pytest.approx(plausible)


def test_a_prior_that_believes_the_absurd_stops_everything_before_sampling(made: Panel):
    wide = thresholds("institution_per_1000", plausible=[0.2, 390.0])
    (prior_check,) = prior_checks(job_of(made, plan(posterior={"decision_thresholds": [wide]}))).values()
    assert prior_check.share < 0.99
    requested = plan(posterior={"decision_thresholds": [wide], "admissible_share": 0.99})
    with pytest.raises(RefusedError) as refusal:
        ready(made, requested, "poisson")
    assert refusal.value.problems[0].key == "posterior_prior_absurd"
    assert "institution_per_1000" in str(refusal.value)


def test_the_enthusiast_is_turned_round_where_higher_is_better_and_absent_where_neither_is():
    assert effect_priors(plan(), "higher")["effect_enthusiastic"].mean == 0.8
    assert effect_priors(plan(), "lower")["effect_enthusiastic"].mean == -0.8
    assert list(effect_priors(plan(), "none")) == ["effect_sceptical", "effect"]
    believer = plan()
    given = believer.prior("effect")
    believer = believer.model_copy(update={"priors": (given.model_copy(update={"mean": -0.3}),)})
    assert [effect_priors(believer, way)["effect"].mean for way in ("lower", "higher", "none")] == [-0.3, 0.3, 0.0]


def reasons(found: list[Job | PosteriorRecord]) -> dict[str, str]:
    return {one.outcome: one.remarks[0].key for one in found if isinstance(one, PosteriorRecord)}


def test_what_cannot_be_modelled_is_told_with_its_reason(made: Panel):
    control = made.cells["group"] == "control"
    gone = {"errors.cells_no_treated_after": (made.cells["start"] < "2014-01-01") | control,
            "errors.posterior_design": ~control}  # fmt: skip
    for why, kept in gone.items():
        found = ready(Panel.of(made.cells[kept], synthetic=True), plan(), "poisson")
        assert reasons(found) == {"institution_per_1000": why}
    quiet = made.cells.assign(value=0.0, low=0.0, high=0.0)
    assert reasons(ready(Panel.of(quiet, synthetic=True), plan(), "poisson")) == {
        "institution_per_1000": "errors.cells_all_zero"
    }
    fewer = plan(posterior={"decision_thresholds": [plan().posterior.decision_thresholds[1].model_dump()]})
    assert reasons(ready(made, fewer, "poisson")) == {"institution_per_1000": "errors.posterior_no_thresholds"}
    for key in ("posterior_design", "cells_all_zero", "posterior_no_thresholds"):
        assert words.has(f"errors.{key}", "da")


def test_a_prior_of_another_family_is_refused(made: Panel):
    beta = {"key": "shock_sd", "family": "beta", "a": 2.0, "b": 2.0, "unit": "ratio", "reason": both("Wrong")}
    requested = plan(priors=[beta])
    assert reasons(ready(made, requested, "poisson")) == {"institution_per_1000": "errors.posterior_prior_family"}


def test_the_kinds_of_placement_are_modelled_together_or_told_why_not(made: Panel):
    requested = plan(("institution_share", "network_share"))
    renamed = made.cells.assign(outcome=made.cells["outcome"].replace({"family_per_1000": "foster_per_1000"}))
    whole = Panel.of(renamed, synthetic=True)
    (found,) = composition.prepare(given(whole, requested), "composition").jobs
    assert isinstance(found, composition.Composition)
    assert found.cells.counts.shape[1] == len(PARTS)
    assert [one.outcome for one in found.outcomes] == ["institution_share", "network_share"]
    missing = composition.prepare(given(made, requested), "composition").refused
    assert reasons(list(missing)) == dict.fromkeys(("institution_share", "network_share"), "errors.posterior_no_cells")


@pytest.mark.slow
def test_a_known_effect_is_found_and_weights_agree_with_sampling_anew(made: Panel):
    requested = plan(sampling={"seed": 3, "draws": 1500, "tune": 800, "chains": 4, "target_accept": 0.95})
    fitted = fitter((job_of(made, requested),), requested, cores=1)(job_of(made, requested))
    (told,) = records(fitted, prior_checks(fitted.job))
    ratio = next(one for one in told.estimates if (one.estimand, one.scale) == ("att", "ratio"))
    assert ratio.lower is not None
    assert ratio.upper is not None
    assert ratio.lower < 0.4 < ratio.upper < 1
    assert told.scales[0].prob_benefit == pytest.approx(1.0, abs=0.01)
    assert not [one for one in told.checks if one.p < 0.005]
    assert told.left_out is not None
    assert told.left_out.lowest <= told.left_out.highest < 0.7
    assert told.left_out.gain is not None
    assert told.left_out.gain > 2
    for key in ("effect_sceptical", "effect_enthusiastic"):
        weighed = next(one for one in told.alternative_priors if one.prior == key)
        other = fitted.job.with_effect("", fitted.job.alternative_priors[told.outcome][key])
        anew = fitted.again(f"test.{key}", "", other)
        sampled = np.quantile(np.exp(anew.values("tau")), [0.025, 0.5, 0.975])
        assert np.log([weighed.lower, weighed.median, weighed.upper]) == pytest.approx(np.log(sampled), abs=0.1)
