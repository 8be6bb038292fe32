"""log Gamma(a + y) - log Gamma(a) for whole y: what counts that resemble each other cost in every gradient.

The rising factorial a (a + 1) ... (a + y - 1) needs one logarithm where the two log-gammas and their slopes need four
slow functions, and it keeps the digits that their difference loses where a is large. Of many factors only the first
are multiplied, until the others follow Stirling's series (Abramowitz & Stegun 6.1.40), whose difference is written so
that nothing cancels: a count of thousands costs what one of two hundred does.
"""

from __future__ import annotations

import math

from sverige_did.bayes.compiled.numba_ops import with_slope

ENOUGH = 1e100
"""The product is cut here, far enough below overflow for four factors more."""

MANY = 256
"""Factors from which on the series is taken; counts below it have the product, digit by digit."""

FAR = 16.0
"""Where the series begins: what it leaves out after x^-7 is under 2e-14, of a sum of hundreds."""


def _log_rising(a: float, y: float) -> tuple[float, float]:
    total, slope, product, rate, x = 0.0, 0.0, 1.0, 0.0, a
    factors = int(y)
    if factors >= MANY:
        factors = max(math.ceil(FAR - a), 0)
    rest = y - factors
    # Four factors at a time, x (x + 1) (x + 2) (x + 3) = q (q + 2) with q = x (x + 3): as each product has to wait for
    # the one before, the steps are what costs.
    for _ in range(factors // 4):
        q = x * (x + 3.0)
        factor = q * (q + 2.0)
        rate = rate * factor + product * ((4.0 * x + 6.0) * (q + 1.0))
        product *= factor
        x += 4.0
        if product > ENOUGH:
            total += math.log(product)
            slope += rate / product
            product, rate = 1.0, 0.0
    for _ in range(factors % 4):
        rate = rate * x + product
        product *= x
        x += 1.0
    if factors:
        total += math.log(product)
        slope += rate / product if product > 0.0 else math.inf
    if rest > 0.0:
        z = x + rest
        wide, u, v = math.log1p(rest / x), 1.0 / (x * x), 1.0 / (z * z)
        below = (1 / 12 - u * (1 / 360 - u * (1 / 1260 - u / 1680))) / x
        above = (1 / 12 - v * (1 / 360 - v * (1 / 1260 - v / 1680))) / z
        total += (x - 0.5) * wide + rest * (math.log(z) - 1.0) + (above - below)
        steep = u * (1 / 12 - u * (1 / 120 - u * (1 / 252 - u / 240)))
        flat = v * (1 / 12 - v * (1 / 120 - v * (1 / 252 - v / 240)))
        slope += wide + 0.5 * rest / (x * z) + (steep - flat)
    return total, slope


log_rising = with_slope(_log_rising, n_data=1)
"""The sum of log(a + j) for j < y, for a > 0 and whole y >= 0; its slope by a is the sum of 1 / (a + j)."""
