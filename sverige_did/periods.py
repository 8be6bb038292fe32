"""The name of a period as people write it, the days it covers, and the number that estimators order it by."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

_HALF_FIRST = re.compile(r"([12])\.? ?(?:halvår|half[- ]?year) ([0-9]{4})", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"([0-9]{4}) ?[-/ ]?(?:h|hå|halvår|half)\.? ?([12])", re.IGNORECASE)
_QUARTER = re.compile(r"([0-9]{4}) ?[-/ ]?[kq]([1-4])", re.IGNORECASE)
_MONTH = re.compile(r"([0-9]{4})[-/m](0[1-9]|1[0-2])", re.IGNORECASE)
_YEAR = re.compile(r"([0-9]{4})(?:\.0)?")
_LABEL = re.compile(r"([0-9]{4})(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")

Kind = Literal["year", "half", "quarter", "month"]


class Period(NamedTuple):
    """The days of a period, both ends inclusive."""

    start: date
    end: date


def period_label(text: str) -> str:
    """``2013H2`` for »2. halvår 2013«, ``2013Q4`` for »2013K4«; text that is no period comes back unchanged.

    So does »2011/12«: it is December to some and the school year to others. »2011/04« can only be April.
    """
    text = text.strip()
    if half := _HALF_FIRST.fullmatch(text):
        return f"{half[2]}H{half[1]}"
    if half := _YEAR_FIRST.fullmatch(text):
        return f"{half[1]}H{half[2]}"
    if quarter := _QUARTER.fullmatch(text):
        return f"{quarter[1]}Q{quarter[2]}"
    month = _MONTH.fullmatch(text)
    if month and not ("/" in text and int(month[2]) == (int(month[1]) + 1) % 100):
        return f"{month[1]}-{month[2]}"
    year = _YEAR.fullmatch(text)
    return year[1] if year else text


def period_days(label: str, *, year_ends: tuple[int, int] = (12, 31)) -> Period:
    """The days of a label made by :func:`period_label`.

    ``year_ends``: month and day on which the year of a plain ``2013`` ends; (3, 31) makes it 1 April 2012 to
    31 March 2013. Halves, quarters and months are always those of the calendar. Raises ValueError for other text.
    """
    found = _LABEL.fullmatch(label)
    if not found:
        raise ValueError(f"not a period: {label}")
    year = int(found[1])
    months = _months(found)
    if months is None:
        end = date(year, *year_ends)
        before = date(year - 1, *year_ends)
        return Period(before + timedelta(days=1), end)
    first, last = months
    return Period(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))


def span_days(label: str) -> Period:
    """The days from the first to the last period of a window that is written ``2009H1–2013H1``, or of one period."""
    first, _, last = label.partition("–")
    return Period(period_days(first).start, period_days(last or first).end)


def periods_in(label: str) -> int:
    """How many periods a window holds: 9 half-years for ``2009H1–2013H1``, 1 for a single period."""
    first = period_days(label.partition("–")[0])
    span = span_days(label)
    return round((span.end - span.start).days / (first.end - first.start).days)


def period_kind(label: str) -> Kind | None:
    """What a label made by :func:`period_label` is a label of; None for other text."""
    found = _LABEL.fullmatch(label)
    if not found:
        return None
    parts: tuple[Kind, ...] = ("half", "quarter", "month")
    return next((part for part in parts if found[part]), "year")


@lru_cache(maxsize=1_000)
def period_number(label: str) -> float:
    """The beginning of a period in years: 2020 for ``2020``, 2014.5 for ``2014H2``. ValueError for other text.

    Kept, for a panel names each of its few periods in every cell.
    """
    return date_number(period_days(label).start)


def date_number(day: date) -> float:
    """A day in years, so that the first of July 2013 is 2013.5 as the second half-year is; months are twelfths."""
    return day.year + (day.month - 1 + (day.day - 1) / calendar.monthrange(day.year, day.month)[1]) / 12


def _months(found: re.Match[str]) -> tuple[int, int] | None:
    """First and last month of a half-year, quarter or month; None for a whole year."""
    if found["half"]:
        return 6 * int(found["half"]) - 5, 6 * int(found["half"])
    if found["quarter"]:
        return 3 * int(found["quarter"]) - 2, 3 * int(found["quarter"])
    return (int(found["month"]), int(found["month"])) if found["month"] else None
