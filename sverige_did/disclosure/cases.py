"""Disclosure control of a study of cases: few cases, few caseworkers and single dates stay inside.

Three rules beside those of small_counts.py. A municipality with few cases or few measures in an arm is withheld, and
then a second one, for the mean of all would give it away. A curve of a small group shows the day of every event: it
leaves as points at whole weeks with at least as many events between them as the threshold, and ends where fewer cases
than that are left. A share of answers leaves only where as many agree, and as many do not, as the threshold. Numbers
of people are rounded to a multiple of the threshold and everything else to steps, so that two releases that differ by
one case mostly say the same; no hash of the registers leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.disclosure.diagnostics import coarse_diagnostics
from sverige_did.disclosure.release import COMPUTED_WITH
from sverige_did.disclosure.rounding import nice_above, p_to_step, share_to_step, to_figures, to_step
from sverige_did.disclosure.small_counts import hidden_parts, is_small
from sverige_did.errors import InputError, Problem
from sverige_did.results.cases import (
    ALL,
    PRIMARY,
    CaseCurve,
    CaseDays,
    CaseEstimates,
    CaseGroup,
    CasePosterior,
    OtherPrior,
    PosteriorRatio,
    SurveyAnswers,
    SurveyGroup,
)
from sverige_did.results.estimates import CheckResult, Finding, Frozen, Remark
from sverige_did.study.cases import CaseStudy

if TYPE_CHECKING:
    from sverige_did.results.cases import Arm

ARMS: tuple[Arm, ...] = ("before", "during")
OF_ONE_PLACE = frozenset({"leave_one_municipality_out"})
"""Checks that tell of single municipalities together with the mean of all."""


class CaseRelease(Frozen):
    """All that a page may tell of a study of cases.

    ``withheld`` are the municipalities about whose cases nothing leaves by themselves, and ``silent`` those about whose
    answers nothing does; ``remarks`` say why anything else is missing.
    """

    study: CaseStudy
    plan_sha256: str
    data_sha256: str
    synthetic: bool
    versions: dict[str, str]
    findings: tuple[Finding, ...]
    groups: tuple[CaseGroup, ...]
    days: tuple[CaseDays, ...]
    curves: tuple[CaseCurve, ...]
    checks: tuple[CheckResult, ...]
    posteriors: tuple[CasePosterior, ...]
    survey: tuple[SurveyGroup, ...]
    withheld: tuple[str, ...]
    silent: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()


def release_cases(
    study: CaseStudy, estimates: CaseEstimates, posteriors: Iterable[CasePosterior], answers: SurveyAnswers
) -> CaseRelease:
    """What may leave under the plan's threshold. Raises InputError when anything was made from another plan."""
    posteriors = tuple(posteriors)
    if {estimates.plan_sha256, answers.plan_sha256, *(one.plan_sha256 for one in posteriors)} != {study.sha256}:
        raise InputError(Problem("other_plan"))
    t = study.hidden_below
    withheld = withheld_places(study, estimates)
    silent = silent_places(study, answers)
    shut = {"waits": frozenset(withheld), "survey": frozenset(silent)}
    enough = {"waits": estimates.fewest[PRIMARY] >= t, "survey": not _few_answered(answers, t)}
    return CaseRelease(
        study=study,
        plan_sha256=study.sha256,
        data_sha256="",
        synthetic=study.synthetic,
        versions={name: version(name) for name in COMPUTED_WITH},
        findings=tuple(_findings(estimates, withheld, t)),
        groups=tuple(rounded_group(one, t) for one in released_groups(estimates.groups, withheld, t)),
        days=tuple(_days(estimates, study, withheld, t)),
        curves=tuple(coarse(curve, t) for curve in estimates.curves if curve.municipality not in withheld),
        checks=tuple(_check(check, bool(withheld), t) for check in estimates.checks),
        posteriors=tuple(
            coarse_case_posterior(one, shut[one.model]) if enough[one.model] else _held_back(one) for one in posteriors
        ),
        survey=tuple(rounded_answers(one, t) for one in _survey(answers.groups, silent, t)),
        withheld=tuple(sorted(withheld)),
        silent=tuple(sorted(silent)),
        remarks=estimates.remarks,
    )


