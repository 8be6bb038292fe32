"""Group-time effects against loops over districts, and bootstrap draws against the influence they come from."""

from dataclasses import replace

import numpy as np
import pytest

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.staggered import GroupTime, group_time_effects, multiplier_bootstrap
from sverige_did.errors import RefusedError


def slowly(
    panel: DistrictPanel, found: GroupTime, m: int, control: str, base: str, ahead: int = 0
) -> tuple[float, np.ndarray]:
    """One ATT(g, t) and its influence (U,) by the definition, one district at a time, ``ahead`` years anticipated."""
    table, years = panel.wide(), list(panel.periods)
    g, t = found.cohort[m], years.index(found.period[m])
    before = years.index(g) - 1 - ahead if base == "universal" or years[t] >= g else t - 1
    last = years[max(t, before)]
    groups: dict[str, dict[int, float]] = {"treated": {}, "control": {}}
    for unit in range(panel.n_units):
        change = table[unit, t] - table[unit, before]
        start = panel.treated_from[unit] if panel.ever_treated[unit] else np.inf
        if np.isnan(change):
            continue
        if start == g:
            groups["treated"][unit] = change
        elif start == np.inf or (control == "not_yet" and start - ahead > last):
            groups["control"][unit] = change
    influence = np.zeros(panel.n_units)
    means = []
    for sign, changes in zip((1, -1), groups.values(), strict=True):
        weight = {unit: panel.weights[unit] for unit in changes}
        whole = sum(weight.values())
        means.append(sum(weight[unit] * changes[unit] for unit in changes) / whole)
        for unit in changes:
            influence[unit] = sign * weight[unit] * (changes[unit] - means[-1]) / whole
    assert (len(groups["treated"]), len(groups["control"])) == (found.n_treated[m], found.n_control[m])
    return means[0] - means[1], influence


@pytest.mark.parametrize("control", ["never", "not_yet"])
@pytest.mark.parametrize("base", ["varying", "universal"])
@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("ahead", [0, 1])
def test_loops_over_districts_agree(
    columns, rng: np.random.Generator, control: str, base: str, complete: bool, ahead: int
) -> None:
    starts = (2012.0,) * 3 + (2013.0,) * 4 + (2015.0,) * 3 + (np.nan,) * 6
    panel = panel_from_rows(**columns(rng, starts=starts, missing=0 if complete else 7))
    found = group_time_effects(panel, control, base, anticipation=ahead, weighting="baseline")  # type: ignore[arg-type]
    assert found.estimate.size == 3 * (7 if base == "universal" else 6)
    for m in range(found.estimate.size):
        estimate, influence = slowly(panel, found, m, control, base, ahead)
        assert found.estimate[m] == pytest.approx(estimate, abs=1e-10)
        np.testing.assert_allclose(found.influence[:, m], influence, atol=1e-10)
        assert found.std_error[m] == pytest.approx(np.linalg.norm(influence), abs=1e-10)
    assert (found.lost.sum() > 0) is not complete


def test_sums_over_clusters_are_sums_of_the_districts_influence(
    staggered_panel: DistrictPanel, rng: np.random.Generator
) -> None:
    cluster = np.tile([40, 7, 19, 3, 11], 3)[rng.permutation(15)]
    by_district = group_time_effects(staggered_panel)
    by_cluster = group_time_effects(staggered_panel, cluster=cluster)
    np.testing.assert_allclose(by_cluster.estimate, by_district.estimate)
    known = np.isfinite(by_cluster.std_error)
    assert known.any()
    expected = np.array([by_district.influence[cluster == c].sum(axis=0) for c in np.unique(cluster)])
    np.testing.assert_allclose(by_cluster.influence[:, known], expected[:, known], atol=1e-12)
    shares = np.array([by_district.share_influence[cluster == c].sum(axis=0) for c in np.unique(cluster)])
    np.testing.assert_allclose(by_cluster.share_influence, shares, atol=1e-12)


def test_a_shift_of_one_cohort_moves_its_effects_only(staggered_panel: DistrictPanel) -> None:
    panel = staggered_panel
    moved = panel.y + 3.5 * (panel.treated & (panel.treated_from[panel.unit] == 2013))
    shifted = panel_from_rows(panel.unit, panel.periods[panel.time], moved, panel.treated)
    before, after = group_time_effects(panel), group_time_effects(shifted)
    expected = before.estimate + 3.5 * ((before.cohort == 2013) & (before.event_time >= 0))
    np.testing.assert_allclose(after.estimate, expected)


