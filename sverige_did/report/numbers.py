"""Numbers as a reader meets them: the same digits in both languages, the comma and the dots of each.

A scale decides how many decimals make sense; nothing here knows where a number came from.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING

from babel.dates import format_date
from babel.numbers import format_decimal, get_decimal_symbol

from sverige_did import words

if TYPE_CHECKING:
    from datetime import date

    from sverige_did.words import Language

LOCALE: dict[Language, str] = {"da": "da_DK", "en": "en_GB"}
MINUS = "\N{MINUS SIGN}"
DECIMALS: dict[str, int] = {
    "pp": 1,
    "log_odds": 2,
    "rate_per_1000": 2,
    "mio_dkk": 1,
    "points": 1,
    "days": 1,
    "institution_years": 1,
}
"""Fixed decimals by scale; every other scale shows three significant figures."""

RATIOS = frozenset({"ratio", "log_ratio"})
"""Scales that are reported as a change in per cent."""

UNSIGNED = frozenset({"share", "level", "institution_years"})
"""Scales of amounts rather than differences: reported without a plus sign."""


def no_finer(digits: int, step: float | None) -> int:
    """So many decimals, and no more than ``step`` has: what is rounded to whole millions is told in whole millions.

    >>> no_finer(1, 1.0), no_finer(2, 0.05), no_finer(2, 0.5), no_finer(1, None)
    (0, 2, 1, 1)
    """
    if step is None:
        return digits
    return next((fewer for fewer in range(digits) if math.isclose(round(step, fewer), step)), digits)


def separated(text: str, language: Language) -> str:
    """A text that is a decimal number and nothing else with the language's own decimal sign; any other as it is."""
    sign = str(get_decimal_symbol(LOCALE[language]))
    return text.replace(".", sign) if re.fullmatch(r"[-−]?\d+\.\d+", text) else text


def decimal(value: float, language: Language, digits: int) -> str:
    """The number with that many decimals; a true minus sign, no minus before zero, and the sign of infinity."""
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    return _local(round(value, digits) + 0.0, "#,##0" + ("." + "0" * digits if digits else ""), language)


@cache
def _local(rounded: float, pattern: str, language: Language) -> str:
    return str(format_decimal(rounded, format=pattern, locale=LOCALE[language])).replace("-", MINUS)


def significant(value: float, language: Language, figures: int = 3) -> str:
    """The number with so many significant figures, at most six decimals, and no zeros at the end."""
    if not math.isfinite(value):
        return decimal(value, language, 0)
    if value == round(value):
        return decimal(value, language, 0)
    digits = min(max(figures - 1 - math.floor(math.log10(abs(value))), 0), 6)
    return _local(round(value, digits) + 0.0, "#,##0" + ("." + "#" * digits if digits else ""), language)


def percent(share: float, language: Language) -> str:
    """A proportion (0.91) as per cent without the sign (91); one decimal below 10 and above 99."""
    shown = 100 * share
    near_an_end = 0 < shown < 10 or 99 < shown < 100
    return decimal(shown, language, 1 if near_an_end else 0)


def percent_change(ratio: float, language: Language) -> str:
    """A ratio (0.52) as the change in per cent (−48), with a plus sign where it is a rise."""
    return signed(100 * (ratio - 1), language, 0)


def change(ratio: float, language: Language) -> str:
    """The same with the sign of per cent behind it."""
    return words.text("labels.percent", language, value=percent_change(ratio, language))


def signed(value: float, language: Language, digits: int) -> str:
    """The number with its sign, also when positive."""
    shown = decimal(value, language, digits)
    return f"+{shown}" if value > 0 and round(value, digits) != 0 else shown


def p_value(p: float, language: Language) -> str:
    """A p-value with its relation: ``= 0.14`` or ``< 0.001``."""
    if p < 0.001:
        return "< " + decimal(0.001, language, 3)
    return "= " + decimal(p, language, 3 if p < 0.1 else 2)


def value_on(scale: str, value: float, language: Language, step: float | None = None) -> str:
    """The bare number on its scale: a ratio stays a ratio (0.52), a share becomes per cent.

    ``step``: it was rounded to multiples of it, and has no more decimals.
    """
    if scale == "share":
        return percent(value, language)
    if scale == "ratio":
        return decimal(value, language, no_finer(2, step)) if abs(value) >= 0.1 else significant(value, language, 2)
    if scale in DECIMALS:
        return decimal(value, language, no_finer(DECIMALS[scale], step))
    return significant(value, language)


def bare(scale: str, value: float, language: Language, step: float | None = None) -> str:
    """The number as :func:`amount` tells it, without its unit."""
    if scale in RATIOS:
        return percent_change(math.exp(value) if scale == "log_ratio" else value, language)
    if scale in UNSIGNED:
        return value_on(scale, value, language, step)
    return signed(value, language, no_finer(DECIMALS.get(scale, 2), step))


def amount(scale: str, value: float, language: Language, unit: str, step: float | None = None) -> str:
    """The number with its unit, as it stands in a sentence; a ratio is reported as a change in per cent.

    ``unit`` is the unit of the outcome, used where the scale is the outcome's own (``level``); ``step`` is what the
    value was rounded to, None where it was not.
    """
    shown = bare(scale, value, language, step)
    return words.text(f"labels.amount.{scale}", language, value=shown, unit=words.text(f"labels.unit.{unit}", language))


def day(when: date, language: Language) -> str:
    """A date in words: 31. december 2014 or 31 December 2014."""
    return str(format_date(when, format="long", locale=LOCALE[language]))
