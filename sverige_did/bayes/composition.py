"""Where placed children live: counts over K types that add up, so one type's gain is another's loss.

    eta_k,dt = mu_k + gamma_k D_d + alpha_k,d + lambda_k,t + eps_k,dt + tau_k E_dt,   p_dt = softmax(eta_dt)

Every term is zero-sum over the types, alpha also over districts and lambda over periods, so nothing is counted twice
and no type is the reference (method, section 5.2). Effects in percentage points sum to zero by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
from scipy.special import softmax

from sverige_did.bayes.priors import HalfNormal, Normal, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Built, Prior
    from sverige_did.bayes.sample import Fit

Tensor = Any


@dataclass(frozen=True, slots=True, eq=False)
class TypeCells:
    """The N cells of a panel of compositions: ``counts`` (N, K) by type, all known; the rest as in ``structure.Cells``.

    A number that disclosure control hid cannot be split between types and is refused; merge types first.
    Raises RefusedError: ``cells_lengths``, ``composition_counts``, ``cells_no_exposure``, ``cells_one_period``,
    ``cells_no_control``, ``cells_no_treated_after``.
    """

    district: NDArray[np.int64]
    period: NDArray[np.int64]
    treated: NDArray[np.bool_]
    dose: NDArray[np.float64]
    counts: NDArray[np.float64]

    def __post_init__(self) -> None:
        if len({len(self.district), len(self.period), len(self.dose), len(self.counts)}) != 1:
            raise refuse("cells_lengths")
        whole = np.isfinite(self.counts).all() and (self.counts >= 0).all() and (self.counts % 1 == 0).all()
        if not whole or self.counts.shape[1] < 2 or (self.counts.sum(axis=0) == 0).any():
            raise refuse("composition_counts")
        if (self.counts.sum(axis=1) == 0).any():
            raise refuse("cells_no_exposure")
        treated = self.treated[self.district]
        if len(np.unique(self.period)) < 2:
            raise refuse("cells_one_period")
        if treated.all():
            raise refuse("cells_no_control")
        if not (self.dose[treated] > 0).any() or (self.dose[~treated] != 0).any():
            raise refuse("cells_no_treated_after")


LEVEL = HalfNormal(1.5, "log_odds_sd", "priors.composition_level")
GAP = HalfNormal(0.5, "log_odds_sd", "priors.panel_gap")
EFFECT = HalfNormal(0.75, "log_odds_sd", "priors.composition_effect")
DISTRICT = HalfNormal(0.5, "log_odds_sd", "priors.panel_district")
DRIFT = HalfNormal(0.3, "log_odds_sd", "priors.panel_drift")
SHOCK = HalfNormal(0.3, "log_odds_sd", "priors.shock")
CONCENTRATION = Normal(float(np.log(60.0)), 1.0, "log_count", "priors.concentration")


@dataclass(frozen=True, slots=True)
class TypePriors:
    """Priors on the sds, over types, of each term of the predictor."""

    level: HalfNormal = LEVEL
    gap: HalfNormal = GAP
    effect: HalfNormal = EFFECT
    district: HalfNormal = DISTRICT
    drift: HalfNormal = DRIFT


def build_dirichlet_multinomial(
    cells: TypeCells, priors: TypePriors = TypePriors(), concentration: Normal = CONCENTRATION
) -> pm.Model:
    """Unfitted model y_dt ~ DirichletMultinomial(n_dt, kappa p_dt); ``concentration`` is the prior of log kappa.

    One kappa carries all that a district does on its own in a period; there is no eps.
    """
    with pm.Model(check_bounds=False) as model:
        eta, built = _predictor(cells, priors, {"log_kappa": concentration})
        shares = pm.math.softmax(eta, axis=1)
        counts = pm.Data("counts", cells.counts)
        a = pm.math.exp(built["log_kappa"]) * shares
        pm.DirichletMultinomial("y", n=counts.sum(axis=1), a=a, observed=counts)
    return model


def build_logistic_normal(cells: TypeCells, priors: TypePriors = TypePriors(), shock: HalfNormal = SHOCK) -> pm.Model:
    """Unfitted model y_dt ~ Multinomial(n_dt, p_dt) with eps_k,dt of sd ``shock``, independent over cells."""
    with pm.Model(check_bounds=False) as model:
        mean, built = _predictor(cells, priors, {"sigma_s": shock}, name="eta_mean")
        eta = mean + built.signed("sigma_s") * pm.ZeroSumNormal("shock_z", shape=cells.counts.shape)
        eta = pm.Deterministic("eta", eta, dims=("cell", "type"))
        counts = pm.Data("counts", cells.counts)
        pm.Multinomial("y", n=counts.sum(axis=1), p=pm.math.softmax(eta, axis=1), observed=counts)
    return model


def _predictor(
    cells: TypeCells, priors: TypePriors, extra: Mapping[str, Prior], name: str = "eta"
) -> tuple[Tensor, Built]:
    """The predictor (N, K) without shocks; draws hold it under ``name`` and tau (K,) under ``tau_type``."""
    n_types, n_districts, n_periods = cells.counts.shape[1], len(cells.treated), int(cells.period.max()) + 1
    scales = {"sd_level": priors.level, "sd_gap": priors.gap, "sd_effect": priors.effect,
              "sigma_alpha": priors.district, "sigma_lambda": priors.drift}  # fmt: skip
    built = build_priors({**scales, **extra})
    pm.modelcontext(None).add_coords({"cell": np.arange(len(cells.counts)), "type": np.arange(n_types)})
    index = pm.Data("index", np.stack([cells.district, cells.period]).astype("int64"))
    dose, flag = pm.Data("dose", cells.dose), pm.Data("treated", cells.treated.astype(float))
    level = built.signed("sd_level") * pm.ZeroSumNormal("level_z", shape=n_types)
    gap = built.signed("sd_gap") * pm.ZeroSumNormal("gap_z", shape=n_types)
    tau = pm.Deterministic(
        "tau_type", built.signed("sd_effect") * pm.ZeroSumNormal("tau_z", shape=n_types), dims="type"
    )
    district = flag[:, None] * gap + built.signed("sigma_alpha") * _zero_sum("district_z", n_districts, n_types)
    period = built.signed("sigma_lambda") * _zero_sum("period_z", n_periods, n_types)
    eta = level + district[index[0]] + period[index[1]] + dose[:, None] * tau
    return pm.Deterministic(name, eta, dims=("cell", "type")), built


def _zero_sum(name: str, rows: int, columns: int) -> Tensor:
    return pm.ZeroSumNormal(name, shape=(rows, columns), n_zerosum_axes=2)


def effect_on_types(fit: Fit, cells: TypeCells) -> NDArray[np.float64]:
    """ATT in percentage points by type, (draws, K), every treated cell weighing by its dose; each row sums to zero."""
    treated = np.flatnonzero(cells.dose > 0)
    eta, tau = fit.values("eta")[:, treated], fit.values("tau_type")
    change = tau[:, None, :] * cells.dose[treated][None, :, None]
    return average_type_effect(eta, change, cells.dose[treated] / cells.dose[treated].sum())


def average_type_effect(
    eta: NDArray[np.float64], change: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shares with the effect less shares without it, in percentage points: (draws, K) from two (draws, N, K)."""
    with_it, without = softmax(eta, axis=2), softmax(eta - change, axis=2)
    return np.asarray(100 * np.einsum("snk,n->sk", with_it - without, weights))


def ladder_balances(effect: NDArray[np.float64]) -> NDArray[np.float64]:
    """Isometric log-ratio balances (draws, K - 1) of effects on the log scale (draws, K), types from least to most
    intrusive: balance j sets rung j + 1 against the rungs below it, positive for a move up the ladder.
    """
    n = effect.shape[1]
    contrasts = np.zeros((n, n - 1))
    for j in range(1, n):
        contrasts[:j, j - 1] = -1 / j
        contrasts[j, j - 1] = 1.0
        contrasts[:, j - 1] *= np.sqrt(j / (j + 1))
    return np.asarray(effect @ contrasts)
