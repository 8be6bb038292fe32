"""Would a municipality like this one show what this one shows? Posterior predictive checks of district models.

Data are drawn for new districts of the same sizes, with levels and shocks of their own (mixed replication: Gelman, Meng
and Stern 1996). A replication that kept the fitted shocks would repeat the data and so check nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sverige_did.bayes.models.composition import TypeCells
    from sverige_did.bayes.models.district_effects import Cells, DistrictRows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Predictive:
    """One statistic: observed, the central 95 % of its replications, and the two-sided p-value of a misfit.

    ``p_above`` is the share of replications at least as large as what was observed: small where the data are wilder.
    """

    check: str
    observed: float
    low: float
    high: float
    p: float
    p_above: float

    def stops(self, impossible: float) -> bool:
        """Whether nothing may be said from this fit: the answer rests on what the model cannot have produced.

        Districts that are calmer than the model thinks make its doubt too large, never too small, and stop nothing.
        """
        if self.check in WILDER:
            return self.p_above <= impossible
        return self.check in EITHER and self.p <= impossible


@dataclass(frozen=True, slots=True, eq=False)
class Gridded:
    """Counts laid out by district and period: ``count`` and ``size`` (M, G, T), NaN where there is no cell."""

    count: Floats
    size: Floats
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    treated: NDArray[np.bool_]
    weights: Floats

    @property
    def roots(self) -> Floats:
        """Square roots of the rates (M, G, T): their noise hardly depends on their size, and zero is no trouble."""
        return np.sqrt((self.count + 0.375) / self.size)


def by_district_and_period(counts: Floats, cells: Cells | TypeCells, weights: Floats) -> Gridded:
    """Counts (M, N) by district and period. Before and after are those of the treated."""
    shape = (len(counts), len(cells.treated), int(cells.period.max()) + 1)
    count, size = np.full(shape, np.nan), np.full(shape, np.nan)
    count[:, cells.district, cells.period] = counts
    size[:, cells.district, cells.period] = cells.size
    after = np.zeros(shape[2], dtype=bool)
    after[cells.period[cells.dose > 0]] = True
    first = int(np.flatnonzero(after)[0])
    return Gridded(count, size, np.arange(shape[2]) < first, after, cells.treated, weights)


class LevelGrid(Gridded):
    """Levels laid out in the same way, with a size of one."""

    @property
    def roots(self) -> Floats:
        """Levels as they are: their noise does not depend on their size."""
        return self.count


def _rate(gridded: Gridded, window: NDArray[np.bool_]) -> Floats:
    """(M, G) events over exposure in a window; NaN where a district has none of it."""
    count, size = np.nansum(gridded.count[:, :, window], axis=2), np.nansum(gridded.size[:, :, window], axis=2)
    return np.divide(count, size, out=np.full_like(count, np.nan), where=size > 0)


def spread_of_levels(gridded: Gridded) -> Floats:
    """How unlike districts are before: sd of the control districts' rates."""
    return np.asarray(np.nanstd(_rate(gridded, gridded.before)[:, ~gridded.treated], axis=1))


def spread_of_changes(gridded: Gridded) -> Floats:
    """How unlike the control districts' changes from before to after are; this is what carries the doubt of the DiD."""
    change = _rate(gridded, gridded.after) - _rate(gridded, gridded.before)
    return np.asarray(np.nanstd(change[:, ~gridded.treated], axis=1))


def zero_cells(gridded: Gridded) -> Floats:
    """How many cells have nothing in them."""
    return np.asarray((gridded.count == 0).sum(axis=(1, 2)), dtype=float)


def largest_change(gridded: Gridded) -> Floats:
    """The largest step of any district from one period to the next, in square roots of its rate."""
    return np.asarray(np.nanmax(np.abs(np.diff(gridded.roots, axis=2)), axis=(1, 2)))


def autocorrelation(gridded: Gridded) -> Floats:
    """Correlation of one period's deviation with the next: children who stay are counted in both."""
    seen = gridded.roots[:, :, np.isfinite(gridded.roots).any(axis=(0, 1))]
    centred = seen - np.nanmean(seen, axis=2, keepdims=True)
    centred = centred - np.nanmean(centred, axis=1, keepdims=True)
    shared = np.nansum(centred[:, :, 1:] * centred[:, :, :-1], axis=(1, 2))
    own = np.nansum(centred**2, axis=(1, 2))
    return np.divide(shared, own, out=np.zeros_like(own), where=own > 0)


