"""The test that no district was affected, which uses the periods before: beside the verdict and outside its rule."""

from __future__ import annotations

import numpy as np

from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.missing_periods import filled
from sverige_did.did.window import Window
from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.period_variances import allowed, period_variance_test
from sverige_did.results.estimates import Estimate, Remark
from sverige_did.studies.panel.choice import row_beside
from sverige_did.studies.panel.outcome_data import tried


def levels_before(panel: DistrictPanel, window: Window, *, logs: bool) -> Floats:
    """The levels of the periods before go-live (G, P), in logarithms for a ratio; those that are missing filled."""
    whole = filled(panel, window, "log" if logs else "identity")
    before = whole.panel.wide()[:, whole.window.sides(panel)[0]]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(before) if logs else before


def of_periods(
    first: Estimate, sample: Districts, before: Floats, alpha: float
) -> tuple[tuple[Estimate, ...], tuple[Remark, ...]]:
    """The row of the methods table whose first estimate is ``first``, or why there is none.

    Nothing where the design is not one that the test knows, or where a logarithm before does not exist.
    """
    if not allowed(sample, before) or not np.isfinite(before).all():
        return (), ()
    test, why = tried(lambda: period_variance_test(sample, before, alpha))
    if test is None:
        return (), why
    return (row_beside(first, test, test.p_value, "period_variances", "no_district_affected"),), ()
