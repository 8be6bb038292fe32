"""Districts with before and after (D1): one change a district, every method in a line, and what stands beside it.

The change is taken on the outcome's own scale and, where the plan asks, in logarithms or log-odds; the verdict is that
of the plan's first scale that the data can carry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.collapse import Collapsed, collapse, collapsed_did
from sverige_did.did.missing_periods import filled
from sverige_did.did.window import Window
from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Districts, Floats, districts
from sverige_did.inference.event_bands import event_curve
from sverige_did.inference.methods_table import PRIMARY_INTERVAL, PRIMARY_P, Labels, MethodsTable, methods_table
from sverige_did.inference.permutation import PermutationP, permutation_p
from sverige_did.inference.two_way import two_way_fixed_effects
from sverige_did.periods import period_number
from sverige_did.results.estimates import Curve, Estimate, Finding, Remark, remarks_of
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.studies.panel.choice import of_choice
from sverige_did.studies.panel.descriptive import by_hand, raw_change
from sverige_did.studies.panel.few_treated import of_few
from sverige_did.studies.panel.index_models import SEPARATED, as_ratio, index_model
from sverige_did.studies.panel.multiple_outcomes import Candidate
from sverige_did.studies.panel.outcome_data import OutcomeData, tried
from sverige_did.studies.panel.periods_before import levels_before, of_periods
from sverige_did.studies.panel.window_levels import firth_collapse, log_collapse, log_odds_collapse

BINS = 41
"""Bars of the permutation histogram: an odd number, so that no difference lies in the middle of one."""

Kind = Literal["own", "ratio", "log_odds"]


class Change(NamedTuple):
    """One change a district: in the unit of the outcome, in logarithms (``ratio``) or in log-odds."""

    collapsed: Collapsed
    kind: Kind
    estimator: str
    assumptions: tuple[str, ...]


class Tested(NamedTuple):
    """Everything about one outcome; ``tested`` is None where it has no verdict."""

    findings: tuple[Finding, ...]
    record: MethodsRecord
    tested: Candidate | None = None


def estimate_districts(data: OutcomeData) -> Tested:
    """The methods table on every scale of the plan, the index models beside it, and the raw change."""
    try:
        panel, window = data.arrays(data.partial), data.window()
        changes, why_not = changes_of(data, panel, window)
        made = [_methods_table(data, change) for change in changes]
        record = _record(data, changes[0], made[0], window)
        first, level = made[0].estimates[0], _level(changes[0], panel, window)
        sample = sample_of(data, changes[0].collapsed)
        record, by_level = of_choice(data, record, first, sample, level)
        record, by_bound = of_few(data, record, first, sample)
    except RefusedError as refusal:
        return refused(data, refusal)
    index = index_model(data)
    curve, no_curve = _event(data)
    none: tuple[tuple[Estimate, ...], tuple[Remark, ...]] = (), ()
    refuses = made[0].verdict == "refused"
    two_way, no_two_way = none if refuses else _two_way(data, panel, window)
    by_periods, no_periods = none if refuses else _by_periods(data, changes[0], first, panel, window)
    estimates = [
        *made[0].estimates,
        *by_bound,
        *by_level,
        *by_periods,
        *(one for found in made[1:] for one in found.estimates),
    ]
    estimates += [*two_way, *index.estimates]
    if all(change.kind != "ratio" for change in changes):
        own = next(at for at, change in enumerate(changes) if change.kind == "own")
        estimates += _implied_ratio(panel, window, changes[own], made[own])
    beside = (*by_hand(data), *raw_change(data))
    findings = tuple(data.found(record.verdict, one) for one in (*estimates, *beside))
    remarks = (*record.remarks, *why_not, *no_two_way, *no_periods, *index.remarks, *no_curve)
    tested = None if refuses else _tested(data, changes[0], made[0], panel.labels)
    return Tested(findings, record.model_copy(update={"event": curve, "remarks": remarks}), tested)


def _level(change: Change, panel: DistrictPanel, window: Window) -> Floats:
    """The level before of the changed districts (G,), in logarithms for a ratio: what a choice may have gone by."""
    before = filled(panel, window, "log" if change.kind == "ratio" else "identity").levels()[0]
    return np.log(before) if change.kind == "ratio" else before


def _by_periods(
    data: OutcomeData, change: Change, first: Estimate, panel: DistrictPanel, window: Window
) -> tuple[tuple[Estimate, ...], tuple[Remark, ...]]:
    """The test that no district was affected, of a table in the outcome's own unit or in ratios."""
    if change.kind == "log_odds":
        return (), ()
    before = levels_before(panel, window, logs=change.kind == "ratio")
    return of_periods(first, sample_of(data, change.collapsed), before, 1 - data.study.level)


