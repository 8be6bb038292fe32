"""What rests on few children, or on few districts, and is not released at all."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sverige_did.disclosure.coarse import MULTIVERSE
from sverige_did.disclosure.levels import DOMINANT, FEWEST_DISTRICTS, GROUPS
from sverige_did.disclosure.small_counts import is_small
from sverige_did.disclosure.summed import QUESTION, by_checks, by_estimates
from sverige_did.disclosure.sums import GroupSum, group_sum, matrices, years_of
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.outcome_data import children
from sverige_did.study.study import PanelStudy


def lonely(panel: Panel) -> bool:
    """Whether a group has fewer than three districts: then nothing leaves that is about groups of districts."""
    districts = panel.cells[panel.cells["unit_kind"] == "district"].drop_duplicates("unit")
    return bool(districts.groupby("group").size().lt(FEWEST_DISTRICTS).any())


def few_districts(panel: Panel, outcome: str) -> bool:
    """Whether a group has so few districts that nothing of an outcome is released."""
    cells = panel.outcome(outcome)
    districts = cells[cells["unit_kind"] == "district"]
    return bool((districts.groupby("group")["unit"].nunique() < FEWEST_DISTRICTS).any())


def led_by_one(panel: Panel, study: PanelStudy, outcome: str) -> bool:
    """Whether one district has so much of its group's weight that the group's change is nearly its own (dominance)."""
    if study.weights == "districts" or set(panel.outcome(outcome)["unit_kind"]) != {"district"}:
        return False
    weights = children(panel, outcome, study)
    groups = panel.outcome(outcome).drop_duplicates("unit").set_index("unit")["group"]
    return bool((weights.groupby(groups).max() > DOMINANT * weights.groupby(groups).sum()).any())


def too_few(panel: Panel, study: PanelStudy, outcome: str, threshold: int) -> bool:
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
        found = group_sum(outcome, mine, years_of(mine.drop_duplicates("period")))
        if few_in(found, threshold):
            return True
    return False


def few_in(found: GroupSum | None, threshold: int) -> bool:
    """Whether a sum is about few children, but some, or leaves few outside it."""
    return found is not None and (is_small(found.children, threshold) or found.of_everybody < threshold)


def released_checks(
    checks: tuple[CheckResult, ...], panel: Panel, study: PanelStudy, threshold: int
) -> Iterator[CheckResult]:
    """The checks that may leave; one that rests on few children in a window of its own says so instead."""
    every = matrices(panel)
    few = {
        (outcome, check)
        for outcome in {check.outcome for check in checks}
        for name in _about(outcome)
        if name in every
        for check, window in by_checks(every[name], study.periods)
        if any(few_in(found, threshold) for found in (every[name].summed(group, window) for group in GROUPS))
    }
    others = {check.about for check in checks if check.about is not None}
    few_of = {
        one for one in others
        if not panel.outcome(one).empty
        and (few_districts(panel, one) or led_by_one(panel, study, one) or too_few(panel, study, one, threshold))
    }  # fmt: skip
    for check in checks:
        if check.status == "ran" and ((check.outcome, check.check) in few or check.about in few_of):
            yield CheckResult(
                check=check.check, outcome=check.outcome, status="could_not_run", key="few_children", about=check.about
            )
        else:
            yield _without_few_questions(check, few)


def _without_few_questions(check: CheckResult, few: set[tuple[str, str]]) -> CheckResult:
    """A specification curve without the lines of other questions that rest on few children."""
    shut = tuple(
        name.removeprefix("multiverse ") for outcome, name in few if outcome == check.outcome and QUESTION in name
    )
    if check.check != MULTIVERSE or not shut:
        return check
    kept = tuple(one for one in check.curves if not one.name.startswith(tuple(f"{name}." for name in shut)))
    return check.model_copy(update={"curves": kept})
