"""Known answers from the worked example of two group totals; independent reference: statsmodels' GLM."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from sverige_did.did import scales
from sverige_did.errors import RefusedError

# Reconstructed institution counts, control size assumed: 17 of 67 -> 8 of 58 against 75 of 300 -> 75 of 300.
Y = np.array([[17, 8], [75, 75]])
N = np.array([[67, 58], [300, 300]])
UNEQUAL_Y = np.array([[30, 18], [12, 9]])
UNEQUAL_N = np.array([[60, 55], [90, 100]])
DESIGN = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0], [1, 0, 1, 0]])  # constant, treated, after, both
GLM_FAMILY = {
    "logit": sm.families.Binomial(),
    "probit": sm.families.Binomial(sm.families.links.Probit()),
    "identity": sm.families.Binomial(sm.families.links.Identity()),
}


def test_percentage_points_of_the_worked_example() -> None:
    found = scales.wald(Y, N, "identity")
    assert found.scale == "pp"
    assert found.estimate == pytest.approx(100 * (8 / 58 - 17 / 67))
    assert (found.std_error, found.lower, found.upper) == pytest.approx((7.8, -26.9, 3.8), abs=0.05)
    assert found.assumptions == ("no_district_shocks",)


@pytest.mark.parametrize(
    ("rho", "se", "p"), [(0, 0.51, 0.14), (0.3, 0.43, 0.08), (0.5, 0.37, 0.04), (0.7, 0.29, 0.01), (0.8, 0.24, 0.002)]
)
def test_log_odds_shrink_their_error_with_the_overlap_of_stocks(rho: float, se: float, p: float) -> None:
    found = scales.wald(Y, N, "logit", rho=rho)
    assert found.estimate == pytest.approx(-0.75, abs=0.005)
    assert found.std_error == pytest.approx(se, abs=0.005)
    assert found.p_value == pytest.approx(p, abs=0.005)


@pytest.mark.parametrize(
    ("shares", "log_odds"), [([[0.25, 0.13], [0.25, 0.25]], -0.80), ([[0.04, 0.07], [0.08, 0.07]], 0.74)]
)
def test_published_shares_on_the_odds_scale(shares: list[list[float]], log_odds: float) -> None:
    assert scales.did(shares, "logit") == pytest.approx(log_odds, abs=0.01)


def test_an_unchanged_control_group_makes_all_scales_agree() -> None:
    found = scales.discrepancy(Y, N)
    assert found.spread == pytest.approx(0, abs=1e-12)
    assert (found.exceeds_half_effect, found.exceeds_std_error) == (False, False)


def test_unequal_levels_make_the_scales_disagree() -> None:
    # Control falls 20 -> 5 %, treated stays at 50 %: by hand 50 - (50 - 15) = 15 pp, 50 - 50/4 = 37.5 pp.
    found = scales.discrepancy([[50, 50], [20, 5]], np.full((2, 2), 100))
    assert found.effects["identity"] == pytest.approx(0.15)
    assert found.effects["log"] == pytest.approx(0.375)
    assert 0.15 < found.effects["probit"] < found.effects["logit"] < 0.375
    assert found.spread == pytest.approx(0.225)
    assert found.exceeds_half_effect
    assert found.exceeds_std_error


def test_rates_are_per_thousand_and_ratios_of_ratios() -> None:
    residents = np.array([[2000, 2000], [8000, 8000]])
    rate = scales.wald(Y, residents, "identity", family="poisson")
    assert (rate.scale, rate.estimate) == ("rate_per_1000", pytest.approx(1000 * (8 - 17) / 2000))
    ratio = scales.wald(Y, residents, "log", family="poisson")
    assert (ratio.scale, ratio.estimate) == ("ratio", pytest.approx(8 / 17))
    assert np.log(ratio.upper / ratio.estimate) == pytest.approx(1.959964 * np.sqrt(1 / 17 + 1 / 8 + 2 / 75))


@pytest.mark.parametrize("scale", scales.LINKS)
def test_shifting_the_treated_after_cell_shifts_the_effect(scale: scales.Scale) -> None:
    mu = UNEQUAL_Y / UNEQUAL_N
    moved = mu.copy()
    moved[0, 1] = float(scales.LINKS[scale].inverse(scales.LINKS[scale].g(mu[0, 1]) - 0.05))
    assert scales.did(moved, scale) - scales.did(mu, scale) == pytest.approx(-0.05)
    assert scales.counterfactual(moved, scale) == pytest.approx(scales.counterfactual(mu, scale))


@pytest.mark.parametrize("scale", scales.LINKS)
def test_swapping_the_groups_turns_the_sign_and_keeps_the_error(scale: scales.Scale) -> None:
    here, swapped = (scales.wald(UNEQUAL_Y[rows], UNEQUAL_N[rows], scale) for rows in ([0, 1], [1, 0]))
    turned = 1 / swapped.estimate if scale == "log" else -swapped.estimate
    assert here.estimate == pytest.approx(turned)
    assert here.p_value == pytest.approx(swapped.p_value)


def test_counting_the_other_children_turns_pp_and_log_odds() -> None:
    for scale in ("identity", "logit", "probit"):
        here, other = (scales.wald(y, UNEQUAL_N, scale) for y in (UNEQUAL_Y, UNEQUAL_N - UNEQUAL_Y))
        assert (here.estimate, here.lower) == pytest.approx((-other.estimate, -other.upper))


def test_ten_times_the_children_and_dispersion_ten_cancel() -> None:
    here = scales.std_error(UNEQUAL_Y, UNEQUAL_N, "logit")
    assert scales.std_error(10 * UNEQUAL_Y, 10 * UNEQUAL_N, "logit", phi=10) == pytest.approx(here)


@pytest.mark.filterwarnings("ignore:The identity link function does not respect")
@pytest.mark.parametrize("scale", GLM_FAMILY)
def test_statsmodels_finds_the_same_coefficient_and_error(scale: scales.Scale) -> None:
    placed_so, not_so = (np.repeat(DESIGN, count.ravel(), axis=0) for count in (UNEQUAL_Y, UNEQUAL_N - UNEQUAL_Y))
    children = np.repeat([1.0, 0.0], [len(placed_so), len(not_so)])
    fit = sm.GLM(children, np.vstack([placed_so, not_so]), family=GLM_FAMILY[scale]).fit()
    mu = UNEQUAL_Y / UNEQUAL_N
    assert scales.did(mu, scale) == pytest.approx(fit.params[3], abs=1e-7)
    assert scales.std_error(UNEQUAL_Y, UNEQUAL_N, scale) == pytest.approx(fit.bse[3], rel=1e-6)


def test_statsmodels_finds_the_same_poisson_ratio() -> None:
    split = np.array([[0.7, 0.3], [0.5, 0.5]])  # each cell in two parts, so that degrees of freedom are left
    events, exposure = (np.outer(cell, part).ravel() for cell, part in zip((UNEQUAL_Y, UNEQUAL_N), split, strict=True))
    fit = sm.GLM(events, np.repeat(DESIGN, 2, axis=0), family=sm.families.Poisson(), exposure=exposure).fit()
    found = scales.wald(UNEQUAL_Y, UNEQUAL_N, "log", family="poisson")
    assert np.log(found.estimate) == pytest.approx(fit.params[3], abs=1e-8)
    assert scales.std_error(UNEQUAL_Y, UNEQUAL_N, "log", family="poisson") == pytest.approx(fit.bse[3], rel=1e-6)


@pytest.mark.parametrize("scale", ["identity", "logit"])
def test_the_interval_covers_the_truth_at_its_level(scale: scales.Scale) -> None:
    rng = np.random.default_rng(8)
    share, n, draws = np.array([[0.4, 0.3], [0.35, 0.45]]), np.array([[120, 110], [300, 280]]), 4000
    mu = rng.binomial(n, share, size=(draws, 2, 2)) / n
    z = norm.isf(0.025)
    hits = sum(
        abs(scales.did(one, scale) - scales.did(share, scale)) <= z * scales.std_error(one * n, n, scale) for one in mu
    )
    assert hits / draws == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / draws))


def test_an_empty_cell_has_no_odds_but_a_counterfactual() -> None:
    emptied = np.array([[17, 0], [75, 75]])
    with pytest.raises(RefusedError) as refused:
        scales.wald(emptied, N, "logit")
    assert refused.value.problems[0].key == "cell_outside_scale"
    assert scales.implied_effect(emptied / N, "logit") == pytest.approx(-17 / 67)
    assert scales.discrepancy(emptied, N).effects["probit"] == pytest.approx(-17 / 67)


@pytest.mark.parametrize(
    ("y", "n", "key"),
    [
        ([[1, 2]], [[3, 4]], "cells_shape"),
        ([[np.nan, 2], [1, 1]], N, "cells_not_finite"),
        ([[1, 2], [1, 1]], [[0, 4], [5, 5]], "cells_empty"),
        ([[-1, 2], [1, 1]], N, "cells_negative"),
        ([[68, 2], [1, 1]], N, "cells_above_total"),
        (np.zeros((2, 2)), N, "no_sampling_variance"),
    ],
)
def test_impossible_cells_are_refused_in_both_languages(y: object, n: object, key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        scales.wald(y, n, "identity")
    assert refused.value.problems[0].key == key
    assert refused.value.say("da") != refused.value.say("en")


@pytest.mark.parametrize("wrong", [{"rho": 1.0}, {"phi": -1.0}, {"level": 1.0}])
def test_an_argument_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RefusedError, match="outside its range"):
        scales.wald(Y, N, "identity", **wrong)
