"""From a panel of registers to findings: every outcome estimated in the class that its design allows.

District outcomes (D1) get the collapsed difference-in-differences with the whole line-up of methods, districts that
begin at different dates (D5) the staggered one. Two group totals (D1g) get the difference without an interval, for none
exists without an assumption. Everything else is described and never called an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from sverige_did.design import OutcomeDesign
from sverige_did.did.from_panel import cells_before
from sverige_did.errors import RefusedError
from sverige_did.inference.panel_asked import Asked, told
from sverige_did.inference.panel_costs import spending_parts
from sverige_did.inference.panel_described import described, two_totals
from sverige_did.inference.panel_districts import Told, told_by_districts
from sverige_did.inference.panel_staggered import told_by_dates
from sverige_did.inference.panel_together import Candidate, together
from sverige_did.panel import Panel
from sverige_did.results import DesignClass, Finding, LineupRecord, Remark, Together
from sverige_did.study import Study

WEIGHTS_FROM = "placed_per_1000"
"""The outcome whose denominator, before go-live, weighs the districts: resident children."""


class Estimated(NamedTuple):
    """All findings of a panel, and what stands beside the line-ups."""

    findings: tuple[Finding, ...]
    lineups: tuple[LineupRecord, ...]


_LINED_UP: dict[DesignClass, Callable[[Asked], Told]] = {"D1": told_by_districts, "D5": told_by_dates}
"""The classes with a verdict, and what lines up their methods."""


def estimate_panel(panel: Panel, study: Study, designs: Sequence[OutcomeDesign]) -> Estimated:
    """Every outcome of the plan that the panel has cells of."""
    classes = {design.outcome: design.design_class for design in designs}
    weights = _weights(panel, study)
    findings: list[Finding] = []
    records: list[LineupRecord] = []
    candidates: list[Candidate] = []
    for wanted in study.outcomes:
        cells, design_class = panel.outcome(wanted.outcome), classes[wanted.outcome]
        if design_class is None or cells.empty:
            continue
        asked = Asked(study, wanted, design_class, cells, weights)
        if design_class in _LINED_UP:
            made, record, tested = _LINED_UP[design_class](asked)
            parts, no_parts = _parts(asked, panel)
            records.append(record.model_copy(update={"remarks": (*record.remarks, *no_parts)}))
            candidates += [] if tested is None else [tested]
        else:
            made = tuple(two_totals(asked) if design_class == "D1g" else described(asked))
            parts, _ = _parts(asked, panel)
        findings += [*made, *parts]
    adjusted = together(candidates)
    return Estimated(
        tuple(_with_adjusted_p(findings, adjusted)),
        tuple(_with_the_others(record, adjusted.get(record.outcome)) for record in records),
    )


def _with_the_others(record: LineupRecord, found: Together | Remark | None) -> LineupRecord:
    """The record with what the other outcomes leave of its p, or why it stands outside."""
    if isinstance(found, Remark):
        return record.model_copy(update={"remarks": (*record.remarks, found)})
    return record.model_copy(update={"together": found})


def _with_adjusted_p(findings: list[Finding], adjusted: Mapping[str, Together | Remark]) -> Iterator[Finding]:
    """The first finding of every outcome, whose p the verdict asks for, gets the p for all outcomes at once."""
    seen: set[str] = set()
    for finding in findings:
        found = adjusted.get(finding.outcome)
        if isinstance(found, Together) and finding.outcome not in seen:
            yield finding.model_copy(update={"result": finding.result.model_copy(update={"p_adjusted": found.max_t})})
        else:
            yield finding
        seen.add(finding.outcome)


def _weights(panel: Panel, study: Study) -> pd.Series[float] | None:
    """Resident children of each district before go-live; None where every district counts the same."""
    if study.weights == "districts":
        return None
    cells = panel.outcome(WEIGHTS_FROM)
    return cells_before(cells, study.periods).groupby("unit")["denominator"].mean()


def _parts(asked: Asked, panel: Panel) -> tuple[list[Finding], tuple[Remark, ...]]:
    """What made spending on placements change, or why that cannot be known; nothing for other outcomes."""
    try:
        return list(spending_parts(asked, panel)), ()
    except RefusedError as refusal:
        return [], told(refusal)
