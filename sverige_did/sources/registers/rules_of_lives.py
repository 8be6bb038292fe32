"""What must hold of a child's life, of the law on the day, and of the names that join one register to another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.periods import period_days
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.headers import fold
from sverige_did.sources.registers.rule import Delivery, Rule, Severity, at_cells, at_rows, strangers, where
from sverige_did.sources.registers.tables import RegisterTable

MAJORITY, CARE_LEAVERS = 18, 22
"""Placements are of children; young people who were placed can have help until the day before they turn 23."""

TOTALS = frozenset(
    {
        "ialt", "total", "totalt", "sum", "samlet", "subtotal", "helelandet", "helekommunen", "allekommuner",
        "alledistrikter", "alleteams", "alleomraader", "alle", "tilsammen", "alldistricts",
        "wholecountry", "grandtotal",
    }
)  # fmt: skip
"""What a row is called that adds the others up."""

_BORN_FIRST: dict[str, tuple[str, Severity]] = {
    "placements": ("start", "error"), "residences": ("start", "warning"), "follow_ups": ("done", "error"),
    "breakdowns": ("date", "error"), "sdq_waves": ("date", "error"),
}  # fmt: skip
"""The day of each register that cannot lie before a birth. A case can: of a child that is expected."""

_ADDED = {"districts": ("district", "period", ("pupils", "residents_0_17")),
          "caseworkers": ("team", "period", ("open_cases", "fte"))}  # fmt: skip


def is_total(name: str) -> bool:
    """Whether a row is called so that it adds up others: »I alt«, »Hele landet«."""
    return fold(name) in TOTALS


def total_rows(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A row that adds up the others, by what it is called or by its numbers: it would count as one more of them.

    Norms have a scale called so that is none.
    """
    if table.register.name == "sdq_norms":
        return
    named = pd.Series(False, index=table.frame.index)
    for column in table.register.columns:
        if column.kind in {"text", "code", "identifier"} and not column.allowed:
            cells = table.frame[column.name]
            called = where(cells.where(~cells.str.contains("[0-9]").eq(True)), is_total)  # no name in TOTALS has any
            yield from at_cells(table, "reg_total_row", column.name, called & ~named)
            named |= called
    if table.register.name in _ADDED:
        yield from _sums(table, named)


def _sums(table: RegisterTable, named: pd.Series[bool]) -> Iterator[Problem]:
    unit, period, numbers = _ADDED[table.register.name]
    frame = table.frame[~named].dropna(subset=[unit, period, *numbers])
    if frame[unit].nunique() < 3:
        return
    others = frame.groupby(period)[list(numbers)].transform("sum") - frame[list(numbers)]
    same = ((others - frame[list(numbers)]).abs() < 1e-9).all(axis=1) & (frame[list(numbers)] > 0).all(axis=1)
    every = same.groupby(frame[unit]).all()
    for name in every.index[every]:
        row = int(frame.index[frame[unit] == name][0])
        yield Problem("reg_total_row", file=table.file, row=row, column=unit, found=shown(name))


def _born(table: RegisterTable, delivery: Delivery, moment: str) -> pd.Series[pd.Timestamp]:
    """The first or the last day on which the child of each row can have been born; missing where nobody knows."""
    if "children" not in delivery.tables:
        return pd.Series(pd.NaT, index=table.frame.index, dtype="datetime64[us]")
    children = delivery.tables["children"].frame.drop_duplicates("child").set_index("child")["birth_half_year"]
    halves = {
        half: pd.Timestamp(getattr(period_days(half), moment)) for half in children.dropna().unique() if _is_half(half)
    }
    return pd.to_datetime(table.frame["child"].map(children).map(halves)).astype("datetime64[us]")


def _is_half(label: str) -> bool:
    return len(label) == 6 and label[4] == "H" and label[:4].isdecimal() and label[5] in "12"


