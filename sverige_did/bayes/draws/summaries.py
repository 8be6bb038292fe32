"""What is reported of a posterior: intervals, probabilities, and how much of it is the prior's doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sverige_did.bayes.priors import variance
from sverige_did.errors import option
from sverige_did.results.estimates import Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sverige_did.bayes.priors import Prior

LEVELS = (0.5, 0.89, 0.95)
Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A posterior in numbers, all in the unit of the draws.

    ``intervals`` are equal-tailed, one (lower, upper) a level of ``levels``. ``prob_benefit`` is the probability of
    an effect in the wished direction, ``prob_beyond`` of one at least as good as ``threshold``, ``rope_mass`` of one
    that is practically nothing, within ``rope`` of zero (half a width).
    """

    median: float
    sd: float
    levels: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    prob_benefit: float
    threshold: float
    prob_beyond: float
    rope: float
    rope_mass: float

    def interval(self, level: float) -> tuple[float, float]:
        """The interval of one of the levels; ValueError for another level."""
        return self.intervals[self.levels.index(level)]


def summarise(
    draws: ArrayLike,
    *,
    better: Better,
    threshold: float,
    rope: float,
    levels: tuple[float, ...] = LEVELS,
) -> Summary:
    """Summarise draws of one quantity, any shape; ``threshold`` and ``rope`` are in its unit.

    Raises ValueError when a draw is not finite: a probability over the rest would be of something else.
    """
    option("better", better, Better)
    values = np.asarray(draws, dtype=float).ravel()
    if values.size == 0 or not np.isfinite(values).all():
        raise ValueError("a posterior is summarised from finite draws only")
    sign = -1.0 if better == "lower" else 1.0
    return Summary(
        median=float(np.median(values)),
        sd=float(values.std(ddof=1)),
        levels=levels,
        intervals=tuple(equal_tailed(values, level) for level in levels),
        prob_benefit=float(np.mean(sign * values > 0)),
        threshold=threshold,
        prob_beyond=float(np.mean(sign * values >= sign * threshold)),
        rope=rope,
        rope_mass=float(np.mean(np.abs(values) <= rope)),
    )


def equal_tailed(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """The central interval that holds ``level`` of the draws, with the same mass beyond each end."""
    lower, upper = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


@dataclass(frozen=True, slots=True)
class PriorComparison:
    """How far the data moved a parameter: shrinkage 1 - Var(post)/Var(prior), and the common area of the densities.

    shrinkage near 0 with an overlap near 1 says that the prior speaks, not the data.
    """

    prior_median: float
    posterior_median: float
    shrinkage: float
    overlap: float


def against_prior(draws: ArrayLike, prior: Prior) -> PriorComparison:
    """Compare posterior draws of a parameter with its prior.

    The overlap is the integral of min(prior, posterior), the posterior as a histogram over the prior's 20 equally
    likely classes: 1 when the two agree in every class. It needs no bandwidth.
    """
    values = np.asarray(draws, dtype=float).ravel()
    distribution = prior.frozen()
    counts, _ = np.histogram(distribution.cdf(values), bins=20, range=(0.0, 1.0))
    return PriorComparison(
        prior_median=float(distribution.median()),
        posterior_median=float(np.median(values)),
        shrinkage=1 - float(values.var(ddof=1)) / variance(prior),
        overlap=float(np.minimum(counts / values.size, 1 / 20).sum()),
    )


def estimate(
    draws: ArrayLike,
    *,
    scale: str,
    estimand: str,
    estimator: str,
    better: Better,
    null: float = 0.0,
    level: float = 0.95,
    **context: object,
) -> Estimate:
    """The posterior as an :class:`Estimate`: median, sd, equal-tailed interval, P(benefit); never a p-value.

    ``null`` is no effect on that scale: 1 for a ratio. ``context`` fills the estimate's other fields.
    """
    values = np.asarray(draws, dtype=float).ravel()
    summary = summarise(values - null, better=better, threshold=0.0, rope=0.0, levels=(level,))
    lower, upper = equal_tailed(values, level)
    return Estimate.model_validate(
        {
            "estimate": float(np.median(values)),
            "scale": scale,
            "estimand": estimand,
            "estimator": estimator,
            "inference": "posterior",
            "std_error": summary.sd,
            "lower": lower,
            "upper": upper,
            "level": level,
            "prob_benefit": summary.prob_benefit,
        }
        | context
    )
