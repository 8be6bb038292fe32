"""What must hold within and between registers: one function a rule, each names the rows that break it.

A rule is asked about one table at a time, and about the registers in :data:`RULES` only where they were delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

import pandas as pd

from sverige_did.errors import Problem
from sverige_did.periods import period_days
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.headers import fold, nearest
from sverige_did.sources.registers.schemas import CHILDREN, DISTRICTS
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.study.study import PanelStudy
from sverige_did.windows import last_start, sides


class Delivery(NamedTuple):
    """Everything a rule may look at: the tables by register name, the plan, and the mapping of measures."""

    tables: Mapping[str, RegisterTable]
    study: PanelStudy
    codes: MeasureCodes


Severity = Literal["error", "warning"]
Rule = Callable[[RegisterTable, Delivery], Iterator[Problem]]

_SPELLS = {"placements": ("start", "end"), "residences": ("start", "end"), "cases": ("opened", "closed")}
_NAMED = {"districts": ("district", "stratum"), "children": ("district",), "caseworkers": ("team",)}
_NEEDS = {"placements": CHILDREN, "cases": CHILDREN, "children": DISTRICTS}
_DATED = {"placements": "start", "breakdowns": "date", "complaints": "date", "sdq_waves": "date"}
_ITEMS = [f"q{item}" for item in range(1, 26)]
_SCALES = ["emotion", "conduct", "hyper", "peer", "prosocial"]


def problems_between(delivery: Delivery) -> Iterator[Problem]:
    """What breaks a rule, rule by rule."""
    for rule, names in RULES.items():
        for name in names or delivery.tables:
            if name in delivery.tables:
                yield from rule(delivery.tables[name], delivery)


def at_rows(
    table: RegisterTable, where: pd.Series[bool], key: str, column: str | None = None, severity: Severity = "error"
) -> Iterator[Problem]:
    """One problem for each row picked by ``where``."""
    for row in where.index[where]:
        yield Problem(key, file=table.file, row=int(row), column=column, severity=severity)


def at_cells(
    table: RegisterTable,
    key: str,
    column: str,
    where: pd.Series[bool],
    expected: Callable[[str], str | None] = lambda _: None,
    severity: Severity = "error",
) -> Iterator[Problem]:
    """One problem for each cell of the column picked by ``where``, with what was found and what was expected."""
    cells = table.frame[column][where]
    kind = table.register.column(column)
    for row, cell in zip(cells.index.tolist(), cells.tolist(), strict=True):
        yield Problem(key, file=table.file, row=row, column=column, found=shown(cell, kind), expected=expected(cell),
                      severity=severity)  # fmt: skip


def registers_complete(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A register that says nothing without another one that is not there, or could not be read."""
    needed = _NEEDS[table.register.name]
    if needed.name not in delivery.tables:
        expected = f"{needed.da} / {needed.name}"
        yield Problem("reg_register_missing", file=table.file, expected=expected, severity="warning")


