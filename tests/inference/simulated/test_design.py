"""A design read off its own data: what was put in comes out, and the promised sizes follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.simulated.design import OwnData, OwnDesign, own_design, simulated_sizes
from sverige_did.inference.simulated.redrawn import redrawn
from sverige_did.inference.simulated.size import SimulatedDesign, rejection_rates, verdict_size

MANY = tuple(float(m) for m in np.geomspace(100, 1_000, 400))


def sample(groups: int, treated: int, **given: object) -> Districts:
    return districts(np.arange(groups), np.arange(groups) < treated, smallest_arm=1, **given)


def ar1(shape: tuple[int, ...], memory: float, rng: np.random.Generator) -> np.ndarray:
    """Stationary series (G, T) of variance one, written out."""
    z = rng.standard_normal(shape)
    for t in range(1, shape[1]):
        z[:, t] = memory * z[:, t - 1] + np.sqrt(1 - memory**2) * z[:, t]
    return z


def stayers(m: np.ndarray, chance: np.ndarray, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Children one by one (G, T): each keeps its state with the chance ``memory``, else draws it anew."""
    counts = np.zeros(chance.shape)
    for d, size in enumerate(m.astype(int)):
        there = rng.random(size) < chance[d, 0]
        for t in range(chance.shape[1]):
            fresh = rng.random(size) > memory
            there = np.where(fresh, rng.random(size) < chance[d, t], there) if t else there
            counts[d, t] = there.sum()
    return counts


def data(
    family: str, rng: np.random.Generator, *, treated: int = 20, shock: float = 0.3, memory: float = 0.5,
    rate: float = 0.2, stays: bool = False, m: tuple[float, ...] = MANY, before: int = 6, after: int = 4,
) -> OwnData:  # fmt: skip
    """One data set of a known design."""
    size, periods = np.array(m), before + after
    shocks = shock * ar1((size.size, periods), memory, rng)
    if family == "normal":
        y = 10 + shocks + rate / np.sqrt(size)[:, None] * ar1(shocks.shape, memory, rng) + rng.normal(size=periods)
    elif stays:
        y = stayers(size, expit(logit(rate) + shocks), memory, rng)
    elif family == "binomial":
        y = rng.binomial(size.astype(int)[:, None], expit(logit(rate) + shocks)).astype(float)
    else:
        y = rng.poisson(size[:, None] * rate * np.exp(shocks - shock**2 / 2)).astype(float)
    children = np.repeat(size[:, None], periods, axis=1)
    return OwnData(sample(size.size, treated), y, children, np.arange(periods) < before, family, stays=stays)


@pytest.mark.parametrize(
    ("family", "given"),
    [
        ("normal", {"shock": 0.5, "memory": 0.6, "rate": 8.0}),
        ("poisson", {"shock": 0.2, "memory": 0.5}),
        ("binomial", {"shock": 0.3, "memory": 0.5, "rate": 0.25}),
        ("binomial", {"shock": 0.0, "memory": 0.7, "rate": 0.25, "stays": True}),
    ],
)
def test_what_was_put_into_many_districts_comes_out(family: str, given: dict[str, float]) -> None:
    found = own_design(data(family, np.random.default_rng(3), **given))
    assert found.shock_sd == pytest.approx(given["shock"], rel=0.15, abs=0.12)
    assert found.memory == pytest.approx(given["memory"], abs=0.12)
    if family == "normal":
        assert found.child_sd == pytest.approx(given["rate"], rel=0.12)
    else:
        assert found.rates.mean() == pytest.approx(given.get("rate", 0.2), rel=0.05)
        assert found.child_sd == 0


@pytest.mark.parametrize(("shock", "found_between"), [(0.0, (0.0, 0.3)), (1.5, (1.35, 1.65))])
def test_the_chance_of_children_that_is_known_is_no_part_of_the_swings(
    shock: float, found_between: tuple[float, float]
) -> None:
    """Districts of one size cannot tell the two apart; whoever knows what a child varies by can."""
    alike = (25.0,) * 1_500
    one = data("normal", np.random.default_rng(11), m=alike, shock=shock, rate=6.0, memory=0.0)
    found = own_design(one, child_sd=6.0)
    assert found_between[0] <= found.shock_sd <= found_between[1]
    assert found.child_sd == 6.0
    assert found.relative_shock == pytest.approx(found.shock_sd / 10, rel=0.2)
    assert found.relative_chance == pytest.approx(6 / 5 / 10, rel=0.2)
    together = own_design(one)  # not known: the whole is right, its parts are not
    seen = np.hypot(together.shock_sd, together.child_sd / 5)
    assert seen == pytest.approx(np.hypot(shock, 6 / 5), rel=0.1)


