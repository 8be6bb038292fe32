"""Where placed children live: counts over K types that add up, so one type's gain is another's loss.

    eta_k,dt = mu_k + gamma_k D_d + alpha_k,d + lambda_k,t + tau_k E_dt,   p_dt = softmax(eta_dt)

Every term is zero-sum over the types, alpha also over districts and lambda over periods, so nothing is counted twice
and no type is the reference (method, section 5.2). Effects in percentage points sum to zero by construction.

Numbers hidden by disclosure control enter as all that they can be, one cell at a time: what totals over several cells
would add is not used, which costs precision but never validity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import gammaln, softmax

from sverige_did.bayes.compiled.log_rising_factorial import log_rising
from sverige_did.bayes.models.district_effects import refuse_design, refuse_lengths
from sverige_did.bayes.models.observation import Likelihood, observe_known
from sverige_did.bayes.priors import HalfNormal, Normal, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Built, Prior

Tensor = Any


MOST_COMPLETIONS = 1000
"""Ways of filling in one cell's hidden numbers beyond which their sum is no longer worked out."""


@dataclass(frozen=True, slots=True, eq=False)
class TypeCells:
    """The N cells of a panel of compositions: ``counts`` (N, K) by type; the rest as in ``structure.Cells``.

    Where disclosure control hid numbers, ``counts`` is the smallest that each can be and ``high`` (N, K) the largest,
    and ``total`` (N,) is the number of children in the cell, which must be known. Left out, every number is known.

    Raises RefusedError: ``cells_lengths``, ``composition_counts``, ``composition_total``, ``cells_no_exposure``,
    ``composition_too_many`` and those of ``structure.refuse_design``.
    """

    district: NDArray[np.int64]
    period: NDArray[np.int64]
    treated: NDArray[np.bool_]
    dose: NDArray[np.float64]
    counts: NDArray[np.float64]
    high: NDArray[np.float64] | None = None
    total: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if (self.high is None) != (self.total is None):
            raise refuse("composition_total")
        refuse_lengths(self, self.counts, self.highest, self.size)
        ends = np.concatenate([self.counts, self.highest])
        whole = np.isfinite(ends).all() and (ends >= 0).all() and (ends % 1 == 0).all()
        if not whole or (self.counts > self.highest).any() or self.counts.shape[1] < 2:
            raise refuse("composition_counts")
        if (self.highest.sum(axis=0) == 0).any():
            raise refuse("composition_counts")
        if not ((self.counts.sum(axis=1) <= self.size) & (self.size <= self.highest.sum(axis=1))).all():
            raise refuse("composition_total")
        children = np.bincount(self.district, weights=self.size, minlength=len(self.treated))
        if (self.size == 0).any() or (children == 0).any():
            raise refuse("cells_no_exposure")
        refuse_design(self)
        _refuse_many(self)

    @property
    def highest(self) -> NDArray[np.float64]:
        """The largest that each number can be, (N, K)."""
        return self.counts if self.high is None else self.high

    @property
    def size(self) -> NDArray[np.float64]:
        """Children in each cell, (N,)."""
        return np.asarray(self.counts.sum(axis=1)) if self.total is None else self.total

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Which cells have a number known only to lie in an interval, (N,)."""
        return np.asarray((self.counts < self.highest).any(axis=1))


def _refuse_many(cells: TypeCells) -> None:
    most = max((n_completions(*cell) for cell in _hidden_cells(cells)), default=0)
    if most > MOST_COMPLETIONS:
        raise refuse("composition_too_many", found=str(most), expected=f"<= {MOST_COMPLETIONS}")


def _hidden_cells(cells: TypeCells) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    return [(cells.counts[i], cells.highest[i], float(cells.size[i])) for i in np.flatnonzero(cells.hidden)]


def n_completions(low: NDArray[np.float64], high: NDArray[np.float64], total: float) -> int:
    """How many whole vectors between ``low`` and ``high`` (K,) add up to ``total``: a coefficient of the product of
    one polynomial a type, without writing the vectors out.
    """
    ways = [1]
    for width in (high - low).astype(int):
        longer = [0] * (len(ways) + width)
        for i, way in enumerate(ways):
            for step in range(width + 1):
                longer[i + step] += way
        ways = longer
    left = int(total - low.sum())
    return ways[left] if 0 <= left < len(ways) else 0


def completions(low: NDArray[np.float64], high: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Every whole vector between ``low`` and ``high`` (K,) that adds up to ``total``, (M, K), in rising order."""
    found = np.zeros((1, 0))
    for k in range(len(low)):
        steps = np.arange(low[k], high[k] + 1)
        longer = np.column_stack([np.repeat(found, len(steps), axis=0), np.tile(steps, len(found))])
        left = total - longer.sum(axis=1)
        found = longer[(left >= low[k + 1 :].sum()) & (left <= high[k + 1 :].sum())]
    return found