def rounded_group(one: CaseGroup, t: int) -> CaseGroup:
    """The numbers that are shown as multiples of the threshold."""
    names = ("cases", "measures", "exits", "waiting", "others")
    return one.model_copy(
        update={name: int(to_step(value, t)) for name in names if (value := getattr(one, name)) is not None}
    )


def rounded_answers(one: SurveyGroup, t: int) -> SurveyGroup:
    """Respondents as multiples of the threshold, shares in steps of about half of what so many of them are."""
    if one.respondents is None:
        return one
    step = nice_above(t / max(one.respondents, t) / 2)
    shares = {
        name: min(to_step(value, step), 1.0)
        for name in ("agree", "lowest", "highest") if (value := getattr(one, name)) is not None
    }  # fmt: skip
    return one.model_copy(update=shares | {"respondents": int(to_step(one.respondents, t))})


def coarse_case_posterior(one: CasePosterior, shut: frozenset[str]) -> CasePosterior:
    """Ratios in two figures and probabilities in whole per cent, without those of municipalities that are shut out."""
    update: dict[str, object] = {
        "ratios": tuple(_coarse_ratio(each) for each in one.ratios if each.municipality not in shut),
        "other_priors": tuple(
            _coarse_ratio(each).model_copy(update={"pareto_k": to_figures(each.pareto_k)}) for each in one.other_priors
        ),
        "diagnostics": None if one.diagnostics is None else coarse_diagnostics(one.diagnostics),
    }
    for name in ("spread_prior", "spread"):
        value = getattr(one, name)
        update[name] = None if value is None else to_figures(value)
    if one.bias is not None:
        update["bias"] = one.bias.model_copy(update={"y": tuple(round(y, 2) for y in one.bias.y)})
    return one.model_copy(update=update)


def _coarse_ratio[Ratio: (PosteriorRatio, OtherPrior)](one: Ratio) -> Ratio:
    numbers = {name: to_figures(getattr(one, name)) for name in ("median", "lower", "upper")}
    return one.model_copy(update=numbers | {"prob_above": round(one.prob_above, 2)})


def shut_out(counts: Mapping[str, int], small: Iterable[str]) -> frozenset[str]:
    """The municipalities withheld: the small ones, and of the others the smallest where only one is small."""
    few = set(small)
    rest = sorted(counts.keys() - few, key=lambda key: (counts[key], key))
    return frozenset(few | set(rest[:1])) if len(few) == 1 else frozenset(few)


def withheld_places(study: CaseStudy, estimates: CaseEstimates) -> frozenset[str]:
    """The municipalities with few cases in an arm, or with few measures in one within any horizon.

    A municipality without cases in an arm is about nobody: it has no estimate, and nothing to withhold for that.
    """
    t = study.hidden_below
    cases = {one.key: 0 for one in study.municipalities}
    small = set()
    for group in estimates.groups:
        cases[group.municipality] += group.cases or 0
        if is_small(group.cases or 0, t):
            small.add(group.municipality)
    small |= {days.municipality for days in estimates.days if is_small(days.measures or 0, t)}
    return shut_out({key: n for key, n in cases.items() if n}, small)


def silent_places(study: CaseStudy, answers: SurveyAnswers) -> frozenset[str]:
    """The municipalities with few respondents, but some, to a statement in a wave."""
    t = study.hidden_below
    most = {one.key: 0 for one in study.municipalities}
    small = set()
    for group in answers.groups:
        if group.municipality != ALL:
            most[group.municipality] = max(most[group.municipality], group.respondents or 0)
            if is_small(group.respondents or 0, t):
                small.add(group.municipality)
    return shut_out({key: n for key, n in most.items() if n}, small)


def _few_answered(answers: SurveyAnswers, t: int) -> bool:
    """Whether all municipalities together had few respondents to a statement in a wave."""
    return any(one.municipality == ALL and is_small(one.respondents or 0, t) for one in answers.groups)


def _held_back(one: CasePosterior) -> CasePosterior:
    """A posterior of few cases or answers: only that it is held back, for its middle tells what they were."""
    few = Remark(key="cases.posterior.few")
    return CasePosterior(model=one.model, plan_sha256=one.plan_sha256, remarks=one.remarks or (few,))


