"""From the caller's table to the arrays of the estimators: every column checked, every fault named in his own words.

Nothing is dropped in silence: rows without an outcome, or with neither events nor anybody at risk, are left out and
named by the study. What varies over time and is needed once (weights, covariates) is frozen before the first start of
any unit, for what is measured later may be an effect itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.api.covariates import Covariates, counted, formula_in, of_formula, variables_of
from sverige_did.api.given import Given, as_frame, listed, one_a_unit, without_blanks
from sverige_did.api.named import Named
from sverige_did.api.people import added_up
from sverige_did.api.times import Partial, Starts, Times, starts_of, times_of
from sverige_did.did import columns
from sverige_did.did.arrays import DistrictPanel, Dropped
from sverige_did.errors import InputError, Problem

type Floats = NDArray[np.float64]
type Codes = NDArray[np.intp]

Rows = Literal["cells", "people"]
"""What a row is: one unit in one period, or one person, who is added up with the others of his unit and period."""


class Read(NamedTuple):
    """A table as arrays: the panel, its periods, codes (U,) into the names ``clusters``, and covariates.

    ``frozen`` names the columns that varied over time, ``donut`` the periods that are left out for a unit or more,
    ``stripped`` the names that had blanks around them; ``people`` is how many were added up, 0 where rows are cells,
    ``starting`` how many rows with an outcome are left out as the period in which their unit starts, ``more`` the rows
    of people of whom more had an event than there are, where such rows are few.
    """

    panel: DistrictPanel
    times: Times
    cluster: Codes | None
    clusters: tuple[str, ...]
    covariates: Covariates
    frozen: tuple[str, ...]
    donut: tuple[float, ...]
    synthetic: bool
    stripped: tuple[str, ...] = ()
    people: int = 0
    starting: int = 0
    more: str = ""


MANY_MORE = 0.5
"""Where events are more than those at risk in this share of the rows, they are several a person and no mistake."""

STARTS = "treated from"
"""The column of starts that the rows which are not affected are given: those of their units."""


def parts_of(data: object, named: Named) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The rows that the study is of, and those beside them, where a column flags who is affected."""
    frame = as_frame(data)
    if named.affected is None:
        return frame, None
    given = Given(frame, named.unit, named.time)
    for name in (named.unit, named.time, named.affected):
        given.whole(name)
    flags = columns.flags(given.column(named.affected), named.affected)
    if flags.all() or not flags.any():
        raise InputError(Problem("frame_affected", column=named.affected, found=f"{int(flags.sum())} / {flags.size}"))
    return frame[flags].reset_index(drop=True), frame[~flags].reset_index(drop=True)


def with_starts(others: pd.DataFrame, named: Named, found: Read) -> pd.DataFrame:
    """The rows that are not affected with the starts of their units, whose own flags may say that nothing was done."""
    others = without_blanks(Given(others, named.unit, named.time), named)[0].frame
    codes, labels = columns.names(Given(others, named.unit, named.time).column(named.unit), named.unit)
    starts = dict(zip(found.panel.labels, found.panel.treated_from, strict=True))
    return others.assign(**{STARTS: np.array([starts.get(name, np.nan) for name in labels])[codes]})


class _Units(NamedTuple):
    """A table with the codes (N,) of its rows' units, and the units' names (U,)."""

    given: Given
    codes: Codes
    labels: tuple[str, ...]

    def once(self, name: str) -> pd.Series[Any]:
        """The one value (U,) of every unit in a column; refused where it lacks one or has several."""
        self.given.whole(name)
        return one_a_unit(self.given, name, self.codes, len(self.labels))


