"""Which doubts a finding about districts that begin at different dates can raise against itself (D5)."""

from __future__ import annotations

from functools import partial

import numpy as np

from sverige_did.checks.placebo_groups import Counts, Groups, placebo_groups
from sverige_did.panel import COUNTED, Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.could_not_run import made
from sverige_did.studies.panel.dated_array_checks import DATED_CHECKS, DatedSeen
from sverige_did.studies.panel.outcome_data import OutcomeData
from sverige_did.studies.panel.placebo_outcomes import Moved, placebo_outcomes
from sverige_did.studies.panel.staggered_did import dated_of, up_to_follow_up


def checks_of_dates(data: OutcomeData, *, drawn: bool = True, panel: Panel | None = None) -> list[CheckResult]:
    """Every check of one outcome; ``panel`` holds the other outcomes, those that could not be moved among them."""
    everything, data = data, up_to_follow_up(data)
    dated, name = _seen(data, drawn), data.wanted.outcome
    ran = [made(check, name, partial(run, dated)) for check, run in DATED_CHECKS.items()]
    ran.append(made("placebo_groups", name, partial(_placebo_groups, data)))
    if panel is not None:
        ran += placebo_outcomes(panel, everything, _moved, first=drawn)
    return [one for one in ran if one is not None]


def _moved(data: OutcomeData) -> Moved:
    """The test by starting date, with the level of the treated in their periods after."""
    dated = _seen(up_to_follow_up(data), drawn=False)
    panel, whole = dated.whole()
    after = panel.ever_treated[:, None] & (panel.periods >= panel.treated_from[:, None])
    return Moved(dated.test, dated.test.p_value, float(np.nanmean(whole.table[after])))


def _seen(data: OutcomeData, drawn: bool) -> DatedSeen:
    return DatedSeen(
        name=data.wanted.outcome,
        scale=data.scale,
        alpha=1 - data.study.level,
        rng=data.rng,
        panel=partial(data.arrays, data.partial),
        intention=partial(data.arrays, "intention"),
        whole=partial(dated_of, data),
        drawn=drawn,
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
