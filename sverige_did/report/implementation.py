"""The section on what was done: caseload and follow-ups as facts by group and period, their targets, and no verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sverige_did import words
from sverige_did.outcomes import CATALOGUE, is_what_was_done
from sverige_did.periods import period_days, period_number
from sverige_did.report import numbers, svg
from sverige_did.report.claims import claim
from sverige_did.report.district_inference import said
from sverige_did.report.labels import caption, hidden, in_language, short_name
from sverige_did.report.sections import REPORTED_COLUMNS, reported_row
from sverige_did.report.tables import FigureView, Table, heads, painted
from sverige_did.study.study import PanelStudy
from sverige_did.windows import windows_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sverige_did.disclosure.release import Release, ReleasedLevel
    from sverige_did.results.published import Reported
    from sverige_did.words import Language

HEIGHT = 260.0
RANGE = 0.35
"""How dense the bar of a hidden level's range is."""

GROUPS = ("treated", "control")
HALF_YEAR = 6.0
"""Months: follow-ups are counted per case and half-year."""


def what_was_done(release: Release) -> tuple[str, ...]:
    """The outcomes of the plan that say what was done."""
    return tuple(one.outcome for one in release.study.outcomes if is_what_was_done(one.outcome, one.role))


def targets(release: Release, outcome: str) -> tuple[tuple[float, str], ...]:
    """What the plan holds it against, each with its source: of follow-ups the rule that the plan names."""
    study = release.study
    rule = study.registers.follow_up if isinstance(study, PanelStudy) and study.registers else None
    if outcome != "follow_ups" or rule is None or rule.then_months is None:
        return ()
    return ((HALF_YEAR / rule.then_months, rule.source),)


def done_figure(release: Release, outcome: str, language: Language) -> FigureView | None:
    """Both groups period by period, with the start and the target; a gap where a number is hidden. None without any."""
    levels = [one for one in release.levels if one.outcome == outcome]
    if not any(one.level is not None for one in levels):
        return None
    periods = sorted({one.period for one in levels}, key=period_number)
    value: dict[tuple[str, str], ReleasedLevel] = {(one.group, one.period): one for one in levels}
    shown = caption(release, "implementation.figure", language, outcome=short_name(outcome, language))

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.12, 0.22, 0.84, 0.64))
        for group, colour in zip(GROUPS, (svg.ACCENT, svg.MUTED), strict=True):
            found = (value.get((group, period)) for period in periods)
            line = [np.nan if one is None or one.level is None else one.level for one in found]
            axes.plot([period_number(period) for period in periods], line, "o-", color=colour, markersize=4,
                      label=words.text(f"labels.group.{group}", language))  # fmt: skip
            ranged = [one for one in levels if one.group == group and one.high is not None]
            if ranged:
                low, high = ([getattr(one, end) for one in ranged] for end in ("low", "high"))
                axes.vlines([period_number(one.period) for one in ranged], low, high, color=colour, linewidth=5,
                            alpha=RANGE, label=words.text("implementation.hidden_range", language))  # fmt: skip
        for target, _ in targets(release, outcome):
            axes.axhline(target, color=svg.WARNING, linewidth=1.2, linestyle="--",
                         label=words.text("implementation.target", language))  # fmt: skip
        start = release.study.periods.treatment_start
        axes.axvline(start.year + (start.timetuple().tm_yday - 1) / 365.25, color=svg.INK, linewidth=1, linestyle=":",
                     label=words.text("implementation.start", language))  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=svg.RULE, linewidth=0.5)
        axes.xaxis.set_major_formatter(lambda place, _: f"{place:.0f}" if place == round(place) else "")
        axes.yaxis.set_major_formatter(lambda place, _: numbers.significant(place, language))
        axes.locator_params(axis="y", nbins=5)
        figure.legend(loc="lower center", ncols=4, frameon=False, fontsize=10)

    rows = tuple((period, *(_level(value.get((group, period)), language) for group in GROUPS)) for period in periods)
    columns = heads(("period", *GROUPS), language, "methods_table.column")
    table = Table(shown, columns, rows, frozenset({1, 2}))
    return painted(release, f"done-{outcome}", HEIGHT, paint, table, language)


def _level(one: ReleasedLevel | None, language: Language) -> str:
    if one is None:
        return "–"
    return hidden(one.low, one.high, language) if one.level is None else numbers.decimal(one.level, language, 2)


