"""What could make the difference between cases before and during other than it looks: each as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.checks.unmeasured_change import unmeasured_change
from sverige_did.errors import RefusedError
from sverige_did.results.cases import PRIMARY
from sverige_did.results.estimates import CheckResult, Curve
from sverige_did.studies.cases.waits import CaseWaits, waits_of
from sverige_did.survival.completed import completed
from sverige_did.survival.drift import drift
from sverige_did.survival.hazard_ratio import hazard_ratio
from sverige_did.survival.restricted_mean import Difference, pooled, restricted_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from sverige_did.study.cases import CaseStudy

Numbers = dict[str, float | None]


class Given(NamedTuple):
    """What a check is asked: the cases estimated on, the others, and the plan."""

    cases: pd.DataFrame
    others: pd.DataFrame
    study: CaseStudy


def checks_of(cases: pd.DataFrame, others: pd.DataFrame, study: CaseStudy) -> tuple[CheckResult, ...]:
    """Every check of :data:`CHECKS`; one that cannot run says why by its key."""
    found = []
    for name, check in CHECKS.items():
        try:
            found.append(check(Given(cases, others, study)))
        except RefusedError as error:
            why = error.problems[0].key
            found.append(CheckResult(check=name, outcome=PRIMARY, status="could_not_run", key=why))
    return tuple(found)


def _over_places(waits: CaseWaits, horizon: int) -> Difference:
    """The mean of the municipalities with cases in both arms; RefusedError as ``restricted_mean``, or with none."""
    each = []
    for place in waits.places:
        mine = waits.of(waits.place == place)
        each.append(restricted_mean(mine.waits, mine.during, horizon, mine.worker))
    return pooled(each) if each else restricted_mean(waits.waits, waits.during, horizon)


def _said(one: Difference, level: float, prefix: str = "") -> Numbers:
    low, high = one.interval(level) or (None, None)
    return {f"{prefix}estimate": one.estimate, f"{prefix}lower": low, f"{prefix}upper": high}


def only_completed(given: Given) -> CheckResult:
    """What the finished cases alone would have said, beside the estimate that counts those still waiting."""
    waits = waits_of(given.cases, given.study)
    naive, right = completed(waits.waits, waits.during), _over_places(waits, given.study.horizon)
    counts = dict(
        zip(
            ("cases_finished_before", "cases_finished_during", "cases_left_before", "cases_left_during"),
            map(float, (*naive.finished, *naive.left_out)),
            strict=True,
        )
    )
    numbers = _said(naive.difference, given.study.level, "naive_") | _said(right, given.study.level) | counts
    return CheckResult(check="only_completed", outcome=PRIMARY, scale="days", numbers=numbers)


def drift_before(given: Given) -> CheckResult:
    """The trend among the cases before, and what it would come to by the time of those during."""
    waits = waits_of(given.cases, given.study)
    mine = waits.of(~waits.during)
    gap = float(waits.begun[waits.during].mean() - mine.begun.mean()) if waits.during.any() else 0.0
    found = drift(mine.waits, mine.begun, mine.place, given.study.horizon, gap, mine.worker)
    right = _over_places(waits, given.study.horizon)
    low, high = found.ahead.interval(given.study.level) or (None, None)
    held = low is not None and high is not None and low <= right.estimate <= high
    numbers = _said(found.slope, given.study.level, "slope_") | _said(found.ahead, given.study.level, "ahead_") | {
        "months": gap / (365.25 / 12), "estimate": right.estimate,
    }  # fmt: skip
    return CheckResult(
        check="drift_before", outcome=PRIMARY, scale="days", key="cannot_tell" if held else "result", numbers=numbers
    )


def not_exempt(given: Given) -> CheckResult:
    """The same difference among cases that the exemption does not cover: it should be none."""
    if given.others.empty:
        return CheckResult(check="not_exempt", outcome=PRIMARY, status="could_not_run", key="no_types")
    waits = waits_of(given.others, given.study)
    found = restricted_mean(waits.waits, waits.during, given.study.horizon)
    counts: Numbers = {
        "cases_before": float((~waits.during).sum()), "cases_during": float(waits.during.sum()),
    }  # fmt: skip
    numbers = _said(found, given.study.level) | counts
    return CheckResult(check="not_exempt", outcome=PRIMARY, scale="days", numbers=numbers)


def censored_at_start(given: Given) -> CheckResult:
    """The same difference when a case before is seen no longer than until the exemption applied to it as well."""
    waits = waits_of(given.cases, given.study, before_until=pd.Timestamp(given.study.periods.start))
    found = _over_places(waits, given.study.horizon)
    shortened = (
        waits.waits.until(given.study.horizon).days
        < waits_of(given.cases, given.study).waits.until(given.study.horizon).days
    )
    numbers = _said(found, given.study.level) | {"cases_cut": float(shortened.sum())}
    return CheckResult(check="censored_at_start", outcome=PRIMARY, scale="days", numbers=numbers)


def leave_one_municipality_out(given: Given) -> CheckResult:
    """The smallest and largest mean difference without one municipality."""
    waits = waits_of(given.cases, given.study)
    if len(waits.places) < 3:
        return CheckResult(check="leave_one_municipality_out", outcome=PRIMARY, status="could_not_run", key="two_only")
    left = [_over_places(waits.of(waits.place != place), given.study.horizon).estimate for place in waits.places]
    return CheckResult(
        check="leave_one_municipality_out",
        outcome=PRIMARY,
        scale="days",
        key="one_sign" if min(left) * max(left) > 0 else "both_signs",
        numbers={"lowest": min(left), "highest": max(left)},
    )


def what_else_changed(given: Given) -> CheckResult:
    """How large a change beside the trial would undo the hazard ratio, and the probability along its prior sd."""
    waits = waits_of(given.cases, given.study)
    one = hazard_ratio(waits.waits.until(given.study.horizon), waits.during, waits.place, waits.worker)
    limits, prior = one.interval(given.study.level), given.study.prior("change")
    found = unmeasured_change(
        one.estimate, one.std_error or 0.0, limits or (0.0, 0.0),
        prior_sd=prior.sd or 0.5, bias_mean=given.study.bias.mean, bias_sd=np.array(given.study.bias.sd),
    )  # fmt: skip
    numbers: Numbers = {
        "ratio": float(np.exp(one.estimate)),
        "tipping": float(np.exp(found.tipping)),
        "tipping_estimate": float(np.exp(found.estimate_tipping)),
        "e_estimate": found.e_estimate,
        "e_limit": found.e_limit,
        "sd_tipping": found.sd_tipping,
        "sure_without": float(found.faster[0]),
        "sure_with": float(found.faster[-1]),
        "sd_most": float(found.sd[-1]),
    }
    line = Curve(name="faster", x_name="bias_sd", y_name="prob_faster", x=tuple(found.sd), y=tuple(found.faster))
    key = "result" if found.tipping > 0 else "includes"
    return CheckResult(check="what_else_changed", outcome=PRIMARY, key=key, numbers=numbers, curves=(line,))


CHECKS: dict[str, Callable[[Given], CheckResult]] = {
    "only_completed": only_completed,
    "drift_before": drift_before,
    "not_exempt": not_exempt,
    "censored_at_start": censored_at_start,
    "leave_one_municipality_out": leave_one_municipality_out,
    "what_else_changed": what_else_changed,
}
"""Every check by its name, in the order of the page."""
