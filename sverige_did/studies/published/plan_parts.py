"""What every estimate of published figures asks of the plan: its assumptions, and what counts as before and after."""

from __future__ import annotations

from collections.abc import Iterable

from sverige_did.errors import InputError, Problem
from sverige_did.results.published import Reported
from sverige_did.study.study import Assumption, PriorSpec, PublishedStudy
from sverige_did.windows import Moment, of_moment

Pair = tuple[int, int]
MOMENTS: tuple[Moment, Moment] = ("before", "after")


def assumed(study: PublishedStudy, key: str) -> Assumption | None:
    """The plan's assumption of that key, if it has one."""
    return next((item for item in study.assumptions if item.key == key), None)


def needed(study: PublishedStudy, key: str) -> Assumption:
    """The plan's assumption of that key. Raises InputError that names it where the plan lacks it."""
    found = assumed(study, key)
    if found is None:
        raise InputError(Problem("plan_assumption_missing", file="study.yaml", column="assumptions", expected=key))
    return found


def spread(assumption: Assumption) -> tuple[float, float]:
    """The smallest and largest value that is tried; the value itself where no others are."""
    tried = assumption.grid or (assumption.value,)
    return min(tried), max(tried)


def prior(study: PublishedStudy, key: str) -> PriorSpec:
    """The plan's prior of that key. Raises InputError that names it where the plan lacks it."""
    found = next((item for item in study.priors if item.key == key), None)
    if found is None:
        raise InputError(Problem("plan_prior_missing", file="study.yaml", column="priors", expected=key))
    return found


def figures_at(facts: Iterable[Reported], study: PublishedStudy, when: Moment) -> list[Reported]:
    """The figures about the state before (the latest, where there are several dates) or at the main follow-up."""
    found = [fact for fact in facts if of_moment(fact.period_end, study.periods, when)]
    latest = max((fact.period_end for fact in found), default=None)
    return [fact for fact in found if fact.period_end == latest]