def refused(data: OutcomeData, refusal: RefusedError) -> Tested:
    """An outcome that cannot be tested, with the reason."""
    record = MethodsRecord(
        outcome=data.wanted.outcome, scale=data.scale, verdict="refused", remarks=remarks_of(refusal.problems)
    )
    return Tested((), record)


def changes_of(data: OutcomeData, panel: DistrictPanel, window: Window) -> tuple[list[Change], tuple[Remark, ...]]:
    """The changes on the plan's scales in the plan's order, and why a scale is missing or has another estimator."""
    own = Change(collapse(panel, window, data.weighting), "own", "collapse", ("parallel_trends",))
    found: list[Change] = []
    remarks: tuple[Remark, ...] = ()
    for scale in data.wanted.scales:
        try:
            made = _SCALES[scale](data, panel, window) if scale in _SCALES else (own, ())
        except RefusedError as refusal:
            remarks += remarks_of(refusal.problems)
            continue
        if made[0].kind not in {change.kind for change in found}:
            found.append(made[0])
            remarks += made[1]
    kinds = {change.kind for change in found}
    return (found if "own" in kinds else [*found, own]), remarks


def _ratio(data: OutcomeData, panel: DistrictPanel, window: Window) -> tuple[Change, tuple[Remark, ...]]:
    logs = log_collapse(panel, window, data.weighting)
    return Change(logs, "ratio", "did_log", ("parallel_trends_log",)), ()


def _log_odds(data: OutcomeData, _: DistrictPanel, window: Window) -> tuple[Change, tuple[Remark, ...]]:
    """In log-odds; by Firth's estimate of each district where one has a window with nothing or everything in it."""
    shares = data.arrays(data.partial, per=1.0)
    assumed = ("parallel_trends_log_odds",)
    try:
        return Change(log_odds_collapse(shares, window, data.weighting), "log_odds", "did_logit", assumed), ()
    except RefusedError as refusal:
        problem = refusal.problems[0]
        if problem.key != SEPARATED:
            raise
        corrected = firth_collapse(shares, window, data.weighting)
        remark = Remark(key="methods_table.note.firth", values={"count": str(problem.found)})
        return Change(corrected, "log_odds", "firth", (*assumed, "half_added")), (remark,)


_SCALES: dict[str, Callable[[OutcomeData, DistrictPanel, Window], tuple[Change, tuple[Remark, ...]]]] = {
    "ratio": _ratio,
    "log_odds": _log_odds,
}


def _event(data: OutcomeData) -> tuple[Curve | None, tuple[Remark, ...]]:
    """The effect period by period, the one treated in part too; or why there is none."""
    return tried(lambda: event_curve(data.arrays("intention"), data.weighting, rng=data.rng(), level=data.study.level))


def _two_way(
    data: OutcomeData, panel: DistrictPanel, window: Window
) -> tuple[tuple[Estimate, ...], tuple[Remark, ...]]:
    """Two-way fixed effects as most software prints them, beside the methods and outside the verdict; or why not."""
    alpha = 1 - data.study.level
    found, why = tried(
        lambda: two_way_fixed_effects(panel, window, scale=data.scale, weighting=data.weighting, alpha=alpha)
    )
    return () if found is None else (found,), why


def sample_of(data: OutcomeData, collapsed: Collapsed) -> Districts:
    """The changes as the methods take them, weighted as the plan says."""
    units = data.arrays(data.partial).labels if data.study.lottery is not None else ()
    return districts(
        collapsed.change,
        collapsed.treated,
        weights=None if data.weights is None else collapsed.weights,
        strata=collapsed.strata,
        lottery=data.lottery([units[at] for at in collapsed.unit], collapsed.treated) if units else None,
        smallest_arm=1,
    )


def _scale(data: OutcomeData, kind: Kind) -> str:
    return data.scale if kind == "own" else kind


def _methods_table(data: OutcomeData, change: Change) -> MethodsTable:
    """The table in the unit of the outcome, or as ratios; a refused one has the difference without an interval."""
    labels = Labels(
        scale="log_ratio" if change.kind == "ratio" else _scale(data, change.kind),
        estimand="att",
        estimator=change.estimator,
        assumptions=change.assumptions,
    )
    found = methods_table(sample_of(data, change.collapsed), labels, rng=data.rng(), alpha=1 - data.study.level)
    bare = collapsed_did(change.collapsed, scale=labels.scale)
    update = {"estimator": labels.estimator, "assumptions": labels.assumptions}
    made = found.estimates or (bare.model_copy(update=update),)
    return found.model_copy(update={"estimates": tuple(map(as_ratio, made)) if change.kind == "ratio" else made})


