"""Names and numbers of a study of cases as its page tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.results.cases import ALL, PRIMARY

if TYPE_CHECKING:
    from sverige_did.disclosure.cases import CaseRelease
    from sverige_did.results.estimates import CheckResult, Finding
    from sverige_did.words import Language


def say(key: str, language: Language, /, **values: object) -> str:
    """The text ``cases.<key>``."""
    return words.text(f"cases.{key}", language, **values)


def place_name(release: CaseRelease, key: str, language: Language) -> str:
    """The name of a municipality, of all of them, or of one not seen."""
    return say(key, language) if key in {ALL, "new"} else release.study.name_of(key)


def titled(release: CaseRelease, key: str, language: Language, **values: object) -> str:
    """The text ``cases.<key>`` with the warning in front of it where the data are synthetic."""
    said, warning = say(key, language, **values), mark(release, language)
    return said if warning is None else f"{warning}: {said}"


def mark(release: CaseRelease, language: Language) -> str | None:
    """The warning that figures of synthetic data carry."""
    return words.text("report.synthetic.mark", language) if release.synthetic else None


def days_of(value: float | None, language: Language, digits: int = 0) -> str:
    """A number of days, or a dash."""
    return "–" if value is None else numbers.decimal(value, language, digits)


def change_in_days(value: float | None, language: Language) -> str:
    """A difference in whole days with its sign; days of slopes below ten with one decimal."""
    if value is None:
        return "–"
    return numbers.signed(value, language, 1 if abs(value) < 10 else 0)


def per_cent_change(ratio: float | None, language: Language) -> str:
    """A ratio as the size of the change in per cent, without a sign."""
    return "–" if ratio is None else numbers.decimal(abs(100 * (ratio - 1)), language, 0)


def headline(release: CaseRelease, place: str, inference: str | None = None) -> Finding | None:
    """The difference at the longest horizon of one municipality or of all; the first, or by one method of inference."""
    wanted = f"first_{release.study.horizon}_days"
    for one in release.findings:
        right = (one.outcome, one.reading, one.result.estimand) == (PRIMARY, place, wanted)
        if right and inference in {None, one.result.inference}:
            return one
    return None


def check_of(release: CaseRelease, name: str) -> CheckResult:
    """The check of that name; KeyError when the release has none."""
    return {one.check: one for one in release.checks}[name]


def span(lower: float | None, upper: float | None, language: Language) -> str:
    """Limits in days as ``−65 to −11``; a dash without them."""
    if lower is None or upper is None:
        return "–"
    low, high = (change_in_days(end, language) for end in (lower, upper))
    return words.text("report.span.both", language, lower=low, upper=high)


def per_cent(share: float | None, language: Language) -> str:
    """A share as per cent with its sign; the word for hidden where it is."""
    if share is None:
        return say("hidden", language)
    return words.text("labels.percent", language, value=numbers.decimal(100 * share, language, 0))


CERTAIN = 0.995
"""From here on a probability from draws would be rounded to a certainty, which it is not."""


def chance(probability: float, language: Language) -> str:
    """A probability from draws as per cent with its sign; never told as 0 or as 100."""
    if not 1 - CERTAIN <= probability < CERTAIN:
        key, limit = ("over", 0.99) if probability >= CERTAIN else ("under", 0.01)
        return words.text(f"targets.{key}", language, value=numbers.decimal(100 * limit, language, 0))
    return per_cent(probability, language)
