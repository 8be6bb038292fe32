"""Which released findings answer what: the choice of what is shown first, made by rule and never by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from sverige_did.outcomes import is_what_was_done
from sverige_did.results.estimates import EFFECT_CLASSES, DesignClass, Finding, Verdict
from sverige_did.results.methods_tables import PRIMARY_INTERVAL, RELATIVE_SPREAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from sverige_did.disclosure.release import Release
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.results.estimates import Estimate

ALL_READINGS = "all"
ROLES = ("primary", "secondary", "exploratory", "implementation")
"""The roles of outcomes in a plan, the weightiest first."""

Standing = Verdict | Literal["no_data", "implementation"]
STANDINGS: tuple[Standing, ...] = (*get_args(Verdict), "no_data", "implementation")
"""From the strongest to none; a question stands as its strongest outcome does, and the verdict table shows each. What
was done has no verdict and stands last."""

DID = ("poisson_exact", "did_log", "did")
"""The estimators of a ratio difference-in-differences without a prior: sampling intervals before ranges of rounding."""

BAYES = ("bayes", "closed_form")
"""The estimators with a prior: draws, of whatever model, before the normal approximation."""

HEADLINE: tuple[tuple[tuple[str, ...], str], ...] = (
    (BAYES, "ratio"), (DID, "ratio"), (("rate_ratio",), "ratio"), (BAYES, "pp"), (("did_identity", "did"), "pp"),
    (("did_scaled", "did"), "mio_dkk"), (("sign_test", "proportion"), "share"),
    (("before_after",), "ratio"), (("before_after",), "pp"), (("before_after",), "level"),
)  # fmt: skip
"""Estimators and scale reported first for an outcome: what carries most of the uncertainty comes first."""

PARTS_OF_SPENDING = ("lmdi_treated", "lmdi_control", "lmdi_did", "lmdi_ratio_did")
"""Estimators that split a change into parts, in the order in which they are reported."""

NET_BENEFITS = ("benefit_ratio", "benefit_additive", "benefit_raw")
"""Estimators of what was saved and what is left of it, by how the counterfactual was scaled."""

NOT_ABOUT_THE_OUTCOME = frozenset({"break_even", "net_cost", *PARTS_OF_SPENDING, *NET_BENEFITS})
"""Estimators that weigh the outcome against an investment, or split it, and do not say what happened to it."""

OffScale = Literal[
    "contradicted", "no_data", "numbers_lost", "level_lost", "not_estimated", "other_scale", "refused", "withheld"
]


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome of the first figure: findings on the ratio scale, None where there is none.

    ``reading`` is empty where the outcome is reported in the main reading, or in all.
    """

    outcome: str
    reading: str
    design_class: DesignClass
    benefit: Literal["lower", "higher", "none"]
    raw: Finding | None
    did: Finding | None
    bayes: Finding | None
    level: Finding | None


def design_of(release: Release, outcome: str) -> OutcomeDesign:
    """The design of one outcome; KeyError when the release has none."""
    return {design.outcome: design for design in release.designs}[outcome]


def findings_of(release: Release, outcome: str) -> tuple[Finding, ...]:
    """Every finding of one outcome, in the order of the release."""
    return tuple(finding for finding in release.findings if finding.outcome == outcome)


def reading_of(release: Release, outcome: str) -> str:
    """The reading an outcome is reported in: the main one, or the plan's next where that leaves the outcome open."""
    made = {finding.reading for finding in findings_of(release, outcome)}
    order = (release.main_reading, *(reading.key for reading in release.study.readings))
    return next((reading for reading in order if reading in made), ALL_READINGS)


def reported_first(release: Release, outcome: str) -> tuple[Finding, ...]:
    """The findings of one outcome in the reading it is reported in, and those that hold in any."""
    main = {reading_of(release, outcome), ALL_READINGS}
    return tuple(finding for finding in findings_of(release, outcome) if finding.reading in main)


def main_prior(release: Release) -> str | None:
    """The assumption that marks a posterior under the plan's main prior of the effect: the first that is named so."""
    keys = (prior.key for prior in release.study.priors)
    return next((f"prior_{key}" for key in keys if key.startswith("effect")), None)


def pick(release: Release, outcome: str, estimators: tuple[str, ...], scale: str) -> Finding | None:
    """The first finding on that scale, in the order of the estimators.

    Of one estimator, the treated districts go before a new one, a posterior under the main prior before one under
    another, an interval before none, what was printed as it stands before a table that was worked out, and the primary
    interval of the methods table before the others.
    """
    on_scale = [item for item in reported_first(release, outcome) if item.result.scale == scale and not is_part(item)]
    fitting = [item for item in on_scale if kind_of(item) in estimators]
    expected = main_prior(release)

    def rank(item: Finding) -> tuple[int, bool, bool, bool, bool, bool, bool]:
        priors = [key for key in item.result.assumptions if key.startswith("prior_")]
        other = bool(priors) and expected not in priors
        at, elsewhere = estimators.index(kind_of(item)), item.result.estimand == "new_district"
        by_itself = item.result.estimator == kind_of(item)
        other_reading, sensitivity = item.reading != ALL_READINGS, item.result.inference != PRIMARY_INTERVAL
        return at, not by_itself, elsewhere, other, item.result.lower is None, other_reading, sensitivity

    return min(fitting, key=rank, default=None)


