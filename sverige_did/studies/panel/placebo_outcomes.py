"""Outcomes that a programme could not have moved, beside the answers that it could: by the same rule as those."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from sverige_did.checks.placebo_outcome import placebo_outcome
from sverige_did.errors import RefusedError
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.level_choice import rule
from sverige_did.outcomes import placebos
from sverige_did.panel import Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.could_not_run import cannot
from sverige_did.studies.panel.outcome_data import OutcomeData, children
from sverige_did.studies.panel.seen import Seen, seen_of
from sverige_did.study.study import Outcome

CHECK = "placebo_outcome"


class Moved(NamedTuple):
    """How an outcome moved: its test, the p of the whole rule, and the level of the treated after."""

    test: TTest
    p: float
    level: float


def placebo_outcomes(
    panel: Panel, data: OutcomeData, moved: Callable[[OutcomeData], Moved], *, first: bool
) -> Iterator[CheckResult]:
    """One check a placebo outcome of the plan, or of the catalogue where the plan names none; ``moved`` estimates both.

    That there is none to try is said once, of the ``first`` outcome.
    """
    planned = [one for one in data.study.placebo_outcomes if not one.beside or data.name in one.beside]
    names = [one.outcome for one in planned] if data.study.placebo_outcomes else list(placebos())
    for name in names:
        if name == data.name:
            continue
        if panel.outcome(name).empty:
            if first:
                unnamed = "no_placebo" if data.study.tables is None else "no_placebo_series"
                why = "not_registered" if data.study.placebo_outcomes else unnamed
                yield cannot(CHECK, data.name, why).model_copy(update={"about": name})
            continue
        yield _beside(panel, data, moved, name)


def _beside(panel: Panel, data: OutcomeData, moved: Callable[[OutcomeData], Moved], name: str) -> CheckResult:
    try:
        own, other = moved(data), moved(_data_of(panel, data, name))
    except RefusedError:
        return cannot(CHECK, data.name, "placebo_refused").model_copy(update={"about": name})
    expected = own.level - own.test.estimate
    percent = 100 * own.test.estimate / expected if expected > 0 else float("nan")
    return placebo_outcome(other.test, other.p, other.level, percent, data.name, about=name)


def of_districts(data: OutcomeData) -> Moved:
    """By the rule of the verdict, of districts with one common start."""
    seen = seen_of(data, drawn=False)
    found = rule(seen.sample, rng=data.rng(), alpha=seen.alpha)
    return Moved(found.test, found.p_value, _level_after(seen))


def _data_of(panel: Panel, data: OutcomeData, name: str) -> OutcomeData:
    """The placebo as an outcome of the plan would be taken, in its own unit; it asks no question of its own."""
    entry = Outcome(outcome=name, question=data.wanted.question, role="exploratory", scales=("level",), benefit="none")
    weights = None if data.weights is None else children(panel, name, data.study)
    return OutcomeData(data.study, entry, data.design_class, panel.outcome(name), weights)


def _level_after(seen: Seen[OutcomeData]) -> float:
    """The level of the treated after, weighed as the change is."""
    treated = seen.sample.treated
    after = np.nanmean(seen.levels[:, seen.post], axis=1)
    return float(np.average(after[treated], weights=seen.sample.weights[treated]))
