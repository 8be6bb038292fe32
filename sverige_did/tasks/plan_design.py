"""Write the plan of a new evaluation: which districts begin, drawn by lot, and all that the later analysis needs."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

from sverige_did import words
from sverige_did.errors import InputError, Problem, refuse
from sverige_did.files import write_text
from sverige_did.outcomes import CATALOGUE, require_known
from sverige_did.report.plan_design import Written, plan_design_page
from sverige_did.results.power import NewDesign
from sverige_did.sources.registers.register import Column, Register
from sverige_did.sources.registers.tables import read_register
from sverige_did.studies.new_evaluation import Known, Planned, Wish, checked, new_evaluation
from sverige_did.study.lottery import Lottery
from sverige_did.tasks import new
from sverige_did.words import LANGUAGES, Language

MOST_LEVELS = 8
LEVELS = tuple(f"level_{at}" for at in range(1, MOST_LEVELS + 1))

DISTRICTS = Register(
    name="new_districts",
    da="nye_distrikter",
    key=("district",),
    columns=(
        Column("district", "distrikt", "text", aliases=("skoledistrikt", "district id", "navn", "name")),
        Column("children", "børn", "number", unit="children", low=1.0, aliases=("antal børn", "anbragte", "placed",
                                                                               "residents", "indbyggere")),
        Column("stratum", "stratum", "text", missing="not_recorded", optional=True, aliases=("lag", "type")),
        *(Column(name, f"niveau_{at}", "number", missing="not_recorded", optional=True, low=0.0,
                 aliases=(("level", "niveau") if at == 1 else ()))
          for at, name in enumerate(LEVELS, start=1)),
    ),
)  # fmt: skip
"""The table that is asked for: a row a district, with the children that the outcome counts among (those placed, for a
share of them) and earlier levels in the outcome's unit, ``level_1`` the earliest."""

MOST_HALVES, FIRST_YEAR = 60, 1900
"""Half-years after the start at most, and the earliest year of a start."""

SCALES = {"share": "[pp]", "rate": "[rate_per_1000, ratio]", "score": "[level]"}


class When(NamedTuple):
    """The first day with the programme, and the last that counts."""

    start: date
    until: date


def run(table: Path, folder: Path, wish: Wish, when: When, *, simulations: int, today: date, command: str) -> NewDesign:
    """Write the folder: plan, lottery, registers with the districts filled in, and a page in both languages.

    Periods are half-years: ``wish.after`` is counted from ``when`` and need not be given. Raises InputError for a
    faulty table, dates or a folder that is not empty, RefusedError as
    :func:`~sverige_did.studies.new_evaluation.new_evaluation`.
    """
    require_known([wish.outcome], "--outcome")
    known, strata = read_districts(table, wish.outcome)
    halves = half_years(when)
    wish = replace(wish, after=len(halves))
    checked(known, wish)
    _agrees(wish)
    planned = new_evaluation(known, wish, simulations=simulations)
    first, last = _shifted(_half(when.start), -wish.before), halves[-1]
    written = Written(command, wish.seed, when.start, first, last)
    laid = {f"design.{language}.md": plan_design_page(planned.told, written, language) for language in LANGUAGES}
    laid["lottery.yaml"] = _lottery(planned, known, wish, command)
    laid["data/distrikter.csv"] = _register(known, strata, planned, (first, last), when)
    new.run(folder, today)
    plan = folder / "study.yaml"
    laid["study.yaml"] = _plan(plan.read_text("utf-8"), wish, when, (first, last), planned)
    for name, text in laid.items():
        write_text(folder / name, text)
    return planned.told


