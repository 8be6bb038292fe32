"""Estimates that were sent out before are sent out again, unless one of their numbers is off by more than a step.

Two releases whose data differ by a child would else show which numbers it pushed over a step, and by all of them who it
was. What is held can lie a step beside what is computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sverige_did.disclosure.coarse import OF_THE_VERDICT, OTHERS, OWN_LIMITS, is_from_levels
from sverige_did.disclosure.release import Release
from sverige_did.disclosure.rounding import FINE_P, ROUGH_P, nice_above, nice_below
from sverige_did.results.estimates import Estimate, Finding
from sverige_did.results.methods_tables import MethodsRecord

ROOM = 1.0 + 1e-6
"""How many steps a number may have moved."""


def place_of(finding: Finding) -> tuple[str, ...]:
    """Which estimate it is, in any release of the same plan."""
    result = finding.result
    return (finding.outcome, finding.reading, result.scale, result.estimand, result.estimator, result.inference)


def with_held(findings: Iterable[Finding], earlier: Sequence[Release], plan_sha256: str) -> Iterator[Finding]:
    """The rounded findings, those that hardly moved as the last release of the same plan has them.

    Estimates that are computed from released levels are left to those, which are held themselves.
    """
    told = {place_of(one): one for release in earlier if release.plan_sha256 == plan_sha256 for one in release.findings}
    for finding in findings:
        before = told.get(place_of(finding))
        hold = before is not None and not is_from_levels(finding) and is_near(before.result, finding.result)
        yield before if hold and before is not None else finding


def with_held_curves(
    records: Iterable[MethodsRecord], steps: Mapping[str, float], earlier: Sequence[Release], plan_sha256: str
) -> Iterator[MethodsRecord]:
    """The records with the curve of periods that was sent out, where no point moved by more than its step."""
    told = {one.outcome: one.event for release in earlier if release.plan_sha256 == plan_sha256
            for one in release.methods_tables}  # fmt: skip
    for record in records:
        before, now, step = told.get(record.outcome), record.event, steps.get(record.outcome, 0.0)
        if before is not None and now is not None and before.x == now.x:
            moved = [abs(one - other) for name in ("y", "lower", "upper")
                     for one, other in zip(getattr(before, name), getattr(now, name), strict=True)]  # fmt: skip
            if max(moved, default=0.0) <= step * ROOM:
                record = record.model_copy(update={"event": before})  # the same with another curve
        yield record


def is_near(before: Estimate, now: Estimate) -> bool:
    """Whether no number of a rounded estimate moved by more than a step, and all else is the same."""
    numbers = dict.fromkeys(("estimate", "lower", "upper", "std_error", "p_value", "p_adjusted", "prob_benefit"))
    if before.step is None or before.model_copy(update=numbers) != now.model_copy(update=numbers):
        return False
    wide = before.step if before.inference in OWN_LIMITS else nice_above(before.step * OTHERS)
    steps = {"estimate": before.step, "lower": wide, "upper": wide, "prob_benefit": 0.01}
    if before.std_error:
        steps["std_error"] = nice_below(before.std_error / 5)
    pairs = [(getattr(before, name), getattr(now, name), step) for name, step in steps.items()]
    limits = FINE_P if before.inference in OF_THE_VERDICT else ROUGH_P
    pairs += [(_rank(before.p_value, limits), _rank(now.p_value, limits), 1.0),
              (_rank(before.p_adjusted, limits), _rank(now.p_adjusted, limits), 1.0)]  # fmt: skip
    return all(
        one == other or (one is not None and other is not None and abs(one - other) <= step * ROOM)
        for one, other, step in pairs
    )


def _rank(p: float | None, limits: Sequence[float]) -> float | None:
    """Which of the limits a p-value was rounded to."""
    return None if p is None else float(sum(limit < p - 1e-9 for limit in limits))
