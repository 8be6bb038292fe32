"""From the draws of both parts of the model of costs to what is told of spending."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pytest
from scipy.special import expit, logit
from small_costs import CHAINS, DRAWS, STILL, from_the_prior, job_of, never, placed, plan, prepared, unstoppable

from sverige_did.bayes.draws.replicate_costs import simulate_spending
from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.two_part_costs import Totals, build_totals
from sverige_did.bayes.sampling.sample import Fit
from sverige_did.disclosure.draws import kept_draws
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.posterior.costs import LARGEST, OUTCOME, PARTS, CostJob, left_out
from sverige_did.studies.panel.posterior.pipeline import fitter
from sverige_did.studies.panel.posterior.protocol import Fits, Fitted
from sverige_did.studies.panel.posterior.record import prior_checks, records
from sverige_did.studies.panel.posterior.spending import Spending
from sverige_did.words import has


def record_of(job: CostJob, fits: Fits, again: Any = never) -> PosteriorRecord:
    """All that is told of the outcome, whatever the misfit."""
    (made,) = records(Fitted(replace(job, study=unstoppable()), fits, again), prior_checks(job))
    return made


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> CostJob:
    return job_of(tmp_path_factory.mktemp("delivery"))


def test_simulated_spending_has_the_mean_and_the_variance_of_a_sum_of_gammas() -> None:
    rng = np.random.default_rng(2)
    ones, size = np.ones((4000, 2)), np.array([400.0, 50.0])
    found = simulate_spending(0.05 * ones, 3e5 * ones, np.full(4000, np.log(0.8)), size, rng)
    users = 0.05 * size
    assert found.total.mean(axis=0) == pytest.approx(users * 3e5, rel=0.03)
    variance = users * (0.8 * 3e5) ** 2 + users * 0.95 * 3e5**2
    assert found.total.var(axis=0) == pytest.approx(variance, rel=0.1)
    alone = simulate_spending(0.05 * ones, 3e5 * ones, np.full(4000, np.log(0.01)), size, rng)
    assert alone.largest[alone.largest > 0] == pytest.approx(3e5, rel=0.06)


def test_a_known_effect_in_millions_for_the_children_of_the_treated_districts(job: CostJob) -> None:
    """One child in a hundred instead of one in fifty, at 200,000 kroner instead of 300,000."""
    use = from_the_prior(job, "use", mu=logit(0.02), tau=logit(0.01) - logit(0.02), **STILL)
    amount = from_the_prior(job, "amount", mu=np.log(3e5), tau=np.log(2 / 3), log_cv=-0.2, **STILL)
    told = record_of(job, {"use": use, "amount": amount})
    own, ratio, _ = told.estimates
    per = job.spent.children / 1e6
    assert (own.scale, own.estimate) == ("mio_dkk", pytest.approx((2000 - 6000) * per, rel=1e-3))
    assert ratio.estimate == pytest.approx(1 / 3, rel=1e-3)
    assert told.spending is not None
    assert told.spending.by_use is not None
    assert told.spending.by_amount is not None
    assert told.spending.by_use.median == pytest.approx(-0.01 * 250_000 * per, rel=1e-3)
    assert told.spending.by_amount.median == pytest.approx(-100_000 * 0.015 * per, rel=1e-3)


def test_a_new_district_expects_the_known_effect_and_is_less_sure_of_it(job: CostJob) -> None:
    alike = STILL | {"sigma_tau": 0.0}
    use = from_the_prior(job, "use", mu=logit(0.02), tau=logit(0.01) - logit(0.02), **alike)
    amount = from_the_prior(job, "amount", mu=np.log(3e5), tau=np.log(2 / 3), log_cv=-0.2, **alike)
    new = record_of(job, {"use": use, "amount": amount}).scales[2]
    assert new.median == pytest.approx(1 / 3, rel=1e-3)
    unlike = {"mu": np.log(3e5), "tau": np.log(2 / 3), "log_cv": -0.2, "sigma_tau": 0.3, **STILL}
    apart = record_of(job, {"use": use, "amount": from_the_prior(job, "amount", **unlike)})
    low, high = np.log(apart.scales[2].intervals[-1])
    assert (high - low) / 2 == pytest.approx(1.96 * 0.3, rel=0.15)


def test_a_treated_district_left_out_moves_the_effect_and_a_control_does_not(job: CostJob) -> None:
    """Draws that differ in nothing but the effect on amounts: only districts that know it can weigh them."""
    known = {"mu": logit(0.0015), "tau": -0.3, "sigma_tau": 0.0, **STILL}
    tau = np.random.default_rng(3).normal(-0.2, 0.2, CHAINS * DRAWS)
    fits = {
        "use": from_the_prior(job, "use", **known),
        "amount": from_the_prior(job, "amount", 2, **known | {"mu": np.log(3.5e5), "tau": tau, "log_cv": -0.4}),
    }
    found = left_out(job, fits, np.random.default_rng(1))
    assert found is not None
    assert (found.districts, found.refitted) == (6, 0)
    everyone = np.exp(-0.3) * np.exp(np.median(tau))
    ends = np.array([found.lowest, found.highest])
    assert np.abs(ends / everyone - 1).min() < 0.03, "a control"
    assert np.abs(ends / everyone - 1).max() > 0.03, "a treated district"


@pytest.fixture(scope="module")
def told(job: CostJob) -> PosteriorRecord:
    fits = {part: from_the_prior(job, part, seed) for seed, part in enumerate(PARTS)}
    return record_of(job, fits, lambda _, part, __: from_the_prior(job, part, 9))


def test_the_record_tells_both_scales_alternative_priors_checks_and_every_parameter_of_both_parts(
    told: PosteriorRecord,
) -> None:
    assert [(one.estimand, one.scale) for one in told.estimates] == [
        ("att", "mio_dkk"), ("att", "ratio"), ("new_district", "ratio"),
    ]  # fmt: skip
    assert (told.estimates[0].n_units, told.estimates[0].n_treated) == (6, 3)
    assert (told.scales[0].threshold, told.scales[0].rope) == (-2.0, 0.5)
    assert told.scales[1].threshold is None
    assert [one.prior for one in told.alternative_priors if one.kind == "effect"] == [
        "effect_sceptical", "effect", "effect_enthusiastic",
    ]  # fmt: skip
    assert [one.value for one in told.alternative_priors if one.kind == "shock"] == [0.1, 0.6]
    assert {LARGEST, "spread_of_levels", "spread_of_changes", "difference"} <= {one.check for one in told.checks}
    names = [one.parameter for one in told.learned]
    assert len(names) == len(set(names)) == 17
    for language in ("da", "en"):
        assert all(has(f"posterior.parameter.{name}", language) for name in names)
        assert all(has(f"posterior.check.{one.check}", language) for one in told.checks)
    assert set(told.power) == {"effect", "shock_sd", "likelihood"}


def test_the_same_prior_again_weighs_every_draw_the_same(told: PosteriorRecord) -> None:
    main = next(one for one in told.alternative_priors if one.prior == "effect")
    ratio = told.estimates[1]
    assert main.median == pytest.approx(ratio.estimate, rel=0.02)
    assert not main.sampled
    medians = {one.prior: one.median for one in told.alternative_priors if one.kind == "effect"}
    assert medians["effect_enthusiastic"] < medians["effect"]


def test_an_alternative_prior_that_weights_cannot_reach_is_sampled_anew_in_the_part_that_needs_it(job: CostJob) -> None:
    requested: list[tuple[str, str]] = []

    def again(name: str, part: str, priors: object) -> Fit:
        requested.append((name, part))
        return from_the_prior(job, part, 9)

    swinging = np.random.default_rng(5).exponential(1.0, CHAINS * DRAWS)
    fits = {
        "use": from_the_prior(job, "use", sigma_s=swinging),
        "amount": from_the_prior(job, "amount", 2, sigma_s=0.05),
    }
    found = record_of(job, fits, again)
    assert requested
    assert {part for _, part in requested} == {"use"}
    anew = {one.value: one for one in found.alternative_priors if one.kind == "shock"}[0.6]
    assert anew.sampled
    assert anew.pareto_k is not None
    assert anew.pareto_k > 0.7


def test_a_child_who_costs_more_than_the_model_believes_is_found(tmp_path: Path) -> None:
    ready = prepared(tmp_path, placed(c0=400_000.0))
    assert isinstance(ready, CostJob)
    use = from_the_prior(ready, "use", mu=logit(0.002), tau=0.0, **STILL)
    amount = from_the_prior(ready, "amount", mu=np.log(4e5), tau=0.0, log_cv=np.log(0.5), **STILL)
    checks = ready.checks({"use": use, "amount": amount}, np.random.default_rng(4))
    found = {one.check: one for one in checks[OUTCOME]}
    assert found[LARGEST].observed > 100
    assert found[LARGEST].p < 0.01
    assert found["difference"].p < 0.01


def test_log_likelihood_of_totals_is_that_of_the_model(job: CostJob) -> None:
    fit = from_the_prior(job, "amount", 3)
    model = build_totals(job.spent.totals)
    eta, log_cv = fit.values("eta")[7], fit.values("log_cv")[7]
    shape = job.spent.totals.use.low * np.exp(-2 * log_cv)
    wanted = pm.logp(pm.Gamma.dist(alpha=shape, beta=shape / (job.spent.totals.use.low * np.exp(eta))),
                     job.spent.totals.total).sum().eval(mode="FAST_COMPILE")  # fmt: skip
    assert job.log_likelihood("amount", fit)[7] == pytest.approx(float(wanted))
    assert model["y"].eval(mode="FAST_COMPILE").shape == job.spent.totals.total.shape


def test_draws_on_disk_hold_nothing_by_cell_or_district(job: CostJob) -> None:
    for part in PARTS:
        kept = kept_draws(from_the_prior(job, part)).draws["posterior"].to_dataset()
        assert set(kept.data_vars) == set(job.priors_of(part))
        assert set(kept.dims) == {"chain", "draw"}
        assert job.parts[part].fit.partition(".")[0] == OUTCOME, "disclosure control withholds diagnostics by this"


def test_the_record_holds_no_amount_of_a_child_but_for_the_check_that_the_door_shuts(
    job: CostJob, told: PosteriorRecord
) -> None:
    assert told.spending is not None
    assert told.spending.children == job.spent.fewest
    largest = next(one for one in told.checks if one.check == LARGEST)
    assert largest.observed == pytest.approx(job.spent.amount.max() / 1e6)


def made_up(effect_on_share: float, effect_on_amount: float, seed: int) -> Spending:
    """Sixteen districts, four of them treated, of about 1,200 children and forty with spending."""
    rng = np.random.default_rng(seed)
    district, period = np.tile(np.arange(16), 2), np.repeat([0, 1], 16)
    treated = np.arange(16) < 4
    dose = (treated[district] & (period == 1)).astype(float)
    size = np.tile(rng.integers(900, 1500, 16), 2).astype(float)
    own, price = rng.normal(0, 0.25, 16), rng.normal(0, 0.15, 16)
    users = rng.binomial(size.astype(int), expit(-3.4 + own[district] + effect_on_share * dose)).astype(float)
    mean = np.exp(12.6 + price[district] + effect_on_amount * dose)
    cell = np.repeat(np.arange(32), users.astype(int))
    amount = rng.gamma(1.5, mean[cell] / 1.5)
    use = Cells(district, period, treated, dose, users, users, size)
    total = np.bincount(cell, weights=amount, minlength=32)
    return Spending(Totals(use, total, 2015), amount, size[:16], float(size[:4].sum()), 1.0)


@pytest.mark.slow
def test_money_saved_by_fewer_and_by_cheaper_places_is_found_and_told_apart(job: CostJob) -> None:
    sampling = {"seed": 4, "draws": 1500, "tune": 1000, "chains": 4, "target_accept": 0.98}
    requested, spent = plan(sampling=sampling), made_up(-0.7, -0.4, 11)
    made = replace(job, study=requested, spent=spent)
    fitted = fitter((made,), requested, cores=1)(made)
    (told,) = records(fitted, prior_checks(made))
    own, ratio, elsewhere = told.estimates
    true = expit(-4.1) / expit(-3.4) * np.exp(-0.4)
    assert ratio.lower is not None
    assert ratio.upper is not None
    assert ratio.lower < true < ratio.upper < 1
    assert elsewhere.lower is not None
    assert elsewhere.upper is not None
    assert elsewhere.lower < ratio.lower < ratio.upper < elsewhere.upper, "effects may differ between districts"
    assert told.left_out is not None
    assert told.left_out.lowest < ratio.estimate < told.left_out.highest < 1
    assert own.upper is not None
    assert own.upper < 0
    assert told.spending is not None
    assert told.spending.by_use is not None
    assert told.spending.by_amount is not None
    assert told.spending.by_use.prob_benefit == pytest.approx(1, abs=0.02)
    assert told.spending.by_amount.prob_benefit == pytest.approx(1, abs=0.05)
    assert not [one for one in told.checks if one.p < 0.01]
    assert all(not fit.report.failed for fit in fitted.fits.values())
