"""The numbers that the synthetic municipality must pass through so that every printed figure comes out again.

Placements are those of reading H2: placed person-years as whole children. Figure 1 counts cases by step; its
home-based step then holds support at home too, which is no placement. What the figures leave open is chosen once,
here, and named: the control group's base, the split of the moves, the months between two dates.

Two figures of Figure 1 cannot be had together with H2 and are given up (:data:`GIVEN_UP`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from sverige_did.errors import refuse
from sverige_did.results.published import Reported
from sverige_did.sources.published.enumeration import tables_of
from sverige_did.sources.published.facts import limits
from sverige_did.sources.spells.spells import IntArray
from sverige_did.studies.published.control_group import control_base_limit, control_group
from sverige_did.studies.published.readings import figures_of, person_years
from sverige_did.synthetic.careers import IN_INSTITUTION, PLACED, STEPS, Route, Step

GIVEN_UP: Final = {
    "F053": "5 cases with kin or network at the end of 2014: 7 % of the 45 placed (F086a) are 3 children",
    "F073": "the residual of 19 that follows from F053; it is 21 with 3 children in network care",
}
"""Figures that contradict those kept, each with the reason. The steps of F053 and F073 are our reading of a damaged
table; the share of F086a is printed in words."""

MOVES: Final[tuple[tuple[Step, Step, tuple[int, int, int]], ...]] = (
    (Step.INSTITUTION, Step.FOSTER, (2, 1, 1)),
    (Step.INSTITUTION, Step.NETWORK, (1, 1, 1)),
    (Step.INSTITUTION, Step.SUPPORT, (3, 2, 1)),
    (Step.FOSTER, Step.NETWORK, (0, 1, 1)),
    (Step.FOSTER, Step.SUPPORT, (1, 2, 1)),
    (Step.FOSTER, Step.PREVENTION, (0, 1, 0)),
    (Step.NETWORK, Step.PREVENTION, (1, 0, 0)),
    (Step.FOSTER, Step.INSTITUTION, (0, 1, 0)),
    (Step.NETWORK, Step.FOSTER, (2, 0, 0)),
    (Step.NETWORK, Step.RESIDENTIAL_HOME, (1, 0, 0)),
    (Step.SUPPORT, Step.FOSTER, (0, 0, 1)),
    (Step.SUPPORT, Step.INSTITUTION, (0, 0, 1)),
)
"""Who moved from which step to which by December 2013, April 2014 and December 2014. Only sums are printed (F090-F092,
F098, F099): 21 down, 6 up, 13 from institutions, 15 closer to home, 5 away; :func:`moves` refuses a split that
misses one."""

ANCHORS: Final = (
    date(2013, 6, 30), date(2013, 8, 31), date(2013, 12, 31), date(2014, 4, 30), date(2014, 8, 31),
    date(2014, 10, 31), date(2014, 12, 31), date(2015, 6, 30), date(2015, 12, 31),
)  # fmt: skip
_BASELINE, _FIGURE_1, _END = 0, (1, 2, 4, 6), 6
_LADDER = ("F062", "F058", "F046", "F050", "F054"), ("F063", "F059", "F047", "F051", "F055"), \
    ("F064", "F060", "F048", "F052", "F056"), ("F065", "F061", "F049", "F053", "F057")  # fmt: skip
"""Cases in all, under clarification, prevention, network and family care on the four dates of Figure 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What must come out. Stocks are (len(ANCHORS), STEPS); ``untreated`` is the treated group had it followed the
    control group's development. Amounts are changes in DKK from 2013, by group, kind of spending and year."""

    treated: IntArray
    control: IntArray
    untreated: IntArray
    moves: tuple[IntArray, ...]
    breakdowns: Mapping[str, int]
    complaints: tuple[float, float]
    pupil_share: float
    caseworkers: tuple[float, float]
    caseload: float
    spending: Mapping[tuple[str, str, int], float]
    investment: Mapping[int, float]


