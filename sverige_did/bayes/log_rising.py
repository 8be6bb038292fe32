"""log Gamma(a + y) - log Gamma(a) for whole y: what counts that resemble each other cost in every gradient.

The rising factorial a (a + 1) ... (a + y - 1) needs one logarithm where the two log-gammas and their slopes need four
slow functions, and it keeps the digits that their difference loses where a is large.
"""

from __future__ import annotations

import math

from sverige_did.bayes.loops import elementwise

ENOUGH = 1e100
"""The product is cut here, far below overflow."""


def _log_rising(a: float, y: float) -> float:
    total, product = 0.0, 1.0
    for j in range(int(y)):
        product *= a + j
        if product > ENOUGH:
            total += math.log(product)
            product = 1.0
    return total + math.log(product)


def _slope(a: float, y: float) -> float:
    total, product, rate = 0.0, 1.0, 0.0
    for j in range(int(y)):
        rate = rate * (a + j) + product
        product *= a + j
        if product > ENOUGH:
            total += rate / product
            product, rate = 1.0, 0.0
    return total + rate / product


log_rising = elementwise(_log_rising, _slope)
"""The sum of log(a + j) for j < y, for a > 0 and whole y >= 0; its slope by a is the sum of 1 / (a + j)."""
