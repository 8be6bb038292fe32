"""Made-up districts for the tests of drift: shocks with memory, a drift of the treated, an effect after the start."""

from __future__ import annotations

import numpy as np

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.inference.districts import Bools, Floats, districts
from sverige_did.inference.event_effects import Estimated, of_districts_by_period


def treated_of(groups: int = 20, treated: int = 4) -> Bools:
    return np.arange(groups) < treated


def shocks(
    rng: np.random.Generator,
    periods: int,
    *,
    groups: int = 20,
    treated: int = 4,
    memory: float = 0.0,
    ratio: float = 1.0,
) -> Floats:
    """(G, T) normal with an sd of one in every period, ``ratio`` for treated districts."""
    found = rng.standard_normal((groups, periods))
    for t in range(1, periods):
        found[:, t] = memory * found[:, t - 1] + np.sqrt(1 - memory**2) * found[:, t]
    return found * np.where(treated_of(groups, treated), ratio, 1.0)[:, None]


def estimated(levels: Floats, before: int, *, treated: int = 4, block: int = 1, step: float = 1.0) -> Estimated:
    """The effects of districts with ``before`` periods before the start and no hole."""
    groups, periods = levels.shape
    pre = np.arange(periods) < before
    sample = districts(np.arange(groups, dtype=float), treated_of(groups, treated))
    return of_districts_by_period(levels, step * np.arange(periods), pre, ~pre, sample, block=block)


def dated(seed: int = 8) -> DistrictPanel:
    """24 districts in 8 periods, four that begin in the fifth and five in the sixth, an effect of 2."""
    rng = np.random.default_rng(seed)
    unit, time = (index.ravel() for index in np.indices((24, 8)))
    begins = np.repeat([4.0, 5.0, np.inf], [4, 5, 15])
    y = rng.normal(size=unit.size) + 2.0 * (time >= begins[unit])
    return panel_from_rows(unit, time.astype(float), y, time >= begins[unit])