def targets(facts: Iterable[Reported], *, share_before: float = 0.25, home_before: float = 0.05) -> Targets:
    """The targets from the printed figures.

    ``share_before`` and ``home_before`` are the control group's shares in institutions and home-based placements at
    the baseline: lost in the source, so assumptions. Raises RefusedError when figures are missing or nothing fits.
    """
    facts = tuple(facts)
    figures = {fact.fact_id: fact for fact in facts}
    table = _placed(facts)
    treated = _treated(facts, table)
    q = _pupil_share(figures)
    before, after, breakdowns = _control(facts, table, q, share_before, home_before)
    control = _control_path(treated, before, after)
    scale = treated[0, list(PLACED)].sum() / control[0, list(PLACED)].sum()
    drift = np.rint((control - control[0]) * scale).astype(np.int64)
    return Targets(
        treated=treated,
        control=control,
        untreated=np.maximum(treated[0] + drift, 0),
        moves=moves(facts),
        breakdowns={"treated": table["breakdowns"], "control": breakdowns},
        complaints=limits(figures["F118"]),
        pupil_share=q,
        caseworkers=(figures["F017"].number, figures["F016"].number),
        caseload=figures["F005"].number,
        spending=_spending(figures),
        investment=_investment(figures),
    )


def _placed(facts: tuple[Reported, ...]) -> dict[str, int]:
    """The table of reading H2 whose foster care at the end of 2014 lies nearest to that of Figure 1."""
    problem = person_years(facts, family=True)
    tables = tables_of(problem, problem.constraints)
    names = [unknown.name for unknown in problem.unknowns]
    if not len(tables):
        raise refuse("synth_no_table", found=problem.reading)
    figure = figures_of(facts, ["F057"])["F057"].number
    nearest = tables[np.argmin(np.abs(tables[:, names.index("foster_1")] - figure))]
    return dict(zip(names, nearest.tolist(), strict=True))


def _row(table: Mapping[str, int], at: int, residential: int) -> IntArray:
    """The placed on each step at one date; ``residential`` of those in institutions are in residential institutions."""
    row = np.zeros(STEPS, dtype=np.int64)
    row[Step.NETWORK], row[Step.FOSTER] = table[f"network_{at}"], table[f"foster_{at}"]
    row[Step.INSTITUTION] = residential
    row[Step.RESIDENTIAL_HOME] = table[f"institution_{at}"] - residential
    row[Step.HOME] = table[f"placed_{at}"] - row.sum()
    return row


def _treated(facts: tuple[Reported, ...], table: Mapping[str, int]) -> IntArray:
    needed = [fact_id for date_ids in _LADDER for fact_id in date_ids]
    figures = figures_of(facts, [*needed, "F004", "F011", "F012", "F016", "E05"])
    path = np.zeros((len(ANCHORS), STEPS), dtype=np.int64)
    path[_BASELINE] = _row(table, 0, int(figures["F011"].number))
    path[_END] = _row(table, 1, int(figures["F012"].number))
    for anchor, ids in zip(_FIGURE_1, _LADDER, strict=True):
        _, clarification, prevention, network, foster = (int(figures[fact_id].number) for fact_id in ids)
        path[anchor, [Step.CLARIFICATION, Step.PREVENTION]] = clarification, prevention
        if anchor != _END:
            path[anchor, [Step.NETWORK, Step.FOSTER]] = network, foster
            for step in (Step.HOME, *IN_INSTITUTION):
                path[anchor, step] = _between(path, anchor, step)
        path[anchor, Step.SUPPORT] = int(figures[ids[0]].number) - path[anchor].sum()
    path[_BASELINE, :3] = path[_FIGURE_1[0], :3]  # what is no placement is first printed for August
    _middle(path, mean_cases=figures["F004"].number * figures["F016"].number)
    _after(path, int(figures["E05"].number))
    if (path < 0).any():
        raise refuse("synth_no_table", found="H2, Figure 1")
    return path


def _between(path: IntArray, anchor: int, step: Step) -> int:
    """The number on the straight line from the first date of Figure 1, where it is as at the baseline, to the last."""
    first, last = ANCHORS[_FIGURE_1[0]].toordinal(), ANCHORS[_END].toordinal()
    along = (ANCHORS[anchor].toordinal() - first) / (last - first)
    return round(float(path[_BASELINE, step] + along * (path[_END, step] - path[_BASELINE, step])))


