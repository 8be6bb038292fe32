"""Files that are damaged or made to do harm, made of real ones: bytes, cells, columns, types, parts of archives, trees.

Each way has a name and takes a seed, so that a fault can be made again from two words.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import yaml

Way = Callable[[bytes, Random], bytes | None]
"""What becomes of a file; None where the way is none for a file like this."""

ODD_CELLS = [
    "", " ", "-", "?", "..", "0", "-1", "1.000", "1e308", "-1e308", "1e400", "9" * 5000, "NaN", "inf", "-inf", "True",
    "2013H1", "9999H2", "0000", "31-12-9999", "29-02-2013", "0001-01-01", "1677-09-21", "99999-01-01", "24:61", "\0",
    "=1+1", "@x", "+1", "\t", "\r", '"', "'", ";", ",", "a\nb", "\u202eabc", "\u2066", "\ufeff", "\x1b[31m", "\ud83d",
    "<script>alert(1)</script>", "[bold]x[/]", "{0}", "{x.__class__}", "%s", "$x^$", "{{ 7*7 }}", "²", "١٢", "Ω" * 200,
    "x" * 40_000, "../../etc/passwd", "5.28.23", "SEL 66.1.6",
]  # fmt: skip
ODD_VALUES: list[Any] = [
    math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, 10**30, -(10**30), 10**400, -1, 0, 1, 2**63, True, None, "",
    " ", "..", "../..", "/etc/passwd", "a/../b", "a\\b", "~", "C:\\x", "a\0b", "\u202ex", "\x1b[31mx", "{0}", "%s",
    "$x^$", "9" * 5000, "x" * 10**6, [], {}, [[]], {"a": 1}, [1, "a", None], {"": ""}, "2014-02-30", "0000-01-01",
    "9999-12-31", "9999H2", "0000H1", "NaN", "Infinity", "true",
]  # fmt: skip


def spoilt(content: bytes, way: str, seed: int) -> bytes | None:
    """The file after something was done to it, always the same for the same way and seed."""
    return WAYS[way](content, Random(f"{way}{seed}"))


def _piece(content: bytes, random: Random) -> tuple[int, int]:
    first = random.randrange(len(content) + 1)
    return first, min(len(content), first + random.choice([1, 3, 40, 4000]))


def _flipped(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice([1, 2, 8, 64])):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _lost(content: bytes, random: Random) -> bytes:
    first, last = _piece(content, random)
    return content[:first] + content[last:]


def _doubled(content: bytes, random: Random) -> bytes:
    first, last = _piece(content, random)
    return content[:last] + content[first:last] * random.choice([1, 2, 50]) + content[last:]


def _put_in(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    odd = [b"\0", b"\xff", b"\xfe\xff", "\u202e".encode(), b"\x1b[2J", b"x" * 10**6, b"9" * 5000, b"[" * 50_000,
           b'{"a":' * 20_000, b"\n" * 10_000, b'"', b"<!DOCTYPE a>", b"\xed\xa0\xbd", b"<<", b"&a *a"]  # fmt: skip
    return content[:at] + random.choice(odd) + content[at:]


def _replaced(content: bytes, random: Random) -> bytes:
    return random.choice([b"", b"\n", b"\0" * 1000, b"PK\x03\x04", b"PAR1", b"PAR1" * 3, b"\x89HDF\r\n\x1a\n", b"null",
                          b"[]", b"{}", b"0", b'""', b"a;b\n", b"\xef\xbb\xbf", b"\xff\xfe", b"---\n",
                          b"%YAML 9.9\n---\n", bytes(random.randrange(256) for _ in range(300))])  # fmt: skip


def _recoded(content: bytes, random: Random) -> bytes | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    name = random.choice(["utf-16", "utf-16-be", "utf-32", "cp1252", "cp850", "utf-7", "shift_jis", "utf-8-sig"])
    return text.encode(name, "replace")


def _table(content: bytes) -> tuple[list[str], list[list[str]], str] | None:
    """Lines above the header, rows of cells, and the separator, of a file that is a separated table."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return None
    above = [line for line in lines[:2] if line.startswith("# ")]
    rest = lines[len(above) :]
    separator = max(";,\t", key=lambda sign: rest[0].count(sign)) if rest else ";"
    if not rest or separator not in rest[0]:
        return None
    return above, [line.split(separator) for line in rest], separator


def _as_bytes(above: list[str], rows: list[list[str]], separator: str) -> bytes:
    return ("\n".join([*above, *(separator.join(row) for row in rows)]) + "\n").encode("utf-8", "replace")


