"""A design read off its own data: what was put in comes out, and the promised sizes follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.window import Window
from sverige_did.errors import RefusedError
from sverige_did.inference.simulated.design import own_design, simulated_sizes
from sverige_did.inference.simulated.size import SimulatedDesign, rejection_rates

BEFORE, AFTER = tuple(float(t) for t in range(6)), tuple(float(t) for t in range(6, 10))
WINDOW = Window(BEFORE, AFTER)


def simulate(design: SimulatedDesign, rng: np.random.Generator) -> DistrictPanel:
    """One data set of a design, period by period, the districts in an order of their own."""
    periods = design.before + design.after
    shocks = rng.standard_normal((design.groups, periods))
    for t in range(1, periods):
        shocks[:, t] = design.autocorrelation * shocks[:, t - 1] + np.sqrt(1 - design.autocorrelation**2) * shocks[:, t]
    shocks *= design.shock_sd
    noise = rng.standard_normal(shocks.shape)
    for t in range(1, periods):
        noise[:, t] = design.noise_memory * noise[:, t - 1] + np.sqrt(1 - design.noise_memory**2) * noise[:, t]
    m = design.children[:, None]
    y = {
        "normal": lambda: shocks + design.level / np.sqrt(m) * noise,
        "binomial": lambda: rng.binomial(m.astype(int), expit(logit(design.level) + shocks)) / m,
        "poisson": lambda: rng.poisson(m * design.level * np.exp(shocks)) / m,
    }[design.outcome]()
    order = rng.permutation(design.groups)
    treated = design.is_treated[order][:, None] & (np.arange(periods) >= design.before)
    return panel_from_rows(
        np.repeat([f"d{i:04d}" for i in range(design.groups)], periods),
        np.tile(np.arange(float(periods)), design.groups),
        (y[order] + rng.normal(size=periods)).ravel() if design.outcome == "normal" else y[order].ravel(),
        treated.ravel(),
        weights=np.repeat(design.children[order], periods),
    )


MANY = tuple(float(m) for m in np.geomspace(100, 1_000, 400))
LARGE = SimulatedDesign(400, 20, sizes=MANY, before=6, after=4)


@pytest.mark.parametrize(
    "design",
    [
        replace(LARGE, outcome="normal", shock_sd=0.5, autocorrelation=0.6, noise_memory=0.6, level=8.0),
        replace(LARGE, outcome="poisson", shock_sd=0.2, autocorrelation=0.5, level=0.2),
        replace(LARGE, outcome="binomial", shock_sd=0.3, autocorrelation=0.5, level=0.25),
    ],
    ids=lambda design: design.outcome,
)
def test_what_was_put_into_many_districts_comes_out(design: SimulatedDesign) -> None:
    panel = simulate(design, np.random.default_rng(3))
    found = own_design(panel, WINDOW, panel.weights, design.outcome)
    assert (found.groups, found.treated, found.before, found.after) == (400, 20, 6, 4)
    assert sorted(found.children) == pytest.approx(MANY)
    assert sorted(found.children[:20]) == pytest.approx(MANY[:20])
    assert found.shock_sd == pytest.approx(design.shock_sd, rel=0.1)
    assert found.autocorrelation == pytest.approx(design.autocorrelation, abs=0.1)
    assert found.noise_memory == (found.autocorrelation if design.outcome == "normal" else 0.0)
    assert found.level == pytest.approx(design.level, rel=0.12)


def test_scale_and_common_development_do_not_matter() -> None:
    design = SimulatedDesign(12, 3, sizes=50.0, shock_sd=1.0, autocorrelation=0.3, before=6, after=4)
    panel = simulate(design, np.random.default_rng(5))
    moved = replace(panel, y=7 * (panel.y + panel.time**2 + 3.0 * panel.unit))
    first, second = (own_design(one, WINDOW, one.weights, "normal") for one in (panel, moved))
    assert (second.shock_sd, second.level) == pytest.approx((7 * first.shock_sd, 7 * first.level))
    assert second.autocorrelation == pytest.approx(first.autocorrelation)


def test_the_treated_leave_no_trace_and_two_snapshots_have_no_memory() -> None:
    design = SimulatedDesign(12, 3, sizes=50.0, shock_sd=1.0, autocorrelation=0.3, before=6, after=4)
    panel = simulate(design, np.random.default_rng(5))
    helped = replace(panel, y=panel.y - 40 * panel.ever_treated[panel.unit])
    assert own_design(helped, WINDOW, panel.weights, "normal") == own_design(panel, WINDOW, panel.weights, "normal")
    assert own_design(panel, Window((5.0,), (6.0,)), panel.weights, "normal").autocorrelation == 0.0


def test_counts_that_swing_no_more_than_chance_have_no_shocks() -> None:
    still = SimulatedDesign(30, 4, outcome="poisson", sizes=40.0, shock_sd=0.0, level=0.1, before=6, after=4)
    found = [
        own_design(panel, WINDOW, panel.weights, "poisson").shock_sd
        for panel in (simulate(still, np.random.default_rng(seed)) for seed in range(20))
    ]
    assert 0.0 in found
    assert np.median(found) < 0.2


def test_a_single_control_district_is_refused() -> None:
    design = SimulatedDesign(4, 3, sizes=50.0, before=6, after=4)
    panel = simulate(design, np.random.default_rng(1))
    with pytest.raises(RefusedError) as error:
        own_design(panel, WINDOW, panel.weights, "normal")
    assert error.value.problems[0].key == "too_few_control"


def test_blocks_add_up_to_the_whole() -> None:
    design = SimulatedDesign(10, 3, sizes=50.0)
    blocks = list(simulated_sizes(design, rng=np.random.default_rng(2), simulations=2_500, alpha=0.05))
    assert [one.simulations for one in blocks] == [1_000, 2_000, 2_500]
    whole = rejection_rates(design, rng=np.random.default_rng(9), simulations=2_500)[0]
    for method, rate in blocks[-1].rates.items():
        assert rate == pytest.approx(whole.rates[method], abs=4 * np.hypot(0.002, whole.standard_error(method)) * 1.5)
    assert blocks[-1].rates["cr1"] > 0.06 > blocks[-1].rates["verdict"]
