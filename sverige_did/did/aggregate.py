"""Averages of group-time effects (Callaway & Sant'Anna 2021, section 3): simple, dynamic, group and calendar.

With p_g = P(G = g) and t >= g:

    simple      sum p_g ATT(g, t) / sum p_g over all g and t
    dynamic     at e: sum p_g ATT(g, g + e) / sum p_g over the g seen at e;      overall: mean over e >= 0
    group       at g: mean of ATT(g, t) over t;                                  overall: mean over g by p_g
    calendar    at t: sum p_g ATT(g, t) / sum p_g over the g treated by t;       overall: mean over t

The p_g are estimates, and their influence is part of the standard errors. Limits are Student's, with Satterthwaite's
degrees of freedom over cohorts: a variance that rests on few districts of one cohort says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from sverige_did.did.arrays import Bands, Weighting
from sverige_did.did.normal import normal_estimate
from sverige_did.did.staggered import GroupTime, multiplier_bootstrap
from sverige_did.errors import option, refuse
from sverige_did.results.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sverige_did.did.arrays import BoolArray, FloatArray

Aggregation = Literal["simple", "dynamic", "group", "calendar"]
IQR = float(ndtri(0.75) - ndtri(0.25))


@dataclass(frozen=True, slots=True, eq=False)
class Aggregated:
    """Averages ``at`` (H,) event times, cohorts or periods (one nan for simple), and over them all.

    ``estimate``, ``std_error`` (H,), ``overall``, ``overall_std_error`` in the unit of the outcome; ``influence``
    (C, H) by cluster, scaled so that Var = sum of squares; ``weighting`` is that of the districts. A standard error is
    nan when a cohort in a single cluster finds too few others to borrow from, or the controls live in a single cluster.
    ``overall_df``: degrees of freedom of the overall one.
    """

    kind: Aggregation
    at: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    influence: FloatArray
    overall: float
    overall_std_error: float
    overall_df: float
    weighting: Weighting


def aggregate(effects: GroupTime, kind: Aggregation) -> Aggregated:
    """One of the four averages; the dynamic one also covers the periods before go-live (e < 0).

    Raises RefusedError ``did_groups_empty`` when no effect after go-live is among the pairs.
    """
    option("kind", kind, Aggregation)
    if not (effects.event_time >= 0).any():
        raise refuse("did_groups_empty", found="0")
    at, estimate, influence = _RULES[kind](effects)
    overall, overall_influence = _overall(effects, kind, at, estimate, influence)
    return Aggregated(
        kind=kind,
        at=at,
        estimate=estimate,
        std_error=_norms(influence),
        influence=influence,
        overall=overall,
        overall_std_error=float(_norms(overall_influence[:, None])[0]),
        overall_df=float(degrees_of_freedom(effects, overall_influence[:, None])[0]),
        weighting=effects.weighting,
    )


def overall_estimate(aggregated: Aggregated, *, scale: str, level: float = 0.95) -> Estimate:
    """The overall average with Student's interval, or without one when its variance cannot be estimated."""
    return normal_estimate(
        aggregated.overall,
        aggregated.overall_std_error,
        scale=scale,
        estimand=f"att_{aggregated.kind}",
        estimator="callaway_santanna",
        inference="influence_function",
        level=level,
        weighting=aggregated.weighting,
        df=aggregated.overall_df,
    )


def bootstrap_bands(
    estimate: FloatArray, influence: FloatArray, *, rng: np.random.Generator, level: float = 0.95, draws: int = 999
) -> Bands:
    """Simultaneous bands for estimates (H,) with ``influence`` (C, H) (Callaway & Sant'Anna 2021, algorithm 1).

    Standard errors are interquartile ranges of the draws over that of a standard normal. An estimate without
    an estimable variance gets nan limits, one without any variance (the base period) limits of zero width;
    neither counts in the maximum.
    """
    deviation = multiplier_bootstrap(influence, rng=rng, draws=draws)
    low, high = np.quantile(deviation, [0.25, 0.75], axis=0)
    se = (high - low) / IQR
    varies = np.isfinite(se) & (se > 0)
    critical = float(np.quantile(np.abs(deviation[:, varies] / se[varies]).max(axis=1), level)) if varies.any() else 0.0
    return Bands(estimate - critical * se, estimate + critical * se, critical, level)


def degrees_of_freedom(effects: GroupTime, influence: FloatArray) -> FloatArray:
    """Satterthwaite's (m,) of averages with ``influence`` (C, m), one where nothing varies.

    (sum V_g)^2 / sum V_g^2 / df_g over the groups of rows.
    """
    found = np.ones(influence.shape[1])
    for at, column in enumerate(influence.T):
        v = np.bincount(effects.group, np.square(column), effects.group_df.size)
        if v.any():
            found[at] = v.sum() ** 2 / (v**2 / effects.group_df).sum()
    return found


def _norms(influence: FloatArray) -> FloatArray:
    return np.sqrt(np.square(influence).sum(axis=0))


def _by_share(effects: GroupTime, keep: BoolArray) -> tuple[float, FloatArray]:
    """Average of the kept pairs by p_g, with the influence of the estimated weights."""
    return _share_average(effects, effects.cohort[keep], effects.estimate[keep], effects.influence[:, keep])


def _share_average(
    effects: GroupTime, cohort: FloatArray, value: FloatArray, influence: FloatArray
) -> tuple[float, FloatArray]:
    g = np.searchsorted(effects.cohorts, cohort)
    whole = effects.share[g].sum()
    weight = effects.share[g] / whole
    of_share = effects.share_influence[:, g]
    of_weight = of_share / whole - of_share.sum(axis=1, keepdims=True) * weight / whole
    return float(weight @ value), influence @ weight + of_weight @ value


def _stack(parts: list[tuple[float, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    return np.array([value for value, _ in parts]), np.column_stack([influence for _, influence in parts])


def _simple(effects: GroupTime) -> tuple[FloatArray, FloatArray, FloatArray]:
    return np.array([np.nan]), *_stack([_by_share(effects, effects.event_time >= 0)])


def _dynamic(effects: GroupTime) -> tuple[FloatArray, FloatArray, FloatArray]:
    at = np.unique(effects.event_time)
    return at.astype(np.float64), *_stack([_by_share(effects, effects.at(e)) for e in at])


def _calendar(effects: GroupTime) -> tuple[FloatArray, FloatArray, FloatArray]:
    after = effects.event_time >= 0
    at = np.unique(effects.period[after])
    return at, *_stack([_by_share(effects, after & (effects.period == t)) for t in at])


def _group(effects: GroupTime) -> tuple[FloatArray, FloatArray, FloatArray]:
    after = effects.event_time >= 0
    at = np.unique(effects.cohort[after])
    rows = [after & (effects.cohort == g) for g in at]
    return at, *_stack([(float(effects.estimate[r].mean()), effects.influence[:, r].mean(axis=1)) for r in rows])


def _overall(
    effects: GroupTime, kind: Aggregation, at: FloatArray, estimate: FloatArray, influence: FloatArray
) -> tuple[float, FloatArray]:
    if kind != "group":
        chosen = at >= 0 if kind == "dynamic" else np.ones(at.size, dtype=bool)
        return float(estimate[chosen].mean()), influence[:, chosen].mean(axis=1)
    return _share_average(effects, at, estimate, influence)


_RULES: dict[Aggregation, Callable[[GroupTime], tuple[FloatArray, FloatArray, FloatArray]]] = {
    "simple": _simple,
    "dynamic": _dynamic,
    "group": _group,
    "calendar": _calendar,
}
