"""From the panel to what a district model takes: whole children or events, exposures and the dose.

The periods are the plan's, before and after; one that is treated in part is left out or counted whole as the plan says,
and keeps its place in time. Events stand period by period. Children present are summed over the time before and the
time after (Bertrand, Duflo and Mullainathan 2004, section IV.C): a child who stays is in every period, and periods
would pass for new children. A sum is still not worth as many new children as it counts, and how many it is worth the
half-years themselves tell (``bayes/models/stays.py``). What it varies beyond that is a district's own swing to the
model, and estimated. Counts are those inside the house: nothing is hidden that the registers know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.stays import design_effect, rate_of_leaving, shared
from sverige_did.errors import refuse
from sverige_did.outcomes import CATALOGUE, RESIDENTS
from sverige_did.panel import PRESENT
from sverige_did.studies.panel.outcome_data import children
from sverige_did.windows import windows_of_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.panel import Panel
    from sverige_did.study.study import PanelStudy


@dataclass(frozen=True, slots=True, eq=False)
class PanelCells:
    """The cells of one outcome for a district model, and what its effect is weighed by.

    ``weights`` (G,) are the resident children of each district before go-live, or ones. ``likelihood`` is a key of
    ``families.FAMILIES``. Rates are events or children per unit of ``cells.size`` in the unit of the outcome. ``apart``
    is how many periods lie between two successive ones of the cells: more than 1 where those are sums of several.
    ``same`` (N,) is how many times as much as one of new children each sum varies, of which ``cells.again`` is what it
    does not share with the district's other sum; None where nothing is summed.
    """

    outcome: str
    likelihood: str
    cells: Cells
    weights: NDArray[np.float64]
    apart: float = 1.0
    same: NDArray[np.float64] | None = None


def likelihood_of(kind: str, outcome: str) -> str | None:
    """Which likelihood a kind of number has; None for means, amounts and shares of events, which none here takes."""
    share = CATALOGUE[outcome].family == "share"
    if kind in PRESENT:
        return "binomial" if share else "poisson"
    return "negative_binomial" if kind == "events" and not share else None


def panel_cells(panel: Panel, study: PanelStudy, outcome: str) -> PanelCells:
    """The cells of one outcome.

    Raises RefusedError: ``posterior_no_cells``, ``posterior_kind`` (a mean or an amount), ``posterior_not_districts``,
    and those of :class:`sverige_did.bayes.models.district_effects.Cells`.
    """
    rows = panel.outcome(outcome)
    if rows.empty:
        raise refuse("posterior_no_cells")
    likelihood = likelihood_of(str(rows["kind"].iloc[0]), outcome)
    if likelihood is None:
        raise refuse("posterior_kind", found=str(rows["kind"].iloc[0]))
    if (rows["unit_kind"] == "group").any():
        raise refuse("posterior_not_districts")
    labels = np.unique(rows["unit"].to_numpy(dtype=str))
    residents = _residents(panel, study, labels)
    coded = _coded(rows.sort_values(["unit", "start"], kind="stable"), labels, study)
    low, high, size = _numbers(coded, outcome, residents)
    kept = coded["inside"].to_numpy() & (size > 0) & np.isfinite(low)
    if not kept.any():
        raise refuse("posterior_no_cells")
    cells = Cells(
        district=coded["district"].to_numpy(dtype=np.int64)[kept],
        period=_from_zero(coded["at"].to_numpy(dtype=np.int64)[kept]),
        treated=coded.groupby("district")["treated"].first().to_numpy(dtype=bool),
        dose=coded["dose"].to_numpy(dtype=float)[kept],
        low=low[kept],
        high=high[kept],
        size=size[kept],
    )
    weights = np.ones(len(labels))
    if study.weights != "districts" and residents is not None:
        weights = np.asarray(children(panel, outcome, study).reindex(labels), dtype=np.float64)
    if rows["kind"].iloc[0] not in PRESENT:
        return PanelCells(outcome, likelihood, cells, weights)
    after = coded["after"].to_numpy(dtype=np.int64)[kept]
    apart = float(cells.period[after == 1].mean() - cells.period[after == 0].mean()) if np.ptp(after) else 1.0
    same, again = _counted_again(coded[kept], cells, after)
    return PanelCells(outcome, likelihood, replace(before_and_after(cells, after), again=again), weights, apart, same)


def _counted_again(
    rows: pd.DataFrame, cells: Cells, after: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The design effect of each sum of :func:`before_and_after`, in all and less what both sums of a district share.

    What they share is of children who are in both, and to the model a part of the district's level.

    Means of a period are not rounded here: rounding to whole children would look like children who come and go.
    """
    there = bool(rows["kind"].iloc[0] == "person_years")
    scale = rows["length"].to_numpy(dtype=float) if there else np.ones(len(rows))
    count = np.where(rows["status"] == "exact", rows["value"].to_numpy(dtype=float) / scale, np.nan)
    share = CATALOGUE[rows["outcome"].iloc[0]].family == "share"
    size = rows["denominator"].to_numpy(dtype=float) / scale if share else cells.size
    known = np.isfinite(count) & np.isfinite(size)
    common = float(count[known].sum() / size[known].sum()) if known.any() else 0.0
    new = common * (1 - common) if share else common
    place, row = np.unique(2 * cells.district + after, return_inverse=True)
    sums = [np.bincount(row[known], weights=values[known], minlength=len(place)) for values in (count, size)]
    own = np.divide(sums[0], sums[1], out=np.zeros(len(place)), where=sums[1] > 0)
    tables = np.full((2, len(cells.treated), cells.n_periods), np.nan)
    tables[after, cells.district, cells.period] = count - own[row] * size
    exposure = np.bincount(cells.district, weights=cells.size) / np.bincount(cells.district)
    leaving = rate_of_leaving((tables[0], tables[1]), new * exposure, there)
    periods = np.bincount(row)
    if leaving is None:
        return np.ones(len(place)), np.ones(len(place))
    at = [np.unique(cells.period[after == side]) for side in (0, 1)]
    both = shared(leaving, at[0], at[1], there) if all(map(len, at)) else 0.0
    return design_effect(leaving, periods, there), design_effect(leaving, periods, there, both)


