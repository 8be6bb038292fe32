"""From a panel of registers to findings: every outcome estimated in the class that its design allows.

District outcomes (D1) get the collapsed difference-in-differences with the whole table of methods, districts that
begin at different dates (D5) the staggered one. Two group totals (D1g) get the difference without an interval, for none
exists without an assumption. Everything else is described and never called an effect; so is what was done, whatever
its design, and it is none of the many outcomes that are looked at together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sverige_did.panel import Panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.doses import DoseResponse
from sverige_did.results.estimates import DesignClass, Finding, Remark
from sverige_did.results.methods_tables import DesignSize, MaxTAdjustment, MethodsRecord
from sverige_did.studies.panel.descriptive import described, done, two_totals
from sverige_did.studies.panel.district_did import Tested, estimate_districts
from sverige_did.studies.panel.dose_response import dose_responses
from sverige_did.studies.panel.multiple_outcomes import Candidate, max_t_adjustment
from sverige_did.studies.panel.outcome_data import OutcomeData, outcome_data_of, tried
from sverige_did.studies.panel.spending_parts import spending_parts
from sverige_did.studies.panel.staggered_did import estimate_dates
from sverige_did.study.study import PanelStudy


class Estimated(NamedTuple):
    """All findings of a panel, what stands beside the methods tables, and how changes go with what was done."""

    findings: tuple[Finding, ...]
    methods_tables: tuple[MethodsRecord, ...]
    doses: tuple[DoseResponse, ...] = ()


_WITH_VERDICT: dict[DesignClass, Callable[[OutcomeData], Tested]] = {"D1": estimate_districts, "D5": estimate_dates}
"""The classes with a verdict, and what lines up their methods."""


def estimate_panel(
    panel: Panel, study: PanelStudy, designs: Sequence[OutcomeDesign], sizes: Sequence[DesignSize] = ()
) -> Estimated:
    """Every outcome of the plan that the panel has cells of.

    ``sizes``: of the outcomes' own designs (design_size.py); one that is too large bars the verdict.
    """
    size_of = {size.outcome: size for size in sizes}
    findings: list[Finding] = []
    records: list[MethodsRecord] = []
    candidates: list[Candidate] = []
    for data in outcome_data_of(panel, study, designs):
        design_class = data.design_class
        if data.is_what_was_done:
            findings += done(data)
            continue
        if design_class in _WITH_VERDICT:
            made, record, tested = _with_size(_WITH_VERDICT[design_class](data), size_of.get(data.wanted.outcome))
            parts, no_parts = _parts(data, panel)
            records.append(record.model_copy(update={"remarks": (*record.remarks, *no_parts)}))
            candidates += [] if tested is None else [tested]
        else:
            made = tuple(two_totals(data) if design_class == "D1g" else described(data))
            parts, _ = _parts(data, panel)
        findings += [*made, *parts]
    adjusted = max_t_adjustment(candidates)
    return Estimated(
        tuple(_with_adjusted_p(findings, adjusted)),
        tuple(_with_the_others(record, adjusted.get(record.outcome)) for record in records),
        dose_responses(panel, study, designs),
    )


def _with_size(made: Tested, size: DesignSize | None) -> Tested:
    """The outcome with the size of its design: where that is too large, a supported verdict becomes inconclusive."""
    if size is None or made.record.verdict == "refused":
        return made
    record = made.record.model_copy(update={"size": size})
    if not (size.barred and record.verdict == "supported"):
        return made._replace(record=record)
    why = Remark(key="methods_table.note.size_barred", values={"simulations": f"{size.simulations}"})
    return made._replace(
        findings=tuple(
            one.model_copy(update={"verdict": "inconclusive"}) if one.verdict == "supported" else one
            for one in made.findings
        ),
        record=record.model_copy(update={"verdict": "inconclusive", "remarks": (why, *record.remarks)}),
    )


def _with_the_others(record: MethodsRecord, found: MaxTAdjustment | Remark | None) -> MethodsRecord:
    """The record with what the other outcomes leave of its p, or why it stands outside."""
    if isinstance(found, Remark):
        return record.model_copy(update={"remarks": (*record.remarks, found)})
    return record.model_copy(update={"max_t_adjustment": found})


def _with_adjusted_p(findings: list[Finding], adjusted: Mapping[str, MaxTAdjustment | Remark]) -> Iterator[Finding]:
    """The first finding of every outcome, whose p the verdict asks for, gets the p for all outcomes at once."""
    seen: set[str] = set()
    for finding in findings:
        found = adjusted.get(finding.outcome)
        if isinstance(found, MaxTAdjustment) and finding.outcome not in seen:
            yield finding.model_copy(update={"result": finding.result.model_copy(update={"p_adjusted": found.holm})})
        else:
            yield finding
        seen.add(finding.outcome)


def _parts(data: OutcomeData, panel: Panel) -> tuple[list[Finding], tuple[Remark, ...]]:
    """What made spending on placements change, or why that cannot be known; nothing for other outcomes."""
    found, why_not = tried(lambda: list(spending_parts(data, panel)))
    return found or [], why_not
