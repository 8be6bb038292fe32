"""log(1 + exp(x)) and its slope from one exponential: what every count of a binomial costs in every gradient."""

from __future__ import annotations

import math

from sverige_did.bayes.loops import with_slope


def _logistic(x: float) -> tuple[float, float]:
    small = math.exp(-abs(x))
    share = 1.0 / (1.0 + small)
    # Where the sum rounds to one, what it leaves out is below the rounding of a log-likelihood.
    return math.log(1.0 + small) + max(x, 0.0), share if x >= 0 else 1.0 - share


log1pexp = with_slope(_logistic)
"""log(1 + exp(x)) of a tensor of any shape; its slope is 1 / (1 + exp(-x))."""