def before_and_after(cells: Cells, after: NDArray[np.int64]) -> Cells:
    """The sums of each district over its periods before (``after`` (N,) is 0) and after (1), at most 2 G cells.

    Raises RefusedError as :class:`sverige_did.bayes.models.district_effects.Cells`.
    """
    place, row = np.unique(2 * cells.district + after, return_inverse=True)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(row, weights=values, minlength=len(place))

    return Cells(
        district=place // 2,
        period=place % 2,
        treated=cells.treated,
        dose=total(cells.dose) / np.bincount(row),
        low=total(cells.low),
        high=total(cells.high),
        size=total(cells.size),
    )


def _from_zero(period: NDArray[np.int64]) -> NDArray[np.int64]:
    return period - period.min()


def _residents(panel: Panel, study: PanelStudy, labels: NDArray[np.str_]) -> NDArray[np.float64] | None:
    """(G,) what districts are weighed by, and the size of a bare count; None where the panel has not all of them."""
    mean = np.asarray(children(panel, RESIDENTS, study).reindex(labels), dtype=np.float64)
    return mean if (mean > 0).all() else None


def _coded(rows: pd.DataFrame, labels: NDArray[np.str_], study: PanelStudy) -> pd.DataFrame:
    """The rows with codes for district and period, whether the period is of the plan's windows, and the dose."""
    windows = windows_of_cells(rows, study.periods)
    treated = rows["group"] == "treated"
    days = (rows["end"] - rows["start"]).dt.days + 1
    return rows.assign(
        district=np.searchsorted(labels, rows["unit"].to_numpy(dtype=str)),
        at=pd.factorize(rows["start"], sort=True)[0],
        treated=treated,
        dose=(treated & windows.after).astype(float),
        inside=windows.inside,
        after=windows.after,
        length=days / np.where(rows["start"].dt.is_leap_year, 366.0, 365.0),
    )


def _numbers(
    rows: pd.DataFrame, outcome: str, residents: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest count and the size of every row, (N,) each."""
    there = rows["kind"].iloc[0] == "person_years"
    scale = rows["length"].to_numpy(dtype=float) if there else np.ones(len(rows))
    district = rows["district"].to_numpy()
    value = rows["value"].to_numpy(dtype=float) / scale
    exact = (rows["status"] == "exact").to_numpy()
    whole = whole_numbers(np.where(exact, value, np.nan), district)
    low = np.where(exact, whole, np.floor(rows["low"].to_numpy(dtype=float) / scale))
    high = np.where(exact, whole, np.ceil(rows["high"].to_numpy(dtype=float) / scale))
    denominator = rows["denominator"].to_numpy(dtype=float) / scale
    if CATALOGUE[outcome].family == "share":
        rest = whole_numbers(np.where(exact, denominator - value, np.nan), district)
        return low, high, np.where(exact, whole + rest, np.round(denominator))
    if np.isnan(denominator).all():
        size = np.ones(len(low)) if residents is None else (residents / residents.mean())[district]
        return low, high, size
    return low, high, denominator / CATALOGUE[outcome].per


def whole_numbers(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Whole numbers (N,) whose sum over any stretch of a group's rows, in their order, is within one of the true sum.

    A mean number of children in a period is seldom whole. Rounding each by itself would add up to a bias; the running
    total is rounded instead, and what is missing stays missing.
    """
    out = np.full(len(values), np.nan)
    for one in np.unique(group):
        mine = np.flatnonzero((group == one) & np.isfinite(values))
        out[mine] = np.diff(np.floor(np.cumsum(values[mine]) + 0.5), prepend=0.0)
    return out