def test_without_noise_every_effect_comes_back(columns, rng: np.random.Generator) -> None:
    starts = (2012.0, 2012.0, 2014.0, 2014.0, np.nan, np.nan)
    for control in ("never", "not_yet"):
        exact = panel_from_rows(**columns(rng, starts=starts, noise=0.0, effect=-1.5))
        found = group_time_effects(exact, control, "universal")  # type: ignore[arg-type]
        np.testing.assert_allclose(found.estimate, np.where(found.event_time >= 0, -1.5, 0.0), atol=1e-10)


def test_a_single_district_in_a_cohort_gets_an_estimate_without_a_standard_error(
    columns, rng: np.random.Generator
) -> None:
    found = group_time_effects(panel_from_rows(**columns(rng, starts=(2012.0, 2013.0, 2013.0, np.nan, np.nan, np.nan))))
    assert np.isfinite(found.estimate).all()
    np.testing.assert_array_equal(np.isnan(found.std_error), found.cohort == 2012)


def test_anticipation_moves_the_base_period_back(staggered_panel: DistrictPanel) -> None:
    panel = staggered_panel
    found = group_time_effects(panel, base="universal", anticipation=1)
    table = panel.wide()
    cohort, never = panel.treated_from == 2013, ~panel.ever_treated
    change = table - table[:, [1]]
    np.testing.assert_allclose(
        found.estimate[found.cohort == 2013], change[cohort].mean(axis=0) - change[never].mean(axis=0), atol=1e-12
    )
    with pytest.raises(RefusedError) as caught:
        group_time_effects(panel, anticipation=3)
    assert caught.value.problems[0].key == "did_no_pre_period"


def anticipating(starts: list[float], periods: np.ndarray, ahead: int, effect: float = 5.0) -> DistrictPanel:
    """Districts on parallel lines that rise by 1 in the ``ahead`` periods before go-live and by ``effect`` after it."""
    start = np.array([np.searchsorted(periods, one) if np.isfinite(one) else 99 for one in starts])[:, None]
    at = np.arange(periods.size)
    soon, under = (at >= start - ahead) & (at < start), at >= start
    y = 10 + 0.3 * np.arange(len(starts))[:, None] + 0.1 * at + soon + effect * under
    unit = np.repeat(np.arange(len(starts)), periods.size)
    return panel_from_rows(unit, np.tile(periods, len(starts)), y.ravel(), under.ravel())


@pytest.mark.parametrize("control", ["never", "not_yet"])
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_a_control_that_anticipates_is_no_control(control: str, base: str) -> None:
    panel = anticipating([np.nan] * 6 + [6.0] * 6 + [8.0] * 6, np.arange(1.0, 11), ahead=2)
    found = group_time_effects(panel, control, base, anticipation=2)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.estimate[found.event_time >= 0], 5.0, atol=1e-10)
    for kind in ("simple", "dynamic", "group", "calendar"):
        assert aggregate(found, kind).overall == pytest.approx(5.0)  # type: ignore[arg-type]


UNITS = {
    "months": (1 / 12, 1 / 12), "months rounded": (1 / 12, 0.083), "quarters": (1 / 4, 1 / 4),
    "half-years": (1 / 2, 0.5), "thirds": (1 / 3, 1 / 3), "counted": (1.0, 1.0), "tenths": (0.1, 0.1),
}  # fmt: skip


@pytest.mark.parametrize("ahead", [0, 1, 2])
@pytest.mark.parametrize("unit", UNITS)
def test_anticipation_in_fractions_of_a_year_counts_whole_periods(unit: str, ahead: int) -> None:
    """Whatever the period of go-live: fractions such as 1/12 are not exact in binary numbers."""
    step, told = UNITS[unit]
    periods = 2012 + np.arange(24) * step
    for start in periods[4:22]:
        panel = anticipating([start] * 3 + [np.nan] * 6, periods, ahead)
        found = group_time_effects(panel, "never", "universal", anticipation=ahead * told)
        assert aggregate(found, "simple").overall == pytest.approx(5.0), start
        np.testing.assert_allclose(found.estimate[(found.event_time < 0) & (found.event_time >= -ahead)], 1.0)