def _findings(estimates: CaseEstimates, withheld: frozenset[str], t: int) -> Iterator[Finding]:
    """Of other outcomes than the headline only the mean of all municipalities, where enough cases are behind it."""
    for one in estimates.findings:
        enough = estimates.fewest[one.outcome] >= t
        if enough and (one.reading == ALL or (one.outcome == PRIMARY and one.reading not in withheld)):
            yield one.model_copy(update={"result": one.result.model_copy(update=_rounded(one))})


def _rounded(one: Finding) -> dict[str, float]:
    """Days to one decimal, for more would be the sum of the days of a few cases to the hour; else three figures."""
    values = {name: getattr(one.result, name) for name in ("estimate", "std_error", "lower", "upper")}
    p = {name: getattr(one.result, name) for name in ("p_value", "p_adjusted")}
    days = one.result.scale == "days"
    return {
        name: round(value, 1) + 0.0 if days else to_figures(value, 3)
        for name, value in values.items() if value is not None
    } | {name: p_to_step(value) for name, value in p.items() if value is not None}  # fmt: skip


def released_groups(groups: tuple[CaseGroup, ...], withheld: frozenset[str], t: int) -> Iterator[CaseGroup]:
    """Numbers of cases and of measures by municipality, and of all ways that waits ended for all together."""
    for arm in ARMS:
        here = [one for one in groups if one.arm == arm]
        cases, measures = (np.array([getattr(one, name) for one in here]) for name in ("cases", "measures"))
        no_cases = hidden_parts(cases, cases.sum() - cases, t) | [one.municipality in withheld for one in here]
        no_measures = no_cases | hidden_parts(measures, np.minimum(measures.sum() - measures, cases - measures), t)
        for one, few, fewer in zip(here, no_cases, no_measures, strict=True):
            yield one.model_copy(
                update={"exits": None, "waiting": None, "others": None}
                | ({"cases": None} if few else {})
                | ({"measures": None} if fewer else {})
            )
        yield _all_groups(here, arm, t)


def _all_groups(here: list[CaseGroup], arm: Arm, t: int) -> CaseGroup:
    sums = {name: sum(getattr(one, name) or 0 for one in here) for name in ("cases", "measures", "exits", "waiting")}
    ends = np.array([sums[name] for name in ("measures", "exits", "waiting")])
    shut = hidden_parts(ends, sums["cases"] - ends, t)
    others = sum(one.others or 0 for one in here)
    shown = {
        name: None if out else sums[name] for name, out in zip(("measures", "exits", "waiting"), shut, strict=True)
    }
    return CaseGroup(
        municipality=ALL,
        arm=arm,
        cases=None if is_small(sums["cases"], t) else sums["cases"],
        others=None if is_small(others, t) else others,
        **shown,
    )


def _days(estimates: CaseEstimates, study: CaseStudy, withheld: frozenset[str], t: int) -> Iterator[CaseDays]:
    """Days with a measure by municipality, in whole days; what the others days are spent on only for all together."""
    for arm in ARMS:
        sums = [one for one in estimates.groups if one.arm == arm]
        few = any(is_small(sum(getattr(one, name) or 0 for one in sums), t) for name in ("exits", "waiting"))
        for horizon in study.horizons:
            here = [one for one in estimates.days if (one.arm, one.horizon) == (arm, horizon)]
            for one in here:
                if one.municipality not in withheld:
                    yield CaseDays(municipality=one.municipality, arm=arm, horizon=horizon, waiting=None,
                                   after_exit=None, with_measure=_whole([one.with_measure]))  # fmt: skip
            if here and sum(one.measures or 0 for one in here) >= t:
                yield CaseDays(
                    municipality=ALL,
                    arm=arm,
                    horizon=horizon,
                    waiting=None if few else _whole([one.waiting for one in here]),
                    after_exit=None if few else _whole([one.after_exit for one in here]),
                    with_measure=_whole([one.with_measure for one in here]),
                )


def _whole(values: list[float | None]) -> float:
    return float(round(np.mean([value or 0.0 for value in values])))


