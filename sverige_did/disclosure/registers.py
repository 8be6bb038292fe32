"""The door for registers: results about few children stay inside, and so does what would give them away.

Single districts never leave, only groups of them. What leaves about a group is its level period by period, with small
numbers hidden (small_counts.py), and the estimates of outcomes that rest on enough children in every window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.disclosure.release import COMPUTED_WITH, Release, ReleasedLevel
from sverige_did.disclosure.small_counts import TOLERANCE, fewest_children, hidden_parts, is_small
from sverige_did.errors import InputError, Problem
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import Panel
from sverige_did.results.designs import Coverage, OutcomeDesign
from sverige_did.results.estimates import EFFECT_CLASSES, CheckResult, DesignClass, Diagnostics, Finding, Remark
from sverige_did.results.lineups import LineupRecord
from sverige_did.results.posteriors import PosteriorRecord, SpendingParts, Unrated
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.study.study import Study

PARTS = ("home_based", "network", "foster", "institution")
"""The kinds of place that make up the placed: ``<part>_share`` and ``<part>_per_1000`` are two views of one number."""

FAMILY, OF_FAMILY = "family", {"network", "foster"}
"""Family care in all is the sum of two parts: where only one of them is hidden, the sum would tell it."""

MOVES = ("moved_down_share", "moved_up_share")
"""Two parts of the same children: those who moved neither way are known where both are."""

TOTALS = frozenset({"placed_total", "placed_per_1000"})

ABOUT_THE_PLACED = "placement_cost"
"""An amount that is as much about few children as their number is: it leaves where ``placed_total`` may."""
GROUPS: tuple[Literal["treated", "control"], ...] = ("treated", "control")
PER = {"percent": 100.0, "rate_per_1000": 1000.0}


class _Sum(NamedTuple):
    """One outcome in one group and period: sums over its districts, and the length of the period in years."""

    outcome: str
    kind: str
    value: float
    denominator: float
    length: float

    @property
    def children(self) -> float:
        """How many children the number is about, at least; amounts of accounts are about none in particular."""
        if self.kind == "person_years":
            return fewest_children(self.value, self.length)
        if self.kind == "mean":
            return self.denominator
        if self.kind == "money":
            return fewest_children(self.denominator, self.length) if self.outcome.startswith("price_") else np.inf
        return self.value

    @property
    def level(self) -> float | None:
        """In the unit of the outcome; None where there is nothing to divide by."""
        if np.isnan(self.denominator) or self.kind == "mean":
            return self.value
        per = PER.get(CATALOGUE[self.outcome].unit, 1.0)
        return per * self.value / self.denominator if self.denominator > 0 else None

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
    lineups: tuple[LineupRecord, ...],
    coverage: tuple[Coverage, ...],
    checks: tuple[CheckResult, ...] = (),
    left_out: tuple[Remark, ...] = (),
    posteriors: tuple[PosteriorRecord, ...] = (),
    diagnostics: tuple[Diagnostics, ...] = (),
) -> Release:
    """Release a study of registers under the plan's threshold for small numbers.

    Raises InputError when the study is not one of registers, or a finding was made from another plan.
    """
    rules = study.registers
    if rules is None:
        raise InputError(Problem("not_registers", column="kind", found=study.kind, expected="panel"))
    if any(finding.plan_sha256 != study.sha256 for finding in findings):
        raise InputError(Problem("other_plan"))
    wanted = [item.outcome for item in study.outcomes]
    withheld = tuple(outcome for outcome in wanted if _too_few(panel, study, outcome, rules.hidden_below))
    told = _told_posteriors(study, designs, posteriors, withheld)
    every = (*findings, *posterior_findings(study, designs, lineups, told))
    return Release(
        study=study,
        plan_sha256=study.sha256,
        data_sha256=panel.sha256,
        synthetic=panel.synthetic,
        policy="registers",
        versions={name: version(name) for name in COMPUTED_WITH},
        designs=designs,
        main_reading="all",
        findings=tuple(finding for finding in every if finding.outcome not in withheld),
        diagnostics=tuple(one for one in diagnostics if one.fit.partition(".")[0] not in withheld),
        posteriors=told,
        checks=tuple(check for check in checks if check.outcome not in withheld),
        lineups=tuple(record for record in lineups if record.outcome not in withheld),
        coverage=coverage,
        levels=tuple(_levels(panel, wanted, rules.hidden_below)),
        withheld=withheld,
        left_out=left_out,
    )


OF_FEW = frozenset({"largest_change", "zero_cells", "low_scores", "high_scores", "largest_amount"})
"""Checks whose observed number is one of single districts or of few children: only how well the model foretells it may
leave."""


def _may_leave(records: tuple[PosteriorRecord, ...], withheld: tuple[str, ...]) -> tuple[PosteriorRecord, ...]:
    """Without the outcomes withheld; where effects sum to zero, one of a model's outcomes gives away another."""
    tied = {name for name, model in MODELS.items() if model.sums_to_zero}
    shut = {record.likelihood for record in records if record.likelihood in tied and record.outcome in withheld}
    return tuple(record for record in records if record.outcome not in withheld and record.likelihood not in shut)


