"""Why we can or cannot say, in four sentences: who is compared, what is known from before, how few, what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.front.first_screen import main_outcome, question_of, spokesman
from sverige_did.report.front.takes import what_it_takes
from sverige_did.report.headlines import ALL_READINGS, design_of, reading_of
from sverige_did.report.labels import check_sentence, in_language, short_name
from sverige_did.report.provenance import background, limits, needs
from sverige_did.report.seen import periods_before_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import CheckResult
    from sverige_did.results.methods_tables import MethodsRecord
    from sverige_did.words import Language

FEWEST = 3
"""Districts in a group below which no test of the verdict can be made."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the four: a heading of a few words, and a sentence."""

    heading: str
    sentence: str


def reasons(release: Release, language: Language) -> tuple[Reason, ...]:
    """Read off the design of the main outcome."""
    told = (
        ("compared", _compared(release, language)),
        ("before", _before(release, language)),
        ("few", _few(release, language)),
        ("settle", _settle(release, language)),
    )
    return tuple(Reason(words.text(f"front.reasons.{key}", language), said) for key, said in told if said)


def _compared(release: Release, language: Language) -> str:
    study, support = release.study, design_of(release, main_outcome(release)).support
    names = {group: in_language(getattr(study, group).label, language) for group in ("treated", "control")}
    if study.kind == "published":
        unknown = not study.control.districts_known
        key = "published_unknown" if unknown else "published"
        return words.text(f"front.reasons.who.{key}", language, **names, n_treated=study.treated.districts)
    counted = {"n_treated": support.treated_units, "n_control": support.control_units}
    dated = "dates" if design_of(release, main_outcome(release)).design_class == "D5" else "panel"
    return words.text(f"front.reasons.who.{dated}", language, **names, **counted)


def _before(release: Release, language: Language) -> str:
    main = main_outcome(release)
    if release.study.kind == "published":  # of printed figures only what the annex says too
        said = [words.text("report.limits.no_trend", language)] if "no_trend" in limits(release) else []
        apart, named = background(release, language), in_language(release.study.treated.label, language)
        said += [words.text("front.reasons.apart_before", language, said=apart, treated=named)] if apart else []
        return " ".join(said)
    count = periods_before_start(release, main)
    key = "periods_before" if count > 1 else "no_period_before"
    said = [words.text(f"front.reasons.{key}", language, count=count)]
    looked = next((one for name in BEFORE if (one := _of(release, main, name)) is not None), None)
    if count > 1:
        said.append(
            words.text("front.reasons.not_looked", language) if looked is None else check_sentence(looked, language)
        )
    return " ".join(said)


BEFORE = ("placebo_dates", "pretrends")
"""The checks that say whether the groups moved together before the start, the plainer first."""


def _few(release: Release, language: Language) -> str:
    if release.study.kind == "published":
        return words.text("report.limits.two_groups", language) if "two_groups" in limits(release) else ""
    record = _record(release, main_outcome(release))
    if record is None or record.size is None:
        support = design_of(release, main_outcome(release)).support
        few = min(support.treated_units, support.control_units) < FEWEST
        return words.text(f"front.reasons.{'too_few' if few else 'not_simulated'}", language,
                          n_treated=support.treated_units, n_control=support.control_units)  # fmt: skip
    size, power = (numbers.decimal(100 * one, language, 0) for one in (record.size.size, record.size.power))
    return words.text("front.reasons.power", language, size=size, power=power)


def _record(release: Release, outcome: str) -> MethodsRecord | None:
    return next((one for one in release.methods_tables if one.outcome == outcome), None)


def _settle(release: Release, language: Language) -> str:
    """The first statement of the check ``needed`` for the main question, or what its own simulated design would take;
    else what data it would take in general."""
    main = main_outcome(release)
    question = question_of(release, main)
    asked = [one.outcome for one in release.study.outcomes if one.question == question]
    for outcome in dict.fromkeys((main, spokesman(release, question), *asked)):
        found = _of(release, outcome, "needed")
        if found is not None and (found.check, found.key) == ("needed", "share"):
            told = {name: numbers.significant(found.numbers[f"{name}{end}"] or 0.0, language, 2)
                    for name, end in (("power", ""), ("share", ""), ("reached", "_low"))}  # fmt: skip
            more = words.text("front.reasons.share_needed", language, **told)
            return f"{words.text('front.reasons.settle_published', language)} {short_name(outcome, language)}: {more}"
    if release.study.kind == "published":
        return words.text("front.reasons.settle_published", language)
    record = _record(release, main)
    takes = what_it_takes(record.size if record else None, language)
    return takes or words.text(f"report.needs.{needs(release)[-1]}", language)


def _of(release: Release, outcome: str, check: str) -> CheckResult | None:
    own = {reading_of(release, outcome), ALL_READINGS}
    return next(
        (
            one
            for one in release.checks
            if (one.outcome, one.check) == (outcome, check) and one.reading in own and one.status == "ran"
        ),
        None,
    )


def overturn(release: Release, outcome: str, language: Language) -> Iterator[str]:
    """Up to :data:`SENTENCES` sentences of what would overturn an answer, the weightiest checks first.

    A check that says what the one before it said takes its place and is not repeated.
    """
    made = (found for check in OVERTURN if (found := _of(release, outcome, check)) is not None)
    able = [one for one in made if (one.check, one.key) not in SAYS_NOTHING][:SENTENCES]
    keys = {(one.check, one.key) for one in able}
    yield from (check_sentence(one, language) for one in able if SAID_BY.get((one.check, one.key)) not in keys)


SENTENCES = 3

SAID_BY = {("absolute_violation", "none"): ("tipping_shock", "none")}
"""Of two totals whose interval includes no difference at no shocks at all, drift has nothing to add."""


SAYS_NOTHING = frozenset({("shared_shock", "open"), ("placebo_outcome", "still"), ("placebo_outcome", "cannot_tell")})
"""Where a check has nothing that could overturn: there is no finding, or what others decide did not stand out."""

OVERTURN = (
    "placebo_outcome", "tipping_shock", "shared_shock", "leave_one_out", "regression_to_mean", "placebo_choice",
    "pretrends", "relative_magnitudes", "smoothness", "absolute_violation", "leave_one_date_out", "project_end",
    "spillover", "control_group", "partial_year", "overlap", "other_window", "other_weights", "scale_discrepancy",
    "synthetic_did", "placebo_dates",
)  # fmt: skip
"""Checks by how soon they overturn an answer where districts are few."""
