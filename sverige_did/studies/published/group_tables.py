"""Two groups, before and after, as counts: the tables that two-group estimators take.

The treated group's counts come from the enumeration of tables that fit the published figures (``feasible.py``) or are
printed outright. The control group's were never printed: its size is an assumption of the plan and its changes are
the printed ones, put on the nearest whole children.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from sverige_did.results.estimates import Frozen
from sverige_did.results.published import Feasible, Reported
from sverige_did.sources.published.contradictions import solve
from sverige_did.studies.published.readings import KINDS, person_years, same_numerator, stock
from sverige_did.study.study import Study
from sverige_did.windows import of_moment

Pair = tuple[int, int]
Exposure = tuple[float, float]
When = Literal["before", "after"]
MOMENTS: tuple[When, When] = ("before", "after")


class GroupTable(Frozen):
    """Events among totals (or over exposure) for treated and control, before and after.

    ``events`` and ``totals`` are ((treated before, after), (control before, after)). For family ``poisson`` the totals
    are resident children relative to the treated group's before. ``given_up`` names the figures that this table
    contradicts.
    """

    outcome: str
    reading: str
    family: Literal["binomial", "poisson"]
    events: tuple[Pair, Pair]
    totals: tuple[Exposure, Exposure]
    assumptions: tuple[str, ...]
    given_up: tuple[str, ...] = ()


class Treated(NamedTuple):
    """The treated group's placed children, and those of one kind among them, before and after."""

    placed: Pair
    kind: Pair


SHARES: dict[str, tuple[str, ...]] = {
    "institution_share": ("institution",),
    "family_share": ("foster", "network"),
    "network_share": ("network",),
    "home_based_share": ("home",),
}
"""What each share counts among the placed, in the kinds of the enumeration (readings.KINDS)."""

OPEN = 0.1
"""Widest range of a share before (as a share) at which a reading is still said to settle it."""

CONTROL_SIZE = "control_size_assumed"
CONTROL_LEVEL = "control_level_assumed"
RESIDENTS = "residents_unchanged"


def every_reading(facts: Sequence[Reported]) -> tuple[Feasible, ...]:
    """All enumerations: H2 without and with foster care, H1, H3, and whether 12 -> 4 can be the numerator."""
    problems = (
        person_years(facts),
        person_years(facts, family=True),
        stock(facts, middle="network"),
        stock(facts, middle="home"),
        same_numerator(facts),
    )
    return tuple(solve(problem) for problem in problems)


def all_tables(study: Study, facts: Sequence[Reported], found: Sequence[Feasible]) -> tuple[GroupTable, ...]:
    """The tables of every outcome of the plan that counts can be had for, in the plan's order of readings.

    ``found`` holds one enumeration for each reading, and more of them where they leave other counts open.
    """
    order = {reading.key: place for place, reading in enumerate(study.readings)}
    ranked = sorted(found, key=lambda feasible: order[feasible.reading])
    wanted = {outcome.outcome for outcome in study.outcomes}
    made: list[GroupTable] = []
    for feasible in ranked:
        if feasible.outcome == "institution_children":
            continue  # this enumeration asks whether 12 -> 4 can be the numerator; it is not a reading of its own
        for outcome in SHARES:
            made += share_tables(study, facts, feasible, outcome)
        made += [*rate_tables(study, facts, feasible), *placed_tables(study, facts, feasible)]
    made.append(printed_count_table(study, facts, "institution_children"))
    return tuple(table for table in _distinct(made) if table.outcome in wanted)


def share_tables(study: Study, facts: Sequence[Reported], feasible: Feasible, outcome: str) -> tuple[GroupTable, ...]:
    """Tables of one share among the placed, in one reading: one for each way the treated counts can be."""
    tables = []
    counts = treated_counts(feasible, SHARES[outcome])
    if left_open(counts):
        return ()
    for treated in counts:
        placed = control_placed(study, facts, treated.placed)
        events, assumed = _control_share(study, facts, outcome, treated, placed)
        tables.append(
            GroupTable(
                outcome=outcome,
                reading=feasible.reading,
                family="binomial",
                events=(treated.kind, events),
                totals=(treated.placed, placed),
                assumptions=(CONTROL_SIZE, *assumed),
                given_up=feasible.given_up,
            )
        )
    return _distinct(tables)


def rate_tables(study: Study, facts: Sequence[Reported], feasible: Feasible) -> tuple[GroupTable, ...]:
    """Children in institutions per resident child: the same counts, over residents that are taken as unchanged."""
    return tuple(
        table.model_copy(
            update={
                "outcome": "institution_per_1000",
                "family": "poisson",
                "totals": _residents(study),
                "assumptions": (*table.assumptions, RESIDENTS),
            }
        )
        for table in share_tables(study, facts, feasible, "institution_share")
    )


def placed_tables(study: Study, facts: Sequence[Reported], feasible: Feasible) -> tuple[GroupTable, ...]:
    """All placed children, over residents that are taken as unchanged."""
    tables = [
        GroupTable(
            outcome="placed_total",
            reading=feasible.reading,
            family="poisson",
            events=(treated.placed, control_placed(study, facts, treated.placed)),
            totals=_residents(study),
            assumptions=(CONTROL_SIZE, RESIDENTS),
            given_up=feasible.given_up,
        )
        for treated in treated_counts(feasible, ("institution",))
    ]
    return _distinct(tables)


