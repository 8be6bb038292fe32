"""Plain loops as machine code for PyTensor's operations, kept in its cache for as long as their file stays as it is."""
# ruff: noqa: ARG002 - which arguments there are is PyTensor's to say; it has no types, hence the ignores

from __future__ import annotations

import inspect
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key
from pytensor.scalar.basic import BinaryScalarOp, upgrade_to_float
from pytensor.tensor.elemwise import Elemwise

if TYPE_CHECKING:
    from collections.abc import Callable


def as_loops(operation: type, loops: Callable[..., Any]) -> None:
    """Let numba translate ``loops`` wherever a model has the operation, which does the same without machine code."""
    key = kept_under(loops)
    register_funcify_and_cache_key(operation)(lambda _, **__: (numba_njit(loops), key))


def elementwise(value: Callable[[float, float], float], slope: Callable[[float, float], float]) -> Elemwise:
    """``value(x, n)`` for whole arrays in a model, where ``slope(x, n)`` is its slope by x; n is data and has none."""

    class Slope(BinaryScalarOp):  # type: ignore[misc]
        def impl(self, x: float, n: float) -> float:
            return slope(x, n)

    class Value(BinaryScalarOp):  # type: ignore[misc]
        def impl(self, x: float, n: float) -> float:
            return value(x, n)

        def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
            x, n = inputs
            return [cotangents[0] * by_x(x, n), n.zeros_like(dtype="float64")]

    as_loops(Value, value)
    as_loops(Slope, slope)
    by_x = Slope(upgrade_to_float, name=slope.__name__)
    return Elemwise(Value(upgrade_to_float, name=value.__name__))


def kept_under(loops: Callable[..., Any]) -> str:
    """Under what machine code is kept: a hash of the whole file that the loops stand in, constants included, so that
    after a change old code is never found again.
    """
    source = inspect.getsource(inspect.getmodule(loops) or loops)
    return sha256(f"{loops.__qualname__} {source}".encode()).hexdigest()
