"""The first screen: one sentence, three tiles and one figure whose title is the finding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers, seen
from sverige_did.report.claims import NULL, amount_of, claim, interval_of, of_few_districts, untestable
from sverige_did.report.economy import economy_main
from sverige_did.report.front import counterfactual
from sverige_did.report.front.bar import interval_bar
from sverige_did.report.front.beside import primary_beside
from sverige_did.report.headlines import (
    STANDINGS,
    Standing,
    answering,
    design_of,
    done,
    headline,
    rows,
    standing,
    standing_among_all,
    tally,
)
from sverige_did.report.labels import in_language, mark, short_name
from sverige_did.report.provenance import limits
from sverige_did.results.estimates import WITHOUT_LEVEL

if TYPE_CHECKING:
    from markupsafe import Markup

    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the three things that a reader asks about: ``kind`` is children, money or quality."""

    kind: str
    name: str
    standing: Standing
    verdict: str
    sentence: str
    bar: Markup | None
    anchor: str


def main_outcome(release: Release) -> str:
    """What the first sentence is about: the plan's primary outcome, or the first that is an effect question at all."""
    wanted = [one for one in release.study.outcomes if not done(release, one.outcome)] or list(release.study.outcomes)
    primary = next((one.outcome for one in wanted if one.role == "primary"), None)
    able = next((one.outcome for one in wanted if design_of(release, one.outcome).may_say_effect), None)
    return primary or able or wanted[0].outcome


def spokesman(release: Release, question: str) -> str:
    """The outcome that tells a question best in plain numbers: of those that stand as the question does, one that has
    a level after the start, counts of children before shares and rates."""
    wanted = list(answering(release, question))
    wanted = [one for one in wanted if not done(release, one)] or wanted
    strongest = min((STANDINGS.index(standing(release, one)) for one in wanted), default=0)
    alike = [one for one in wanted if STANDINGS.index(standing(release, one)) == strongest]
    counted = [one for one in alike if counterfactual.expected(release, one) is not None]
    order = {"children": 0, "percent": 1}
    return min(counted, key=lambda one: order.get(CATALOGUE[one].unit, 2), default=alike[0])


def question_of(release: Release, outcome: str) -> str:
    """The question that an outcome of the plan answers."""
    return next(one.question for one in release.study.outcomes if one.outcome == outcome)


def lead(release: Release, language: Language) -> str:
    """What was seen, and what can be said of why: the answer to the study's main question in plain words."""
    main = main_outcome(release)
    told = spokesman(release, question_of(release, main))
    return f"{_seen(release, told, language)} {_may_say(release, main, language)}".strip()


def later(release: Release, language: Language) -> str:
    """That a level printed of a day after the plan's follow-up has nothing to be held against, where it has not."""
    outcome = spokesman(release, question_of(release, main_outcome(release)))
    printed = release.study.kind == "published" and design_of(release, outcome).may_say_effect
    levels, (_, after) = seen.series(release, outcome, "treated"), seen.ends(release, outcome, "treated")
    if not printed or after is None or not levels or levels[-1].last <= after.last:
        return ""
    last = levels[-1]
    if any(one.last >= last.last for one in seen.series(release, outcome, "control")):
        return ""
    value, when = seen.with_unit(last, language, outcome), seen.moment(last, language)
    return words.text("front.later", language, value=value, when=when)


def _seen(release: Release, outcome: str, language: Language) -> str:
    name, treated = _with_unit_of(release, outcome, language), in_language(release.study.treated.label, language)
    levels = [one for one in seen.series(release, outcome, "treated") if one.value is not None]
    if release.policy == "published" and len(levels) > 1:
        parts = []
        for one in levels:
            value, when = seen.with_unit(one, language, outcome), seen.moment(one, language)
            parts.append(words.text("front.seen.moment", language, value=value, when=when))
        districts, told = release.study.treated.districts, seen.joined(parts, language)
        key = "printed" if districts else "printed_uncounted"
        return words.text(f"front.seen.{key}", language, name=name, treated=treated, values=told, districts=districts)
    pairs = {group: seen.first_and_last(release, outcome, group) for group in seen.GROUPS}
    known = {
        f"{group}_{at}": seen.with_unit(level, language, outcome)
        for group, pair in pairs.items()
        for at, level in zip(("before", "after"), pair, strict=True)
        if level is not None
    }
    if len(known) == len(seen.GROUPS) * 2 and any(pair[1] and pair[1].value is not None for pair in pairs.values()):
        control = in_language(release.study.control.label, language)
        before, after = (seen.moment(one, language) for one in pairs["treated"] if one is not None)
        named = {"name": name, "treated": treated, "control": control, "before": before, "after": after}
        districts = design_of(release, outcome).support.treated_units
        return words.text("front.seen.windows", language, districts=districts, **named, **known)
    return ""


