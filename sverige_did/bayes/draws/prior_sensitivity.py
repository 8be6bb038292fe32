"""The same draws under another prior: Pareto-smoothed importance weights, and how far a posterior rests on its priors.

Two posteriors that differ in the prior of one scalar differ by the ratio of the two prior densities at each draw, so a
change of that prior needs no new sampling, unless the weights are too uneven to trust: then k-hat says so (Vehtari et
al. 2024, JMLR 25:72).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import arviz_stats
import numpy as np
import xarray as xr
from arviz_stats.base import array_stats

from sverige_did.bayes.priors import log_density

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Prior

PARETO_LIMIT = 0.7
"""Above this k-hat importance weights are not to be trusted, and the model is sampled anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Normalised weights (S,) of the draws, and the Pareto k-hat of their tail."""

    values: NDArray[np.float64]
    pareto_k: float

    @property
    def usable(self) -> bool:
        """Whether the weights may stand in for sampling."""
        return bool(np.isfinite(self.pareto_k) and self.pareto_k <= PARETO_LIMIT)


def smoothed(log_ratio: NDArray[np.float64]) -> Weights:
    """Pareto-smoothed weights from log importance ratios (S,); equal ratios give equal weights."""
    if np.ptp(log_ratio) < 1e-12:
        return Weights(np.full(len(log_ratio), 1 / len(log_ratio)), 0.0)
    log_weights, pareto_k = array_stats.psislw(-log_ratio)  # written for log likelihoods to be left out
    weights = np.exp(log_weights - np.max(log_weights))
    return Weights(weights / weights.sum(), float(pareto_k))


def other_priors(
    values: Callable[[str], NDArray[np.float64]], old: Mapping[str, Prior], new: Mapping[str, Prior]
) -> Weights:
    """Weights that turn draws under the priors ``old`` into draws under ``new``, which are of the same scalars.

    ``values`` gives the draws (S,) of a scalar by its name. Priors that are the same weigh nothing.
    """
    log_ratio = np.zeros(len(values(next(iter(old)))))
    for name in (name for name, prior in old.items() if new[name] != prior):
        log_ratio = log_ratio + (log_density(new[name], values(name)) - log_density(old[name], values(name)))
    return smoothed(log_ratio)


def weighted_quantiles(
    values: NDArray[np.float64], weights: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quantiles of weighted draws: the weighted distribution function, linear between its midpoints."""
    order = np.argsort(values)
    mass = weights[order]
    return np.asarray(np.interp(levels, np.cumsum(mass) - mass / 2, values[order]))


def power_sensitivity(
    effect: NDArray[np.float64], log_priors: Mapping[str, NDArray[np.float64]], log_likelihood: NDArray[np.float64]
) -> dict[str, float]:
    """How much the effect moves when one prior, or the likelihood, is made a little stronger or weaker.

    Arrays are (chains, draws). The measure is the change in the cumulative Jensen-Shannon distance per doubling of the
    exponent (Kallioinen et al. 2024, Stat Comput 34:57): above 0.05 is sensitive.
    """

    def group(values: Mapping[str, NDArray[np.float64]]) -> xr.Dataset:
        return xr.Dataset({name: (("chain", "draw"), block) for name, block in values.items()})

    tree = xr.DataTree.from_dict(
        {
            "posterior": group({"effect": effect}),
            "log_prior": group(log_priors),
            "log_likelihood": group({"data": log_likelihood}),
        }
    )
    found = {
        name: float(arviz_stats.psense(tree, group="prior", group_var_names=[name])["effect"]) for name in log_priors
    }
    return found | {"likelihood": float(arviz_stats.psense(tree, group="likelihood")["effect"])}
