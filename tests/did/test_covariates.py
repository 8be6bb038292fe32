"""Group-time effects with covariates: a known answer, invariances, and two other packages on their own data."""

from __future__ import annotations

from importlib.metadata import distribution

import numpy as np
import pandas as pd
import pytest

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.covariates import Adjustment, adjusted_effects
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError

KINDS: tuple[Adjustment, ...] = ("reg", "ipw", "dr")
every = pytest.mark.parametrize("kind", KINDS)
quiet = pytest.mark.filterwarnings("ignore")  # what a peer warns about is not ours to fix


def made_up(effect: float = 3.0, noise: float = 0.0, seed: int = 1) -> tuple[DistrictPanel, np.ndarray]:
    """80 districts, those with a high x more often treated, and growing with it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=80)
    start = np.where(rng.random(80) < 1 / (1 + np.exp(-x)), rng.choice([3.0, 4.0], 80), np.inf)
    time = np.arange(6.0)
    y = rng.normal(size=(80, 1)) + x[:, None] * time + effect * (time >= start[:, None])
    y = y + noise * rng.normal(size=y.shape)
    unit, period = np.repeat(np.arange(80), 6), np.tile(time, 80)
    return panel_from_rows(unit, period, y.ravel(), period >= start[unit]), x[:, None]


@pytest.mark.parametrize("kind", ["reg", "dr"])
def test_a_trend_that_follows_the_covariate_is_no_effect(kind: Adjustment) -> None:
    panel, x = made_up()
    found = aggregate(adjusted_effects(panel, x, kind), "simple").overall
    assert found == pytest.approx(3.0, abs=1e-9)
    assert abs(aggregate(group_time_effects(panel), "simple").overall - 3.0) > 0.5


def test_odds_of_treatment_take_most_of_such_a_trend_away() -> None:
    panel, x = made_up()
    found = aggregate(adjusted_effects(panel, x, "ipw"), "simple").overall
    plain = aggregate(group_time_effects(panel), "simple").overall
    assert abs(found - 3.0) < 0.3 * abs(plain - 3.0)


@every
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_without_a_covariate_nothing_is_adjusted(kind: Adjustment, base: str) -> None:
    panel, _ = made_up(noise=1.0)
    plain, none = group_time_effects(panel, "not_yet", base), np.empty((80, 0))  # type: ignore[arg-type]
    found = adjusted_effects(panel, none, kind, "not_yet", base)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.estimate, plain.estimate, atol=1e-10)
    np.testing.assert_allclose(found.std_error, plain.std_error, atol=1e-10)


@every
def test_another_unit_of_the_covariate_and_another_order_of_districts_change_nothing(kind: Adjustment) -> None:
    panel, x = made_up(noise=1.0)
    found = adjusted_effects(panel, x, kind)
    other = adjusted_effects(panel, 1000 * x + 5, kind)
    np.testing.assert_allclose(other.estimate, found.estimate, rtol=1e-7)
    np.testing.assert_allclose(other.std_error, found.std_error, rtol=1e-6)


@every
def test_a_standard_error_is_what_estimates_vary_by(kind: Adjustment) -> None:
    drawn = [aggregate(adjusted_effects(*made_up(noise=1.0, seed=seed), kind), "simple") for seed in range(60)]
    spread = np.std([one.overall for one in drawn])
    assert np.mean([one.overall_std_error for one in drawn]) == pytest.approx(spread, rel=0.3)


def test_a_cohort_in_one_cluster_has_no_standard_error() -> None:
    panel, x = made_up(noise=1.0)
    cluster = np.where(panel.treated_from == 3, 0, np.arange(80) + 1)
    found = adjusted_effects(panel, x, cluster=cluster)
    assert np.isnan(found.std_error[found.cohort == 3]).all()
    assert np.isfinite(found.std_error[found.cohort == 4]).all()


def test_covariates_that_tell_treated_from_controls_are_refused() -> None:
    panel, _ = made_up(noise=1.0)
    apart = np.where(panel.ever_treated, 1.0, -1.0)[:, None] + np.random.default_rng(2).normal(0, 0.1, (80, 1))
    for kind in ("ipw", "dr"):
        with pytest.raises(RefusedError) as refused:
            adjusted_effects(panel, apart, kind)  # type: ignore[arg-type]
        assert refused.value.problems[0].key == "did_no_overlap"


def test_covariates_that_the_controls_do_not_tell_apart_are_refused() -> None:
    panel, x = made_up(noise=1.0)
    with pytest.raises(RefusedError, match="cannot be told apart"):
        adjusted_effects(panel, np.column_stack([x, 2 * x]), "reg")


def test_covariates_that_do_not_fit_or_are_missing_are_refused() -> None:
    panel, x = made_up()
    with pytest.raises(RefusedError, match="same length"):
        adjusted_effects(panel, x[:-1])
    with pytest.raises(RefusedError, match="missing or infinite"):
        adjusted_effects(panel, np.where(x > 2, np.nan, x) * np.nan)


@quiet
@every
@pytest.mark.parametrize(("ours", "theirs"), [("never", "nevertreated"), ("not_yet", "notyettreated")])
@pytest.mark.parametrize("weights", [None, "w"])
def test_moderndid_gives_the_same_effects_and_standard_errors(
    kind: Adjustment, ours: str, theirs: str, weights: str | None
) -> None:
    other = pytest.importorskip("moderndid", reason="the dependency group `bench` is not installed")
    path = distribution("moderndid").locate_file("moderndid/core/datasets/mpdta_long.pkl.gz")
    rows = pd.read_pickle(str(path)).rename(columns={"first.treat": "first"}).astype({"first": float})
    rows["w"] = 1 + (rows["countyreal"] % 7)
    options = {"yname": "lemp", "tname": "year", "idname": "countyreal", "gname": "first", "xformla": "~lpop"}
    peers = other.att_gt(rows, control_group=theirs, est_method=kind, weightsname=weights, **options)
    treated = (rows["first"] > 0) & (rows["year"] >= rows["first"])
    panel = panel_from_rows(rows["countyreal"], rows["year"], rows["lemp"], treated, weights=rows["w"])
    x = rows.groupby("countyreal")["lpop"].first().to_numpy()[:, None]
    found = adjusted_effects(panel, x, kind, ours, weighting="equal" if weights is None else "baseline")  # type: ignore[arg-type]
    np.testing.assert_allclose(found.estimate, peers.att_gt, atol=1e-8)
    np.testing.assert_allclose(found.std_error, peers.se_gt, rtol=1e-6)