def test_a_district_that_starts_after_the_panel_but_anticipates_in_it_is_no_control() -> None:
    plain = anticipating([6.0] * 4 + [np.nan] * 6 + [9.0] * 3, np.arange(1.0, 9), ahead=2)
    later = replace(plain, treated_from=np.where(np.arange(13) >= 10, 9.0, plain.treated_from))
    found = group_time_effects(later, anticipation=2)
    assert set(found.n_control) == {6}
    np.testing.assert_allclose(found.estimate[found.event_time >= 0], 5.0)
    assert set(group_time_effects(later, cluster=np.zeros(13, dtype=int), anticipation=2).n_control) == {6}
    assert set(group_time_effects(later, anticipation=0).n_control) == {9}


@pytest.mark.parametrize("anticipation", [-1, -1e-9, np.nan, np.inf])
def test_anticipation_is_a_length_of_time(staggered_panel: DistrictPanel, anticipation: float) -> None:
    with pytest.raises(RefusedError) as caught:
        group_time_effects(staggered_panel, anticipation=anticipation)
    assert (caught.value.problems[0].key, caught.value.problems[0].values["name"]) == ("out_of_range", "anticipation")


def test_without_never_treated_districts_only_the_not_yet_treated_can_compare(
    columns, rng: np.random.Generator
) -> None:
    drawn = columns(rng, starts=(2012.0,) * 3 + (2014.0,) * 3 + (2016.0,) * 2)
    early = {name: values[drawn["period"] < 2016] for name, values in drawn.items()}
    panel = panel_from_rows(**early)
    np.testing.assert_array_equal(panel.ever_treated, [True] * 6 + [False] * 2)  # 2016 lies after these data
    np.testing.assert_array_equal(group_time_effects(panel).n_control, 2)
    not_yet = group_time_effects(panel, "not_yet")
    np.testing.assert_array_equal(not_yet.n_control[not_yet.cohort == 2012], [5, 5, 5, 2, 2])


def test_what_no_district_shows_is_named_and_nothing_at_all_is_refused(columns, rng: np.random.Generator) -> None:
    drawn = columns(rng, starts=(2012.0, 2012.0, np.nan, np.nan), periods=3)
    treated = np.isin(drawn["unit"], ["d00", "d01"])

    def without(year: int) -> DistrictPanel:
        return panel_from_rows(**(drawn | {"y": np.where(treated & (drawn["period"] == year), np.nan, drawn["y"])}))

    found = group_time_effects(without(2010))
    assert found.unseen == ((2012.0, 2011.0),)
    np.testing.assert_array_equal(found.period, [2012])
    with pytest.raises(RefusedError) as caught:
        group_time_effects(without(2011))
    assert caught.value.problems[0].key == "did_groups_empty"


def test_a_cluster_code_for_every_district_is_needed(staggered_panel: DistrictPanel) -> None:
    with pytest.raises(RefusedError) as caught:
        group_time_effects(staggered_panel, cluster=np.zeros(3, dtype=np.intp))
    assert caught.value.problems[0].key == "did_lengths"


def test_bootstrap_draws_have_the_covariance_of_the_influence(rng: np.random.Generator) -> None:
    influence = rng.normal(size=(35, 3)) * [1.0, 0.1, 5.0]
    draws = multiplier_bootstrap(influence, rng=rng, draws=40_000)
    covariance = influence.T @ influence
    np.testing.assert_allclose(draws.T @ draws / 40_000, covariance, atol=0.05 * np.sqrt(covariance.diagonal().prod()))
    assert np.abs(draws.mean(axis=0) / np.sqrt(covariance.diagonal())).max() < 0.03


def test_a_draw_is_one_sign_a_cluster_and_the_seed_fixes_them() -> None:
    identity = multiplier_bootstrap(np.eye(11), rng=np.random.default_rng(3), draws=50)
    assert set(np.unique(identity)) == {-1.0, 1.0}
    np.testing.assert_array_equal(identity, multiplier_bootstrap(np.eye(11), rng=np.random.default_rng(3), draws=50))


def test_intervals_of_one_effect_cover_it_as_often_as_they_say(columns, rng: np.random.Generator) -> None:
    starts, hits, rounds = (2012.0,) * 30 + (np.nan,) * 30, 0, 400
    for _ in range(rounds):
        found = group_time_effects(panel_from_rows(**columns(rng, starts=starts, periods=3, effect=1.0)))
        after = found.event_time == 0
        hits += bool(np.abs(found.estimate[after] - 1.0) <= 1.96 * found.std_error[after])
    assert hits / rounds == pytest.approx(0.945, abs=4 * np.sqrt(0.945 * 0.055 / rounds))  # z for t(58): .945
