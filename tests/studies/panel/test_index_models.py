"""Shares in log-odds and the index models in the panel flow, and what takes over where they do not exist."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from small_district_panel import LABELS, levels, panel, wanted
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.did.firth import firth
from sverige_did.did.glm import fractional_logit, poisson
from sverige_did.panel import Panel
from sverige_did.periods import period_number
from sverige_did.results.estimates import Estimate, Remark
from sverige_did.studies.panel.arrays import district_panel
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.study.study import Study

SHARE, RATE = "institution_share", "institution_per_1000"
SHARES = ("log_odds", "pp", "ratio")
PRE, POST = slice(0, 5), slice(6, None)


def run(cells: Panel, plan: Study) -> Estimated:
    return estimate_panel(cells, plan, designs(cells, plan))


def result(found: Estimated, estimator: str, scale: str, inference: str | None = None) -> Estimate:
    return next(
        f.result
        for f in found.findings
        if (f.result.estimator, f.result.scale) == (estimator, scale) and inference in {None, f.result.inference}
    )


def odds_panel(effect: float = 0.0, seed: int = 3) -> np.ndarray:
    """Shares in per cent (16, T) whose log-odds move in parallel."""
    eta = (levels(seed, noise=0.4) - 20) / 4 - 0.5
    eta[:4, POST] += effect
    return 100 * expit(eta)


def test_an_effect_in_log_odds_comes_out_as_it_was_put_in() -> None:
    plan = study(outcomes=wanted(SHARE, scales=SHARES))
    table = odds_panel(0.7)
    found = run(panel({SHARE: table}), plan)
    change = logit(table[:, POST].mean(axis=1) / 100) - logit(table[:, PRE].mean(axis=1) / 100)
    expected = change[:4].mean() - change[4:].mean()
    got = result(found, "did_logit", "log_odds", "permutation_studentised")
    assert got.estimate == pytest.approx(expected)
    assert got.lower < 0.7 < got.upper
    assert (found.methods_tables[0].scale, found.methods_tables[0].verdict) == ("log_odds", "supported")
    assert found.findings[0].result == got
    assert got.assumptions == ("parallel_trends_log_odds", "exchangeable")


def test_what_counts_as_an_event_only_turns_the_sign() -> None:
    plan = study(outcomes=wanted(SHARE, scales=("log_odds",)))
    one, other = (
        result(run(panel({SHARE: table}), plan), "did_logit", "log_odds", "cr2_bell_mccaffrey")
        for table in (odds_panel(0.7), 100 - odds_panel(0.7))
    )
    assert other.estimate == pytest.approx(-one.estimate)
    assert (other.lower, other.upper) == (pytest.approx(-one.upper), pytest.approx(-one.lower))


def emptied(table: np.ndarray, district: int) -> np.ndarray:
    empty = table.copy()
    empty[district, POST] = 0.0
    return empty


def test_a_district_without_events_hands_over_to_firth_and_says_so() -> None:
    plan = study(outcomes=wanted(SHARE, scales=SHARES))
    table = emptied(odds_panel(-0.5), 2)
    found = run(panel({SHARE: table}), plan)
    got = result(found, "firth", "log_odds", "permutation_studentised")
    by_hand = []
    for row in table:
        y, n = 1000 * np.array([row[PRE].sum(), row[POST].sum()]) / 100, np.array([5000.0, 4000.0])
        control = [[500.0, 500.0], [1000.0, 1000.0]]
        pair = firth(np.array([y, control[0]]), np.array([n, control[1]]))  # against a control that stands still
        by_hand.append(pair.estimate)
    assert got.estimate == pytest.approx(np.mean(by_hand[:4]) - np.mean(by_hand[4:]))
    assert "half_added" in got.assumptions
    assert not [f for f in found.findings if f.result.estimator == "did_logit"]
    assert Remark(key="methods_table.note.firth", values={"count": "1"}) in found.methods_tables[0].remarks
    assert found.methods_tables[0].scale == "log_odds"


def test_a_group_without_events_hands_the_index_model_over_to_small_counts() -> None:
    """All treated districts empty after: the fractional logit does not exist, Firth's estimate of the totals does."""
    table = odds_panel()
    table[:4, POST] = 0.0
    found = run(panel({SHARE: table}), study(outcomes=wanted(SHARE, scales=("pp",))))
    y = np.array([[10 * table[:4, PRE].sum(), 0.0], [10 * table[4:, PRE].sum(), 10 * table[4:, POST].sum()]])
    n = 1000.0 * np.array([[20, 16], [60, 48]])
    got = result(found, "firth", "log_odds")
    expected = firth(y, n)
    assert (got.estimate, got.upper) == (pytest.approx(expected.estimate), pytest.approx(expected.upper))
    assert "no_district_shocks" in got.assumptions
    assert "errors.separation" in [r.key for r in found.methods_tables[0].remarks]
    assert "fractional_logit" not in {f.result.estimator for f in found.findings}


