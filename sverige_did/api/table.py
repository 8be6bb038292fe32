"""From the caller's table to the arrays of the estimators: every column checked, every fault named in his own words.

Nothing is dropped in silence: rows without an outcome, or with neither events nor anybody at risk, are left out and
named by the study. What varies over time and is needed once (weights, covariates) is frozen before the first start of
any unit, for what is measured later may be an effect itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.api.given import Given, as_frame, listed, one_a_unit
from sverige_did.api.times import Partial, Times, starts_of, times_of
from sverige_did.did import columns
from sverige_did.did.arrays import DistrictPanel, Dropped
from sverige_did.errors import InputError, Problem

type Floats = NDArray[np.float64]
type Codes = NDArray[np.intp]

Rows = Literal["cells", "people"]
"""What a row is: one unit in one period, or one person, who is added up with the others of his unit and period."""


@dataclass(frozen=True, slots=True)
class Named:
    """The caller's names of his columns; see :func:`sverige_did.api.study.did`."""

    unit: str
    time: str
    y: str | None = None
    events: str | None = None
    exposure: str | None = None
    treated_from: str | None = None
    treated: str | None = None
    weight: str | None = None
    strata: str | None = None
    cluster: str | None = None
    covariates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        said = (self.y is not None, self.events is not None, self.exposure is not None)
        if said not in {(True, False, False), (False, True, True)}:
            names = ("y", "events", "exposure")
            found = ", ".join(name for name, there in zip(names, said, strict=True) if there)
            raise InputError(Problem("frame_outcome", found=found or "–"))
        if (self.treated_from is None) == (self.treated is None):
            found = "–" if self.treated is None else "treated_from, treated"
            raise InputError(Problem("frame_treatment", found=found))

    @property
    def outcome(self) -> str:
        """The column that the study is about."""
        return str(self.y if self.y is not None else self.events)


class Read(NamedTuple):
    """A table as arrays: the panel, its periods, clusters (U,) and covariates (U, p).

    ``frozen`` names the columns that varied over time, ``donut`` the periods that are left out for a unit or more.
    """

    panel: DistrictPanel
    times: Times
    cluster: Codes | None
    covariates: Floats
    frozen: tuple[str, ...]
    donut: tuple[float, ...]


class _Units(NamedTuple):
    """A table with the codes (N,) of its rows' units, and the units' names (U,)."""

    given: Given
    codes: Codes
    labels: tuple[str, ...]

    def once(self, name: str) -> pd.Series[Any]:
        """The one value (U,) of every unit in a column; refused where it lacks one or has several."""
        self.given.whole(name)
        return one_a_unit(self.given, name, self.codes, len(self.labels))


def read(data: object, named: Named, *, per: float, partial: Partial | None, rows: Rows) -> Read:
    """The arrays of a table of pandas, polars, pyarrow or a dict of columns.

    Raises InputError, which names the column, the rows and what to do.
    """
    given = Given(as_frame(data), named.unit, named.time)
    for name in (named.unit, named.time, *((named.treated,) if named.treated else ())):
        given.whole(name)
    if rows == "people":
        given, named = _added_up(given, named)
    times = times_of(given)
    codes, labels = columns.names(given.column(named.unit), named.unit)
    units = _Units(given, codes, labels)
    _one_row_a_period(units, times)
    y, exposure = _outcome(given, named)
    first, during = _starts(units, times, named, partial)
    donut = np.unique(times.codes[during])
    before = (times.periods[times.codes] < np.nanmin(first)) & ~np.isin(times.codes, donut)
    weights = np.ones(len(labels))
    frozen: list[str] = []
    if named.weight is not None:
        weights = _frozen(units, named.weight, before, frozen)
        _positive(units, named.weight, weights)
    covariates = [_frozen(units, name, before, frozen) for name in named.covariates]
    panel = _panel(units, times, np.where(during, np.nan, y), exposure, per, first, weights, named)
    if named.strata is not None:
        panel = replace(panel, strata=columns.names(units.once(named.strata), named.strata)[0])
    cluster = None if named.cluster is None else columns.names(units.once(named.cluster), named.cluster)[0]
    if cluster is not None:
        _clusters_start_together(units, str(named.cluster), cluster, first)
    fixed = np.column_stack([np.empty((len(labels), 0)), *covariates])
    return Read(panel, times, cluster, fixed, tuple(frozen), tuple(times.periods[donut].tolist()))


