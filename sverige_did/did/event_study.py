"""Event study with one go-live: Y_dt = alpha_d + lambda_t + sum over s != ref of beta_s 1[t = s] D_d + e_dt.

Bands are uniform over the event times (sup-t; Montiel Olea & Plagborg-Moller 2019, J. Applied Econometrics):
beta_s +- c se_s, where c is a quantile of max over s of |Z_s| / se_s and Z is normal with the covariance handed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sverige_did.did.arrays import Bands, DistrictPanel, FloatArray, IntArray, Weighting
from sverige_did.did.linked_periods import period_effects
from sverige_did.errors import RefusedError, refuse


@dataclass(frozen=True, slots=True, eq=False)
class EventStudy:
    """Effects by period, and the regression as cluster-robust inference needs it.

    ``period`` (S,) ascending without ``reference``, the last one that both sides have before go-live; ``estimate``
    (S,). ``y`` (N,); ``indicators`` (N, S) of event times and ``later`` (N, T - 1) of the periods after the first;
    ``weights`` (N,); ``cluster`` (N,) district codes.
    """

    period: FloatArray
    estimate: FloatArray
    reference: float
    y: FloatArray
    indicators: FloatArray
    later: FloatArray
    weights: FloatArray
    cluster: IntArray

    @property
    def regressors(self) -> FloatArray:
        """(N, p) all regressors, of full column rank: the event-time indicators, the districts, the periods."""
        districts = (self.cluster[:, None] == np.unique(self.cluster)).astype(np.float64)
        return np.column_stack([self.indicators, districts, self.later])


def event_study(panel: DistrictPanel, weighting: Weighting = "equal") -> EventStudy:
    """Point estimates in the unit of the outcome, of event-time indicators beside district and period dummies.

    A period that no treated or no control district has holds no effect: it is not shown, and none is held against it.

    Raises RefusedError: ``did_staggered``, ``did_not_identified``.
    """
    treated = panel.ever_treated[panel.unit]
    rows = [np.bincount(panel.time[side], minlength=panel.periods.size) for side in (treated, ~treated)]
    common = panel.periods[(rows[0] > 0) & (rows[1] > 0)]
    before = common[common < panel.go_live()]
    if not before.size:
        raise refuse("did_not_identified", found="-")
    base = float(before[-1])
    shown = common[common != base]
    indicators = ((panel.periods[panel.time][:, None] == shown) & treated[:, None]).astype(np.float64)
    later = (panel.time[:, None] == np.unique(panel.time)[1:]).astype(np.float64)
    weights = panel.unit_weights(weighting)
    try:
        beta = _since(panel, weights, True, base, shown) - _since(panel, weights, False, base, shown)
    except RefusedError as error:
        raise refuse("did_not_identified", found=", ".join(f"{p:g}" for p in shown)) from error
    return EventStudy(shown, beta, base, panel.level, indicators, later, weights[panel.unit], panel.unit)


def _since(panel: DistrictPanel, weights: FloatArray, arm: bool, base: float, shown: FloatArray) -> FloatArray:
    """How the periods ``shown`` differ from ``base`` in one arm. The arms share no coefficient but that of ``base``,
    whose effect is none: the regression of both is that of each."""
    mine = panel.ever_treated == arm
    level = panel.wide()[mine]
    there = np.isfinite(level)
    seen = there.any(axis=0)
    effects = np.zeros(seen.size)
    effects[seen] = period_effects(level[:, seen], weights[mine, None] * there[:, seen])
    return np.asarray(effects[np.isin(panel.periods, shown)] - effects[panel.periods == base])


def sup_t_bands(
    estimate: FloatArray, covariance: FloatArray, *, rng: np.random.Generator, level: float = 0.95, draws: int = 20_000
) -> Bands:
    """Simultaneous bands for ``estimate`` (S,) with ``covariance`` (S, S), which may be singular.

    Raises RefusedError: ``did_covariance`` (shape, symmetry, a zero variance or a negative eigenvalue).
    """
    se = _standard_errors(estimate, covariance)
    correlation = covariance / np.outer(se, se)
    values, vectors = np.linalg.eigh(correlation)
    if values.min() < -1e-8 * estimate.size:
        raise refuse("did_covariance", found=f"{values.min():g}")
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    largest = np.abs(rng.standard_normal((draws, estimate.size)) @ root.T).max(axis=1)
    critical = float(np.quantile(largest, level))
    return Bands(estimate - critical * se, estimate + critical * se, critical, level)


def _standard_errors(estimate: FloatArray, covariance: FloatArray) -> FloatArray:
    if covariance.shape != (estimate.size, estimate.size) or not np.allclose(covariance, covariance.T):
        raise refuse("did_covariance", found=str(covariance.shape), expected=f"({estimate.size}, {estimate.size})")
    variance = np.diag(covariance)
    if not (np.isfinite(variance) & (variance > 0)).all():
        raise refuse("did_covariance", found=str(variance.min()))
    return np.sqrt(variance)