def kind_of(finding: Finding) -> str:
    """The estimator of a finding; every model of posteriors from draws is ``bayes``."""
    return "bayes" if finding.result.estimator.startswith("bayes") else finding.result.estimator


def is_part(finding: Finding) -> bool:
    """Whether a number is a part of a whole (a share of the moves, of a target) and no change or contrast."""
    return finding.result.scale == "ratio" and finding.result.estimand.startswith("share_of_")


def headline(release: Release, outcome: str) -> Finding | None:
    """The finding that stands for an outcome in a sentence; None where nothing could be estimated, or nothing may be.

    Where there is a methods table it is the primary interval on the scale that the verdict is about; with one or two
    treated districts that of a bound on their swings; or the first of the table where districts began at different
    dates; and never a posterior: the verdict is not about that.
    """
    if outcome in release.contradicted:
        return None
    if done(release, outcome):
        raw = (item for item in reported_first(release, outcome) if item.result.estimand == "raw_change")
        return next(raw, next(iter(reported_first(release, outcome)), None))
    if any(record.outcome == outcome for record in release.methods_tables):
        table = [item for item in findings_of(release, outcome) if kind_of(item) not in BAYES]
        shown = {RELATIVE_SPREAD} if table and table[0].verdict == "bounded" else {PRIMARY_INTERVAL}
        primary = (item for item in table if item.result.inference in shown)
        return next((item for item in primary if item.result.scale == table[0].result.scale), next(iter(table), None))
    chosen = (pick(release, outcome, estimators, scale) for estimators, scale in HEADLINE)
    rest = (item for item in reported_first(release, outcome) if item.result.estimator not in NOT_ABOUT_THE_OUTCOME)
    return next((item for item in chosen if item is not None), next(rest, None))


def told(finding: Finding) -> Estimate:
    """The result of a finding as a page tells it: of one that is refused the number stands alone, without limits or p,
    for they would say what its sentence says that nothing can."""
    if finding.verdict != "refused":
        return finding.result
    return finding.result.model_copy(update={"lower": None, "upper": None, "level": None, "p_value": None})


def elsewhere(release: Release, outcome: str) -> tuple[Finding, ...]:
    """What the headline's method gives in the other readings, under the same prior; none of them was chosen away."""
    main = headline(release, outcome)
    if main is None:
        return ()
    return tuple(
        item
        for item in findings_of(release, outcome)
        if item.reading != main.reading and _method(item) == _method(main)
    )


def _method(finding: Finding) -> tuple[object, ...]:
    priors = frozenset(key for key in finding.result.assumptions if key.startswith("prior_"))
    return finding.result.estimator, finding.result.scale, finding.result.estimand, priors


def done(release: Release, outcome: str) -> bool:
    """Whether an outcome of the plan says what was done."""
    return any(is_what_was_done(one.outcome, one.role) for one in release.study.outcomes if one.outcome == outcome)


def standing(release: Release, outcome: str) -> Standing:
    """How an outcome stands: the verdict of its headline; no_data where nothing was registered or printed, and
    implementation where it says what was done.
    """
    if design_of(release, outcome).design_class is None:
        return "no_data"
    if done(release, outcome):
        return "implementation"
    main = headline(release, outcome)
    return "refused" if main is None else main.verdict


def question_standing(release: Release, question: str) -> Standing:
    """How a question stands: as the strongest of its outcomes; no_data where it has none.

    Where verdicts are tests, only those of :func:`answering` are asked, so that no exploratory one can answer for a
    primary one.
    """
    return _strongest(release, question, standing)


def question_standing_among_all(release: Release, question: str) -> Standing:
    """The same when all outcomes are looked at: what a question is counted as, and called beside its heading."""
    return _strongest(release, question, standing_among_all)


def standing_among_all(release: Release, outcome: str) -> Standing:
    """How an outcome stands when all outcomes are looked at: ``supported`` asks for an adjusted p at the level too."""
    own = standing(release, outcome)
    if own != "supported" or not adjusted(release):
        return own
    # It stands with the test whose p it adjusts, which is not the row whose interval is drawn.
    results = (item.result for item in findings_of(release, outcome))
    held = any(one.p_adjusted is not None and one.p_adjusted <= 1 - release.study.level for one in results)
    return "supported" if held else "inconclusive"