def _told_posteriors(
    study: Study,
    designs: tuple[OutcomeDesign, ...],
    records: tuple[PosteriorRecord, ...],
    withheld: tuple[str, ...],
) -> tuple[PosteriorRecord, ...]:
    """The records that may leave and, for every other outcome of a plan that asks for posteriors, why it has none."""
    if study.posterior is None:
        return ()
    classes = {design.outcome: design.design_class for design in designs}
    done = {record.outcome for record in records} | set(withheld)
    rest = (item.outcome for item in study.outcomes if item.outcome not in done)
    asked = {bearing.outcome for bearing in study.posterior.bearings}
    why = {name: Remark(key=_why_none(name, classes.get(name), asked=name in asked)) for name in rest}
    without = (PosteriorRecord(outcome=name, likelihood="none", remarks=(remark,)) for name, remark in why.items())
    threshold = study.registers.hidden_below if study.registers else 1
    return (*(_without_few(record, threshold) for record in _may_leave(records, withheld)), *without)


def _why_none(outcome: str, design_class: DesignClass | None, *, asked: bool) -> str:
    if design_class is None:
        return "errors.posterior_no_cells"
    if CATALOGUE[outcome].use != "effect":
        return "errors.posterior_use"
    if design_class not in EFFECT_CLASSES:
        return "errors.posterior_design"
    if asked:
        return "errors.posterior_not_sampled"
    return "errors.posterior_not_districts" if design_class == "D1g" else "errors.posterior_kind"


def _without_few(record: PosteriorRecord, threshold: int) -> PosteriorRecord:
    """Without what tells of single districts or few children; how far the effect moves would tell how many they are."""
    shut = {"observed": None, "low": None, "high": None}
    checks = tuple(one.model_copy(update=shut) if one.check in OF_FEW else one for one in record.checks)
    told = record.unrated
    few = told is not None and any(is_small(count or 0, threshold) for count in (told.answered, told.unanswered))
    shown = {"checks": checks, "unrated": Unrated() if few else told, "spending": _spending(record.spending, threshold)}
    return record.model_copy(update=shown)


def _spending(parts: SpendingParts | None, threshold: int) -> SpendingParts | None:
    """Without how many children there are, and without all the rest where they are few: the parts tell them apart."""
    if parts is None:
        return None
    few = parts.children is None or is_small(parts.children, threshold)
    return SpendingParts() if few else parts.model_copy(update={"children": None})


def posterior_findings(
    study: Study,
    designs: tuple[OutcomeDesign, ...],
    lineups: tuple[LineupRecord, ...],
    records: tuple[PosteriorRecord, ...],
) -> Iterator[Finding]:
    """The estimates of posteriors as findings. A posterior has no verdict of its own: the plan's rule gave one already,
    and where it could give none the question is open.
    """
    classes = {design.outcome: design.design_class for design in designs}
    verdicts = {record.outcome: record.verdict for record in lineups}
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


def _too_few(panel: Panel, study: Study, outcome: str, threshold: int) -> bool:
    """Whether a group has few children, but some, in a whole window; of a share, also few outside the numerator."""
    if outcome == ABOUT_THE_PLACED:
        return _too_few(panel, study, "placed_total", threshold)
    cells, when = panel.outcome(outcome), study.periods
    before = cells["end"] < pd.Timestamp(when.treatment_start)
    after = (cells["start"] >= pd.Timestamp(when.treatment_start)) & (cells["end"] <= pd.Timestamp(when.follow_up))
    for window in (before, after):
        for group in GROUPS:
            mine = cells[window & (cells["group"] == group)]
            if mine.empty:
                continue
            found = _summed(outcome, mine, _years(mine.drop_duplicates("period")))
            if is_small(found.children, threshold) or is_small(found.rest, threshold):
                return True
    return False


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
    """The outcomes of one group and period whose numbers stay inside."""
    hidden = {name for name, one in sums.items() if is_small(one.children, threshold) or one.rest < threshold}
    hidden |= _hidden_moves({name: sums[name] for name in MOVES if name in sums and name not in hidden}, threshold)
    shares = {part: sums[f"{part}_share"] for part in PARTS if f"{part}_share" in sums}
    if shares and "placed_total" in sums:
        if "placed_total" in hidden:
            return hidden | TOTALS | {ABOUT_THE_PLACED} | _both_views([*shares, FAMILY])
        parts = _hidden_parts(shares, sums["placed_total"], threshold)
        hidden = {name for name in hidden if name.removesuffix("_share") not in shares} | _both_views(parts)
    return hidden | {twin for name in hidden if (twin := CATALOGUE[name].twin)}


def _hidden_moves(shown: dict[str, _Sum], threshold: int) -> set[str]:
    """The direction with fewer moves, where the two together would tell of few children who did not move."""
    if len(shown) < len(MOVES):
        return set()
    stayed = next(iter(shown.values())).denominator - sum(one.value for one in shown.values())
    return {min(shown, key=lambda name: shown[name].value)} if stayed < threshold else set()


def _hidden_parts(shares: dict[str, _Sum], total: _Sum, threshold: int) -> list[str]:
    """The kinds of place that stay inside; those placed nobody knows where are a part: subtraction tells it."""
    placed, elsewhere = total.value, max(total.value - sum(one.value for one in shares.values()), 0.0)
    years = [*(one.value for one in shares.values()), *([elsewhere] if elsewhere > TOLERANCE else [])]
    children = [fewest_children(each, total.length) for each in years]
    others = [fewest_children(placed - each, total.length) for each in years]
    parts = [
        part for part, out in zip(shares, hidden_parts(children, others, threshold)[: len(shares)], strict=True) if out
    ]
    return [*parts, FAMILY] if len(OF_FAMILY & set(parts)) == 1 else parts


def _both_views(parts: Iterable[str]) -> set[str]:
    return {f"{part}_{view}" for part in parts for view in ("share", "per_1000")}


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