def _other_cells(content: bytes, random: Random) -> bytes | None:
    if (found := _table(content)) is None:
        return None
    above, rows, separator = found
    for _ in range(random.choice([1, 1, 3, 8])):
        row = random.choice(rows[random.choice([0, 1, 1, 1]) :] or rows)
        row[random.randrange(len(row))] = random.choice(ODD_CELLS)
    return _as_bytes(above, rows, separator)


def _other_columns(content: bytes, random: Random) -> bytes | None:
    if (found := _table(content)) is None:
        return None
    above, rows, separator = found
    at, other = random.randrange(len(rows[0])), random.randrange(len(rows[0]))
    how = random.choice(["gone", "twice", "swapped", "all one", "empty", "wide"])
    if how == "wide":
        rows[0] += [f"k{number}" for number in range(100_000)]
        return _as_bytes(above, rows, separator)
    odd = random.choice(ODD_CELLS)
    for number, row in enumerate(rows):
        if len(row) <= max(at, other):
            continue
        if how == "gone":
            del row[at]
        elif how == "twice":
            row.append(row[at])
        elif how == "swapped":
            row[at], row[other] = row[other], row[at]
        elif number:
            row[at] = odd if how == "all one" else ""
    return _as_bytes(above, rows, separator)


def _other_rows(content: bytes, random: Random) -> bytes | None:
    if (found := _table(content)) is None:
        return None
    above, rows, separator = found
    how = random.choice(["gone", "twice", "header only", "no header", "turned round", "many"])
    at = random.randrange(len(rows))
    rows = {"gone": rows[:at] + rows[at + 1 :], "twice": [*rows, rows[at]], "header only": rows[:1],
            "no header": rows[1:], "turned round": rows[::-1], "many": rows + rows[1:] * 60}[how]  # fmt: skip
    return _as_bytes(above, rows, separator)


def _frame(content: bytes) -> pd.DataFrame | None:
    if (found := _table(content)) is None:
        return None
    _, rows, _ = found
    whole = [row for row in rows[1:] if len(row) == len(rows[0])]
    return pd.DataFrame(whole, columns=pd.Index(rows[0])) if len(set(rows[0])) == len(rows[0]) else None


