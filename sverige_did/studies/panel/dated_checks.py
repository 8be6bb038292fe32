"""Which doubts a finding about districts that begin at different dates can raise against itself (D5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import numpy as np

from sverige_did.checks.absolute_violation import absolute_violation_of_districts
from sverige_did.checks.curves import EffectScale
from sverige_did.checks.equivalence import equivalence
from sverige_did.checks.just_before import just_before
from sverige_did.checks.leave_one_out import leave_one_out
from sverige_did.checks.placebo_dates import placebo_dates_before_each
from sverige_did.checks.placebo_groups import Counts, Groups, placebo_groups
from sverige_did.checks.pretest_power import pretest_power
from sverige_did.checks.pretrends import FEWEST, pretrends_of_dates
from sverige_did.checks.relative_magnitudes import M_GRID, relative_magnitudes
from sverige_did.checks.single_districts import single_districts
from sverige_did.checks.smoothness import smoothness
from sverige_did.checks.synthetic_did import staggered_synthetic_beside
from sverige_did.checks.tipping_shock_districts import tipping_shock_of_dates
from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.event_effects import Estimated, of_dates_by_event_time
from sverige_did.inference.staggered import own_order, strata_in
from sverige_did.inference.staggered_districts import (
    Summed,
    of_each_treated,
    spread,
    summed,
    without_each,
    without_each_date,
)
from sverige_did.panel import COUNTED, Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.could_not_run import made
from sverige_did.studies.panel.outcome_data import OutcomeData
from sverige_did.studies.panel.placebo_outcomes import Moved, placebo_outcomes
from sverige_did.studies.panel.seen import Named
from sverige_did.studies.panel.staggered_did import dated_of, mean_effect, up_to_follow_up


@dataclass(frozen=True)
class _Dated:
    """One outcome of districts that begin apart; ``drawn``: its figures are shown. What several checks need is computed
    once."""

    data: OutcomeData
    drawn: bool

    @property
    def axis(self) -> EffectScale:
        return cast("EffectScale", self.data.scale)

    @property
    def alpha(self) -> float:
        return 1 - self.data.study.level

    @property
    def named(self) -> Named:
        return {"outcome": self.data.wanted.outcome, "scale": self.data.scale}

    @cached_property
    def by_event_time(self) -> Estimated:
        """The effects by periods since each district's own start, every district counting the same, as in the verdict.

        Periods treated in part are left out where the plan leaves them out.
        """
        return of_dates_by_event_time(self.data.arrays(self.data.partial), alpha=self.alpha)

    @cached_property
    def summed(self) -> Summed:
        """The estimate as a sum over districts."""
        panel, whole = dated_of(self.data)
        return summed(panel, mean_effect, whole)

    @cached_property
    def test(self) -> TTest:
        """The estimate with Student's t by starting date, as the verdict has it."""
        return self.summed.test(np.ones(self.summed.cohort.size, dtype=bool), self.alpha)


def checks_of_dates(data: OutcomeData, *, drawn: bool = True, panel: Panel | None = None) -> list[CheckResult]:
    """Every check of one outcome; ``panel`` holds the other outcomes, those that could not be moved among them."""
    dated, name = _Dated(up_to_follow_up(data), drawn), data.wanted.outcome
    ran = [made(check, name, partial(run, dated)) for check, run in _CHECKS.items()]
    if panel is not None:
        ran += placebo_outcomes(panel, data, _moved, first=drawn)
    return [one for one in ran if one is not None]


def _moved(data: OutcomeData) -> Moved:
    """The test by starting date, with the level of the treated in their periods after."""
    dated = _Dated(up_to_follow_up(data), drawn=False)
    panel, whole = dated_of(dated.data)
    after = panel.ever_treated[:, None] & (panel.periods >= panel.treated_from[:, None])
    return Moved(dated.test, dated.test.p_value, float(np.nanmean(whole.table[after])))


def _years(dated: _Dated) -> float:
    """The years from one period to the next."""
    return float(np.diff(dated.data.arrays("intention").periods).min())


def _pretrends(dated: _Dated) -> CheckResult:
    return pretrends_of_dates(dated.by_event_time, years=_years(dated), **dated.named)


