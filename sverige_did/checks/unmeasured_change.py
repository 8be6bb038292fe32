"""What may have changed beside the trial, where no control group can tell: how much of it undoes the difference.

The log hazard ratio seen is the trial's and that of everything else of the same years: beta_seen = beta + b. With
b ~ Normal(b_0, s_b) and beta ~ Normal(0, s) the posterior of beta is normal. ``tipping`` is the b at which the interval
reaches no difference. The E-value (VanderWeele and Ding 2017) says the same for a change in who the cases are: how much
a trait would have to differ between the arms, and to speed up the event, each as a risk ratio, to explain it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class UnmeasuredChange:
    """``estimate_tipping``, ``tipping``: |b| (log hazard ratio) that takes the estimate, or the interval, to zero.

    The second is 0 where the interval holds no difference already. ``e_estimate`` and ``e_limit`` are E-values, 1 for
    nothing to explain. ``sd``, ``faster`` and ``median`` (K,): for each sd of b, the probability of a ratio above
    1 and the median of the ratio. ``sd_tipping`` is the sd at which that probability, or that of a ratio below 1, is
    down to ``sure``; None where it is never that high.
    """

    estimate_tipping: float
    tipping: float
    e_estimate: float
    e_limit: float
    sd: NDArray[np.float64]
    faster: NDArray[np.float64]
    median: NDArray[np.float64]
    sd_tipping: float | None


def unmeasured_change(
    log_ratio: float,
    std_error: float,
    interval: tuple[float, float],
    *,
    prior_sd: float,
    bias_mean: float,
    bias_sd: NDArray[np.float64],
    sure: float = 0.95,
) -> UnmeasuredChange:
    """All of it from one log hazard ratio with its standard error and ``interval``.

    Raises RefusedError ``waits_no_error`` without a standard error above zero.
    """
    if not std_error > 0:
        raise refuse("waits_no_error")
    sd = np.concatenate([[0.0], np.asarray(bias_sd, dtype=float)])
    mean, spread = _posterior(log_ratio - bias_mean, std_error, prior_sd, sd)
    nearest = min(interval, key=abs) if interval[0] * interval[1] > 0 else 0.0
    return UnmeasuredChange(
        estimate_tipping=abs(log_ratio),
        tipping=abs(nearest),
        e_estimate=e_value(float(np.exp(log_ratio))),
        e_limit=e_value(float(np.exp(nearest))),
        sd=sd,
        faster=np.asarray(scipy.stats.norm.cdf(mean / spread)),
        median=np.exp(mean),
        sd_tipping=_sd_tipping(abs(log_ratio - bias_mean), std_error, prior_sd, sure),
    )


def _posterior(
    seen: float, error: float, prior_sd: float, bias_sd: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and sd of beta, each (K,)."""
    noise = error**2 + bias_sd**2
    precision = 1 / prior_sd**2 + 1 / noise
    return seen / noise / precision, 1 / np.sqrt(precision)


def _sd_tipping(seen: float, error: float, prior_sd: float, sure: float) -> float | None:
    """mean / sd of the posterior is z at noise^2 (1 / s^2 + 1 / noise) z^2 = seen^2, a quadratic in the noise."""
    z2 = scipy.stats.norm.ppf(sure) ** 2
    noise = prior_sd**2 * (np.sqrt(1 + 4 * seen**2 / (z2 * prior_sd**2)) - 1) / 2
    return float(np.sqrt(noise - error**2)) if noise >= error**2 else None


def e_value(hazard_ratio: float) -> float:
    """The E-value of a hazard ratio of a common event, by the risk ratio (1 - .5^sqrt HR) / (1 - .5^sqrt 1/HR).

    >>> round(e_value(1.0), 2), round(e_value(2.0), 2) == round(e_value(0.5), 2)
    (1.0, True)
    """
    ratio = max(hazard_ratio, 1 / hazard_ratio)
    risk = (1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio))
    return float(risk + np.sqrt(risk * (risk - 1)))