def day(text: str, option: str) -> date:
    """A day as it is written on the command line. Raises InputError ``lottery_day`` for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(Problem("lottery_day", column=option, found=text, expected="2027-01-01")) from None


def as_written(table: Path, folder: Path, wish: Wish, when: When, simulations: int) -> str:
    """The command that draws the same again."""
    options: dict[str, object] = {
        "start": when.start, "until": when.until, "change": wish.change, "outcome": wish.outcome, "before": wish.before,
        "begin": wish.begin, "shock": wish.shock, "memory": wish.memory, "child-sd": wish.child_sd, "keep": wish.keep,
        "simulations": simulations, "seed": wish.seed,
    }  # fmt: skip
    said = " ".join(f"--{name} {value}" for name, value in options.items() if value is not None)
    return f"sverige-did plan-design {shlex.quote(table.name)} {shlex.quote(folder.name)} {said}"


def read_districts(table: Path, outcome: str) -> tuple[Known, pd.Series[str]]:
    """The districts of a table in the order of their names, and their strata as written.

    Raises InputError naming every row at fault: a name that stands twice, no level, a gap, a level that cannot be.
    """
    frame = read_register(table, DISTRICTS).usable().sort_values("district", kind="stable")
    given = [name for name in LEVELS if frame[name].notna().any()]
    if not given:
        raise InputError(Problem("lottery_no_levels", file=table.name, expected="level_1"))
    most = {"share": 100.0, "score": 40.0}.get(CATALOGUE[outcome].family, np.inf)
    faults = [
        Problem(key, file=table.name, row=int(row), column=name)
        for name in given
        for key, wrong in (("lottery_gap", frame[name].isna()), ("lottery_level", frame[name] > most))
        for row in frame.index[wrong]
    ]
    if faults:
        raise InputError(*faults)
    strata = frame["stratum"].fillna("").astype(str)
    codes = pd.factorize(strata, sort=True)[0].astype(np.int64)
    names = tuple(map(str, frame["district"]))
    return Known(names, frame["children"].to_numpy(float), frame[given].to_numpy(float), codes), strata


def half_years(when: When) -> list[str]:
    """The half-years that are treated in whole, from the start to the last day.

    Raises InputError ``lottery_start`` where there is none, ``lottery_early`` for a start that no register reaches back
    to, ``lottery_long`` where no plan could hold them, and ``lottery_until`` where the last day ends no half-year: what
    is left of it would not count.

    >>> half_years(When(date(2027, 2, 1), date(2028, 12, 31)))
    ['2027H2', '2028H1', '2028H2']
    """
    if when.start.year < FIRST_YEAR:
        raise InputError(Problem("lottery_early", column="--start", found=f"{when.start}", expected=f">= {FIRST_YEAR}"))
    if (when.until.month, when.until.day) not in {(6, 30), (12, 31)}:
        ends = f"{when.until.year}-06-30, {when.until.year}-12-31"
        raise InputError(Problem("lottery_until", column="--until", found=f"{when.until}", expected=ends))
    label = _half(when.start)
    found = []
    while _span(label)[1] <= when.until:
        if _span(label)[0] >= when.start:
            found.append(label)
        if len(found) > MOST_HALVES:
            raise InputError(Problem("lottery_long", found=f"{when.start} – {when.until}", expected=f"1–{MOST_HALVES}"))
        label = _shifted(label, 1)
    if not found:
        raise InputError(Problem("lottery_start", found=f"{when.start} – {when.until}"))
    return found


def _half(day: date) -> str:
    return f"{day.year}H{1 if day.month <= 6 else 2}"


def _span(label: str) -> tuple[date, date]:
    year = int(label[:4])
    return (date(year, 1, 1), date(year, 6, 30)) if label.endswith("H1") else (date(year, 7, 1), date(year, 12, 31))


def _shifted(label: str, by: int) -> str:
    number = 2 * int(label[:4]) + label.endswith("H2") + by
    return f"{number // 2}H{number % 2 + 1}"


def _plan(text: str, wish: Wish, when: When, grid: tuple[str, str], planned: Planned) -> str:
    """The plan of a new study with what is known by now; comments stay."""
    baseline = _span(_shifted(_half(when.start), -1))[1] if when.start > _span(_half(when.start))[0] else (
        when.start - timedelta(days=1)
    )  # fmt: skip
    last = _span(grid[1])[1]
    family = CATALOGUE[wish.outcome].family
    higher = (_better(text, wish.outcome) or ("higher" if wish.change > 0 else "lower")) == "higher"
    row = (f"  - {{ outcome: {wish.outcome}, question: {_question(text, wish.outcome)}, role: primary, "
           f"scales: {SCALES[family]}, benefit: {'higher' if higher else 'lower'} }}")  # fmt: skip
    lines = [line for line in text.split("\n") if f"outcome: {wish.outcome}," not in line or "#" in line.split("-")[0]]
    at = lines.index("outcomes:") + 1
    lines[at:at] = [row]
    changed = "\n".join(
        lines[: at + 1] + [line.replace("role: primary", "role: secondary") for line in lines[at + 1 :]]
    )
    begun, all_of = len(planned.told.drawn), len(planned.told.districts)
    fields = {
        r"baseline: \S+": f"baseline: {baseline}",
        r"treatment_start: \S+": f"treatment_start: {when.start}",
        r"follow_up: \d\S+": f"follow_up: {last}",
        r"hard_stop: \S+": f"hard_stop: {last}",
        r"weights: districts": "weights: districts",
        r"chosen: unknown #.*": f"chosen: random # {_say('chosen', 'da')}",
        r"first: \d{4}H\d, last: \d{4}H\d": f"first: {grid[0]}, last: {grid[1]}",
        r"rule: baseline, date: \S+": f"rule: baseline, date: {when.start}",
        r"sampling: \{ seed: \d+ \}": f"sampling: {{ seed: {wish.seed} }}",
        r"en: Programme districts \} \}": f"en: Programme districts }}, districts: {begun} }}",
        r"en: Other districts \} \}": f"en: Other districts }}, districts: {all_of - begun} }}",
        r"da: Skriv her, hvilke resultater.*": f"da: {_say('known', 'da')}",
        r"en: Write here which results.*": f"en: {_say('known', 'en')}",
    }  # fmt: skip
    for old, put in fields.items():
        changed = re.sub(old, put, changed, count=1)
    return changed


def _better(text: str, outcome: str) -> str:
    """The side that counts as better in the plan that is laid out; empty where it has not the outcome, or no side."""
    found = re.search(rf"outcome: {outcome}, .*benefit: (lower|higher)", text)
    return "" if found is None else found.group(1)


def _agrees(wish: Wish) -> None:
    """Raises InputError ``lottery_direction`` where the change that is wished for would be one for the worse."""
    better = _better(files("sverige_did.tasks").joinpath("scaffold", "study.yaml").read_text("utf-8"), wish.outcome)
    if better and (better == "higher") != (wish.change > 0):
        raise InputError(Problem("lottery_direction", column="--change", found=f"{wish.change:g}",
                                 expected=f"{'-' if better == 'lower' else ''}{abs(wish.change):g}"))  # fmt: skip


def _question(text: str, outcome: str) -> str:
    """The question that the outcome answers in the plan that is laid out, or its first one."""
    found = re.search(rf"outcome: {outcome}, question: (\w+)", text) or re.search(r"- key: (\w+)", text)
    if found is None:
        raise refuse("lottery_outcome", found=outcome)
    return found.group(1)


def _lottery(planned: Planned, known: Known, wish: Wish, command: str) -> str:
    found = planned.found
    names = ["children", *(f"level_{at + 1}" for at in range(known.levels.shape[1]))]
    plan = Lottery(
        made_by=command, seed=wish.seed, looked_at=found.candidates, every=found.every, balanced_on=tuple(names),
        limit=round(found.limit, 6), districts=known.names, drawn=planned.drawn + 1,
        sets=tuple(tuple((np.flatnonzero(one) + 1).tolist()) for one in found.sets),
    )  # fmt: skip
    tree = plan.model_dump(mode="json")
    sets = "\n".join(f"  - {one}" for one in tree.pop("sets"))
    head = "".join(f"# {_say('sets', language)}\n" for language in LANGUAGES)
    return head + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=118) + f"sets:\n{sets}\n"


def _register(known: Known, strata: pd.Series[str], planned: Planned, grid: tuple[str, str], when: When) -> str:
    """The register of districts with names, half-years and starts; pupils and residents are left to be filled in."""
    header = ("distrikt", "periode", "elever", "indbyggere_0_17", "baggrund", "stratum", "indsats_fra")
    drawn = set(planned.told.drawn)
    rows = [header]
    for name, stratum in zip(known.names, strata, strict=True):
        label = grid[0]
        while label <= grid[1]:
            rows.append((name, label, "", "", "", stratum, f"{when.start:%d-%m-%Y}" if name in drawn else ""))
            label = _shifted(label, 1)
    return new.SHOWN_BY_SPREADSHEETS + "".join(new.SEPARATOR.join(map(_cell, row)) + "\n" for row in rows)


def _say(key: str, language: Language) -> str:
    return words.text(f"plan_design.file.{key}", language)


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in (new.SEPARATOR, '"', "\n")) else text
