"""Which doubts a finding about districts that begin at different dates can raise against itself (D5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sverige_did.checks.placebo_groups import Counts, Groups, placebo_groups
from sverige_did.checks.synthetic_did import staggered_synthetic_beside
from sverige_did.inference.staggered import own_order, strata_in
from sverige_did.panel import COUNTED
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.could_not_run import BY_DISTRICT, cannot, made
from sverige_did.studies.panel.outcome_data import OutcomeData
from sverige_did.studies.panel.staggered_did import dated_test, up_to_follow_up


def checks_of_dates(data: OutcomeData) -> list[CheckResult]:
    """Every check of one outcome; those that take one common start say that there is none."""
    data, name = up_to_follow_up(data), data.wanted.outcome
    found = [cannot(check, name, "staggered") for check in BY_DISTRICT if check not in _CHECKS]
    ran = (made(check, name, partial(run, data)) for check, run in _CHECKS.items())
    return [*found, *(one for one in ran if one is not None)]


def _synthetic(data: OutcomeData) -> CheckResult:
    panel = data.arrays("intention")
    rows = own_order(panel)
    return staggered_synthetic_beside(
        dated_test(data),
        panel.wide()[rows],
        panel.periods,
        panel.treated_from[rows],
        data.wanted.outcome,
        scale=data.scale,
        rng=data.rng(),
        strata=strata_in(panel, rows),
    )


def _placebo_groups(data: OutcomeData) -> CheckResult | None:
    """Groups of the areas that never begin; nothing to ask where the plan has none, or nothing is counted."""
    plan, cells = data.study.placebo_groups, data.cells
    if plan is None or not cells["kind"].isin(COUNTED).all() or cells["denominator"].isna().any():
        return None
    never = cells[cells["group"] == "control"]
    y, n = (
        never.pivot(index="unit", columns="end", values=name).to_numpy(dtype=float) for name in ("value", "denominator")
    )
    rows = np.lexsort((*n.T, *y.T))  # areas are drawn in the order of their own numbers, not of their names
    other = {one.outcome: one for one in plan.compared}.get(data.wanted.outcome)
    first, *rest = plan.periods_apart
    return placebo_groups(
        Counts(y[rows], n[rows], data.per, data.entry.family == "share"),
        Groups(plan.treated, plan.control, None if other is None else other.size),
        data.wanted.outcome,
        scale=data.scale,
        apart=(first, rest[0]) if rest else (first,),
        draws=plan.draws,
        rng=data.rng(),
        compared=None if other is None else other.value,
    )


_CHECKS: dict[str, Callable[[OutcomeData], CheckResult | None]] = {
    "synthetic_did": _synthetic,
    "placebo_groups": _placebo_groups,
}
