"""From a panel of registers to findings: every outcome estimated in the class that its design allows.

District outcomes (D1) get the collapsed difference-in-differences with the whole line-up of methods; its verdict is
that of the plan's first scale. Two group totals (D1g) get the difference without an interval, for none exists without
an assumption. Everything else is described and never called an effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.design import OutcomeDesign
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.collapse import Collapsed, Window, collapse, collapsed_did
from sverige_did.did.from_panel import Partial
from sverige_did.did.window_levels import log_collapse
from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.event_bands import event_curve
from sverige_did.inference.lineup import Labels, Lineup, lineup
from sverige_did.inference.panel_asked import Asked, cells_before
from sverige_did.inference.panel_costs import spending_parts
from sverige_did.inference.panel_described import described, raw_change, two_totals
from sverige_did.inference.permutation import permutation_test
from sverige_did.panel import Panel
from sverige_did.results import Curve, Estimate, Finding, LineupRecord, Remark
from sverige_did.study import Study

BINS = 41
"""Bars of the permutation histogram: an odd number, so that no difference lies in the middle of one."""

WEIGHTS_FROM = "placed_per_1000"
"""The outcome whose denominator, before go-live, weighs the districts: resident children."""


class Estimated(NamedTuple):
    """All findings of a panel, and what stands beside the line-ups."""

    findings: tuple[Finding, ...]
    lineups: tuple[LineupRecord, ...]


def estimate_panel(panel: Panel, study: Study, designs: Sequence[OutcomeDesign]) -> Estimated:
    """Every outcome of the plan that the panel has cells of."""
    classes = {design.outcome: design.design_class for design in designs}
    weights = _weights(panel, study)
    findings: list[Finding] = []
    records: list[LineupRecord] = []
    for wanted in study.outcomes:
        cells, design_class = panel.outcome(wanted.outcome), classes[wanted.outcome]
        if design_class is None or cells.empty:
            continue
        asked = Asked(study, wanted, design_class, cells, weights)
        if design_class in {"D1", "D5"}:
            made, record = _district_level(asked)
            parts, no_parts = _parts(asked, panel)
            records.append(record.model_copy(update={"remarks": (*record.remarks, *no_parts)}))
        else:
            made = list(two_totals(asked) if design_class == "D1g" else described(asked))
            parts, _ = _parts(asked, panel)
        findings += [*made, *parts]
    return Estimated(tuple(findings), tuple(records))


def _weights(panel: Panel, study: Study) -> pd.Series[float] | None:
    """Resident children of each district before go-live; None where every district counts the same."""
    if study.weights == "districts":
        return None
    cells = panel.outcome(WEIGHTS_FROM)
    return cells_before(cells, study).groupby("unit")["denominator"].mean()


def _district_level(asked: Asked) -> tuple[list[Finding], LineupRecord]:
    """The line-up on the outcome's own scale and, where the plan asks and no district is empty, as a ratio."""
    partial: Partial = "intention" if asked.study.periods.partial == "intention" else "donut"
    try:
        panel, window = asked.arrays(partial), asked.window()
        own = _Change(collapse(panel, window, asked.weighting), ratio=False)
        ratio, why_not = _as_ratios(asked, panel, window)
        changes = [own] if ratio is None else [ratio, own] if asked.wanted.scales[0] == "ratio" else [own, ratio]
        made = [_estimates(asked, change) for change in changes]
        record = _record(asked, changes[0], made[0], window)
    except RefusedError as refusal:
        told = _told(refusal)
        return [], LineupRecord(outcome=asked.wanted.outcome, scale=asked.scale, verdict="refused", remarks=told)
    curve, no_curve = _event(asked)
    findings = [asked.found(record.verdict, one) for found in made for one in found.estimates]
    if ratio is None:
        findings += [asked.found(record.verdict, one) for one in _implied_ratio(panel, window, own, made[0])]
    findings += [asked.found(record.verdict, one) for one in raw_change(asked)]
    remarks = (*record.remarks, *why_not, *no_curve)
    return findings, record.model_copy(update={"event": curve, "remarks": remarks})


class _Change(NamedTuple):
    """One change a district, in the unit of the outcome or (``ratio``) in logarithms."""

    collapsed: Collapsed
    ratio: bool


def _parts(asked: Asked, panel: Panel) -> tuple[list[Finding], tuple[Remark, ...]]:
    """What made spending on placements change, or why that cannot be known; nothing for other outcomes."""
    try:
        return list(spending_parts(asked, panel)), ()
    except RefusedError as refusal:
        return [], _told(refusal)


