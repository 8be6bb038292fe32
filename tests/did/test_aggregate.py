"""Averages of group-time effects: weights by hand, standard errors by the jackknife, bands by coverage."""

import numpy as np
import pytest
from scipy.stats import norm, t

from sverige_did.did.aggregate import aggregate, bootstrap_bands, overall_estimate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError

KINDS = ("simple", "dynamic", "group", "calendar")


def by_definition(panel: DistrictPanel, kind: str) -> tuple[list[float], float]:
    """The averages, with plain loops over cohorts and years."""
    found = group_time_effects(panel)
    att = {(g, t): e for g, t, e in zip(found.cohort, found.period, found.estimate, strict=True)}
    size = {g: int((panel.treated_from == g).sum()) for g in (2012.0, 2013.0, 2015.0)}
    years = [float(year) for year in panel.periods]

    def mean(pairs: list[tuple[float, float]]) -> float:
        return sum(size[g] * att[g, t] for g, t in pairs) / sum(size[g] for g, _ in pairs)

    if kind == "simple":
        values = [mean([(g, t) for g in size for t in years if t >= g])]
        return values, values[0]
    if kind == "dynamic":
        steps = range(-4, 5)
        values = [mean([(g, g + e) for g in size if (g, g + e) in att]) for e in steps]
        return values, float(np.mean([v for v, e in zip(values, steps, strict=True) if e >= 0]))
    if kind == "calendar":
        values = [mean([(g, t) for g in size if t >= g]) for t in years if t >= 2012]
        return values, float(np.mean(values))
    values = [float(np.mean([att[g, t] for t in years if t >= g])) for g in size]
    return values, sum(size[g] * v for g, v in zip(size, values, strict=True)) / sum(size.values())


@pytest.mark.parametrize("kind", KINDS)
def test_loops_over_the_definition_agree(staggered_panel: DistrictPanel, kind: str) -> None:
    found = aggregate(group_time_effects(staggered_panel), kind)  # type: ignore[arg-type]
    values, overall = by_definition(staggered_panel, kind)
    np.testing.assert_allclose(found.estimate, values)
    assert found.overall == pytest.approx(overall)
    assert found.at.size == len(values)


@pytest.mark.parametrize("kind", KINDS)
def test_leaving_out_one_district_at_a_time_gives_the_same_standard_error(
    columns, rng: np.random.Generator, kind: str
) -> None:
    starts = (2012.0,) * 40 + (2013.0,) * 50 + (np.nan,) * 90
    panel = panel_from_rows(**columns(rng, starts=starts, periods=5))
    whole = aggregate(group_time_effects(panel), kind)  # type: ignore[arg-type]
    parts = []
    for unit in range(panel.n_units):
        rows = panel.unit != unit
        part = panel_from_rows(panel.unit[rows], panel.periods[panel.time][rows], panel.y[rows], panel.treated[rows])
        parts.append(aggregate(group_time_effects(part), kind).overall)  # type: ignore[arg-type]
    jackknife = np.sqrt((len(parts) - 1) * np.var(parts))
    assert whole.overall_std_error == pytest.approx(jackknife, rel=0.03)


def test_sizes_of_cohorts_that_are_estimated_add_to_the_standard_error(columns, rng: np.random.Generator) -> None:
    starts = (2012.0,) * 8 + (2014.0,) * 8 + (np.nan,) * 9
    drawn = columns(rng, starts=starts, noise=0.01, effect=0.0)
    early = np.isin(drawn["unit"], [f"d{i:02d}" for i in range(8)])
    drawn["y"] = drawn["y"] + 5.0 * (early & drawn["treated"])
    found = group_time_effects(panel_from_rows(**drawn))
    plain = aggregate(found, "group")
    fixed = np.linalg.norm(plain.influence @ np.array([0.5, 0.5]))
    assert plain.overall_std_error > 20 * fixed  # effects of 5 and 0 averaged with shares that are themselves random


def test_a_lone_district_leaves_the_average_without_an_interval(columns, rng: np.random.Generator) -> None:
    panel = panel_from_rows(**columns(rng, starts=(2012.0, 2013.0, 2013.0, np.nan, np.nan, np.nan)))
    found = overall_estimate(aggregate(group_time_effects(panel), "simple"), scale="points")
    assert (found.std_error, found.lower, found.inference) == (None, None, "none")
    assert found.notes == ("one_district_in_cohort",)


def test_an_estimate_carries_students_interval(staggered_panel: DistrictPanel) -> None:
    found = aggregate(group_time_effects(staggered_panel), "dynamic")
    estimate = overall_estimate(found, scale="points", level=0.9)
    half = t.ppf(0.95, found.overall_df) * found.overall_std_error
    assert (estimate.lower, estimate.upper) == pytest.approx((found.overall - half, found.overall + half))
    assert 1 <= found.overall_df <= 14
    assert (estimate.estimand, estimate.level) == ("att_dynamic", 0.9)


LONE = (2013.0,) * 4 + (2015.0,) * 4 + (2014.0,) + (np.nan,) * 11


