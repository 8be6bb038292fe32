"""Published intervals that let groups drift apart, on the Medicaid expansions of 2014 (Rambachan & Roth 2023).

The read-me of the authors' package prints them for 2014, the first year after, by seven event-study effects with errors
clustered by state; moderndid ships the data.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from test_published_numbers import peer, quiet, shipped

from sverige_did.did.arrays import panel_from_rows
from sverige_did.did.event_study import event_study
from sverige_did.inference.cluster_robust import cr1, least_squares
from sverige_did.inference.districts import districts
from sverige_did.inference.event_effects import of_districts_by_period
from sverige_did.inference.relative_magnitudes import (
    EventEffects,
    event_effects,
    relative_breakdown,
    relative_interval,
)
from sverige_did.inference.smoothness import frontier, smooth_interval

FIRST = np.array([1.0, 0.0])
RELATIVE = {0.5: (0.0241, 0.0673), 1.0: (0.0171, 0.0720), 1.5: (0.00859, 0.0796), 2.0: (-0.00107, 0.0883)}
SMOOTH = {
    0.0: (0.0259, 0.0607), 0.01: (0.0132, 0.0787), 0.02: (0.00286, 0.0907), 0.03: (-0.00714, 0.101),
    0.04: (-0.0171, 0.111), 0.05: (-0.0271, 0.121),
}  # fmt: skip
WITHIN = 0.002


@pytest.fixture(scope="module")
def states() -> pd.DataFrame:
    """43 states to 2015: 22 expanded Medicaid in 2014, the others not before 2016."""
    frame = pd.read_pickle(shipped("moderndid", "moderndid/core/datasets/ehec_data.pkl.gz"))
    frame = frame[(frame["year"] < 2016) & (frame["yexp2"] != 2015)]
    return frame.assign(expanded=frame["yexp2"] == 2014)


@pytest.fixture(scope="module")
def medicaid(states: pd.DataFrame) -> EventEffects:
    """The seven effects with the errors that the authors use: the seven effects and a constant are counted."""
    treated = states["expanded"] & (states["year"] >= 2014)
    found = event_study(panel_from_rows(states["stfips"], states["year"], states["dins"], treated))
    fit = least_squares(found.y, found.regressors, found.cluster)
    since = found.period - 2013
    covariance = cr1(fit, nested=found.regressors.shape[1] - 8)[:7, :7]
    return event_effects(since[:5], since[5:], found.estimate, covariance)


def test_the_published_intervals_of_relative_magnitudes(medicaid: EventEffects) -> None:
    """Five values of M in under a second."""
    start = time.process_time()
    found = {M: relative_interval(medicaid, FIRST, M, rng=np.random.default_rng(0)) for M in (0.0, *RELATIVE)}
    assert time.process_time() - start < 1
    for M, published in RELATIVE.items():
        assert found[M] == pytest.approx(published, abs=WITHIN)
    assert found[0.0] == pytest.approx((0.04645 - 1.96 * 0.00906, 0.04645 + 1.96 * 0.00906), abs=WITHIN)


def test_the_published_breakdown_is_about_two(medicaid: EventEffects) -> None:
    assert relative_breakdown(medicaid, FIRST, rng=np.random.default_rng(0)) == pytest.approx(2.0, abs=0.1)


def test_the_published_intervals_of_smoothness(medicaid: EventEffects) -> None:
    front = frontier(medicaid.before, medicaid.after, FIRST, medicaid.covariance)
    for M, published in SMOOTH.items():
        found = smooth_interval(medicaid, front, M)
        assert (found.lower, found.upper) == pytest.approx(published, abs=WITHIN)


@quiet
def test_a_peer_finds_the_same_fixed_length_intervals(medicaid: EventEffects) -> None:
    """diff-diff's smoothness; its relative magnitudes are anti-conservative on these data."""
    theirs = peer("diff_diff.honest_did")._compute_optimal_flci
    for load in (FIRST, np.array([0.5, 0.5])):
        front = frontier(medicaid.before, medicaid.after, load, medicaid.covariance)
        for M in (0.0, 0.01, 0.03):
            found = smooth_interval(medicaid, front, M)
            other = theirs(medicaid.estimate[:5], medicaid.estimate[5:], medicaid.covariance, load, 5, 2, M)
            assert (found.lower, found.upper) == pytest.approx(other, abs=2e-4)


def test_with_many_states_limits_of_few_districts_are_nearly_the_published_ones(states: pd.DataFrame) -> None:
    """Errors by arm and the page's critical value, as on the pages: a breakdown of 1.9 where the read-me has 2."""
    table = states.set_index(["stfips", "year"])["dins"].unstack()  # noqa: PD010 -- one row a state and year
    expanded = states.groupby("stfips")["expanded"].first().reindex(table.index).to_numpy()
    years = table.columns.to_numpy(dtype=float)
    found = of_districts_by_period(
        table.to_numpy(), years, years < 2014, years >= 2014, districts(np.arange(43.0), expanded)
    )
    assert 1 < found.stretch < 1.05
    limit = relative_breakdown(found.stretched, FIRST, rng=np.random.default_rng(0))
    assert limit == pytest.approx(1.9, abs=0.15)
