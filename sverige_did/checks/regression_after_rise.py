"""Districts that were chosen because they had just risen: what is left when the rise is taken off?

What rises by chance falls back, and what rises because it is on its way goes on rising. Neither is told by the level
before, so that holding the level fixed does not help. Here the change is measured from the later half of the periods
before, to which the rise has been made, and the level of the older half is held fixed: in real panels where the areas
that had risen most were picked and nothing was done, that kept the size of the test for most measures where the plain
difference rejected every second time (docs/methods.md). How large the rise was is not told: beside the placebo dates it
would tell of single districts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sverige_did.checks.alternatives import alternative
from sverige_did.errors import refuse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.level_choice import with_level
from sverige_did.results.estimates import CheckResult

FEWEST = 4
"""Periods before, at least: two for each half."""


def halves(periods: int) -> tuple[slice, slice]:
    """The older and the later half of so many periods before; of an odd number the later half has one more."""
    return slice(0, periods // 2), slice(periods // 2, periods)


def regression_after_rise(
    planned: TTest, before: Floats, after: Floats, sample: Districts, outcome: str, *, scale: str
) -> CheckResult:
    """``before`` (G, T) and ``after`` (G,) are levels of the districts of ``sample`` in the outcome's unit.

    Raises RefusedError ``did_one_pre_period`` with fewer than four periods before, and ``inference_not_finite`` where
    a district is not seen in all of them.
    """
    if before.shape[1] < FEWEST:
        raise refuse("did_one_pre_period", found=str(before.shape[1]), expected=f">= {FEWEST}")
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise refuse("inference_not_finite", found="nan", name="levels")
    old, late = (before[:, part].mean(axis=1) for part in halves(before.shape[1]))
    held = with_level(replace(sample, change=after - late), old)
    test = calibrated_test(held, planned.alpha)
    return alternative("regression_after_rise", planned, test, outcome, scale=scale)
