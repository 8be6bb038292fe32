"""Group-time effects under staggered go-lives (Callaway & Sant'Anna 2021, JoE 225:200), without covariates.

    ATT(g, t) = E[Y_t - Y_b | G = g] - E[Y_t - Y_b | controls],  b the last period before g - anticipation

Everything is computed from sums over sufficient cells (cluster x cohort): the estimates and the cluster sums of
the influence functions need no district-level matrix, and a bootstrap draw is one row of a matrix product over
clusters. A cohort that lives in a single cluster shows nothing of its own variance: it borrows what the districts of
the other cohorts deviate from the mean of theirs over the same two dates, as rows of their own below the clusters.
Where no cohort can lend, or the controls live in a single cluster, the influence and the standard error are nan, never
a number that is silently too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.did.arrays import BoolArray, DistrictPanel, FloatArray, IntArray, Weighting
from sverige_did.did.calendar import times_since
from sverige_did.did.rounding import cleared, columns_cleared, noise
from sverige_did.did.scales import require
from sverige_did.errors import option, refuse

NEAR = 0.05
"""Share of the shortest step between periods within which two numbers are the same period."""

Control = Literal["never", "not_yet"]
Base = Literal["varying", "universal"]
"""Pre-period effects against the period just before (varying) or against the period before go-live (universal)."""

FEWEST_LENT = 2
"""With fewer degrees of freedom in the other cohorts, nothing is lent: one says next to nothing about a variance."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupTime:
    """ATT(g, t) for M pairs of cohort and period, in the unit of the outcome.

    ``cohort``, ``period``, ``event_time`` (steps of the calendar since go-live, calendar.py), ``estimate``,
    ``std_error``, ``n_treated``, ``n_control`` (M,), the counts of districts that are seen at both dates. ``empty``
    (M,): the period is the base period itself, so that there is nothing to estimate.
    ``influence`` (C, M) holds cluster sums scaled so that Var = sum over c of influence^2; below the clusters stand
    the districts that lend to a cohort in a single one. ``group`` (C,) says whose variance a row is a part of (that of
    a cohort, of the never treated, or a loan) and ``group_df`` how many degrees of freedom each group has. ``cohorts``
    (K,) with ``share`` (K,) = P(G = g) among all districts and ``share_influence`` (C, K). ``lost`` (M,) counts treated
    and control districts that the pair needs but that miss one of its two dates; ``unseen`` holds the pairs (cohort,
    period) for which no treated or no control district has both, so that they have no estimate. ``weighting`` is that
    of the districts.
    """

    cohort: FloatArray
    period: FloatArray
    event_time: IntArray
    estimate: FloatArray
    std_error: FloatArray
    n_treated: IntArray
    n_control: IntArray
    lost: IntArray
    influence: FloatArray
    group: IntArray
    group_df: FloatArray
    cohorts: FloatArray
    share: FloatArray
    share_influence: FloatArray
    unseen: tuple[tuple[float, float], ...]
    weighting: Weighting
    empty: BoolArray

    def at(self, event_time: float) -> BoolArray:
        """(M,) the pairs of one event time; the base period of one cohort, a period before which is missing, is none
        beside effects of others."""
        there: BoolArray = self.event_time == event_time
        effects: BoolArray = there & ~self.empty
        return effects if effects.any() else there


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """U districts summed into P sufficient cells (cluster x cohort).

    ``table`` (U, T), ``weights`` and ``of_unit`` (U,) say which district is in which cell. Of a cell: ``cohort`` (P,)
    is an index into cohorts, K meaning untreated; ``clean`` (P,) counts the periods before it is treated or
    anticipates, T for never; ``sums`` (P, T) weighted outcomes, None when the panel is incomplete; ``total`` weight and
    ``count`` of districts.
    """

    table: FloatArray
    weights: FloatArray
    of_unit: IntArray
    cohort: IntArray
    clean: IntArray
    cluster: IntArray
    n_clusters: int
    sums: FloatArray | None
    total: FloatArray
    count: FloatArray


class _Pair(NamedTuple):
    """One ATT(g, t): indices of cohort, period and base period."""

    g: int
    t: int
    base: int


class Pairing(NamedTuple):
    """One ATT(g, t) as districts (U,): who is compared, and the change of each since the base period.

    ``empty``: the period is the base period itself.
    """

    cohort: float
    period: float
    treated: BoolArray
    control: BoolArray
    change: FloatArray
    empty: bool