def _as_ratios(asked: Asked, panel: DistrictPanel, window: Window) -> tuple[_Change | None, tuple[Remark, ...]]:
    """The changes on the log scale where the plan asks for a ratio, or why there are none."""
    if "ratio" not in asked.wanted.scales:
        return None, ()
    try:
        return _Change(log_collapse(panel, window, asked.weighting), ratio=True), ()
    except RefusedError as refusal:
        return None, _told(refusal)


def _event(asked: Asked) -> tuple[Curve | None, tuple[Remark, ...]]:
    """The effect period by period, the one treated in part too; or why there is none."""
    try:
        panel = asked.arrays("intention")
        return event_curve(panel, asked.weighting, rng=asked.rng(), level=asked.study.level), ()
    except RefusedError as refusal:
        return None, _told(refusal)


def _sample(asked: Asked, collapsed: Collapsed) -> Districts:
    return districts(
        collapsed.change,
        collapsed.treated,
        weights=None if asked.weights is None else collapsed.weights,
        strata=collapsed.strata,
        smallest_arm=1,
    )


def _estimates(asked: Asked, change: _Change) -> Lineup:
    """The line-up in the unit of the outcome, or as ratios; a refused one has the difference without an interval."""
    labels = Labels(
        scale="log_ratio" if change.ratio else asked.scale,
        estimand="att",
        estimator="did_log" if change.ratio else "collapse",
        weights=asked.weighting,
        assumptions=("parallel_trends_log",) if change.ratio else ("parallel_trends",),
    )
    found = lineup(_sample(asked, change.collapsed), labels, rng=asked.rng(), alpha=1 - asked.study.level)
    bare = collapsed_did(change.collapsed, scale=labels.scale, weighting=asked.weighting)
    made = found.estimates or (bare.model_copy(update={"estimator": labels.estimator}),)
    return found.model_copy(update={"estimates": tuple(map(_as_ratio, made)) if change.ratio else made})


def _implied_ratio(panel: DistrictPanel, window: Window, own: _Change, found: Lineup) -> Iterator[Estimate]:
    """The level after by the level that parallel trends imply, with the limits of the first method.

    None where nothing happened after, or where the trends imply a level below nought; a limit at which they do is
    infinite.
    """
    units = own.collapsed.unit[own.collapsed.treated]
    levels = panel.wide()[units][:, np.isin(panel.periods, window.post)]
    after = float(np.average(np.nanmean(levels, axis=1), weights=own.collapsed.weights[own.collapsed.treated]))
    first = found.estimates[0]
    if after <= 0 or first.estimate >= after:
        return
    lower, upper = (
        None if end is None else after / (after - end) if end < after else float("inf")
        for end in (first.lower, first.upper)
    )
    update = {"scale": "ratio", "estimator": "did", "estimate": after / (after - first.estimate), "std_error": None}
    yield first.model_copy(update=update | {"lower": lower, "upper": upper})


def _as_ratio(logs: Estimate) -> Estimate:
    """exp of an estimate and its limits: the standard error stays behind, for it is one of the logarithm."""
    limits = (("lower", logs.lower), ("upper", logs.upper))
    ends = {name: None if end is None else float(np.exp(end)) for name, end in limits}
    return logs.model_copy(
        update={"scale": "ratio", "estimate": float(np.exp(logs.estimate)), "std_error": None, **ends}
    )


def _record(asked: Asked, change: _Change, found: Lineup, window: Window) -> LineupRecord:
    """The verdict with its remarks and, unless it is refused, the permutations that its p-value counts."""
    reasons = {one.reason for one in change.collapsed.dropped if one.period in {None, *window.pre, *window.post}}
    record = LineupRecord(
        outcome=asked.wanted.outcome,
        scale="ratio" if change.ratio else asked.scale,
        verdict=found.verdict,
        remarks=(
            *(Remark(key=f"inference.note.{note.key}", values=note.values) for note in found.notes),
            *(Remark(key=f"labels.note.{reason}") for reason in sorted(reasons)),
        ),
    )
    if found.verdict == "refused":
        return record
    test = permutation_test(_sample(asked, change.collapsed), rng=asked.rng(), alpha=1 - asked.study.level)
    finite = test.reference[np.isfinite(test.reference)]
    reach = float(np.abs(finite).max())
    counts, edges = np.histogram(np.clip(test.reference, -reach, reach), bins=BINS, range=(-reach, reach))
    shown = {
        "observed": test.observed,
        "smallest_p": test.smallest_p,
        "enumerated": test.enumerated,
        "edges": tuple(edges.tolist()),
        "counts": tuple(counts.tolist()),
    }
    return record.model_copy(update=shown)


def _told(refusal: RefusedError) -> tuple[Remark, ...]:
    return tuple(
        Remark(key=f"errors.{one.key}", values={name: str(said) for name, said in dict(one.values).items()})
        for one in refusal.problems
    )