def _added_up(given: Given, named: Named) -> tuple[Given, Named]:
    """One row a unit and period: the mean of ``y`` among its people, or their events with as many at risk."""
    keys = [named.unit, named.time]
    values = [name for name in (named.y, named.events, named.exposure) if name]
    numbers = given.frame.assign(**{name: given.numbers(name) for name in values})
    for name in values:
        given.whole(name)
    others = [name for name in (named.treated_from, named.treated, named.strata, named.cluster) if name]
    for name in others:
        several = (given.frame.groupby(keys)[name].transform("nunique", dropna=False) > 1).to_numpy()
        given.column(name)
        if several.any():
            raise InputError(Problem("frame_varies", column=name, found=given.rows(several)))
    how: dict[str, Any] = {name: (name, lambda one: one.iloc[0]) for name in others}
    how |= {name: (name, "mean" if name == named.y else "sum") for name in values}
    how |= {name: (name, "mean") for name in (named.weight, *named.covariates) if name}
    return given._replace(frame=numbers.groupby(keys, as_index=False, sort=False).agg(**how)), named


def _one_row_a_period(units: _Units, times: Times) -> None:
    key = units.codes * times.periods.size + times.codes
    twice = np.bincount(key)[key] > 1
    if twice.any():
        firsts = np.zeros(key.size, dtype=bool)
        firsts[np.unique(key, return_index=True)[1]] = True
        raise InputError(Problem("frame_duplicates", found=units.given.rows(twice & firsts)))


def _outcome(given: Given, named: Named) -> tuple[Floats, Floats | None]:
    """The level, or events and those at risk (N,); nan where none is given."""
    if named.events is None or named.exposure is None:
        return given.numbers(str(named.y)), None
    y, exposure = given.numbers(named.events), given.numbers(named.exposure)
    if (y < 0).any():
        raise InputError(Problem("frame_negative", column=named.events, found=given.rows(y < 0, named.events)))
    bad = (exposure < 0) | ((exposure == 0) & (y > 0)) | (np.isnan(exposure) & ~np.isnan(y))
    if bad.any():
        raise InputError(Problem("frame_exposure", column=named.exposure, found=given.rows(bad, named.exposure)))
    return y, exposure


def _starts(units: _Units, times: Times, named: Named, partial: Partial | None) -> tuple[Floats, NDArray[np.bool_]]:
    """The first treated period (U,), which rows (N,) are left out; refused where they leave nothing to compare."""
    given, n = units.given, len(units.labels)
    if named.treated_from is not None:
        first, during = starts_of(given, named.treated_from, units.codes, n, times, partial)
        column = named.treated_from
    else:
        column = str(named.treated)
        first, during = _from_flags(units, times, column), np.zeros(units.codes.size, dtype=bool)
    seen = np.full(n, np.inf)
    np.minimum.at(seen, units.codes, times.periods[times.codes])
    always = first <= seen
    if always.any():
        found = listed(np.array(units.labels)[always])
        key = "frame_no_before" if named.treated_from else "frame_always"
        raise InputError(Problem(key, column=column, found=found))
    if not np.isfinite(first).any():
        raise InputError(Problem("frame_no_treated", column=column, expected=f"{times.labels[0]} – {times.labels[-1]}"))
    never = ~np.isfinite(first)
    for at, period in enumerate(times.periods):
        there = np.unique(units.codes[times.codes == at])
        if not (never[there] | (first[there] > period)).any():
            raise InputError(Problem("frame_no_control", column=column, found=times.labels[at]))
    return first, during


