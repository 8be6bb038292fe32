"""Outcomes whose design identifies no effect: differences in level, and developments of the treated alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sverige_did.did.exact import rate_ratio
from sverige_did.did.proportions import clopper_pearson, sign_test
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import Estimate
from sverige_did.studies.published.estimators import before_after, bounded
from sverige_did.studies.published.evidence import Evidence, Printed, narrowest
from sverige_did.studies.published.plan_parts import assumed, figures_at
from sverige_did.study.study import Outcome

Made = Iterable[tuple[str, Estimate]]


def estimates(evidence: Evidence, outcome: Outcome) -> Made:
    """Estimates of an outcome without a difference-in-differences, by its family."""
    return BY_FAMILY.get(CATALOGUE[outcome.outcome].family, _none)(evidence, outcome)


def _none(_: Evidence, __: Outcome) -> Iterator[tuple[str, Estimate]]:
    yield from ()


def _levels(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """Percentages of both groups in one period, or of the treated alone; plain ratios where they are no percentages."""
    key, level = outcome.outcome, evidence.study.level
    treated, control = (_level(evidence, key, group) for group in ("treated", "control"))
    if treated is None:
        return
    named = evidence.select(key, "level", "treated")
    bases = _bases(evidence, key)
    if bases is None or (named and named[0].unit != "percent"):
        if control:
            yield "all", _plain_ratio(treated, control, level)
        return
    if control:
        yield from (("all", made) for made in _rate_ratio(evidence, key, treated, control))
    yield from (("all", made) for made in _proportion(treated, bases, level))


def _level(evidence: Evidence, outcome: str, group: str) -> Printed | None:
    """The printed percentage after, or the share that a printed count is of a printed total."""
    printed = evidence.level(outcome, group, "after")
    count, total = (_after(evidence, outcome, measure, group) for measure in ("count", "total"))
    if printed or not (count and total):
        return printed
    share = 100 * count.point / total.point
    return Printed(share, share, share)


def _after(evidence: Evidence, outcome: str, measure: str, group: str) -> Printed | None:
    return narrowest(figures_at(evidence.select(outcome, measure, group), evidence.study, "after"))


def _bases(evidence: Evidence, outcome: str, smallest: int = 1) -> tuple[int, int] | None:
    """The fewest and the most cases behind the treated group's percentage: as printed, or what the cases allow.

    No more cases in a year than were open at any one time, twice over. None where nothing is printed about them.
    """
    total = _after(evidence, outcome, "total", "treated")
    if total:
        return math.ceil(total.low), math.floor(total.high)
    cases = evidence.select("ladder_total", "total", "treated")
    return (smallest, round(2 * max(fact.number for fact in cases))) if cases else None


def _plain_ratio(treated: Printed, control: Printed, level: float) -> Estimate:
    limits = treated.low / control.high, treated.high / control.low
    kind = {"estimand": "level_difference", "estimator": "rate_ratio", "assumptions": ("rounding_only",)}
    return bounded(treated.point / control.point, limits, "ratio", level, **kind)


def _rate_ratio(evidence: Evidence, outcome: str, treated: Printed, control: Printed) -> Iterator[Estimate]:
    """Every pair of counts that rounds to the printed percentages; the middle estimate with the widest limits.

    The smallest base that fits is the smallest number of placements that can round so; bases beyond what the
    published tables allow are left out. The control group's base is printed, or assumed by its size.
    """
    size, total = assumed(evidence.study, "control_to_treated"), _after(evidence, outcome, "total", "control")
    bases = _bases(evidence, outcome, _smallest(evidence))
    if bases is None or not (size or total):
        yield _plain_ratio(treated, control, evidence.study.level)
        return
    made = []
    for y, n in _fractions(treated, bases):
        base = round(total.point if total else (size.value if size else 1.0) * n)
        span = (math.ceil(total.low), math.floor(total.high)) if total else (max(1, base // 2), 2 * base)
        others = _fractions(control, span)
        if others:
            other, among = min(others, key=lambda pair: abs(pair[1] - base))
            made.append(rate_ratio([y, other], [n, among], level=evidence.study.level))
    if made:
        yield _widest(made, treated, control, () if total else ("control_size_assumed",))


def _fractions(printed: Printed, bases: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """All (events, total) that round to the printed percentage; none where the figures contradict each other."""
    low, high = printed.low / 100, printed.high / 100
    return whole_fractions(low, high, smallest=bases[0], largest=bases[1])


def whole_fractions(low: float, high: float, *, smallest: int, largest: int) -> tuple[tuple[int, int], ...]:
    """All (events, total) with ``smallest <= total <= largest`` whose share lies in [low, high]."""
    return tuple(
        (events, total)
        for total in range(smallest, largest + 1)
        for events in range(math.ceil(low * total - 1e-9), math.floor(high * total + 1e-9) + 1)
    )


def _widest(made: list[Estimate], treated: Printed, control: Printed, assumptions: tuple[str, ...]) -> Estimate:
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
            "assumptions": (*middle.assumptions, *assumptions),
            "notes": (*middle.notes, "widest_over_tables"),
        }
    )


def _smallest(evidence: Evidence) -> int:
    """No fewer placements in a year than the fewest children placed on any date that a table allows."""
    placed = [table.events[0] for tables in evidence.tables_of("placed_total").values() for table in tables]
    return min((min(pair) for pair in placed), default=1)


def _proportion(treated: Printed, bases: tuple[int, int], level: float) -> Iterator[Estimate]:
    fits = _fractions(treated, bases)
    if fits:
        y, n = (np.array(side, dtype=float) for side in zip(*fits, strict=True))
        low, high = clopper_pearson(y, n, level)
        kind = {"estimand": "level", "estimator": "proportion", "inference": "exact", "n_units": 1, "assumptions": ()}
        limits = float(low.min()), float(high.max())
        yield bounded(treated.point / 100, limits, "share", level, notes=("widest_over_tables",), **kind)


def _moves(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """The share of moves in the programme's direction; on the ladder also without those that could only go down."""
    towards, away = (_part(evidence, outcome.outcome, part) for part in CATALOGUE[outcome.outcome].directions or ())
    if not towards + away:
        return
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
    if len(counts) < 2:
        return
    first, last = counts[0].number, counts[-1].number
    yield "all", before_after(first, last, "level")
    yield "all", before_after(first, last, "ratio")


def _money(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """Towards a target: how much of it the printed saving of the treated reaches."""
    saving = evidence.change("placement_spending", "treated")
    if saving is None:
        return
    kind = {"estimand": "share_of_target", "estimator": "before_after", "n_units": 1}
    for target in evidence.select(outcome.outcome, "target", "treated"):
        point, limits = saving.point / target.number, (-saving.high / target.high, -saving.low / target.low)
        alone = ("nothing_else_changed",)
        yield "all", bounded(-point, limits, "ratio", evidence.study.level, assumptions=alone, **kind)


BY_FAMILY: dict[str, Callable[[Evidence, Outcome], Made]] = {
    "rate": _levels,
    "moves": _moves,
    "ladder": _ladder,
    "money": _money,
}
"""What can be said of an outcome without a difference-in-differences, by its family; nothing for the others."""
