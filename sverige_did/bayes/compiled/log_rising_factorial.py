"""log Gamma(a + y) - log Gamma(a) for whole y: what counts that resemble each other cost in every gradient.

The rising factorial a (a + 1) ... (a + y - 1) needs one logarithm where the two log-gammas and their slopes need four
slow functions, and it keeps the digits that their difference loses where a is large.
"""

from __future__ import annotations

import math

from sverige_did.bayes.compiled.numba_ops import with_slope

ENOUGH = 1e100
"""The product is cut here, far enough below overflow for four factors more."""


def _log_rising(a: float, y: float) -> tuple[float, float]:
    total, slope, product, rate, x = 0.0, 0.0, 1.0, 0.0, a
    # Four factors at a time, x (x + 1) (x + 2) (x + 3) = q (q + 2) with q = x (x + 3): as each product has to wait for
    # the one before, the steps are what costs.
    for _ in range(int(y) // 4):
        q = x * (x + 3.0)
        factor = q * (q + 2.0)
        rate = rate * factor + product * ((4.0 * x + 6.0) * (q + 1.0))
        product *= factor
        x += 4.0
        if product > ENOUGH:
            total += math.log(product)
            slope += rate / product
            product, rate = 1.0, 0.0
    for _ in range(int(y) % 4):
        rate = rate * x + product
        product *= x
        x += 1.0
    return total + math.log(product), slope + (rate / product if product > 0.0 else math.inf)


log_rising = with_slope(_log_rising, n_data=1)
"""The sum of log(a + j) for j < y, for a > 0 and whole y >= 0; its slope by a is the sum of 1 / (a + j)."""
