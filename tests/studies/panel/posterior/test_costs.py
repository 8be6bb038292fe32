"""From placements with prices to what is told of spending; what cannot be modelled is told why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_registers as small
from scipy.special import expit
from small_costs import COSTS, THRESHOLDS, job_of, panel, placed, plan, prepared

from sverige_did.bayes.models.two_part_costs import AMOUNT, USE
from sverige_did.design import designs
from sverige_did.errors import RefusedError
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.outcome_data import outcome_data_of
from sverige_did.studies.panel.posterior.costs import OUTCOME, PARTS, CostJob, amount_level
from sverige_did.words import has


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> CostJob:
    return job_of(tmp_path_factory.mktemp("delivery"))


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
    requested = plan()
    made = panel(tmp_path, placed(), requested)
    (beside,) = outcome_data_of(made, requested, designs(made, requested))
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
    assert [other.priors_of(part)["sigma_s"].sd for part in PARTS] == [0.11, 0.11]
    usual = plan().posterior
    assert usual is not None
    twice = amount_level(usual.decision_thresholds[0], 2 * job.spent.children)
    assert twice.mean == pytest.approx(job.priors["amount"].level.mean - np.log(2)), "the same money on twice as many"


def test_a_sceptic_doubts_both_parts_and_an_enthusiast_leans_in_the_share_alone(job: CostJob) -> None:
    assert job.alternative_priors[OUTCOME]["effect"]["amount"] == AMOUNT.effect
    sceptic, enthusiast = (job.alternative_priors[OUTCOME][f"effect_{key}"] for key in ("sceptical", "enthusiastic"))
    ratio = sceptic["use"].sd / job.alternative_priors[OUTCOME]["effect"]["use"].sd
    assert sceptic["amount"].sd == pytest.approx(AMOUNT.effect.sd * ratio)
    assert ratio < 1
    assert enthusiast["use"].mean < 0
    assert enthusiast["amount"].mean == 0


def reason(found: object) -> str:
    assert isinstance(found, PosteriorRecord)
    assert found.refused
    assert (found.outcome, found.likelihood) == (OUTCOME, COSTS)
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


def test_without_an_index_thresholds_or_the_outcome_nothing_is_modelled(tmp_path: Path) -> None:
    assert reason(prepared(tmp_path, placed(), plan(registers={"prices": None}))) == "errors.costs_no_price"
    assert reason(prepared(tmp_path, placed(), plan(thresholds=None))) == "errors.posterior_no_thresholds"
    assert prepared(tmp_path, placed(), small.study()) is None


def test_a_prior_that_believes_the_absurd_stops_before_sampling(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refusal:
        prepared(tmp_path, placed(), plan(THRESHOLDS | {"admissible": [3.9, 61.0]}))
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
