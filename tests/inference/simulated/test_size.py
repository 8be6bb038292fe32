import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.simulated.size import SimulatedDesign, rejection_rates, simulate_changes


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_changes_have_the_variance_of_the_design() -> None:
    """Var of a mean of two AR(1) half-years after minus two before: 2 (1 + r) / 4 each, less the covariance."""
    design = SimulatedDesign(6, 3, sd_ratio=2.0, autocorrelation=0.5, before=2, after=2, shock_sd=1.5)
    changes = simulate_changes(design, 60_000, rng())
    r = 0.5
    expected = 1.5**2 * 2 * ((1 + r) / 2 - (r + 2 * r**2 + r**3) / 4)
    np.testing.assert_allclose(changes[3:].var(axis=1), expected, rtol=0.03)
    np.testing.assert_allclose(changes[:3].var(axis=1), 4 * expected, rtol=0.03)
    assert abs(changes.mean()) < 0.01


@pytest.mark.parametrize(("outcome", "level"), [("binomial", 0.25), ("poisson", 0.1)])
def test_counts_without_shocks_vary_by_sampling_alone(outcome: str, level: float) -> None:
    design = SimulatedDesign(4, 2, outcome=outcome, sizes=(20.0, 40, 80, 160), shock_sd=0.0, level=level)
    found = simulate_changes(design, 60_000, rng()).var(axis=1)
    variance = level * (1 - level) if outcome == "binomial" else level
    np.testing.assert_allclose(found, 2 * variance / np.array([20, 40, 80, 160]), rtol=0.03)


def test_sizes_of_exact_methods_and_the_failures_of_the_others() -> None:
    """Equal districts: permutation and pooled t hold 5 %; CR1 with one treated rejects two true nulls of three."""
    (four,) = rejection_rates(SimulatedDesign(12, 4), rng=rng(), simulations=4_000, draws=499)
    # 24 of the 495 assignments may be as far out as the observed one.
    for method, size in (("permutation", 24 / 495), ("permutation_studentised", 24 / 495), ("donald_lang", 0.05)):
        assert abs(four.rates[method] - size) < 3 * four.standard_error(method)
    assert four.rates["cr1"] > four.rates["cr2_bell_mccaffrey"]
    assert four.rates["verdict"] <= min(four.rates["permutation_studentised"], four.rates["cr2_bell_mccaffrey"])
    assert four.standard_error("verdict") < 0.005
    (one,) = rejection_rates(SimulatedDesign(20, 1), rng=rng(), simulations=2_000, draws=199)
    assert abs(one.rates["cr1"] - 0.65) < 0.04
    assert one.rates["wild_restricted"] < 0.005
    assert "verdict" not in one.rates


def test_a_shift_raises_power_and_leaves_the_data_sets_as_they_are() -> None:
    null, shifted = rejection_rates(SimulatedDesign(12, 4), rng=rng(), shifts=(0.0, 3.0), simulations=1_000, draws=199)
    assert all(shifted.rates[name] > null.rates[name] for name in null.rates)
    again, _ = rejection_rates(SimulatedDesign(12, 4), rng=rng(), shifts=(0.0, 3.0), simulations=1_000, draws=199)
    assert again.rates == null.rates


def test_a_design_without_controls_is_refused() -> None:
    with pytest.raises(RefusedError, match="control"):
        rejection_rates(SimulatedDesign(5, 4), rng=rng())
