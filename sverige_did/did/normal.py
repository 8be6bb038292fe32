"""An estimate with a symmetric interval, for estimators whose theory gives a standard error over many districts."""

from __future__ import annotations

import numpy as np
import scipy

from sverige_did.did.arrays import Weighting
from sverige_did.errors import option
from sverige_did.results.estimates import Estimate


def normal_estimate(
    value: float, std_error: float, *, scale: str, estimand: str, estimator: str, inference: str, level: float,
    weighting: Weighting, df: float = np.inf,
) -> Estimate:  # fmt: skip
    """``value`` with limits at Student's quantiles of ``level`` with ``df`` degrees of freedom, normal ones without.

    A ``std_error`` of nan means that the variance cannot be estimated, because a starting date has a single district
    and the others lend it none: the estimate then carries a note and no limits. It has none either where the districts
    do not vary, with a ``std_error`` of 0.
    """
    option("weighting", weighting, Weighting)
    known = bool(np.isfinite(std_error) and std_error > 0)
    half = float(scipy.stats.t.ppf((1 + level) / 2, df)) * std_error if known else np.nan
    return Estimate(
        estimate=value,
        scale=scale,
        estimand=estimand,
        estimator=estimator,
        inference=inference if known else "none",
        std_error=std_error if known else None,
        lower=value - half if known else None,
        upper=value + half if known else None,
        level=level if known else None,
        weights=weighting,
        assumptions=("parallel_trends", "many_districts") if known else ("parallel_trends",),
        notes=("one_district_in_cohort",) if np.isnan(std_error) else (),
    )
