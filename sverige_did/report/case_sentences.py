"""The sentences of the page of a study of cases: the answer, what it is held against, and what limits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.case_names import (
    change_in_days,
    check_of,
    days_of,
    headline,
    per_cent_change,
    say,
    span,
)
from sverige_did.results.cases import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sverige_did.disclosure.cases import CaseRelease
    from sverige_did.results.cases import CasePosterior, SurveyGroup
    from sverige_did.results.estimates import CheckResult, Remark
    from sverige_did.words import Language


MOVED = 0.5
"""How far, in parts of itself, the prior's median has to move before the data are said to tell."""


def answer(release: CaseRelease, language: Language) -> tuple[str, ...]:
    """The difference, what it is not, and how little it takes to undo it: a sentence each, the first the boldest."""
    main = headline(release, ALL)
    if main is None:
        return say("answer.none", language), say("answer.limit", language)
    result = main.result
    interval = words.text(
        "report.interval.level", language,
        level=numbers.percent(result.level or 0.0, language), span=span(result.lower, result.upper, language),
    )  # fmt: skip
    first = say(
        f"answer.{'fewer' if result.estimate <= 0 else 'more'}", language,
        horizon=release.study.horizon, amount=days_of(abs(result.estimate), language), interval=interval,
    )  # fmt: skip
    sentences = [first, say("answer.limit", language)]
    wide = headline(release, ALL, "municipalities")
    if wide is not None:
        bare = span(wide.result.lower, wide.result.upper, language)
        sentences.append(say("answer.municipalities", language, interval=bare, count=wide.result.n_units))
    other = check_of(release, "what_else_changed")
    if other.status == "ran":
        key = "answer.tipping" if other.key == "result" else "answer.includes"
        sentences.append(say(key, language, percent=per_cent_change(other.numbers["tipping"], language)))
    return tuple(sentences)


def held(release: CaseRelease, language: Language) -> tuple[tuple[str, str], ...]:
    """Every check: its name and its sentence."""
    return tuple((say(f"held.{one.check}.name", language), _check_said(one, language)) for one in release.checks)


def _check_said(check: CheckResult, language: Language) -> str:
    own = f"cases.held.{check.check}.{check.key}"
    if check.status == "could_not_run" and not words.has(own, language):
        if check.key == "few":
            return say("held.any.few", language)
        return say("held.any.not_computed", language, why=_refusal(check.key, language))
    return words.text(own, language, **_filled(check, language))


def _filled(check: CheckResult, language: Language) -> dict[str, str]:
    """The numbers of a check as its sentence has them; ``cases_`` counts lose their prefix and are hidden by a word."""
    filled = {}
    for name, value in check.numbers.items():
        if name.startswith("cases_"):
            said = say("hidden", language) if value is None else numbers.decimal(value, language, 0)
            filled[name.removeprefix("cases_")] = said
        elif check.scale == "days":
            filled[name] = days_of(value, language) if name == "months" else change_in_days(value, language)
        elif name.startswith(("ratio", "tipping")):
            filled[name] = per_cent_change(value, language)
        else:
            filled[name] = "–" if value is None else numbers.decimal(value, language, 1)
    return filled


def _refusal(key: str, language: Language) -> str:
    """Why something was refused, as words without a full stop."""
    text = words.catalogue(language)[f"errors.{key}"]
    arms = " / ".join(say(f"arm.{arm}", language) for arm in ("before", "during"))
    said = text.format_map({"arm": arms}).rstrip(".")
    return said[0].lower() + said[1:]


def remarks(release: CaseRelease, language: Language) -> tuple[str, ...]:
    """Why anything is missing: municipalities withheld, and estimates that could not be made."""
    said = []
    if release.withheld:
        said.append(say("withheld", language, names=_names(release, release.withheld)))
    return (*said, *(_remark(one, language) for one in release.remarks))


def _remark(remark: Remark, language: Language) -> str:
    values = dict(remark.values)
    if "arm" in values:
        values["arm"] = say(f"arm.{values['arm']}", language)
    sentence = words.text(remark.key, language, **values)
    if "municipality" not in values:
        return sentence
    outcome = say(f"estimate.{values['outcome']}", language)
    return say("held.refused", language, outcome=outcome, municipality=values["municipality"], why=sentence)


