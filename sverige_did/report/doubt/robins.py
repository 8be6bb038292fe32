"""The seven domains of ROBINS-I with the facts that bear on each, read off plan and checks: a person judges.

Sterne et al. 2016 (BMJ 355:i4919). No rule here calls a risk low or serious: whoever judges knows what no register
holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers
from sverige_did.report.doubt.judged import judged
from sverige_did.report.headlines import adjusted, design_of, done
from sverige_did.report.labels import in_language, short_name
from sverige_did.report.provenance import background, limits
from sverige_did.report.seen import periods_before_start
from sverige_did.study.study import PanelStudy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sverige_did.disclosure.release import Release
    from sverige_did.report.doubt.judged import Judged
    from sverige_did.words import Language


class Domain(NamedTuple):
    """One domain: its name, the question it asks, and the facts that bear on it."""

    key: str
    name: str
    asks: str
    facts: tuple[str, ...]


class Case(NamedTuple):
    """One outcome in one language: what every domain reads."""

    release: Release
    outcome: str
    language: Language
    checks: tuple[Judged, ...]

    def say(self, key: str, **values: object) -> str:
        """The fact ``doubt.robins.fact.<key>``."""
        return words.text(f"doubt.robins.fact.{key}", self.language, **values)


def robins(release: Release, outcome: str, language: Language) -> tuple[Domain, ...]:
    """The domains in the order of the tool, each with at least one fact: that nothing is known is one."""
    case = Case(release, outcome, language, judged(release, outcome))
    found = []
    for key, facts in DOMAINS.items():
        made = tuple(one for one in facts(case) if one) or (case.say("nothing"),)
        name, asks = (words.text(f"doubt.robins.{what}.{key}", language) for what in ("name", "asks"))
        found.append(Domain(key, name, asks, made))
    return tuple(found)


def shared_and_own(
    release: Release, outcomes: Sequence[str], language: Language
) -> tuple[tuple[Domain, ...], dict[str, tuple[Domain, ...]]]:
    """The domains with the facts that all of several outcomes have in common, said once, and those with the others."""
    found = {outcome: robins(release, outcome, language) for outcome in outcomes}
    if len(found) < 2:
        return (), found
    shared = []
    for domains in zip(*found.values(), strict=True):
        common = set.intersection(*(set(one.facts) for one in domains))
        shared.append(domains[0]._replace(facts=tuple(fact for fact in domains[0].facts if fact in common)))
    rest = words.text("doubt.robins.fact.shared", language)
    own = {
        outcome: tuple(
            one._replace(facts=tuple(fact for fact in one.facts if fact not in known.facts) or (rest,))
            for one, known in zip(domains, shared, strict=True)
        )
        for outcome, domains in found.items()
    }
    return tuple(one for one in shared if one.facts), own


def _ran(case: Case, *names: str) -> Iterator[str]:
    """How the checks of these names came out, in one line each."""
    for one in case.checks:
        if one.check.check in names:
            name = words.text(f"labels.check.{one.check.check}", case.language)
            yield case.say("check", name=name, status=status_said(one, case.language))


def status_said(one: Judged, language: Language) -> str:
    """The word for how a check came out: that it could not be run, or that it could not tell."""
    run = one.check.status == "ran"
    return words.text(f"doubt.status.{'blind' if one.status == 'unknown' and run else one.status}", language)


def _confounding(case: Case) -> Iterator[str]:
    release = case.release
    design = design_of(release, case.outcome)
    yield words.text(f"design.class.{design.design_class or 'none'}.meaning", case.language)
    if release.policy == "published":
        yield words.text("report.limits.no_trend", case.language) if "no_trend" in limits(release) else ""
    else:
        yield case.say("before", count=periods_before_start(release, case.outcome))
    yield from _ran(case, "pretrends", "placebo_dates", "relative_magnitudes", "placebo_outcome", "just_before")
    for key in ("shared_management", "other_reforms"):
        yield words.text(f"report.limits.{key}", case.language) if key in limits(release) else ""


def _selection(case: Case) -> Iterator[str]:
    study = case.release.study
    yield case.say(f"chosen.{study.chosen}" if isinstance(study, PanelStudy) else "chosen.unknown")
    said = background(case.release, case.language)
    if said:
        yield case.say("apart_before", said=said)
    if isinstance(study, PanelStudy) and study.registers is not None:
        yield case.say(f"residence.{study.registers.residence.rule}")
    yield from _ran(
        case, "regression_to_mean", "regression_after_rise", "placebo_choice", "balance", "other_residence",
        "ageing_out",
    )  # fmt: skip


def _classification(case: Case) -> Iterator[str]:
    periods = case.release.study.periods
    yield case.say("start", day=numbers.day(periods.treatment_start, case.language))
    if design_of(case.release, case.outcome).design_class == "D5":
        yield case.say("own_start", dates=design_of(case.release, case.outcome).support.adoption_dates)
    yield case.say(f"partial.{periods.partial}")
    for key in ("adoption_known", "hidden_adopters"):
        yield words.text(f"report.limits.{key}", case.language) if key in limits(case.release) else ""
    yield from _ran(case, "other_window")


def _deviations(case: Case) -> Iterator[str]:
    release = case.release
    if release.study.periods.ramp_months:
        yield case.say("ramp", months=numbers.significant(release.study.periods.ramp_months, case.language))
    was_done = [short_name(one.outcome, case.language) for one in release.study.outcomes if done(release, one.outcome)]
    yield case.say("was_done", what="; ".join(was_done)) if was_done else case.say("not_followed")
    yield from _ran(case, "spillover", "partial_year")


def _missing(case: Case) -> Iterator[str]:
    release = case.release
    covered = [one for one in release.coverage if one.outcome == case.outcome]
    for one in covered:
        whole = sum(seen == one.units for seen in one.units_seen)
        group = words.text(f"labels.group.{one.group}", case.language)
        yield case.say("covered", group=group, units=one.units, whole=whole, periods=len(one.periods))
    if not covered:
        yield case.say("coverage_unknown")
    if design_of(release, case.outcome).support.numbers_lost:
        yield case.say("numbers_lost")
    for record in release.posteriors:
        asked = record.non_response
        if record.outcome == case.outcome and asked is not None and asked.answered is not None:
            yield case.say("answered", answered=asked.answered, unanswered=asked.unanswered)
    if case.outcome in release.withheld:
        yield case.say("withheld")
    yield from _ran(case, "unreported_changes", "overlap", "control_group")


def _measurement(case: Case) -> Iterator[str]:
    yield case.say(f"from.{case.release.policy}")
    yield case.say("blinding")
    entry = CATALOGUE[case.outcome]
    if entry.twin is not None:
        yield case.say("denominator", twin=words.text(f"outcomes.{entry.twin}.short", case.language))
    if entry.family == "score":
        yield case.say("score")
    yield from _ran(case, "scale_discrepancy", "changed_denominator", "kinds_in_parallel")


def _reported(case: Case) -> Iterator[str]:
    release, study = case.release, case.release.study
    wanted = next(one for one in study.outcomes if one.outcome == case.outcome)
    yield case.say("written", day=numbers.day(study.written, case.language))
    yield in_language(study.known_when_written, case.language)
    asked = sum(not done(release, one.outcome) for one in study.outcomes)
    role = words.text(f"labels.role.{wanted.role}", case.language)
    yield case.say("among", role=role, count=asked)
    yield case.say("adjusted" if adjusted(release) else "not_adjusted")
    if study.deviations:
        yield case.say("deviations", count=len(study.deviations))
    if study.readings:
        yield case.say("readings", count=len(study.readings))
    yield from _ran(case, "multiverse")


DOMAINS: dict[str, Callable[[Case], Iterator[str]]] = {
    "confounding": _confounding, "selection": _selection, "classification": _classification, "deviations": _deviations,
    "missing": _missing, "measurement": _measurement, "reported": _reported,
}  # fmt: skip
"""The seven domains of the tool, in its order."""
