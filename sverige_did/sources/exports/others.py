"""The L201 delivery to preventive measures, and the tables of OS2bos to postings and cases."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.headers import nearest
from sverige_did.sources.registers.tables import RegisterTable


class CodeRow(NamedTuple):
    """One code of the delivery in some years; ``measure`` is blank where it is on no rung of the ladder."""

    code: str
    measure: str
    since: int
    until: int
    source: str = ""


Found = tuple[pd.DataFrame, tuple[Problem, ...], dict[str, int]]
"""The rows of a register, what is wrong, and what was counted and left out."""


def read_codes(text: str) -> tuple[CodeRow, ...]:
    """The mapping from the text of its file."""
    rows = csv.DictReader(io.StringIO(text), delimiter=";")
    return tuple(
        CodeRow(r["kode"], r["foranstaltning"], int(r["fra"]), int(r["til"] or 9999), r["kilde"] or "") for r in rows
    )


@cache
def l201_codes() -> tuple[CodeRow, ...]:
    """The codes that come with the package."""
    return read_codes((files("sverige_did.sources.exports") / "l201_codes.csv").read_text("utf-8"))


def measures_of(
    table: RegisterTable,
    codes: MeasureCodes,
    own: tuple[CodeRow, ...] = (),
    deliveries: Callable[[int], int] = lambda _: 0,
) -> Found:
    """The measures of an L201 delivery: a code of the mapping, of ``own`` first, or the paragraph itself.

    A measure that is known to be on no rung is counted and left out; a code that nobody knows is an error with its row.
    One that is delivered again counts as it was delivered last, also with another code or start: what an earlier
    delivery said of the same days is left out. In one delivery that is an error. ``deliveries`` is the delivery of each
    row; without it all rows are of one. ``gone`` counts measures that an earlier delivery left open and the last one
    lacks, where it repeats others.
    """
    frame = table.frame.dropna(subset=["code", "start"])
    measures, problems, outside = [], [], 0
    rows = (*own, *l201_codes())
    keys = list(zip(frame["code"].tolist(), frame["start"].dt.year.tolist(), strict=True))
    each = {key: _measure(*key, rows, codes) for key in set(keys)}
    for row, (code, year) in zip(frame.index.tolist(), keys, strict=True):
        found = each[code, year]
        if found is None:
            years = any(one.code == code for one in rows)
            near = nearest(str(code), codes.codes)
            key = "export_l201_year" if years else "export_l201_code"
            problems.append(Problem(key, file=table.file, row=row, column="code", found=shown(code), expected=near))
        outside += found == ""
        measures.append(found)
    made = frame.assign(measure=pd.Series(measures, index=frame.index, dtype=object), price=float("nan"))
    made = made[made["measure"].map(bool).astype(bool)]
    reversed_ = made.index[made["end"] < made["start"]].tolist()
    problems += [Problem("reg_spell_reversed", file=table.file, row=row, column="end") for row in reversed_]
    made = made.assign(delivery=[deliveries(int(row)) for row in made.index])
    again = made.duplicated(["child", "measure_id", "measure", "start"], keep="last")
    old, twice = _overruled(made[~again])
    problems += [
        Problem("export_l201_twice", file=table.file, row=row, column="measure_id", values={"earlier": earlier})
        for row, earlier in twice.items()
    ]
    counts = {"outside": outside, "updated": int(again.sum()) + len(old), "gone": _gone(made)}
    return made[~again].drop(index=old)[["child", "measure", "start", "end", "price"]], tuple(problems), counts


_NEVER = pd.Timestamp.max


def _overruled(made: pd.DataFrame) -> tuple[list[int], dict[int, int]]:
    """Rows of a measure whose days a later delivery tells otherwise, and rows that overlap another of the same delivery
    (with that row).
    """
    old: list[int] = []
    twice: dict[int, int] = {}
    shared = made[made.duplicated(["child", "measure_id"], keep=False)]
    for _, rows in shared.groupby(["child", "measure_id"], sort=False):
        ends = [_NEVER if pd.isna(end) else end for end in rows["end"]]
        each = list(zip(rows.index.tolist(), rows["start"], ends, rows["delivery"], strict=True))
        for at, (row, start, end, delivery) in enumerate(each):
            for earlier, began, stopped, before in each[:at]:
                if began <= end and start <= stopped:
                    if before == delivery:
                        twice[row] = earlier
                    else:
                        old.append(earlier)
    return sorted(set(old)), twice


def _gone(made: pd.DataFrame) -> int:
    """Measures that run in an earlier delivery and are not in the last, if that repeats any: it may be a whole one."""
    last = made["delivery"].max() if len(made) else 0
    keys = made[["child", "measure_id"]].apply(tuple, axis=1) if len(made) else pd.Series(dtype=object)
    now, before = set(keys[made["delivery"] == last]), made[made["delivery"] < last]
    open_ = set(keys[before.index[before["end"].isna()]]) if len(before) else set()
    ended = set(keys[before.index[before["end"].notna()]]) if len(before) else set()
    return len(open_ - now - ended) if now & set(keys[before.index]) else 0


def _measure(code: str, year: int, rows: tuple[CodeRow, ...], codes: MeasureCodes) -> str | None:
    """The code of the law, blank for one on no rung, None for one that is not known in the year."""
    for one in rows:
        if one.code == code and one.since <= year <= one.until:
            return one.measure
    if code.isdigit() or codes.unknown([code]):
        return None
    return code


def postings_of(table: RegisterTable) -> Found:
    """The payments that were paid; planned and fictive ones are counted and left out."""
    frame = table.frame
    fictive = frame["fictive"].eq("yes")
    unpaid = frame["paid_date"].isna() & ~fictive
    paid = frame[~fictive & ~unpaid]
    undated = frame.index[unpaid & frame["paid_amount"].fillna(0).ne(0)].tolist()
    lost = tuple(Problem("export_paid_undated", file=table.file, row=int(row), column="paid_date") for row in undated)
    made = pd.DataFrame(
        {
            "account": paid["account"], "amount": paid["paid_amount"].fillna(paid["amount"]), "date": paid["paid_date"],
            "activity": paid["activity"], "kle": None, "child": paid["child"],
        }
    )  # fmt: skip
    return made, lost, {"unpaid": int(unpaid.sum()), "fictive": int(fictive.sum())}


def _local_day(moments: pd.Series[Any]) -> pd.Series[Any]:
    """The day in Denmark of each moment; one without an offset is local. A moment that cannot be read is missing."""
    written = pd.to_datetime(moments.str[:10], format="%Y-%m-%d", errors="coerce")
    apart = moments.str.fullmatch(r"\d{4}-\d\d-\d\d[ T].*(?:Z|[+-]\d\d:?\d\d)").fillna(False).astype(bool)
    moved = pd.to_datetime(moments[apart], utc=True, errors="coerce", format="ISO8601")
    written[apart] = moved.dt.tz_convert("Europe/Copenhagen").dt.tz_localize(None).dt.normalize()
    return written


def cases_of(table: RegisterTable, homes: dict[str, str]) -> Found:
    """The cases of a history: opened on the day of the first entry. ``homes`` is the district of each child, for a
    history that names none.

    A history says nothing of closing unless it was given the column: without it no case is made, for cases that
    never close would make every caseload rise.
    """
    frame = table.frame.dropna(subset=["case", "child", "history_date"])
    day = _local_day(frame["history_date"])
    odd = [Problem("export_history_date", file=table.file, row=int(row), column="history_date", expected="2014-12-31")
           for row in frame.index[day.isna()]]  # fmt: skip
    if frame["closed"].isna().all():
        lost = Problem("export_no_closing", file=table.file, column="closed", severity="warning")
        return pd.DataFrame(), (*odd, lost), {"cases": int(frame["case"].nunique())}
    frame = frame.assign(opened=day).sort_values("opened", kind="stable")
    frame["district"] = frame["district"].fillna(frame["child"].map(homes))
    by_case = frame.groupby("case", sort=False)
    made = by_case.agg(child=("child", "last"), district=("district", "last"), opened=("opened", "first"))
    # The last entry decides: a case that was closed and opened again is open.
    made["closed"] = by_case["closed"].apply(lambda cells: cells.iloc[-1])
    without = int(made["district"].isna().sum())
    if without:
        odd.append(Problem("export_no_district", file=table.file, column="district", values={"count": without}))
    return made.reset_index()[["case", "child", "district", "opened", "closed"]], tuple(odd), {}
