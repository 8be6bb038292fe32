"""How each check is read: which kind of doubt it is of, and whether the answer stands, falls, or nobody can tell.

The sentence of a check is its own; here stands only what follows from it. A check whose sentence is not here is a
fault, so that a new one cannot pass unread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from scipy import special

from sverige_did.report.claims import NULL
from sverige_did.report.headlines import ALL_READINGS, design_of, headline, reading_of, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import CheckResult

Status = Literal["pass", "fail", "open", "unknown", "told"]
"""pass: the doubt was put to the test and the answer stands · fail: it does not · open: the interval includes no
difference before any doubt, so that there is nothing to lose · unknown: it could not be run, or could not have seen
what it looks for · told: a number without a yes or no."""

Kind = Literal["trends", "placebos", "selection", "inference", "data"]
Read = Callable[["Release", "CheckResult"], Status]
KINDS: tuple[Kind, ...] = get_args(Kind)

SEEN_OFTEN = 80.0
"""Per cent: a look that would see what it looks for less often than that has not shown that it is not there."""

SURE = 0.95
"""How sure the limit is below which a standard deviation of a few districts lies."""

CHANCE = 0.1
"""The share of tries where nothing was done that may come out as supported: twice the level, for tries are few."""

LIKELIER = 3.0
"""A likelihood ratio below it is not worth more than a bare mention (Kass and Raftery 1995, JASA 90:773)."""

OPENS = frozenset({"districts_none", "dates_none"})
"""Sentences of an open answer that say what would close it."""

ALL_OF_IT, HALF_OF_IT, QUARTER = 1.0, 0.5, 25.0


def own_checks(release: Release, outcome: str) -> tuple[CheckResult, ...]:
    """The checks of an outcome in the reading that it is told in, and those that hold in all."""
    own = {reading_of(release, outcome), ALL_READINGS}
    return tuple(one for one in release.checks if one.outcome == outcome and one.reading in own)


@dataclass(frozen=True, slots=True)
class Judged:
    """A check with its kind and what follows from it."""

    check: CheckResult
    kind: Kind
    status: Status


def judged(release: Release, outcome: str) -> tuple[Judged, ...]:
    """The checks of an outcome in the order of the kinds, those that fail first."""
    found = [
        Judged(one, READ[one.check].kind, status_of(release, one)) for one in own_checks(release, outcome)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), get_args(Status).index(one.status))))


def status_of(release: Release, check: CheckResult) -> Status:
    """What follows from a check. Raises KeyError where nobody has said how its sentence is read."""
    read = READ[check.check]
    if check.status == "could_not_run":
        return "unknown"
    said = read.says[check.key]
    return said(release, check) if callable(said) else said


def is_open(release: Release, outcome: str) -> bool:
    """Whether the interval of an outcome includes no difference before any doubt, or there is none."""
    found = headline(release, outcome)
    if found is None:
        return True
    one = told(found)
    return one.lower is None or one.upper is None or one.lower <= NULL.get(one.scale, 0.0) <= one.upper


def number(check: CheckResult, name: str) -> float | None:
    """A number of a check that exists and is one."""
    value = check.numbers.get(name)
    return None if value is None or math.isnan(value) else value


def largest_swing(release: Release, check: CheckResult) -> float | None:
    """The limit that the true standard deviation of the untreated districts lies below, with :data:`SURE`.

    What was seen of G districts is off by the chi-square of G - 1; None where fewer than two were seen, or what was
    seen is rounded to none.
    """
    seen, df = number(check, "size_seen"), design_of(release, check.outcome).support.control_units - 1
    return None if not seen or df < 1 else seen * math.sqrt(df / float(2 * special.gammaincinv(df / 2, 1 - SURE)))


def assumed_swing(release: Release) -> float | None:
    """Of two totals: what the plan takes 95 of 100 swings of a district to lie below; None where it has no prior."""
    prior = next((one for one in release.study.priors if one.key == "shock_sd"), None)
    return None if prior is None or prior.sd is None else prior.sd * float(special.ndtri((1 + SURE) / 2))


def _beyond(name: str, limit: float, otherwise: Status = "fail") -> Read:
    """Stands where the number reaches a limit; a number that does not exist is not known."""

    def status(_: Release, check: CheckResult) -> Status:
        value = number(check, name)
        return "unknown" if value is None else "pass" if value >= limit else otherwise

    return status


def _swings(release: Release, check: CheckResult) -> Status:
    needed, most = number(check, "size_needed"), largest_swing(release, check)
    if needed is None or most is None:
        return "unknown"
    return "pass" if needed >= most else "fail"


def _swings_of_totals(release: Release, check: CheckResult) -> Status:
    needed, most = number(check, "tipping_shock"), assumed_swing(release)
    if needed is None or most is None:
        return "unknown"
    return "pass" if needed >= most else "fail"


def _shared(_: Release, check: CheckResult) -> Status:
    found = [value for name in ("percent_treated", "percent_control") if (value := number(check, name)) is not None]
    return "unknown" if not found else "pass" if min(found) >= QUARTER else "fail"


def _drift(release: Release, check: CheckResult) -> Status:
    """No drift that is seen is a pass only where one that would be all of the result would have been seen."""
    p, power = number(check, "p"), number(check, "power")
    if p is None:
        return "unknown"
    if p <= 1 - release.study.level:
        return "fail"
    return "unknown" if power is None or power < SEEN_OFTEN else "pass"


def _likelier(_: Release, check: CheckResult) -> Status:
    """What was seen is likelier with drift than without; by so little that it says nothing, or by more."""
    ratio = number(check, "ratio")
    return "fail" if ratio is not None and ratio >= LIKELIER else "unknown"


def _by_itself(_: Release, check: CheckResult) -> Status:
    by_itself, effect = number(check, "effect_by_itself"), number(check, "effect")
    if by_itself is None or not effect:  # an effect that is rounded to none has no share
        return "unknown"
    return "pass" if abs(by_itself) < HALF_OF_IT * abs(effect) else "fail"


def _chosen(_: Release, check: CheckResult) -> Status:
    tried, called = number(check, "tried"), number(check, "called")
    if not tried or called is None:
        return "unknown"
    return "pass" if called <= CHANCE * tried else "fail"


def _differs(name: str | None = None) -> Read:
    """Fails where the other choice would have made another answer. Of an answer that is open anyway a sign that turns
    is none: then the other interval, or the p that ``name`` is, has to leave out no difference."""

    def status(release: Release, check: CheckResult) -> Status:
        if not is_open(release, check.outcome):
            return "fail"
        if name is not None:
            p = number(check, name)
            return "open" if p is None or p > 1 - release.study.level else "fail"
        low, high, null = number(check, "effect_low"), number(check, "effect_high"), NULL.get(str(check.scale), 0.0)
        return "open" if low is None or high is None or low <= null <= high else "fail"

    return status


def _turned(release: Release, check: CheckResult) -> Status:
    """A sign that turns says nothing against an answer that is open anyway."""
    return "open" if is_open(release, check.outcome) else "fail"


def _each(release: Release, check: CheckResult) -> Status:
    """Some districts go the other way by chance; a third of them are too many."""
    turned, districts = number(check, "turned"), number(check, "districts")
    if turned is None or not districts:
        return "unknown"
    if turned < districts / 3:
        return "pass"
    return _turned(release, check)


def _among_areas(release: Release, check: CheckResult) -> Status:
    """Stands where even too much chance seldom does as much; nobody can tell where only too little would seldom."""
    found = [p for name in ("p_fresh", "p_staying") if (p := number(check, name)) is not None]
    alpha = 1 - release.study.level
    if not found or min(found) <= alpha < max(found):
        return "unknown"
    if max(found) <= alpha:
        return "pass"
    return "open" if is_open(release, check.outcome) else "fail"


def _dispersed(_: Release, check: CheckResult) -> Status:
    limit, most = number(check, "phi_limit"), number(check, "phi_high")
    if limit is None or most is None:
        return "unknown"
    return "pass" if limit > most else "fail"


class Entry(NamedTuple):
    """The kind of doubt of a check, and what follows from each of its sentences."""

    kind: Kind
    says: Mapping[str, Status | Read]


TIMES = _beyond("times", ALL_OF_IT)
SEEN = _beyond("power", SEEN_OFTEN, "unknown")
OTHER, SYNTHETIC = _differs(), _differs("p")
CHOICE: dict[str, Status | Read] = {"result": "pass", "result_turns": OTHER}
LEFT: dict[str, Status | Read] = {"steady": "pass", "lost": "fail", "gained": "fail", "turned": _turned}
LEFT_OUT = LEFT | {f"dates_{key}": status for key, status in LEFT.items()}

# fmt: off
# A table: one row a check.
READ: dict[str, Entry] = {
    "pretrends": Entry("trends", {"result": _drift}),
    "relative_magnitudes": Entry("trends", {
        **dict.fromkeys(("result", "result_years", "single"), TIMES),
        **dict.fromkeys(("beyond", "beyond_years"), "pass"), **dict.fromkeys(("none", "none_years"), "open")}),
    "smoothness": Entry("trends", {"result": "told", "none": "open"}),
    "pretest_power": Entry("trends", {"without": SEEN, "with_drift": _likelier}),
    "equivalence": Entry("trends", {
        **dict.fromkeys(("within", "within_years"), "pass"), **dict.fromkeys(("beyond", "beyond_years"), "unknown")}),
    "permuted_magnitudes": Entry("trends", {"result": "open", "stands_out": "pass"}),
    "absolute_violation": Entry("trends", {"result": "unknown", "districts": "unknown", "none": "open"}),
    "placebo_dates": Entry("placebos", {
        **dict.fromkeys(("nothing", "dates_nothing"), "pass"), **dict.fromkeys(("found", "dates_found"), "fail"),
        **dict.fromkeys(("cannot_tell", "dates_cannot_tell"), "unknown")}),
    "placebo_units": Entry("placebos", {"result": "pass", "common": "open"}),
    "placebo_outcome": Entry("placebos", {"moved": "fail", "still": "pass", "cannot_tell": "unknown"}),
    "placebo_groups": Entry("placebos", dict.fromkeys(("result", "compared", "result_two", "compared_two"), "told")),
    "placebo_areas": Entry("placebos", dict.fromkeys(("share", "rate", "share_events", "rate_events"), _among_areas)),
    "placebo_choice": Entry("selection", dict.fromkeys(("level", "rise"), _chosen)),
    "regression_to_mean": Entry("selection", {"districts": _by_itself, "districts_opposite": "pass"}),
    "balance": Entry("selection", {}),
    "spillover": Entry("selection", {"result": "told"}),
    "partial_year": Entry("selection", dict.fromkeys(("result", "with_savings", "start_up"), "told")),
    "other_window": Entry("selection", {
        **dict.fromkeys(("intention", "donut"), "pass"), **dict.fromkeys(("intention_turns", "donut_turns"), OTHER)}),
    "other_residence": Entry("selection", {
        **dict.fromkeys(("result", "held"), "pass"), **dict.fromkeys(("result_turns", "held_turns"), OTHER)}),
    "regression_after_rise": Entry("selection", CHOICE),
    "just_before": Entry("selection", CHOICE),
    "ageing_out": Entry("selection", CHOICE),
    "changed_denominator": Entry("selection", {
        **dict.fromkeys(("steady", "moved"), "pass"), **dict.fromkeys(("steady_turns", "moved_turns"), OTHER)}),
    "tipping_shock": Entry("inference", {
        **dict.fromkeys(("districts", "dates"), _swings), "result": _swings_of_totals,
        **dict.fromkeys(("districts_none", "dates_none", "none"), "open")}),
    "shared_shock": Entry("inference", {
        **dict.fromkeys(("result", "treated", "control"), _shared), "never": "pass", "open": "open"}),
    "leave_one_out": Entry("inference", LEFT_OUT),
    "leave_one_date_out": Entry("inference", LEFT_OUT),
    "single_districts": Entry("inference", {"alike": "pass", "turned": _each}),
    "synthetic_did": Entry("inference", {
        **dict.fromkeys(("result", "dates"), "pass"), **dict.fromkeys(("turns", "dates_turn"), SYNTHETIC)}),
    "other_weights": Entry("inference", {
        **dict.fromkeys(("equal", "children"), "pass"), **dict.fromkeys(("equal_turns", "children_turns"), OTHER)}),
    "scale_discrepancy": Entry("inference", {
        **dict.fromkeys(("agree", "agree_rate"), "pass"), **dict.fromkeys(("disagree", "disagree_rate"), "fail")}),
    "kinds_in_parallel": Entry("inference", {"possible": "told", "unclear": "unknown", "impossible": "fail"}),
    "multiverse": Entry("inference", {"agree": "pass", **dict.fromkeys(("same_sign", "turns"), _turned)}),
    "overdispersion": Entry("inference", {"result": _dispersed, "none": "open"}),
    "shock_curve": Entry("inference", {"result": "told"}),
    "needed": Entry("inference", dict.fromkeys(("share", "share_rise", "points", "hazard"), "told")),
    "overlap": Entry("data", {"always": "pass", "needed": "fail", "never": "open"}),
    "control_group": Entry("data", {"always": "pass", "sometimes": "fail", "never": "open"}),
    "project_end": Entry("data", dict.fromkeys(("excludes", "includes"), "told")),
    "unreported_changes": Entry("data", {"steady": "pass", "turns": "fail"}),
}