def test_events_that_vanish_hand_the_poisson_over_to_the_exact_test() -> None:
    cells = panel({RATE: np.round(levels(5))}).cells.copy()  # 1,000 residents: whole events
    none = (cells["outcome"] == RATE) & (cells["group"] == "treated") & (cells["period"] >= "2014H1")
    cells.loc[none, ["value", "low", "high"]] = 0.0
    cells.loc[cells["outcome"] == RATE, "kind"] = "events"
    found = run(Panel.of(cells, synthetic=True), study())
    exact = next(f.result for f in found.findings if f.result.estimator == "poisson_exact")
    assert exact.estimate == 0
    assert exact.upper < 1
    assert "poisson" not in {f.result.estimator for f in found.findings}


def inside(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[cells["period"] != "2013H2"]


def test_the_index_models_are_those_of_glm_with_the_jackknife_written_out() -> None:
    cells = panel({SHARE: odds_panel(0.5), RATE: levels(6, effect=-3.0)})
    plan = study(outcomes=wanted(SHARE, RATE, scales=("pp", "ratio")))
    found = run(cells, plan)
    for name, fit, estimator in ((SHARE, fractional_logit, "fractional_logit"), (RATE, poisson, "poisson")):
        mine = inside(cells.outcome(name))
        whole = fit(district_panel(mine, partial="donut"))
        scale = "pp" if name == SHARE else "rate_per_1000"
        got = result(found, estimator, scale)
        assert got.estimate == pytest.approx(whole.level.estimate)
        without = [
            fit(district_panel(mine[mine["unit"] != unit], partial="donut")).level.estimate
            for unit in mine["unit"].unique()
        ]
        se = np.sqrt(15 / 16 * np.square(np.array(without) - whole.level.estimate).sum())
        assert got.std_error == pytest.approx(se)
        assert (got.inference, got.lower < got.estimate < got.upper) == ("cr3_jackknife", True)
        ratio = result(found, estimator, "ratio")
        assert ratio.estimate == pytest.approx(whole.ratio.estimate)
        assert ratio.lower < ratio.estimate < ratio.upper


def test_a_model_that_a_district_alone_carries_has_no_interval() -> None:
    """Only one control district has events before: without it there is no model, so no jackknife."""
    table = odds_panel(0.3)
    table[4:15, PRE] = 0.0
    found = run(panel({SHARE: table}), study(outcomes=wanted(SHARE, scales=("pp",))))
    got = result(found, "fractional_logit", "pp")
    assert (got.inference, got.lower, got.notes) == ("none", None, ("jackknife_separated",))


def test_rows_in_any_order_and_other_names_give_the_same_numbers() -> None:
    plan = study(outcomes=wanted(SHARE, scales=SHARES))
    cells = panel({SHARE: odds_panel(0.4)})
    shuffled = cells.cells.sample(frac=1, random_state=3).assign(unit=lambda f: "x" + f["unit"])
    other = run(Panel.of(shuffled, synthetic=True), plan)
    for a, b in zip(run(cells, plan).findings, other.findings, strict=True):
        assert (a.result.estimator, a.result.estimate) == (b.result.estimator, pytest.approx(b.result.estimate))


def test_the_windows_are_the_plans() -> None:
    """A wild follow-up after the plan's last day changes nothing."""
    plan = study(outcomes=wanted(RATE), periods=study().periods.model_dump() | {"follow_up": "2014-12-31"})
    table = levels(7)
    wild = table.copy()
    wild[:4, [period_number(label) >= 2015 for label in LABELS]] *= 3
    one, other = (result(run(panel({RATE: t}), plan), "poisson", "rate_per_1000") for t in (table, wild))
    assert one.estimate == pytest.approx(other.estimate)
