"""Machine code for a model's log density: nutpie's way in, with thin wrappers that are compiled once per machine.

nutpie calls a model through two C functions that unpack the shared data, call PyTensor's code and copy its results.
Its general wrappers take numba some ten seconds a model to translate, anew in every process. The models of this
package keep the shapes of their data, so the wrappers can be a few plain lines, and PyTensor's cache can keep them.

They go in the place of two private functions of nutpie, whose version is therefore pinned. Where another version is
installed all the same and has them no more, nutpie compiles in its own way: the same draws, later.
"""
# ruff: noqa: SLF001 - nutpie has no public place for another wrapper; a test holds ours to nutpie's own draws.

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from hashlib import sha256
from importlib.metadata import version
from inspect import signature
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import nutpie
from numba.np.numpy_support import carray
from nutpie import compile_pymc
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src
from rich.console import Console

from sverige_did import words
from sverige_did.bayes.compiled.verified_cache import verify_kept_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pymc as pm
    from numpy.typing import NDArray

    Wrapper = Callable[..., int]

verify_kept_code()

# In compiled code any failure becomes a number that nutpie takes as a point of no density or as an error.
LOGP = """
def wrapped(dim, x_, gradient_, logp_, shared_):
    if dim != {n}:
        return -1
    try:
        x = carray(x_, ({n},))
        addresses = carray(shared_, ({shared},), uintp)
        value, gradient = inner(x{arguments})
        logp = value.item()
        logp_[0] = logp
        finite = True
        for at in range({n}):
            gradient_[at] = gradient[at]
            finite = finite and isfinite(gradient[at])
        if not finite:
            return 3
        if not isfinite(logp):
            return 4
    except Exception:
        return 1
    return 0
"""
"""The log density and its gradient at a point; the numbers that say what went wrong are nutpie's."""

EXPAND = """
def wrapped(dim, expanded, x_, values_, shared_):
    if dim != {n} or expanded != {expanded}:
        return -1
    try:
        x = carray(x_, ({n},))
        addresses = carray(shared_, ({shared},), uintp)
        values = inner(x{arguments})[0]
        for at in range({expanded}):
            values_[at] = values[at]
    except Exception:
        return -2
    return 0
"""
"""All that a draw holds, from its point in the unconstrained space."""

LOGP_TYPE = "int64(uint64, CPointer(double), CPointer(double), CPointer(double), voidptr)"
EXPAND_TYPE = "int64(uint64, uint64, CPointer(double), CPointer(double), voidptr)"


KNOWN = "0.16.11"
"""The version whose records of shared data ours read."""

REPLACED = {
    "_make_c_logp_func": ("n_dim", "logp_fn", "user_data", "shared_keys", "shared_data"),
    "_make_c_expand_func": ("n_dim", "n_expanded", "expand_fn", "user_data", "shared_var_keys", "shared_data"),
}
"""nutpie's functions that ours stand in for, with their arguments."""


def compile_thinly(model: pm.Model, starts: dict[str, float]) -> Any:
    """nutpie's compiled model: seconds the first time on a machine, a fraction of that from the cache later.

    It can be given other data of the same shapes, never of others. ``starts`` are initial points by name. Where the
    wrappers do not fit the nutpie that is installed, its own are compiled instead, and the screen says so.
    """
    fit = wrappers_fit()
    if not fit:
        message = words.text("bayes.general_wrappers", nutpie=version("nutpie"))
        Console(stderr=True).print(message, markup=False, highlight=False, soft_wrap=True)
    with _thin_wrappers() if fit else nullcontext():
        return nutpie.compile_pymc_model(model, initial_points=starts, cache=True)


def wrappers_fit() -> bool:
    """Whether this is the nutpie that ours were written for, with the functions that they stand in for and call.

    What they read of nutpie's memory no name can tell, so another version is never tried.
    """
    if version("nutpie") != KNOWN:
        return False
    found = {name: getattr(compile_pymc, name, None) for name in REPLACED}
    arguments = {name: tuple(signature(function).parameters) for name, function in found.items() if function}
    return arguments == REPLACED and hasattr(compile_pymc, "address_as_void_pointer")


@contextmanager
def _thin_wrappers() -> Iterator[None]:
    """Ours in the place of nutpie's for as long as it compiles."""
    theirs = compile_pymc._make_c_logp_func, compile_pymc._make_c_expand_func
    compile_pymc._make_c_logp_func, compile_pymc._make_c_expand_func = _logp, _expand
    try:
        yield
    finally:
        compile_pymc._make_c_logp_func, compile_pymc._make_c_expand_func = theirs


def _logp(
    n: int, inner: Any, user_data: NDArray[Any], keys: Sequence[str], data: Mapping[str, NDArray[Any]]
) -> tuple[Wrapper, str]:
    return _wrapped(LOGP, {"n": n}, inner, user_data, keys, data), LOGP_TYPE


def _expand(
    n: int, expanded: int, inner: Any, user_data: NDArray[Any], keys: Sequence[str], data: Mapping[str, NDArray[Any]]
) -> tuple[Wrapper, str]:
    return _wrapped(EXPAND, {"n": n, "expanded": expanded}, inner, user_data, keys, data), EXPAND_TYPE


def _wrapped(
    template: str,
    sizes: dict[str, int],
    inner: Any,
    user_data: NDArray[Any],
    keys: Sequence[str],
    data: Mapping[str, NDArray[Any]],
) -> Wrapper:
    """The template as a function that hands ``inner`` each shared array, its shape written out.

    The first field of nutpie's record of shared data holds the addresses of the arrays, one after another.
    """
    places = list(user_data.dtype["shared"]["data"].names or ())
    arguments = "".join(
        f", carray(address(addresses[{places.index(key)}]), {data[key].shape}, {data[key].dtype})" for key in keys
    )
    source = template.format(**sizes, shared=len(places), arguments=arguments)
    known = {
        "__name__": __name__,
        "inner": inner,
        "carray": carray,
        "address": compile_pymc.address_as_void_pointer,
        "isfinite": np.isfinite,
        "uintp": np.uintp,
    } | {str(array.dtype): array.dtype for array in data.values()}
    # What PyTensor finds unfit to keep is compiled anew each time: under a name that is never asked for again.
    code = CACHED_SRC_FUNCTIONS.get(inner.py_func, uuid4().hex)
    # The code remembers the name of this module, so under another name it must not be found again.
    key = sha256((__name__ + code + source).encode()).hexdigest()
    wrapped: Wrapper = compile_numba_function_src(source, "wrapped", known, cache_key=key)
    return wrapped
