"""What no linear estimator may depend on: order, labels, units of measurement, levels of districts and periods."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_window import around_go_live

from sverige_did.did.aggregate import aggregate, overall_estimate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import collapse, collapse_detrended, collapsed_did
from sverige_did.did.event_study import event_study
from sverige_did.did.glm import fractional_logit, poisson
from sverige_did.did.imputation import imputation, imputed_estimate
from sverige_did.did.staggered import group_time_effects
from sverige_did.inference.event_bands import event_curve
from sverige_did.inference.two_way import two_way_fixed_effects
from sverige_did.results.estimates import Estimate
from sverige_did.studies.panel.window_levels import log_collapse

Estimator = Callable[[DistrictPanel], float]

ONE_GO_LIVE: dict[str, Estimator] = {
    "collapse": lambda p: collapsed_did(collapse(p, around_go_live(p), "baseline"), scale="x").estimate,
    "detrended": lambda p: collapsed_did(collapse_detrended(p, around_go_live(p)), scale="x").estimate,
    "twfe": lambda p: two_way_fixed_effects(p, around_go_live(p), scale="x", weighting="baseline").estimate,
    "event study": lambda p: float(event_study(p, weighting="baseline").estimate[-1]),
}
ANY_GO_LIVE: dict[str, Estimator] = {
    "imputation": lambda p: float(imputation(p, "overall", "baseline").estimate[0]),
    "imputation error": lambda p: float(imputation(p, "overall", "baseline").std_error[0]),
    **{
        f"callaway-santanna {kind} {control}": lambda p, k=kind, c=control: (
            aggregate(group_time_effects(p, c, weighting="baseline"), k).overall
        )
        for kind in ("simple", "dynamic", "group", "calendar")
        for control in ("never", "not_yet")
    },
}
CASES = [(name, True) for name in ONE_GO_LIVE] + [(name, False) for name in ANY_GO_LIVE]
STAGGERED = (2015.0,) * 3 + (2017.0,) * 3 + (np.nan,) * 7
TOGETHER = (2016.0,) * 4 + (np.nan,) * 9


@pytest.fixture(params=CASES, ids=[name for name, _ in CASES])
def case(request: pytest.FixtureRequest, columns, rng: np.random.Generator) -> tuple[Estimator, dict[str, np.ndarray]]:
    name, max_t_adjustment = request.param
    drawn = columns(rng, starts=TOGETHER if max_t_adjustment else STAGGERED, periods=9)
    return (ONE_GO_LIVE | ANY_GO_LIVE)[name], drawn


def test_the_order_of_rows(case, rng: np.random.Generator) -> None:
    estimator, columns = case
    shuffle = rng.permutation(columns["y"].size)
    turned = {name: values[shuffle] for name, values in columns.items()}
    assert estimator(panel_from_rows(**turned)) == estimator(panel_from_rows(**columns))


WHOLE_ANSWERS: dict[str, Callable[[DistrictPanel], object]] = {
    "collapse": lambda p: collapse(p, around_go_live(p), "baseline"),
    "log": lambda p: log_collapse(p, around_go_live(p), "baseline"),
    "twfe": lambda p: two_way_fixed_effects(p, around_go_live(p), scale="x", weighting="baseline"),
    "event study": lambda p: event_study(p, "baseline"),
    "event curve": lambda p: event_curve(p, "equal", rng=np.random.default_rng(4), level=0.95),
    "imputation": lambda p: imputation(p, "event_time", "baseline"),
    "group-time": lambda p: group_time_effects(p, "not_yet", "universal", anticipation=1, weighting="baseline"),
    "fractional logit": lambda p: fractional_logit(p, "baseline"),
    "poisson": lambda p: poisson(p, "baseline"),
}
"""Estimators with all that they answer: numbers, standard errors, counts, what was left out."""


def same(left: object, right: object) -> bool:
    """Whether two answers are equal to the last digit, field by field."""
    if isinstance(left, np.ndarray):
        return np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    if is_dataclass(left):
        return all(same(getattr(left, one.name), getattr(right, one.name)) for one in fields(left))
    return left == right


@pytest.mark.parametrize("name", WHOLE_ANSWERS)
@given(order=st.permutations(range(13 * 9)))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_of_rows_moves_anything(columns, name: str, order: list[int]) -> None:
    drawn = columns(np.random.default_rng(9), starts=TOGETHER, periods=9)
    drawn["exposure"] = np.tile(np.arange(40.0, 53), 9)
    drawn["y"] = np.rint(drawn["y"].clip(1, 39))
    drawn["y"][3] = np.nan
    drawn["strata"] = np.where(drawn["unit"] < "d07", "north", "south")
    turned = {key: values[order] for key, values in drawn.items()}
    assert same(*(WHOLE_ANSWERS[name](panel_from_rows(**one)) for one in (drawn, turned)))


def test_the_names_of_districts_and_the_count_of_years(case, rng: np.random.Generator) -> None:
    estimator, columns = case
    other = dict(zip(np.unique(columns["unit"]), rng.permutation(13), strict=True))
    renamed = columns | {
        "unit": np.array([other[name] for name in columns["unit"]]),
        "period": columns["period"] - 2010,
    }
    assert estimator(panel_from_rows(**renamed)) == pytest.approx(estimator(panel_from_rows(**columns)))


LABELLED: dict[str, Callable[[DistrictPanel, str], Estimate]] = {
    "collapse": lambda p, w: collapsed_did(collapse(p, around_go_live(p), w), scale="x"),
    "twfe": lambda p, w: two_way_fixed_effects(p, around_go_live(p), scale="x", weighting=w),
    "imputation": lambda p, w: imputed_estimate(imputation(p, "overall", w), scale="x"),
    **{
        f"callaway-santanna {kind}": lambda p, w, k=kind: overall_estimate(
            aggregate(group_time_effects(p, weighting=w), k), scale="x"
        )
        for kind in ("simple", "dynamic", "group", "calendar")
    },
}


@pytest.mark.parametrize("name", LABELLED)
def test_the_weights_are_labelled_as_they_were_used(columns, rng: np.random.Generator, name: str) -> None:
    panel = panel_from_rows(**columns(rng, starts=TOGETHER, periods=9))
    equal, baseline = (LABELLED[name](panel, weighting) for weighting in ("equal", "baseline"))
    assert (equal.weights, baseline.weights) == ("equal", "baseline")
    assert abs(equal.estimate - baseline.estimate) > 1e-6


def test_the_unit_of_the_outcome_and_of_the_weights(case) -> None:
    estimator, columns = case
    scaled = columns | {"y": 1000 * columns["y"], "weights": columns["weights"] / 7}
    found = estimator(panel_from_rows(**columns))
    assert estimator(panel_from_rows(**scaled)) == pytest.approx(1000 * found)


def test_levels_of_districts_and_periods(case, rng: np.random.Generator) -> None:
    estimator, columns = case
    district = dict(zip(np.unique(columns["unit"]), 5 * rng.normal(size=13), strict=True))
    period = dict(zip(np.unique(columns["period"]), 5 * rng.normal(size=9), strict=True))
    levels = np.array([district[u] + period[t] for u, t in zip(columns["unit"], columns["period"], strict=True)])
    found = estimator(panel_from_rows(**columns))
    moved = estimator(panel_from_rows(**(columns | {"y": columns["y"] + 12})))
    assert moved == pytest.approx(found)
    assert estimator(panel_from_rows(**(columns | {"y": columns["y"] + levels}))) == pytest.approx(found)


def test_the_sign_of_the_outcome(case) -> None:
    estimator, columns = case
    found = estimator(panel_from_rows(**columns))
    turned = estimator(panel_from_rows(**(columns | {"y": -columns["y"]})))
    assert turned == pytest.approx(found if estimator is ANY_GO_LIVE["imputation error"] else -found)


@pytest.mark.parametrize("name", ["collapse", "twfe", "event study"])
def test_swapping_treated_and_control_turns_the_sign(columns, rng: np.random.Generator, name: str) -> None:
    drawn = columns(rng, starts=TOGETHER, periods=9)
    treated = np.isin(drawn["unit"], ["d00", "d01", "d02", "d03"])
    swapped = drawn | {"treated": ~treated & (drawn["period"] >= 2016)}
    there, back = (ONE_GO_LIVE[name](panel_from_rows(**columns)) for columns in (drawn, swapped))
    assert there == pytest.approx(-back)


@pytest.mark.parametrize("name", ["collapse", "twfe", "imputation", "callaway-santanna simple never"])
def test_each_period_twice_changes_nothing(columns, rng: np.random.Generator, name: str) -> None:
    drawn = columns(rng, starts=TOGETHER, periods=9)
    twice = {key: np.concatenate([values, values]) for key, values in drawn.items()}
    twice["period"] = twice["period"] + 0.5 * (np.arange(twice["y"].size) >= drawn["y"].size)
    estimator = (ONE_GO_LIVE | ANY_GO_LIVE)[name]
    assert estimator(panel_from_rows(**twice)) == pytest.approx(estimator(panel_from_rows(**drawn)))
