"""A column of rows as arrays: names, periods, flags of treatment and numbers, however a table holds them.

What is missing is looked for before a cast could turn it into a word or a number of its own (a district »nan«).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse
from sverige_did.periods import date_number, period_kind, period_label, period_number

type Floats = NDArray[np.float64]
type Codes = NDArray[np.intp]
type Bools = NDArray[np.bool_]

FLAGS = {"true": True, "1": True, "1.0": True, "yes": True, "ja": True} | {
    "false": False, "0": False, "0.0": False, "no": False, "nej": False,
}  # fmt: skip
"""How a flag may be written, in any case. Not 1 and 2: which of them is yes differs from register to register."""

CODINGS = "True/False, 1/0, yes/no, ja/nej"

EMPTY = ("", "nan", "nat", "none", "<na>")
"""Text that is no value: blank, or a missing value that somebody has cast."""

SHOWN = 6
"""So many of the values found are named in a refusal."""


def names(values: ArrayLike, column: str) -> tuple[Codes, tuple[str, ...]]:
    """Codes (N,) into the distinct names, in their order; numbers are ordered as numbers.

    Raises RefusedError ``did_not_finite`` where a name is missing.
    """
    codes, found = _distinct(values, column)
    plain = found.map(str) if pd.api.types.infer_dtype(found, skipna=False).startswith("mixed") else found
    rank, labels = pd.factorize(np.asarray(plain), sort=True)
    return rank[codes].astype(np.intp, copy=False), tuple(map(str, labels))


def periods(values: ArrayLike, column: str = "period") -> tuple[Codes, Floats]:
    """Codes (N,) into the ascending numbers of the periods: numbers as they are, all else as years.

    ``2013``, ``2013H2``, ``2013Q3``, ``2013-07``, dates and pandas' periods are the year in which they begin and the
    share of it that has passed by then.

    Raises RefusedError: ``did_not_finite``, ``did_period_unknown``, ``did_periods_mixed`` (half-years among years).
    """
    codes, found = _distinct(values, column)
    if found.dtype.kind in "biuf":
        numbers_ = found.to_numpy(dtype=np.float64)
    else:
        kinds, numbers_ = _read_periods(list(found))
        first = {kind: str(value) for kind, value in zip(reversed(kinds), reversed(list(found)), strict=True)}
        if len(first) > 1:
            raise refuse("did_periods_mixed", found=", ".join(sorted(first.values())))
    if not np.isfinite(numbers_).all():
        raise refuse("did_not_finite", found=str(int((~np.isfinite(numbers_)[codes]).sum())), column=column)
    ascending, rank = np.unique(numbers_, return_inverse=True)
    return rank[codes].astype(np.intp, copy=False), ascending


def flags(values: ArrayLike, column: str = "treated") -> Bools:
    """Flags (N,), written as any of :data:`FLAGS`.

    Raises RefusedError: ``did_not_finite`` where one is missing, ``did_flags`` where they are coded otherwise.
    """
    plain = _as_they_are(values, "b")
    if plain is not None and plain.ndim == 1:
        return plain.astype(bool)
    codes, found = _distinct(values, column)
    read = [FLAGS.get(str(value).strip().casefold()) for value in found]
    if None in read:
        shown = sorted(map(str, found))
        more = ["…"] if len(shown) > SHOWN else []
        raise refuse("did_flags", found=", ".join(shown[:SHOWN] + more), expected=CODINGS, column=column)
    return np.array(read, dtype=bool)[codes]


def numbers(values: ArrayLike, column: str) -> Floats:
    """Numbers (N, ...), nan where one is missing; refused (``did_not_numbers``) where something else is among them."""
    plain = _as_they_are(values, "biuf")
    if plain is not None:
        return plain.astype(np.float64, copy=False)
    given: Any = values
    try:
        table = pd.DataFrame(given).astype(object)
        found: Floats = table.mask(table.isna(), np.nan).to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise refuse("did_not_numbers", column=column) from None
    return found.ravel() if np.ndim(given) == 1 else found


def _as_they_are(values: ArrayLike, kinds: str) -> NDArray[Any] | None:
    """The array behind values of one of numpy's own types, in which nothing but nan can be missing; None for others."""
    if type(values) is not np.ndarray and not isinstance(values, pd.Series | pd.Index):
        return None
    own = isinstance(values.dtype, np.dtype) and values.dtype.kind in kinds
    return np.asarray(values) if own else None


def _distinct(values: ArrayLike, column: str) -> tuple[Codes, pd.Index[Any]]:
    """Codes (N,) into the distinct values as they came; refused where one is missing."""
    try:
        # pandas' stubs know no column of values of unlike types, which is what is asked about here.
        codes, found = pd.factorize(pd.Series(values if hasattr(values, "dtype") else list(values)))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise refuse("did_lengths", found=f"{column}: {np.shape(values)}", expected="(N,)") from None
    missing = int((codes < 0).sum())
    if found.dtype.kind not in "biuf":
        empty = np.array([isinstance(one, str) and one.strip().casefold() in EMPTY for one in found], dtype=bool)
        missing += int(empty[codes[codes >= 0]].sum())
    if missing:
        raise refuse("did_not_finite", found=str(missing), column=column)
    return codes, pd.Index(found)


def _read_periods(values: list[Any]) -> tuple[list[str], Floats]:
    """The kind of each period and its number; refused where one is none."""
    read = []
    for value in values:
        try:
            read.append(_read_period(value))
        except (TypeError, ValueError):
            raise refuse("did_period_unknown", found=str(value)) from None
    return [kind for kind, _ in read], np.array([number for _, number in read], dtype=np.float64)


def _read_period(value: Any) -> tuple[str, float]:
    if isinstance(value, pd.Period):
        return value.freqstr, date_number(value.start_time)
    if isinstance(value, date | np.datetime64):
        return "date", date_number(pd.Timestamp(value))
    if not isinstance(value, str):
        return "year", float(value)
    label = period_label(value)
    kind = period_kind(label)
    if kind is not None:
        return kind, period_number(label)
    try:
        return "year", float(value)
    except ValueError:
        return "date", date_number(date.fromisoformat(value.strip()))
