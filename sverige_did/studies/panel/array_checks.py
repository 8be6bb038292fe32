"""The doubts that rest on the arrays of an outcome alone, whoever asks: a plan, or a data frame.

Another test than the calibrated one stands beside three of them (sensitivity.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sverige_did.checks.just_before import just_before, without_last
from sverige_did.checks.leave_one_out import leave_one_out
from sverige_did.checks.placebo_choice import placebo_choice
from sverige_did.checks.placebo_dates import placebo_dates, splits
from sverige_did.checks.placebo_units import placebo_units
from sverige_did.checks.pretrends import pretrends, slopes
from sverige_did.checks.regression_after_rise import regression_after_rise
from sverige_did.checks.regression_to_mean import lasting_share, regression_of_districts
from sverige_did.checks.shared_shock import shared_shock
from sverige_did.checks.single_districts import single_districts
from sverige_did.checks.synthetic_did import synthetic_beside
from sverige_did.checks.tipping_shock_districts import tipping_shock_of_districts
from sverige_did.did.collapse import att_from_changes
from sverige_did.errors import refuse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.level_choice import elsewhere, rule
from sverige_did.inference.permutation import permutation_p
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.drift_checks import DRIFT
from sverige_did.studies.panel.seen import Seen, named


def _pretrends(seen: Seen[Any]) -> CheckResult:
    slope = seen.contrast(slopes(seen.levels[:, seen.pre], seen.periods[seen.pre]))
    detrended = calibrated_test(seen.detrended(), seen.alpha)
    apart = float(seen.periods[seen.post].mean() - seen.periods[seen.pre].mean())
    return pretrends(slope, seen.test.estimate, apart, detrended, **named(seen))


def _placebo_dates(seen: Seen[Any]) -> CheckResult:
    before = np.flatnonzero(seen.pre)
    cuts = splits(before)
    if not cuts or np.isnan(seen.levels[:, seen.pre]).any():
        raise refuse("did_one_pre_period", found=str(before.size))
    changes = [seen.levels[:, late].mean(axis=1) - seen.levels[:, early].mean(axis=1) for early, late in cuts]
    everybody = np.ones(seen.sample.change.size, dtype=bool)
    tests = [
        permutation_p(seen.of(change, everybody), rng=seen.data.shared_rng(), order=seen.sample.order)
        for change in changes
    ]
    dates = seen.periods[[late[0] for _, late in cuts]]
    contrasts = [seen.contrast(change) for change in changes]
    return placebo_dates(dates, contrasts, tests, seen.test.estimate, axis=seen.axis, **named(seen))


def _leave_one_out(seen: Seen[Any]) -> CheckResult:
    everybody = np.arange(seen.sample.change.size)
    without = [seen.contrast(seen.sample.change, keep=everybody != d) for d in everybody]
    return leave_one_out(seen.test, without, **named(seen))


def _placebo_units(seen: Seen[Any]) -> CheckResult:
    return placebo_units(seen.sample, seen.test.estimate, rng=seen.data.rng(), alpha=seen.alpha, **named(seen))


def _single_districts(seen: Seen[Any]) -> CheckResult:
    """Each treated district against the controls of its stratum."""
    sample = seen.sample.compared()
    against = [np.average(sample.change[mine], weights=sample.weights[mine])
               for mine in ((sample.strata == s) & ~sample.treated for s in sample.strata[sample.treated])]  # fmt: skip
    return single_districts(sample.change[sample.treated] - against, seen.test.estimate, **named(seen))


def _synthetic_did(seen: Seen[Any]) -> CheckResult:
    inside = seen.pre | seen.post
    levels, post = seen.levels[:, inside], seen.post[inside]
    return synthetic_beside(seen.test, levels, post, seen.sample, rng=seen.data.rng(), **named(seen))


def _tipping_shock(seen: Seen[Any]) -> CheckResult:
    return tipping_shock_of_districts(seen.test, seen.sample, **named(seen))


def _shared_shock(seen: Seen[Any]) -> CheckResult:
    found = rule(seen.sample, rng=seen.data.rng(), alpha=seen.alpha)
    return shared_shock(seen.sample, found.p_value, alpha=seen.alpha, **named(seen))


def _regression(seen: Seen[Any]) -> CheckResult:
    before = seen.levels[:, seen.pre]
    level, weights, treated = np.nanmean(before, axis=1), seen.sample.weights, seen.sample.treated
    gap = att_from_changes(level, treated, weights)
    lasting = lasting_share(before, treated)
    if np.isnan(lasting):
        raise refuse("did_one_pre_period", found=str(before.shape[1]))
    return regression_of_districts(seen.test.estimate, gap, lasting, axis=seen.axis, **named(seen))


def _regression_after_rise(seen: Seen[Any]) -> CheckResult:
    after = seen.levels[:, seen.post].mean(axis=1)
    return regression_after_rise(seen.test, seen.levels[:, seen.pre], after, seen.sample, **named(seen))


def _just_before(seen: Seen[Any]) -> CheckResult:
    """Without the last year before, or the last of at most two periods."""
    before = np.flatnonzero(seen.pre)
    left, last = without_last(before, seen.step if seen.calendar else 1.0)
    change = np.nanmean(seen.levels[:, seen.post], axis=1) - np.nanmean(seen.levels[:, left], axis=1)
    return just_before(seen.test, seen.contrast(change), last.size, **named(seen))


def _placebo_choice(seen: Seen[Any]) -> CheckResult | None:
    """Nothing to ask where the treated were drawn by lot."""
    by, data = seen.data.chosen, seen.data
    if by == "random":
        return None
    found = elsewhere(seen.sample, seen.levels[:, seen.pre], by, rng=data.rng(), alpha=seen.alpha)
    if not found.tried:
        raise refuse("did_one_pre_period", found=str(int(seen.pre.sum())))
    return placebo_choice(found, by, int(seen.sample.treated.sum()), **named(seen))


ARRAY_CHECKS: dict[str, Callable[[Seen[Any]], CheckResult | None]] = {
    "pretrends": _pretrends,
    **DRIFT,
    "placebo_dates": _placebo_dates,
    "placebo_units": _placebo_units,
    "leave_one_out": _leave_one_out,
    "single_districts": _single_districts,
    "synthetic_did": _synthetic_did,
    "tipping_shock": _tipping_shock,
    "shared_shock": _shared_shock,
    "regression_to_mean": _regression,
    "regression_after_rise": _regression_after_rise,
    "just_before": _just_before,
    "placebo_choice": _placebo_choice,
}
"""These checks by name, in the order in which they are told."""
