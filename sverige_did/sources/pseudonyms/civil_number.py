"""What a civil registration number says: the date of birth and the sex. The rules of the century are those of CPR."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from sverige_did.sources.files.cpr import BETWEEN, TAIL, plainly

_PARTS = re.compile(rf"(\d\d){BETWEEN}(\d\d){BETWEEN}((?:18|19|20)\d\d|\d\d){TAIL}(\d\d ?\d\d)")
_THOUSANDS = re.compile(r"\d{1,3}([. '])\d{3}\1\d{3}(?:\1\d{3})?")


class Person(NamedTuple):
    """Half-year of birth (``2005H1``) and sex (``pige``, ``dreng``), as the register of children calls them."""

    born: str
    sex: str


def ten_digits(text: str) -> str | None:
    """The number as ten digits, however it is written; None where the text is none.

    Nine digits have lost a leading zero to a spreadsheet, which may also have given them separators of thousands.
    """
    plain = plainly(text).strip().removesuffix(".0")
    if _THOUSANDS.fullmatch(plain):
        plain = re.sub(r"\D", "", plain)
    if re.fullmatch(r"[1-9]\d{4}[- ]?\d{4}", plain):
        plain = f"0{plain}"
    found = _PARTS.fullmatch(plain)
    if found is None:
        return None
    digits = found[1] + found[2] + found[3][-2:] + found[4].replace(" ", "")
    return digits if born_on(digits) else None


def born_on(digits: str) -> date | None:
    """The date of birth: the century is that of the seventh digit, and replacement numbers have 60 added to the day."""
    day, month, year, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
    if seventh < 4:
        century = 1900
    elif seventh in {4, 9}:
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    try:
        return date(century + year, month, day - 60 if day > 60 else day)
    except ValueError:
        return None


def person(digits: str) -> Person:
    """What ten digits say; ValueError where they hold no date."""
    born = born_on(digits)
    if born is None:
        raise ValueError("no date of birth")
    return Person(f"{born.year}H{1 if born.month < 7 else 2}", "dreng" if int(digits[9]) % 2 else "pige")