@pytest.mark.parametrize("kind", KINDS)
def test_a_lone_cohort_borrows_a_standard_error_that_is_right_on_average(
    columns, rng: np.random.Generator, kind: str
) -> None:
    """The mean variance against the true one from the estimator's own weights on independent outcomes of sd 1.

    Controls and larger cohorts count deviations over n where n - 1 would be unbiased; sizes of cohorts add something.
    """
    drawn = columns(rng, starts=LONE, periods=8, effect=0.0)
    order = np.lexsort((drawn["period"], drawn["unit"]))
    drawn = {name: values[order] for name, values in drawn.items()}

    def average(y: np.ndarray):
        return aggregate(group_time_effects(panel_from_rows(**(drawn | {"y": y}))), kind)  # type: ignore[arg-type]

    base = average(drawn["y"]).overall
    true = sum((average(drawn["y"] + step).overall - base) ** 2 for step in np.eye(drawn["y"].size))
    found = [average(rng.normal(size=drawn["y"].size)).overall_std_error ** 2 for _ in range(150)]
    assert 0.8 * true <= np.mean(found) <= 1.25 * true


def test_only_cohorts_with_enough_degrees_of_freedom_lend(columns, rng: np.random.Generator) -> None:
    for others, known in (((2013.0,) * 2, False), ((2013.0,) * 3, True), ((2013.0,) * 2 + (2014.0,) * 2, True)):
        panel = panel_from_rows(**columns(rng, starts=(2012.0, *others, np.nan, np.nan, np.nan)))
        found = overall_estimate(aggregate(group_time_effects(panel), "simple"), scale="points")
        assert (found.std_error is not None) == known


def test_satterthwaites_degrees_of_freedom_with_one_cohort_are_welchs(columns, rng: np.random.Generator) -> None:
    """Two arms of means of changes, each variance over n instead of n - 1 and on its own n - 1 degrees of freedom."""
    panel = panel_from_rows(**columns(rng, starts=(2012.0,) * 4 + (np.nan,) * 9, periods=3))
    change = panel.wide()[:, 2] - panel.wide()[:, 1]
    own, other = change[panel.ever_treated].var() / 4, change[~panel.ever_treated].var() / 9
    found = aggregate(group_time_effects(panel), "simple")
    assert found.overall_std_error == pytest.approx(np.sqrt(own + other))
    assert found.overall_df == pytest.approx((own + other) ** 2 / (own**2 / 3 + other**2 / 8))


def test_bands_are_wider_than_points_narrower_than_bonferroni_and_flat_at_the_base(
    columns, rng: np.random.Generator
) -> None:
    starts = (2012.0,) * 30 + (2014.0,) * 30 + (np.nan,) * 60
    found = aggregate(group_time_effects(panel_from_rows(**columns(rng, starts=starts)), base="universal"), "dynamic")
    bands = bootstrap_bands(found.estimate, found.influence, rng=rng, draws=4000)
    assert norm.ppf(0.975) < bands.critical < norm.ppf(1 - 0.025 / found.at.size) + 0.1
    half = (bands.upper - bands.lower) / 2
    np.testing.assert_allclose(half, bands.critical * found.std_error, rtol=0.06)
    base = found.at == -1
    assert (half[base], found.estimate[base]) == (0, 0)


def test_bands_cover_all_effects_at_once(rng: np.random.Generator) -> None:
    hits, rounds, mix = 0, 400, np.array([[1.0, 0.7, 0.0], [0.0, 1.0, 0.5]])
    for _ in range(rounds):
        sample = rng.normal(size=(150, 2)) @ mix
        influence = (sample - sample.mean(axis=0)) / 150
        bands = bootstrap_bands(sample.mean(axis=0), influence, rng=rng)
        hits += bool(((bands.lower <= 0) & (bands.upper >= 0)).all())
    assert hits / rounds == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / rounds))


def test_an_effect_of_unknown_variance_gets_no_limits_and_spoils_no_others(rng: np.random.Generator) -> None:
    influence = np.column_stack([rng.normal(size=50), np.full(50, np.nan)])
    bands = bootstrap_bands(np.zeros(2), influence, rng=rng)
    assert np.isfinite(bands.lower[0])
    assert np.isnan(bands.lower[1])
    assert bands.critical == pytest.approx(norm.ppf(0.975), abs=0.35)


def test_without_an_effect_after_go_live_there_is_no_average(columns, rng: np.random.Generator) -> None:
    drawn = columns(rng, starts=(2013.0, 2013.0, np.nan, np.nan), periods=4)
    hidden = np.isin(drawn["unit"], ["d00", "d01"]) & (drawn["period"] == 2012)
    found = group_time_effects(panel_from_rows(**(drawn | {"y": np.where(hidden, np.nan, drawn["y"])})))
    assert (found.event_time < 0).all()
    with pytest.raises(RefusedError) as caught:
        aggregate(found, "simple")
    assert caught.value.problems[0].key == "did_groups_empty"