def born_first(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A day of a child before the half-year in which it was born."""
    column, severity = _BORN_FIRST[table.register.name]
    early = table.frame[column] < _born(table, delivery, "start")
    return at_rows(table, early, "reg_before_birth", column, severity)


def not_grown_up(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A placement, or a form, of somebody who had turned 23 by then: half-year of birth or date is likely wrong."""
    column = _BORN_FIRST[table.register.name][0]
    latest = _born(table, delivery, "end") + pd.DateOffset(years=CARE_LEAVERS + 1)
    return at_rows(table, table.frame[column] > latest, "reg_grown_up", column, "warning")


def age_fits_birth(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """An age that is not the child's on the day, by its half-year of birth."""
    days = (table.frame["date"] - _born(table, delivery, "end")).dt.days
    age = np.floor(days / 365.25)
    return at_cells(table, "reg_age_differs", "age", (table.frame["age"] - age).abs() > 1.5, severity="warning")


def some_are_children(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """Nobody in the table of children is under 18 on any day of the plan: every number of the panel would be 0."""
    halves = [half for half in table.frame["birth_half_year"].dropna().unique() if _is_half(half)]
    first, last = delivery.study.grid.spans[0][0], delivery.study.grid.end
    born = [period_days(half) for half in halves]
    if born and not any(span.end.year + MAJORITY >= first.year and span.start <= last for span in born):
        found = ", ".join(sorted({halves[0], halves[-1]}))
        yield Problem(
            "reg_no_minors", file=table.file, column="birth_half_year", found=found, expected=f"{first} – {last}"
        )
        return
    unborn = where(table.frame["birth_half_year"], lambda half: _is_half(half) and period_days(half).start > last)
    yield from at_cells(table, "reg_born_after", "birth_half_year", unborn, severity="warning")


def renumbered_codes(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A placement under a number that the law had given to another kind of place by then."""
    instead = delivery.codes.outdated(table.frame["measure"], table.frame["start"])
    named = instead.notna()
    new = dict(zip(table.frame["measure"][named], instead[named], strict=True))
    return at_cells(table, "reg_renumbered_code", "measure", named, new.get)


def codes_in_force(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A paragraph of a law that was not in force on the day: no such decision can have been made."""
    when = table.frame[{"placements": "start", "follow_ups": "done"}.get(table.register.name, "date")]
    span = delivery.codes.not_in_force(table.frame["measure"], when)
    outside = span.notna()
    days = dict(zip(table.frame["measure"][outside], span[outside], strict=True))
    return at_cells(table, "reg_not_in_force", "measure", outside, days.get, "warning")


def functions_known(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """An account function that the mapping lacks in that year; without a price index no amount is used anyhow."""
    pairs = zip(table.frame["function"], table.frame["year"], strict=True)
    lacking = [
        pd.notna(name) and pd.notna(year) and delivery.codes.function(name, int(year)) is None for name, year in pairs
    ]
    compared = table.frame["group"].isin(["treated", "control"])
    known = sorted({one.function for one in delivery.codes.functions})
    rules = delivery.study.registers
    severity: Severity = "error" if rules is not None and rules.prices else "warning"
    strange = pd.Series(lacking, index=table.frame.index, dtype=bool) & compared
    strange &= ~where(table.frame["function"], lambda name: is_total(name) or name.startswith("="))
    return at_cells(table, "reg_unknown_function", "function", strange, lambda _: ", ".join(known), severity)


def cases_known(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A complaint about a case that the register of cases lacks."""
    if "cases" not in delivery.tables:
        return iter(())
    return at_rows(
        table, strangers(table.frame["case"], delivery.tables["cases"].frame["case"]), "reg_unknown_case", "case"
    )


def children_placed(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A breakdown, or a follow-up, of a child that the register of placements lacks."""
    if "placements" not in delivery.tables:
        return iter(())
    placed = delivery.tables["placements"].frame["child"]
    return at_rows(table, strangers(table.frame["child"], placed), "reg_no_placement", "child", "warning")


def districts_have_children(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A district in which no child of the register lives: its name may be spelled otherwise there."""
    if "children" not in delivery.tables or delivery.tables["children"].frame["district"].isna().all():
        return iter(())
    lived = set(delivery.tables["children"].frame["district"].dropna())
    if not lived <= set(table.frame["district"].dropna()):
        return iter(())  # the other spelling is an error where it stands
    if "residences" in delivery.tables:
        lived |= set(delivery.tables["residences"].frame["district"].dropna())
    first = table.frame["district"].notna() & ~table.frame["district"].duplicated()
    named = where(table.frame["district"], is_total)
    return at_cells(
        table,
        "reg_district_empty",
        "district",
        first & ~named & ~table.frame["district"].isin(lived),
        severity="warning",
    )


def rows_once(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A row that is the same as an earlier one in every column: it may have been pasted in twice."""
    if table.register.key:
        return iter(())  # a second row of the same key is an error of its own
    return at_rows(table, table.frame.duplicated(), "reg_repeated_row", severity="warning")


LIVES: dict[Rule, tuple[str, ...]] = {
    total_rows: (),
    born_first: tuple(_BORN_FIRST),
    not_grown_up: ("placements", "sdq_waves"),
    age_fits_birth: ("sdq_waves",),
    some_are_children: ("children",),
    renumbered_codes: ("placements",),
    codes_in_force: ("placements", "follow_ups", "breakdowns"),
    functions_known: ("accounts",),
    cases_known: ("complaints",),
    children_placed: ("breakdowns", "follow_ups"),
    districts_have_children: ("districts",),
    rows_once: (),
}
"""These rules with the registers that each is asked about; with none, about all of them."""