def read(data: object, named: Named, *, per: float, partial: Partial | None, rows: Rows, share: bool = False) -> Read:
    """The arrays of a table of pandas, polars, pyarrow or a dict of columns; ``share``: events are some of those at
    risk, so that none can be more.

    Raises InputError, which names the column, the rows and what to do.
    """
    given, stripped = without_blanks(Given(as_frame(data), named.unit, named.time), named)
    for name in (named.unit, named.time, *((named.treated,) if named.treated else ())):
        given.whole(name)
    if rows == "people":
        given = added_up(given, named)
    times = times_of(given)
    codes, labels = columns.names(given.column(named.unit), named.unit)
    units = _Units(given, codes, labels)
    _one_row_a_period(units, times, stripped)
    y, exposure = _outcome(given, named)
    more = _more_than_there_are(y, exposure, whole=not share)
    if share and more.any():
        found = given.rows(more, str(named.events))
        raise InputError(Problem("frame_more_than_exposure", column=named.events, found=found))
    first, during, lacking = _starts(units, times, named, partial)
    times = times._replace(lacking=lacking)
    donut = np.unique(times.codes[during])
    before = (times.periods[times.codes] < np.nanmin(first)) & ~np.isin(times.codes, donut)
    weights = np.ones(len(labels))
    frozen: list[str] = []
    if named.weight is not None:
        weights = _frozen(units, named.weight, before, frozen)
        _positive(units, named.weight, weights)
    covariates = _covariates(units, named.covariates, before, frozen)
    panel = _panel(units, times, np.where(during, np.nan, y), exposure, per, first, weights, named)
    if named.strata is not None:
        panel = replace(panel, strata=columns.names(units.once(named.strata), named.strata)[0])
    cluster: Codes | None = None
    clusters: tuple[str, ...] = ()
    if named.cluster is not None:
        cluster, clusters = columns.names(units.once(named.cluster), named.cluster)
        _clusters_start_together(units, named.cluster, cluster, first)
    return Read(
        panel,
        times,
        cluster,
        clusters,
        covariates,
        tuple(frozen),
        tuple(times.periods[donut].tolist()),
        bool(as_frame(data).attrs.get("synthetic")),
        stripped,
        len(as_frame(data)) if rows == "people" else 0,
        int((during & ~np.isnan(y)).sum()),
        given.rows(more, str(named.events)) if 0 < more.sum() < MANY_MORE * more.size else "",
    )


def _covariates(units: _Units, names: tuple[str, ...], before: NDArray[np.bool_], frozen: list[str]) -> Covariates:
    """What is fixed of every unit before anybody starts; of a formula its numbers are, and its other columns are as
    they stand."""
    formula = formula_in(names)
    if formula is None:
        each = [_frozen(units, name, before, frozen) for name in names]
        return Covariates(np.column_stack([np.empty((len(units.labels), 0)), *each]), names)
    needed = {
        name: _frozen(units, name, before, frozen) if counted(units.given.column(name)) else units.once(name).to_numpy()
        for name in variables_of(formula)
    }
    return of_formula(formula, pd.DataFrame(needed, index=pd.RangeIndex(len(units.labels))))


def _one_row_a_period(units: _Units, times: Times, stripped: tuple[str, ...]) -> None:
    key = units.codes * times.periods.size + times.codes
    twice = np.bincount(key)[key] > 1
    if twice.any():
        firsts = np.zeros(key.size, dtype=bool)
        firsts[np.unique(key, return_index=True)[1]] = True
        by_blanks = np.isin(units.labels, stripped)[units.codes[twice]].any()
        why = "frame_blanks" if by_blanks else "frame_duplicates"
        raise InputError(Problem(why, found=units.given.rows(twice & firsts)))


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


def _more_than_there_are(y: Floats, exposure: Floats | None, *, whole: bool) -> NDArray[np.bool_]:
    """(N,) rows with more events than at risk; where those have to be ``whole`` people, none of person-years."""
    if exposure is None or (whole and not np.allclose(known := exposure[~np.isnan(exposure)], np.rint(known))):
        return np.zeros(y.size, dtype=bool)
    return np.asarray((exposure > 0) & (y > exposure))


def _starts(units: _Units, times: Times, named: Named, partial: Partial | None) -> Starts:
    """The starts in either column; refused where they leave nothing to compare."""
    given, n = units.given, len(units.labels)
    if named.treated_from is not None:
        first, during, lacking = starts_of(given, named.treated_from, units.codes, n, times, partial)
        column = named.treated_from
    else:
        column = str(named.treated)
        first, during, lacking = Starts(_from_flags(units, times, column), np.zeros(units.codes.size, dtype=bool))
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
    return Starts(first, during, lacking)


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
    earliest = np.full(first.size, np.inf)
    np.minimum.at(earliest, units.codes[kept], times.periods[times.codes[kept]])
    unseen = (earliest >= first) & (first <= times.periods[-1])
    if unseen.any():
        found = listed(np.array(units.labels)[unseen])
        raise InputError(Problem("frame_no_before", column=named.outcome, found=found))
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
