"""Two groups, before and after, as counts: the tables that two-group estimators take.

Counts are printed outright (:mod:`.printed_counts`), or those of the treated group come from the enumeration of tables
that fit damaged figures (:mod:`.readings`). Then the control group's size is an assumption of the plan, and its changes
are the printed ones, put on the nearest whole children.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Literal, NamedTuple

from sverige_did.errors import InputError, Problem
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import Frozen
from sverige_did.results.published import Feasible, Reported
from sverige_did.sources.published.contradictions import solve
from sverige_did.studies.published import printed_counts
from sverige_did.studies.published.plan_parts import MOMENTS, Pair, assumed, figures_at, needed
from sverige_did.studies.published.readings import problems
from sverige_did.study.readings import Counted, Reconstruction, Whole
from sverige_did.study.study import PublishedStudy
from sverige_did.windows import Moment

Exposure = tuple[float, float]


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


OPEN = 0.1
"""Widest range of a share before (as a share) at which a reading is still said to settle it."""

CONTROL_SIZE = "control_size_assumed"
CONTROL_LEVEL = "control_level_assumed"
RESIDENTS = "residents_unchanged"


def every_reading(study: PublishedStudy, facts: Sequence[Reported]) -> tuple[Feasible, ...]:
    """The enumeration of every table of the plan's readings, in its order, then of the counts that are printed."""
    damaged = problems(study.reconstruction, facts) if study.reconstruction else ()
    return (*(solve(problem) for problem in damaged), *printed_counts.every_outcome(study, facts))


def all_tables(study: PublishedStudy, facts: Sequence[Reported], found: Sequence[Feasible]) -> tuple[GroupTable, ...]:
    """The tables of every outcome of the plan that counts can be had for, in the plan's order of readings.

    ``found`` is what :func:`every_reading` gave. Last come the counts that the source prints outright.
    """
    made = [*_damaged(study, facts, found), *_printed(study, facts, found)]
    wanted = {outcome.outcome for outcome in study.outcomes}
    return tuple(table for table in _distinct(made) if table.outcome in wanted)


def _damaged(study: PublishedStudy, facts: Sequence[Reported], found: Sequence[Feasible]) -> Iterator[GroupTable]:
    plan = study.reconstruction
    if plan is None:
        return
    order = {reading.key: place for place, reading in enumerate(study.readings)}
    chosen = [feasible for table, feasible in zip(plan.tables, found, strict=False) if table.estimated]
    for feasible in sorted(chosen, key=lambda item: order[item.reading]):
        shares = [table for item in plan.shares for table in share_tables(study, facts, feasible, item)]
        yield from shares
        yield from (twin for table in shares for twin in per_resident(study, table))
        yield from placed_tables(study, facts, feasible)


def _printed(study: PublishedStudy, facts: Sequence[Reported], found: Sequence[Feasible]) -> Iterator[GroupTable]:
    for outcome in study.outcomes:
        family = CATALOGUE[outcome.outcome].family
        if family == "count":
            yield from _count_tables(study, facts, outcome.outcome)
        for events, totals in printed_counts.pairs(outcome.outcome, found):
            table = GroupTable(
                outcome=outcome.outcome,
                reading="all",
                family="binomial",
                events=events,
                totals=totals,
                assumptions=(),
            )
            yield from (table, *per_resident(study, table))


def _count_tables(study: PublishedStudy, facts: Sequence[Reported], outcome: str) -> Iterator[GroupTable]:
    """Counts that the source prints for the treated and for the control group; for the latter a change may do."""
    treated, control = (printed_counts.counts(study, facts, outcome, group) for group in ("treated", "control"))
    size = assumed(study, "control_to_treated")
    assumptions: tuple[str, ...] = (RESIDENTS,)
    if not control and treated and size:
        change = [int(fact.number) for fact in facts if _is(fact, outcome, "change", "control")]
        control = [(base, base + change[0]) for base in [round(size.value * treated[0][0])] if change]
        assumptions = (CONTROL_SIZE, RESIDENTS)
    totals = _residents(study)
    for ours, theirs in product(treated, control):
        yield GroupTable(
            outcome=outcome,
            reading="all",
            family="poisson",
            events=(ours, theirs),
            totals=totals,
            assumptions=assumptions,
        )