def _middle(path: IntArray, mean_cases: float) -> None:
    """The two dates of 2014 between those of Figure 1: half-way, with fewer under clarification, so that the mean of
    the year is the printed caseload."""
    totals = path[[2, 4, 4, 6]].sum(axis=1)
    dip = max(0, round(2 * (totals.mean() - mean_cases)))
    for anchor in (3, 5):
        path[anchor] = (path[anchor - 1] + path[anchor + 1] + 1) // 2
        path[anchor, Step.CLARIFICATION] -= dip


def _after(path: IntArray, in_institution: int) -> None:
    """2015: the institutions empty into foster care by half and whole; the rest stays."""
    for anchor, left in ((7, 0.5), (8, 0.0)):
        path[anchor] = path[_END]
        for step in IN_INSTITUTION:
            path[anchor, step] = in_institution + math.floor(left * (path[_END, step] - in_institution))
        path[anchor, Step.FOSTER] += path[_END, list(IN_INSTITUTION)].sum() - path[anchor, list(IN_INSTITUTION)].sum()


def moves(facts: Iterable[Reported]) -> tuple[IntArray, ...]:
    """The moves (STEPS, STEPS) up to each anchor after the baseline and no later than the end of 2014.

    Raises RefusedError when :data:`MOVES` misses a printed sum.
    """
    figures = figures_of(facts, [fact_id for fact_id, _ in _SUMS])
    for fact_id, counts in _SUMS:
        found = sum(sum(split) for origin, target, split in MOVES if counts(origin, target))
        if found != figures[fact_id].number:
            raise refuse("synth_moves_sum", found=f"{found}", expected=f"{figures[fact_id].number:g}", fact=fact_id)
    tables = tuple(np.zeros((STEPS, STEPS), dtype=np.int64) for _ in range(_END))
    for origin, target, split in MOVES:
        for interval, count in zip((1, 2, 5), split, strict=True):
            tables[interval][origin, target] += count
    return tables


_AWAY = frozenset({Step.FOSTER, *IN_INSTITUTION})
_SUMS: Final[tuple[tuple[str, Callable[[Step, Step], bool]], ...]] = (
    ("F090", lambda origin, target: target < origin),
    ("F091", lambda origin, target: target > origin),
    ("F092", lambda origin, target: target < origin and origin in IN_INSTITUTION),
    ("F098", lambda origin, target: origin in _AWAY and target in {Step.SUPPORT, Step.HOME, Step.NETWORK}),
    ("F099", lambda origin, target: target in _AWAY and origin in {Step.SUPPORT, Step.HOME, Step.NETWORK}),
)


def _pupil_share(figures: Mapping[str, Reported]) -> float:
    """The middle of what the two figures about pupils allow together, as a share."""
    low = max(limits(figures[fact_id])[0] for fact_id in ("F010", "F044"))
    high = min(limits(figures[fact_id])[1] for fact_id in ("F010", "F044"))
    return (low + high) / 200


def _control(
    facts: tuple[Reported, ...], table: Mapping[str, int], q: float, share_before: float, home_before: float
) -> tuple[IntArray, IntArray, int]:
    """The placed before and after and the breakdowns, on the largest base that fits every printed change and makes the
    treated districts' higher rate of placement significant at 5 %, as the source says it was (F043)."""
    figures = figures_of(facts, ["F083", "F089b", "F117"])
    placed = table["placed_0"]
    for base in range(control_base_limit(facts, placed), placed, -1):
        z = math.log(placed / q * (1 - q) / base) / math.sqrt(1 / placed + 1 / base)
        if z < 1.96:
            continue
        problem = control_group(facts, treated_placed=placed, base=base, share_before=share_before, unchanged_pp=1.0)
        names = [unknown.name for unknown in problem.unknowns]
        tables = [dict(zip(names, counts, strict=True)) for counts in tables_of(problem, problem.constraints).tolist()]
        for found in sorted(tables, key=_institution_change):
            full = _with_foster(found, figures, round(home_before * base))
            breakdowns = round(figures["F117"].number / 100 * found["placed_1"])
            if full and _prints(figures["F117"], 100 * breakdowns / found["placed_1"]):
                residential = round(0.6 * min(full["institution_0"], full["institution_1"]))
                return _row(full, 0, residential), _row(full, 1, residential), breakdowns
    raise refuse("synth_no_table", found="control")


