"""From made-up careers to the registers about practice: caseworkers, follow-ups, complaints, wellbeing, accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.sdq.scores import ITEMS, REVERSED, score
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.careers import PLACED, FloatArray, History, Step
from sverige_did.synthetic.child_registers import Setting, as_dates, codes_of, day_prices, with_measure

TREATED_TEAM: Final = "Sverigesteamet"
CHILD_TEAM, YOUTH_TEAM, INTAKE_TEAM = "Børneteamet", "Ungeteamet", "Modtagelsen"
TEAMS: Final = (TREATED_TEAM, CHILD_TEAM, YOUTH_TEAM, INTAKE_TEAM)
_INTAKE_DAYS = 60
_TEENAGER = 13 * 365.25
FUNCTIONS: Final[dict[str, tuple[Step, ...]]] = {
    "5.28.20": (Step.HOME, Step.NETWORK, Step.FOSTER, Step.RESIDENTIAL_HOME),
    "5.28.21": (Step.PREVENTION, Step.SUPPORT),
    "5.28.23": (Step.INSTITUTION,),
}


@dataclass(frozen=True, slots=True)
class Practice:
    """How the work is done: assumptions, except where the printed figures say it (see the calibration).

    Intervals are days: a follow-up is due ``first`` days after the start of a measure and then every ``then`` days;
    ``kept`` is the share of them that is done. ``complaint_rate`` is per open case and year in the control teams
    other than intake, ``breakdown_rate`` per placed child and
    year. ``sdq_effect`` shifts the latent severity of placed children in treated districts.
    """

    law: tuple[int, int] = (91, 183)
    programme_placed: tuple[int, int] = (42, 91)
    programme_preventive: tuple[int, int] = (28, 91)
    kept: float = 0.75
    kept_programme_placed: float = 0.95
    kept_programme_preventive: float = 0.55
    complaint_rate: float = 0.04
    complaint_rate_intake: float = 0.01
    breakdown_rate: float = 0.06
    breakdown_rate_programme: float = 0.022
    caseload: float = 48.0
    caseload_programme: float = 24.0
    sdq_effect: float = -0.1


def case_bounds(stays: History) -> tuple[IntArray, IntArray, IntArray]:
    """Child, first day and the day after the last of each case; the stays are in the order of children."""
    first = np.flatnonzero(np.diff(stays.child, prepend=-1))
    last = np.append(first[1:], len(stays.child)) - 1
    return stays.child[first], stays.start[first], stays.stop[last]


def month_ends(begin: int, end: int) -> IntArray:
    """The last day of every month that lies between the two days."""
    months = np.arange(
        np.datetime64(begin, "D").astype("datetime64[M]"), np.datetime64(end, "D"), dtype="datetime64[M]"
    )
    return (months + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64) - 1


def teams_of(child: IntArray, opened: IntArray, day: int, setting: Setting) -> np.ndarray:
    """The number in :data:`TEAMS` of the team that has each case on the day; treated districts have one of their own
    from the beginning and no intake."""
    teenager = day - setting.children.birth[child] > _TEENAGER
    team = np.where(day - opened < _INTAKE_DAYS, 3, np.where(teenager, 2, 1))
    return np.where(setting.treated[child], 0, team)


def caseworkers_register(
    stays: History, setting: Setting, practice: Practice, persons: tuple[float, float] | None
) -> pd.DataFrame:
    """Open cases on the last day of each month, and full-time caseworkers, by team.

    ``persons`` are the treated team's caseworkers before the programme and from the month after it began; without
    them both follow from the caseloads of ``practice``.
    """
    child, opened, closed = case_bounds(stays)
    days = month_ends(setting.begin, setting.end)
    counts = np.zeros((len(days), len(TEAMS)), dtype=np.int64)
    for at, day in enumerate(days.tolist()):
        here = (opened <= day) & (day < closed)
        counts[at] = np.bincount(teams_of(child[here], opened[here], day, setting), minlength=len(TEAMS))
    fte = np.maximum(np.rint(2 * counts / practice.caseload) / 2, 0.5)
    after = days >= setting.go_live + 31 if setting.go_live != OPEN else np.zeros(len(days), dtype=bool)
    if persons is None:
        fte[after, 0] = np.maximum(np.rint(2 * counts[after, 0] / practice.caseload_programme) / 2, 0.5)
    else:
        fte[:, 0] = np.where(after, persons[1], persons[0])
    return pd.DataFrame(
        {
            "team": np.tile(TEAMS, len(days)),
            "period": np.repeat(days.astype("datetime64[D]").astype("datetime64[M]").astype(str), len(TEAMS)),
            "open_cases": counts.ravel(),
            "fte": fte.ravel(),
        }
    )


def follow_ups_register(
    stays: History, setting: Setting, practice: Practice, since: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Follow-ups that fell due from the day ``since`` on, done a little before or after, or not at all.

    By the law until the programme begins, and by its goals in the treated districts after that.
    """
    measure = np.flatnonzero(with_measure(stays, setting) & (stays.step != Step.CLARIFICATION))
    treated = setting.treated[stays.child[measure]]
    start, stop = stays.start[measure], np.minimum(stays.stop[measure], setting.end)
    by_law = _due(measure, start, np.where(treated, np.minimum(stop, setting.go_live), stop), False, stays, practice)
    begins = np.where(treated, np.maximum(start, setting.go_live), OPEN)
    by_goal = _due(measure, begins, stop, True, stays, practice)
    rows, due, kept = (np.concatenate(part) for part in zip(by_law, by_goal, strict=True))
    rows, due, kept = rows[due >= since], due[due >= since], kept[due >= since]
    done = due + rng.integers(-12, 13, len(due))
    done = np.minimum(np.maximum(done, stays.start[rows]), setting.end - 1)
    frame = pd.DataFrame(
        {
            "child": setting.names(stays.child[rows]),
            "measure": codes_of(stays, setting)[rows],
            "due": as_dates(due),
            "done": as_dates(np.where(rng.random(len(due)) < kept, done, OPEN)),
        }
    )
    return frame.sort_values(["due", "child"], ignore_index=True, kind="stable")