def adjusted(release: Release) -> bool:
    """Whether p-values for all outcomes at once were made."""
    return any(finding.result.p_adjusted is not None for finding in release.findings)


def _strongest(release: Release, question: str, stands: Callable[[Release, str], Standing]) -> Standing:
    asked = answering(release, question)
    each: list[Standing] = [stands(release, outcome) for outcome in asked]
    found: Standing = min(each, key=STANDINGS.index, default="no_data")
    stands_in = bool(asked) and _role(release, asked[0]) > min(_role(release, one) for one in _of(release, question))
    # What stands in for a weightier outcome that is withheld can leave the question open, and never answer it.
    return "inconclusive" if stands_in and release.methods_tables and found in {"supported", "bounded"} else found


def answering(release: Release, question: str) -> tuple[str, ...]:
    """The outcomes that a question's answer is read off, in the plan's order: all of them, or where verdicts are tests
    those of the weightiest role in which any outcome has numbers to tell.
    """
    asked = _of(release, question)
    if not release.methods_tables or not asked:
        return asked
    told = [one for one in asked if standing(release, one) not in {"refused", "no_data"}] or list(asked)
    weightiest = min(_role(release, one) for one in told)
    return tuple(one for one in asked if _role(release, one) == weightiest)


def _of(release: Release, question: str) -> tuple[str, ...]:
    return tuple(item.outcome for item in release.study.outcomes if item.question == question)


def _role(release: Release, outcome: str) -> int:
    """How weighty an outcome is in the plan: 0 for a primary one."""
    return next(ROLES.index(item.role) for item in release.study.outcomes if item.outcome == outcome)


def tally(release: Release) -> dict[str, int]:
    """How many questions the figures support, leave open, can only describe, and cannot answer.

    Supported are those whose outcome is so when all outcomes are looked at. Questions about nothing but what was done
    are counted apart, and in none of the others.
    """
    every = [question_standing_among_all(release, question.key) for question in release.study.questions]
    about = [_about_what_was_done(release, question.key) for question in release.study.questions]
    stands = [one for one, apart in zip(every, about, strict=True) if not apart]
    return {
        "total": len(stands),
        "implementation": sum(about),
        "supported": stands.count("supported"),
        "open": sum(stands.count(one) for one in ("bounded", "inconclusive", "conditional")),
        "descriptive": stands.count("descriptive"),
        "unanswered": stands.count("refused") + stands.count("no_data"),
    }


def _about_what_was_done(release: Release, question: str) -> bool:
    requested = [item.outcome for item in release.study.outcomes if item.question == question]
    return bool(requested) and all(done(release, outcome) for outcome in requested)


def rows(release: Release) -> tuple[Row, ...]:
    """The outcomes that can stand on the common scale, in the plan's order."""
    found = []
    for wanted in release.study.outcomes:
        design_class = design_of(release, wanted.outcome).design_class
        if design_class is None or done(release, wanted.outcome):
            continue
        is_effect = design_class in EFFECT_CLASSES
        if is_effect and standing(release, wanted.outcome) == "refused":
            continue  # where the sentence says that nothing can be told, no number stands in the figure
        ratio = partial(pick, release, wanted.outcome, scale="ratio")
        raw = ratio(("before_after",))
        row = Row(
            outcome=wanted.outcome,
            reading=_other_reading(release, wanted.outcome),
            design_class=design_class,
            benefit=wanted.benefit,
            raw=raw if is_effect else None,
            did=ratio(DID) if is_effect else None,
            bayes=ratio(BAYES) if is_effect else None,
            level=None if is_effect else ratio(("rate_ratio",)) or raw,
        )
        if row.did or row.bayes or row.level:
            found.append(row)
    return tuple(found)


def _other_reading(release: Release, outcome: str) -> str:
    reading = reading_of(release, outcome)
    return "" if reading in {release.main_reading, ALL_READINGS} else reading


def off_scale(release: Release) -> tuple[tuple[str, OffScale], ...]:
    """The outcomes of the plan that are not in the first figure, each with the reason."""
    shown = {row.outcome for row in rows(release)}
    absent = [item.outcome for item in release.study.outcomes if item.outcome not in shown]
    absent = [outcome for outcome in absent if not done(release, outcome)]
    return tuple((outcome, _why_off_scale(release, outcome)) for outcome in absent)


def _why_off_scale(release: Release, outcome: str) -> OffScale:
    design = design_of(release, outcome)
    if design.design_class is None:
        return "no_data"
    if outcome in release.withheld:
        return "withheld"
    if outcome in release.contradicted:
        return "contradicted"
    if design.support.numbers_lost:
        return "numbers_lost"
    if not findings_of(release, outcome):
        return "not_estimated"
    if standing(release, outcome) == "refused":
        return "refused"
    return "level_lost" if design.may_say_effect and release.policy == "published" else "other_scale"