@pytest.mark.parametrize(("family", "chance"), [("poisson", 1 / np.sqrt(0.2 * 400)), ("binomial", np.sqrt(4 / 400))])
def test_the_chance_of_counted_children_is_that_of_a_count(family: str, chance: float) -> None:
    found = own_design(data(family, np.random.default_rng(4), m=(400.0,) * 300, shock=0.0))
    assert found.relative_chance == pytest.approx(chance, rel=0.05)
    assert found.relative_shock < 0.03


@pytest.mark.parametrize("family", ["normal", "poisson", "binomial"])
@pytest.mark.parametrize("stays", [False, True])
def test_changes_swing_as_the_data_did(family: str, stays: bool) -> None:
    """The simulated variance of a change is that over many districts of one size."""
    if family == "normal" and stays:
        pytest.skip("nothing is counted")
    alike, shock = (300.0,) * 3_000, 0.0 if stays else 0.3
    one = data("binomial" if stays else family, np.random.default_rng(5), m=alike, stays=stays, rate=0.1, shock=shock)
    one = replace(one, family=family)
    level = one.y if family == "normal" else one.y / one.children
    change = level[:, ~one.before].mean(axis=1) - level[:, one.before].mean(axis=1)
    simulated = own_design(one).changes(50, np.random.default_rng(6))
    assert simulated.std() == pytest.approx(change.std(), rel=0.08)


def still(rates: tuple[float, float], m: float, *, groups: int = 6, **given: object) -> OwnDesign:
    """Districts without shocks, eight periods before and one after."""
    before = np.arange(9) < 8
    one = OwnData(sample(groups, 3), np.ones((groups, 9)), np.full((groups, 9), m), before, "poisson", **given)
    return OwnDesign(one, np.tile(rates, (groups, 1)), 0.0, float(given.pop("stays", False)) * 0.6)


def test_counts_without_shocks_have_the_variance_of_counts() -> None:
    found = still((0.02, 0.05), 200.0).changes(40_000, np.random.default_rng(1))
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=4 * np.sqrt(0.05 / 200 / 40_000))
    np.testing.assert_allclose(found.var(axis=1), 0.02 / 1600 + 0.05 / 200, rtol=0.03)


def test_children_who_stay_are_counted_again() -> None:
    """Poisson counts with correlation .6^k have the variance of their sums by hand, and Poisson margins."""
    found = still((0.05, 0.05), 200.0, stays=True)
    weight = np.r_[np.full(8, -1 / 8), 1.0]
    correlation = 0.6 ** np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
    expected = weight @ correlation @ weight * 0.05 / 200
    changes = found.changes(40_000, np.random.default_rng(2))
    np.testing.assert_allclose(changes.var(axis=1), expected, rtol=0.03)
    fewer = still((0.05, 0.01), 200.0, stays=True).changes(40_000, np.random.default_rng(2))
    np.testing.assert_allclose(fewer.mean(axis=1), 0, atol=1e-3)


def test_periods_that_a_district_lacks_are_lacking_in_its_simulation() -> None:
    whole = still((0.05, 0.05), 200.0)
    y = whole.data.y.copy()
    y[0, :6] = np.nan
    lacking = replace(whole, data=replace(whole.data, y=y, children=np.where(np.isnan(y), np.nan, 200.0)))
    found = lacking.changes(40_000, np.random.default_rng(4)).var(axis=1)
    np.testing.assert_allclose(found, np.r_[0.05 / 400 + 0.05 / 200, np.full(5, 0.05 / 1600 + 0.05 / 200)], rtol=0.04)


@pytest.mark.parametrize(
    ("scale", "after"), [("ratio", 0.1), ("log_odds", expit(logit(0.2) + logit(0.1) - logit(0.05)))]
)
def test_without_an_effect_the_rates_move_alike_on_the_scale_of_the_verdict(scale: str, after: float) -> None:
    """The controls double from .05 to .1 of 5,000; the treated had .2."""
    family = "poisson" if scale == "ratio" else "binomial"
    treated = np.arange(10) < 3
    rates = np.where(treated[:, None], [0.2, 0.2], [0.05, 0.1])
    one = OwnData(sample(10, 3), 5_000 * rates, np.full((10, 2), 5_000.0), np.array([True, False]), family, scale)
    found = own_design(one)
    expected = 0.4 if scale == "ratio" else after
    np.testing.assert_allclose(found.rates[treated], [[0.2, expected]] * 3, rtol=1e-6)
    np.testing.assert_allclose(found.rates[~treated], [[0.05, 0.1]] * 7, rtol=1e-6)
    change = found.changes(4_000, np.random.default_rng(1)).mean(axis=1)
    assert change[treated].mean() == pytest.approx(change[~treated].mean(), abs=0.01)


