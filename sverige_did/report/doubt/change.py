"""The sentence "this answer would change if ...", built by rule from what each check found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.doubt.judged import OPENS, is_open, judged
from sverige_did.report.headlines import design_of, done, standing
from sverige_did.report.labels import numbers_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.report.doubt.judged import Judged
    from sverige_did.words import Language

MOST = 4
"""So many conditions a sentence can hold; the table has them all."""

ORDER = (
    "relative_magnitudes", "absolute_violation", "tipping_shock", "shared_shock", "leave_one_out", "leave_one_date_out",
    "overlap", "control_group", "placebo_outcome", "other_weights", "other_window", "other_residence", "just_before",
    "regression_after_rise", "changed_denominator", "ageing_out", "multiverse",
    "synthetic_did", "scale_discrepancy", "unreported_changes", "placebo_dates", "overdispersion",
)  # fmt: skip
"""The checks by how soon what they found changes an answer: first what takes an amount of something, then other choices
that could have been made."""

WITHOUT_FIGURES = frozenset({"refused", "no_data"})


def would_change(release: Release, outcome: str, language: Language) -> str:
    """One sentence, and of an open answer a second on what would stay open; empty for what was done.

    Of what no effect can be read off, what would be needed for one.
    """
    if done(release, outcome):
        return ""
    needs = _needs(release, outcome)
    if needs:
        return _say(f"needs.{needs}", language)
    conditions = list(_conditions(release, outcome, language))
    stays = _stays_open(release, outcome, language) if is_open(release, outcome) else ""
    said = _would_change(release, outcome, conditions, language)
    return f"{said} {stays}" if stays else said


def _would_change(release: Release, outcome: str, conditions: list[str], language: Language) -> str:
    kind = "open" if is_open(release, outcome) else "closed"
    if not conditions:
        # Only of two totals are figures of districts lacking: nobody is asked for what was delivered.
        totals = kind == "open" and design_of(release, outcome).design_class == "D1g"
        return _say("open_totals" if totals else f"{kind}_nothing", language)
    return _say(kind, language, conditions=_joined(conditions, language))


def _joined(conditions: list[str], language: Language) -> str:
    if len(conditions) == 1:
        return conditions[0]
    before = words.text("doubt.change.between", language).join(conditions[:-1])
    return _say("or", language, before=before, last=conditions[-1])


def _say(key: str, language: Language, **values: str) -> str:
    return words.text(f"doubt.change.{key}", language, **values)


def _needs(release: Release, outcome: str) -> str:
    """The key of what is missing for there to be an answer at all; empty where there is one."""
    design = design_of(release, outcome)
    if outcome in release.withheld:
        return "withheld"
    if outcome in release.contradicted:
        return "contradicted"
    if design.design_class is None:
        return "no_data"
    if not design.may_say_effect:
        return str(design.design_class)
    return "refused" if standing(release, outcome) in WITHOUT_FIGURES else ""


def _conditions(release: Release, outcome: str, language: Language) -> Iterator[str]:
    """The first conditions that checks name."""
    found = {one.check.check: one for one in judged(release, outcome) if one.check.status == "ran"}
    said = (_condition(found[check], language) for check in ORDER if check in found)
    yield from [one for one in (_spread(release, outcome, language), *said) if one][:MOST]


def _spread(release: Release, outcome: str, language: Language) -> str:
    """With one or two treated districts: how much more than the others they may swing; empty elsewhere."""
    found = (record.relative_spread for record in release.methods_tables if record.outcome == outcome)
    most = next((one for one in found if one is not None), None)
    return "" if most is None else _say("if.relative_spread", language, times=numbers.decimal(most, language, 1))


def _condition(one: Judged, language: Language) -> str:
    """What a check says would change the answer; empty where it names nothing, or the answer stands whatever it is."""
    check = one.check
    key = f"doubt.change.if.{check.check}.{check.key.removesuffix('_years')}"
    if one.status == "open" and check.key not in OPENS:
        return ""
    return words.text(key, language, **numbers_said(check, language)) if words.has(key, language) else ""


def _stays_open(release: Release, outcome: str, language: Language) -> str:
    """How large an effect can be and still stay open: below what the outcome's own simulated design finds in four of
    five cases. That the true effect is no smaller would not by itself have changed an answer that is there."""
    record = next((one for one in release.methods_tables if one.outcome == outcome), None)
    own = [one for one in record.size.smallest if one.more == "own"] if record and record.size else []
    if not own or own[0].change is None:
        return ""
    percent = numbers.decimal(100 * abs(own[0].change), language, 0)
    return _say(f"stays_open.{'fall' if own[0].change < 0 else 'rise'}", language, percent=percent)