def printed_count_table(study: Study, facts: Sequence[Reported], outcome: str) -> GroupTable:
    """A table of counts that the source prints for the treated, and as a change for the control group."""
    counts = [fact for fact in facts if _is(fact, outcome, "count", "treated")]
    before, after = (int(next(fact.number for fact in counts if is_at(fact, study, when))) for when in MOMENTS)
    control_before = round(study.assumption("control_to_treated").value * before)
    change = next(fact.number for fact in facts if _is(fact, outcome, "change", "control"))
    return GroupTable(
        outcome=outcome,
        reading="all",
        family="poisson",
        events=((before, after), (control_before, control_before + int(change))),
        totals=_residents(study),
        assumptions=(CONTROL_SIZE, RESIDENTS),
    )


def _residents(study: Study) -> tuple[Exposure, Exposure]:
    """Resident children relative to the treated group's before; taken as unchanged over a year and a half."""
    size = study.assumption("control_to_treated").value
    return (1.0, 1.0), (size, size)


def treated_counts(feasible: Feasible, kinds: tuple[str, ...]) -> tuple[Treated, ...]:
    """The distinct treated counts of some kinds of placement in one reading; none where the reading leaves them open.

    Home-based placements are what remains when the other kinds are known.
    """
    rows = [dict(zip(feasible.unknowns, table, strict=True)) for table in feasible.tables]
    found = dict.fromkeys(pair for row in rows if (pair := _treated(row, kinds)) is not None)
    return tuple(found)


def _treated(row: dict[str, int], kinds: tuple[str, ...]) -> Treated | None:
    placed, counts = [], []
    for at in (0, 1):
        known = {kind: row.get(f"{kind}_{at}") for kind in KINDS}
        others = [known[kind] for kind in KINDS if kind != "home"]
        if known["home"] is None and None not in others:
            known["home"] = row[f"placed_{at}"] - sum(count for count in others if count is not None)
        chosen = [known[kind] for kind in kinds]
        if None in chosen:
            return None
        placed.append(row[f"placed_{at}"])
        counts.append(sum(count for count in chosen if count is not None))
    return Treated((placed[0], placed[1]), (counts[0], counts[1]))


def left_open(counts: Sequence[Treated]) -> bool:
    """Whether a reading leaves the treated share before open by more than :data:`OPEN`: then its tables say nothing."""
    shares = [treated.kind[0] / treated.placed[0] for treated in counts]
    return bool(shares) and max(shares) - min(shares) > OPEN


def control_placed(study: Study, facts: Sequence[Reported], treated: Pair) -> Pair:
    """The control group's placed children: the assumed size before, the printed relative change after."""
    before = round(study.assumption("control_to_treated").value * treated[0])
    change = next(fact.number for fact in facts if _is(fact, "placed_total", "ratio_change", "control"))
    return before, round(before * (1 + change / 100))


def _control_share(
    study: Study, facts: Sequence[Reported], outcome: str, treated: Treated, placed: Pair
) -> tuple[Pair, tuple[str, ...]]:
    """The control group's events, from printed levels where there are any, else from an assumed level and change."""
    before, after = (printed_level(study, facts, outcome, "control", when) for when in MOMENTS)
    assumed: tuple[str, ...] = ()
    if before is None:
        before, assumed = _assumed_level(study, outcome, treated), (CONTROL_LEVEL,)
    if after is None:
        after = before + _control_change(facts, outcome)
    return (round(before * placed[0]), round(after * placed[1])), assumed


def _assumed_level(study: Study, outcome: str, treated: Treated) -> float:
    """The plan's level for institutions; elsewhere the treated group's own level before."""
    if outcome == "institution_share":
        return study.assumption("control_share_level").value
    return treated.kind[0] / treated.placed[0]


def _control_change(facts: Sequence[Reported], outcome: str) -> float:
    """The printed change of the share, as a share; 0 where the source says that it is unchanged."""
    return next((fact.number / 100 for fact in facts if _is(fact, outcome, "change", "control")), 0.0)


def printed_level(study: Study, facts: Sequence[Reported], outcome: str, group: str, when: When) -> float | None:
    """A share that the source prints, as a share; None where it does not."""
    levels = (fact for fact in facts if _is(fact, outcome, "level", group) and is_at(fact, study, when))
    return next((fact.number / 100 for fact in levels), None)


def _is(fact: Reported, outcome: str, measure: str, group: str) -> bool:
    return (fact.outcome, fact.measure, fact.group) == (outcome, measure, group)


def is_at(fact: Reported, study: Study, when: When) -> bool:
    """Whether a figure is about the state before, or about the period that ends with the main follow-up."""
    return of_moment(fact.period_end, study.periods, when)


def whole_fractions(low: float, high: float, *, smallest: int, largest: int) -> tuple[Pair, ...]:
    """All (events, total) with ``smallest <= total <= largest`` whose share lies in [low, high]."""
    return tuple(
        (events, total)
        for total in range(smallest, largest + 1)
        for events in range(math.ceil(low * total - 1e-9), math.floor(high * total + 1e-9) + 1)
    )


def _distinct(tables: Iterable[GroupTable]) -> tuple[GroupTable, ...]:
    return tuple({table.model_dump_json(): table for table in tables}.values())
