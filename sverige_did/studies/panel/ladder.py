"""The ladder of a study of registers: flows, time and arrivals by rung, treated and control, before and after.

Every rung is looked at by itself, for at the top a child can only go down. Children are followed from the last
evening before each period of the plan's windows, a child of several periods more than once; the intervals leave out
whole districts. None of these numbers is an outcome of the plan: they are described, held against the controls, and
not tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from sverige_did.did.occupation import days_in
from sverige_did.inference.jackknife import difference
from sverige_did.results.estimates import Remark, remarks_of
from sverige_did.results.ladder import SHARES, Group, LadderCell, LadderContrast, LadderRecord, Moment, Quantity
from sverige_did.sources.panel.frame import PanelFrame, Tables, make_panel_frame
from sverige_did.sources.panel.ladder_paths import LOST, OF_AGE, OUT, RUNGS, STATES, ladder_paths
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, IntArray
from sverige_did.studies.panel.frame_windows import windows_of_frame
from sverige_did.studies.panel.ladder_followed import MEASURE, MOMENTS, Bools, Floats, Grounds, Stood
from sverige_did.study.study import PanelStudy

MONTH = 365.25 / 12
"""Days."""

GROUPS: tuple[Group, ...] = ("treated", "control")
Sides = dict[Moment, Stood]


class Number(NamedTuple):
    """One number of a rung: ``of`` a window and the districts that are marked (D,), NaN where nobody stands there;
    ``without`` each (n,) of the marked ones in turn, (n,), None of what is only described;
    ``about`` how many children, and how many stand there besides; ``districts`` (D,), those that it rests on.
    """

    quantity: Quantity
    of: Callable[[Moment, Bools], float]
    without: Callable[[Moment, Bools, IntArray], Floats] | None
    about: Callable[[Moment, Bools], tuple[int, int | None]]
    districts: Bools


def ladder(tables: Tables, study: PanelStudy, codes: MeasureCodes) -> LadderRecord:
    """The ladder of the delivered registers.

    Raises as :func:`~sverige_did.sources.panel.frame.make_panel_frame`, and for measures that the mapping lacks.
    Districts that begin at different dates have no common window: the record says so and has no numbers.
    """
    frame = make_panel_frame(tables, study)
    if why := _why_not(frame, study):
        return _without_numbers(study, why)
    paths = ladder_paths(tables, frame, codes)
    if not len(paths.child):
        return _without_numbers(study, "ladder_nobody")
    grounds = Grounds(paths, frame, study)
    cells: list[LadderCell] = []
    contrasts: list[LadderContrast] = []
    for rung, number in numbers(grounds):
        made, contrast = _told(rung, number, frame.treated, study.level)
        cells += made
        contrasts += contrast
    return LadderRecord(
        plan_sha256=study.sha256,
        flow_months=round(grounds.flow_days / MONTH, 1),
        time_months=round(grounds.time_days / MONTH, 1),
        level=study.level,
        cells=tuple(cells),
        contrasts=tuple(contrasts),
        remarks=(*remarks_of(paths.remarks), *_unseen(cells)),
    )


def _without_numbers(study: PanelStudy, why: str) -> LadderRecord:
    return LadderRecord(plan_sha256=study.sha256, remarks=(Remark(key=f"errors.{why}"),))


def _why_not(frame: PanelFrame, study: PanelStudy) -> str | None:
    if len(np.unique(frame.begins[frame.treated])) > 1:
        return "ladder_staggered"
    windows = windows_of_frame(frame, study)
    return None if windows.before.any() and windows.after.any() else "ladder_one_window"


def _unseen(cells: list[LadderCell]) -> Iterator[Remark]:
    """That nobody ever stood on a rung, and how many such rungs there are."""
    stood = {one.rung for one in cells if one.status != "nobody" and one.quantity != "arrived"}
    if empty := set(RUNGS) - stood:
        yield Remark(key="errors.ladder_rung_unseen", values={"rungs": str(len(empty))})


def numbers(grounds: Grounds) -> Iterator[tuple[str, Number]]:
    """Every number with the name of its rung, least intrusive first; ``any_measure`` is all rungs from there on."""
    for rung, name in enumerate(RUNGS):
        flow = {moment: grounds.stood(rung, moment, 1, grounds.flow_days) for moment in MOMENTS}
        for quantity, states in _destinations(rung).items():
            yield name, _share(quantity, states, flow)
        if rung < MEASURE:
            measures = np.isin(np.arange(len(STATES)), range(MEASURE, OUT))
            yield name, _share("measure", measures, flow)
            yield name, _mean("age", flow, lambda side: side.ages)
            yield name, _known(flow)
        time = {moment: grounds.stood(rung, moment, grounds.time_periods, grounds.time_days) for moment in MOMENTS}
        yield name, _months(time)
        yield name, _arrived(grounds, grounds.paths.state == rung, below=rung if rung < MEASURE else 0)
    every = (grounds.paths.state >= MEASURE) & (grounds.paths.state < OUT)
    yield "any_measure", _arrived(grounds, every, below=MEASURE)


def _destinations(rung: int) -> dict[Quantity, Bools]:
    """Which states are where, seen from a rung: together all. From the ends of the ladder one way is closed."""
    every = np.arange(len(STATES))
    where = (every == rung, every < rung, (every > rung) & (every < OUT), every == OUT, every == OF_AGE)
    return {quantity: states for quantity, states in zip(SHARES, where, strict=True) if states.any()}


def _share(quantity: Quantity, states: Bools, sides: Sides) -> Number:
    """Per cent of those of a rung who are in the states at the end."""

    def of(moment: Moment, marked: Bools) -> float:
        return float(100 * sides[moment].shares(marked)[-1, states].sum())

    def without(moment: Moment, marked: Bools, each: IntArray) -> Floats:
        return np.asarray(100 * sides[moment].left_out(marked, each)[0][:, states].sum(axis=-1))

    def about(moment: Moment, marked: Bools) -> tuple[int, int]:
        side = sides[moment]
        mine = side.of(marked) & (side.followed.ends != LOST)
        inside = states[side.followed.ends] & mine
        return side.distinct(inside), side.distinct(mine & ~inside)

    return Number(quantity, of, without, about, _rests_on(sides))


def _months(sides: Sides) -> Number:
    """Months on the rung of those who stand on it; it is as much about those who left as about those who did not."""

    def of(moment: Moment, marked: Bools) -> float:
        side = sides[moment]
        return float(days_in(side.shares(marked))[side.rung] / MONTH)

    def without(moment: Moment, marked: Bools, each: IntArray) -> Floats:
        side = sides[moment]
        return np.asarray(side.left_out(marked, each)[1][:, side.rung] / MONTH)

    def about(moment: Moment, marked: Bools) -> tuple[int, int]:
        side = sides[moment]
        mine = side.of(marked)
        return side.distinct(mine & side.followed.left), side.distinct(mine & ~side.followed.left)

    return Number("months", of, without, about, _rests_on(sides))


def _mean(quantity: Quantity, sides: Sides, values: Callable[[Stood], Floats]) -> Number:
    """The mean of a value (n,) of those who stand there, who say nothing of what the programme did to them."""

    def of(moment: Moment, marked: Bools) -> float:
        mine = sides[moment].of(marked)
        return float(values(sides[moment])[mine].mean()) if mine.any() else float("nan")

    def about(moment: Moment, marked: Bools) -> tuple[int, int | None]:
        return sides[moment].distinct(sides[moment].of(marked)), None

    return Number(quantity, of, None, about, _rests_on(sides))


def _known(sides: Sides) -> Number:
    """Per cent of those who stand there who had a measure before."""

    def about(moment: Moment, marked: Bools) -> tuple[int, int | None]:
        side, mine = sides[moment], sides[moment].of(marked)
        return side.distinct(mine & side.knew), side.distinct(mine & ~side.knew)

    return _mean("known", sides, lambda side: np.where(side.knew, 100.0, 0.0))._replace(about=about)


def _rests_on(sides: Sides) -> Bools:
    """(D,) the districts in which anybody stood there."""
    return np.any([side.followed.at_risk[:, 0, side.rung] > 0 for side in sides.values()], axis=0)


def _arrived(grounds: Grounds, there: Bools, *, below: int) -> Number:
    """Arrivals on the rungs marked from outside, or from a rung ``below`` that one; per 1,000 children and year."""
    paths, frame = grounds.paths, grounds.frame
    from_below = (paths.before >= 0) & (paths.before < below)
    from_outside = ((paths.before == LOST) | (paths.before == OUT)) & paths.known
    chosen = np.flatnonzero(there & (from_below | from_outside))
    inside, period = frame.period_of(paths.start[chosen])
    child, day = paths.child[chosen][inside], paths.start[chosen][inside]
    district = frame.district_on(child, day) if len(child) else child
    kept = (district != UNKNOWN_DISTRICT) & ~frame.begun[district, period]
    child, district, period = child[kept], district[kept], period[kept]
    years = np.where(frame.begun, 0.0, frame.resident_years)

    def of(moment: Moment, marked: Bools) -> float:
        over = float(years[marked][:, grounds.window[moment]].sum())
        return 1000 * float(mine(moment, marked).sum()) / over if over > 0 else float("nan")

    def without(moment: Moment, marked: Bools, each: IntArray) -> Floats:
        by_district = np.bincount(district[mine(moment, marked)], minlength=len(marked))[each]
        years_of = years[:, grounds.window[moment]].sum(axis=1)
        over = years_of[marked].sum() - years_of[each]
        children = mine(moment, marked).sum() - by_district
        rate: Floats = np.divide(1000.0 * children, over, out=np.full(len(each), np.nan), where=over > 0)
        return rate

    def about(moment: Moment, marked: Bools) -> tuple[int, int | None]:
        return len(np.unique(child[mine(moment, marked)])), None

    def mine(moment: Moment, marked: Bools) -> Bools:
        return np.asarray(marked[district] & grounds.window[moment][period])

    return Number("arrived", of, without, about, np.ones(len(frame.treated), dtype=np.bool_))


def _told(rung: str, number: Number, treated: Bools, level: float) -> tuple[list[LadderCell], list[LadderContrast]]:
    """The four numbers, and the difference between the two changes where there is one."""
    cells, value = [], {}
    arms: dict[Group, Bools] = {"treated": treated, "control": ~treated}
    for group, arm in arms.items():
        for moment in MOMENTS:
            found = value[group, moment] = number.of(moment, arm)
            children, rest = number.about(moment, arm)
            seen: dict[str, object] = {"value": found} if np.isfinite(found) else {"status": "nobody"}
            place = {"rung": rung, "quantity": number.quantity, "group": group, "moment": moment}
            cells.append(LadderCell.model_validate(place | seen | {"children": children, "rest": rest}))
    change = {group: value[group, "after"] - value[group, "before"] for group in GROUPS}
    estimate = change["treated"] - change["control"]
    if not np.isfinite(estimate) or number.without is None:
        return cells, []
    treated_without, control_without = (_left_out(number.without, arm, number.districts) for arm in arms.values())
    limits = difference(estimate, treated_without, control_without, level)
    lower, upper = (limits.lower, limits.upper) if np.isfinite(limits.lower) else (None, None)
    return cells, [LadderContrast(rung=rung, quantity=number.quantity, estimate=estimate, lower=lower, upper=upper)]


def _left_out(without: Callable[[Moment, Bools, IntArray], Floats], arm: Bools, rests_on: Bools) -> Floats:
    """The arm's change without each of the districts that it rests on."""
    each = np.flatnonzero(arm & rests_on)
    return without("after", arm, each) - without("before", arm, each)
