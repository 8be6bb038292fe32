"""The doubts that rest on the arrays of an outcome whose districts begin at different dates, whoever asks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from sverige_did.checks.absolute_violation import absolute_violation_of_districts
from sverige_did.checks.curves import EffectScale
from sverige_did.checks.equivalence import equivalence
from sverige_did.checks.just_before import just_before
from sverige_did.checks.leave_one_out import leave_one_out
from sverige_did.checks.placebo_dates import placebo_dates_before_each
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
from sverige_did.inference.staggered import Whole, own_order, strata_in
from sverige_did.inference.staggered_districts import (
    Summed,
    of_each_treated,
    spread,
    summed,
    without_each,
    without_each_date,
)
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.seen import Named
from sverige_did.studies.panel.staggered_did import mean_effect


@dataclass(frozen=True)
class DatedSeen:
    """One outcome of districts that begin apart; ``drawn``: its figures are shown.

    ``panel`` gives it without the periods treated in part, ``intention`` with all, ``whole`` what the test of the
    estimate takes of all; each is asked for by the checks that need it, whose own refusal it then is.
    """

    name: str
    scale: str
    alpha: float
    rng: Callable[[], np.random.Generator]
    panel: Callable[[], DistrictPanel]
    intention: Callable[[], DistrictPanel]
    whole: Callable[[], tuple[DistrictPanel, Whole]]
    drawn: bool = True

    @property
    def axis(self) -> EffectScale:
        """The scale of the outcome as the axis of a figure."""
        return cast("EffectScale", self.scale)

    @property
    def named(self) -> Named:
        """The outcome and its scale, as every check takes them."""
        return {"outcome": self.name, "scale": self.scale}

    @cached_property
    def years(self) -> float:
        """The time from one period to the next."""
        return float(np.diff(self.intention().periods).min())

    @cached_property
    def by_event_time(self) -> Estimated:
        """The effects by periods since each district's own start, every district counting the same, as in the verdict.

        Periods treated in part are left out where the plan leaves them out.
        """
        return of_dates_by_event_time(self.panel(), alpha=self.alpha)

    @cached_property
    def summed(self) -> Summed:
        """The estimate as a sum over districts."""
        panel, whole = self.whole()
        return summed(panel, mean_effect, whole)

    @cached_property
    def test(self) -> TTest:
        """The estimate with Student's t by starting date, as the verdict has it."""
        return self.summed.test(np.ones(self.summed.cohort.size, dtype=bool), self.alpha)


def _pretrends(dated: DatedSeen) -> CheckResult:
    return pretrends_of_dates(dated.by_event_time, years=dated.years, **dated.named)


def _absolute(dated: DatedSeen) -> CheckResult | None:
    """Where some date has a single period before, so that nothing before is seen of all of them."""
    try:
        seen = dated.by_event_time.effects.before.size
    except RefusedError as refusal:
        if refusal.problems[0].key != "did_one_pre_period":
            raise
        seen = 0
    return absolute_violation_of_districts(dated.test, axis=dated.axis, **dated.named) if seen == 0 else None


def _relative(dated: DatedSeen) -> CheckResult:
    M = M_GRID if dated.drawn else None
    return relative_magnitudes(
        dated.by_event_time, axis=dated.axis, rng=dated.rng(), M=M, **dated.named
    )  # fmt: skip


def _smooth(dated: DatedSeen) -> CheckResult:
    found = dated.by_event_time
    if found.effects.before.size < FEWEST - 1:
        raise refuse("did_one_pre_period", found=str(found.effects.before.size + 1), expected=f">= {FEWEST}")
    return smoothness(found, axis=dated.axis, drawn=dated.drawn, **dated.named)


def _power(dated: DatedSeen) -> CheckResult:
    return pretest_power(dated.by_event_time, rng=dated.rng(), years=dated.years, **dated.named)


def _equivalence(dated: DatedSeen) -> CheckResult:
    return equivalence(dated.by_event_time, **dated.named)


def _just_before(dated: DatedSeen) -> CheckResult:
    """Against the period before the last one before each district's own start."""
    panel, whole = dated.whole()

    def earlier(arrays: DistrictPanel) -> float:
        return aggregate(group_time_effects(arrays, "never", anticipation=dated.years), "simple").overall

    found = summed(panel, earlier, whole)
    without = found.test(np.ones(found.cohort.size, dtype=bool), dated.alpha)
    return just_before(dated.test, without, 1, **dated.named)


def _placebo_dates(dated: DatedSeen) -> CheckResult:
    return placebo_dates_before_each(dated.by_event_time, axis=dated.axis, rng=dated.rng(), **dated.named)


def _leave_one_out(dated: DatedSeen) -> CheckResult:
    return _in_counts(dated, "leave_one_out", without_each(dated.summed, dated.alpha))


def _leave_one_date_out(dated: DatedSeen) -> CheckResult | None:
    """Nothing to ask where all begin on one date."""
    found = without_each_date(dated.summed, dated.alpha)
    return _in_counts(dated, "leave_one_date_out", found) if found else None


def _in_counts(dated: DatedSeen, check: str, without: list[TTest]) -> CheckResult:
    """In counts: by how much the finding moves would tell of single districts, and no attack knows these sums."""
    one = leave_one_out(dated.test, without, **dated.named)
    numbers = one.numbers | {"percent_low": None, "percent_high": None}
    return one.model_copy(update={"check": check, "key": f"dates_{one.key}", "numbers": numbers})


def _single_districts(dated: DatedSeen) -> CheckResult:
    return single_districts(of_each_treated(dated.summed), dated.test.estimate, **dated.named)


def _tipping(dated: DatedSeen) -> CheckResult:
    found = spread(dated.summed)
    return tipping_shock_of_dates(dated.test, found.seen, found.std_error, **dated.named)


def _synthetic(dated: DatedSeen) -> CheckResult:
    panel = dated.intention()
    rows = own_order(panel)
    return staggered_synthetic_beside(
        dated.test,
        panel.wide()[rows],
        panel.periods,
        panel.treated_from[rows],
        dated.name,
        scale=dated.scale,
        rng=dated.rng(),
        strata=strata_in(panel, rows),
    )


DATED_CHECKS: Mapping[str, Callable[[DatedSeen], CheckResult | None]] = {
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
}
"""These checks by name, in the order in which they are told."""
