"""A plan's targets held against printed figures: what could be said at each evaluation, and how far the answer moved.

The likelihoods are those of the posteriors beside it (posterior.py): counts of children in the treated group, and the
normal closed form for spending. Follow-ups are known in the source's words only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sverige_did.bayes.models.hidden_districts import shock_factor
from sverige_did.bayes.models.sequential import Belief, begin, normal, normal_after, prob_at_most, quantile, seen
from sverige_did.errors import RefusedError, refuse
from sverige_did.results.estimates import Remark, remarks_of
from sverige_did.results.published import Reported
from sverige_did.results.targets import TargetMoment, TargetRecord, TargetRecords
from sverige_did.studies.published.economy import OUTCOME, later, mid_term
from sverige_did.studies.published.equal_districts import hidden
from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.group_tables import GroupTable, middle_table
from sverige_did.studies.published.plan_parts import assumed, figures_at, prior
from sverige_did.studies.published.unit_prices import placed_by_price, spending_before, spending_change_variance
from sverige_did.studies.targets import Figure, Moment, Prior, alone, followed, on_its_side
from sverige_did.study.economy import Target

LEVEL_PRIOR = {"binomial": "baseline_share", "poisson": "baseline_count"}
"""The plan's prior of a level before, by the likelihood of its counts."""

GRID = np.linspace(-4.0, 4.0, 1601)
"""Values of the log of a ratio of spending."""


def target_records(evidence: Evidence) -> TargetRecords:
    """Every target of the plan in its order, once for each reading of the figures that it rests on."""
    made = [record for target in evidence.study.targets for record in _records(evidence, target)]
    return TargetRecords(plan_sha256=evidence.study.sha256, targets=tuple(made))


def _records(evidence: Evidence, target: Target) -> Iterator[TargetRecord]:
    bare = TargetRecord(key=target.key, outcome=target.outcome)
    try:
        if target.outcome in evidence.contradicted:
            raise refuse("target_contradicted")
        if target.reported:
            yield bare.model_copy(update={"moments": tuple(_in_words(evidence, target))})
        elif target.measure == "saving":
            yield bare.model_copy(update=_saving(evidence, target))
        else:
            found = evidence.tables_of(target.outcome)
            if target.measure == "in_time" or not found:
                raise refuse("target_no_figure")
            for reading, tables in found.items():
                yield bare.model_copy(update={"reading": reading} | _levels(evidence, target, middle_table(tables)))
    except RefusedError as refusal:
        yield bare.model_copy(update={"remarks": remarks_of(refusal.problems)})


def _in_words(evidence: Evidence, target: Target) -> Iterator[TargetMoment]:
    """What the source says of the target, at the date of the figure that says it."""
    known = {fact.fact_id: fact for fact in evidence.facts}
    for said in target.reported:
        if said.fact not in known:
            raise refuse("target_fact_missing", found=said.fact)
        day = known[said.fact].period_end
        moment: Moment = "mid_term" if day <= evidence.study.periods.follow_up else "final"
        yield TargetMoment(moment=moment, day=day, status="in_words", meets=said.met, facts=(said.fact,))


def _levels(evidence: Evidence, target: Target, table: GroupTable) -> dict[str, object]:
    """Counts of the treated group before and at mid-term, and a later number where one is printed."""
    study, share = evidence.study, table.family == "binomial"
    days = study.periods.baseline, study.periods.follow_up
    totals: tuple[float | None, float | None] = table.totals[0] if share else (None, None)
    when: tuple[Moment, Moment] = ("before", "mid_term")
    figures = [
        Figure(moment, day, float(events), total, *_printed(evidence, target, moment))
        for moment, day, events, total in zip(when, days, table.events[0], totals, strict=True)
    ]
    assumptions: tuple[str, ...] = ("level_is_no_effect", "equal_districts")
    after = _later_count(evidence, target)
    if after is not None and share:
        figures.append(Figure("final", after.period_end, after.number, totals[1], None, (after.fact_id,)))
        assumptions += ("placed_as_at_mid_term",)
    held = _prior(evidence, table.family)
    moments = followed(target, figures, held, study.level)
    remarks = [Remark(key="targets.remark.given_up", values={"facts": ", ".join(table.given_up)})]
    return {
        "moments": moments,
        "met_before": moments[0].meets if target.measure == "level" else None,
        "alone": alone(target, figures, held, study.level),
        "assumptions": assumptions,
        "remarks": tuple(remarks) if table.given_up else (),
    }


def _printed(evidence: Evidence, target: Target, moment: str) -> tuple[float | None, tuple[str, ...]]:
    """The number as it is printed, where it is, and by which figures: a level, or the relative change at mid-term."""
    if target.measure == "change":
        change = evidence.select(target.outcome, "ratio_change", "treated") if moment == "mid_term" else ()
        return (change[0].number, (change[0].fact_id,)) if change else (None, ())
    found = evidence.level(target.outcome, "treated", "before" if moment == "before" else "after")
    if found is None:
        return None, ()
    levels = evidence.select(target.outcome, "level", "treated")
    when: Literal["before", "after"] = "before" if moment == "before" else "after"
    return found.point, tuple(fact.fact_id for fact in figures_at(levels, evidence.study, when))


def _later_count(evidence: Evidence, target: Target) -> Reported | None:
    if target.later is None:
        return None
    found = next((fact for fact in evidence.facts if fact.fact_id == target.later), None)
    if found is None:
        raise refuse("target_fact_missing", found=target.later)
    return found