def coarse(curve: CaseCurve, t: int) -> CaseCurve:
    """The curve as points with at least ``t`` events since the point before and ``t`` cases left, in whole per cent.

    Where the last steps before the horizon hold too few events, the last point with enough stands for the end only if
    nothing happened after it; otherwise the curve ends there and says so.
    """
    points, waiting = [(0, 0.0)], 0
    ends = False
    for day, share, events, left in zip(curve.days, curve.share, curve.events, curve.left, strict=True):
        waiting += events
        if waiting and left < t:
            ends = True
            break
        if waiting >= t:
            points.append((day, share))
            waiting = 0
    last = curve.days[-1]
    if not ends and waiting == 0 and points[-1][0] != last:
        points.append((last, curve.share[-1]))
    return CaseCurve(
        municipality=curve.municipality,
        arm=curve.arm,
        days=tuple(day for day, _ in points),
        share=tuple(round(share, 2) for _, share in points),
        ends=ends or waiting > 0,
    )


COUNTS = "cases_"
"""How the numbers of a check begin that count cases."""

PROBABILITIES = "sure_"
"""How those begin that are probabilities, as the curves of checks are."""


def _check(check: CheckResult, shut: bool, t: int) -> CheckResult:
    """A check that rests on few cases says so; the number of those left out of one is hidden where it is small."""
    few = CheckResult(check=check.check, outcome=check.outcome, status="could_not_run", key="few")
    if check.status == "could_not_run":
        return check
    if check.check in OF_ONE_PLACE and shut:
        return few
    counts = {name: value for name, value in check.numbers.items() if name.startswith(COUNTS)}
    if any(is_small(value or 0, t) for name, value in counts.items() if not name.startswith("cases_left")):
        return few
    hidden: dict[str, float | None] = {name: None for name, value in counts.items() if is_small(value or 0, t)}
    shown = {
        name: to_step(value, t) if name in counts else _check_number(check, name, value)
        for name, value in check.numbers.items() if value is not None and name not in hidden
    }  # fmt: skip
    curves = tuple(one.model_copy(update={"y": tuple(share_to_step(y) for y in one.y)}) for one in check.curves)
    return check.model_copy(update={"numbers": check.numbers | shown | hidden, "curves": curves})


def _check_number(check: CheckResult, name: str, value: float) -> float:
    """Days to one decimal, probabilities in whole per cent, other numbers in three figures."""
    if check.scale == "days":
        return round(value, 1) + 0.0
    return share_to_step(value) if name.startswith(PROBABILITIES) else to_figures(value, 3)


def _survey(groups: tuple[SurveyGroup, ...], silent: frozenset[str], t: int) -> Iterator[SurveyGroup]:
    """Shares of answers where enough agree and enough do not, and numbers of respondents where they are enough."""
    blank = {"agreeing": None, "agree": None, "lowest": None, "highest": None}
    for item, wave in dict.fromkeys((one.item, one.wave) for one in groups):
        here = [one for one in groups if (one.item, one.wave) == (item, wave)]
        parts = [one for one in here if one.municipality != ALL]
        agreeing, respondents = (
            np.array([getattr(one, name) for one in parts]) for name in ("agreeing", "respondents")
        )
        rest = respondents - agreeing
        one_sided = (respondents > 0) & ((agreeing < t) | (rest < t))
        shut = one_sided | hidden_parts(agreeing, np.minimum(agreeing.sum() - agreeing, rest), t)
        if shut.sum() == 1 and len(parts) > 1:
            open_ones = np.flatnonzero(~shut)
            shut[open_ones[np.argmin(respondents[open_ones])]] = True
        for one, out in zip(parts, shut, strict=True):
            quiet = one.municipality in silent or is_small(one.respondents or 0, t)
            update = blank if out or quiet else {"agreeing": None}
            yield one.model_copy(update=update | ({"respondents": None} if quiet else {}))
        for one in here:
            if one.municipality == ALL:
                sides = int(agreeing.sum()), int(rest.sum())
                update = blank if min(sides) < t else {"agreeing": None}
                few = is_small(one.respondents or 0, t)
                yield one.model_copy(update=update | ({"respondents": None} if few else {}))
