"""Faults as real deliveries have them, put into a clean one: a few rows of each kind, every one of them recorded.

Each kind says which problem the check of the folder must find, and in which rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.registers.headers import fold
from sverige_did.sources.registers.schemas import REGISTERS

Spoiler = Callable[[pd.DataFrame, pd.Index], None]
Choice = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True, slots=True)
class Dirt:
    """One kind of fault: the file, the rows as a spreadsheet counts them, and the key of the problem they must give.

    ``key`` is None for what a reader must cope with without a word.
    """

    kind: str
    file: str
    rows: tuple[int, ...]
    key: str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of fault is made: in which register, in how many of the rows that ``fits`` allows, and what is
    done to them."""

    name: str
    register: str
    key: str | None
    rows: int
    spoil: Spoiler
    fits: Choice


def spoil_delivery(folder: Path, rng: np.random.Generator) -> tuple[Dirt, ...]:
    """Put every kind into a clean Danish delivery of CSV files; each row takes at most one of them."""
    files = _files(folder)
    tables = {name: pd.read_csv(path, sep=";", dtype=str, keep_default_na=False) for name, path in files.items()}
    free = {name: pd.Series(True, index=table.index) for name, table in tables.items()}
    found = []
    for kind in KINDS:
        table = tables[kind.register]
        fits = np.flatnonzero((kind.fits(table) & free[kind.register]).to_numpy())
        rows = pd.Index(np.sort(rng.choice(fits, min(kind.rows, len(fits)), replace=False)))
        kind.spoil(table, rows)
        _keep_away(free[kind.register], table, rows)
        found.append(Dirt(kind.name, files[kind.register].name, tuple(int(row) + 2 for row in rows), kind.key))
    found += _whole_files(tables, files)
    for name, table in tables.items():
        encoding = "cp1252" if name in IN_CP1252 else "utf-8"
        files[name].write_bytes(table.to_csv(sep=";", index=False, lineterminator="\r\n").encode(encoding))
    return tuple(found)


def _files(folder: Path) -> dict[str, Path]:
    stems = {fold(stem): register.name for register in REGISTERS for stem in register.stems}
    return {stems[fold(path.stem)]: path for path in sorted(folder.glob("*.csv")) if fold(path.stem) in stems}


def _keep_away(free: pd.Series[bool], table: pd.DataFrame, rows: pd.Index) -> None:
    """No other fault in these rows, nor in other rows of the same child: one fault must not hide another."""
    if "barn" in table:
        free[table["barn"].isin(table.loc[rows, "barn"])] = False
    free[rows] = False


def _set(column: str, change: Callable[[str], str]) -> Spoiler:
    def spoil(table: pd.DataFrame, rows: pd.Index) -> None:
        table.loc[rows, column] = table.loc[rows, column].map(change)

    return spoil


def _shifted(column: str, other: str, days: int) -> Spoiler:
    """The date in one column becomes that of another, so many days later."""

    def spoil(table: pd.DataFrame, rows: pd.Index) -> None:
        moved = pd.to_datetime(table.loc[rows, other], format="%d-%m-%Y") + pd.Timedelta(days=days)
        table.loc[rows, column] = moved.dt.strftime("%d-%m-%Y")

    return spoil


def _filled(*columns: str) -> Choice:
    return lambda table: (table[list(columns)] != "").all(axis=1)


def _goes_on(table: pd.DataFrame) -> pd.Series[bool]:
    """Stays that end on the day on which the next row of the same child begins."""
    return (table["barn"].shift(-1) == table["barn"]) & (table["startdato"].shift(-1) == table["slutdato"])


def _goes_on_once(table: pd.DataFrame) -> pd.Series[bool]:
    """The last but one stay of a child: without its end it overlaps one other stay and no more."""
    return _goes_on(table) & (table["barn"].shift(-2) != table["barn"])


def _follows(table: pd.DataFrame) -> pd.Series[bool]:
    """Stays of ten days or more before them that begin when the row above ends."""
    longer = pd.to_datetime(table["startdato"], format="%d-%m-%Y").diff() > pd.Timedelta(days=10)
    return _goes_on(table).shift(fill_value=False) & longer


