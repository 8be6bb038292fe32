"""One estimate as a row: the columns that every tidy frame of this package has, whatever the estimator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
import pandas as pd
import scipy

from sverige_did.results.estimates import Estimate, Frozen, Probability

COLUMNS = (
    "term", "estimate", "std_error", "statistic", "p_value", "lower", "upper", "level", "method", "scale", "n_units",
    "n_treated",
)  # fmt: skip
"""The columns of :meth:`~sverige_did.api.shown.Result.to_frame`, stable in name and order."""

OWN = frozenset({"did", "did_log", "did_logit", "firth", "collapse"})
"""Estimators that are one number a unit; what tells two rows of them apart is how they are tested."""


class Row(Frozen):
    """One row of a tidy frame. A limit that does not exist is None, an unbounded one infinite.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> row = study.methods().by("cr1")
    >>> row.term, row.method, round(row.estimate, 3), row.n_units, row.n_treated
    ('att', 'cr1', -3.269, 20, 4)
    """

    term: str
    estimate: float
    std_error: float | None = None
    statistic: float | None = None
    p_value: Probability | None = None
    lower: float | None = None
    upper: float | None = None
    level: Probability | None = None
    method: str
    scale: str
    n_units: int | None = None
    n_treated: int | None = None

    @classmethod
    def of(cls, found: Estimate, term: str | None = None) -> Self:
        """An estimate as a row; without a term of its own it goes by what it estimates."""
        error = found.std_error
        return cls(
            term=found.estimand if term is None else term,
            estimate=found.estimate,
            std_error=error,
            statistic=found.estimate / error if error else None,
            p_value=found.p_value,
            lower=found.lower,
            upper=found.upper,
            level=found.level,
            method=found.inference if found.estimator in OWN and found.inference != "none" else found.estimator,
            scale=found.scale,
            n_units=found.n_units,
            n_treated=found.n_treated,
        )

    @classmethod
    def of_student(
        cls, term: str, estimate: float, std_error: float, df: float, *, level: float, method: str, scale: str,
        n_units: int | None = None, n_treated: int | None = None,
    ) -> Self:  # fmt: skip
        """An estimate with Student's test and limits; with neither where its standard error is nan or 0."""
        known = bool(np.isfinite(std_error) and std_error > 0)
        half = float(scipy.stats.t.ppf((1 + level) / 2, df)) * std_error if known else np.nan
        return cls(
            term=term, estimate=float(estimate), method=method, scale=scale, n_units=n_units, n_treated=n_treated,
            std_error=float(std_error) if known else None,
            statistic=float(estimate / std_error) if known else None,
            p_value=float(2 * scipy.stats.t.sf(abs(estimate / std_error), df)) if known else None,
            lower=float(estimate - half) if known else None,
            upper=float(estimate + half) if known else None,
            level=level if known else None,
        )  # fmt: skip


def frame_of(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a tidy frame: numbers as floats, nan where there is none."""
    frame = pd.DataFrame([row.model_dump() for row in rows], columns=list(COLUMNS))
    floats = ["estimate", "std_error", "statistic", "p_value", "lower", "upper", "level"]
    return frame.astype(dict.fromkeys(floats, "float64") | dict.fromkeys(["n_units", "n_treated"], "Int64"))
