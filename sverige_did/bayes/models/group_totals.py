"""Two group totals in two periods, all that a published table gives: a Bayesian DiD that owns up to district shocks.

With one treated and one control total no interval can be read off the data alone (method, section 3.4). The
model adds what the totals hide, a shock to every district in every period, whose sd ``s`` the data cannot inform
and the prior therefore settles. Rows of all arrays: treated, control; columns: before, after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from sverige_did.bayes.models.effects import Effect, average_effect, percent
from sverige_did.bayes.priors import NEUTRAL, SHOCK, HalfNormal, Normal, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray
    from pytensor.tensor import TensorVariable

    from sverige_did.bayes.models.hidden_districts import Districts
    from sverige_did.bayes.sampling.sample import Fit

CELLS = ("treated_before", "treated_after", "control_before", "control_after")
COEFFICIENTS = np.array([[1.0, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0], [1, 0, 1, 0]])
"""Rows: CELLS. Columns: level, gap (treated), drift (after), tau (treated after)."""


@dataclass(frozen=True, slots=True)
class TotalsPriors:
    """Priors on the scale of the linear predictor: log-odds for shares, log-rate for rates.

    level: the control group before; gap: treated minus control before; drift: what changes for both;
    effect: tau, what changes for the treated alone; shock: sd s of one district in one period.
    """

    level: Normal
    baseline_difference: Normal
    period_sd: Normal
    effect: Normal
    shock: HalfNormal


SHARES = TotalsPriors(
    level=Normal(0.0, 1.5, "log_odds", "priors.total_level"),
    baseline_difference=Normal(0.0, 1.0, "log_odds", "priors.total_gap"),
    period_sd=Normal(0.0, 0.5, "log_odds", "priors.total_drift"),
    effect=NEUTRAL,
    shock=SHOCK,
)
RATES = TotalsPriors(
    level=Normal(0.0, 2.0, "log_rate", "priors.total_rate"),
    baseline_difference=Normal(0.0, 1.0, "log_rate", "priors.total_gap"),
    period_sd=Normal(0.0, 0.5, "log_rate", "priors.total_drift"),
    effect=NEUTRAL,
    shock=SHOCK,
)


def build_group_totals(
    counts: ArrayLike, trials: ArrayLike, hidden: Districts, priors: TotalsPriors = SHARES
) -> pm.Model:
    """Unfitted model of shares: y_gt ~ Binomial(n_gt, p_gt), both arrays (2, 2).

    logit p_gt = level + gap D_g + drift post_t + tau D_g post_t + eps_gt, with Var(eps_gt) = s^2 sum_d w_gd^2.
    Zero cells need no correction. Raises RefusedError when a count exceeds its trials, or nothing at all happened.
    """
    y, n = _checked(counts, trials)
    if np.any(y > n) or np.any(n != np.round(n)):
        raise refuse("totals_count_above_trials")
    with pm.Model(check_bounds=False) as model:
        cells = pm.Data("cells", np.stack([y.ravel(), n.ravel()]))
        eta = _predictor(hidden, priors)
        pm.Binomial("y", n=cells[1], logit_p=eta, observed=cells[0])
    return model


def build_group_rates(
    counts: ArrayLike, exposure: ArrayLike, hidden: Districts, priors: TotalsPriors = RATES
) -> pm.Model:
    """Unfitted model of rates: y_gt ~ Poisson(E_gt exp(eta_gt)) with the predictor of :func:`build_group_totals`.

    ``exposure`` is in the unit the level's prior counts in (1 000 resident-years, case-years, ...).
    """
    y, exposed = _checked(counts, exposure)
    with pm.Model(check_bounds=False) as model:
        cells = pm.Data("cells", np.stack([y.ravel(), exposed.ravel()]))
        eta = _predictor(hidden, priors)
        pm.Poisson("y", mu=cells[1] * pt.exp(eta), observed=cells[0])
    return model


def _checked(counts: ArrayLike, sizes: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, size = np.asarray(counts, dtype=float), np.asarray(sizes, dtype=float)
    if y.shape != (2, 2) or size.shape != (2, 2):
        raise ValueError(f"rows treated, control and columns before, after: not {y.shape} and {size.shape}")
    if not (np.isfinite(y).all() and np.isfinite(size).all()) or np.any(y < 0) or np.any(y != np.round(y)):
        raise refuse("totals_not_counts")
    if np.any(size <= 0):
        raise refuse("totals_no_exposure")
    if y.sum() == 0:
        raise refuse("totals_all_zero")
    return y, size


def _predictor(hidden: Districts, priors: TotalsPriors) -> TensorVariable:
    """eta (4,), in the order of CELLS: coefficients and non-centred shocks through one design matrix."""
    built = build_priors(
        {
            "level": priors.level,
            "gap": priors.baseline_difference,
            "drift": priors.period_sd,
            "tau": priors.effect,
            "s": priors.shock,
        }
    )
    design = pm.Data("design", np.hstack([COEFFICIENTS, _shock_root(hidden)]))
    z = pm.Normal("shock_z", shape=len(CELLS))
    pm.modelcontext(None).add_coord("cell", CELLS)
    eta = (design * pt.concatenate([built.normal, built.signed("s") * z])).sum(axis=1)
    return pm.Deterministic("eta", eta, dims="cell")


def _shock_root(hidden: Districts) -> NDArray[np.float64]:
    """Square root (4, 4) of the correlation of the cells' shocks, times each group's share of a district's sd."""
    over_time = np.linalg.cholesky([[1.0, hidden.serial], [hidden.serial, 1.0]])
    return np.kron(np.diag(np.sqrt([hidden.treated, hidden.control])), over_time)


def effect_on_shares(fit: Fit) -> Effect:
    """ATT by g-computation for :func:`build_group_totals`, in points: the treated after, with and without tau."""
    return _effect(fit, percent)


def effect_on_rates(fit: Fit) -> Effect:
    """ATT by g-computation for :func:`build_group_rates`, in events per unit of exposure."""
    return _effect(fit, np.exp)


def _effect(fit: Fit, outcome: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Effect:
    after = fit.values("eta")[:, [CELLS.index("treated_after")]]
    return average_effect(after, fit.values("tau")[:, None], np.ones(1), outcome)
