"""A start that never was: every date within the periods before, tried as if the programme had begun there.

That nothing stands out is a pass only if it could have: where the interval of any date reaches as far as the finding
does, in either direction, a false effect as large as the finding could have stood there unseen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sverige_did.checks.curves import EffectScale, curve, effect_axis
from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Floats, Ints
from sverige_did.inference.event_effects import Estimated
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

    ``found``: one stands out · ``nothing``: none does, and one as large as the finding lies outside the interval of
    every date · ``cannot_tell``: it lies within one.
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
        key="found" if p <= contrasts[0].alpha else _none_found(effect, lower, upper),
        numbers={
            "tried": float(dates.size),
            "effect_largest": float(found[np.abs(found).argmax()]),
            "effect": effect,
            "p": p,
        },
        curves=(curve("placebo", "placebo_date", effect_axis(axis, "axis"), dates, found, lower, upper),),
    )


def _none_found(effect: float, lower: Floats, upper: Floats) -> str:
    """The key where nothing stands out: whether an effect as large as the finding would have."""
    reach = float(np.maximum(-lower, upper).max())
    return "nothing" if abs(effect) > reach else "cannot_tell"


DRAWS = 20_000


def placebo_dates_before_each(
    found: Estimated, outcome: str, *, scale: str, axis: EffectScale, rng: np.random.Generator
) -> CheckResult:
    """The same where districts begin at different dates: every number of periods before each district's own start, as
    if it had begun then.

    One p for all, the share of draws of a t with the effects' covariance and the finding's degrees of freedom whose
    largest size is as large. Raises RefusedError ``did_one_pre_period`` with fewer than three periods before.
    """
    P = found.effects.before.size
    cuts = splits(np.arange(P + 1))
    if not cuts:
        raise refuse("did_one_pre_period", found=str(P + 1), expected=">= 3")
    rows = np.array([np.isin(np.arange(P), late) / late.size - np.isin(np.arange(P), early) / early.size
                     for early, late in cuts])  # fmt: skip
    covariance = rows @ found.effects.covariance[:P, :P] @ rows.T
    made, error = rows @ found.effects.estimate[:P], np.sqrt(np.diag(covariance))
    if not error.min() > 0:
        raise refuse("no_variation_within")
    df = found.test.df
    normal = rng.multivariate_normal(np.zeros(len(rows)), covariance / np.outer(error, error), DRAWS, method="eigh")
    largest = np.abs(normal).max(axis=1) / np.sqrt(rng.chisquare(df, DRAWS) / df)
    p = float((1 + (largest >= np.abs(made / error).max()).sum()) / (1 + DRAWS))
    half = (found.test.upper - found.test.lower) / 2 / found.test.std_error * error
    effect = found.test.estimate
    times = np.append(found.effects.before, 0.0)[[late[0] for _, late in cuts]] - 1
    return CheckResult(
        check="placebo_dates",
        outcome=outcome,
        scale=scale,
        key="dates_found" if p <= found.test.alpha else f"dates_{_none_found(effect, made - half, made + half)}",
        numbers={
            "tried": float(len(cuts)),
            "effect_largest": float(made[np.abs(made).argmax()]),
            "effect": effect,
            "p": p,
        },
        curves=(curve("placebo", "placebo_before", effect_axis(axis, "axis"), times, made, made - half, made + half),),
    )
