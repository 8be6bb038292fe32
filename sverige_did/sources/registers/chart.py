"""Postings to the rungs of the ladder: the account string, the chart of accounts by year, and the KLE number beside it.

``account_chart.csv`` has a row for each grouping of a function, in the years ``fra`` to ``til``, with the measure that
is booked there; a row with a ``kle`` beside the account says what the grouping is for that number, and a row with a
``kle`` alone says what the number is on an account that the chart lacks. A blank measure is known to be on no rung.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from sverige_did.sources.registers.codes import Ladder, MeasureCodes, rung_of

Kind = Literal["rung", "no_rung", "conflict", "unknown", "other_year", "unreadable"]
"""``rung``: exactly one. ``no_rung``: known to be on none. ``conflict``: account and KLE number name different rungs.
``other_year``: the chart knows the account, and not in this year. Nothing but ``rung`` is on the ladder."""

SOURCES = {
    "os2bos": "OS2bos, backend/core/data/activities.csv (2019-10-07) and account_aliases.csv: one municipality",
}
"""Where the rows were read. Functions are those in force from 2016; what holds from 2024 is not in them."""

CURRENT, REFUNDED = "1", "2"
"""What the digit between function and grouping says: running costs, and what the state refunds."""

_COMPACT = re.compile(r"0?(\d[2-9]\d{3})(\d)(\d{3})")
"""A main account has no head of functions below 20, so no date of birth is taken for an account (0703104321)."""
_DOTTED = re.compile(r"0?(\d)\.([2-9]\d)\.(\d\d)[.-](\d)[.-](\d{3})")
_KLE = re.compile(r"\d\d\.\d\d\.\d\d(?!\d)")


class Account(NamedTuple):
    """What an account string names: ``52822``, ``1`` and ``002``."""

    function: str
    kind: str
    grouping: str

    @property
    def dotted(self) -> str:
        """The function as the accounts write it: ``5.28.22``."""
        return f"{self.function[0]}.{self.function[1:3]}.{self.function[3:]}"

    def __str__(self) -> str:
        return f"{self.dotted}.{self.kind}.{self.grouping}"


class Row(NamedTuple):
    """One row of the chart."""

    account: str
    since: int
    until: int
    kle: str
    measure: str


class Placed(NamedTuple):
    """Where a posting belongs: the key of its measure and its rung, where ``kind`` is ``rung``."""

    kind: Kind
    measure: str | None = None
    rung: int | None = None


def account_of(text: str) -> Account | None:
    """The account that a string of segments names: ``01005-528221002-015025-529``, ``5.28.22.1.002``, ``528221002``.

    None where no segment is one, or several are: nothing is guessed.
    """
    dotted = [match.groups() for match in _DOTTED.finditer(text.strip()) if _stands_alone(text.strip(), match)]
    if not dotted:
        dotted = [match.groups() for part in re.split(r"[-/;|\s]+", text) if (match := _COMPACT.fullmatch(part))]
        return Account(*dotted[0]) if len(dotted) == 1 else None
    main, head, function, kind, grouping = dotted[0]
    return Account(f"{main}{head}{function}", kind, grouping) if len(dotted) == 1 else None


def _number(kle: str | None) -> str:
    """The subject of a KLE number, without the facet behind it (``27.27.30-G01``); blank where there is none."""
    found = _KLE.match(kle) if kle else None
    return found[0] if found else ""


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return not (before.isdigit() or before == "." or after.isdigit())


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of accounts with the measures that are booked on it."""

    rows: tuple[Row, ...]

    def placed(
        self, account: Account | None, kle: str | None, year: int, codes: MeasureCodes, ladder: Ladder
    ) -> Placed:
        """The one rung of a posting in its year, or why it has none."""
        if account is None:
            return Placed("unreadable")
        key, number = "".join(account), _number(kle)
        rungs = {measure.key: rung_of(measure, ladder) for measure in codes.measures}
        pair = self._measure(key, number, year) if number else None
        by_account = pair if pair is not None else self._measure(key, "", year)
        by_kle = self._measure("", number, year) if number and pair is None else None
        found = by_account if by_account is not None else by_kle
        if found is None:
            return Placed("other_year" if any(row.account == key for row in self.rows) else "unknown")
        if by_account and by_kle and rungs.get(by_account) != rungs.get(by_kle):
            return Placed("conflict")
        rung = rungs.get(found)
        return Placed("rung", found, rung) if rung is not None else Placed("no_rung", found or None)

    def years(self) -> tuple[int, int]:
        """The first and the last year that any row holds."""
        return min(row.since for row in self.rows), max(row.until for row in self.rows)

    def _measure(self, account: str, kle: str, year: int) -> str | None:
        """The measure of the row with that account and number, blank for none; None where there is no such row."""
        fits = (r for r in self.rows if r.account == account and r.kle == kle and r.since <= year <= r.until)
        return next((row.measure for row in fits), None)


def read_chart(text: str) -> Chart:
    """The chart from the text of its file."""
    return Chart(tuple(map(_row, csv.DictReader(io.StringIO(text), delimiter=";"))))


def _row(cells: dict[str, str]) -> Row:
    return Row(cells["konto"], int(cells["fra"]), int(cells["til"]), cells["kle"], cells["foranstaltning"])


@cache
def standard_chart() -> Chart:
    """The chart that comes with the package."""
    return read_chart(chart_text())


def chart_text() -> str:
    """The file as it stands in the package."""
    return (files("sverige_did.sources.registers") / "account_chart.csv").read_text("utf-8")


def shares(placed: Sequence[Placed]) -> dict[Kind, float]:
    """The share of postings of each kind; every posting has one."""
    kinds: tuple[Kind, ...] = ("rung", "no_rung", "conflict", "unknown", "other_year", "unreadable")
    return {kind: sum(one.kind == kind for one in placed) / max(len(placed), 1) for kind in kinds}
