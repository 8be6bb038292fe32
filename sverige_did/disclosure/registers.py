"""Disclosure control of registers: results about few children stay inside, and so does what would give them away.

Single districts never leave, only groups of them. What leaves about a group is its level period by period, with small
numbers hidden (small_counts.py), and the estimates of outcomes that rest on enough children in every window.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from itertools import compress
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.disclosure.economy import economy_findings, of_this_plan, released_economy, released_targets
from sverige_did.disclosure.ladder import release_ladder
from sverige_did.disclosure.release import COMPUTED_WITH, Release, ReleasedLevel
from sverige_did.disclosure.remarks import few_untold
from sverige_did.disclosure.small_counts import TOLERANCE, fewest_children, hidden_parts, is_small
from sverige_did.disclosure.summed import by_checks, by_estimates
from sverige_did.errors import InputError, Problem
from sverige_did.outcomes import CATALOGUE, parts_of
from sverige_did.panel import Panel
from sverige_did.results.designs import Coverage, OutcomeDesign
from sverige_did.results.doses import DoseResponse
from sverige_did.results.economy import EconomyRecord
from sverige_did.results.estimates import (
    EFFECT_CLASSES,
    CheckResult,
    DesignClass,
    Diagnostics,
    Finding,
    Remark,
)
from sverige_did.results.ladder import LadderRecord
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.results.posteriors import NonResponse, PosteriorRecord, SpendingParts
from sverige_did.results.sources import SourceFile
from sverige_did.results.statements import Statement
from sverige_did.results.targets import TargetRecords
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.study.study import PanelStudy, Study

GROUPS: tuple[Literal["treated", "control"], ...] = ("treated", "control")


class _Sum(NamedTuple):
    """One outcome in one group and period: sums over its districts, and the length of the period in years."""

    outcome: str
    kind: str
    value: float
    denominator: float
    length: float

    @property
    def children(self) -> float:
        """How many children the number is about, at least; an amount that is divided by nobody is about none."""
        if self.kind == "person_years":
            return fewest_children(self.value, self.length)
        if self.kind == "mean":
            return self.denominator
        if self.kind == "money":
            return np.inf if np.isnan(self.denominator) else fewest_children(self.denominator, self.length)
        return self.value

    @property
    def level(self) -> float | None:
        """In the unit of the outcome; None where there is nothing to divide by."""
        if np.isnan(self.denominator) or self.kind == "mean":
            return self.value
        return CATALOGUE[self.outcome].per * self.value / self.denominator if self.denominator > 0 else None

    @property
    def of_everybody(self) -> float:
        """The rest, where there is anybody to be in it: a part that is the whole tells of each of them."""
        return self.rest if self.denominator > 0 else np.inf

    @property
    def rest(self) -> float:
        """How many of the denominator are not in the numerator, for a share of children or of events; none where a mean
        is at the most that there is: then it tells of everybody.
        """
        most = CATALOGUE[self.outcome].most
        if self.kind == "mean" and most is not None and self.value >= most - TOLERANCE:
            return 0.0
        if CATALOGUE[self.outcome].family != "share" or np.isnan(self.denominator):
            return np.inf
        others = self.denominator - self.value
        return fewest_children(others, self.length) if self.kind == "person_years" else others


def release_registers(
    *,
    study: Study,
    panel: Panel,
    designs: tuple[OutcomeDesign, ...],
    findings: tuple[Finding, ...],
    methods_tables: tuple[MethodsRecord, ...],
    coverage: tuple[Coverage, ...],
    checks: tuple[CheckResult, ...] = (),
    left_out: tuple[Remark, ...] = (),
    posteriors: tuple[PosteriorRecord, ...] = (),
    diagnostics: tuple[Diagnostics, ...] = (),
    sources: tuple[SourceFile, ...] = (),
    economy: EconomyRecord | None = None,
    targets: TargetRecords | None = None,
    ladder: LadderRecord | None = None,
    doses: tuple[DoseResponse, ...] = (),
    statements: tuple[Statement, ...] = (),
) -> Release:
    """Release a study of registers under the plan's threshold for small numbers, or one of public tables as it is.

    Raises InputError when the study is not one of registers, or a finding was made from another plan.
    """
    if not isinstance(study, PanelStudy):
        raise InputError(Problem("not_registers", column="kind", found=study.kind, expected="panel"))
    if any(finding.plan_sha256 != study.sha256 for finding in findings):
        raise InputError(Problem("other_plan"))
    of_this_plan(study, economy, targets)
    wanted = [item.outcome for item in study.outcomes]
    withheld = tuple(outcome for outcome in wanted if _too_few(panel, study, outcome, study.hidden_below))
    kept = _released_posteriors(study, designs, posteriors, withheld)
    net = released_economy(economy, withheld, study.hidden_below)
    every = (
        *findings,
        *posterior_findings(study, designs, methods_tables, kept),
        *economy_findings(study, designs, net),
    )
    return Release(
        study=study,
        plan_sha256=study.sha256,
        data_sha256=panel.sha256,
        synthetic=panel.synthetic,
        policy="registers" if study.tables is None else "tables",
        versions={name: version(name) for name in COMPUTED_WITH},
        designs=designs,
        main_reading="all",
        findings=tuple(finding for finding in every if finding.outcome not in withheld),
        diagnostics=tuple(one for one in diagnostics if one.fit.partition(".")[0] not in withheld),
        posteriors=kept,
        statements=statements,
        checks=tuple(_released_checks(checks, panel, study, withheld, study.hidden_below)),
        methods_tables=tuple(_with_few_untold(methods_tables, study, withheld)),
        coverage=coverage,
        levels=tuple(_levels(panel, wanted, study.hidden_below)),
        withheld=withheld,
        left_out=few_untold(left_out, study),
        sources=sources,
        economy=net,
        targets=released_targets(targets.targets if targets else (), withheld, study.hidden_below),
        ladder=release_ladder(ladder, study),
        doses=tuple(one for one in doses if not {one.dose, one.outcome} & set(withheld)),
    )


def _with_few_untold(
    records: tuple[MethodsRecord, ...], study: PanelStudy, withheld: tuple[str, ...]
) -> Iterator[MethodsRecord]:
    for record in records:
        if record.outcome not in withheld:
            yield record.model_copy(update={"remarks": few_untold(record.remarks, study)})


OF_FEW = frozenset({"largest_change", "zero_cells", "low_scores", "high_scores", "largest_amount"})
"""Checks whose observed number is one of single districts or of few children: only how well the model predicts it is
released."""


def _may_leave(records: tuple[PosteriorRecord, ...], withheld: tuple[str, ...]) -> tuple[PosteriorRecord, ...]:
    """Without the outcomes withheld; where effects sum to zero, one of a model's outcomes gives away another."""
    tied = {name for name, model in MODELS.items() if model.sums_to_zero}
    shut = {record.likelihood for record in records if record.likelihood in tied and record.outcome in withheld}
    return tuple(record for record in records if record.outcome not in withheld and record.likelihood not in shut)