def difference(gridded: Gridded) -> Floats:
    """The difference-in-differences of the districts' rates."""
    change = _rate(gridded, gridded.after) - _rate(gridded, gridded.before)
    return _mean(change, gridded, gridded.treated) - _mean(change, gridded, ~gridded.treated)


def _mean(change: Floats, gridded: Gridded, side: NDArray[np.bool_]) -> Floats:
    known = np.isfinite(change[:, side])
    weights = np.where(known, gridded.weights[side], 0.0)
    return np.asarray((np.where(known, change[:, side], 0.0) * weights).sum(axis=1) / weights.sum(axis=1))


CHECKS: Mapping[str, Callable[[Gridded], Floats]] = {
    "spread_of_levels": spread_of_levels,
    "spread_of_changes": spread_of_changes,
    "zero_cells": zero_cells,
    "largest_change": largest_change,
    "autocorrelation": autocorrelation,
    "difference": difference,
}
"""What is checked, in the order of the report. A new check is one function of :class:`Gridded` and one entry."""


OF_SERIES = frozenset({"autocorrelation"})
"""Checks that a before and an after cannot have: they need three periods."""
OF_LEVELS = frozenset(CHECKS) - {"zero_cells"}
"""Checks of levels, of which none is empty."""

WILDER = frozenset({"spread_of_changes", "largest_change"})
"""A fit is stopped where the data are wilder than the model in these."""

EITHER = frozenset({"zero_cells", "difference"})
"""A fit is stopped where these cannot have come of the model, on either side."""


def predictive_checks(
    observed: Floats, replicated: Floats, cells: Cells | TypeCells, weights: Floats
) -> tuple[Predictive, ...]:
    """Every check of ``observed`` (N,) against ``replicated`` (M, N) counts that as many periods allow.

    p is twice the smaller tail, ties counted on both sides, (1 + hits) / (1 + M): at most 1.
    """
    data, drawn = (
        by_district_and_period(observed[None, :], cells, weights),
        by_district_and_period(replicated, cells, weights),
    )
    series = len(np.unique(cells.period)) > 2
    requested = {name: check for name, check in CHECKS.items() if series or name not in OF_SERIES}
    return tuple(judged(name, float(check(data)[0]), check(drawn)) for name, check in requested.items())


def level_checks(observed: Floats, replicated: Floats, rows: DistrictRows, weights: Floats) -> tuple[Predictive, ...]:
    """The same of levels (N,), which may be below zero and of which none is empty."""
    n_periods = int(rows.period.max()) + 1
    series = len(np.unique(rows.period)) > 2
    after = np.zeros(n_periods, dtype=bool)
    after[rows.period[rows.dose > 0]] = True
    before = np.arange(n_periods) < int(np.flatnonzero(after)[0])

    def laid_out(levels: Floats) -> LevelGrid:
        table = np.full((len(levels), len(rows.treated), n_periods), np.nan)
        table[:, rows.district, rows.period] = levels
        size = np.where(np.isfinite(table), 1.0, np.nan)
        return LevelGrid(table, size, before, after, rows.treated, weights)

    data, drawn = laid_out(observed[None, :]), laid_out(replicated)
    requested = {
        name: check for name, check in CHECKS.items() if name in OF_LEVELS and (series or name not in OF_SERIES)
    }
    return tuple(judged(name, float(check(data)[0]), check(drawn)) for name, check in requested.items())


def judged(name: str, found: float, drawn: Floats) -> Predictive:
    """One statistic beside its replications (M,)."""
    tolerance = 1e-9 * max(1.0, abs(found))
    above, below = (
        (1 + hits.sum()) / (1 + len(drawn)) for hits in (drawn >= found - tolerance, drawn <= found + tolerance)
    )
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Predictive(name, found, float(low), float(high), float(min(1.0, 2 * min(above, below))), float(above))