def done_said(release: Release, outcome: str, language: Language) -> tuple[str, ...]:
    """The change in both groups, and what it is held against."""
    found = [one for one in (_change(release, outcome, language),) if one]
    lines = targets(release, outcome)
    unit = words.text(f"labels.unit.{CATALOGUE[outcome].unit}", language)
    for target, source in lines:
        value = numbers.significant(target, language)
        found.append(words.text("implementation.target_line", language, value=value, unit=unit, source=source))
    printed = any(fact.measure == "target" for fact in _facts(release, outcome))
    planned = [in_language(one.label, language) for one in release.study.targets if one.outcome == outcome]
    if planned:
        found.append(words.text("implementation.plan_targets", language, targets="; ".join(planned)))
    if not lines and not printed and not planned:
        found.append(words.text("implementation.no_target", language))
    return tuple(found)


def _facts(release: Release, outcome: str) -> tuple[Reported, ...]:
    """The printed figures about one outcome and what was to be done of it: goals and law stand under its name too."""
    stem = outcome.removesuffix("s")
    return tuple(fact for fact in release.reported if stem in fact.outcome and fact.group in {*GROUPS, "whole"})


def done_briefly(release: Release, outcome: str, language: Language) -> str:
    """What is known of one thing that was done: the findings that are printed of it, with no verdict, or where a group
    has none, those that are worked out; of anything but printed figures the sentence that its design allows."""
    known = [one for one in _facts(release, outcome) if one.outcome == outcome and one.measure != "target"]
    printed = {one.group for one in known if one.provenance not in {"derived", "inferred"}}
    facts = [one for one in known if one.provenance not in {"derived", "inferred"} or one.group not in printed]
    if release.policy != "published" or not facts:
        return claim(release, outcome, language)
    return " ".join(
        words.text(
            "implementation.fact", language,
            finding=(fact.finding_da if language == "da" else fact.finding_en).removesuffix("."),
            provenance=words.text(f"labels.provenance.{fact.provenance}", language),
        )
        for fact in facts
    )  # fmt: skip


def done_reported(release: Release, outcome: str, language: Language) -> Table | None:
    """What was printed of one outcome; None where nothing was."""
    rows = tuple(reported_row(release, fact, language) for fact in _facts(release, outcome))
    title = caption(release, "reported", language, outcome=short_name(outcome, language))
    return Table(title, heads(REPORTED_COLUMNS, language), rows, frozenset({1})) if rows else None


def _change(release: Release, outcome: str, language: Language) -> str:
    """The mean of the periods' levels before and after, where all four are shown."""
    study = release.study
    means: dict[str, str] = {}
    for group in GROUPS:
        mine = [one for one in release.levels if (one.outcome, one.group) == (outcome, group)]
        spans = [period_days(one.period) for one in mine]
        inside = windows_of(
            np.array([one.start for one in spans], "M8[D]"),
            np.array([one.end for one in spans], "M8[D]"),
            study.periods,
        )
        for moment, chosen in (("before", inside.before), ("after", inside.after)):
            levels = [one.level for one, here in zip(mine, chosen, strict=True) if here]
            kept = [level for level in levels if level is not None]
            if not kept or len(kept) != len(levels):
                return ""
            means[f"{group}_{moment}"] = numbers.decimal(sum(kept) / len(kept), language, 2)
    unit = words.text(f"labels.unit.{CATALOGUE[outcome].unit}", language)
    names = {group: in_language(getattr(study, group).label, language) for group in GROUPS}
    return words.text("implementation.change", language, unit=unit, **names, **means)


def _two_figures(slope: float) -> int:
    """Slopes are released in two significant figures: as many decimals, two at most."""
    return min(max(1 - math.floor(math.log10(abs(slope))), 0), 2) if slope else 2


def doses_said(release: Release, language: Language) -> tuple[str, ...]:
    """Whether districts changed more where more was done, a sentence for each; none where nobody looked."""
    if release.policy == "published":
        return (words.text("implementation.dose.published", language),) if what_was_done(release) else ()
    if not release.doses:
        return ()
    outcome = words.text(f"outcomes.{release.doses[0].outcome}.phrase", language)
    found = [words.text("implementation.dose.lead", language, outcome=outcome)]
    for one in release.doses:
        dose = short_name(one.dose, language)
        if one.slope is None or one.p is None:
            if one.among == "all":
                why = "" if one.why is None else said(one.why, language)
                found.append(words.text("implementation.dose.none", language, dose=dose, why=why))
            continue
        unit = words.text(f"labels.unit.{CATALOGUE[one.outcome].unit}", language)
        filled = {"dose": dose, "districts": one.districts, "unit": unit, "p": numbers.p_value(one.p, language),
                  "slope": numbers.signed(one.slope, language, _two_figures(one.slope))}  # fmt: skip
        found.append(words.text(f"implementation.dose.{one.among}", language, **filled))
    return tuple(found)