def _institution_change(table: Mapping[str, int]) -> float:
    return abs(table["institution_1"] / table["placed_1"] - table["institution_0"] / table["placed_0"])


def _with_foster(found: dict[str, int], figures: Mapping[str, Reported], home: int) -> dict[str, int] | None:
    """The table with foster care, for ``home`` children in home-based placements before; None when none fits."""
    before = found["placed_0"] - found["institution_0"] - found["network_0"] - home
    for home_after in range(home, found["placed_1"] + 1):
        after = found["placed_1"] - found["institution_1"] - found["network_1"] - home_after
        family = 100 * (
            (after + found["network_1"]) / found["placed_1"] - (before + found["network_0"]) / found["placed_0"]
        )
        rise = 100 * (home_after / found["placed_1"] - home / found["placed_0"])
        if after >= 0 and _prints(figures["F083"], family) and _prints(figures["F089b"], rise):
            return found | {"foster_0": before, "foster_1": after}
    return None


def _prints(figure: Reported, value: float) -> bool:
    """Whether the true value may have been printed as the figure."""
    low, high = limits(figure)
    return low - 1e-9 <= value <= high + 1e-9


def _control_path(treated: IntArray, before: IntArray, after: IntArray) -> IntArray:
    """Straight lines from the baseline to the end of 2014, level after it; the other cases in proportion."""
    first, last = ANCHORS[_BASELINE].toordinal(), ANCHORS[_END].toordinal()
    along = np.clip([(day.toordinal() - first) / (last - first) for day in ANCHORS], 0, 1)[:, None]
    path: IntArray = np.rint(before + along * (after - before)).astype(np.int64)
    others = treated[0, :3] * before.sum() / treated[0, list(PLACED)].sum()
    path[:, :3] = np.rint(others).astype(np.int64)
    return path


def _spending(figures: Mapping[str, Reported]) -> dict[tuple[str, str, int], float]:
    """Changes from 2013 in DKK. Prevention in the treated districts “has not risen” (F128): no change."""
    known = figures_of(figures.values(), ["F125", "F126", "E01", "F129", "F135"])
    low = max(limits(known[fact_id])[0] for fact_id in ("F129", "F135"))
    high = min(limits(known[fact_id])[1] for fact_id in ("F129", "F135"))
    return {
        ("treated", "placements", 2014): known["F125"].number * 1e6,
        ("control", "placements", 2014): known["F126"].number * 1e6,
        ("treated", "placements", 2015): known["E01"].number * 1e6,
        ("treated", "prevention", 2014): 0.0,
        ("control", "prevention", 2014): (low + high) / 2 * 1e6,
    }


def _investment(figures: Mapping[str, Reported]) -> dict[int, float]:
    """DKK a year: psychologist and health visitor from 2014 (F122), four caseworkers spread over their period (E06)."""
    known = figures_of(figures.values(), ["F122", "E06"])
    extra = known["E06"]
    days = (extra.period_end - extra.period_start).days + 1
    in_2013 = (date(2014, 1, 1) - extra.period_start).days / days
    yearly = known["F122"].number
    amount = extra.number * 1e6
    return {2013: in_2013 * amount, 2014: yearly + (1 - in_2013) * amount, 2015: yearly}


def routes(targets: Targets) -> dict[str, Route]:
    """After the baseline: ``treated`` as printed, ``untreated`` the same group without the programme, ``control``."""
    days = np.array([(day - date(1970, 1, 1)).days for day in ANCHORS[1:]], dtype=np.int64)
    free = [None] * len(days)
    prescribed = [*targets.moves, None, None]
    return {
        "treated": Route(days, targets.treated[1:], prescribed),
        "untreated": Route(days, targets.untreated[1:], free),
        "control": Route(days, targets.control[1:], free),
    }