def test_a_window_without_events_is_compared_as_estimates_compare_it() -> None:
    """In log-odds with half an event; in logs the whole data set on its own scale, as a share of the level."""
    half = np.array([True, False])
    one = OwnData(sample(6, 3), np.ones((6, 2)), np.full((6, 2), 4.0), half, "binomial", "log_odds")
    design = OwnDesign(one, np.full((6, 2), 0.02), 0.0, 0.0)
    found = design.changes(200, np.random.default_rng(1))
    assert set(np.round(np.unique(found), 6)) <= {
        round(float(np.log((a + h) / (4 - a + h)) - np.log((b + h) / (4 - b + h))), 6)
        for h in (0.5,) for a in range(5) for b in range(5)
    }  # fmt: skip
    rare = replace(design, data=replace(one, family="poisson", scale="ratio"))
    np.testing.assert_allclose(
        np.unique(rare.changes(200, np.random.default_rng(1)) * 4 * 0.02 % 1.0).round(9) % 1.0, 0, atol=1e-8
    )


def test_scale_and_common_development_do_not_matter() -> None:
    one = data("normal", np.random.default_rng(5), m=(50.0,) * 12, treated=3, shock=1.0, rate=0.0)
    moved = replace(one, y=7 * (one.y + np.arange(10) ** 2 + 3.0 * np.arange(12)[:, None]))
    first, second = own_design(one), own_design(moved)
    assert (second.shock_sd, second.child_sd) == pytest.approx((7 * first.shock_sd, 7 * first.child_sd))
    assert second.memory == pytest.approx(first.memory)


def test_the_treated_leave_no_trace_and_two_snapshots_have_no_memory() -> None:
    one = data("poisson", np.random.default_rng(5), m=(500.0,) * 12, treated=3)
    helped = replace(one, y=np.where(one.sample.treated[:, None] & ~one.before, one.y / 5, one.y))
    first, second = own_design(one), own_design(helped)
    assert (first.shock_sd, first.memory) == (second.shock_sd, second.memory)
    np.testing.assert_array_equal(first.rates, second.rates)
    short = own_design(replace(one, y=one.y[:, 5:7], children=one.children[:, 5:7], before=np.array([True, False])))
    assert short.memory == 0.0
    assert short.shock_sd > 0


def test_counts_that_swing_no_more_than_chance_have_no_shocks() -> None:
    every = (np.random.default_rng(seed) for seed in range(20))
    sds = [own_design(data("poisson", rng, m=(40.0,) * 30, shock=0.0, rate=0.1, treated=4)).shock_sd for rng in every]
    assert 0.0 in sds
    assert np.median(sds) < 0.2


def test_a_districts_own_rate_counts_as_far_as_its_children_tell_it() -> None:
    """James and Stein: alike where districts differ by chance alone, its own where counts are large."""
    rng = np.random.default_rng(2)
    m = np.full((40, 6), 50.0)
    before = np.arange(6) < 4
    alike = own_design(OwnData(sample(40, 4), rng.poisson(m * 0.02).astype(float), m, before, "poisson"))
    assert alike.rates[4:, 0].std() < 0.25 * 0.02
    own = np.geomspace(0.01, 0.2, 40)[:, None]
    apart = own_design(OwnData(sample(40, 4), rng.poisson(1000 * m * own).astype(float), 1000 * m, before, "poisson"))
    np.testing.assert_allclose(apart.rates[:, 0], own[:, 0], rtol=0.1)


def test_a_single_district_with_all_periods_is_refused() -> None:
    one = data("normal", np.random.default_rng(1), m=(50.0,) * 6, treated=3)
    y = one.y.copy()
    y[1:, 0] = np.nan
    with pytest.raises(RefusedError) as error:
        own_design(replace(one, y=y))
    assert error.value.problems[0].key == "too_few_control"
    with pytest.raises(RefusedError) as error:
        own_design(replace(one, y=np.ones_like(one.y)))
    assert error.value.problems[0].key == "no_variation_within"


SIZES = np.rint(np.geomspace(100, 1_000, 20))


def rare(before: int, after: int, treated: int = 4) -> OwnDesign:
    """Two events a year among a thousand residents, districts of 100 to 1,000, the smallest of them treated."""
    children = np.repeat(SIZES[:, None], before + after, axis=1)
    periods = np.arange(before + after) < before
    one = OwnData(sample(20, treated), 0.002 * children, children, periods, "poisson")
    return OwnDesign(one, np.full((20, 2), 0.002), 0.3, 0.0)


