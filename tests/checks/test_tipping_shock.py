import numpy as np
import pytest
from scipy.stats import norm

from sverige_did.bayes.models.closed_form import Sampling, shock_constant
from sverige_did.checks.tipping_shock import tipping_shock
from sverige_did.did.firth import firth

N = np.array([[67, 58], [300, 300]])
EQUAL = shock_constant(np.ones(4), np.ones(16))


def test_the_emptied_institutions_tolerate_a_shock_of_one_and_a_half() -> None:
    corrected = firth([[17, 0], [75, 75]], N)
    found = tipping_shock(Sampling(corrected.estimate, corrected.std_error**2, EQUAL), "institution_share")
    assert found.numbers["tipping_shock"] == pytest.approx(1.5, abs=0.05)
    assert found.numbers["constant"] == pytest.approx(0.625)
    assert found.numbers["factor"] == pytest.approx(np.exp(found.numbers["tipping_shock"]))


def test_mid_term_tolerates_none() -> None:
    found = tipping_shock(Sampling(-0.754, 0.2594, EQUAL), "institution_share")
    assert (found.key, found.numbers["tipping_shock"]) == ("none", 0)
    assert found.numbers["p_without"] == pytest.approx(0.14, abs=0.005)


@pytest.mark.parametrize("r", [0.0, 0.5])
def test_the_interval_reaches_zero_at_the_tipping_shock(r: float) -> None:
    data = Sampling(-1.9, 0.3, EQUAL, r)
    tipping = tipping_shock(data, "a").numbers["tipping_shock"]
    at = tipping_shock(data, "a", s=[tipping])
    assert at.curves[0].upper[0] == pytest.approx(0, abs=1e-12)
    assert at.curves[1].y[0] == pytest.approx(0.05)


def test_persistent_shocks_cancel_and_may_be_larger() -> None:
    fleeting, lasting = (tipping_shock(Sampling(-1.9, 0.3, EQUAL, r), "a").numbers["tipping_shock"] for r in (0, 0.75))
    assert lasting == pytest.approx(2 * fleeting)


def test_sign_and_unit_do_not_matter() -> None:
    here = tipping_shock(Sampling(-1.9, 0.3, EQUAL), "a").numbers["tipping_shock"]
    assert tipping_shock(Sampling(1.9, 0.3, EQUAL), "a").numbers["tipping_shock"] == pytest.approx(here)
    points = tipping_shock(Sampling(-19, 30, EQUAL), "a", scale="pp")
    assert points.numbers["tipping_shock"] == pytest.approx(10 * here)
    assert points.numbers["factor"] is None


def test_the_interval_holds_its_level_when_districts_swing() -> None:
    """Size by simulation: four and sixteen districts swing with s = .6; the curve at s = .6 rejects 5 % of nulls."""
    rng, s, draws = np.random.default_rng(10), 0.6, 20_000
    swings = rng.normal(0, s, (draws, 20, 2))
    change = swings[:, :, 1] - swings[:, :, 0]
    theta = change[:, :4].mean(axis=1) - change[:, 4:].mean(axis=1) + rng.normal(0, 0.5, draws)
    at = tipping_shock(Sampling(-1.0, 0.25, EQUAL), "a", s=[s]).curves[0]
    half = (at.upper[0] - at.lower[0]) / 2
    assert np.mean(np.abs(theta) > half) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / draws))
    assert np.mean(np.abs(theta) > norm.isf(0.025) * 0.5) > 0.15
