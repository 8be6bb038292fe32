"""Nothing but a treated district's own change is an effect: constant districts, and districts that move together, keep
none whatever rows are missing.
"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import Collapsed, att_from_changes, collapse, collapse_detrended
from sverige_did.did.event_study import event_study
from sverige_did.did.glm import fractional_logit, poisson
from sverige_did.did.imputation import imputation
from sverige_did.did.missing_periods import filled
from sverige_did.did.staggered import group_time_effects
from sverige_did.did.synthetic import synthetic_did
from sverige_did.did.window import around
from sverige_did.inference.two_way import two_way_fit
from sverige_did.studies.panel.window_levels import firth_collapse, log_collapse, log_odds_collapse

DISTRICTS, PERIODS, TREATED, START = 12, 9, 4, 5


def changes(found: Collapsed) -> float:
    return att_from_changes(found.change, found.treated, found.weights)


def synthetic(panel: DistrictPanel) -> float:
    table = filled(panel, around(panel)).panel.wide()
    return synthetic_did(table, panel.ever_treated, panel.periods >= panel.go_live(), panel.weights).estimate


# By the scale on which districts move together: what gives 0 for no effect.
ESTIMATORS: dict[str, dict[str, Callable[[DistrictPanel], float]]] = {
    "identity": {
        "collapse": lambda p: changes(collapse(p, around(p))),
        "collapse, weighted": lambda p: changes(collapse(p, around(p), "baseline")),
        "detrended": lambda p: changes(collapse_detrended(p, around(p))),
        "two-way": lambda p: float(two_way_fit(p, around(p), "baseline").coefficients[0]),
        "event study": lambda p: float(np.abs(event_study(p, "baseline").estimate).max()),
        "imputation": lambda p: float(imputation(p, "overall", "baseline").estimate[0]),
        "callaway-santanna": lambda p: aggregate(group_time_effects(p, "never"), "simple").overall,
        "callaway-santanna, not yet": lambda p: aggregate(group_time_effects(p, "not_yet"), "dynamic").overall,
        "synthetic": synthetic,
    },
    "log": {
        "logarithms": lambda p: changes(log_collapse(p, around(p), "baseline")),
        "Poisson, index": lambda p: poisson(p, "baseline").index.estimate,
        "Poisson, level": lambda p: poisson(p, "baseline").level.estimate,
        "Poisson, ratio": lambda p: np.log(poisson(p, "baseline").ratio.estimate),
    },
    "logit": {
        "log-odds": lambda p: changes(log_odds_collapse(p, around(p), "baseline")),
        "fractional logit, index": lambda p: fractional_logit(p, "baseline").index.estimate,
        "fractional logit, level": lambda p: fractional_logit(p, "baseline").level.estimate,
        "fractional logit, ratio": lambda p: np.log(fractional_logit(p, "baseline").ratio.estimate),
    },
}
INVERSE = {"identity": lambda eta: eta, "log": np.exp, "logit": expit}
CASES = [(scale, name) for scale, found in ESTIMATORS.items() for name in found]


def rows_of(
    eta: np.ndarray, scale: str, missing: np.ndarray, size: np.ndarray | None, *, start: int = START
) -> DistrictPanel:
    """The districts as a panel without any effect; ``size`` (G,) children a district make levels into counts."""
    unit, time = (axis.ravel() for axis in np.indices(eta.shape))
    level = np.where(missing, np.nan, INVERSE[scale](eta)).ravel()
    exposure = None if size is None else size[unit]
    return panel_from_rows(
        unit,
        time,
        level if exposure is None else level * exposure,
        (unit < TREATED) & (time >= START),
        exposure=exposure,
        weights=1.0 + unit**2,
    )


def lost(rng: np.random.Generator) -> np.ndarray:
    """A quarter of all rows; every district keeps three periods before and one after, every period a control."""
    while True:
        missing = rng.random((DISTRICTS, PERIODS)) < 0.25
        there = ~missing
        before = there[:, :START].sum(axis=1).min() >= 3 and there[:, START - 1].all()
        if before and there[:, START:].any(axis=1).all() and there[TREATED:].any(axis=0).all():
            return missing


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize(("scale", "name"), CASES)
def test_constant_districts(scale: str, name: str, counted: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = rng.integers(5, 500, DISTRICTS).astype(float) if counted or scale != "identity" else None
    eta = np.repeat(rng.normal(-1, 1, (DISTRICTS, 1)), PERIODS, axis=1)
    found = ESTIMATORS[scale][name](rows_of(eta, scale, lost(rng), size))
    assert found == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize(("scale", "name"), CASES)
def test_districts_that_move_together(scale: str, name: str, counted: bool, seed: int) -> None:
    """By any path, in one district as in the other; with log-odds, whose mean over a window depends on the level of the
    district, from one common level.
    """
    rng = np.random.default_rng(seed)
    size = rng.integers(5, 500, DISTRICTS).astype(float) if counted or scale != "identity" else None
    levels = rng.normal(-1, 1, (DISTRICTS, 1)) if scale != "logit" else np.full((DISTRICTS, 1), -1.0)
    eta = levels + rng.normal(0, 0.5, PERIODS)
    found = ESTIMATORS[scale][name](rows_of(eta, scale, lost(rng), size))
    assert found == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("half", ["early", "late"])
@pytest.mark.parametrize("side", ["treated", "control"])
@pytest.mark.parametrize(("scale", "name"), [case for case in CASES if case[1] not in {"detrended", "synthetic"}])
def test_one_side_lacks_the_same_periods(scale: str, name: str, side: str, half: str) -> None:
    """Late registration, and registers that close early: in all treated districts, or in half the controls."""
    rng = np.random.default_rng(1)
    levels = np.full((DISTRICTS, 1), -1.0) if scale == "logit" else rng.normal(-1, 1, (DISTRICTS, 1))
    eta = levels + np.linspace(0, 2, PERIODS)
    missing = np.zeros(eta.shape, dtype=bool)
    districts = slice(0, TREATED) if side == "treated" else slice(TREATED, TREATED + 4)
    missing[districts, slice(0, 3) if half == "early" else slice(PERIODS - 2, PERIODS)] = True
    size = None if scale == "identity" else rng.integers(5, 500, DISTRICTS).astype(float)
    assert ESTIMATORS[scale][name](rows_of(eta, scale, missing, size)) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(
    ("scale", "name"),
    [case for case in CASES if not case[1].startswith(("detrended", "synthetic", "Poisson", "callaway"))],
)
@pytest.mark.parametrize("arm", ["treated", "control"])
def test_a_district_whose_only_period_before_nobody_of_the_other_arm_has_is_left_out(
    scale: str, name: str, arm: str
) -> None:
    """It has nothing that it can be held against, and no number may be made of it."""
    rng = np.random.default_rng(3)
    levels = np.full((DISTRICTS, 1), -1.0) if scale == "logit" else rng.normal(-1, 1, (DISTRICTS, 1))
    eta = levels + np.linspace(0, 2, PERIODS)
    mine, others = (slice(0, TREATED), slice(TREATED, DISTRICTS))[:: 1 if arm == "treated" else -1]
    missing = np.zeros(eta.shape, dtype=bool)
    missing[others, :3] = True
    lone = mine.start
    missing[lone, [0, *range(2, START)]] = True
    size = None if scale == "identity" else rng.integers(5, 500, DISTRICTS).astype(float)
    panel = rows_of(eta, scale, missing, size)
    found = filled(panel, around(panel), scale)  # type: ignore[arg-type]  # one of the scales
    assert lone not in found.unit
    assert found.panel.n_units == DISTRICTS - 1
    named = [(one.unit, one.reason) for one in found.panel.dropped if one.period is None]
    assert named == [(str(lone), "window_not_shared")]
    assert ESTIMATORS[scale][name](panel) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_log_odds_of_any_level_are_those_of_the_complete_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1, (DISTRICTS, 1)) + rng.normal(0, 0.5, PERIODS)
    size = rng.integers(5, 500, DISTRICTS).astype(float)
    missing = np.zeros(eta.shape, dtype=bool)
    missing[rng.integers(0, DISTRICTS, 9), rng.integers(0, START - 1, 9)] = True
    whole, gaps = (rows_of(eta, "logit", gone, size) for gone in (np.zeros_like(missing), missing))
    for make in (log_odds_collapse, firth_collapse):
        filled_in = filled(gaps, around(gaps), "logit").panel
        np.testing.assert_allclose(filled_in.y, whole.y, rtol=1e-9)
        assert make(filled_in, around(whole)).change == pytest.approx(make(whole, around(whole)).change)


def test_firth_weighs_a_period_that_most_treated_lack_as_the_log_odds_do() -> None:
    """With a million children the half event is nil: both say the same of the one period that has an effect."""
    eta = np.full((DISTRICTS, PERIODS), -1.0)
    eta[:TREATED, START] += 1.0
    missing = np.zeros(eta.shape, dtype=bool)
    missing[1:TREATED, START] = True
    panel = rows_of(eta, "logit", missing, np.full(DISTRICTS, 1e6))
    by_firth, by_odds = (changes(make(panel, around(panel))) for make in (firth_collapse, log_odds_collapse))
    assert by_firth == pytest.approx(by_odds, abs=1e-5)


@pytest.mark.parametrize("effect", [-3.0, 2.0])
def test_a_constant_effect_is_found_beside_a_shock_that_the_treated_lack(effect: float) -> None:
    rng = np.random.default_rng(2)
    eta = rng.normal(0, 5, (DISTRICTS, 1)) + rng.normal(0, 4, PERIODS)
    eta[:TREATED, START:] += effect
    missing = np.zeros(eta.shape, dtype=bool)
    missing[:TREATED, 2] = missing[0, START] = missing[TREATED, 0] = True
    panel = rows_of(eta, "identity", missing, None)
    for name in ("collapse", "collapse, weighted", "detrended", "imputation", "callaway-santanna"):
        assert ESTIMATORS["identity"][name](panel) == pytest.approx(effect)
