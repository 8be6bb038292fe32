"""Event study with one go-live: Y_dt = alpha_d + lambda_t + sum over s != ref of beta_s 1[t = s] D_d + e_dt.

Bands are uniform over the event times (sup-t; Montiel Olea & Plagborg-Moller 2019, J. Applied Econometrics):
beta_s +- c se_s, where c is a quantile of max over s of |Z_s| / se_s and Z is normal with the covariance handed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sverige_did.did.arrays import Bands, BoolArray, DistrictPanel, FloatArray, IntArray, Weighting
from sverige_did.errors import refuse


@dataclass(frozen=True, slots=True, eq=False)
class LinearDesign:
    """What cluster-robust inference needs: the regression as arrays.

    ``y`` (N,), ``X`` (N, p) of full column rank with the regressors of interest first, ``names`` of those,
    ``weights`` (N,), ``cluster`` (N,) district codes.
    """

    y: FloatArray
    X: FloatArray
    names: tuple[str, ...]
    weights: FloatArray
    cluster: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class EventStudy:
    """Effects by period: ``period`` (S,) ascending without ``reference``; ``estimate`` (S,); ``after`` (S,)."""

    period: FloatArray
    estimate: FloatArray
    after: BoolArray
    reference: float


def event_study_design(
    panel: DistrictPanel, reference: float | None = None, weighting: Weighting = "equal"
) -> LinearDesign:
    """The regression as arrays; its first S columns are the event-time indicators, named by period.

    Beside them stand district and period dummies (the first district and period are the base). ``reference`` is the
    omitted period, by default the last one before go-live.

    Raises RefusedError: ``did_staggered``, ``did_reference`` (unknown, or not before go-live),
    ``did_not_identified``.
    """
    shown = panel.periods[panel.periods != _reference(panel, reference)]
    indicators = (panel.periods[panel.time][:, None] == shown) & panel.ever_treated[panel.unit][:, None]
    districts, periods = np.unique(panel.unit), np.unique(panel.time)[1:]
    dummies = [panel.unit[:, None] == districts, panel.time[:, None] == periods]
    X = np.column_stack([indicators, *dummies]).astype(np.float64)
    names = tuple(f"{p:g}" for p in shown)
    if np.linalg.matrix_rank(X) < X.shape[1]:
        raise refuse("did_not_identified", found=", ".join(names))
    return LinearDesign(panel.level, X, names, panel.unit_weights(weighting)[panel.unit], panel.unit)


def event_study(panel: DistrictPanel, reference: float | None = None, weighting: Weighting = "equal") -> EventStudy:
    """Point estimates in the unit of the outcome. Raises as :func:`event_study_design`."""
    design = event_study_design(panel, reference, weighting)
    root = np.sqrt(design.weights)
    beta = np.linalg.lstsq(design.X * root[:, None], design.y * root)[0][: len(design.names)]
    base = _reference(panel, reference)
    shown = panel.periods[panel.periods != base]
    return EventStudy(shown, beta, shown >= panel.go_live(), base)


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


def _reference(panel: DistrictPanel, asked: float | None) -> float:
    before = panel.periods[panel.periods < panel.go_live()]
    base = float(before[-1]) if asked is None else asked
    if base not in before:
        raise refuse("did_reference", found=f"{base:g}", expected=", ".join(f"{p:g}" for p in before))
    return base


def _standard_errors(estimate: FloatArray, covariance: FloatArray) -> FloatArray:
    if covariance.shape != (estimate.size, estimate.size) or not np.allclose(covariance, covariance.T):
        raise refuse("did_covariance", found=str(covariance.shape), expected=f"({estimate.size}, {estimate.size})")
    variance = np.diag(covariance)
    if not (np.isfinite(variance) & (variance > 0)).all():
        raise refuse("did_covariance", found=str(variance.min()))
    return np.sqrt(variance)