def share_tables(
    study: PublishedStudy, facts: Sequence[Reported], feasible: Feasible, counted: Counted
) -> tuple[GroupTable, ...]:
    """Tables of one share of the whole, in one reading: one for each way the treated counts can be."""
    tables = []
    counts = treated_counts(feasible, _plan(study).whole, counted.kinds)
    if left_open(counts):
        return ()
    for treated in counts:
        placed = control_placed(study, facts, treated.placed)
        events, unprinted = _control_share(study, facts, counted.outcome, treated, placed)
        tables.append(
            GroupTable(
                outcome=counted.outcome,
                reading=feasible.reading,
                family="binomial",
                events=(treated.kind, events),
                totals=(treated.placed, placed),
                assumptions=(CONTROL_SIZE, *unprinted),
                given_up=feasible.given_up,
            )
        )
    return _distinct(tables)


def per_resident(study: PublishedStudy, table: GroupTable) -> tuple[GroupTable, ...]:
    """The events of a share per resident child, over residents that are taken as unchanged; none without a twin."""
    twin = CATALOGUE[table.outcome].twin
    if twin is None:
        return ()
    changed = {
        "outcome": twin,
        "family": "poisson",
        "totals": _residents(study),
        "assumptions": (*table.assumptions, RESIDENTS),
    }
    return (table.model_copy(update=changed),)


def placed_tables(study: PublishedStudy, facts: Sequence[Reported], feasible: Feasible) -> tuple[GroupTable, ...]:
    """The whole, over residents that are taken as unchanged."""
    whole = _plan(study).whole
    tables = [
        GroupTable(
            outcome=whole.outcome,
            reading=feasible.reading,
            family="poisson",
            events=(placed, control_placed(study, facts, placed)),
            totals=_residents(study),
            assumptions=(CONTROL_SIZE, RESIDENTS),
            given_up=feasible.given_up,
        )
        for placed in dict.fromkeys(_whole(row, whole) for row in _rows(feasible))
    ]
    return _distinct(tables)


def _plan(study: PublishedStudy) -> Reconstruction:
    if study.reconstruction is None:
        raise ValueError("a plan without damaged tables has no readings")
    return study.reconstruction


def _residents(study: PublishedStudy) -> tuple[Exposure, Exposure]:
    """Resident children relative to the treated group's before, taken as unchanged.

    Where the plan does not say how large the control group is, each is its own measure: no ratio of ratios needs it.
    """
    found = assumed(study, "control_to_treated")
    size = found.value if found else 1.0
    return (1.0, 1.0), (size, size)


def _rows(feasible: Feasible) -> list[dict[str, int]]:
    return [dict(zip(feasible.unknowns, table, strict=True)) for table in feasible.tables]


def _whole(row: dict[str, int], whole: Whole) -> Pair:
    return row[f"{whole.name}_0"], row[f"{whole.name}_1"]


def treated_counts(feasible: Feasible, whole: Whole, kinds: tuple[str, ...]) -> tuple[Treated, ...]:
    """The distinct treated counts of some kinds of the whole in one reading; none where the reading leaves them open.

    A single kind that the table leaves out is what remains when the others are known.
    """
    found = dict.fromkeys(pair for row in _rows(feasible) if (pair := _treated(row, whole, kinds)) is not None)
    return tuple(found)


