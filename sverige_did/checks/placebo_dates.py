"""A start that never was: every date within the periods before, tried as if the programme had begun there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sverige_did.checks.curves import EffectScale, curve, effect_axis
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Floats, Ints
from sverige_did.inference.multiplicity import step_down
from sverige_did.inference.permutation import PermutationP
from sverige_did.results.estimates import CheckResult


def splits(periods: Ints) -> list[tuple[Ints, Ints]]:
    """Every way of cutting the periods (T,) before the start in two: two or more before the date, one or more after."""
    return [(periods[:at], periods[at:]) for at in range(2, periods.size)]


def placebo_dates(
    dates: Floats,
    contrasts: Sequence[TTest],
    tests: Sequence[PermutationP],
    effect: float,
    outcome: str,
    *,
    scale: str,
    axis: EffectScale,
) -> CheckResult:
    """The effects found at ``dates`` (M,) on which nothing began, with one p for all of them.

    ``contrasts`` hold their limits one at a time; ``tests`` their permutations, all through the same choices of
    districts, so that p is Westfall and Young's. Neighbouring dates share most of their data.
    """
    found = np.array([one.estimate for one in contrasts])
    statistics = np.column_stack([test.reference for test in tests])
    observed = np.array([test.observed for test in tests])
    p = float(step_down(statistics, observed).adjusted.min())
    lower, upper = (np.array([getattr(one, side) for one in contrasts]) for side in ("lower", "upper"))
    return CheckResult(
        check="placebo_dates",
        outcome=outcome,
        scale=scale,
        key="found" if p <= contrasts[0].alpha else "nothing",
        numbers={
            "tried": float(dates.size),
            "effect_largest": float(found[np.abs(found).argmax()]),
            "effect": effect,
            "p": p,
        },
        curves=(curve("placebo", "placebo_date", effect_axis(axis, "axis"), dates, found, lower, upper),),
    )