def _absolute(dated: _Dated) -> CheckResult | None:
    """Where some date has a single period before, so that nothing before is seen of all of them."""
    try:
        seen = dated.by_event_time.effects.before.size
    except RefusedError as refusal:
        if refusal.problems[0].key != "did_one_pre_period":
            raise
        seen = 0
    return absolute_violation_of_districts(dated.test, axis=dated.axis, **dated.named) if seen == 0 else None


def _relative(dated: _Dated) -> CheckResult:
    M = M_GRID if dated.drawn else None
    return relative_magnitudes(
        dated.by_event_time, axis=dated.axis, rng=dated.data.rng(), M=M, **dated.named
    )  # fmt: skip


def _smooth(dated: _Dated) -> CheckResult:
    found = dated.by_event_time
    if found.effects.before.size < FEWEST - 1:
        raise refuse("did_one_pre_period", found=str(found.effects.before.size + 1), expected=f">= {FEWEST}")
    return smoothness(found, axis=dated.axis, drawn=dated.drawn, **dated.named)


def _power(dated: _Dated) -> CheckResult:
    return pretest_power(dated.by_event_time, rng=dated.data.rng(), years=_years(dated), **dated.named)


def _equivalence(dated: _Dated) -> CheckResult:
    return equivalence(dated.by_event_time, **dated.named)


def _just_before(dated: _Dated) -> CheckResult:
    """Against the period before the last one before each district's own start."""
    panel, whole = dated_of(dated.data)

    def earlier(arrays: DistrictPanel) -> float:
        return aggregate(group_time_effects(arrays, "never", anticipation=_years(dated)), "simple").overall

    found = summed(panel, earlier, whole)
    without = found.test(np.ones(found.cohort.size, dtype=bool), dated.alpha)
    return just_before(dated.test, without, 1, **dated.named)


def _placebo_dates(dated: _Dated) -> CheckResult:
    return placebo_dates_before_each(dated.by_event_time, axis=dated.axis, rng=dated.data.rng(), **dated.named)


def _leave_one_out(dated: _Dated) -> CheckResult:
    return _in_counts(dated, "leave_one_out", without_each(dated.summed, dated.alpha))


def _leave_one_date_out(dated: _Dated) -> CheckResult | None:
    """Nothing to ask where all begin on one date."""
    found = without_each_date(dated.summed, dated.alpha)
    return _in_counts(dated, "leave_one_date_out", found) if found else None


def _in_counts(dated: _Dated, check: str, without: list[TTest]) -> CheckResult:
    """In counts: by how much the finding moves would tell of single districts, and no attack knows these sums."""
    one = leave_one_out(dated.test, without, **dated.named)
    numbers = one.numbers | {"percent_low": None, "percent_high": None}
    return one.model_copy(update={"check": check, "key": f"dates_{one.key}", "numbers": numbers})


def _single_districts(dated: _Dated) -> CheckResult:
    return single_districts(of_each_treated(dated.summed), dated.test.estimate, **dated.named)


def _tipping(dated: _Dated) -> CheckResult:
    found = spread(dated.summed)
    return tipping_shock_of_dates(dated.test, found.seen, found.std_error, **dated.named)


def _synthetic(dated: _Dated) -> CheckResult:
    data = dated.data
    panel = data.arrays("intention")
    rows = own_order(panel)
    return staggered_synthetic_beside(
        dated.test,
        panel.wide()[rows],
        panel.periods,
        panel.treated_from[rows],
        data.wanted.outcome,
        scale=data.scale,
        rng=data.rng(),
        strata=strata_in(panel, rows),
    )


def _placebo_groups(dated: _Dated) -> CheckResult | None:
    """Groups of the areas that never begin; nothing to ask where the plan has none, or nothing is counted."""
    data = dated.data
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


_CHECKS: dict[str, Callable[[_Dated], CheckResult | None]] = {
    "pretrends": _pretrends,
    "absolute_violation": _absolute,
    "relative_magnitudes": _relative,
    "smoothness": _smooth,
    "pretest_power": _power,
    "equivalence": _equivalence,
    "placebo_dates": _placebo_dates,
    "just_before": _just_before,
    "leave_one_out": _leave_one_out,
    "leave_one_date_out": _leave_one_date_out,
    "single_districts": _single_districts,
    "tipping_shock": _tipping,
    "synthetic_did": _synthetic,
    "placebo_groups": _placebo_groups,
}
