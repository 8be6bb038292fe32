"""Outcomes whose design identifies no effect: differences in level, and developments of the treated alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sverige_did.did.exact import rate_ratio
from sverige_did.did.proportions import clopper_pearson, sign_test
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import Estimate
from sverige_did.studies.published.estimators import before_after
from sverige_did.studies.published.evidence import Evidence, Printed
from sverige_did.studies.published.group_tables import whole_fractions
from sverige_did.study.study import Outcome

Made = Iterable[tuple[str, Estimate]]


def estimates(evidence: Evidence, outcome: Outcome) -> Made:
    """Estimates of an outcome without a difference-in-differences, by its family."""
    return BY_FAMILY.get(CATALOGUE[outcome.outcome].family, _none)(evidence, outcome)


def _none(_: Evidence, __: Outcome) -> Iterator[tuple[str, Estimate]]:
    yield from ()


def _levels(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """Percentages of both groups in one period, or of the treated alone; plain ratios where they are no percentages."""
    treated, control = (evidence.level(outcome.outcome, group, "after") for group in ("treated", "control"))
    if treated is None:
        return
    percent = evidence.select(outcome.outcome, "level", "treated")[0].unit == "percent"
    if not percent:
        if control:
            yield "all", _plain_ratio(treated, control, evidence.study.level)
        return
    largest = round(_largest_base(evidence))
    if control:
        yield "all", _rate_ratio(evidence, treated, control, largest)
    yield "all", _proportion(treated, largest, evidence.study.level)


def _largest_base(evidence: Evidence) -> float:
    """No more cases in a year than were open at any one time, twice over."""
    return 2 * max(fact.number for fact in evidence.select("ladder_total", "total", "treated"))


def _plain_ratio(treated: Printed, control: Printed, level: float) -> Estimate:
    return Estimate(
        estimate=treated.point / control.point,
        scale="ratio",
        estimand="level_difference",
        estimator="rate_ratio",
        inference="bounds",
        lower=treated.low / control.high,
        upper=treated.high / control.low,
        level=level,
        n_units=2,
        n_treated=1,
        assumptions=("rounding_only",),
    )


def _rate_ratio(evidence: Evidence, treated: Printed, control: Printed, largest: int) -> Estimate:
    """Every pair of counts that rounds to the printed percentages; the middle estimate with the widest limits.

    The smallest base that fits is the smallest number of placements that can round so; bases beyond what the
    published tables allow are left out.
    """
    size = evidence.study.assumption("control_to_treated").value
    made = []
    for y, n in whole_fractions(treated.low / 100, treated.high / 100, smallest=_smallest(evidence), largest=largest):
        base = round(size * n)
        (other, total) = min(
            whole_fractions(control.low / 100, control.high / 100, smallest=max(1, base // 2), largest=2 * base),
            key=lambda pair: abs(pair[1] - base),
        )
        made.append(rate_ratio([y, other], [n, total], level=evidence.study.level))
    made.sort(key=lambda estimate: estimate.estimate)
    middle = made[len(made) // 2]
    return middle.model_copy(
        update={
            "estimate": treated.point / control.point,
            "estimator": "rate_ratio",
            "lower": min(estimate.lower for estimate in made if estimate.lower is not None),
            "upper": max(estimate.upper for estimate in made if estimate.upper is not None),
            "p_value": max(estimate.p_value for estimate in made if estimate.p_value is not None),
            "n_units": 2,
            "n_treated": 1,
            "assumptions": (*middle.assumptions, "control_size_assumed"),
            "notes": (*middle.notes, "widest_over_tables"),
        }
    )


def _smallest(evidence: Evidence) -> int:
    """No fewer placements in a year than the fewest children placed on any date that a table allows."""
    placed = [table.events[0] for table in evidence.tables if table.outcome == "placed_total"]
    return min((min(pair) for pair in placed), default=1)


def _proportion(treated: Printed, largest: int, level: float) -> Estimate:
    fits = whole_fractions(treated.low / 100, treated.high / 100, smallest=1, largest=largest)
    y, n = (np.array(side, dtype=float) for side in zip(*fits, strict=True))
    low, high = clopper_pearson(y, n, level)
    return Estimate(
        estimate=treated.point / 100,
        scale="share",
        estimand="level",
        estimator="proportion",
        inference="exact",
        lower=float(low.min()),
        upper=float(high.max()),
        level=level,
        n_units=1,
        n_treated=1,
        notes=("widest_over_tables",),
    )


def _moves(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """The share of moves in the programme's direction; on the ladder also without those that could only go down."""
    towards, away = (_part(evidence, outcome.outcome, part) for part in CATALOGUE[outcome.outcome].directions or ())
    yield "all", _share_of_moves(towards, away, evidence.study.level)
    top = _part(evidence, outcome.outcome, "from_institution")
    if top:
        rest = _share_of_moves(towards - top, away, evidence.study.level)
        yield "all", rest.model_copy(update={"estimand": "share_of_moves_below_top"})


def _part(evidence: Evidence, outcome: str, part: str) -> int:
    found = evidence.select(f"{outcome}.{part}", "count", "treated")
    return int(found[0].number) if found else 0


def _share_of_moves(towards: int, away: int, level: float) -> Estimate:
    return sign_test(towards, away, level=level).model_copy(
        update={"estimand": "share_of_moves", "estimator": "sign_test", "n_units": 1, "n_treated": 1}
    )


def _ladder(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """Cases on one step: the change from the first date to the last. No test: the same children stand on both dates."""
    counts = sorted(evidence.select(outcome.outcome, "count", "treated"), key=lambda fact: fact.period_end)
    first, last = counts[0].number, counts[-1].number
    yield "all", before_after(first, last, "level")
    yield "all", before_after(first, last, "ratio")


def _money(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """Towards a target: how much of it the printed saving of the treated reaches."""
    saving = evidence.change("placement_spending", "treated")
    for target in evidence.select(outcome.outcome, "target", "treated"):
        if saving:
            yield (
                "all",
                Estimate(
                    estimate=-saving.point / target.number,
                    scale="ratio",
                    estimand="share_of_target",
                    estimator="before_after",
                    inference="bounds",
                    lower=-saving.high / target.high,
                    upper=-saving.low / target.low,
                    level=evidence.study.level,
                    n_units=1,
                    n_treated=1,
                    assumptions=("nothing_else_changed",),
                ),
            )


BY_FAMILY: dict[str, Callable[[Evidence, Outcome], Made]] = {
    "rate": _levels,
    "moves": _moves,
    "ladder": _ladder,
    "money": _money,
}
"""What can be said of an outcome without a difference-in-differences, by its family; nothing for the others."""
