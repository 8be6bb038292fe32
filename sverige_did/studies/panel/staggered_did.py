"""Districts that begin at different dates (D5): effects against those that never begin, and dates that change places.

The estimate is Callaway and Sant'Anna's mean over treated districts and periods, every district counting the same, for
that is what exchanging dates can test. Beside it stand their other averages, the imputation and the bare permutation,
which decide nothing. The verdict needs both the studentised permutation of the dates and Student's t by starting date.
Both fail where changes are skewed and treated districts vary more, so visible skewness leaves it open, and so does the
size of the design (dates_size.py). There is no test beside the level before here: where the districts were not drawn by
lot nothing is called supported (docs/size.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.did.aggregate import aggregate, overall_estimate
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.imputation import imputation, imputed_estimate
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Floats
from sverige_did.inference.event_bands import event_time_curve
from sverige_did.inference.methods_table import region_notes
from sverige_did.inference.permutation import PermutationP, PermutationTest
from sverige_did.inference.staggered import (
    SKEWED,
    Whole,
    once_solved,
    own_order,
    skewness_p,
    staggered_permutation_test,
    welch_by_cohort,
)
from sverige_did.inference.verdict import SMALLEST_ARM
from sverige_did.periods import period_number
from sverige_did.results.estimates import Curve, Estimate, Finding, Remark, Verdict, remarks_of
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.studies.panel.descriptive import raw_change_by_date
from sverige_did.studies.panel.district_did import Tested, implied_ratio, refused, shown
from sverige_did.studies.panel.multiple_outcomes import Candidate
from sverige_did.studies.panel.outcome_data import OutcomeData, tried
from sverige_did.windows import up_to


class _Dated(NamedTuple):
    """The panel without the periods treated in part, all its cells, and the share of each under treatment."""

    panel: DistrictPanel
    whole: Whole


def mean_effect(panel: DistrictPanel) -> float:
    """Callaway and Sant'Anna's simple average against districts that never begin, all districts counting the same."""
    return aggregate(group_time_effects(panel, "never"), "simple").overall


def estimate_dates(data: OutcomeData) -> Tested:
    """The staggered methods table, its verdict and its event-time curve."""
    data = up_to_follow_up(data)
    try:
        dated = dated_of(data)
        tests, why_not = _tests(data, dated)
        estimates = [*([] if tests is None else _rule(data, dated, tests)), *_sensitivities(data, dated.panel)]
        curve, no_curve = _event_time(data)
    except RefusedError as refusal:
        return refused(data, refusal)
    verdict: Verdict = "refused" if tests is None or why_not else tests.verdict(1 - data.study.level)
    not_by_lot: tuple[Remark, ...] = ()
    if verdict == "supported" and data.study.chosen != "random":
        verdict, not_by_lot = "inconclusive", (Remark(key="inference.note.dates_not_by_lot"),)
    record = MethodsRecord(
        outcome=data.wanted.outcome,
        scale=data.scale,
        verdict=verdict,
        remarks=(*why_not, *not_by_lot, *_skewed(tests), *_remarks(data, dated.panel), *no_curve),
        event=curve,
    )
    if verdict == "refused" or tests is None:
        return Tested(tuple(_found(data, "refused", estimates)), record)
    candidate = _candidate(data, dated, tests)
    return Tested(
        tuple(_found(data, verdict, estimates)), record.model_copy(update=shown(tests.studentised)), candidate
    )


def up_to_follow_up(data: OutcomeData) -> OutcomeData:
    """The outcome up to the end of the main period after: who begins later is a control in it."""
    return data._replace(cells=up_to(data.cells, data.study.periods.follow_up))


def dated_test(data: OutcomeData) -> TTest:
    """The estimate with Student's t by starting date: what other estimators are held against."""
    dated = dated_of(data)
    return welch_by_cohort(dated.panel, mean_effect, alpha=1 - data.study.level, whole=dated.whole)


