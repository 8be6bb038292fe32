"""Children present before and after: the same child is counted again in every period that it stays through.

Counts are summed over the time before and the time after (Bertrand, Duflo and Mullainathan 2004, section IV.C). Where a
child of one period is there in the next with probability r, a sum over n periods varies d times as much as if every
count were of new children, d = 1 + 2 sum_{k<n} (1 - k/n) r^k: one where none stays, n where all do. For rates the sum
is then negative binomial with variance d times its mean, for shares beta-binomial with variance d times a binomial's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit, gammaln

from sverige_did.bayes.binomial import SHARES, refuse_trials, ways
from sverige_did.bayes.counts import Likelihood, Tensor, observe
from sverige_did.bayes.log_rising import log_rising
from sverige_did.bayes.loops import elementwise
from sverige_did.bayes.priors import Normal
from sverige_did.bayes.structure import Cells, PanelPriors, build_structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

STAYING = Normal(0.0, 1.5, "log_odds", "priors.staying")
"""The prior of the log odds of r: 95 % between .05 and .95, so neither that most stay nor that few do is ruled out."""

NONE_AGAIN = 1e-6
"""Added to d - 1: what is left of a negative binomial that is Poisson, and of a beta-binomial that is binomial."""


@dataclass(frozen=True, slots=True, eq=False)
class StockCells(Cells):
    """Cells that are sums: ``summed`` (N,) is over how many periods; ``size`` is summed likewise."""

    summed: NDArray[np.int64] = field(default_factory=lambda: np.ones(0, dtype=np.int64))


def _counted_again(staying: float, summed: float) -> float:
    total, power = NONE_AGAIN, 1.0
    for k in range(1, int(summed)):
        power *= staying
        total += 2.0 * (1.0 - k / summed) * power
    return total


def _slope(staying: float, summed: float) -> float:
    total, power = 0.0, 1.0
    for k in range(1, int(summed)):
        total += 2.0 * (1.0 - k / summed) * k * power
        power *= staying
    return total


counted_again = elementwise(_counted_again, _slope)
"""d - 1 given r and over how many periods a cell is summed."""


def times_again(log_odds: NDArray[np.float64], summed: NDArray[np.int64]) -> NDArray[np.float64]:
    """d - 1 of sums over so many periods (N,) for draws (S,) of the log odds of r: (S, N)."""
    lengths, place = np.unique(summed, return_inverse=True)
    return np.asarray(np.vectorize(_counted_again)(expit(log_odds)[:, None], lengths)[:, place])


def _present(eta: Tensor, size: Tensor, again: Tensor) -> Tensor:
    mean = size * pm.math.exp(eta)
    return pm.NegativeBinomial.dist(mu=mean, alpha=mean / again)


def _present_log(y: Tensor, eta: Tensor, size: Tensor, again: Tensor) -> Tensor:
    children = size * pm.math.exp(eta) / again
    return log_rising(children, y) + y * pt.log(again) - (children + y) * pt.log1p(again)


PRESENT = Likelihood(_present, _present_log, lambda y, _: np.asarray(-gammaln(y + 1)))


def _share(eta: Tensor, size: Tensor, again: Tensor) -> Tensor:
    children = size / again
    return pm.BetaBinomial.dist(n=size, alpha=children * pm.math.sigmoid(eta), beta=children * pm.math.sigmoid(-eta))


def _share_log(y: Tensor, eta: Tensor, size: Tensor, again: Tensor) -> Tensor:
    children = size / again
    a, b = children * pm.math.sigmoid(eta), children * pm.math.sigmoid(-eta)
    return log_rising(a, y) + log_rising(b, size - y) - log_rising(children, size)


SHARE = Likelihood(_share, _share_log, ways)


def build_stock_rate(cells: StockCells, priors: PanelPriors, staying: Normal = STAYING) -> pm.Model:
    """Unfitted model y_dw ~ NegBin(mean E_dw exp(eta_dw), variance d mean); ``staying`` is the prior of logit r."""
    return _built(cells, priors, PRESENT, staying)


def build_stock_share(cells: StockCells, priors: PanelPriors = SHARES, staying: Normal = STAYING) -> pm.Model:
    """Unfitted model y_dw ~ BetaBinomial(n_dw, logit^-1 eta_dw), its variance d times a binomial's.

    So for n_dw well above d; where one child is the whole of n_dw, all or nothing. ``staying`` is the prior of logit r.
    Raises RefusedError (``totals_count_above_trials``) when a count exceeds its trials.
    """
    refuse_trials(cells)
    return _built(cells, priors, SHARE, staying)


def _built(cells: StockCells, priors: PanelPriors, likelihood: Likelihood, staying: Normal) -> pm.Model:
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(cells, priors, {"log_odds_staying": staying})
        stays = pm.math.sigmoid(predictor.parameters["log_odds_staying"])
        again = counted_again(stays, pm.Data("summed", cells.summed.astype(float)))
        observe(cells, predictor.eta, cells.size, likelihood, (again,))
    return model
