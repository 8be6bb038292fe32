"""Covariates of a study: columns by name or a formula, each a number that every unit has before anybody starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.errors import InputError, Problem

if TYPE_CHECKING:
    from formulaic import Formula

type Floats = NDArray[np.float64]


class Covariates(NamedTuple):
    """``values`` (U, p) by ``names`` (p,)."""

    values: Floats
    names: tuple[str, ...]


def names_of(columns: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name or several as a tuple; a formula stays one."""
    return () if columns is None else (columns,) if isinstance(columns, str) else tuple(map(str, columns))


def formula_in(names: Sequence[str]) -> str | None:
    """The formula, where it is one: it begins with ``~``. Refused where something else stands beside it."""
    found = [name for name in names if "~" in name]
    if not found:
        return None
    if len(names) > 1 or not found[0].strip().startswith("~"):
        raise InputError(Problem("frame_formula", column="covariates", found=", ".join(names)))
    return found[0].strip()


def counted(column: pd.Series[Any]) -> bool:
    """Whether a column is of numbers, so that what varies over time has a mean; others have to stand still."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def variables_of(formula: str) -> tuple[str, ...]:
    """The columns that a formula needs."""
    return tuple(sorted(map(str, _parsed(formula).required_variables)))


def of_formula(formula: str, once: pd.DataFrame) -> Covariates:
    """The columns of a formula's design without its intercept; ``once`` (U rows) has what it needs of every unit."""
    import formulaic  # noqa: PLC0415 - a second to load, and only for a formula

    try:
        with np.errstate(all="ignore"):  # what is no number is named below
            made = formulaic.model_matrix(formula, once, na_action="ignore")
    except Exception as fault:  # a formula is code of the caller's, and may raise anything
        raise InputError(Problem("frame_formula", column="covariates", found=_line(fault))) from fault
    kept = [str(name) for name in made.columns if name != "Intercept"]
    values = np.asarray(made[kept], dtype=np.float64)
    if not np.isfinite(values).all():
        bad = [name for name, column in zip(kept, values.T, strict=True) if not np.isfinite(column).all()]
        raise InputError(Problem("frame_formula", column="covariates", found=", ".join(bad)))
    return Covariates(values, tuple(kept))


def _parsed(formula: str) -> Formula:
    import formulaic  # noqa: PLC0415 - as above

    try:
        return formulaic.Formula(formula)
    except Exception as fault:  # a parser's own errors, of several kinds
        raise InputError(Problem("frame_formula", column="covariates", found=_line(fault))) from fault


def _line(fault: Exception) -> str:
    return str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
