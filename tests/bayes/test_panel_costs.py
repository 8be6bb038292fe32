"""From placements with prices to what is told of spending; what cannot be modelled is told why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import small_registers as small
from scipy.special import expit, logit
from small_posterior import fit_of

from sverige_did.bayes.costs import AMOUNT, USE, Totals, build_totals
from sverige_did.bayes.panel_costs import (
    NAME,
    OUTCOME,
    PARTS,
    CostFit,
    CostJob,
    Spending,
    amount_level,
    fit_costs,
    fit_name,
    prepare_costs,
)
from sverige_did.bayes.panel_costs_checks import LARGEST, cost_checks, simulate_spending
from sverige_did.bayes.panel_costs_record import cost_record, log_likelihood_of_totals
from sverige_did.bayes.panel_priors import prior_draws
from sverige_did.bayes.panel_simulate import PanelDraws, predictor
from sverige_did.bayes.priors import draw
from sverige_did.bayes.sample import Fit
from sverige_did.bayes.structure import Cells
from sverige_did.design import designs
from sverige_did.errors import RefusedError
from sverige_did.inference.panel_asked import asked_of
from sverige_did.panel import Panel
from sverige_did.results_posteriors import PosteriorRecord
from sverige_did.sources.measure_codes import standard_codes
from sverige_did.sources.panel_frame import make_setting
from sverige_did.sources.person_year_panel import placements
from sverige_did.sources.register_panel import build, prices_of
from sverige_did.sources.registers_in import RegisterTable
from sverige_did.study import Study
from sverige_did.tasks.panel_posterior import scalars_only
from sverige_did.words import has

CHAINS, DRAWS = 2, 250
BEARING = {
    "outcome": OUTCOME, "plausible": [4.0, 60.0], "admissible": [0.05, 4000.0], "worthwhile": 2.0, "negligible": 0.5,
    "reason": small.both("Made up"),
}  # fmt: skip


def placed(**prices: float) -> pd.DataFrame:
    """Two years in each district, one child in the first half-year and two in the last year; ``prices`` by child."""
    early = [(f"c{k}", "ANBAAR 9", "2013-01-01", "2013-07-01", None, 1000.0 + k) for k in range(6)]
    late = [(f"c{k}", "ANBAAR 9", "2014-01-01", None, None, 900.0 + k) for k in range(12)]
    rows = pd.DataFrame([*early, *late], columns=["child", "measure", "start", "end", "end_reason", "price"])
    return rows.assign(price=rows["child"].map(prices).fillna(rows["price"]))


def plan(bearing: dict[str, Any] | None = BEARING, **changes: Any) -> Study:
    outcomes = [{"outcome": OUTCOME, "question": "all", "role": "primary", "benefit": "lower", "scales": ["mio_dkk"]}]
    posterior = {"posterior": {"bearings": [bearing], "shock_prior_sd": [0.1, 0.6]}} if bearing else {}
    return small.study(**{"outcomes": outcomes, "weights": "children", **posterior, **changes})


def panel(folder: Path, rows: pd.DataFrame, asked: Study) -> Panel:
    return build(registers(folder, rows), asked, standard_codes()).panel


def registers(folder: Path, rows: pd.DataFrame) -> dict[str, RegisterTable]:
    usual = small.delivery()
    return small.tables(folder, {name: usual[name] for name in ("districts", "children")} | {"placements": rows})


def prepared(folder: Path, rows: pd.DataFrame, asked: Study | None = None) -> CostJob | PosteriorRecord | None:
    asked = asked or plan()
    made = panel(folder, rows, asked)
    tables = registers(folder, rows)
    setting = make_setting(tables, asked)
    spells = placements(tables["placements"], setting, standard_codes())
    return prepare_costs(made.outcome(OUTCOME), spells, setting, prices_of(setting), asked, designs(made, asked))


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> CostJob:
    ready = prepared(tmp_path_factory.mktemp("delivery"), placed())
    assert isinstance(ready, CostJob)
    return ready


def test_children_with_spending_before_and_after_among_residents(job: CostJob) -> None:
    use = job.spent.totals.use
    assert use.low.tolist() == [1.0] * 6 + [2.0] * 6
    assert use.size.tolist() == [1000.0] * 12
    assert use.period.tolist() == [0] * 6 + [1] * 6
    assert use.dose.tolist() == [0.0] * 6 + [1.0] * 3 + [0.0] * 3
    assert len(job.spent.amount) == 18
    assert job.spent.apart == 2.5, "from the first half-year to the middle of the last two"
    assert job.spent.fewest == 3


def test_spending_is_that_of_the_panel_in_kroner_a_year(tmp_path: Path, job: CostJob) -> None:
    cells = panel(tmp_path, placed(), plan()).outcome(OUTCOME).sort_values(["unit", "start"])
    table = 1e6 * cells["value"].to_numpy().reshape(6, 4)
    assert job.spent.totals.total[:6] == pytest.approx(table[:, 0] / (181 / 365))
    assert job.spent.totals.total[6:] == pytest.approx(table[:, 2:].sum(axis=1))
    assert job.spent.totals.price_year == 2014


def test_the_unit_and_the_weights_are_those_of_the_estimate_without_a_prior(tmp_path: Path, job: CostJob) -> None:
    asked = plan()
    made = panel(tmp_path, placed(), asked)
    (beside,) = asked_of(made, asked, designs(made, asked))
    assert beside.scale == "mio_dkk"
    assert job.spent.children == pytest.approx(beside.per)
    assert beside.weights is not None
    assert job.spent.weights / job.spent.weights.sum() == pytest.approx(
        beside.weights.to_numpy() / beside.weights.sum()
    )


def test_plausible_gives_the_amounts_at_the_usual_share_and_the_plan_the_rest(tmp_path: Path, job: CostJob) -> None:
    ends = job.priors["amount"].level.frozen().ppf([0.025, 0.975])
    share = expit(USE.level.mean)
    assert np.exp(ends) * share * job.spent.children / 1e6 == pytest.approx([4.0, 60.0])
    assert job.priors["use"].level == USE.level
    assert job.priors["amount"].effect == AMOUNT.effect
    shock = {"key": "shock_sd", "family": "half_normal", "sd": 0.11, "unit": "log_odds", "reason": small.both("Small")}
    other = prepared(tmp_path, placed(), plan(priors=[shock]))
    assert isinstance(other, CostJob)
    assert [other.named(part)["sigma_s"].sd for part in PARTS] == [0.11, 0.11]
    usual = plan().posterior
    assert usual is not None
    twice = amount_level(usual.bearings[0], 2 * job.spent.children)
    assert twice.mean == pytest.approx(job.priors["amount"].level.mean - np.log(2)), "the same money on twice as many"


def test_a_sceptic_doubts_both_parts_and_an_enthusiast_leans_in_the_share_alone(job: CostJob) -> None:
    assert job.stances["effect"]["amount"] == AMOUNT.effect
    sceptic, enthusiast = (job.stances[f"effect_{key}"] for key in ("sceptical", "enthusiastic"))
    ratio = sceptic["use"].sd / job.stances["effect"]["use"].sd
    assert sceptic["amount"].sd == pytest.approx(AMOUNT.effect.sd * ratio)
    assert ratio < 1
    assert enthusiast["use"].mean < 0
    assert enthusiast["amount"].mean == 0


def reason(found: object) -> str:
    assert isinstance(found, PosteriorRecord)
    assert found.refused
    assert (found.outcome, found.likelihood) == (OUTCOME, NAME)
    assert all(has(found.remarks[0].key, language) for language in ("da", "en"))
    return found.remarks[0].key


def _without(rows: pd.DataFrame, children: set[str], since: str) -> pd.DataFrame:
    return rows[~(rows["child"].isin(children) & (rows["start"] >= since))]


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("costs_no_price", placed().assign(price=np.nan)),
        ("cells_all_zero", placed().assign(measure="SEL 52.3.3")),
        ("costs_no_users", placed()[placed()["start"] == "2014-01-01"]),
        ("costs_no_users", _without(placed(), {f"c{k}" for k in range(12) if k % 6 < 3}, "2014-01-01")),
        ("cells_all_zero", placed().assign(price=0.0)),
    ],
)
def test_placements_that_show_no_spending_are_told_why(tmp_path: Path, key: str, rows: pd.DataFrame) -> None:
    assert reason(prepared(tmp_path, rows)) == f"errors.{key}"


def test_without_an_index_a_bearing_or_the_outcome_nothing_is_modelled(tmp_path: Path) -> None:
    assert reason(prepared(tmp_path, placed(), plan(registers={"prices": None}))) == "errors.costs_no_price"
    assert reason(prepared(tmp_path, placed(), plan(bearing=None))) == "errors.posterior_no_bearing"
    assert prepared(tmp_path, placed(), small.study()) is None


def test_a_prior_that_believes_the_absurd_stops_before_sampling(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refusal:
        prepared(tmp_path, placed(), plan(BEARING | {"admissible": [3.9, 61.0]}))
    assert refusal.value.problems[0].key == "posterior_prior_absurd"


def test_a_district_without_all_its_prices_is_left_out_of_that_window(tmp_path: Path) -> None:
    rows = placed()
    rows.loc[(rows["child"] == "c5") & (rows["start"] < "2014"), "price"] = np.nan
    other = prepared(tmp_path, rows)
    assert isinstance(other, CostJob)
    use = other.spent.totals.use
    assert list(zip(use.district.tolist(), use.period.tolist(), strict=True)) == [
        *((k, 0) for k in range(5)), *((k, 1) for k in range(6)),
    ]  # fmt: skip
    assert len(other.spent.amount) == 17
    nowhere = placed()
    nowhere.loc[nowhere["child"].isin(["c5", "c11"]), "price"] = np.nan
    fewer = prepared(tmp_path, nowhere)
    assert isinstance(fewer, CostJob)
    assert len(fewer.spent.totals.use.treated) == len(fewer.spent.weights) == 5
    unknown = placed().assign(price=lambda rows: rows["price"].where(rows["child"] == "c0"))
    kept = prepared(tmp_path, unknown)
    assert reason(kept) in {"errors.posterior_no_cells", "errors.cells_no_control", "errors.posterior_design"}


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


def from_the_prior(job: CostJob, part: str, seed: int = 1, **fixed: Any) -> Fit:
    """Draws of the right form without sampling: those of the prior, some scalars within a hair of a ``fixed`` value."""
    rng, size, use = np.random.default_rng(seed), CHAINS * DRAWS, job.spent.totals.use
    scalars = {**prior_draws(job.priors[part], rng, size).scalars}
    scalars |= {name: draw(prior, size, rng) for name, prior in job.named(part).items() if name not in scalars}
    scalars |= {name: value + 1e-4 * np.abs(rng.standard_normal(size)) for name, value in fixed.items()}
    walk = np.stack([np.zeros(size), scalars["sigma_lambda"] * rng.standard_normal(size)], axis=1)
    own = np.repeat(scalars["tau"][:, None], int(use.treated.sum()), axis=1)
    eta = predictor(PanelDraws(scalars, walk, own), use, rng)
    found = scalars | {"eta": eta, "lambda": walk, "tau_district": own}
    return fit_of(found, CHAINS, DRAWS, seed)


STILL = dict.fromkeys(("gamma", "sigma_alpha", "sigma_lambda", "sigma_s"), 0.0)


def test_a_known_effect_in_millions_for_the_children_of_the_treated_districts(job: CostJob) -> None:
    """One child in a hundred instead of one in fifty, at 200,000 kroner instead of 300,000."""
    use = from_the_prior(job, "use", mu=logit(0.02), tau=logit(0.01) - logit(0.02), **STILL)
    amount = from_the_prior(job, "amount", mu=np.log(3e5), tau=np.log(2 / 3), log_cv=-0.2, **STILL)
    told = cost_record(CostFit(job, {"use": use, "amount": amount}, never), unstoppable())
    own, ratio = told.estimates
    per = job.spent.children / 1e6
    assert (own.scale, own.estimate) == ("mio_dkk", pytest.approx((2000 - 6000) * per, rel=1e-3))
    assert ratio.estimate == pytest.approx(1 / 3, rel=1e-3)
    assert told.spending is not None
    assert told.spending.by_use is not None
    assert told.spending.by_amount is not None
    assert told.spending.by_use.median == pytest.approx(-0.01 * 250_000 * per, rel=1e-3)
    assert told.spending.by_amount.median == pytest.approx(-100_000 * 0.015 * per, rel=1e-3)


@pytest.fixture(scope="module")
def told(job: CostJob) -> PosteriorRecord:
    fits = {part: from_the_prior(job, part, seed) for seed, part in enumerate(PARTS)}
    return cost_record(CostFit(job, fits, lambda _, part, __: from_the_prior(job, part, 9)), unstoppable())


def test_the_record_tells_both_scales_stances_checks_and_every_parameter_of_both_parts(told: PosteriorRecord) -> None:
    assert [(one.estimand, one.scale) for one in told.estimates] == [("att", "mio_dkk"), ("att", "ratio")]
    assert (told.estimates[0].n_units, told.estimates[0].n_treated) == (6, 3)
    assert (told.scales[0].threshold, told.scales[0].rope) == (-2.0, 0.5)
    assert told.scales[1].threshold is None
    assert [one.prior for one in told.stances if one.kind == "effect"] == [
        "effect_sceptical", "effect", "effect_enthusiastic",
    ]  # fmt: skip
    assert [one.value for one in told.stances if one.kind == "shock"] == [0.1, 0.6]
    assert {LARGEST, "spread_of_levels", "spread_of_changes", "difference"} <= {one.check for one in told.checks}
    names = [one.parameter for one in told.learned]
    assert len(names) == len(set(names)) == 17
    for language in ("da", "en"):
        assert all(has(f"posterior.parameter.{name}", language) for name in names)
        assert all(has(f"posterior.check.{one.check}", language) for one in told.checks)
    assert set(told.power) == {"effect", "shock_sd", "likelihood"}


def test_the_same_prior_again_weighs_every_draw_the_same(told: PosteriorRecord) -> None:
    main = next(one for one in told.stances if one.prior == "effect")
    ratio = told.estimates[1]
    assert main.median == pytest.approx(ratio.estimate, rel=0.02)
    assert not main.sampled
    medians = {one.prior: one.median for one in told.stances if one.kind == "effect"}
    assert medians["effect_enthusiastic"] < medians["effect"]


def test_a_stance_that_weights_cannot_reach_is_sampled_anew_in_the_part_that_needs_it(job: CostJob) -> None:
    asked: list[tuple[str, str]] = []

    def again(name: str, part: str, priors: object) -> Fit:
        asked.append((name, part))
        return from_the_prior(job, part, 9)

    swinging = np.random.default_rng(5).exponential(1.0, CHAINS * DRAWS)
    fits = {
        "use": from_the_prior(job, "use", sigma_s=swinging),
        "amount": from_the_prior(job, "amount", 2, sigma_s=0.05),
    }
    found = cost_record(CostFit(job, fits, again), unstoppable())
    assert asked
    assert {part for _, part in asked} == {"use"}
    anew = {one.value: one for one in found.stances if one.kind == "shock"}[0.6]
    assert anew.sampled
    assert anew.pareto_k is not None
    assert anew.pareto_k > 0.7


def test_a_child_who_costs_more_than_the_model_believes_is_found(tmp_path: Path) -> None:
    ready = prepared(tmp_path, placed(c0=400_000.0))
    assert isinstance(ready, CostJob)
    use = from_the_prior(ready, "use", mu=logit(0.002), tau=0.0, **STILL)
    amount = from_the_prior(ready, "amount", mu=np.log(4e5), tau=0.0, log_cv=np.log(0.5), **STILL)
    checks = cost_checks(CostFit(ready, {"use": use, "amount": amount}, never), 500, np.random.default_rng(4))
    found = {one.check: one for one in checks}
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
    assert log_likelihood_of_totals(fit, job.spent.totals)[7] == pytest.approx(float(wanted))
    assert model["y"].eval(mode="FAST_COMPILE").shape == job.spent.totals.total.shape


def test_draws_on_disk_hold_nothing_by_cell_or_district(job: CostJob) -> None:
    for part in PARTS:
        kept = scalars_only(from_the_prior(job, part)).draws["posterior"].to_dataset()
        assert set(kept.data_vars) == set(job.named(part))
        assert set(kept.dims) == {"chain", "draw"}
        assert fit_name(part).partition(".")[0] == OUTCOME, "the door withholds diagnostics by this"


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
    asked, spent = plan(sampling=sampling), made_up(-0.7, -0.4, 11)
    fitted = fit_costs(replace(job, spent=spent), asked, cores=1)
    told = cost_record(fitted, asked)
    own, ratio = told.estimates
    true = expit(-4.1) / expit(-3.4) * np.exp(-0.4)
    assert ratio.lower is not None
    assert ratio.upper is not None
    assert ratio.lower < true < ratio.upper < 1
    assert own.upper is not None
    assert own.upper < 0
    assert told.spending is not None
    assert told.spending.by_use is not None
    assert told.spending.by_amount is not None
    assert told.spending.by_use.prob_benefit == pytest.approx(1, abs=0.02)
    assert told.spending.by_amount.prob_benefit == pytest.approx(1, abs=0.05)
    assert not [one for one in told.checks if one.p < 0.01]
    assert all(not fit.report.failed for fit in fitted.fits.values())


def unstoppable() -> Study:
    """A plan under which no misfit stops: these draws are not of the data."""
    return plan(posterior={"bearings": [BEARING], "shock_prior_sd": [0.1, 0.6], "impossible": 0.0})


def never(name: str, part: str, priors: object) -> Fit:
    """Stands in for sampling where none is needed, or none wanted: the draws as they are."""
    raise AssertionError(f"{name} of {part} need not be sampled under {priors}")