def _treated(row: dict[str, int], whole: Whole, kinds: tuple[str, ...]) -> Treated | None:
    counts = []
    for at in (0, 1):
        known = {kind: row[f"{kind}_{at}"] for kind in whole.kinds if f"{kind}_{at}" in row}
        left_out = [kind for kind in whole.kinds if kind not in known]
        if len(left_out) == 1:
            known[left_out[0]] = row[f"{whole.name}_{at}"] - sum(known.values())
        if any(kind not in known for kind in kinds):
            return None
        counts.append(sum(known[kind] for kind in kinds))
    return Treated(_whole(row, whole), (counts[0], counts[1]))


def middle_table(tables: Sequence[GroupTable]) -> GroupTable:
    """The one that speaks for all tables which fit the figures equally well: in estimates, posteriors and checks alike.

    They are ranked by their difference-in-differences of levels, so that the choice is one for every scale.
    """
    ranked = sorted(tables, key=_difference)
    return ranked[len(ranked) // 2]


def _difference(table: GroupTable) -> float:
    (treated, control) = (
        after / totals[1] - before / totals[0]
        for (before, after), totals in zip(table.events, table.totals, strict=True)
    )
    return treated - control


def left_open(counts: Sequence[Treated]) -> bool:
    """Whether a reading leaves the treated share before open by more than :data:`OPEN`: then its tables say nothing."""
    shares = [treated.kind[0] / treated.placed[0] for treated in counts]
    return bool(shares) and max(shares) - min(shares) > OPEN


def control_placed(study: PublishedStudy, facts: Sequence[Reported], treated: Pair) -> Pair:
    """The control group's whole: the assumed size before, the printed relative change after.

    Raises InputError where no such change is printed.
    """
    outcome = _plan(study).whole.outcome
    before = round(needed(study, "control_to_treated").value * treated[0])
    change = next((fact.number for fact in facts if _is(fact, outcome, "ratio_change", "control")), None)
    if change is None:
        expected = f"{outcome}, ratio_change, control"
        raise InputError(Problem("published_figure_needed", file=study.input, expected=expected))
    return before, round(before * (1 + change / 100))


def _control_share(
    study: PublishedStudy, facts: Sequence[Reported], outcome: str, treated: Treated, placed: Pair
) -> tuple[Pair, tuple[str, ...]]:
    """The control group's events, from printed levels where there are any, else from an assumed level and change."""
    before, after = (printed_level(study, facts, outcome, "control", when) for when in MOMENTS)
    assumptions: tuple[str, ...] = ()
    if before is None:
        before, assumptions = _assumed_level(study, outcome, treated), (CONTROL_LEVEL,)
    if after is None:
        after = before + _control_change(facts, outcome)
    return (round(before * placed[0]), round(after * placed[1])), assumptions


def _assumed_level(study: PublishedStudy, outcome: str, treated: Treated) -> float:
    """The plan's level for the first of its shares; elsewhere the treated group's own level before."""
    level = assumed(study, "control_share_level")
    if level is not None and outcome == levels_of(study):
        return level.value
    return treated.kind[0] / treated.placed[0]


def levels_of(study: PublishedStudy) -> str | None:
    """The outcome whose level in the control group the plan's ``control_share_level`` is: the first share's."""
    return study.reconstruction.shares[0].outcome if study.reconstruction else None


def _control_change(facts: Sequence[Reported], outcome: str) -> float:
    """The printed change of the share, as a share; 0 where the source says that it is unchanged."""
    return next((fact.number / 100 for fact in facts if _is(fact, outcome, "change", "control")), 0.0)


def printed_level(
    study: PublishedStudy, facts: Sequence[Reported], outcome: str, group: str, when: Moment
) -> float | None:
    """A share that the source prints, as a share; None where it does not."""
    levels = figures_at([fact for fact in facts if _is(fact, outcome, "level", group)], study, when)
    return levels[0].number / 100 if levels else None


def _is(fact: Reported, outcome: str, measure: str, group: str) -> bool:
    return (fact.outcome, fact.measure, fact.group) == (outcome, measure, group)


def _distinct(tables: Iterable[GroupTable]) -> tuple[GroupTable, ...]:
    return tuple({table.model_dump_json(): table for table in tables}.values())