def _released_posteriors(
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


def _too_few(panel: Panel, study: PanelStudy, outcome: str, threshold: int) -> bool:
    """Whether a group has few children, but some, in a whole window; of a share, also few outside the numerator."""
    return any(
        _few(name, cells, threshold)
        for name in _about(outcome)
        for cells in by_estimates(panel.outcome(name), study.periods)
    )


def _about(outcome: str) -> tuple[str, ...]:
    """The outcomes whose children a number is about: its own, and those of another that it is as much about."""
    about = CATALOGUE[outcome].about
    return (outcome,) if about is None else (outcome, about)


def _few(outcome: str, cells: pd.DataFrame, threshold: int) -> bool:
    for _, mine in cells.groupby("group"):
        found = _summed(outcome, mine, _years(mine.drop_duplicates("period")))
        if is_small(found.children, threshold) or found.of_everybody < threshold:
            return True
    return False


def _released_checks(
    checks: tuple[CheckResult, ...], panel: Panel, study: PanelStudy, withheld: tuple[str, ...], threshold: int
) -> Iterator[CheckResult]:
    """The checks that may leave; one that rests on few children in a window of its own says so instead."""
    few = {
        (outcome, check)
        for outcome in {check.outcome for check in checks}
        for name in _about(outcome)
        for check, cells in by_checks(panel.outcome(name), study.periods)
        if _few(name, cells, threshold)
    }
    for check in checks:
        if check.outcome in withheld:
            continue
        if check.status == "ran" and (check.outcome, check.check) in few:
            yield CheckResult(check=check.check, outcome=check.outcome, status="could_not_run", key="few_children")
        else:
            yield check


def _levels(panel: Panel, wanted: list[str], threshold: int) -> Iterator[ReleasedLevel]:
    """The level of every outcome of the plan by group and period, small numbers and their give-aways hidden.

    The parts of the placed are looked at together, whether or not the plan has them all: somebody else may print
    the others.
    """
    cells = panel.cells
    for group in GROUPS:
        side = cells[cells["group"] == group]
        for period, here in side.groupby("period", sort=True):
            sums = {str(name): _summed(str(name), one, _years(one.head(1))) for name, one in here.groupby("outcome")}
            hidden = _hidden(sums, threshold)
            for outcome in wanted:
                if outcome in sums:
                    out = outcome in hidden
                    level = None if out else sums[outcome].level
                    status: Literal["shown", "hidden"] = "hidden" if out else "shown"
                    yield ReleasedLevel(outcome=outcome, group=group, period=str(period), status=status, level=level)


def _hidden(sums: dict[str, _Sum], threshold: int) -> set[str]:
    """The outcomes of one group and period whose numbers stay inside, and those that would tell them."""
    entries = {name: CATALOGUE[name] for name in sums}
    hidden = {name for name, one in sums.items() if is_small(one.children, threshold) or one.rest < threshold}
    for name, entry in entries.items():
        other = entry.rest_with
        if other in sums and hidden.isdisjoint((name, other)):
            left = sums[name].denominator - sums[name].value - sums[other].value
            hidden |= {min(other, name, key=lambda key: sums[key].value)} if left < threshold else set()
    for whole, total in sums.items():
        parts = {part.key: sums[part.key] for part in parts_of(whole) if part.key in sums}
        if parts and total.kind != "money" and whole not in hidden:
            hidden = (hidden - parts.keys()) | _hidden_parts(parts, total, threshold)
    hidden |= {name for name, entry in entries.items() if hidden & {entry.about, entry.part_of}}
    hidden |= {name for name, entry in entries.items() if len(hidden.intersection(entry.sum_of)) == 1}
    return hidden | {twin for name in hidden if (twin := CATALOGUE[name].twin)}


def _hidden_parts(parts: dict[str, _Sum], total: _Sum, threshold: int) -> set[str]:
    """The parts of a whole that stay inside; those placed nobody knows where are a part too: subtraction tells it."""
    placed, elsewhere = total.value, max(total.value - sum(one.value for one in parts.values()), 0.0)
    years = [*(one.value for one in parts.values()), *([elsewhere] if elsewhere > TOLERANCE else [])]
    children = [fewest_children(each, total.length) for each in years]
    others = [fewest_children(placed - each, total.length) for each in years]
    return set(compress(parts, hidden_parts(children, others, threshold)))


def _summed(outcome: str, cells: pd.DataFrame, length: float) -> _Sum:
    kind = str(cells["kind"].iloc[0])
    denominator = float(cells["denominator"].sum(min_count=1))
    value = float((cells["value"] * (cells["denominator"] if kind == "mean" else 1.0)).sum())
    if kind == "mean":
        value = value / denominator if denominator > 0 else float("nan")
    return _Sum(outcome, kind, value, denominator, length)


def _years(periods: pd.DataFrame) -> float:
    days = (periods["end"] - periods["start"]).dt.days + 1
    return float((days / np.where(periods["start"].dt.is_leap_year, 366.0, 365.0)).sum())
