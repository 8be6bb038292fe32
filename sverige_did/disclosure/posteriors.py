"""Which posteriors are released, without what tells of single districts or few children, and the same as findings."""

from __future__ import annotations

from collections.abc import Iterator

from sverige_did.disclosure.remarks import few_untold
from sverige_did.disclosure.small_counts import is_small
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.estimates import EFFECT_CLASSES, DesignClass, Finding, Remark
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.results.posteriors import NonResponse, PosteriorRecord, SpendingParts
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.study.study import PanelStudy

OF_FEW = frozenset({"largest_change", "zero_cells", "low_scores", "high_scores", "largest_amount"})
"""Checks whose observed number is one of single districts or of few children: only how well the model predicts it is
released."""


def _may_leave(records: tuple[PosteriorRecord, ...], withheld: tuple[str, ...]) -> tuple[PosteriorRecord, ...]:
    """Without the outcomes withheld; where effects sum to zero, one of a model's outcomes gives away another."""
    tied = {name for name, model in MODELS.items() if model.sums_to_zero}
    shut = {record.likelihood for record in records if record.likelihood in tied and record.outcome in withheld}
    return tuple(record for record in records if record.outcome not in withheld and record.likelihood not in shut)


def released_posteriors(
    study: PanelStudy,
    designs: tuple[OutcomeDesign, ...],
    records: tuple[PosteriorRecord, ...],
    withheld: tuple[str, ...],
) -> tuple[PosteriorRecord, ...]:
    """The records released and, for every other outcome of a plan that asks for posteriors, why it has none."""
    if study.posterior is None:
        return ()
    classes = {design.outcome: design.design_class for design in designs}
    done = {record.outcome for record in records} | set(withheld)
    rest = (item.outcome for item in study.outcomes if item.outcome not in done)
    requested = {thresholds.outcome for thresholds in study.posterior.decision_thresholds}
    why = {name: Remark(key=_why_none(name, classes.get(name), requested=name in requested)) for name in rest}
    without = (PosteriorRecord(outcome=name, likelihood="none", remarks=(remark,)) for name, remark in why.items())
    threshold = study.hidden_below
    kept = (
        record.model_copy(update={"remarks": few_untold(record.remarks, study)})
        for record in _may_leave(records, withheld)
    )
    return (*(_without_few(record, threshold) for record in kept), *without)


def _why_none(outcome: str, design_class: DesignClass | None, *, requested: bool) -> str:
    if design_class is None:
        return "errors.posterior_no_cells"
    if CATALOGUE[outcome].use != "effect":
        return "errors.posterior_use"
    if design_class not in EFFECT_CLASSES:
        return "errors.posterior_design"
    if requested:
        return "errors.posterior_not_sampled"
    return "errors.posterior_not_districts" if design_class == "D1g" else "errors.posterior_kind"


def _without_few(record: PosteriorRecord, threshold: int) -> PosteriorRecord:
    """Without what tells of single districts or few children; how far the effect moves would tell how many they are."""
    shut = {"observed": None, "low": None, "high": None}
    checks = tuple(one.model_copy(update=shut) if one.check in OF_FEW else one for one in record.checks)
    kept = record.non_response
    few = kept is not None and any(is_small(count or 0, threshold) for count in (kept.answered, kept.unanswered))
    shown = {
        "checks": checks,
        "non_response": NonResponse() if few else kept,
        "spending": _spending(record.spending, threshold),
    }
    return record.model_copy(update=shown)


def _spending(parts: SpendingParts | None, threshold: int) -> SpendingParts | None:
    """Without how many children there are, and without all the rest where they are few: the parts tell them apart."""
    if parts is None:
        return None
    few = parts.children is None or is_small(parts.children, threshold)
    return SpendingParts() if few else parts.model_copy(update={"children": None})


def posterior_findings(
    study: PanelStudy,
    designs: tuple[OutcomeDesign, ...],
    methods_tables: tuple[MethodsRecord, ...],
    records: tuple[PosteriorRecord, ...],
) -> Iterator[Finding]:
    """The estimates of posteriors as findings. A posterior has no verdict of its own: the plan's rule gave one already,
    and where it could give none the question is open.
    """
    classes = {design.outcome: design.design_class for design in designs}
    verdicts = {record.outcome: record.verdict for record in methods_tables}
    for record in records:
        design_class = classes.get(record.outcome)
        if design_class is None:
            continue
        for result in record.estimates:
            yield Finding(
                study=study.study,
                outcome=record.outcome,
                reading="all",
                design_class=design_class,
                verdict=verdicts.get(record.outcome, "inconclusive"),
                plan_sha256=study.sha256,
                result=result,
            )
