"""The security rating: how much an answer can bear, in dots out of five, by one rule from released values alone.

A chain is as strong as its weakest link. Each link gives a ceiling and the lowest of them is where it starts; a dot is
lost where other explanations were not tried and ruled out, and one where the answer would not stand. What nobody knows
counts as much against it as what is known to be bad. Which way a result goes, and whether there is one, is no part of
it: an answer that is open has not been shown to stand, and loses the same dot as one that falls.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import ndtri

from sverige_did.outcomes import CATALOGUE
from sverige_did.report.doubt.judged import Judged, judged, number, own_checks
from sverige_did.report.headlines import design_of, done, headline, told
from sverige_did.report.seen import first_and_last
from sverige_did.results.estimates import WITHOUT_LEVEL
from sverige_did.results.security import MOST, Security, SecurityStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Estimate
    from sverige_did.results.security import What

UNITS = ((20, 5), (10, 4), (3, 3))
"""Fewest in a group, and the dots that it can bear at most; fewer bear one."""

FOUND = ((0.2, 5), (0.3, 4), (0.5, 3), (1.0, 2))
"""The smallest change, as a share of the level before, that is found in four of five cases, and the dots at most."""

ANSWERED = ((0.9, 5), (0.8, 4), (0.6, 3))
"""The share of those asked who answered, and the dots at most."""

UNKNOWN_DATA, SOME_UNSEEN = 2, 3
NOT_BY_LOT, TWO_TOTALS, BLIND = 4, 2, 3
TRIED = ("placebos", "selection")
LEAST = 1
"""What a comparison before and after keeps; and what is known of nothing."""

OFTEN = 0.8
"""How often a change of the size that is told would be found."""

DRIFT = ("pretrends", "placebo_dates", "pretest_power")
"""The checks that look for drift before the start, whatever the result."""


def ratings(release: Release) -> tuple[Security, ...]:
    """The rating of every outcome of the plan that asks for an effect, in the plan's order."""
    return tuple(
        one for wanted in release.study.outcomes if (one := security(release, wanted.outcome)) is not None
    )  # fmt: skip


def security(release: Release, outcome: str) -> Security | None:
    """The rating of an outcome; None where it says what was done, which nobody doubts as an effect."""
    if done(release, outcome):
        return None
    nothing = _nothing(release, outcome)
    if nothing:
        return Security(outcome=outcome, dots=0, steps=(_ceiling("design", nothing, 0),))
    steps = tuple(_steps(release, outcome))
    start = min(one.ceiling for one in steps if one.ceiling is not None)
    dots = max(start - sum(one.loses for one in steps), min(start, LEAST))
    return Security(outcome=outcome, dots=dots, steps=steps)


def _ceiling(what: What, key: str, dots: int, **numbers: float) -> SecurityStep:
    return SecurityStep(what=what, key=key, ceiling=dots, numbers=numbers)


def _nothing(release: Release, outcome: str) -> str:
    """Why no change can be held against anybody's, or none may be told; empty where one can."""
    design = design_of(release, outcome)
    if outcome in release.contradicted:
        return "contradicted"
    if outcome in release.withheld:
        return "withheld"
    if design.design_class is None:
        return "no_data"
    if not design.may_say_effect:
        return f"{design.design_class}"
    main = headline(release, outcome)
    if main is None or main.result.estimand == "level":
        return "not_computed"
    return "refused" if main.verdict == "refused" else ""


def _steps(release: Release, outcome: str) -> Iterator[SecurityStep]:
    found = judged(release, outcome)
    yield _design(release, outcome)
    if design_of(release, outcome).design_class in {"D1", "D5"}:
        yield _units(release, outcome)
    yield _before(release, found)
    yield _found(release, outcome)
    yield _data(release, outcome)
    if _barred(release, outcome):
        yield _ceiling("barred", "too_often", LEAST)
    yield from _explanations(found)
    yield from _stands(found)


def _by_lot(release: Release) -> bool:
    """Whether the sets that the lot chose among stand in the plan: a word alone can be said afterwards."""
    return getattr(release.study, "lottery", None) is not None


def _design(release: Release, outcome: str) -> SecurityStep:
    if design_of(release, outcome).design_class == "D1g":
        return _ceiling("design", "two_totals", TWO_TOTALS)
    if _by_lot(release):
        return _ceiling("design", "lot", MOST)
    said = getattr(release.study, "chosen", "unknown") == "random"
    return _ceiling("design", "said_by_lot" if said else "not_by_lot", NOT_BY_LOT)


def _units(release: Release, outcome: str) -> SecurityStep:
    support = design_of(release, outcome).support
    fewest = min(support.treated_units, support.control_units)
    dots = next((dots for least, dots in UNITS if fewest >= least), LEAST)
    return _ceiling("units", "fewest", dots, treated=support.treated_units, control=support.control_units)


def _before(release: Release, found: Sequence[Judged]) -> SecurityStep:
    """What a look at the periods before says. Where the lot chose, groups are alike but for chance, and a look that
    finds something, or that nobody could take, weighs less."""
    looked = {one.check.check: one.status for one in found if one.check.check in DRIFT and one.check.status == "ran"}
    worst = BLIND if _by_lot(release) else LEAST
    if "fail" in looked.values():
        seen = "fail" in {looked.get("pretrends"), looked.get("placebo_dates")}
        return _ceiling("before", "drift" if seen else "likelier", worst)
    if set(DRIFT) != looked.keys():
        return _ceiling("before", "not_looked", worst)
    powers = [number(one.check, "power") for one in found if one.check.check in {"pretrends", "pretest_power"}]
    known = [power for power in powers if power is not None]
    if set(looked.values()) != {"pass"}:
        return _ceiling("before", "blind", BLIND, power=min(known, default=0.0))
    return _ceiling("before", "nothing", MOST)


