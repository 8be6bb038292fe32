from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sverige_did.sources.spells.person_years import half_years
from sverige_did.synthetic.careers import IN_INSTITUTION, PLACED
from sverige_did.synthetic.model import Model, draw_stocks, exposure

WINDOWS = half_years(2009, 2015)
DAYS = WINDOWS.bounds - 1
GO_LIVE = int(np.datetime64("2013-08-01", "D").astype(np.int64))
AFTER = np.flatnonzero(DAYS >= GO_LIVE + 183)
BEFORE = np.flatnonzero(DAYS < GO_LIVE)
RESIDENTS = np.full((20, len(DAYS)), 1_000)


def drawn(model: Model, seed: int, residents: np.ndarray = RESIDENTS) -> tuple[np.ndarray, np.ndarray]:
    return draw_stocks(model, residents, 4, DAYS, GO_LIVE, np.random.default_rng(seed))


def inside(stocks: np.ndarray) -> np.ndarray:
    return stocks[..., list(IN_INSTITUTION)].sum(axis=-1)


def placed(stocks: np.ndarray) -> np.ndarray:
    return stocks[..., list(PLACED)].sum(axis=-1)


def test_without_an_effect_the_worlds_are_one() -> None:
    without, with_it = drawn(replace(Model(), effect=0.0, effect_sd=0.0, effect_placed=0.0), 1)
    assert (without == with_it).all()


def test_the_worlds_differ_only_in_treated_districts_after_the_start() -> None:
    without, with_it = drawn(Model(), 2)
    assert (without[4:] == with_it[4:]).all()
    assert (without[:, BEFORE] == with_it[:, BEFORE]).all()
    assert inside(with_it[:4, AFTER]).sum() < inside(without[:4, AFTER]).sum()
    assert (without >= 0).all()
    assert (with_it >= 0).all()


def test_an_effect_downwards_raises_no_district_and_one_upwards_lowers_none() -> None:
    steady = replace(Model(), effect_sd=0.0, effect_placed=0.0)
    for effect in (-1.5, 1.5):
        without, with_it = drawn(replace(steady, effect=effect), 3)
        assert (np.sign(effect) * (inside(with_it) - inside(without)) >= 0).all()
        assert (placed(with_it) == placed(without)).all()


def test_shares_and_numbers_are_those_of_the_model() -> None:
    calm = replace(
        Model(), gap=0.0, district_sd=0.0, shock_sd=0.0, period_sd=0.0, placed_sd=0.0, effect_sd=0.0, effect=-0.8
    )
    many = RESIDENTS * 1_000
    without, with_it = drawn(calm, 4, many)
    odds = calm.institution_share / (1 - calm.institution_share)
    treated = odds * np.exp(calm.effect)
    for stocks, expected in ((without, odds / (1 + odds)), (with_it, treated / (1 + treated))):
        n, k = placed(stocks[:4, AFTER]).sum(), inside(stocks[:4, AFTER]).sum()
        assert abs(k / n - expected) < 4 * np.sqrt(expected * (1 - expected) / n)
    mean = many[0, 0] * calm.placed_per_1000 / 1000
    assert abs(placed(without).mean() - mean) < 4 * np.sqrt(mean / without[..., 0].size)
    ratio = placed(with_it[:4, AFTER]).sum() / placed(without[:4, AFTER]).sum()
    assert abs(np.log(ratio) - calm.effect_placed) < 0.003


@pytest.mark.parametrize("shock_sd", [0.0, 0.6])
def test_shocks_have_the_stated_sd_and_autocorrelation(shock_sd: float) -> None:
    noisy = replace(Model(), gap=0.0, district_sd=0.0, period_sd=0.0, placed_sd=0.0, shock_sd=shock_sd)
    without, _ = draw_stocks(noisy, np.full((400, len(DAYS)), 2_000_000), 4, DAYS, GO_LIVE, np.random.default_rng(5))
    share = inside(without) / placed(without)
    log_odds = np.log(share / (1 - share))
    assert abs(log_odds.std() - shock_sd) < 0.03
    if shock_sd:
        lagged = np.corrcoef(log_odds[:, :-1].ravel(), log_odds[:, 1:].ravel())[0, 1]
        assert abs(lagged - noisy.shock_autocorrelation) < 0.05


def test_exposure_rises_on_a_straight_line_over_the_ramp() -> None:
    days = np.array([GO_LIVE - 1, GO_LIVE + 90, GO_LIVE + 400])
    np.testing.assert_allclose(exposure(days, GO_LIVE, 6.0), [0.0, 91 / (6 * 30.4375), 1.0])
    assert exposure(days, GO_LIVE, 0.0).tolist() == [0.0, 1.0, 1.0]


def test_a_difference_in_differences_finds_the_effect_that_was_counted() -> None:
    """200 municipalities: the mean error of the plain estimator is no more than three Monte Carlo errors from 0."""
    level = replace(Model(), gap=0.0, period_sd=0.0)
    errors = []
    for seed in range(200):
        without, with_it = drawn(level, seed, RESIDENTS * 4)
        share = inside(with_it) / placed(with_it)
        change = share[:, AFTER].mean(axis=1) - share[:, BEFORE].mean(axis=1)
        att = (share - inside(without) / placed(without))[:4, AFTER].mean()
        errors.append(change[:4].mean() - change[4:].mean() - att)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))
    assert np.std(errors) > 0
