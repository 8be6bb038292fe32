"""The time to first leaving care: from first stays to the effect in months."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
import small_registers as small
from small_posterior import fit_of

from sverige_did.bayes.draws.replicate import PanelDraws, predictor
from sverige_did.bayes.models.durations import LENGTH, build_durations
from sverige_did.bayes.priors import draw
from sverige_did.bayes.sampling.sample import Fit
from sverige_did.errors import RefusedError
from sverige_did.sources.panel.first_exits import FirstStays
from sverige_did.sources.panel.frame import PanelFrame, make_panel_frame
from sverige_did.studies.panel.posterior.durations import (
    CLOGLOG,
    OUTCOME,
    STEPS,
    DurationJob,
    counted,
    hazard_level,
    months_of,
)
from sverige_did.studies.panel.posterior.pipeline import fitter
from sverige_did.studies.panel.posterior.priors import effect_priors, prior_draws, structure_priors
from sverige_did.studies.panel.posterior.protocol import Fitted
from sverige_did.studies.panel.posterior.record import prior_checks, records
from sverige_did.study.study import Study
from sverige_did.words import has

CHAINS, DRAWS = 2, 250
THRESHOLDS = {
    "outcome": OUTCOME, "plausible": [4.0, 11.5], "admissible": [1.5, 12.0], "worthwhile": 1.0, "negligible": 0.5,
    "reason": small.both("Made up"),
}  # fmt: skip


def plan(**changes: object) -> Study:
    outcomes = [{"outcome": OUTCOME, "question": "all", "role": "primary", "benefit": "lower", "scales": ["level"]}]
    posterior = {"decision_thresholds": [THRESHOLDS], "shock_prior_sd": [0.1, 0.6], "impossible": 0.0}
    return small.study(**{"outcomes": outcomes, "posterior": posterior, **changes})


@pytest.fixture(scope="module")
def panel_frame(tmp_path_factory: pytest.TempPathFactory) -> PanelFrame:
    return make_panel_frame(small.tables(tmp_path_factory.mktemp("delivery"), small.delivery()), plan())


def entrants(panel_frame: PanelFrame, each: int, hazard: float, ratio: float = 1.0, seed: int = 1) -> FirstStays:
    """So many a district and period; the chance of leaving in a quarter is ``hazard``, and under the programme the
    cumulative hazard is ``ratio`` times as large.
    """
    rng = np.random.default_rng(seed)
    district, period = (np.repeat(at.ravel(), each) for at in np.indices((6, 4)))
    under = (panel_frame.units["group"] == "treated").to_numpy()[district] & (period >= 2)
    rate = -np.log1p(-hazard) / 3 * np.where(under, ratio, 1.0)
    months = rng.exponential(1 / rate)
    return FirstStays(district, period, np.minimum(months, 12.0), months < 12)


def job_of(panel_frame: PanelFrame, first: FirstStays, requested: Study) -> DurationJob:
    found = counted(first, panel_frame, requested)
    thresholds = requested.posterior.decision_thresholds[0]  # type: ignore[union-attr]  # the plan has one
    return DurationJob(
        requested, "durations", requested.outcomes, {OUTCOME: effect_priors(requested, "higher")},
        structure_priors(requested, hazard_level(thresholds), "higher", found.apart), found,
    )  # fmt: skip


@pytest.fixture(scope="module")
def job(panel_frame: PanelFrame) -> DurationJob:
    return job_of(panel_frame, entrants(panel_frame, 8, 0.15), plan())


def from_the_prior(job: DurationJob, seed: int = 1, **fixed: float) -> Fit:
    rng, size = np.random.default_rng(seed), CHAINS * DRAWS
    entered = job.counted.entered
    scalars = {**prior_draws(job.priors, rng, size).scalars, "sigma_length": draw(LENGTH, size, rng)}
    scalars |= {name: value + 1e-6 * rng.standard_normal(size) for name, value in fixed.items()}
    walk = np.zeros((size, entered.n_periods))
    own = np.repeat(scalars["tau"][:, None], int(entered.treated.sum()), axis=1)
    eta = predictor(PanelDraws(scalars, walk, own), entered, rng)
    found = scalars | {"eta": eta, "lambda": walk, "tau_district": own, "walk": np.zeros((size, STEPS))}
    return fit_of(found, CHAINS, DRAWS, seed)


def test_a_table_of_stays_counted_by_hand(panel_frame: PanelFrame) -> None:
    """Entered in district A: one before who left in the fifth month, one under the programme who stayed; in D alike."""
    first = FirstStays(
        np.array([0, 0, 3, 3]), np.array([0, 2, 0, 3]), np.array([4.5, 12.0, 12.0, 1.0]),
        np.array([True, False, False, True]),
    )  # fmt: skip
    stays = counted(first, panel_frame, plan()).stays
    rows = list(zip(stays.district, stays.period, stays.stay, stays.at_risk, stays.low, stays.dose, strict=True))
    assert rows == [
        (0, 0, 0, 1, 0, 0), (0, 0, 1, 1, 1, 0),
        (0, 1, 0, 1, 0, 1), (0, 1, 1, 1, 0, 1), (0, 1, 2, 1, 0, 1), (0, 1, 3, 1, 0, 1),
        (1, 0, 0, 1, 0, 0), (1, 0, 1, 1, 0, 0), (1, 0, 2, 1, 0, 0), (1, 0, 3, 1, 0, 0),
        (1, 1, 0, 1, 1, 0),
    ]  # fmt: skip


def test_those_who_entered_and_those_who_left_are_all_there(panel_frame: PanelFrame, job: DurationJob) -> None:
    first, entered = entrants(panel_frame, 8, 0.15), job.counted.entered
    kept = np.isin(first.period, [0, 2, 3])
    assert entered.size.sum() == kept.sum() == 6 * 3 * 8
    assert entered.low.sum() == first.left[kept].sum()
    assert job.counted.apart == 2.5


def test_nobody_who_left_is_told_so(panel_frame: PanelFrame) -> None:
    first = entrants(panel_frame, 3, 0.15)
    with pytest.raises(RefusedError) as refusal:
        counted(first._replace(left=np.zeros_like(first.left)), panel_frame, plan())
    assert refusal.value.problems[0].key == "posterior_no_cells"


def test_months_are_the_area_under_the_survival_curve() -> None:
    assert months_of(np.zeros(STEPS)) == pytest.approx(12.0)
    assert months_of(np.array([1.0, 0.3, 0.3, 0.3])) == pytest.approx(1.5), (
        "all leave in the middle of the first quarter"
    )
    survival = np.array([1, 0.8, 0.64, 0.512, 0.4096])
    assert months_of(np.full(STEPS, 0.2)) == pytest.approx(3 * np.trapezoid(survival))


def test_the_level_prior_has_its_mass_on_the_plausible_months() -> None:
    ends = hazard_level(plan().posterior.decision_thresholds[0]).frozen().ppf([0.025, 0.975])  # type: ignore[union-attr]
    months = months_of(CLOGLOG(np.repeat(ends[:, None], STEPS, axis=1)))
    assert months == pytest.approx([11.5, 4.0])
    wide = plan().posterior.decision_thresholds[0].model_copy(update={"plausible": (4.0, 13.0)})  # type: ignore[union-attr]
    with pytest.raises(RefusedError) as refusal:
        hazard_level(wide)
    assert all(has(f"errors.{refusal.value.problems[0].key}", language) for language in ("da", "en"))


def test_a_known_effect_in_months(job: DurationJob) -> None:
    """In 15 of a hundred stays a quarter was the last; under the programme the cumulative hazard is doubled."""
    level, still = float(np.log(-np.log(0.85))), dict.fromkeys(("gamma", "sigma_alpha", "sigma_s", "sigma_tau"), 0.0)
    fit = from_the_prior(job, mu=level, tau=np.log(2.0), **still)
    months, ratio = (one.draws for one in job.quantities({"": fit}, np.random.default_rng(1))[OUTCOME])
    with_it, without = (float(months_of(np.full(STEPS, hazard))) for hazard in (1 - 0.85**2, 0.15))
    assert months == pytest.approx(np.full(len(months), with_it - without), abs=1e-3)
    assert ratio == pytest.approx(np.full(len(ratio), with_it / without), abs=1e-3)


def test_the_log_likelihood_is_that_of_the_model(job: DurationJob) -> None:
    fit, stays = from_the_prior(job), job.counted.stays
    with pm.Model():
        hazard = CLOGLOG(fit.values("eta")[7][stays.cell])
        wanted = pm.logp(pm.Binomial.dist(n=stays.at_risk.astype(int), p=hazard), stays.low.astype(int)).sum()
    assert job.log_likelihood("", fit)[7] == pytest.approx(float(wanted.eval(mode="FAST_COMPILE")))


def test_the_record_tells_months_alternative_priors_checks_and_every_parameter(job: DurationJob) -> None:
    fit = from_the_prior(job)
    (told,) = records(Fitted(job, {"": fit}, lambda *_: fit), prior_checks(job))
    assert [(one.estimand, one.scale) for one in told.estimates] == [("att", "level"), ("att", "ratio")]
    assert (told.scales[0].threshold, told.scales[0].rope) == (-1.0, 0.5)
    sure = {one.prior: one.prob_benefit for one in told.alternative_priors if one.kind == "effect"}
    assert sure["effect_enthusiastic"] > sure["effect"], "an enthusiast hopes that children go home sooner"  # type: ignore[operator]
    assert [one.value for one in told.alternative_priors if one.kind == "shock"] == [0.1, 0.6]
    assert told.power.keys() == {"effect", "shock_sd", "likelihood"}
    for language in ("da", "en"):
        assert all(has(f"posterior.parameter.{one.parameter}", language) for one in told.learned)
        assert all(has(f"posterior.check.{one.check}", language) for one in told.checks)
    assert told.prior_level is not None
    assert 1.5 < told.prior_level[0] < told.prior_level[1] < told.prior_level[2] < 12
    assert next(iter(job.parts.values())).fit.partition(".")[0] == OUTCOME, "diagnostics are withheld by this"


def test_levels_drawn_from_the_prior_are_those_of_the_model(job: DurationJob) -> None:
    mine = job.prior_levels(np.random.default_rng(1))[OUTCOME]
    model = build_durations(job.counted.stays, job.priors)
    eta, walk = pm.draw([model["eta"], model["walk"]], draws=2000, random_seed=2, mode="FAST_COMPILE")
    size = job.counted.entered.size
    theirs = months_of(CLOGLOG(eta[:, :, None] + walk[:, None, :])) @ (size / size.sum())
    assert np.quantile(mine, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(theirs, [0.1, 0.5, 0.9]), abs=0.35)


@pytest.mark.slow
def test_children_who_go_home_sooner_are_found(panel_frame: PanelFrame) -> None:
    requested = plan(sampling={"seed": 4, "draws": 1500, "tune": 1000, "chains": 4, "target_accept": 0.98})
    job = job_of(panel_frame, entrants(panel_frame, 60, 0.12, ratio=2.2, seed=3), requested)
    fitted = fitter((job,), requested, cores=1)(job)
    (told,) = records(fitted, prior_checks(job))
    true = months_of(np.full(STEPS, 1 - 0.88**2.2)) - months_of(np.full(STEPS, 0.12))
    low, high = told.scales[0].intervals[-1]
    assert low < float(true) < high < 0
    assert not [one for one in told.checks if one.p < 0.005]
    none = replace(job_of(panel_frame, entrants(panel_frame, 60, 0.12, seed=5), requested))
    fitted = fitter((none,), requested, cores=1)(none)
    (told,) = records(fitted, prior_checks(none))
    low, high = told.scales[0].intervals[-1]
    assert low < 0 < high