class _Loan(NamedTuple):
    """What other cohorts lend: ``rows`` (U,), whose squares add up to the variance of one district's change."""

    rows: FloatArray
    df: int


class _Contrast(NamedTuple):
    """One ATT(g, t) with the cluster sums (C,) of its influence, and the districts behind it and lost to it.

    ``loan`` is what the districts of other cohorts lend to one in a single cluster; None where it needs none.
    """

    estimate: float
    influence: FloatArray
    loan: _Loan | None
    n_treated: int
    n_control: int
    lost: int

    @property
    def seen(self) -> bool:
        """Whether a treated and a control district have both dates."""
        return self.n_treated > 0 and self.n_control > 0


def group_time_effects(
    panel: DistrictPanel,
    control: Control = "never",
    base: Base = "varying",
    *,
    anticipation: float = 0.0,
    weighting: Weighting = "equal",
    cluster: IntArray | None = None,
) -> GroupTime:
    """All ATT(g, t) that the panel identifies.

    ``control``: never treated within the panel's periods (some are: each period has a control), or not yet
    treated at either date. ``anticipation`` is how long before go-live districts may already change, in the unit of the
    panel's periods (1/12 for a month where they are years): every period that begins within it counts as anticipated,
    for the base period of a cohort and for its districts as controls of others. ``cluster`` (U,) are codes of what is
    resampled, by default the districts themselves.

    Raises RefusedError: ``unknown_option``, ``out_of_range`` (an anticipation below 0), ``did_no_pre_period``
    (anticipation eats a cohort's base period), ``did_lengths``, ``did_groups_empty`` (nowhere do a treated and a
    control district have both dates).
    """
    option("control", control, Control)
    option("base", base, Base)
    require("anticipation", anticipation, 0, np.inf, open_high=True)
    cohorts = np.unique(panel.treated_from[panel.ever_treated])
    if cluster is not None and cluster.shape != (panel.n_units,):
        raise refuse("did_lengths", found=str(cluster.shape), expected=str((panel.n_units,)))
    clean = _clean_periods(panel.periods, panel.treated_from, anticipation)
    cells = _sufficient_cells(panel, cohorts, weighting, cluster, clean)
    pairs = _pairs(panel.periods, cohorts, base, _clean_periods(panel.periods, cohorts, anticipation))
    found = [(pair, _contrast(cells, pair, _controls(cells, pair, control))) for pair in pairs]
    kept = [(pair, contrast) for pair, contrast in found if contrast.seen]
    if not kept:
        raise refuse("did_groups_empty", found="0")
    g, t = np.array([[pair.g, pair.t] for pair, _ in kept]).T
    influence, group, group_df = _rows(cells, kept, cohorts.size)
    least = noise(cells.table)
    influence = columns_cleared(influence, least)
    share, share_influence = _shares(cells, cohorts.size)
    share_influence = np.vstack([share_influence, np.zeros((len(influence) - len(share_influence), cohorts.size))])
    return GroupTime(
        cohort=cohorts[g],
        period=panel.periods[t],
        event_time=times_since(panel.periods, cohorts)[g, t],
        estimate=cleared(np.array([contrast.estimate for _, contrast in kept]), least),
        std_error=np.sqrt(np.square(influence).sum(axis=0)),
        n_treated=np.array([contrast.n_treated for _, contrast in kept]),
        n_control=np.array([contrast.n_control for _, contrast in kept]),
        lost=np.array([contrast.lost for _, contrast in kept]),
        influence=influence,
        group=group,
        group_df=group_df,
        cohorts=cohorts,
        share=share,
        share_influence=share_influence,
        unseen=tuple((float(cohorts[p.g]), float(panel.periods[p.t])) for p, contrast in found if not contrast.seen),
        weighting=weighting,
        empty=np.array([pair.t == pair.base for pair, _ in kept]),
    )


