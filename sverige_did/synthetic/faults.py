"""Faults as real deliveries have them, put into a clean one: a few rows of each kind, every one of them recorded.

Each kind says which problem the check of the folder must find, and in which rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.synthetic.writing import file_stem


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One kind of fault: the file, the rows as a spreadsheet counts them, and the key of the problem they must give.

    ``key`` is None for what a reader must cope with without a word.
    """

    kind: str
    file: str
    rows: tuple[int, ...]
    key: str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of fault is made: in which register, in how many of the rows that ``fits`` allows, and what its
    ``column`` becomes in these rows."""

    name: str
    register: str
    key: str
    rows: int
    column: str
    becomes: Callable[[pd.DataFrame], Any]
    fits: Callable[[pd.DataFrame], pd.Series[bool]]


def spoil_delivery(folder: Path, rng: np.random.Generator) -> tuple[InjectedFault, ...]:
    """Put every kind into a clean Danish delivery of CSV files; each row takes at most one of them."""
    files = {register.name: folder / f"{file_stem(register, 'da')}.csv" for register in REGISTERS}
    files = {name: path for name, path in files.items() if path.is_file()}
    tables = {name: pd.read_csv(path, sep=";", dtype=str, keep_default_na=False) for name, path in files.items()}
    free = {name: pd.Series(True, index=table.index) for name, table in tables.items()}
    found = []
    for kind in KINDS:
        table = tables[kind.register]
        fits = np.flatnonzero((kind.fits(table) & free[kind.register]).to_numpy())
        rows = np.sort(rng.choice(fits, min(kind.rows, len(fits)), replace=False))
        table.loc[rows, kind.column] = kind.becomes(table.loc[rows])
        # No other fault in these rows, nor in other rows of the same child: one fault must not hide another.
        if "barn" in table:
            free[kind.register][table["barn"].isin(table.loc[rows, "barn"])] = False
        free[kind.register][rows] = False
        found.append(InjectedFault(kind.name, files[kind.register].name, tuple(int(row) + 2 for row in rows), kind.key))
    found += _whole_files(tables, files)
    for name, table in tables.items():
        encoding = "cp1252" if name in IN_CP1252 else "utf-8"
        files[name].write_bytes(table.to_csv(sep=";", index=False, lineterminator="\r\n").encode(encoding))
    return tuple(found)


def _each(column: str, change: Callable[[str], str]) -> Callable[[pd.DataFrame], pd.Series[str]]:
    return lambda rows: rows[column].map(change)


def _later(column: str, days: int) -> Callable[[pd.DataFrame], pd.Series[str]]:
    """The date in a column, so many days later."""
    return lambda rows: (_days(rows[column]) + pd.Timedelta(days=days)).dt.strftime("%d-%m-%Y")


def _days(written: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(written, format="%d-%m-%Y")


def _filled(*columns: str) -> Callable[[pd.DataFrame], pd.Series[bool]]:
    """The rows that have something in all of these columns; every row when none is named."""
    return lambda table: (table[list(columns)] != "").all(axis=1)


def _alone(table: pd.DataFrame) -> pd.Series[bool]:
    """The only rows of their children."""
    return ~table["barn"].duplicated(keep=False)


def _goes_on(table: pd.DataFrame) -> pd.Series[bool]:
    """Stays that end on the day on which the next row of the same child begins."""
    return (table["barn"].shift(-1) == table["barn"]) & (table["startdato"].shift(-1) == table["slutdato"])


def _goes_on_once(table: pd.DataFrame) -> pd.Series[bool]:
    """The last but one stay of a child: without its end it overlaps one other stay and no more."""
    return _goes_on(table) & (table["barn"].shift(-2) != table["barn"])


def _follows(table: pd.DataFrame) -> pd.Series[bool]:
    """Stays of ten days or more before them that begin when the row above ends."""
    longer = _days(table["startdato"]).diff() > pd.Timedelta(days=10)
    return _goes_on(table).shift(fill_value=False) & longer


def _misspelt(name: str) -> str:
    """Without its Danish letters where it has any, else in capitals."""
    plain = name.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return plain if plain != name else name.upper()


KINDS: Final = (
    Kind("missing_end", "placements", "reg_overlap", 5, "slutdato", lambda _: "", _goes_on_once),
    Kind("overlap", "placements", "reg_overlap", 5, "startdato", _later("startdato", -5), _follows),
    Kind("reversed", "placements", "reg_spell_reversed", 3, "slutdato", _later("startdato", -30),
         lambda table: _filled("slutdato")(table) & _alone(table)),
    Kind("before_birth", "placements", "reg_before_birth", 2, "startdato", _later("startdato", -9_000), _alone),
    Kind("iso_date", "placements", "reg_mixed_dates", 8, "slutdato",
         _each("slutdato", lambda date: "-".join(reversed(date.split("-")))),
         lambda table: _filled("slutdato")(table) & ~_goes_on(table)),
    Kind("unknown_code", "placements", "reg_unknown_code", 4, "foranstaltning",
         lambda rows: rows["foranstaltning"] + "9",
         lambda table: table["foranstaltning"].str.startswith("SEL 66")),
    Kind("misspelt_district", "children", "reg_unknown_district", 6, "distrikt", _each("distrikt", _misspelt),
         _filled()),
    Kind("garbled_district", "residences", "reg_unknown_district", 3, "distrikt",
         _each("distrikt", lambda name: name.encode("utf-8").decode("cp1252")),
         lambda table: table["distrikt"].str.contains("[æøå]")),
    Kind("unknown_sex", "children", "reg_unknown_value", 2, "køn", lambda _: "ukendt køn", _filled()),
    Kind("decimal_point", "caseworkers", "reg_mixed_decimals", 3, "årsværk",
         lambda rows: rows["årsværk"].str[:-2] + ".25",
         lambda table: table["årsværk"].str.endswith(",5")),
    Kind("item_out_of_range", "sdq_waves", "reg_out_of_range", 3, "spm7", lambda _: "3", _filled("spm7")),
    Kind("negative", "accounts", "reg_negative_amount", 1, "brutto", lambda rows: "-" + rows["brutto"], _filled()),
    Kind("stranger", "breakdowns", "reg_unknown_child", 2, "barn", lambda rows: rows["barn"] + "X", _filled()),
    Kind("formula", "complaints", "reg_formula_cell", 2, "team", lambda rows: "=" + rows["team"], _filled()),
    Kind("go_live_lost", "districts", "reg_treatment_varies", 2, "indsats_fra", lambda _: "", _filled("indsats_fra")),
)  # fmt: skip
"""In the order in which they are put in. A missing end shows in the row below, where the next stay begins; a lost
go-live in the whole column."""

IN_CP1252: Final = frozenset({"cases", "complaints"})
ENGLISH: Final[Mapping[str, Mapping[str, str]]] = {
    "residences": {"distrikt": "district", "startdato": "start date"},
    "follow_ups": {"frist": "Due"},
}


def _whole_files(tables: dict[str, pd.DataFrame], files: Mapping[str, Path]) -> list[InjectedFault]:
    """What concerns a whole file: a child twice, some headers in English, a file in Windows-1252."""
    children = tables["children"]
    tables["children"] = pd.concat([children, children.iloc[[0]]], ignore_index=True)
    found = [InjectedFault("child_twice", files["children"].name, (len(children) + 2,), "reg_duplicate_key")]
    for name, headers in ENGLISH.items():
        tables[name] = tables[name].rename(columns=headers)
        found.append(InjectedFault("english_headers", files[name].name, (1,), None))
    return found + [InjectedFault("windows_1252", files[name].name, (), None) for name in sorted(IN_CP1252)]
