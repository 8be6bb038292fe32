"""The part of a change that is the trial's, when the rest of it has a prior of its own: from draws made without one.

The model saw beta_seen = beta + b, and gave it the prior of beta alone, Normal(m, s). With b ~ Normal(m_b, s_b) the
prior of beta_seen is wider, which reweights the draws, and given beta_seen the trial's part is normal with mean m +
(beta_seen - m - m_b) s^2 / (s^2 + s_b^2) and variance s^2 s_b^2 / (s^2 + s_b^2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy

from sverige_did.bayes.draws.prior_sensitivity import other_priors
from sverige_did.bayes.priors import Normal

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TrialsPart(NamedTuple):
    """The probability that the trial's part is above zero, and Pareto's k-hat of the weights behind it."""

    above: float
    pareto_k: float


def trials_part(draws: NDArray[np.float64], prior: Normal, bias_mean: float, bias_sd: float) -> TrialsPart:
    """From draws (S,) of beta_seen under ``prior``; ``bias_sd`` of 0 takes ``bias_mean`` off it and no more."""
    if bias_sd == 0:
        return TrialsPart(float(np.mean(draws - bias_mean > 0)), 0.0)
    wide = Normal(prior.mean + bias_mean, float(np.hypot(prior.sd, bias_sd)), prior.unit, prior.why)
    weights = other_priors(lambda _: draws, {"beta": prior}, {"beta": wide})
    part = prior.sd**2 / (prior.sd**2 + bias_sd**2)
    mean = prior.mean + (draws - prior.mean - bias_mean) * part
    above = scipy.stats.norm.cdf(mean / (bias_sd * np.sqrt(part)))
    return TrialsPart(float(weights.values @ above), weights.pareto_k)
