"""What must hold within and between registers: one function a rule, each names the rows that break it.

A rule is asked about one table at a time, and about the registers in :data:`RULES` only where they were delivered.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.headers import fold, nearest
from sverige_did.sources.registers.rule import Delivery, Rule, Severity, at_cells, at_rows, strangers
from sverige_did.sources.registers.rules_of_history import HISTORY
from sverige_did.sources.registers.rules_of_lives import LIVES
from sverige_did.sources.registers.rules_of_plan import PLANNED
from sverige_did.sources.registers.rules_of_postings import POSTED
from sverige_did.sources.registers.schemas import CHILDREN, DISTRICTS
from sverige_did.sources.registers.tables import RegisterTable

_SPELLS = {"placements": ("start", "end"), "residences": ("start", "end"), "cases": ("opened", "closed")}
_NAMED = {"districts": ("district", "stratum"), "children": ("district",), "caseworkers": ("team",)}
_NEEDS = {"placements": CHILDREN, "cases": CHILDREN, "children": DISTRICTS}
_ITEMS = [f"q{item}" for item in range(1, 26)]
_SCALES = ["emotion", "conduct", "hyper", "peer", "prosocial"]


def problems_between(delivery: Delivery) -> Iterator[Problem]:
    """What breaks a rule, rule by rule."""
    for rule, names in RULES.items():
        for name in names or delivery.tables:
            if name in delivery.tables:
                yield from rule(delivery.tables[name], delivery)


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
    """Names with angle brackets, each where it is met first: kept as text, but seldom meant."""
    for column in _NAMED[table.register.name]:
        names = table.frame[column]
        odd = names.str.contains("[<>]").fillna(False).astype(bool) & ~names.duplicated()
        yield from at_cells(table, "reg_markup", column, odd, severity="warning")


def children_known(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A row about a child that the table of children lacks; postings have a rule of their own."""
    children = delivery.tables.get("children", table)
    if children is table or "child" not in table.frame or table.register.name == "postings":
        return iter(())
    return at_rows(table, strangers(table.frame["child"], children.frame["child"]), "reg_unknown_child", "child")


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


RULES: dict[Rule, tuple[str, ...]] = {
    registers_complete: tuple(_NEEDS),
    reversed_spells: tuple(_SPELLS),
    overlapping_placements: ("placements",),
    home_in_two_districts: ("residences",),
    child_in_two_districts: ("children",),
    unknown_codes: ("placements", "follow_ups", "breakdowns"),
    unknown_districts: ("children", "residences", "cases"),
    two_spellings: ("districts",),
    markup_in_names: tuple(_NAMED),
    children_known: (),
    sdq_has_answers: ("sdq_waves",),
    sdq_norms_fit: ("sdq_waves",),
    pupils_in_every_period: ("districts",),
    **LIVES,
    **HISTORY,
    **PLANNED,
    **POSTED,
}
"""Every rule with the registers that it is asked about; with none, about all of them."""
