"""The model of costs run forwards in numpy, and the likelihood of its cells as a function of their predictor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from sverige_did.bayes.models.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sverige_did.bayes.models.two_part_costs import Totals
    from sverige_did.bayes.sampling.sample import Fit

Floats = NDArray[np.float64]


def terms_of(part: str, fit: Fit, totals: Totals, kept: NDArray[np.int64] | slice) -> Callable[[Floats], Floats]:
    """The log-likelihood (S, N) of a part's cells as a function of their predictor (S, N), for the draws ``kept``."""
    if part == "use":
        return partial(use_terms, totals)
    return partial(amount_terms, totals, fit.values("log_cv")[kept])


def use_terms(totals: Totals, eta: Floats) -> Floats:
    """Of the children with spending among the residents."""
    return np.asarray(FAMILIES["binomial"].log_likelihood(eta, totals.use.low, totals.use.size, {}))


def amount_terms(totals: Totals, log_cv: Floats, eta: Floats) -> Floats:
    """Of the totals, for ``log_cv`` (S,); zero where nobody has spending."""
    some = totals.use.low > 0
    squared, terms = np.exp(2 * log_cv)[:, None], np.zeros_like(eta)
    scale = np.exp(eta[:, some]) * squared
    terms[:, some] = scipy.stats.gamma.logpdf(totals.total[some], totals.use.low[some] / squared, scale=scale)
    return terms


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