def _names(release: CaseRelease, keys: tuple[str, ...]) -> str:
    return ", ".join(release.study.name_of(key) for key in keys)


def posterior(release: CaseRelease, model: Literal["waits", "survey"]) -> CasePosterior:
    """The posterior of a model; KeyError when the release has none."""
    return {one.model: one for one in release.posteriors}[model]


def posterior_said(release: CaseRelease, language: Language) -> tuple[str, ...]:
    """What the posterior of the waits says: how municipalities differ, or why there is none."""
    record = posterior(release, "waits")
    if record.remarks:
        return tuple(say("posterior.refused", language, why=_remark(one, language)) for one in record.remarks)
    # A spread that the data hardly moved is the prior's.
    moved = abs((record.spread or 0.0) - (record.spread_prior or 0.0)) > MOVED * (record.spread_prior or 0.0)
    spread = say(
        f"posterior.spread_{'data' if moved else 'prior'}", language,
        prior=numbers.decimal(record.spread_prior or 0.0, language, 2),
        after=numbers.decimal(record.spread or 0.0, language, 2),
        count=len(release.study.municipalities),
    )  # fmt: skip
    said = [say("posterior.lead", language), spread]
    if (line := record.bias) is not None:
        at = min(range(len(line.x)), key=lambda place: abs(line.x[place] - 0.3))
        said.append(
            say(
                "else.bias", language,
                without=numbers.percent(line.y[0], language),
                sd=numbers.significant(line.x[at], language),
                **{"with": numbers.percent(line.y[at], language)},
            )
        )  # fmt: skip
    return tuple(said)


def survey_said(release: CaseRelease, language: Language) -> tuple[str, ...]:
    """How many answered and what is held back; that there is none."""
    survey = release.study.survey
    everybody = [one for one in release.survey if one.municipality == ALL]
    if survey is None or not everybody:
        return (say("survey.none", language),)
    lead = _response(release, everybody, language)
    silent = [say("survey.silent", language, names=_names(release, release.silent))] if release.silent else []
    refused = [say("posterior.refused", language, why=_remark(one, language))
               for one in posterior(release, "survey").remarks]  # fmt: skip
    return (lead, *_changed(release, language), *silent, *refused)


def _response(release: CaseRelease, everybody: list[SurveyGroup], language: Language) -> str:
    """How many answered; that it is held back where a wave had few, for hidden is not none."""
    # Who answered one statement may have left another out: the one that most answered says how many did at least.
    most = {one.wave: one for one in sorted(everybody, key=lambda one: one.respondents or 0)}
    below = release.study.hidden_below
    if any(one.respondents is None for one in most.values()):
        return say("survey.lead_few", language, below=below)

    def share(groups: Iterable[SurveyGroup]) -> str:
        each = [(one.respondents or 0, one.invited) for one in groups]
        answered, invited = map(sum, zip(*each, strict=True))
        return numbers.decimal(100 * answered / invited, language, 0)

    waves = {wave: share([most[wave]]) if wave in most else "–" for wave in ("before", "during")}
    return say("survey.lead", language, share=share(most.values()), below=below, before=waves["before"],
               during=waves["during"])  # fmt: skip


def _changed(release: CaseRelease, language: Language) -> tuple[str, ...]:
    """How many statements the answers changed to, beyond what the few respondents leave open."""
    changes = [
        one
        for one in posterior(release, "survey").ratios
        if one.municipality == ALL and one.subject.endswith(".change")
    ]
    if not changes:
        return ()
    clear = sum(not one.lower <= 1 <= one.upper for one in changes)
    return (say("survey.changed", language, clear=clear, count=len(changes)),)


def limits(release: CaseRelease, language: Language) -> tuple[str, ...]:
    """What the design cannot do."""
    keys = ["different", "no_control", "few", "exempt"]
    keys += ["at_the_same_time"] if not release.study.bias.at_the_same_time else []
    keys += ["survey"] if release.study.survey else []
    return tuple(say(f"limits.{key}", language, count=len(release.study.municipalities)) for key in keys)