def _prior(evidence: Evidence, family: str) -> Prior:
    study = evidence.study
    level, gap, change, effect, shock = (
        prior(study, key) for key in (LEVEL_PRIOR[family], "group_gap", "period_change", "effect", "shock_sd")
    )
    return Prior(
        mean=level.mean,
        sd=math.hypot(float(level.sd or 0), float(gap.sd or 0)),
        squared_weights=hidden(study).treated,
        swing_scale=float(shock.sd or 0),
        step=math.hypot(float(change.sd or 0), float(effect.sd or 0)),
        serial=hidden(study).serial,
    )


class _Saved(NamedTuple):
    """One printed saving as the log of the ratio that it left, with its variance without swings, and their factor.

    ``shared`` are the variance and the factor that it has in common with a change of the treated since the same year.
    """

    saving: float
    ratio: float
    variance: float
    swing_factor: float
    facts: tuple[str, ...]
    shared: tuple[float, float] = (0.0, 0.0)


def _saving(evidence: Evidence, target: Target) -> dict[str, object]:
    """The saving at mid-term against the control group, and the later one of the treated alone.

    The belief in the ratio of spending is that of the closed form; the second starts from where the first ended. An
    amount of a year before the target's is not held against it.
    """
    study, level = evidence.study, spending_before(evidence)
    swing = assumed(study, "shock_sd_log_money")
    effect = prior(study, "effect")
    if level is None or swing is None or target.outcome != OUTCOME or target.value is None:
        raise refuse("target_no_figure")
    mid, final = _first(evidence, level), _last(evidence, level)
    start = begin(GRID, effect.mean, float(effect.sd or 0), swing.value, 0.0)
    moments: list[TargetMoment] = []
    belief, by_itself = start, None
    for moment, day, found in (
        ("mid_term", study.periods.follow_up, mid),
        ("final", study.periods.hard_stop, final),
    ):
        if found is None:
            continue
        belief = seen(belief, _likelihood(belief, found, mid if moment == "final" else None))
        one = TargetMoment.model_validate(
            {"moment": moment, "day": day, "status": "not_due", "registered": found.saving, "facts": found.facts}
        )
        if day.year >= target.date.year:
            one = one.model_copy(update=_of_belief(belief, target, found.saving, level, study.level))
            if moment == "final" and mid is not None:
                by_itself = _reaches(seen(start, _likelihood(start, found, None)), target, level)
        moments.append(one)
    if not moments:
        raise refuse("target_no_figure")
    return {
        "moments": tuple(moments),
        "alone": by_itself,
        "assumptions": ("unit_prices_assumed", "swings_assumed", *(("no_comparison_at_end",) if final else ())),
    }


def _likelihood(belief: Belief, found: _Saved, first: _Saved | None) -> NDArray[np.float64]:
    """Of one saving by itself, or after an earlier one since the same year."""
    if first is None:
        return normal(belief, found.ratio, found.variance, found.swing_factor)
    (variance, factor), ratios = found.shared, (first.ratio, found.ratio)
    variances = first.variance, found.variance, variance
    return normal_after(belief, ratios, variances, (first.swing_factor, found.swing_factor, factor))


def _first(evidence: Evidence, level: float) -> _Saved | None:
    found, variance = mid_term(evidence), spending_change_variance(evidence)
    if found is None or variance is None:
        return None
    factor = shock_factor(hidden(evidence.study))
    changes = (fact for group in ("treated", "control") for fact in evidence.select(OUTCOME, "change", group))
    facts = tuple(fact.fact_id for fact in changes if fact.period_end == evidence.study.periods.follow_up)
    return _Saved(-found.point, math.log1p(found.point / level), variance / level**2, factor, facts)


def _last(evidence: Evidence, level: float) -> _Saved | None:
    """The later change of the treated alone: its swings are those of one group over as many years as lie between."""
    fact = later(evidence)
    keys = ("price_variation", "persistence")
    known = [found.value for key in keys if (found := assumed(evidence.study, key))]
    children = placed_by_price(evidence)
    if fact is None or len(known) < len(keys) or not children:
        return None
    variation, persistence = known
    year = sum(count * price**2 * (1 + variation**2) for count, price in children)
    apart = fact.period_end.year - evidence.study.periods.baseline.year
    variance = 2 * (1 - persistence**apart) * year / level**2
    change = fact.number * (1e-6 if fact.unit == "dkk" else 1.0)
    districts = hidden(evidence.study)
    factor = 2 * (1 - districts.serial) * districts.treated
    # Both years are held against the same one before: E (e0 - e1)(e0 - e2) = 1 - p^2 of an AR(1), and half its swings.
    between = apart - (evidence.study.periods.follow_up.year - evidence.study.periods.baseline.year)
    common = (1 - persistence**apart - persistence ** (apart - between) + persistence**between) * year / level**2
    return _Saved(-change, math.log1p(change / level), variance, factor, (fact.fact_id,), (common, factor / 2))


def _reaches(belief: Belief, target: Target, level: float) -> float:
    """The probability of a saving on the target's side: a ratio of spending of at most one less its share."""
    assert target.value is not None, "asked for before"
    below = prob_at_most(belief, math.log1p(-target.value / level))
    return below if target.direction == "at_least" else 1 - below


def _of_belief(belief: Belief, target: Target, saving: float, base: float, level: float) -> dict[str, object]:
    tail = (1 - level) / 2
    low, middle, high = (-base * math.expm1(quantile(belief, p)) for p in (1 - tail, 0.5, tail))
    return {
        "status": "computed",
        "meets": on_its_side(target, saving),
        "probability": _reaches(belief, target, base),
        "middle": middle,
        "lower": low,
        "upper": high,
    }