@pytest.mark.parametrize(("before", "after", "exceeds"), [(8, 1, True), (8, 4, False), (1, 1, False)])
def test_rare_events_of_one_short_period_after_a_long_time_exceed_the_level(
    before: int, after: int, exceeds: bool
) -> None:
    size, power = verdict_size(rare(before, after), rng=np.random.default_rng(1), simulations=4_000, shifts=(0.0, 3.0))
    assert size.exceeds(0.05) == exceeds
    assert size.simulations == 4_000
    assert power.share > 2 * size.share


@pytest.mark.parametrize("given", [{}, {"weights": np.linspace(1, 3, 12)}, {"strata": np.arange(12) % 2}])
def test_the_size_of_the_verdict_is_that_of_all_methods_together(given: dict[str, np.ndarray]) -> None:
    """rejection_rates asks every method; verdict_size only those of the rule, and permutes only where it matters."""
    one = replace(data("poisson", np.random.default_rng(4), m=(200.0,) * 12, treated=4), sample=sample(12, 4, **given))
    design = own_design(one)
    both = rejection_rates(design, rng=np.random.default_rng(7), simulations=2_000, shifts=(0.0, 3.0), draws=499)
    found = verdict_size(design, rng=np.random.default_rng(7), simulations=2_000, shifts=(0.0, 3.0), draws=499)
    for rate, theirs in zip(found, both, strict=True):
        assert rate.share == pytest.approx(theirs.rates["verdict"], abs=0.006)


def test_normal_districts_have_the_recorded_size_and_power() -> None:
    """20 districts, 4 treated, normal and alike: 3.3 and 58 per cent (docs/size.md)."""
    options = {"simulations": 4_000, "shifts": (0.0, 3.0)}
    found = verdict_size(SimulatedDesign(20, 4), rng=np.random.default_rng(3), **options)
    for rate, recorded in zip(found, (0.033, 0.584), strict=True):
        assert abs(rate.share - recorded) < 3.5 * np.sqrt(recorded * (1 - recorded) / 4_000)
    assert not found[0].exceeds(0.05)
    assert found == verdict_size(SimulatedDesign(20, 4), rng=np.random.default_rng(3), **options)


def test_blocks_add_up_to_the_whole() -> None:
    design = SimulatedDesign(10, 3, sizes=50.0)
    blocks = list(simulated_sizes(design, rng=np.random.default_rng(2), simulations=2_500, alpha=0.05))
    assert [one.simulations for one in blocks] == [1_000, 2_000, 2_500]
    whole = rejection_rates(design, rng=np.random.default_rng(9), simulations=2_500)[0]
    for method, rate in blocks[-1].rates.items():
        assert rate == pytest.approx(whole.rates[method], abs=4 * np.hypot(0.002, whole.standard_error(method)) * 1.5)
    assert blocks[-1].rates["cr1"] > 0.06 > blocks[-1].rates["verdict"]


def test_counts_of_children_who_stay_are_poisson() -> None:
    """The margin of the last period, whatever the rate did in between."""
    design = still((0.05, 0.02), 200.0, stays=True)
    change = design.changes(20_000, np.random.default_rng(8))
    assert np.isfinite(change).all()
    single = replace(design, data=replace(design.data, before=np.arange(9) < 8))
    after = single._counts(20_000, np.random.default_rng(8))[1]
    for k in range(8):
        assert (after[0] == k).mean() == pytest.approx(stats.poisson.pmf(k, 4.0), abs=0.012)


def test_controls_that_are_visibly_skewed_are_drawn_again_and_the_treated_stretched() -> None:
    rng = np.random.default_rng(3)
    one = data("normal", rng, m=(50.0,) * 24, treated=4)
    normal = replace(one, sample=replace(one.sample, change=rng.standard_normal(24)))
    skewed = replace(one, sample=replace(one.sample, change=rng.standard_exponential(24) ** 2))
    assert redrawn(own_design(normal)) is None
    found = redrawn(own_design(skewed))
    assert found is not None
    assert (found.shape.mean(), found.shape.std()) == pytest.approx((0, 1))
    changes = found.changes(40_000, rng)
    assert changes[:4].std() == pytest.approx(2 * changes[4:].std(), rel=0.02)
    assert stats.skew(changes[10]) == pytest.approx(stats.skew(skewed.sample.change[4:]), rel=0.1)
    assert verdict_size(found, rng=rng)[0].exceeds(0.05)
    counts = replace(data("poisson", rng, m=(50.0,) * 24, treated=4), sample=skewed.sample)
    assert redrawn(own_design(counts)) is None
