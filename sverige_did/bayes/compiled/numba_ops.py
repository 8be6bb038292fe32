"""Plain loops as machine code for PyTensor's operations, kept in its cache for as long as their file stays as it is."""

from __future__ import annotations

import inspect
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key
from pytensor.scalar.basic import ScalarOp, upgrade_to_float
from pytensor.tensor.elemwise import Elemwise

if TYPE_CHECKING:
    from collections.abc import Callable


def as_numba(operation: type, loops: Callable[..., Any]) -> None:
    """Let numba translate ``loops`` wherever a model has the operation, which does the same without machine code."""
    key = cache_key_of(loops)
    register_funcify_and_cache_key(operation)(lambda _, **__: (numba_njit(loops), key))


def with_slope(both: Callable[..., tuple[float, float]], n_data: int = 0) -> Callable[..., Any]:
    """A function of whole arrays in a model, from ``both(x, *data)``, its value and slope by x at one place.

    The two come of one calculation, and the value's gradient takes the slope from there. The ``n_data`` other arguments
    are data and have none.
    """

    class WithSlope(ScalarOp):  # type: ignore[misc]  # PyTensor has no types
        nin, nout = 1 + n_data, 2

        def impl(self, *given: float) -> tuple[float, float]:
            """The same without machine code."""
            return both(*given)

        def output_types(self, types: Any) -> list[Any]:
            """Two real numbers."""
            return [upgrade_to_float(*types)[0]] * 2

        def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
            """By the slope that is there already; nobody asks for the slope's own."""
            return [cotangents[0] * outputs[1], *(one.zeros_like(dtype="float64") for one in inputs[1:])]

    as_numba(WithSlope, both)
    operation = Elemwise(WithSlope(name=both.__name__.strip("_")))

    def value(*given: Any) -> Any:
        return operation(*given)[0]

    return value


def cache_key_of(loops: Callable[..., Any]) -> str:
    """Under what machine code is kept: a hash of the whole file that the loops stand in, constants included, and of its
    name, which the code remembers: after a change, or under a new name, old code is never found again.
    """
    source = inspect.getsource(inspect.getmodule(loops) or loops)
    return sha256(f"{loops.__module__} {loops.__qualname__} {source}".encode()).hexdigest()