def dated_of(data: OutcomeData) -> _Dated:
    """Refused where a district lacks a period: an exchange of dates would meet a hole."""
    panel, filled = data.arrays(data.partial), data.arrays("intention")
    return _Dated(panel, Whole(filled.wide(), exposed_share(data.cells, filled)))


def exposed_share(cells: pd.DataFrame, panel: DistrictPanel) -> Floats:
    """(U, T) the share of each period's days from a district's go-live on: 0 before, 1 after, and 0 for never.

    A stock is of one day.
    """
    start, last, begun = (cells[name] for name in ("start", "end", "treated_from"))
    days = (last - start).dt.days + 1
    under = (last - begun.where(begun > start, start)).dt.days + 1
    share = (under.clip(lower=0) / days).where(begun.notna(), 0.0)
    unit = pd.Index(panel.labels).get_indexer(pd.Index(cells["unit"]))
    time = np.searchsorted(panel.periods, cells["period"].map(period_number))
    table = np.zeros((panel.n_units, panel.periods.size))
    table[unit, time] = share
    return table


class _Tests(NamedTuple):
    """The two tests that the verdict needs, whether districts are skewed, and the bare permutation beside them."""

    studentised: PermutationTest
    welch: TTest
    bare: PermutationTest
    skewness_p: float

    @property
    def skewed(self) -> bool:
        """Whether the contributions of districts are visibly skewed, so that neither test holds its size."""
        return self.skewness_p <= SKEWED

    def verdict(self, alpha: float) -> Verdict:
        """``supported`` where both tests of the rule reject no effect and nothing speaks against their size."""
        rejected = max(self.studentised.p_value, self.welch.p_value) <= alpha
        return "supported" if rejected and not self.skewed else "inconclusive"


def _tests(data: OutcomeData, dated: _Dated) -> tuple[_Tests | None, tuple[Remark, ...]]:
    """The tests, or none; and why this design carries no verdict."""
    why_not = too_few(dated.panel)
    if why_not:
        return None, why_not
    tests, why_not = tried(lambda: _both_ways(data, dated))
    if tests is None or tests.studentised.smallest_p <= 1 - data.study.level:
        return tests, why_not
    return tests, (_few_ways(data, tests),)


def _both_ways(data: OutcomeData, dated: _Dated) -> _Tests:
    alpha, rng = 1 - data.study.level, data.rng()
    estimator = once_solved(dated.panel, mean_effect)
    permuted = (
        staggered_permutation_test(
            dated.panel, estimator, rng=rng, studentise=how, alpha=alpha, whole=dated.whole
        )
        for how in ("cohort", "none")
    )  # fmt: skip
    studentised, bare = permuted
    welch = welch_by_cohort(dated.panel, estimator, alpha=alpha, whole=dated.whole)
    return _Tests(studentised, welch, bare, skewness_p(dated.panel, estimator, whole=dated.whole))


def too_few(panel: DistrictPanel) -> tuple[Remark, ...]:
    """Why this design carries no verdict: too few districts on a side, or one alone with its date."""
    begun = panel.treated_from[panel.ever_treated]
    counts = (("few_treated", begun.size), ("few_control", panel.n_units - begun.size))
    found = [
        Remark(key=f"inference.note.{key}", values={"found": str(count), "needed": str(SMALLEST_ARM)})
        for key, count in counts
        if count < SMALLEST_ARM
    ]
    alone = int((np.unique(begun, return_counts=True)[1] == 1).sum())
    if alone:
        found += remarks_of(refuse("staggered_single", found=str(alone)).problems)
    return tuple(found)


def _few_ways(data: OutcomeData, tests: _Tests) -> Remark:
    values = {
        "ways": str(tests.studentised.reference.size),
        "smallest": f"{tests.studentised.smallest_p:.3f}",
        "alpha": f"{1 - data.study.level:g}",
    }
    return Remark(key="inference.note.few_assignments", values=values)


def _skewed(tests: _Tests | None) -> tuple[Remark, ...]:
    if tests is None or not tests.skewed:
        return ()
    return (Remark(key="inference.note.skewed_districts", values={"p": f"{tests.skewness_p:.3f}"}),)


