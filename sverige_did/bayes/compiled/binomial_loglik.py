"""The log-likelihood of a binomial on the log-odds scale and its slope from one exponential: what every count costs in
every gradient.
"""

from __future__ import annotations

import math

from sverige_did.bayes.compiled.numba_ops import with_slope


def _binomial_log(x: float, count: float, size: float) -> tuple[float, float]:
    small = math.exp(-abs(x))
    share = 1.0 / (1.0 + small)
    # Where the sum rounds to one, what it leaves out is below the rounding of a log-likelihood.
    value = count * x - size * (math.log(1.0 + small) + max(x, 0.0))
    return value, count - size * (share if x >= 0 else 1.0 - share)


binomial_log = with_slope(_binomial_log, n_data=2)
"""count x - size log(1 + exp(x)), for log-odds x, elementwise; the number of ways to choose is left out."""
