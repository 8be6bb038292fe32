"""How counts enter a model: known ones one by one, hidden ones as the chance of their interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pymc as pm
import pytensor.tensor as pt

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Tensor = Any


class Counted(Protocol):
    """Rows with a count that is known or known to lie in an interval; as in ``structure.Cells``."""

    @property
    def low(self) -> NDArray[np.float64]:
        """(N,) the smallest that the count can be."""
        ...

    @property
    def high(self) -> NDArray[np.float64]:
        """(N,) the largest that it can be."""
        ...

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """(N,) where the two differ."""
        ...


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The distribution of a count given its predictor, its size (trials or exposure), and parameters of its own.

    ``log_density(count, eta, size, *own)`` may leave out what depends on count and size alone, ``constant(count,
    size)``, which is computed once instead of with every gradient; the two add up to the logarithm of the probability.
    ``distribution(eta, size, *own)`` is the same as PyMC knows it, for simulation.
    """

    distribution: Callable[..., Tensor]
    log_density: Callable[..., Tensor]
    constant: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def observe(
    counted: Counted,
    eta: Tensor,
    size: NDArray[np.float64],
    likelihood: Likelihood,
    own: tuple[Tensor, ...] = (),
    again: NDArray[np.float64] | None = None,
) -> None:
    """Add the counts (N,) to the model in context, given the predictor ``eta`` (N,) and the sizes (N,).

    A hidden cell's term is log sum_{k=low..high} P(count = k), so hidden is neither zero nor missing. Where a count
    varies ``again`` (N,) times as much as the likelihood says, its term is divided by that: a quasi-likelihood, and for
    a binomial or a Poisson the term of so many times fewer children.
    """
    known, hidden = np.flatnonzero(~counted.hidden), np.flatnonzero(counted.hidden)
    if known.size:
        seen = eta[pm.Data("known", known)] if hidden.size else eta
        times = None if again is None else again[known]
        observe_known(counted.low[known], seen, size[known], likelihood, own, times)
    if hidden.size:
        pm.Potential("hidden_counts", _intervals(counted, eta, size, hidden, likelihood, own, again))


def observe_known(
    counts: NDArray[np.float64],
    eta: Tensor,
    size: NDArray[np.float64],
    likelihood: Likelihood,
    own: tuple[Tensor, ...] = (),
    again: NDArray[np.float64] | None = None,
) -> None:
    """Add counts that are all known to the model in context, as ``y``: (N,), or (N, K) of K kinds, as ``eta`` is."""
    known, sizes = pm.Data("counts", counts), pm.Data("size", size)
    if again is None:
        pm.CustomDist(
            "y", eta, sizes, *own, observed=known,
            logp=likelihood.log_density, dist=lambda *given: likelihood.distribution(*given[:-1]),
        )  # fmt: skip
        return
    pm.CustomDist(
        "y", eta, sizes, *own, pm.Data("again", again), observed=known,
        logp=lambda *given: likelihood.log_density(*given[:-1]) / given[-1],
        dist=lambda *given: likelihood.distribution(*given[:-2]),
    )  # fmt: skip


def _intervals(
    counted: Counted,
    eta: Tensor,
    size: NDArray[np.float64],
    hidden: NDArray[np.int64],
    likelihood: Likelihood,
    own: tuple[Tensor, ...],
    again: NDArray[np.float64] | None,
) -> Tensor:
    """Sum over the hidden cells of the log probability of their interval."""
    times = np.ones((len(hidden), 1)) if again is None else again[hidden, None]
    candidates = counted.low[hidden, None] + np.arange(int((counted.high - counted.low).max()) + 1)
    possible = candidates <= counted.high[hidden, None]
    candidates = np.where(possible, candidates, counted.low[hidden, None]) / times
    trials = size[hidden, None] / times
    constant = likelihood.constant(candidates, trials)
    values, ways = pm.Data("candidates", candidates), pm.Data("ways", np.where(possible, constant, -np.inf))
    each = eta[pm.Data("hidden", hidden)][:, None]
    sizes = pm.Data("hidden_size", trials[:, 0])[:, None]
    return pt.logsumexp(likelihood.log_density(values, each, sizes, *own) + ways, axis=1).sum()