def _remarks(data: OutcomeData, panel: DistrictPanel) -> Iterator[Remark]:
    yield Remark(key="inference.note.exchangeable_dates")
    dates = np.unique(panel.treated_from[panel.ever_treated]).size
    yield Remark(key="methods_table.note.dates", values={"dates": str(dates)})
    if data.weights is not None:
        yield Remark(key="methods_table.note.dates_equal")


def _rule(data: OutcomeData, dated: _Dated, tests: _Tests) -> Iterator[Estimate]:
    """The rows that the verdict rests on, the same as a ratio, and the bare permutation."""
    first = _permuted(data, dated.panel, tests.studentised, "permutation_studentised")
    yield first
    welch = tests.welch
    yield first.model_copy(
        update={
            "inference": "welch_by_date", "std_error": welch.std_error, "lower": welch.lower, "upper": welch.upper,
            "p_value": welch.p_value, "assumptions": ("parallel_trends", "districts_independent"),
        }
    )  # fmt: skip
    yield _permuted(data, dated.panel, tests.bare, "permutation")
    if "ratio" in data.wanted.scales:
        yield from implied_ratio(float(dated.panel.level[dated.panel.treated].mean()), first)


def _permuted(data: OutcomeData, panel: DistrictPanel, test: PermutationTest, inference: str) -> Estimate:
    region = test.region
    return Estimate(
        estimate=test.estimate,
        scale=data.scale,
        estimand="att_simple",
        estimator="callaway_santanna",
        inference=inference,
        lower=region.lower,
        upper=region.upper,
        level=data.study.level,
        p_value=test.p_value,
        n_units=panel.n_units,
        n_treated=int(panel.ever_treated.sum()),
        weights="equal",
        assumptions=("parallel_trends", "exchangeable_dates"),
        notes=region_notes(region, enumerated=test.enumerated),
    )


def _sensitivities(data: OutcomeData, panel: DistrictPanel) -> Iterator[Estimate]:
    """The averages with intervals that lean on many districts, weighted as the plan says."""
    level, weighting = data.study.level, data.weighting
    effects = group_time_effects(panel, "never", weighting=weighting)
    made = [
        overall_estimate(aggregate(effects, kind), scale=data.scale, level=level)
        for kind in ("simple", "dynamic", "group")
    ]
    made.append(imputed_estimate(imputation(panel, "overall", weighting), scale=data.scale, level=level))
    for one in made:
        yield one.model_copy(update={"n_units": panel.n_units, "n_treated": int(panel.ever_treated.sum())})


def _event_time(data: OutcomeData) -> tuple[Curve | None, tuple[Remark, ...]]:
    """The effect by periods since a district's go-live, the one treated in part too; or why there is none."""
    panel = data.arrays("intention")
    return tried(lambda: event_time_curve(panel, data.weighting, rng=data.rng(), level=data.study.level))


def _found(data: OutcomeData, verdict: Verdict, estimates: list[Estimate]) -> Iterator[Finding]:
    for one in (*estimates, *raw_change_by_date(data)):
        yield data.found(verdict, one)


def _candidate(data: OutcomeData, dated: _Dated, tests: _Tests) -> Candidate:
    """The outcome with its p-values, and its test through the exchanges of dates that all outcomes share."""

    labels = dated.panel.labels

    def test(order: tuple[str, ...]) -> PermutationP:
        estimator, rows = once_solved(dated.panel, mean_effect), {name: at for at, name in enumerate(labels)}
        return staggered_permutation_test(
            dated.panel, estimator, rng=data.shared_rng(), whole=dated.whole,
            order=np.array([rows[name] for name in order]),
        )  # fmt: skip

    dates = tuple(np.unique(dated.panel.treated_from[dated.panel.ever_treated]).tolist())
    p = tests.studentised.p_value
    rule = 1.0 if tests.skewed else max(p, tests.welch.p_value)
    mine = tuple(labels[at] for at in own_order(dated.panel, whole=dated.whole))
    return Candidate(data.wanted.outcome, data.wanted.role, mine, p, rule, test, dates)