def _any(table: pd.DataFrame) -> pd.Series[bool]:
    return pd.Series(True, index=table.index)


def _iso(date: str) -> str:
    day, month, year = date.split("-")
    return f"{year}-{month}-{day}"


def _misspelt(name: str) -> str:
    """Without its Danish letters where it has any, else in capitals."""
    plain = name.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return plain if plain != name else name.upper()


def _garbled(name: str) -> str:
    """UTF-8 read as Windows-1252."""
    return name.encode("utf-8").decode("cp1252")


KINDS: Final = (
    Kind("missing_end", "placements", "reg_overlap", 5, _set("slutdato", lambda _: ""), _goes_on_once),
    Kind("overlap", "placements", "reg_overlap", 5, _shifted("startdato", "startdato", -5), _follows),
    Kind("reversed", "placements", "reg_spell_reversed", 3, _shifted("slutdato", "startdato", -30),
         lambda table: _filled("slutdato")(table) & ~table["barn"].duplicated(keep=False)),
    Kind("before_birth", "placements", "reg_before_birth", 2, _shifted("startdato", "startdato", -9_000),
         lambda table: ~table["barn"].duplicated(keep=False)),
    Kind("iso_date", "placements", "reg_mixed_dates", 8, _set("slutdato", _iso),
         lambda table: _filled("slutdato")(table) & ~_goes_on(table)),
    Kind("unknown_code", "placements", "reg_unknown_code", 4, _set("foranstaltning", lambda code: code + "9"),
         lambda table: table["foranstaltning"].str.startswith("SEL 66")),
    Kind("misspelt_district", "children", "reg_unknown_district", 6, _set("distrikt", _misspelt), _any),
    Kind("garbled_district", "residences", "reg_unknown_district", 3, _set("distrikt", _garbled),
         lambda table: table["distrikt"].str.contains("[æøå]")),
    Kind("unknown_sex", "children", "reg_unknown_value", 2, _set("køn", lambda _: "ukendt køn"), _any),
    Kind("decimal_point", "caseworkers", "reg_mixed_decimals", 3, _set("årsværk", lambda number: number[:-2] + ".25"),
         lambda table: table["årsværk"].str.endswith(",5")),
    Kind("item_out_of_range", "sdq_waves", "reg_out_of_range", 3, _set("spm7", lambda _: "3"), _filled("spm7")),
    Kind("negative", "accounts", "reg_negative_amount", 1, _set("brutto", lambda amount: "-" + amount), _any),
    Kind("stranger", "breakdowns", "reg_unknown_child", 2, _set("barn", lambda child: child + "X"), _any),
    Kind("formula", "complaints", "reg_formula_cell", 2, _set("team", lambda team: "=" + team), _any),
    Kind("go_live_lost", "districts", "reg_treatment_varies", 2, _set("indsats_fra", lambda _: ""),
         _filled("indsats_fra")),
)  # fmt: skip
"""In the order in which they are put in. A missing end shows in the row below, where the next stay begins; a lost
go-live in the whole column."""

IN_CP1252: Final = frozenset({"cases", "complaints"})
ENGLISH: Final[Mapping[str, Mapping[str, str]]] = {
    "residences": {"distrikt": "district", "startdato": "start date"},
    "follow_ups": {"frist": "Due"},
}


def _whole_files(tables: dict[str, pd.DataFrame], files: Mapping[str, Path]) -> list[Dirt]:
    """What concerns a whole file: a child twice, some headers in English, a file in Windows-1252."""
    children = tables["children"]
    tables["children"] = pd.concat([children, children.iloc[[0]]], ignore_index=True)
    found = [Dirt("child_twice", files["children"].name, (len(children) + 2,), "reg_duplicate_key")]
    for name, headers in ENGLISH.items():
        tables[name] = tables[name].rename(columns=headers)
        found.append(Dirt("english_headers", files[name].name, (1,), None))
    return found + [Dirt("windows_1252", files[name].name, (), None) for name in sorted(IN_CP1252)]
