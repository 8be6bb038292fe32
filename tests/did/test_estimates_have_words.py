"""Every key that an estimator of district panels writes into a result has words in both languages."""

import ast
from pathlib import Path

import numpy as np
import pytest
from whole_window import around_go_live

from sverige_did import did, words
from sverige_did.did.aggregate import aggregate, overall_estimate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import collapse, collapsed_did
from sverige_did.did.glm import fractional_logit, poisson
from sverige_did.did.imputation import imputation, imputed_estimate
from sverige_did.did.staggered import group_time_effects
from sverige_did.inference.two_way import two_way_fixed_effects
from sverige_did.results.estimates import Estimate


def all_estimates(panel: DistrictPanel, lone: DistrictPanel) -> list[Estimate]:
    window = around_go_live(panel)
    counts = panel_from_rows(
        panel.unit, panel.time, np.round(panel.y), panel.treated, exposure=np.full(panel.y.size, 100.0)
    )
    glm = [
        getattr(model(counts), scale) for model in (fractional_logit, poisson) for scale in ("index", "level", "ratio")
    ]  # type: ignore[operator]
    return [
        *glm,
        collapsed_did(collapse(panel, window), scale="points"),
        two_way_fixed_effects(panel, window, scale="points"),
        *(imputed_estimate(imputation(each), scale="points") for each in (panel, lone)),
        *(
            overall_estimate(aggregate(group_time_effects(each), kind), scale="points")  # type: ignore[arg-type]
            for each in (panel, lone)
            for kind in ("simple", "dynamic", "group", "calendar")
        ),
    ]


@pytest.mark.parametrize("language", ["da", "en"])
def test_results(columns, rng: np.random.Generator, language: words.Language) -> None:
    max_t_adjustment, lone = (2016.0,) * 4 + (np.nan,) * 9, (2016.0,) + (np.nan,) * 9
    estimates = all_estimates(*(panel_from_rows(**columns(rng, starts=s, periods=9)) for s in (max_t_adjustment, lone)))
    keys = {
        f"labels.{part}.{getattr(estimate, part)}"
        for estimate in estimates
        for part in ("estimator", "inference", "estimand", "scale")
    }
    keys |= {f"labels.method.{estimate.estimator}" for estimate in estimates}
    keys |= {f"labels.assumption.{key}" for estimate in estimates for key in estimate.assumptions}
    keys |= {f"labels.note.{key}" for estimate in estimates for key in estimate.notes}
    assert len({estimate.estimator for estimate in estimates}) == 6
    assert {key for key in keys if not words.has(key, language)} == set()


@pytest.mark.parametrize("language", ["da", "en"])
def test_reasons_for_leaving_out_a_district_and_refusals(language: words.Language) -> None:
    files = (
        "arrays",
        "collapse",
        "glm",
        "event_study",
        "staggered",
        "imputation",
        "synthetic",
    )
    reasons, refusals = set(), set()
    for name in files:
        tree = ast.parse((Path(did.__path__[0]) / f"{name}.py").read_text("utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            if call.func.id == "Dropped" and isinstance(call.args[2], ast.Constant):
                reasons.add(call.args[2].value)
            if call.func.id == "refuse":
                refusals.add(call.args[0].value)
    reasons |= {"outcome_missing", "nobody_at_risk", "window_missing", "window_not_shared", "too_few_pre_periods"}
    assert {key for key in reasons if not words.has(f"labels.note.{key}", language)} == set()
    assert {key for key in refusals if not words.has(f"errors.{key}", language)} == set()
    assert len(refusals) > 15
