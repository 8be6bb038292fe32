"""What must hold within and between registers: one function a rule, each names the rows that break it.

A rule sees every table that could be read and is silent about registers that were not delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.files.periods import period_days
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.headers import fold, nearest
from sverige_did.sources.registers.schemas import CHILDREN, DISTRICTS
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.study.study import Study


class Delivery(NamedTuple):
    """Everything a rule may look at: the tables by register name, the plan, and the mapping of measures."""

    tables: Mapping[str, RegisterTable]
    study: Study
    codes: MeasureCodes


Severity = Literal["error", "warning"]
Rule = Callable[[Delivery], list[Problem]]

_SPELLS = {"placements": ("start", "end"), "residences": ("start", "end"), "cases": ("opened", "closed")}
_NAMED = (("districts", "district"), ("districts", "stratum"), ("children", "district"), ("caseworkers", "team"))
_NEEDS = {"placements": CHILDREN, "cases": CHILDREN, "children": DISTRICTS}
_ITEMS = [f"q{item}" for item in range(1, 26)]
_SCALES = ["emotion", "conduct", "hyper", "peer", "prosocial"]


def _at(table: RegisterTable, where: pd.Series[bool], key: str, column: str | None = None) -> list[Problem]:
    return [Problem(key, file=table.file, row=int(row), column=column) for row in where.index[where]]


def _cells(
    table: RegisterTable,
    key: str,
    column: str,
    where: pd.Series[bool],
    expected: Callable[[str], str | None] = lambda _: None,
    severity: Severity = "error",
) -> list[Problem]:
    """One problem for each cell of the column picked by ``where``, with what was found and what was expected."""
    cells = table.frame[column][where]
    kind = table.register.column(column)
    return [
        Problem(key, file=table.file, row=row, column=column, found=shown(cell, kind), expected=expected(cell),
                severity=severity)
        for row, cell in zip(cells.index.tolist(), cells.tolist(), strict=True)
    ]  # fmt: skip


def registers_complete(delivery: Delivery) -> list[Problem]:
    """A register that says nothing without another one that is not there, or could not be read."""
    found = []
    for name, needed in _NEEDS.items():
        if name in delivery.tables and needed.name not in delivery.tables:
            found.append(
                Problem("reg_register_missing", file=delivery.tables[name].file,
                        expected=f"{needed.da} / {needed.name}", severity="warning")
            )  # fmt: skip
    return found


def reversed_spells(delivery: Delivery) -> list[Problem]:
    """A spell that ends before it starts."""
    found = []
    for name, (start, end) in _SPELLS.items():
        if table := delivery.tables.get(name):
            found += _at(table, table.frame[end] < table.frame[start], "reg_spell_reversed", end)
    return found


def _overlaps(frame: pd.DataFrame) -> pd.DataFrame:
    """The spells that start before an earlier one of the same child has ended, with the district of the one before."""
    ordered = frame.dropna(subset=["child", "start"]).sort_values(["child", "start"], kind="stable")
    ends = ordered["end"].fillna(pd.Timestamp.max.as_unit("us"))
    before = ends.groupby(ordered["child"]).cummax().groupby(ordered["child"]).shift()
    longest = ordered.assign(previous=before)
    if "district" in ordered:
        longest["previous_district"] = ordered.groupby("child")["district"].shift()
    return longest[longest["start"] < longest["previous"]]


def overlapping_placements(delivery: Delivery) -> list[Problem]:
    """Two placements of one child at the same time; the plan's rule for them decides which counts."""
    table = delivery.tables.get("placements")
    if table is None:
        return []
    rows = _overlaps(table.frame).index
    return [Problem("reg_overlap", file=table.file, row=int(row), column="start", severity="warning") for row in rows]