def _with_unit_of(release: Release, outcome: str, language: Language) -> str:
    """The name of an outcome, with its unit where the numbers do not carry it."""
    name = short_name(outcome, language)
    if CATALOGUE[outcome].unit in seen.CARRIED:
        return name
    return f"{name} ({seen.unit_of(outcome, language, printed=release.study.kind == 'published')})"


def _may_say(release: Release, outcome: str, language: Language) -> str:
    stands = called(release, outcome, standing_among_all(release, outcome))
    design = design_of(release, outcome)
    why = words.text(f"front.why.{_why(release, outcome)}", language, treated=design.support.treated_units)
    phrase = words.text(f"outcomes.{outcome}.phrase", language)
    return words.text(f"front.answer.{stands}", language, why=why, outcome=phrase)


def called(release: Release, outcome: str, stands: Standing) -> str:
    """The key of the words for a standing: of too few districts a refusal is that nothing can be tested."""
    return "untestable" if stands == "refused" and untestable(release, outcome) else stands


def _why(release: Release, outcome: str) -> str:
    """The main reason for doubt, as a key of ``front.why``."""
    design_class = design_of(release, outcome).design_class
    if outcome in release.withheld:
        return "withheld_districts" if of_few_districts(release, outcome) else "withheld"
    if design_class == "D1g":
        return "two_totals" if "no_trend" in limits(release) else "two_totals_with_dates"
    if untestable(release, outcome):
        return "few_districts"
    if design_class in {"D1", "D5"}:
        found = headline(release, outcome)
        clear = found is not None and _is_clear(found.result.lower, found.result.upper, found.result.scale)
        return "other_explanations" if clear else "swings"
    return {"D2": "after_only", "D3": "treated_only", "D4": "other_cases"}.get(str(design_class), "nothing")


def _is_clear(lower: float | None, upper: float | None, scale: str) -> bool:
    return lower is not None and upper is not None and not lower <= NULL.get(scale, 0.0) <= upper


def tiles(release: Release, language: Language) -> tuple[Tile, ...]:
    """Children, money and quality, as far as the plan asks about them."""
    question = question_of(release, main_outcome(release))
    children = spokesman(release, question)
    first = _tile(release, "children", children, language)
    beside = primary_beside(release, question, children, language)
    found = [replace(first, sentence=f"{first.sentence} {beside}".strip())]
    money, quality = _money(release, language), _quality(release)
    found += [money] if money else []
    found += [_tile(release, "quality", quality, language)] if quality and quality != children else []
    return tuple(found)


def _tile(release: Release, kind: str, outcome: str, language: Language) -> Tile:
    stands = standing_among_all(release, outcome)
    sentence = counterfactual.said(release, outcome, language) or _short_claim(release, outcome, language)
    return Tile(
        kind=words.text(f"front.tile.{kind}", language),
        name=short_name(outcome, language),
        standing=stands,
        verdict=words.text(f"front.verdict.{called(release, outcome, stands)}", language),
        sentence=sentence,
        bar=bar_of(release, outcome, f"tile-{kind}", language),
        anchor=f"question-{question_of(release, outcome)}",
    )


def _short_claim(release: Release, outcome: str, language: Language) -> str:
    """The main number with its interval, or why there is none."""
    found = headline(release, outcome)
    if found is None or found.verdict == "refused" or outcome in release.withheld:
        return claim(release, outcome, language)
    amount, interval = amount_of(found.result, outcome, language), interval_of(found.result, outcome, language)
    kind = "effect" if design_of(release, outcome).may_say_effect else str(design_of(release, outcome).design_class)
    if found.result.estimand == "level":
        return claim(release, outcome, language)
    said = words.text(f"front.short.{kind}", language, amount=amount, interval=interval)
    return f"{said} {_after(release, outcome, language)}".strip() if kind == "D2" else said


def _after(release: Release, outcome: str, language: Language) -> str:
    """The levels of both groups after the start, where a difference between them is all that is known."""
    after = [seen.ends(release, outcome, group)[1] for group in seen.GROUPS]
    if any(one is None or one.value is None for one in after):
        return ""
    first, second = (seen.with_unit(one, language, outcome) for one in after if one is not None)
    names = {group: in_language(getattr(release.study, group).label, language) for group in seen.GROUPS}
    return words.text("front.short.levels", language, first=first, second=second, **names)


