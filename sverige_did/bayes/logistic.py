"""log(1 + exp(x)) and its slope from one exponential: what every count of a binomial costs in every gradient."""
# ruff: noqa: ARG002 - which arguments there are is PyTensor's to say; it has no types, hence the ignores

from __future__ import annotations

import math
from typing import Any

from pytensor.scalar.basic import ScalarOp, upgrade_to_float
from pytensor.tensor.elemwise import Elemwise

from sverige_did.bayes.loops import as_loops


def _both(x: float) -> tuple[float, float]:
    small = math.exp(-abs(x))
    share = 1.0 / (1.0 + small)
    # Where the sum rounds to one, what it leaves out is below the rounding of a log-likelihood.
    return math.log(1.0 + small) + max(x, 0.0), share if x >= 0 else 1.0 - share


class LogisticWithSlope(ScalarOp):  # type: ignore[misc]
    """log(1 + exp(x)) and, as a second output, its slope 1 / (1 + exp(-x))."""

    nin, nout = 1, 2

    def impl(self, x: float) -> tuple[float, float]:
        """The same without machine code."""
        return _both(x)

    def output_types(self, types: Any) -> list[Any]:
        """Two real numbers."""
        return [upgrade_to_float(*types)[0]] * 2

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """By the slope that is there already; nobody asks for the slope's own."""
        return [cotangents[0] * outputs[1]]


as_loops(LogisticWithSlope, _both)

_with_slope = Elemwise(LogisticWithSlope(name="logistic_with_slope"))


def log1pexp(x: Any) -> Any:
    """log(1 + exp(x)) of a tensor of any shape."""
    return _with_slope(x)[0]