LEVEL = Normal(0.0, 1.5, "log_odds", "priors.composition_level")
BASELINE_DIFFERENCE = Normal(0.0, 0.5, "log_odds", "priors.panel_gap")
EFFECT = Normal(0.0, 0.75, "log_odds", "priors.composition_effect")
DISTRICT = HalfNormal(0.5, "log_odds_sd", "priors.panel_district")
PERIOD_WALK = HalfNormal(0.3, "log_odds_sd", "priors.panel_drift")
CONCENTRATION = Normal(float(np.log(60.0)), 1.0, "log_count", "priors.concentration")


@dataclass(frozen=True, slots=True)
class TypePriors:
    """Priors of each term of the predictor: what mu_k, gamma_k and tau_k are before they are made to sum to zero over
    the types, and the sds of alpha and lambda. Raises ValueError where a mean is not zero, which zero sums rule out.
    """

    level: Normal = LEVEL
    baseline_difference: Normal = BASELINE_DIFFERENCE
    effect: Normal = EFFECT
    district: HalfNormal = DISTRICT
    period_sd: HalfNormal = PERIOD_WALK

    def __post_init__(self) -> None:
        if any(prior.mean != 0 for prior in (self.level, self.baseline_difference, self.effect)):
            raise ValueError("terms that sum to zero over the types have a prior mean of zero")


