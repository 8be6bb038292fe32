"""When a programme began, as people report it: a day, a month, »2020-H2«, »spring 2020«; the days that it may mean."""

from __future__ import annotations

import re
from datetime import date

from sverige_did.periods import Period, period_days, period_label

_SEASONS = {
    "spring": (3, 5), "summer": (6, 8), "autumn": (9, 11),
    "forår": (3, 5), "foråret": (3, 5), "sommer": (6, 8), "sommeren": (6, 8), "efterår": (9, 11), "efteråret": (9, 11),
}  # fmt: skip
_REMARK = re.compile(r"\(.*\)")
_YEARS = re.compile(r"(\d{4})\s*[-–/]\s*(\d{4})")
_DANISH = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4})")
_MONTHS = re.compile(r"(\d{4})-(\d{2})/(\d{2})")


def go_live(text: str) -> Period | None:
    """The earliest and latest first day that the text allows; None when it gives none. Remarks in brackets are left.

    ``01-08-2017`` is 1 August, as in Danish; ``2015-04`` is some day of April 2015; ``2017-2018`` some day of the two
    years; ``2020 spring`` March to May.
    """
    plain = _REMARK.sub("", text).strip()
    if years := _YEARS.fullmatch(plain):
        return Period(date(int(years[1]), 1, 1), date(int(years[2]), 12, 31))
    if months := _MONTHS.fullmatch(plain):
        return _span(f"{months[1]}-{months[2]}", f"{months[1]}-{months[3]}")
    if season := _season(plain.casefold().split()):
        return season
    if danish := _DANISH.fullmatch(plain):
        plain = f"{danish[4]}-{danish[3]:0>2}-{danish[1]:0>2}"
    try:
        day = date.fromisoformat(plain)
    except ValueError:
        return _span(plain, plain)
    return Period(day, day)


def _span(first: str, last: str) -> Period | None:
    try:
        return Period(period_days(period_label(first)).start, period_days(period_label(last)).end)
    except ValueError:
        return None


def _season(parts: list[str]) -> Period | None:
    years = [part for part in parts if re.fullmatch(r"\d{4}", part)]
    months = [_SEASONS[part] for part in parts if part in _SEASONS]
    if len(parts) != 2 or not years or not months:
        return None
    first, last = months[0]
    return _span(f"{years[0]}-{first:02}", f"{years[0]}-{last:02}")