def _due(
    measure: IntArray, begins: IntArray, lasts: IntArray, goal: bool, stays: History, practice: Practice
) -> tuple[IntArray, IntArray, FloatArray]:
    """The stay, the day and the share kept of every follow-up that falls due from one day of each measure up to
    another; none where the first is not before the second."""
    measure, begins, lasts = (part[begins < lasts] for part in (measure, begins, lasts))
    placed = np.isin(stays.step[measure], PLACED)
    plans = np.array([practice.law, practice.programme_preventive, practice.programme_placed])
    shares = np.array([practice.kept, practice.kept_programme_preventive, practice.kept_programme_placed])
    which = (1 + placed) * goal
    first, then = plans[which, 0], plans[which, 1]
    n = np.maximum((lasts - 1 - begins - first) // then + 1, 0)
    number = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    return (
        np.repeat(measure, n),
        np.repeat(begins + first, n) + number * np.repeat(then, n),
        np.repeat(shares[which], n),
    )


def complaints_register(
    stays: History,
    setting: Setting,
    practice: Practice,
    fixed: Mapping[tuple[bool, int], int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Complaints in the years observed; ``fixed`` says how many there are in a group (treated or not) and year.

    Otherwise each case draws its own: in treated districts, under the programme, as seldom as in intake.
    """
    child, opened, closed = case_bounds(stays)
    treated = setting.treated[child]
    parts = []
    for year in _years(setting):
        first, after = _new_year(year), _new_year(year + 1)
        start, stop = np.maximum(opened, first), np.minimum(np.minimum(closed, after), setting.end)
        there = np.flatnonzero(start < stop)
        quiet = treated[there] & (first >= setting.go_live)
        rate = np.where(quiet, practice.complaint_rate_intake, practice.complaint_rate)
        mine = there[rng.random(len(there)) < rate * (stop - start)[there] / 365.25]
        for group in (True, False):
            count = fixed.get((group, year))
            if count is not None:
                pool = there[treated[there] == group]
                mine = np.concatenate([mine[treated[mine] != group], rng.choice(pool, count, replace=False)])
        day = start[mine] + ((stop - start)[mine] * rng.random(len(mine))).astype(np.int64)
        parts.append(np.stack([mine, day]))
    case, day = np.concatenate(parts, axis=1)
    team = [int(teams_of(child[[c]], opened[[c]], int(d), setting)[0]) for c, d in zip(case, day, strict=True)]
    frame = pd.DataFrame(
        {
            "team": np.array(TEAMS)[team],
            "date": as_dates(day),
            "case": [f"SYN-S{number:06d}" for number in (child[case] + 1).tolist()],
            "upheld": rng.choice(["yes", "no"], len(case), p=[0.2, 0.8]),
        }
    )
    return frame.sort_values(["date", "case"], ignore_index=True)


def _years(setting: Setting) -> range:
    first, last = (np.array([setting.begin, setting.end - 1]).astype("datetime64[D]").astype("datetime64[Y]")).astype(
        int
    )
    return range(1970 + int(first), 1970 + int(last) + 1)


def _new_year(year: int) -> int:
    return int(np.datetime64(f"{year}-01-01", "D").astype(np.int64))


_INFORMANTS = {Step.FOSTER: "foster_parent", Step.RESIDENTIAL_HOME: "staff", Step.INSTITUTION: "staff"}
_THRESHOLDS = np.array([0.1, 0.95])
"""Where the latent answer passes from 0 to 1 and from 1 to 2; they give a total near 13 with a sd near 6.5."""


def sdq_register(
    stays: History, setting: Setting, practice: Practice, days: tuple[int, ...], noise: FloatArray
) -> pd.DataFrame:
    """One row a placed child of 4 to 17 years and day: 25 items by their numbers, without any wording.

    ``noise`` (C, len(days), 25) are standard normals of each child, day and item: handed in, so that a child answers
    alike in every world but for the effect. One in five is not asked.
    """
    loading, per_item = 0.45, 0.9
    rows, dates, answers = [], [], []
    for at, day in enumerate(days):
        here = np.flatnonzero((stays.start <= day) & (day < stays.stop) & np.isin(stays.step, PLACED))
        child = stays.child[here]
        age = (day - setting.children.birth[child]) / 365.25
        asked = (age >= 4) & (noise[child, at, 0] < 0.84)
        here, child = here[asked], child[asked]
        helped = setting.treated[child] & (day >= setting.go_live)
        latent = loading * setting.children.need[child] + practice.sdq_effect * helped
        items = np.searchsorted(_THRESHOLDS, latent[:, None] + per_item * noise[child, at])
        kind = np.isin(np.arange(1, 26), [*ITEMS["prosocial"], *REVERSED])
        rows.append(here)
        dates.append(np.full(len(here), day))
        answers.append(np.where(kind, 2 - items, items))
    row, day_of = np.concatenate(rows), np.concatenate(dates)
    informant = [_INFORMANTS.get(Step(step), "parent") for step in stays.step[row].tolist()]
    frame = pd.DataFrame(
        {
            "child": setting.names(stays.child[row]),
            "date": as_dates(day_of),
            "informant": informant,
            "age": ((day_of - setting.children.birth[stays.child[row]]) / 365.25).astype(np.int64),
        }
    )
    items_of = pd.DataFrame(np.concatenate(answers), columns=[f"q{item}" for item in range(1, 26)])
    return pd.concat([frame, items_of], axis=1)


def sdq_norms_register(sdq: pd.DataFrame) -> pd.DataFrame:
    """Limits for each informant: the 80th and 90th percentile of these made-up children. They are no real norms."""
    items = sdq[[f"q{item}" for item in range(1, 26)]]
    rows = []
    for informant, answers in items.groupby(sdq["informant"]):
        scores = score(answers.to_numpy(), "parent", 10.0)
        for scale in ("emotion", "conduct", "hyper", "peer", "total"):
            borderline, abnormal = np.ceil(np.quantile(scores.scale(scale), [0.8, 0.9]))
            rows.append((informant, scale, int(borderline), int(max(abnormal, borderline + 1))))
    frame = pd.DataFrame(rows, columns=["informant", "scale", "borderline_from", "abnormal_from"])
    return frame.assign(country="DK", age="4-17", sex="both", source="syntetisk")


def spending(stays: History, setting: Setting) -> dict[tuple[int, str, bool], float]:
    """DKK by year, account function and group (treated or not): days of each stay in the year times its price."""
    price, treated = day_prices(stays, setting), setting.treated[stays.child]
    amounts = {}
    for year in _years(setting):
        begins = np.maximum(stays.start, _new_year(year))
        days = np.maximum(np.minimum(np.minimum(stays.stop, _new_year(year + 1)), setting.end) - begins, 0)
        for function, steps in FUNCTIONS.items():
            cost = days * price * np.isin(stays.step, steps)
            for group in (True, False):
                amounts[year, function, group] = float(cost[treated == group].sum())
    return amounts


def calibrated_spending(
    amounts: dict[tuple[int, str, bool], float], changes: Mapping[tuple[str, str, int], float]
) -> dict[tuple[int, str, bool], float]:
    """The amounts with one factor a group, kind and year, so that each printed change from 2013 comes out."""
    changed = dict(amounts)
    for (group, kind, year), change in changes.items():
        functions = ("5.28.21",) if kind == "prevention" else ("5.28.20", "5.28.23")
        treated = group == "treated"
        before = sum(amounts[2013, function, treated] for function in functions)
        now = sum(amounts[year, function, treated] for function in functions)
        for function in functions:
            changed[year, function, treated] *= (before + change) / now
    return changed


def accounts_register(amounts: dict[tuple[int, str, bool], float], investment: Mapping[int, float]) -> pd.DataFrame:
    """Gross spending in current prices; the programme's own cost stands as investment beside prevention."""
    rows = [
        (year, function, "treated" if treated else "control", round(amount),
         round(investment[year]) if treated and function == "5.28.21" and year in investment else np.nan)
        for (year, function, treated), amount in amounts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["year", "function", "group", "gross", "investment"]).assign(refusion=np.nan)