def compared_pairs(
    panel: DistrictPanel, control: Control = "never", base: Base = "varying", anticipation: float = 0.0
) -> list[Pairing]:
    """Every pair that :func:`group_time_effects` looks at, in its order, with the districts seen at both dates."""
    option("control", control, Control)
    option("base", base, Base)
    cohorts, table = np.unique(panel.treated_from[panel.ever_treated]), panel.wide()
    clean = _clean_periods(panel.periods, panel.treated_from, anticipation)
    found = []
    for pair in _pairs(panel.periods, cohorts, base, _clean_periods(panel.periods, cohorts, anticipation)):
        change = table[:, pair.t] - table[:, pair.base]
        mine = panel.treated_from == cohorts[pair.g]
        latest = panel.periods.size - 1 if control == "never" else max(pair.t, pair.base)
        seen = np.isfinite(change)
        found.append(
            Pairing(
                cohort=float(cohorts[pair.g]),
                period=float(panel.periods[pair.t]),
                treated=mine & seen,
                control=(clean > latest) & ~mine & seen,
                change=change,
                empty=pair.t == pair.base,
            )
        )
    return found


def multiplier_bootstrap(influence: FloatArray, *, rng: np.random.Generator, draws: int = 999) -> FloatArray:
    """(draws, m) bootstrap deviations of m estimates: sums over clusters of +-1 multipliers times ``influence``.

    Callaway & Sant'Anna 2021, algorithm 1, with Rademacher multipliers; the same multiplier serves every estimate
    of a draw, so the joint distribution is kept. ``influence`` (C, m) is scaled as in :class:`GroupTime`.
    """
    clusters = influence.shape[0]
    column_sum = influence.sum(axis=0)
    out = np.empty((draws, influence.shape[1]))
    block = max(1, 4_000_000 // clusters)
    for first in range(0, draws, block):
        size = min(block, draws - first)
        bits = np.unpackbits(rng.integers(0, 256, (size, -(-clusters // 8)), dtype=np.uint8), axis=1, count=clusters)
        out[first : first + size] = 2 * (bits.astype(np.float64) @ influence) - column_sum
    return out


def _clean_periods(periods: FloatArray, starts: FloatArray, anticipation: float) -> IntArray:
    """How many periods lie before districts that start at ``starts`` are treated or anticipate; all T for never (nan).

    A sum such as 2013 + 2/12 - 1/12 is no period to the last digit, and 0.083 no month: what lies near a period is it.
    """
    return np.searchsorted(periods, starts - anticipation - NEAR * np.diff(periods).min())


def _sufficient_cells(
    panel: DistrictPanel, cohorts: FloatArray, weighting: Weighting, cluster: IntArray | None, clean: IntArray
) -> _Cells:
    table = panel.wide()
    weights = panel.unit_weights(weighting)
    cohort = np.where(panel.ever_treated, np.searchsorted(cohorts, panel.treated_from), cohorts.size)
    codes = np.arange(panel.n_units) if cluster is None else pd.factorize(cluster, sort=True)[0]
    shape = (int(codes.max()) + 1, cohorts.size + 1, panel.periods.size + 1)
    of_unit, keys = pd.factorize(np.ravel_multi_index((codes, cohort, clean), shape), sort=True)
    in_cluster, of_cohort, its_clean = np.unravel_index(keys, shape)
    sums = None
    if np.isfinite(table).all():
        sums = np.column_stack([np.bincount(of_unit, weights * column, keys.size) for column in table.T])
    return _Cells(
        table=table,
        weights=weights,
        of_unit=of_unit,
        cohort=of_cohort,
        clean=its_clean,
        cluster=in_cluster,
        n_clusters=shape[0],
        sums=sums,
        total=np.bincount(of_unit, weights, keys.size),
        count=np.bincount(of_unit, minlength=keys.size).astype(np.float64),
    )


def _pairs(periods: FloatArray, cohorts: FloatArray, base: Base, clean: IntArray) -> list[_Pair]:
    pairs = []
    for g, cohort in enumerate(cohorts):
        before = int(clean[g]) - 1
        if before < 0:
            raise refuse("did_no_pre_period", found=f"{cohort:g}")
        for t, period in enumerate(periods):
            if period >= cohort or base == "universal":
                pairs.append(_Pair(g, t, before))
            elif t > 0:
                pairs.append(_Pair(g, t, t - 1))
    return pairs


def _controls(cells: _Cells, pair: _Pair, control: Control) -> BoolArray:
    latest = cells.table.shape[1] - 1 if control == "never" else max(pair.t, pair.base)
    chosen: BoolArray = (cells.clean > latest) & (cells.cohort != pair.g)
    return chosen


def _changes(cells: _Cells, pair: _Pair) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per cell (P,): weighted sum of Y_t - Y_base, weight and number of the districts seen at both dates."""
    if cells.sums is not None:
        return cells.sums[:, pair.t] - cells.sums[:, pair.base], cells.total, cells.count
    change = cells.table[:, pair.t] - cells.table[:, pair.base]
    seen = np.isfinite(change)
    weight = np.where(seen, cells.weights, 0.0)
    size = cells.total.size
    return (
        np.bincount(cells.of_unit, weight * np.where(seen, change, 0.0), size),
        np.bincount(cells.of_unit, weight, size),
        np.bincount(cells.of_unit, seen, size),
    )


def _contrast(cells: _Cells, pair: _Pair, controls: BoolArray) -> _Contrast:
    change, weight, count = _changes(cells, pair)
    estimate, influence, loan = 0.0, np.zeros(cells.n_clusters), None
    numbers, needed = [], 0
    for members, sign in ((cells.cohort == pair.g, 1.0), (controls, -1.0)):
        own, of, number, cluster = change[members], weight[members], count[members], cells.cluster[members]
        numbers.append(int(number.sum()))
        needed += int(cells.count[members].sum())
        if not numbers[-1]:
            continue
        total = of.sum()
        mean = own.sum() / total
        estimate += sign * mean
        influence += np.bincount(cluster, sign * (own - of * mean) / total, cells.n_clusters)
        clusters = np.count_nonzero(np.bincount(cluster, number))
        if clusters < 2 and pair.t != pair.base:
            loan = _loan(cells, pair) if sign > 0 else None
            if loan is None:
                influence = np.full(cells.n_clusters, np.nan)
    return _Contrast(float(estimate), influence, loan, numbers[0], numbers[1], needed - sum(numbers))


def _loan(cells: _Cells, pair: _Pair) -> _Loan | None:
    """Changes between the two dates of the pair around the mean of each other cohort, every district counting the same.

    None where fewer than ``FEWEST_LENT`` degrees of freedom are to be had of districts that are seen at both.
    """
    change, cohort = cells.table[:, pair.t] - cells.table[:, pair.base], cells.cohort[cells.of_unit]
    lenders = np.isfinite(change) & (cohort < cells.cohort.max()) & (cohort != pair.g)
    codes, size = cohort[lenders], int(cells.cohort.max()) + 1
    count = np.bincount(codes, minlength=size)
    df = int(np.maximum(count - 1, 0).sum())
    if df < FEWEST_LENT:
        return None
    rows = np.zeros(change.size)
    mean = np.bincount(codes, change[lenders], size) / np.maximum(count, 1)
    rows[lenders] = (change[lenders] - mean[codes]) / np.sqrt(df)
    return _Loan(rows, df)


def _rows(
    cells: _Cells, kept: list[tuple[_Pair, _Contrast]], n_cohorts: int
) -> tuple[FloatArray, IntArray, FloatArray]:
    """The influence of all pairs with the loans below the clusters, whose variance a row is, and its df."""
    own = np.column_stack([contrast.influence for _, contrast in kept])
    of_cluster = np.zeros(cells.n_clusters, dtype=np.intp)
    of_cluster[cells.cluster] = cells.cohort
    blocks, df = [own], [max(1.0, n - 1.0) for n in np.bincount(of_cluster, minlength=n_cohorts + 1)]
    borrowers = sorted({pair.g for pair, contrast in kept if contrast.loan is not None})
    nothing = np.zeros(cells.table.shape[0])
    for g in borrowers:
        loans = [contrast.loan if pair.g == g else None for pair, contrast in kept]
        blocks.append(np.column_stack([nothing if loan is None else loan.rows for loan in loans]))
        df.append(float(min(loan.df for loan in loans if loan is not None)))
    lent = np.repeat(np.arange(len(borrowers)) + n_cohorts + 1, nothing.size)
    return np.vstack(blocks), np.concatenate([of_cluster, lent]), np.array(df)


def _shares(cells: _Cells, n_cohorts: int) -> tuple[FloatArray, FloatArray]:
    """P(G = g) (K,) and the cluster sums of its influence function (C, K)."""
    whole = cells.total.sum()
    by_cohort = np.bincount(cells.cohort, cells.total, n_cohorts + 1)[:n_cohorts] / whole
    by_cluster = np.zeros((cells.n_clusters, n_cohorts + 1))
    by_cluster[cells.cluster, cells.cohort] = cells.total
    size = np.bincount(cells.cluster, cells.total, cells.n_clusters)
    return by_cohort, (by_cluster[:, :n_cohorts] - size[:, None] * by_cohort) / whole
