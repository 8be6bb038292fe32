"""Plain loops as machine code for PyTensor's operations, kept in its cache for as long as their file stays as it is."""

from __future__ import annotations

import inspect
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

if TYPE_CHECKING:
    from collections.abc import Callable


def as_loops(operation: type, loops: Callable[..., Any]) -> None:
    """Let numba translate ``loops`` wherever a model has the operation, which does the same without machine code."""
    key = kept_under(loops)
    register_funcify_and_cache_key(operation)(lambda _, **__: (numba_njit(loops), key))


def kept_under(loops: Callable[..., Any]) -> str:
    """Under what machine code is kept: a hash of the whole file that the loops stand in, constants included, so that
    after a change old code is never found again.
    """
    source = inspect.getsource(inspect.getmodule(loops) or loops)
    return sha256(f"{loops.__qualname__} {source}".encode()).hexdigest()