def _ways(counts: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """log of the number of ways to share ``size`` (...,) out as ``counts`` (..., K)."""
    return np.asarray(gammaln(size + 1) - gammaln(counts + 1).sum(axis=-1))


def _dirichlet_multinomial(eta: Tensor, size: Tensor, kappa: Tensor) -> Tensor:
    return pm.DirichletMultinomial.dist(n=size, a=kappa * pm.math.softmax(eta, axis=-1))


def _dirichlet_multinomial_log(y: Tensor, eta: Tensor, size: Tensor, kappa: Tensor) -> Tensor:
    return log_rising(kappa * pm.math.softmax(eta, axis=-1), y).sum(axis=-1) - log_rising(kappa, size)


DIRICHLET_MULTINOMIAL = Likelihood(_dirichlet_multinomial, _dirichlet_multinomial_log, _ways)
"""Here ``eta`` and the counts are (N, K), the last axis over the kinds."""

MULTINOMIAL = Likelihood(
    distribution=lambda eta, size: pm.Multinomial.dist(n=size, p=pm.math.softmax(eta, axis=-1)),
    log_density=lambda y, eta, size: (y * eta).sum(axis=-1) - size * pt.logsumexp(eta, axis=-1),
    constant=_ways,
)


def build_dirichlet_multinomial(
    cells: TypeCells, priors: TypePriors = TypePriors(), concentration: Normal = CONCENTRATION
) -> pm.Model:
    """Unfitted model y_dt ~ DirichletMultinomial(n_dt, kappa p_dt); ``concentration`` is the prior of log kappa.

    One kappa carries all that a district does on its own in a period; there is no eps.
    """
    with pm.Model(check_bounds=False) as model:
        eta, built = _predictor(cells, priors, {"log_kappa": concentration})
        _observe(cells, eta, DIRICHLET_MULTINOMIAL, (pm.math.exp(built["log_kappa"]),))
    return model


def _observe(cells: TypeCells, eta: Tensor, likelihood: Likelihood, own: tuple[Tensor, ...] = ()) -> None:
    """Add the data: cells known in full, and the others as the probability of all that their numbers can be.

    A cell with hidden numbers has the term log sum over its completions of P(completion): exact, so hidden is neither
    zero nor missing.
    """
    known, hidden = np.flatnonzero(~cells.hidden), np.flatnonzero(cells.hidden)
    if known.size:
        seen = eta[pm.Data("known", known)] if hidden.size else eta
        observe_known(cells.counts[known], seen, cells.size[known], likelihood, own)
    if hidden.size:
        lists = [completions(*cell) for cell in _hidden_cells(cells)]
        most = max(len(options) for options in lists)
        padded = np.stack([np.concatenate([o, np.repeat(o[:1], most - len(o), axis=0)]) for o in lists])
        possible = np.arange(most) < np.array([[len(options)] for options in lists])
        size = cells.size[hidden]
        constant = np.where(possible, likelihood.constant(padded, size[:, None]), -np.inf)
        rows, trials = eta[pm.Data("hidden", hidden)][:, None, :], pm.Data("hidden_size", size)[:, None]
        terms = likelihood.log_density(pm.Data("completions", padded), rows, trials, *own) + pm.Data("ways", constant)
        pm.Potential("hidden_counts", pt.logsumexp(terms, axis=1).sum())


def _predictor(cells: TypeCells, priors: TypePriors, extra: Mapping[str, Prior]) -> tuple[Tensor, Built]:
    """The predictor (N, K); draws hold it under ``eta`` and tau (K,) under ``tau_type``."""
    n_types, n_districts, n_periods = cells.counts.shape[1], len(cells.treated), int(cells.period.max()) + 1
    built = build_priors({"sigma_alpha": priors.district, "sigma_lambda": priors.period_sd, **extra})
    pm.modelcontext(None).add_coords({"cell": np.arange(len(cells.counts)), "type": np.arange(n_types)})
    index = pm.Data("index", np.stack([cells.district, cells.period]).astype("int64"))
    dose, flag = pm.Data("dose", cells.dose), pm.Data("treated", cells.treated.astype(float))
    sds = pm.Data("type_sds", np.array([priors.level.sd, priors.baseline_difference.sd, priors.effect.sd]))
    level, baseline_difference, effect = (
        sds[at] * pm.ZeroSumNormal(f"{term}_z", shape=n_types) for at, term in enumerate(("level", "gap", "tau"))
    )
    tau = pm.Deterministic("tau_type", effect, dims="type")
    district = flag[:, None] * baseline_difference + built.signed("sigma_alpha") * _zero_sum(
        "district_z", n_districts, n_types
    )
    period = built.signed("sigma_lambda") * _zero_sum("period_z", n_periods, n_types)
    eta = level + district[index[0]] + period[index[1]] + dose[:, None] * tau
    return pm.Deterministic("eta", eta, dims=("cell", "type")), built


def _zero_sum(name: str, rows: int, columns: int) -> Tensor:
    return pm.ZeroSumNormal(name, shape=(rows, columns), n_zerosum_axes=2)


def average_type_effect(
    eta: NDArray[np.float64], change: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shares with the effect less shares without it, in percentage points: (draws, K) from two (draws, N, K)."""
    with_it, without = softmax(eta, axis=2), softmax(eta - change, axis=2)
    return np.asarray(100 * np.einsum("snk,n->sk", with_it - without, weights))
