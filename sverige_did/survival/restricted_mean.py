"""How many of the first days pass without the event, before less during: a difference that needs no constant hazard.

The restricted mean time to an event within a horizon is the area above its cumulative incidence (Royston and Parmar
2013; with competing exits Andersen 2013). Its standard error is a jackknife: the difference is computed again without
each caseworker, whose cases are alike, or without each case. Leaving out whole clusters is the sampling error CR3 of a
mean; with G clusters the interval is from t with G - 1 degrees of freedom, and of several municipalities with those of
Satterthwaite (1946).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy

from sverige_did.errors import refuse
from sverige_did.survival.incidence import Areas, cumulative_incidence
from sverige_did.survival.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Part = Literal["without", "waiting", "after_event", "after_exit"]
"""Which of the days of the horizon are counted (``incidence.Areas``)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """During less before, in the unit of the levels, with its jackknife standard error and degrees of freedom.

    ``clusters`` is how many were left out in turn. ``std_error`` and ``df`` are None where too few are left.
    """

    before: float
    during: float
    std_error: float | None
    df: float | None
    clusters: int

    @property
    def estimate(self) -> float:
        """During less before."""
        return self.during - self.before

    def interval(self, level: float) -> tuple[float, float] | None:
        """The interval from t; None without a standard error."""
        if self.std_error is None or self.df is None:
            return None
        reach = float(scipy.stats.t.ppf((1 + level) / 2, self.df)) * self.std_error
        return self.estimate - reach, self.estimate + reach

    @property
    def p_value(self) -> float | None:
        """Two-sided p of no difference, from the same t."""
        if not self.std_error or self.df is None:
            return None
        return float(2 * scipy.stats.t.sf(abs(self.estimate) / self.std_error, self.df))


def followed_to(waits: Waits, horizon: float) -> bool:
    """Whether the curve is known up to the horizon: somebody was followed to it, or nobody waits any longer."""
    return bool(waits.days.max() >= horizon or waits.cause[waits.days == waits.days.max()].min() > 0)


def restricted_mean(
    waits: Waits,
    during: NDArray[np.bool_],
    horizon: float,
    cluster: NDArray[np.int64] | None = None,
    part: Part = "without",
) -> Difference:
    """Days of the ``horizon`` without the event (or another ``part`` of them), during less before.

    ``during`` (N,) is which cases count as during. ``cluster`` (N,) is what the jackknife leaves out, such as
    caseworkers; without it every case, in each arm by itself (Welch). A cluster whose cases are all there is of an arm
    cannot be left out: then there is no standard error.

    Raises RefusedError: ``arm_empty`` without cases before or during, ``not_followed`` when an arm was nowhere observed
    as long as the horizon.
    """
    arms = {"before": ~during, "during": during}
    for name, rows in arms.items():
        if not rows.any():
            raise refuse("arm_empty", arm=name)
        if not followed_to(waits[rows], horizon):
            raise refuse("not_followed", found=f"{waits.days[rows].max():.0f}", expected=f">= {horizon:.0f}", arm=name)
    seen = waits.until(horizon)

    def level(rows: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        areas: Areas = cumulative_incidence(seen[rows], weights[:, rows]).areas(horizon)
        return np.asarray(getattr(areas, part))

    labels = np.arange(len(waits)) if cluster is None else cluster
    groups = np.unique(labels)
    # The first row leaves nobody out.
    weights = np.concatenate([np.ones((1, len(waits))), (labels != groups[:, None]).astype(float)])
    levels = {name: level(rows, weights) for name, rows in arms.items()}
    before, now = float(levels["before"][0]), float(levels["during"][0])
    if cluster is None:
        variances = [_jackknife(levels[name][0], levels[name][1:][rows]) for name, rows in arms.items()]
        return _from_parts(before, now, variances, [1.0, 1.0], [int(rows.sum()) for rows in arms.values()])
    kept = [bool((weights[1:, rows].sum(axis=1) > 0).all()) for rows in arms.values()]
    change = levels["during"] - levels["before"]
    if not all(kept) or len(groups) < 2:
        return Difference(before, now, None, None, len(groups))
    return _from_parts(before, now, [_jackknife(change[0], change[1:])], [1.0], [len(groups)])


def _jackknife(whole: float, left: NDArray[np.float64]) -> float:
    """Variance from the estimates without each of G clusters, about the estimate from all: CR3."""
    return float((len(left) - 1) / len(left) * np.sum((left - whole) ** 2))


def _from_parts(
    before: float, during: float, variances: Sequence[float], weights: Sequence[float], clusters: Sequence[int]
) -> Difference:
    """The difference with the summed variance of its parts and Satterthwaite's degrees of freedom."""
    parts = np.square(weights) * np.asarray(variances)
    if min(clusters) < 2 or parts.sum() <= 0:
        return Difference(before, during, None, None, sum(clusters))
    df = parts.sum() ** 2 / np.sum(parts**2 / (np.asarray(clusters) - 1))
    return Difference(before, during, float(np.sqrt(parts.sum())), float(df), sum(clusters))


def pooled(differences: Sequence[Difference]) -> Difference:
    """The plain mean of the differences of several municipalities: what is said of these, and of no others.

    No standard error where one of them has none.
    """
    n = len(differences)
    before, during = (float(np.mean([getattr(one, arm) for one in differences])) for arm in ("before", "during"))
    errors = [one.std_error for one in differences]
    clusters = sum(one.clusters for one in differences)
    if any(error is None for error in errors):
        return Difference(before, during, None, None, clusters)
    parts = np.array([(error or 0.0) ** 2 for error in errors]) / n**2
    df = parts.sum() ** 2 / np.sum(parts**2 / np.array([one.df for one in differences], dtype=float))
    return Difference(before, during, float(np.sqrt(parts.sum())), float(df), clusters)


def over_municipalities(differences: Sequence[Difference]) -> Difference:
    """The same mean with the interval that G municipalities bear as the only clusters: t with G - 1 of them.

    What a municipality's cases share, such as a reform of its own in the same year, is then a part of the error
    (Ibragimov and Mueller 2010). With three the interval is 4.3 standard errors to either side, and no choice of signs
    can give a p below 1/4. Raises RefusedError ``too_few_municipalities`` with one.
    """
    if len(differences) < 2:
        raise refuse("too_few_municipalities", found=f"{len(differences)}", expected=">= 2")
    changes = np.array([one.estimate for one in differences])
    before, during = (float(np.mean([getattr(one, arm) for one in differences])) for arm in ("before", "during"))
    error = float(changes.std(ddof=1) / np.sqrt(len(changes)))
    return Difference(before, during, error, len(changes) - 1.0, len(changes))


def pseudo_values(waits: Waits, horizon: float) -> NDArray[np.float64]:
    """Each case's own part in the days without the event, (N,): n times the mean less n - 1 times that without the case
    (Andersen, Klein and Rosthoj 2003). Their mean is the estimate; a regression of them is one of waits cut short.
    """
    n = len(waits)
    seen = waits.until(horizon)
    whole = cumulative_incidence(seen).areas(horizon).without[0]
    left = cumulative_incidence(seen, 1.0 - np.eye(n)).areas(horizon).without
    return np.asarray(n * whole - (n - 1) * left)
