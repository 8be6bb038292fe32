"""Would a municipality like this one spend what this one spends? Posterior predictive checks of the model of costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from sverige_did.bayes.draws.predictive_checks import judged, predictive_checks
from sverige_did.bayes.draws.replicate import posterior_draws, predictor
from sverige_did.sources.panel.placements import MILLION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.models.district_effects import Cells
    from sverige_did.studies.panel.posterior.costs import CostFit

    Floats = NDArray[np.float64]

LARGEST = "largest_amount"


class Simulated(NamedTuple):
    """``total`` (S, N) spent in each cell, and the ``largest`` amount (S,) of any child in any of them."""

    total: Floats
    largest: Floats


def simulate_spending(share: Floats, mean: Floats, log_cv: Floats, size: Floats, rng: np.random.Generator) -> Simulated:
    """Children with spending by the ``share`` (S, N) of ``size`` (N,), each a gamma of that ``mean`` (S, N).

    ``log_cv`` (S,) is the logarithm of the coefficient of variation between children.
    """
    shape, cells = np.exp(-2 * log_cv), np.arange(len(size))
    total, largest = np.zeros(share.shape), np.zeros(len(share))
    users = rng.binomial(size.astype(np.int64), share)
    for draw, each in enumerate(users):
        cell = np.repeat(cells, each)
        amount = rng.gamma(shape[draw], mean[draw, cell] / shape[draw])
        total[draw] = np.bincount(cell, weights=amount, minlength=len(size))
        largest[draw] = amount.max(initial=0.0)
    return Simulated(total, largest)


def replicated(fitted: CostFit, draws: int, rng: np.random.Generator) -> Simulated:
    """Spending drawn anew for new districts of the same sizes."""
    use: Cells = fitted.job.spent.totals.use
    fits = fitted.fits
    share, mean = (predictor(posterior_draws(fits[part], draws), use, rng) for part in ("use", "amount"))
    log_cv = fits["amount"].values("log_cv")
    kept = np.linspace(0, len(log_cv) - 1, draws).round().astype(int)
    return simulate_spending(expit(share), np.exp(mean), log_cv[kept], use.size, rng)


def cost_checks(fitted: CostFit, draws: int, rng: np.random.Generator) -> tuple[Predictive, ...]:
    """The checks of district models on spending per resident child, and the dearest child.

    In mio. kr.: what a child costs is then of the order of one, as in the counts that these checks were written for.
    """
    spent, drawn = fitted.job.spent, replicated(fitted, draws, rng)
    found = predictive_checks(spent.totals.total / MILLION, drawn.total / MILLION, spent.totals.use, spent.weights)
    return (*found, judged(LARGEST, float(spent.amount.max()) / MILLION, drawn.largest / MILLION))
