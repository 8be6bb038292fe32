"""log Gamma(a + y) - log Gamma(a) for whole y: what counts that resemble each other cost in every gradient.

The rising factorial a (a + 1) ... (a + y - 1) needs one logarithm where the two log-gammas and their slopes need four
slow functions, and it keeps the digits that their difference loses where a is large.
"""
# ruff: noqa: ARG002 - which arguments there are is PyTensor's to say; it has no types, hence the ignores

from __future__ import annotations

import math
from typing import Any

from pytensor.scalar.basic import BinaryScalarOp, upgrade_to_float
from pytensor.tensor.elemwise import Elemwise

from sverige_did.bayes.loops import as_loops

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


class RisingSlope(BinaryScalarOp):  # type: ignore[misc]
    """The slope of :class:`LogRising` by a, sum of 1 / (a + j) for j < y."""

    def impl(self, a: float, y: float) -> float:
        """The same without machine code."""
        return _slope(a, y)


class LogRising(BinaryScalarOp):  # type: ignore[misc]
    """The sum of log(a + j) for j < y, for a > 0 and whole y >= 0."""

    def impl(self, a: float, y: float) -> float:
        """The same without machine code."""
        return _log_rising(a, y)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """The slope by a; y is data."""
        a, y = inputs
        return [cotangents[0] * rising_slope(a, y), y.zeros_like(dtype="float64")]  # whole numbers have no slope


as_loops(LogRising, _log_rising)
as_loops(RisingSlope, _slope)

rising_slope = RisingSlope(upgrade_to_float, name="rising_slope")
log_rising = Elemwise(LogRising(upgrade_to_float, name="log_rising"))