def bar_of(release: Release, outcome: str, name: str, language: Language) -> Markup | None:
    """The interval of an outcome as a bar, where its design has an effect and the interval holds chance."""
    found = headline(release, outcome)
    if (
        found is None
        or found.verdict == "refused"
        or outcome in release.withheld
        or not design_of(release, outcome).may_say_effect
    ):
        return None
    result = found.result
    if result.lower is None or result.upper is None or result.inference in WITHOUT_LEVEL:
        return None
    benefit = next(one.benefit for one in release.study.outcomes if one.outcome == outcome)
    unit = "" if result.scale == "ratio" else words.text(f"labels.unit.{CATALOGUE[outcome].unit}", language)
    return interval_bar(
        name, (result.lower, result.estimate, result.upper), scale=result.scale, benefit=benefit, language=language,
        title=short_name(outcome, language), mark=mark(release, language), unit=unit, step=result.step,
    )  # fmt: skip


def _money(release: Release, language: Language) -> Tile | None:
    """What is left a year, where the economy could be computed; else the plan's first outcome of money."""
    main = economy_main(release)
    amount = None if main is None else main.net or main.saving
    if main is None or amount is None or amount.lower is None or amount.upper is None:
        money = [one.outcome for one in release.study.outcomes if CATALOGUE[one.outcome].family == "money"]
        able = [one for one in money if design_of(release, one).may_say_effect]
        return _tile(release, "money", (able or money)[0], language) if money else None
    key = "net" if main.net is not None else "saving"
    told = {
        name: numbers.decimal(value, language, numbers.no_finer(1, amount.step))
        for name, value in (("value", amount.value), ("lower", amount.lower), ("upper", amount.upper))
    }
    clear = "open" if amount.lower <= 0 <= amount.upper else "gain" if amount.lower > 0 else "loss"
    stands: Standing = "conditional"
    return Tile(
        kind=words.text("front.tile.money", language),
        name=words.text(f"front.money.name_{key}", language, year=main.year),
        standing=stands,
        verdict=words.text(f"front.money.{clear}", language),
        sentence=words.text(f"front.money.{key}", language, year=main.year, **told),
        bar=interval_bar(
            "tile-money",
            (amount.lower, amount.value, amount.upper),
            scale="mio_dkk",
            benefit="higher",
            language=language,
            title=words.text(f"front.money.name_{key}", language, year=main.year),
            mark=mark(release, language),
            unit=words.text("labels.unit.mio_dkk", language),
            step=amount.step,
        ),
        anchor="economy",
    )


def _quality(release: Release) -> str | None:
    """The first outcome of the plan that tells of quality, those that stand strongest before the others."""
    wanted = [one.outcome for one in release.study.outcomes if CATALOGUE[one.outcome].quality]
    return min(wanted, key=lambda one: STANDINGS.index(standing(release, one)), default=None)


def finding(release: Release, language: Language) -> str:
    """The title of the first figure: how many of its intervals hold no difference."""
    results = [
        item.result
        for row in rows(release)
        for item in [row.bayes or row.did]
        if item is not None and item.result.lower is not None and item.result.inference not in WITHOUT_LEVEL
    ]
    clear = sum(_is_clear(one.lower, one.upper, one.scale) for one in results)
    if len(results) == 1:
        return words.text(f"front.finding.one{'_clear' if clear else ''}", language)
    key = "none" if not clear else "all" if clear == len(results) else "some"
    return words.text(f"front.finding.{key}", language, clear=clear, total=len(results)) if results else ""


def tally_said(release: Release, language: Language) -> str:
    """How many questions point to an effect, and of the others how many stand how; nothing about a kind of none, and
    nothing of a single question, which the sentence above has answered."""
    counts = tally(release)
    if counts["total"] < 2:
        return ""
    if counts["supported"] == counts["total"] > 0:
        return words.text("front.tally.all", language, total=counts["total"])
    parts = [
        words.text(f"front.tally.{key}", language, count=counts[key])
        for key in ("open", "descriptive", "unanswered")
        if counts[key]
    ]
    if counts["open"] == counts["total"]:
        return f"{words.text('front.tally.all_open', language, count=counts['total'])}."
    key = "some" if counts["supported"] else "none"
    return words.text(f"front.tally.{key}", language, total=counts["total"], supported=counts["supported"],
                      rest=seen.joined(parts, language))  # fmt: skip