def _implied_ratio(panel: DistrictPanel, window: Window, own: Change, found: MethodsTable) -> Iterator[Estimate]:
    """The level after by the level that parallel trends imply, with the limits of the primary interval."""
    treated = own.collapsed.treated
    levels = filled(panel, window).levels()[1]
    after = float(np.average(levels[treated], weights=own.collapsed.weights[treated]))
    primary = next((one for one in found.estimates if one.inference == PRIMARY_INTERVAL), found.estimates[0])
    yield from implied_ratio(after, primary)


def implied_ratio(after: float, first: Estimate) -> Iterator[Estimate]:
    """A level ``after`` of the treated by the level without the effect ``first``, with its limits.

    None where nothing happened after, or where the trends imply a level below zero; a limit at which they do is
    infinite.
    """
    if after <= 0 or first.estimate >= after:
        return
    lower, upper = (
        None if end is None else after / (after - end) if end < after else float("inf")
        for end in (first.lower, first.upper)
    )
    update = {"scale": "ratio", "estimator": "did", "estimate": after / (after - first.estimate), "std_error": None}
    yield first.model_copy(update=update | {"lower": lower, "upper": upper})


def _record(data: OutcomeData, change: Change, found: MethodsTable, window: Window) -> MethodsRecord:
    """The verdict with its remarks and, unless it is refused, the permutations that its p-value counts."""
    reasons = {one.reason for one in change.collapsed.dropped if one.period in {None, *window.pre, *window.post}}
    filled_in = filled_periods(change.collapsed, window)
    record = MethodsRecord(
        outcome=data.wanted.outcome,
        scale=_scale(data, change.kind),
        verdict=found.verdict,
        remarks=(
            compared(data, window),
            *filled_in,
            *(Remark(key=f"inference.note.{note.key}", values=note.values) for note in found.notes),
            *(Remark(key=f"labels.note.{reason}") for reason in sorted(reasons)),
        ),
    )
    if found.verdict == "refused":
        return record
    sample = sample_of(data, change.collapsed)
    return record.model_copy(update=shown(permutation_p(sample, rng=data.rng(), order=sample.order)))


def compared(data: OutcomeData, window: Window) -> Remark:
    """Which periods the numbers compare, and how districts are weighed."""
    labels = {period_number(label): label for label in data.cells["period"].unique()}
    values: dict[str, str] = {}
    for name, side in (("before", window.pre), ("after", window.post)):
        values |= {f"{name}_from": labels[side[0]], f"{name}_to": labels[side[-1]], name: str(len(side))}
    return Remark(key=f"methods_table.note.compared_{data.weighting}", values=values)


def filled_periods(collapsed: Collapsed, window: Window) -> tuple[Remark, ...]:
    """How many of the periods were missing and filled, in districts of either side; nothing where all were there."""
    missing = 1 - collapsed.seen.sum(axis=1) / (len(window.pre) + len(window.post))
    if not missing.any():
        return ()
    percent = {
        name: f"{100 * missing[side].mean():.0f}"
        for name, side in (("treated", collapsed.treated), ("control", ~collapsed.treated))
    }
    told = Remark(
        key="methods_table.note.periods_filled", values={"districts": str(int((missing > 0).sum())), **percent}
    )
    return told, *told_by_one_district(collapsed)


def told_by_one_district(collapsed: Collapsed) -> tuple[Remark, ...]:
    """Of which side a single district has a period that is compared, and how much of its window that makes up."""
    return tuple(
        Remark(key=f"methods_table.note.lone_{side}", values={"percent": f"{100 * part:.0f}"})
        for side, part in zip(("treated", "control"), collapsed.lone, strict=True)
        if part > 0
    )


def shown(test: PermutationP) -> dict[str, object]:
    """The permutations as the fields of a record: a histogram, and where the observed statistic lies."""
    reach = float(np.abs(test.reference[np.isfinite(test.reference)]).max())
    counts, edges = np.histogram(np.clip(test.reference, -reach, reach), bins=BINS, range=(-reach, reach))
    return {
        "observed": test.observed,
        "smallest_p": test.smallest_p,
        "enumerated": test.enumerated,
        "edges": tuple(edges.tolist()),
        "counts": tuple(counts.tolist()),
    }


def _tested(data: OutcomeData, change: Change, found: MethodsTable, labels: tuple[str, ...]) -> Candidate:
    """The outcome with its p-values, and its permutation test through the choices that all outcomes share."""
    sample = sample_of(data, change.collapsed)
    names = np.array(labels)[change.collapsed.unit]
    single, calibrated = (found.p_value(key) for key in (PRIMARY_P, PRIMARY_INTERVAL))

    def test(order: tuple[str, ...]) -> PermutationP:
        rows = {name: at for at, name in enumerate(names)}
        return permutation_p(sample, rng=data.shared_rng(), order=np.array([rows[name] for name in order]))

    order = tuple(names[sample.order].tolist())
    return Candidate(data.wanted.outcome, data.wanted.role, order, single, max(single, calibrated), test)