def reversed_spells(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A spell that ends before it starts."""
    start, end = _SPELLS[table.register.name]
    return at_rows(table, table.frame[end] < table.frame[start], "reg_spell_reversed", end)


def _overlaps(frame: pd.DataFrame) -> pd.DataFrame:
    """The spells that start before an earlier one of the same child has ended, with the district of the one before."""
    ordered = frame.dropna(subset=["child", "start"]).sort_values(["child", "start"], kind="stable")
    ends = ordered["end"].fillna(pd.Timestamp.max.as_unit("us"))
    before = ends.groupby(ordered["child"]).cummax().groupby(ordered["child"]).shift()
    longest = ordered.assign(previous=before)
    if "district" in ordered:
        longest["previous_district"] = ordered.groupby("child")["district"].shift()
    return longest[longest["start"] < longest["previous"]]


def overlapping_placements(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """Two placements of one child at the same time; the plan's rule for them decides which counts."""
    again = pd.Series(True, index=_overlaps(table.frame).index)
    return at_rows(table, again, "reg_overlap", "start", "warning")


def home_in_two_districts(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A child that lives in two districts on one day, by its residences."""
    overlaps = _overlaps(table.frame)
    return at_rows(table, overlaps["district"] != overlaps["previous_district"], "reg_two_districts", "district")


def child_in_two_districts(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A child in two districts, by repeated rows among the children."""
    districts = table.frame.groupby("child")["district"].transform("nunique")
    return at_rows(table, table.frame.duplicated("child") & (districts > 1), "reg_two_districts", "district")


def unknown_codes(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A measure code that the mapping lacks, with the nearest one that it has."""
    lacking = delivery.codes.unknown(table.frame["measure"].dropna().unique())
    return at_cells(table, "reg_unknown_code", "measure", table.frame["measure"].isin(list(lacking)), lacking.get)


def renumbered_codes(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A placement under a number that the law had given to another kind of place by then."""
    instead = delivery.codes.outdated(table.frame["measure"], table.frame["start"])
    new = dict(zip(table.frame["measure"], instead, strict=True))
    return at_cells(table, "reg_renumbered_code", "measure", instead.notna(), new.get)


def unknown_districts(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A district that the table of districts lacks, with the name that it may be a misspelling of."""
    if "districts" not in delivery.tables:
        return iter(())
    known = list(delivery.tables["districts"].frame["district"].dropna().unique())
    names = table.frame["district"]
    strange = names.notna() & ~names.isin(known)
    near = {strange_name: nearest(strange_name, known) for strange_name in names[strange].unique()}
    return at_cells(table, "reg_unknown_district", "district", strange, near.get)


def two_spellings(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """Two names in the table of districts that differ by case, spacing, æ/ae or encoding only."""
    names = table.frame["district"].dropna()
    first: dict[str, str] = {}
    original = {name: first.setdefault(fold(name), name) for name in names.unique()}
    again = table.frame["district"].isin([name for name, other in original.items() if name != other])
    return at_cells(table, "reg_two_spellings", "district", again, original.get)


def markup_in_names(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """Names with angle brackets: kept as text, but seldom meant."""
    for column in _NAMED[table.register.name]:
        odd = table.frame[column].str.contains("[<>]").fillna(False).astype(bool)
        yield from at_cells(table, "reg_markup", column, odd, severity="warning")


def children_known(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A row about a child that the table of children lacks."""
    children = delivery.tables.get("children", table)
    if children is table or "child" not in table.frame:
        return iter(())
    stranger = table.frame["child"].notna() & ~table.frame["child"].isin(children.frame["child"])
    return at_rows(table, stranger, "reg_unknown_child", "child")


def born_before_placed(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A placement that starts before the half-year in which the child was born."""
    if "children" not in delivery.tables:
        return iter(())
    children = delivery.tables["children"].frame.drop_duplicates("child").set_index("child")["birth_half_year"]
    halves = {half: pd.Timestamp(period_days(half).start) for half in children.dropna().unique() if _is_half(half)}
    born = pd.to_datetime(table.frame["child"].map(children).map(halves))
    return at_rows(table, table.frame["start"] < born, "reg_before_birth", "start")


def _is_half(label: str) -> bool:
    return len(label) == 6 and label[4] == "H"


def sdq_has_answers(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """An SDQ row without any item and without any scale."""
    return at_rows(table, table.frame[_ITEMS + _SCALES].isna().all(axis=1), "reg_sdq_empty")


def sdq_norms_fit(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """Forms of an informant for whom there are no norms: without the municipality's own, there are parents' only."""
    norms = delivery.tables.get("sdq_norms")
    covered = set(norms.frame["informant"].dropna()) if norms else {"parent"}
    informants = table.frame["informant"]
    strange = informants.notna() & ~informants.isin(covered)
    severity: Severity = "error" if norms else "warning"
    return at_cells(table, "reg_norms_informant", "informant", strange, lambda _: ", ".join(sorted(covered)), severity)


def pupils_in_every_period(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A period in which a district has no pupils, or no row at all."""
    frame = table.frame.dropna(subset=["district", "period"])
    yield from at_rows(table, frame["pupils"] == 0, "reg_no_pupils", "pupils")
    present = pd.crosstab(frame["district"], frame["period"]) > 0
    for district, row in zip(present.index, present.to_numpy(), strict=True):
        if lacking := ", ".join(present.columns[~row]):
            found = shown(district)
            yield Problem("reg_period_missing", file=table.file, column="period", found=found, expected=lacking)


def treatment_is_one_date(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A district with several go-lives; one date of all, or a number of treated or other districts, not the plan's."""
    starts = table.frame.groupby("district")["treated_from"].agg(["nunique", "count", "size", "min"])
    mixed = starts.index[(starts["nunique"] > 1) | ((starts["count"] > 0) & (starts["count"] < starts["size"]))]
    for district in mixed:
        yield Problem("reg_treatment_varies", file=table.file, column="treated_from", found=shown(district))
    plan, side = delivery.study, sides(starts["min"], last_start(delivery.study)).group
    treated = int((side == "treated").sum())
    begun, start = starts["min"][side == "treated"].unique(), plan.periods.treatment_start
    if len(begun) == 1 and begun[0] != pd.Timestamp(start):
        shared = f"{begun[0]:%Y-%m-%d}"
        yield Problem(
            "reg_treatment_not_plan", file=table.file, column="treated_from", found=shared, expected=f"{start}"
        )
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


RULES: dict[Rule, tuple[str, ...]] = {
    registers_complete: tuple(_NEEDS),
    reversed_spells: tuple(_SPELLS),
    overlapping_placements: ("placements",),
    home_in_two_districts: ("residences",),
    child_in_two_districts: ("children",),
    unknown_codes: ("placements", "follow_ups", "breakdowns"),
    renumbered_codes: ("placements",),
    unknown_districts: ("children", "residences", "cases"),
    two_spellings: ("districts",),
    markup_in_names: tuple(_NAMED),
    children_known: (),
    born_before_placed: ("placements",),
    sdq_has_answers: ("sdq_waves",),
    sdq_norms_fit: ("sdq_waves",),
    pupils_in_every_period: ("districts",),
    treatment_is_one_date: ("districts",),
    seen_before_treated: ("districts",),
    nothing_after_the_stop: tuple(_DATED),
}
"""Every rule with the registers that it is asked about; with none, about all of them."""