def _workbook(content: bytes) -> bytes | None:
    if (frame := _frame(content)) is None:
        return None
    out = io.BytesIO()
    frame.head(200).map(lambda cell: openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", cell)).to_excel(out, index=False)
    return out.getvalue()


Kind = Callable[["pd.Series[Any]"], Any]
"""What becomes of a column."""


def _parquet(content: bytes, kinds: Kind = lambda column: column, at: int = 0) -> bytes | None:
    if (frame := _frame(content)) is None:
        return None
    name = frame.columns[at % frame.shape[1]]
    out = io.BytesIO()
    frame.assign(**{str(name): kinds(frame[name])}).to_parquet(out, index=False)
    return out.getvalue()


TYPES: list[Kind] = [
    lambda column: range(len(column)),
    lambda column: np.full(len(column), np.inf),
    lambda column: np.full(len(column), np.nan),
    lambda column: np.full(len(column), 2**63 - 1),
    lambda column: np.arange(len(column)) / 3,
    lambda column: column.astype("category"),
    lambda column: [b"\xff\x00"] * len(column),
    lambda column: [["a"]] * len(column),
    lambda column: [{"a": 1}] * len(column),
    lambda column: [None] * len(column),
    lambda column: [True] * len(column),
    lambda column: pd.to_datetime(["2013-06-01"] * len(column)),
    lambda column: pd.to_datetime(["2013-06-01"] * len(column)).tz_localize("Europe/Copenhagen"),
    lambda column: pd.to_timedelta(range(len(column)), unit="D"),
    lambda column: pd.to_datetime(["2013-06-01"] * len(column)).date,
    lambda column: pd.period_range("2013", periods=len(column), freq="D"),
    lambda column: ["x" * 40_000] * len(column),
]  # fmt: skip


def _other_type(content: bytes, random: Random) -> bytes | None:
    return _parquet(content, random.choice(TYPES), random.randrange(20))


def _flipped_parquet(content: bytes, random: Random) -> bytes | None:
    made = content if content.startswith(b"PAR1") else _parquet(content)
    return None if made is None else random.choice([_flipped, _flipped, _cut, _lost])(made, random)


def _flipped_workbook(content: bytes, random: Random) -> bytes | None:
    made = content if content.startswith(b"PK") else _workbook(content)
    return None if made is None else random.choice([_flipped, _cut, _lost])(made, random)


def _other_part(content: bytes, random: Random) -> bytes | None:
    """A workbook one of whose parts is damaged, with checksums that are right."""
    made = content if content.startswith(b"PK") else _workbook(content)
    if made is None:
        return None
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice([*parts, "xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"])
    how = random.choice([_flipped, _lost, _doubled, _put_in, _cut, _other_number])
    parts[name] = how(parts[name], random)
    if random.random() < 0.1:
        del parts[name]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    return out.getvalue()


def _other_number(part: bytes, random: Random) -> bytes:
    digits = [at for at, sign in enumerate(part) if 48 <= sign <= 57]
    if not digits:
        return part
    at = random.choice(digits)
    return part[:at] + random.choice([b"999999999", b"-1", b"1e400", b"", b"NaN", b"9" * 5000]) + part[at + 1 :]


def _tree(content: bytes) -> tuple[Any, bool] | None:
    """What a JSON or YAML file says, and whether it is JSON."""
    try:
        return json.loads(content), True
    except (ValueError, RecursionError):
        pass
    try:
        found = yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        return None
    return (found, False) if isinstance(found, dict | list) else None


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value of a tree, lists and mappings among them; the tree itself is the empty path."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(one for key, value in pairs for one in places(value, (*path, key)))]


def put(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value in a place; it is changed."""
    if not path:
        return value
    at = tree
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return tree


def written(tree: Any, *, is_json: bool) -> bytes:
    """The tree as a file; YAML in the form of YAML."""
    if is_json:
        return json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")
    text: str = yaml.dump(tree, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    return text.encode("utf-8", "replace")


def _other_value(content: bytes, random: Random) -> bytes | None:
    if (found := _tree(content)) is None:
        return None
    tree, is_json = found
    for _ in range(random.choice([1, 1, 1, 3])):
        tree = put(tree, random.choice(places(tree)), random.choice(ODD_VALUES))
    return written(tree, is_json=is_json)


def _other_shape(content: bytes, random: Random) -> bytes | None:
    """A field that is gone, renamed, exchanged for another or nested, or a list that is empty, turned round or long."""
    if (found := _tree(content)) is None:
        return None
    tree, is_json = found
    inner = [path for path in places(tree) if path]
    if not inner:
        return None
    *above, last = random.choice(inner)
    at = tree
    for key in above:
        at = at[key]
    how = random.choice(["gone", "renamed", "exchanged", "nested", "list"])
    if how == "gone":
        del at[last]
    elif how == "exchanged":
        other = random.choice(list(at) if isinstance(at, dict) else range(len(at)))
        at[last], at[other] = at[other], at[last]
    elif how == "nested":
        for _ in range(random.choice([1, 30, 100])):
            at[last] = [at[last]]
    elif isinstance(at, dict):
        at[random.choice(["x", "__class__", "", last + "s" if isinstance(last, str) else "y"])] = at.pop(last)
    else:
        at[:] = random.choice([[], at[::-1], at * 3, at * (1 + 2000 // max(len(at), 1)), [*at, {}], [*at, None]])
    return written(tree, is_json=is_json)


WAYS: dict[str, Way] = {
    "bytes changed": _flipped,
    "cut off": _cut,
    "a piece lost": _lost,
    "a piece twice": _doubled,
    "something put in": _put_in,
    "another file": _replaced,
    "another encoding": _recoded,
    "other cells": _other_cells,
    "other columns": _other_columns,
    "other rows": _other_rows,
    "a column of another type": _other_type,
    "damaged Parquet": _flipped_parquet,
    "damaged workbook": _flipped_workbook,
    "a damaged part of a workbook": _other_part,
    "another value": _other_value,
    "another shape": _other_shape,
}

TABLES = ("other cells", "other columns", "other rows", "a column of another type", "damaged Parquet",
          "damaged workbook", "a damaged part of a workbook")  # fmt: skip
TREES = ("another value", "another shape")


def ways_for(file: Path) -> tuple[str, ...]:
    """The ways that a file can be spoilt in."""
    plain = tuple(name for name in WAYS if name not in (*TABLES, *TREES))
    content = file.read_bytes()
    more = TREES if file.suffix in {".json", ".yaml"} else ()
    return (*plain, *more, *(TABLES if not more and (content.startswith((b"PAR1", b"PK")) or _table(content)) else ()))
