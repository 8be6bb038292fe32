"""What a plan says of its data, held against them: dates, numbers of districts, windows, teams."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.periods import period_days
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.headers import nearest
from sverige_did.sources.registers.rule import Delivery, Rule
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.study.study import PanelStudy
from sverige_did.windows import last_start, sides, windows_of

PLAN = "study.yaml"
_DATED = {"placements": "start", "breakdowns": "date", "complaints": "date", "sdq_waves": "date"}


def treatment_is_one_date(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A district with several go-lives; a first date, or a number of treated or other districts, not the plan's."""
    starts = table.frame.groupby("district")["treated_from"].agg(["nunique", "count", "size", "min"])
    mixed = starts.index[(starts["nunique"] > 1) | ((starts["count"] > 0) & (starts["count"] < starts["size"]))]
    for district in mixed:
        yield Problem("reg_treatment_varies", file=table.file, column="treated_from", found=shown(district))
    plan, side = delivery.study, sides(starts["min"], last_start(delivery.study)).group
    treated = int((side == "treated").sum())
    begun, start = starts["min"][side == "treated"].unique(), plan.periods.treatment_start
    if len(begun) and min(begun) != pd.Timestamp(start):
        key = "reg_treatment_not_plan" if len(begun) == 1 else "reg_treatment_not_first"
        earliest = f"{min(begun):%Y-%m-%d}"
        yield Problem(key, file=table.file, column="treated_from", found=earliest, expected=f"{start}")
    for key, counted, planned in (
        ("reg_treated_count", treated, plan.treated.districts),
        ("reg_control_count", len(starts) - treated, plan.control.districts),
    ):
        if planned not in {None, counted}:
            yield Problem(key, file=table.file, column="treated_from", found=f"{counted}", expected=f"{planned}")
            return  # with one group wrong, the other says nothing new


def seen_before_treated(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A district that has begun by the end of the first period: nothing is known of it without the programme."""
    rules = delivery.study.register_rules
    if rules is None:
        return
    first = period_days(rules.grid.first).end
    starts = table.frame.groupby("district")["treated_from"].min()
    for district in starts.index[starts <= pd.Timestamp(first)]:
        yield Problem("reg_always_treated", file=table.file, column="treated_from", found=shown(district),
                      expected=f"> {first}", severity="warning")  # fmt: skip


def nothing_after_the_stop(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """Rows that start after the day on which the plan ends: they are cut off, so the first one is named."""
    stop, column = pd.Timestamp(delivery.study.grid.end), _DATED[table.register.name]
    late = table.frame.index[table.frame[column] > stop]
    if len(late):
        yield Problem("reg_after_stop", file=table.file, row=int(late[0]), column=column,
                      expected=f"≤ {stop.date()}", severity="warning", values={"count": len(late)})  # fmt: skip


def windows_have_periods(_: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """As :func:`window_problems`, of a study of registers."""
    return window_problems(delivery.study)


def window_problems(study: PanelStudy) -> Iterator[Problem]:
    """A window of the plan in which the grid has no period, whole or to its end; homes taken after the start."""
    first, last = (np.array([span[at] for span in study.grid.spans], dtype="datetime64[D]") for at in (0, 1))
    windows, when = windows_of(first, last, study.periods), study.periods
    grid = f"{study.grid.first} – {study.grid.last}"
    if not windows.before.any():
        yield Problem("plan_no_before", file=PLAN, column="periods.baseline", severity="warning",
                      found=f"{when.baseline}", expected=grid)  # fmt: skip
    if not windows.after.any():
        yield Problem("plan_no_after", file=PLAN, column="periods.follow_up", found=f"{when.follow_up}", expected=grid)
    elif study.grid.end < when.follow_up:
        yield Problem("plan_after_grid", file=PLAN, column="periods.follow_up", severity="warning",
                      found=f"{when.follow_up}", expected=f"≤ {study.grid.end}")  # fmt: skip
    rules = study.registers
    if rules and rules.residence.rule == "baseline" and rules.residence.date > when.treatment_start:
        yield Problem("plan_residence_late", file=PLAN, column="registers.residence.date", severity="warning",
                      found=f"{rules.residence.date}", expected=f"≤ {when.treatment_start}")  # fmt: skip


def teams_of_plan(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A team that the plan places and the register lacks: one of them is misspelt."""
    rules = delivery.study.registers
    named = [] if rules is None else [team.team for team in rules.teams]
    known = set(table.frame["team"].dropna())
    if known.isdisjoint(named):
        return  # the panel refuses the register's teams, all of them
    every = ", ".join(map(_told, sorted(known)))
    for team in named:
        if team not in known:
            yield Problem("plan_team_unknown", file=PLAN, column="registers.teams", severity="warning",
                          found=shown(team), expected=nearest(team, known) or every)  # fmt: skip


def _told(team: str) -> str:
    return shown(team) or "…"


PLANNED: dict[Rule, tuple[str, ...]] = {
    treatment_is_one_date: ("districts",),
    seen_before_treated: ("districts",),
    windows_have_periods: ("districts",),
    teams_of_plan: ("caseworkers",),
    nothing_after_the_stop: tuple(_DATED),
}
"""These rules with the registers that each is asked about."""
