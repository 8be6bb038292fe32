"""How much more may the groups drift apart after the start than they did before it?

Rambachan and Roth's (2023) relative magnitudes: from one period to the next, the groups may drift by at most M times
the largest step before the start, whose own uncertainty counts (inference/relative_magnitudes.py). Limits from normal
theory are too narrow with few treated districts, so they are stretched to those of the page's own interval; the
authors' own stand beside. Two periods before hold one step: it enters with the far end of its own interval, which is
conservative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.curves import EffectScale, curve, effect_axis, grid
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.event_effects import Estimated
from sverige_did.inference.relative_magnitudes import FARTHEST, largest_step, relative_breakdown, relative_interval
from sverige_did.results.estimates import CheckResult, Curve

M_GRID = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


def relative_magnitudes(
    found: Estimated,
    outcome: str,
    *,
    scale: str,
    axis: EffectScale,
    rng: np.random.Generator,
    M: ArrayLike | None = M_GRID,
    years: bool = False,
) -> CheckResult:
    """The interval along ``M``, and the M at which it first includes no difference, stretched and by normal theory.

    ``years``: the periods of ``found`` are years made of shorter ones. ``M`` None draws no curve. The M is infinite
    where the interval leaves out no difference at twenty times the largest step.
    """
    x = None if M is None else grid("M", M, 0, np.inf)
    name, seed = effect_axis(axis, "axis"), int(rng.integers(2**63))

    def again() -> np.random.Generator:
        return np.random.default_rng(seed)

    limits = [relative_breakdown(one, found.load, rng=again(), alpha=found.test.alpha)
              for one in (found.stretched, found.effects)]  # fmt: skip
    curves: tuple[Curve, ...] = ()
    if x is not None:
        ends = np.array([relative_interval(found.stretched, found.load, float(m), rng=again(), alpha=found.test.alpha)
                         for m in x])  # fmt: skip
        middle = np.full_like(x, found.test.estimate)
        curves = (curve("interval", "relative_M", name, x, middle, ends[:, 0], ends[:, 1]),)
    key = "none" if limits[0] == 0 else "beyond" if np.isinf(limits[0]) else "result"
    return CheckResult(
        check="relative_magnitudes",
        outcome=outcome,
        scale=scale,
        key=f"{key}_years" if years else key,
        numbers={
            "effect_last": found.test.estimate,
            "effect_low": found.test.lower,
            "effect_high": found.test.upper,
            "size_step": largest_step(found.effects),
            "times": limits[0],
            "times_normal": min(limits[1], FARTHEST),
            "tried": float(found.effects.before.size),
        },
        curves=curves,
    )


def one_step_before(
    effect: TTest,
    step: TTest,
    steps_after: float,
    outcome: str,
    *,
    scale: str,
    axis: EffectScale,
    M: ArrayLike = M_GRID,
) -> CheckResult:
    """tau +- [c se + M k (abs(d) + c se of d)]: conservative, of a single step ``d`` before the start.

    ``effect`` is the mean after against the last period before; ``steps_after`` (k) how many periods it lies from it.
    """
    half = (effect.upper - effect.lower) / 2
    reached = steps_after * max(-step.lower, step.upper)
    left = max(0.0, abs(effect.estimate) - half)
    x = grid("M", M, 0, np.inf)
    reach, middle = half + x * reached, np.full_like(x, effect.estimate)
    return CheckResult(
        check="relative_magnitudes",
        outcome=outcome,
        scale=scale,
        key="none" if left == 0 else "single",
        numbers={
            "effect_last": effect.estimate,
            "effect_low": effect.lower,
            "effect_high": effect.upper,
            "size_step": reached / steps_after,
            "times": left / reached,
        },
        curves=(curve("interval", "relative_M", effect_axis(axis, "axis"), x, middle, middle - reach, middle + reach),),
    )
