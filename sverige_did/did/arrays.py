"""The arrays every estimator starts from: one row a district and period, checked once.

Nothing is dropped in silence: a row without an outcome or without anybody at risk is left out and named in
``DistrictPanel.dropped``; whatever else is wrong is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sverige_did.did import columns
from sverige_did.errors import option, refuse

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

Weighting = Literal["equal", "baseline"]
"""equal: every district counts the same · baseline: by the weights frozen before go-live (children)."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One row or district that an estimator could not use, and the key of the reason (``labels.note.<reason>``)."""

    unit: str
    period: float | None
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class DistrictPanel:
    """Outcomes of U districts in T periods, N rows (N < U T when the panel is unbalanced).

    ``unit`` (N,) and ``time`` (N,) are codes into ``labels`` (U,) and ``periods`` (T,), ``y`` (N,) is the level of
    the outcome, or the number of events when ``exposure`` (N,) holds the denominators. ``treated_from`` (U,) is
    the first treated period, nan for never. ``weights`` and ``strata`` (U,) are
    measured before go-live. The arrays are read-only.

    Raises RefusedError: ``did_lengths``, ``did_not_finite``, ``did_weights``, ``did_exposure``,
    ``did_duplicate_rows``, ``did_constant_outcome``, ``did_no_treated``, ``did_no_pre_period``,
    ``did_period_without_control``.
    """

    unit: IntArray
    time: IntArray
    y: FloatArray
    periods: FloatArray
    labels: tuple[str, ...]
    treated_from: FloatArray
    weights: FloatArray
    exposure: FloatArray | None = None
    strata: IntArray | None = None
    dropped: tuple[Dropped, ...] = ()

    def __post_init__(self) -> None:
        _check_lengths(self)
        _check_values(self)
        _check_treatment(self)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                view = value.view()
                view.setflags(write=False)
                object.__setattr__(self, field.name, view)

    @property
    def n_units(self) -> int:
        """U, the number of districts."""
        return len(self.labels)

    @property
    def treated(self) -> BoolArray:
        """(N,) whether the row is a treated district after its go-live."""
        return self.periods[self.time] >= self.treated_from[self.unit]

    @property
    def ever_treated(self) -> BoolArray:
        """(U,) whether the district is treated within the periods of the panel."""
        started: BoolArray = self.treated_from <= self.periods[-1]
        return started

    @property
    def level(self) -> FloatArray:
        """(N,) the outcome as a level: ``y``, or events divided by exposure."""
        return self.y if self.exposure is None else self.y / self.exposure

    def wide(self, values: FloatArray | None = None) -> FloatArray:
        """(U, T) one row a district, nan where a district has no row; of ``level`` unless ``values`` (N,) is given."""
        table = np.full((self.n_units, self.periods.size), np.nan)
        table[self.unit, self.time] = self.level if values is None else values
        return table

    def unit_weights(self, weighting: Weighting) -> FloatArray:
        """(U,) ones, or the frozen baseline weights."""
        option("weighting", weighting, Weighting)
        return self.weights if weighting == "baseline" else np.ones(self.n_units)

    def go_live(self) -> float:
        """The one date at which treatment starts; refused (``did_staggered``) when districts start apart."""
        dates = np.unique(self.treated_from[self.ever_treated])
        if dates.size != 1:
            raise refuse("did_staggered", found=", ".join(f"{date:g}" for date in dates))
        return float(dates[0])


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Limits ``lower`` and ``upper`` (S,) that cover all S true effects at once with probability ``level``."""

    lower: FloatArray
    upper: FloatArray
    critical: float
    level: float


def panel_from_rows(
    unit: ArrayLike,
    period: ArrayLike,
    y: ArrayLike,
    treated: ArrayLike,
    *,
    exposure: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    treated_from: ArrayLike | None = None,
) -> DistrictPanel:
    """Build a panel from columns of the same length N, in any order of rows.

    ``period`` (N,) holds numbers, or years, half-years, quarters, months or dates (:func:`columns.periods`).
    ``treated`` (N,) says whether the row is under treatment (:func:`columns.flags`); a district's go-live is its first
    treated row, so the row before it must be there too (its outcome may be nan) unless ``treated_from`` (N,) says it:
    the first treated period of the row's district, nan for never. ``weights``, ``strata`` and ``treated_from`` must not
    vary within a district. Rows without an outcome, and rows with neither exposure nor events, are left out and named.

    Raises RefusedError: those of :class:`DistrictPanel` and of :mod:`columns`, ``did_switches_off``,
    ``did_go_live_unknown`` and ``did_varies_within_unit``.
    """
    rows = _read(unit, period, y, treated, exposure)
    n_units = len(rows.labels)
    order = _canonical_order(rows.unit, rows.time, rows.periods.size)
    missing = np.isnan(rows.y)
    left_out = (missing | ((rows.at_risk == 0) & (rows.y == 0)))[order]
    kept, lost = order[~left_out], order[left_out]
    reasons = np.where(missing[lost], "outcome_missing", "nobody_at_risk")
    return DistrictPanel(
        unit=rows.unit[kept],
        time=rows.time[kept],
        y=rows.y[kept],
        periods=rows.periods,
        labels=rows.labels,
        treated_from=_first_treated(rows, n_units) if treated_from is None else _as_said(rows, n_units, treated_from),
        weights=np.ones(n_units) if weights is None else _one_per_unit(weights, rows.unit, n_units, "weights"),
        exposure=None if exposure is None else rows.at_risk[kept],
        strata=None if strata is None else _strata_codes(strata, rows.unit, n_units),
        dropped=tuple(
            Dropped(rows.labels[rows.unit[i]], float(rows.periods[rows.time[i]]), str(reason))
            for i, reason in zip(lost, reasons, strict=True)
        ),
    )


def present(codes: IntArray) -> IntArray:
    """The codes 0, 1, ... that occur, in order, counted: of many rows and few codes faster than sorting or hashing."""
    return np.flatnonzero(np.bincount(codes))


def only_districts(panel: DistrictPanel, keep: BoolArray) -> DistrictPanel:
    """The panel of the districts in ``keep`` (U,), with its periods; those of :class:`DistrictPanel` are refused."""
    rows = keep[panel.unit]
    chosen = dict.fromkeys(("time", "y", "exposure"), rows) | dict.fromkeys(("treated_from", "weights", "strata"), keep)
    given: dict[str, Any] = {name: getattr(panel, name) for name in chosen}
    kept: dict[str, Any] = {name: None if values is None else values[chosen[name]] for name, values in given.items()}
    labels = tuple(name for name, wanted in zip(panel.labels, keep, strict=True) if wanted)
    dropped = tuple(one for one in panel.dropped if one.unit in labels)
    return replace(panel, unit=(np.cumsum(keep) - 1)[panel.unit[rows]], labels=labels, dropped=dropped, **kept)


class _Rows(NamedTuple):
    """Columns (N,) as arrays, districts and periods as codes; without exposure everybody is at risk."""

    unit: IntArray
    time: IntArray
    y: FloatArray
    treated: BoolArray
    at_risk: FloatArray
    labels: tuple[str, ...]
    periods: FloatArray


def _read(unit: ArrayLike, period: ArrayLike, y: ArrayLike, treated: ArrayLike, exposure: ArrayLike | None) -> _Rows:
    codes, labels = columns.names(unit, "unit")
    times, periods = columns.periods(period)
    outcome, under = columns.numbers(y, "y"), columns.flags(treated)
    at_risk = np.ones(outcome.shape) if exposure is None else columns.numbers(exposure, "exposure")
    shapes = [column.shape for column in (codes, times, outcome, under, at_risk)]
    if len(set(shapes)) != 1:
        raise refuse("did_lengths", found=", ".join(map(str, shapes)))
    return _Rows(codes, times, outcome, under, at_risk, labels, periods)


def _canonical_order(unit: IntArray, time: IntArray, n_periods: int) -> IntArray:
    """Rows by district and period, so that no result depends on the order in which rows arrived."""
    key = unit * n_periods + time
    place = np.full(int(key.max(initial=-1)) + 1, -1, dtype=np.intp)
    place[key] = np.arange(key.size)
    order = place[place >= 0]
    if order.size != key.size:
        raise refuse("did_duplicate_rows", found=str(key.size - order.size))
    return order


def _as_said(rows: _Rows, n_units: int, treated_from: ArrayLike) -> FloatArray:
    """The first treated period of each district (U,), which its rows must bear out."""
    begun = _one_per_unit(treated_from, rows.unit, n_units, "treated_from")
    wrong = rows.treated != (rows.periods[rows.time] >= begun[rows.unit])
    if wrong.any():
        raise refuse("did_switches_off", found=str(np.unique(rows.unit[wrong]).size))
    return begun


def _first_treated(rows: _Rows, n_units: int) -> FloatArray:
    unit, time, treated, periods = rows.unit, rows.time, rows.treated, rows.periods
    first = np.full(n_units, periods.size, dtype=np.intp)
    np.minimum.at(first, unit[treated], time[treated])
    if np.any(~treated & (time >= first[unit])):
        raise refuse("did_switches_off", found=str(np.unique(unit[~treated & (time >= first[unit])]).size))
    last_before = np.full(n_units, -1, dtype=np.intp)
    np.maximum.at(last_before, unit[~treated], time[~treated])
    gap = (first < periods.size) & (last_before >= 0) & (last_before < first - 1)
    if gap.any():
        raise refuse("did_go_live_unknown", found=str(int(gap.sum())))
    return np.append(periods, np.nan)[first]


def _one_per_unit(values: ArrayLike, unit: IntArray, n_units: int, column: str) -> FloatArray:
    rows = columns.numbers(values, column)
    if rows.shape != unit.shape:
        raise refuse("did_lengths", found=f"{column}: {rows.shape}", expected=str(unit.shape))
    table = np.full(n_units, np.nan)
    table[unit] = rows
    if not np.array_equal(table[unit], rows, equal_nan=True):
        raise refuse("did_varies_within_unit", column=column)
    return table


def _strata_codes(strata: ArrayLike, unit: IntArray, n_units: int) -> IntArray:
    codes, _ = columns.names(strata, "strata")
    return _one_per_unit(codes, unit, n_units, "strata").astype(np.intp)


def _check_lengths(panel: DistrictPanel) -> None:
    rows = {array.shape for array in (panel.unit, panel.time, panel.y, panel.exposure) if array is not None}
    per_unit = (panel.treated_from, panel.weights, panel.strata)
    units = {array.shape[0] for array in per_unit if array is not None} | {len(panel.labels)}
    if len(rows) != 1 or len(units) != 1:
        raise refuse("did_lengths", found=f"{sorted(rows)}, {sorted(units)}")


def _check_values(panel: DistrictPanel) -> None:
    if not np.isfinite(panel.y).all():
        raise refuse("did_not_finite", column="y")
    if not (np.isfinite(panel.weights) & (panel.weights > 0)).all():
        raise refuse("did_weights", found=str(int((~(panel.weights > 0) | np.isinf(panel.weights)).sum())))
    if panel.exposure is not None and not (np.isfinite(panel.exposure) & (panel.exposure > 0)).all():
        raise refuse("did_exposure", found=str(int((~(panel.exposure > 0) | np.isinf(panel.exposure)).sum())))
    if panel.y.size == 0 or np.ptp(panel.level) == 0:
        raise refuse("did_constant_outcome", found="-" if panel.y.size == 0 else f"{panel.level[0]:g}")


def _check_treatment(panel: DistrictPanel) -> None:
    key = panel.unit * panel.periods.size + panel.time
    if np.bincount(key).max() > 1:
        raise refuse("did_duplicate_rows", found=str(int((np.bincount(key) > 1).sum())))
    under = panel.treated
    if not under.any():
        raise refuse("did_no_treated")
    without_pre = _only_treated(panel.unit, under)
    if without_pre.size:
        raise refuse("did_no_pre_period", found=str(without_pre.size))
    without_control = _only_treated(panel.time, under)
    if without_control.size:
        raise refuse("did_period_without_control", found=", ".join(f"{p:g}" for p in panel.periods[without_control]))


def _only_treated(codes: IntArray, under: BoolArray) -> IntArray:
    """The districts, or the periods, that have rows under treatment and no other."""
    rows = np.bincount(codes)
    return np.flatnonzero((rows > 0) & (np.bincount(codes, under) == rows))
