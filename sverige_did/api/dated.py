"""Units that start at different dates (the design class D5): dates that change places, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator

from sverige_did.api.compared import Found
from sverige_did.api.setting import Setting
from sverige_did.did.aggregate import aggregate, overall_estimate
from sverige_did.did.imputation import imputation, imputed_estimate
from sverige_did.did.staggered import group_time_effects
from sverige_did.inference.methods_table import region_notes
from sverige_did.inference.permutation import PermutationTest
from sverige_did.inference.staggered import (
    SKEWED,
    once_solved,
    skewness_p,
    staggered_permutation_test,
    welch_by_cohort,
)
from sverige_did.results.estimates import Estimate, Remark, Verdict
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.studies.panel.district_did import shown
from sverige_did.studies.panel.staggered_did import mean_effect, too_few


def dated(setting: Setting) -> Found:
    """The rule of staggered starts: the studentised permutation of the dates and Student's t by starting date.

    Clusters take the place of their units. Raises RefusedError: those of the estimators and tests, and of
    :meth:`~sverige_did.api.setting.Setting.plainly`.
    """
    setting = setting.plainly("verdict")
    panel, alpha = setting.panel, setting.alpha
    why_not = too_few(panel)
    if why_not:
        record = MethodsRecord(outcome=setting.context.outcome, scale="level", verdict="refused", remarks=why_not)
        return Found(record, tuple(_averages(setting)))
    setting.refuse_holes()
    estimator = once_solved(panel, mean_effect)
    studentised = staggered_permutation_test(panel, estimator, rng=setting.rng(), studentise="cohort", alpha=alpha)
    bare = staggered_permutation_test(panel, estimator, rng=setting.rng(), studentise="none", alpha=alpha)
    welch = welch_by_cohort(panel, estimator, alpha=alpha)
    skew = skewness_p(panel, estimator)
    first = _permuted(setting, studentised, "permutation_studentised")
    by_date = first.model_copy(
        update={
            "inference": "welch_by_date", "std_error": welch.std_error, "lower": welch.lower, "upper": welch.upper,
            "p_value": welch.p_value, "notes": (),
        }
    )  # fmt: skip
    by_lot = setting.chosen == "random"
    remarks: list[Remark] = [] if by_lot else [Remark(key="inference.note.exchangeable_dates")]
    verdict: Verdict = "supported" if max(studentised.p_value, welch.p_value) <= alpha else "inconclusive"
    if skew <= SKEWED:
        verdict = "inconclusive"
        remarks.append(Remark(key="inference.note.skewed_districts", values={"p": f"{skew:.3f}"}))
    if verdict == "supported" and not by_lot:
        verdict = "inconclusive"
        remarks.insert(0, Remark(key="inference.note.dates_not_by_lot"))
    if studentised.smallest_p > alpha:
        verdict = "refused"
        values = {"ways": str(studentised.reference.size), "smallest": f"{studentised.smallest_p:.3f}",
                  "alpha": f"{alpha:g}"}  # fmt: skip
        remarks.insert(0, Remark(key="inference.note.few_assignments", values=values))
    dates = str(len(setting.context.starts))
    remarks.append(Remark(key="methods_table.note.dates", values={"dates": dates}))
    if setting.weighting != "equal":
        remarks.append(Remark(key="methods_table.note.dates_equal"))
    record = MethodsRecord(
        outcome=setting.context.outcome,
        scale="level",
        verdict=verdict,
        remarks=tuple(remarks),
        **shown(studentised),
    )
    return Found(record, (first, by_date, _permuted(setting, bare, "permutation"), *_averages(setting)))


def _permuted(setting: Setting, test: PermutationTest, inference: str) -> Estimate:
    region = test.region
    return Estimate(
        estimate=test.estimate, scale="level", estimand="att_simple", estimator="did", inference=inference,
        lower=region.lower, upper=region.upper, level=setting.context.level, p_value=test.p_value, weights="equal",
        assumptions=("parallel_trends", "exchangeable_dates"), **setting.counted,
        notes=region_notes(region, enumerated=test.enumerated),
    )  # fmt: skip


def _averages(setting: Setting) -> Iterator[Estimate]:
    """The averages with intervals that lean on many units, weighted as the study says."""
    effects = group_time_effects(setting.panel, "never", weighting=setting.weighting)
    level = setting.context.level
    for kind in ("simple", "dynamic", "group"):
        yield overall_estimate(aggregate(effects, kind), scale="level", level=level).model_copy(
            update=setting.counted_after
        )
    imputed = imputation(setting.panel, "overall", setting.weighting)
    yield imputed_estimate(imputed, scale="level", level=level).model_copy(update=setting.counted_after)