def child_in_two_districts(delivery: Delivery) -> list[Problem]:
    """A child that lives in two districts on one day, by its residences or by repeated rows among the children."""
    found = []
    if table := delivery.tables.get("residences"):
        overlaps = _overlaps(table.frame)
        elsewhere = overlaps["district"] != overlaps["previous_district"]
        found += _at(table, elsewhere, "reg_two_districts", "district")
    if table := delivery.tables.get("children"):
        districts = table.frame.groupby("child")["district"].transform("nunique")
        again = table.frame.duplicated("child") & (districts > 1)
        found += _at(table, again, "reg_two_districts", "district")
    return found


def unknown_codes(delivery: Delivery) -> list[Problem]:
    """A measure code that the mapping lacks, with the nearest one that it has."""
    found = []
    for name in ("placements", "follow_ups", "breakdowns"):
        if table := delivery.tables.get(name):
            lacking = delivery.codes.unknown(table.frame["measure"].dropna().unique())
            found += _cells(
                table, "reg_unknown_code", "measure", table.frame["measure"].isin(list(lacking)), lacking.get
            )
    return found


def renumbered_codes(delivery: Delivery) -> list[Problem]:
    """A placement under a number that the law had given to another kind of place by then."""
    table = delivery.tables.get("placements")
    if table is None:
        return []
    instead = delivery.codes.outdated(table.frame["measure"], table.frame["start"])
    new = dict(zip(table.frame["measure"], instead, strict=True))
    return _cells(table, "reg_renumbered_code", "measure", instead.notna(), new.get)


def unknown_districts(delivery: Delivery) -> list[Problem]:
    """A district that the table of districts lacks, with the name that it may be a misspelling of."""
    if "districts" not in delivery.tables:
        return []
    known = list(delivery.tables["districts"].frame["district"].dropna().unique())
    found = []
    for name in ("children", "residences", "cases"):
        if table := delivery.tables.get(name):
            names = table.frame["district"]
            strange = names.notna() & ~names.isin(known)
            near = {strange_name: nearest(strange_name, known) for strange_name in names[strange].unique()}
            found += _cells(table, "reg_unknown_district", "district", strange, near.get)
    return found


def two_spellings(delivery: Delivery) -> list[Problem]:
    """Two names in the table of districts that differ by case, spacing, æ/ae or encoding only."""
    table = delivery.tables.get("districts")
    if table is None:
        return []
    names = table.frame["district"].dropna()
    first: dict[str, str] = {}
    original = {name: first.setdefault(fold(name), name) for name in names.unique()}
    again = table.frame["district"].isin([name for name, other in original.items() if name != other])
    return _cells(table, "reg_two_spellings", "district", again, original.get)


def markup_in_names(delivery: Delivery) -> list[Problem]:
    """Names with angle brackets: kept as text, but seldom meant."""
    found = []
    for name, column in _NAMED:
        if table := delivery.tables.get(name):
            odd = table.frame[column].str.contains("[<>]").fillna(False).astype(bool)
            found += _cells(table, "reg_markup", column, odd, severity="warning")
    return found


def children_known(delivery: Delivery) -> list[Problem]:
    """A row about a child that the table of children lacks."""
    if "children" not in delivery.tables:
        return []
    known = delivery.tables["children"].frame["child"]
    found = []
    for name, table in delivery.tables.items():
        if name != "children" and "child" in table.frame:
            stranger = table.frame["child"].notna() & ~table.frame["child"].isin(known)
            found += _at(table, stranger, "reg_unknown_child", "child")
    return found


def born_before_placed(delivery: Delivery) -> list[Problem]:
    """A placement that starts before the half-year in which the child was born."""
    if not {"children", "placements"} <= set(delivery.tables):
        return []
    children = delivery.tables["children"].frame.drop_duplicates("child").set_index("child")["birth_half_year"]
    halves = {half: pd.Timestamp(period_days(half).start) for half in children.dropna().unique() if _is_half(half)}
    table = delivery.tables["placements"]
    born = pd.to_datetime(table.frame["child"].map(children).map(halves))
    return _at(table, table.frame["start"] < born, "reg_before_birth", "start")