def _found(release: Release, outcome: str) -> SecurityStep:
    """How small a change is found in four of five cases: simulated, by the interval, or by the check of two totals."""
    record = next((one for one in release.methods_tables if one.outcome == outcome), None)
    own = [one for one in record.size.smallest if one.more == "own"] if record and record.size else []
    if own and own[0].change is None:
        return _ceiling("found", "never", LEAST)
    totals = design_of(release, outcome).design_class == "D1g"
    about = _of_totals(release, outcome) if totals else _by_interval(release, outcome)
    change = abs(own[0].change or 0.0) if own else about
    if change is None:
        return _ceiling("found", "unknown", LEAST)
    dots = next((dots for most, dots in FOUND if change <= most + 1e-9), LEAST)
    if dots == LEAST:
        return _ceiling("found", "more_than_all", dots)
    percent = round(100 * change)
    if own and record and record.size and record.size.shape:
        return _ceiling("found", "change_shape", dots, percent=percent, shape=round(100 * record.size.shape))
    return _ceiling("found", "change" if own else "totals" if totals else "about", dots, percent=percent)


def _of_totals(release: Release, outcome: str) -> float | None:
    """What two totals can find where districts swing by the most that the plan tries."""
    found = next((one for one in own_checks(release, outcome) if one.check == "needed"), None)
    share, reached = (None, None) if found is None else (number(found, "share"), number(found, "reached_high"))
    return None if not share or reached is None else abs(share - reached) / share


def _by_interval(release: Release, outcome: str) -> float | None:
    """The fall that is found, from the width of the interval and as a share of the level of the treated before."""
    main = headline(release, outcome)
    half = None if main is None else _smallest(told(main))
    if main is None or half is None:
        return None
    if main.result.scale == "ratio":
        return 1 - math.exp(-half)
    before, _ = first_and_last(release, outcome, "treated")
    if before is None or not before.value or main.result.scale not in {"pp", "rate_per_1000"}:
        return None
    return half / before.value


def _smallest(one: Estimate) -> float | None:
    """The effect found in four of five cases, (z_level + z_.8) / z_level half widths of the interval; of a ratio in
    logarithms. None of limits that hold no chance."""
    if one.lower is None or one.upper is None or not one.level or one.inference in WITHOUT_LEVEL:
        return None
    z = float(ndtri((1 + one.level) / 2))
    times = (z + float(ndtri(OFTEN))) / z / 2
    if one.scale == "ratio":
        return None if one.lower <= 0 or math.isinf(one.upper) else times * math.log(one.upper / one.lower)
    width = one.upper - one.lower
    return None if math.isinf(width) else times * width


def _data(release: Release, outcome: str) -> SecurityStep:
    """Whether every district was seen in every period; of questionnaires also how many answered."""
    if design_of(release, outcome).support.numbers_lost:
        return _ceiling("data", "lost", UNKNOWN_DATA)
    covered = [one for one in release.coverage if one.outcome == outcome]
    if {one.group for one in covered} != {"treated", "control"}:
        return _ceiling("data", "unknown", UNKNOWN_DATA)
    if any(set(one.units_seen) != {one.units} for one in covered):
        return _ceiling("data", "some_unseen", SOME_UNSEEN)
    if CATALOGUE[outcome].family != "score":
        return _ceiling("data", "whole", MOST)
    share = _answered(release, outcome)
    if share is None:
        return _ceiling("data", "answers_unknown", UNKNOWN_DATA)
    dots = next((dots for least, dots in ANSWERED if share >= least), UNKNOWN_DATA)
    return _ceiling("data", "answered", dots, percent=round(100 * share))


def _answered(release: Release, outcome: str) -> float | None:
    """The share of the questionnaires that were answered, of those records that say it."""
    told_of = (one.non_response for one in release.posteriors if one.outcome == outcome and one.non_response)
    for one in told_of:
        if one.answered is not None and one.unanswered is not None and one.answered + one.unanswered:
            return one.answered / (one.answered + one.unanswered)
    return None


def _barred(release: Release, outcome: str) -> bool:
    return any(one.outcome == outcome and one.size is not None and one.size.barred for one in release.methods_tables)


def _explanations(found: Sequence[Judged]) -> Iterator[SecurityStep]:
    """A dot is lost unless placebos and selection were each tried, and nothing that was tried says otherwise."""
    mine = [one for one in found if one.kind in {"placebos", "selection", "data"}]
    failed, unknown = (sum(one.status == status for one in mine) for status in ("fail", "unknown"))
    untried = [kind for kind in TRIED if not any(one.kind == kind and one.status == "pass" for one in mine)]
    if failed and unknown:
        yield SecurityStep(what="explanations", key="both", loses=1, numbers={"failed": failed, "unknown": unknown})
    elif failed:
        yield SecurityStep(what="explanations", key="failed", loses=1, numbers={"failed": failed})
    elif unknown:
        yield SecurityStep(what="explanations", key="unknown", loses=1, numbers={"unknown": unknown})
    elif untried:
        yield SecurityStep(what="explanations", key=f"untried_{'_'.join(untried)}", loses=1)


def _stands(found: Sequence[Judged]) -> Iterator[SecurityStep]:
    """A dot is lost unless every check of trends and of chance that ran lets the answer stand."""
    mine = [one.status for one in found if one.kind in {"trends", "inference"}]
    if "fail" in mine:
        yield SecurityStep(what="stands", key="failed", loses=1, numbers={"failed": mine.count("fail")})
    elif "open" in mine:
        yield SecurityStep(what="stands", key="open", loses=1)
    elif "unknown" in mine or "pass" not in mine:
        yield SecurityStep(what="stands", key="unknown", loses=1, numbers={"unknown": mine.count("unknown")})
