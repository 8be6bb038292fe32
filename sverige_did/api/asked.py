"""What a caller gives beside his columns: checked where he calls, and told by the name that he gave it by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from os import PathLike

import numpy as np

from sverige_did.errors import InputError, Problem


def number(name: str, value: object, *, above: float = -np.inf, below: float = np.inf) -> None:
    """Refuse (InputError ``frame_between``) what is no number between ``above`` and ``below``, both left out."""
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_) or not above < float(value) < below:
        low, high = (f"{above:g} < " if np.isfinite(above) else ""), (f" < {below:g}" if np.isfinite(below) else "")
        raise _outside(name, value, f"{low}{name}{high}")


def whole(name: str, value: object, least: int) -> None:
    """Refuse (InputError ``frame_between``) what is no whole number of at least ``least``."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise _outside(name, value, f"{name} = {least}, {least + 1}, {least + 2}, …")


def pair(name: str, value: object, parts: str) -> None:
    """Refuse (InputError ``frame_argument``) what is not two things, which ``parts`` names."""
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray) or len(value) != 2:
        raise unlike(name, value, parts)


def folder(name: str, value: object) -> None:
    """Refuse (InputError ``frame_no_folder``) an empty name, which stands for the folder that one happens to be in."""
    if not isinstance(value, str | PathLike):
        raise unlike(name, value, "str, Path")
    if not str(value).strip():
        raise InputError(Problem("frame_no_folder"))


def among(name: str, value: object, valid: Iterable[str]) -> None:
    """Refuse (InputError ``unknown_option``) what is none of the ``valid`` ones."""
    known = list(dict.fromkeys(valid))
    if value not in known:
        raise InputError(
            Problem("unknown_option", found=repr(value), expected=", ".join(known) or "–", values={"name": name})
        )


def unlike(name: str, value: object, expected: str) -> InputError:
    """What is of another kind than is needed (``frame_argument``)."""
    return InputError(Problem("frame_argument", found=repr(value), expected=expected, values={"name": name}))


def _outside(name: str, value: object, expected: str) -> InputError:
    return InputError(Problem("frame_between", found=repr(value), expected=expected, values={"name": name}))