def _is_half(label: str) -> bool:
    return len(label) == 6 and label[4] == "H"


def sdq_has_answers(delivery: Delivery) -> list[Problem]:
    """An SDQ row without any item and without any scale."""
    table = delivery.tables.get("sdq_waves")
    if table is None:
        return []
    return _at(table, table.frame[_ITEMS + _SCALES].isna().all(axis=1), "reg_sdq_empty")


def sdq_norms_fit(delivery: Delivery) -> list[Problem]:
    """Forms of an informant for whom there are no norms: without the municipality's own, there are parents' only."""
    table = delivery.tables.get("sdq_waves")
    if table is None:
        return []
    norms = delivery.tables.get("sdq_norms")
    covered = set(norms.frame["informant"].dropna()) if norms else {"parent"}
    informants = table.frame["informant"]
    strange = informants.notna() & ~informants.isin(covered)
    severity: Severity = "error" if norms else "warning"
    return _cells(table, "reg_norms_informant", "informant", strange, lambda _: ", ".join(sorted(covered)), severity)


def pupils_in_every_period(delivery: Delivery) -> list[Problem]:
    """A period in which a district has no pupils, or no row at all."""
    table = delivery.tables.get("districts")
    if table is None:
        return []
    frame = table.frame.dropna(subset=["district", "period"])
    found = _at(table, frame["pupils"] == 0, "reg_no_pupils", "pupils")
    present = pd.crosstab(frame["district"], frame["period"]) > 0
    for district, row in zip(present.index, present.to_numpy(), strict=True):
        lacking = ", ".join(present.columns[~row])
        if lacking:
            found.append(
                Problem("reg_period_missing", file=table.file, column="period", found=shown(district), expected=lacking)
            )
    return found


def treatment_is_one_date(delivery: Delivery) -> list[Problem]:
    """A district with several go-lives, and a number of treated or other districts that is not the plan's."""
    table = delivery.tables.get("districts")
    if table is None:
        return []
    starts = table.frame.groupby("district")["treated_from"].agg(["nunique", "count", "size"])
    mixed = starts.index[(starts["nunique"] > 1) | ((starts["count"] > 0) & (starts["count"] < starts["size"]))]
    found = [
        Problem("reg_treatment_varies", file=table.file, column="treated_from", found=shown(district))
        for district in mixed
    ]
    plan, treated = delivery.study, int((starts["count"] > 0).sum())
    for key, counted, planned in (
        ("reg_treated_count", treated, plan.treated.districts),
        ("reg_control_count", len(starts) - treated, plan.control.districts),
    ):
        if planned not in {None, counted}:
            odd = Problem(key, file=table.file, column="treated_from", found=f"{counted}", expected=f"{planned}")
            return [*found, odd]  # with one group wrong, the other says nothing new
    return found


def nothing_after_the_stop(delivery: Delivery) -> list[Problem]:
    """Rows that start after the day on which the plan ends: they are cut off, so the first one is named."""
    stop = pd.Timestamp(delivery.study.periods.hard_stop)
    found = []
    for name, column in (
        ("placements", "start"),
        ("breakdowns", "date"),
        ("complaints", "date"),
        ("sdq_waves", "date"),
    ):
        if table := delivery.tables.get(name):
            late = table.frame.index[table.frame[column] > stop]
            if len(late):
                found.append(
                    Problem("reg_after_stop", file=table.file, row=int(late[0]), column=column,
                            expected=f"≤ {stop.date()}", severity="warning", values={"count": len(late)})
                )  # fmt: skip
    return found


RULES: tuple[Rule, ...] = (
    registers_complete, reversed_spells, overlapping_placements, child_in_two_districts, unknown_codes,
    renumbered_codes, unknown_districts, two_spellings, markup_in_names, children_known, born_before_placed,
    sdq_has_answers, sdq_norms_fit, pupils_in_every_period, treatment_is_one_date, nothing_after_the_stop,
)  # fmt: skip