def _from_flags(units: _Units, times: Times, name: str) -> Floats:
    """The first period (U,) that is flagged, nan for never; refused where a flag goes out again."""
    flagged, n = columns.flags(units.given.column(name), name), len(units.labels)
    first = np.full(n, times.periods.size)
    np.minimum.at(first, units.codes[flagged], times.codes[flagged])
    off = ~flagged & (times.codes > first[units.codes])
    if off.any():
        raise InputError(Problem("frame_switches_off", column=name, found=units.given.rows(off)))
    last = np.full(n, -1)
    np.maximum.at(last, units.codes[~flagged], times.codes[~flagged])
    gap = (first < times.periods.size) & (last >= 0) & (last < first - 1)
    if gap.any():
        raise InputError(Problem("frame_start_unseen", column=name, found=listed(np.array(units.labels)[gap])))
    return np.asarray(np.append(times.periods, np.nan)[first])


def _frozen(units: _Units, name: str, before: NDArray[np.bool_], frozen: list[str]) -> Floats:
    """A number of every unit (U,): the one that it has, or its mean over the periods before anybody starts."""
    values = units.given.numbers(name)
    distinct = pd.Series(values).groupby(units.codes).nunique(dropna=False)
    if (distinct > 1).any():
        frozen.append(name)
        values = np.where(before, values, np.nan)
    means = pd.Series(values).groupby(units.codes).mean().reindex(range(len(units.labels))).to_numpy(dtype=np.float64)
    lacking = np.isnan(means)
    if lacking.any():
        raise InputError(Problem("frame_missing", column=name, found=listed(np.array(units.labels)[lacking])))
    return means


def _positive(units: _Units, name: str, weights: Floats) -> None:
    wrong = ~(weights > 0)
    if wrong.any():
        raise InputError(Problem("frame_weight", column=name, found=listed(np.array(units.labels)[wrong])))


def _clusters_start_together(units: _Units, name: str, cluster: Codes, first: Floats) -> None:
    """Units of a cluster are treated together, or the cluster says nothing of what was assigned."""
    starts = pd.Series(np.nan_to_num(first, nan=np.inf)).groupby(cluster).nunique()
    apart = (starts > 1).to_numpy()[cluster]
    if apart.any():
        raise InputError(Problem("frame_cluster", column=name, found=listed(np.array(units.labels)[apart])))


def _panel(
    units: _Units,
    times: Times,
    y: Floats,
    exposure: Floats | None,
    per: float,
    first: Floats,
    weights: Floats,
    named: Named,
) -> DistrictPanel:
    order = np.lexsort((times.codes, units.codes))
    missing = np.isnan(y)
    nobody = np.zeros(y.size, dtype=bool) if exposure is None else (exposure == 0) & (y == 0)
    lost, kept = (order[(missing | nobody)[order]], order[~(missing | nobody)[order]])
    _both_sides_seen(times, first, units.codes[kept], times.codes[kept], named)
    return DistrictPanel(
        unit=units.codes[kept],
        time=times.codes[kept],
        y=y[kept],
        periods=times.periods,
        labels=units.labels,
        treated_from=first,
        weights=weights,
        exposure=None if exposure is None else exposure[kept] / per,
        dropped=tuple(
            Dropped(units.labels[units.codes[i]], float(times.periods[times.codes[i]]),
                    "outcome_missing" if missing[i] else "nobody_at_risk")
            for i in lost
        ),
    )  # fmt: skip


def _both_sides_seen(times: Times, first: Floats, unit: Codes, time: Codes, named: Named) -> None:
    """Refuse where outcomes are missing in such a way that nothing is left to compare; rows (n,) that have one."""
    under = times.periods[time] >= first[unit]
    if not under.any():
        raise InputError(Problem("frame_unseen_treated", column=named.outcome))
    alone = [at for at in np.unique(time) if under[time == at].all()]
    if alone:
        raise InputError(
            Problem("frame_unseen_control", column=named.outcome, found=listed(times.labels[at] for at in alone))
        )


def names_of(columns_: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name or several as a tuple."""
    return () if columns_ is None else (columns_,) if isinstance(columns_, str) else tuple(map(str, columns_))
