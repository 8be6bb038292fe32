"""The doubts about parallel trends that the number of periods before allows, of districts with one common start.

None or one: how much drift it would take, and nothing about whether there was any. Two: the one step before, with its
uncertainty. Three and more: Rambachan and Roth's two limits on drift, what a look at the periods before could have
shown, and how far apart the groups can have been. Steps are those of years where at least three lie before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sverige_did.checks.absolute_violation import absolute_violation_of_districts
from sverige_did.checks.equivalence import equivalence
from sverige_did.checks.permuted_magnitudes import permuted_magnitudes
from sverige_did.checks.pretest_power import pretest_power
from sverige_did.checks.relative_magnitudes import M_GRID, one_step_before, relative_magnitudes
from sverige_did.checks.smoothness import smoothness
from sverige_did.errors import refuse
from sverige_did.inference.event_effects import steps_before
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.seen import Seen, named

TWO, THREE = 2, 3


def _before(seen: Seen[Any], fewest: int) -> int:
    """How many periods lie before; refused with fewer than these."""
    found = int(seen.pre.sum())
    if found < fewest:
        raise refuse("did_one_pre_period", found=str(found), expected=f">= {fewest}")
    return found


def _absolute(seen: Seen[Any]) -> CheckResult | None:
    """Where parallel trends cannot be tested at all; with more periods before, those say more."""
    if int(seen.pre.sum()) >= TWO:
        return None
    return absolute_violation_of_districts(seen.test, axis=seen.axis, **named(seen))


def _relative(seen: Seen[Any]) -> CheckResult:
    if _before(seen, TWO) == TWO:
        first, last = (seen.levels[:, at] for at in np.flatnonzero(seen.pre))
        after = float((np.flatnonzero(seen.post) - np.flatnonzero(seen.pre)[-1]).mean())
        effect = seen.contrast(np.nanmean(seen.levels[:, seen.post], axis=1) - last)
        return one_step_before(effect, seen.contrast(last - first), after, axis=seen.axis, **named(seen))
    found = seen.by_period(seen.by_years)
    return relative_magnitudes(
        found,
        axis=seen.axis,
        rng=seen.data.rng(),
        M=M_GRID if seen.drawn else None,
        years=seen.by_years > 1,
        **named(seen),
    )


def _smooth(seen: Seen[Any]) -> CheckResult:
    _before(seen, THREE)
    return smoothness(seen.by_period(), axis=seen.axis, drawn=seen.drawn, **named(seen))


def _power(seen: Seen[Any]) -> CheckResult:
    _before(seen, TWO)
    return pretest_power(seen.by_period(), rng=seen.data.rng(), years=seen.step, **named(seen))


def _equivalence(seen: Seen[Any]) -> CheckResult:
    _before(seen, TWO)
    return equivalence(seen.by_period(seen.by_years), years=seen.by_years > 1, **named(seen))


def _permuted(seen: Seen[Any]) -> CheckResult:
    _before(seen, THREE)
    blocks = steps_before(np.flatnonzero(seen.pre), seen.by_years)
    levels = np.column_stack([seen.levels[:, one].mean(axis=1) for one in blocks])
    after = seen.levels[:, seen.post].mean(axis=1)
    if not (np.isfinite(levels).all() and np.isfinite(after).all()):
        raise refuse("inference_not_finite", found="nan", name="levels")
    return permuted_magnitudes(levels, after, seen.sample, rng=seen.data.rng(), alpha=seen.alpha, **named(seen))


DRIFT: dict[str, Callable[[Seen[Any]], CheckResult | None]] = {
    "absolute_violation": _absolute,
    "relative_magnitudes": _relative,
    "smoothness": _smooth,
    "pretest_power": _power,
    "equivalence": _equivalence,
    "permuted_magnitudes": _permuted,
}
"""The checks of drift, in the order in which they are told."""
