"""The estimators over time as results: event study, effects by date and period, imputation, synthetic control."""

from __future__ import annotations

import numpy as np

from sverige_did.api.events import Cell, EventStudy, GroupTimes, Kind, Moment
from sverige_did.api.results import Effect
from sverige_did.api.rows import Row
from sverige_did.api.setting import MOST_NAMED, Setting
from sverige_did.checks.synthetic_did import DATED_PLACEBOS, PLACEBOS
from sverige_did.did.aggregate import Aggregated, Aggregation, aggregate, degrees_of_freedom
from sverige_did.did.calendar import SLACK, step_of, times_since
from sverige_did.did.calendar import steps as calendar_steps
from sverige_did.did.covariates import Adjustment, adjusted_effects
from sverige_did.did.imputation import Average, imputation
from sverige_did.did.staggered import Base, Control, GroupTime, group_time_effects
from sverige_did.did.synthetic import synthetic_did
from sverige_did.did.synthetic_staggered import staggered_synthetic_did
from sverige_did.errors import option
from sverige_did.inference.event_bands import event_curve, event_time_curve
from sverige_did.inference.inversion import TIE
from sverige_did.inference.permutation import permutation_test_of
from sverige_did.inference.staggered import own_order, strata_in
from sverige_did.results.estimates import Remark

AGGREGATIONS: dict[Kind, Aggregation] = {
    "simple": "simple", "event": "dynamic", "group": "group", "calendar": "calendar",
}  # fmt: skip


def event_study(setting: Setting) -> EventStudy:
    """Joint and pointwise limits around the same estimates; see :meth:`sverige_did.api.study.Study.event_study`."""
    setting = setting.plainly("event_study")
    one = setting.window is not None
    make = event_curve if one else event_time_curve
    joint, own = (
        make(setting.panel, setting.weighting, rng=setting.rng(), level=setting.context.level, each=each)
        for each in (False, True)
    )
    periods = setting.panel.periods
    since = dict(zip(periods, times_since(periods, np.array([setting.panel.go_live()]))[0], strict=True)) if one else {}
    moments = tuple(
        Moment(
            event_time=int(since[x]) if one else int(x),
            period=setting.times.label(x) if one else "",
            estimate=y, lower=lower, upper=upper, lower_pointwise=low, upper_pointwise=high,
        )
        for x, y, lower, upper, low, high in zip(
            joint.x, joint.y, joint.lower, joint.upper, own.lower, own.upper, strict=True
        )
    )  # fmt: skip
    method = "event_study" if one else "callaway_santanna"
    remarks = (*setting.remarks, *uneven(setting), *(() if one else _of_complete(setting)))
    return EventStudy(context=setting.context, remarks=remarks, moments=moments, method=method)


def uneven(setting: Setting) -> tuple[Remark, ...]:
    """How time since the start is counted, where periods are not equally far apart: in steps of the calendar where
    whole periods lack, in periods of the table where there is no such step."""
    periods, label = setting.panel.periods, setting.times.label
    regular = step_of(periods) is not None
    steps = np.diff(periods)
    wide = np.flatnonzero(np.diff(calendar_steps(periods)) > 1 if regular else steps > (1 + SLACK) * steps.min())
    if not wide.size:
        return ()
    gaps = [f"{label(periods[at])} – {label(periods[at + 1])}" for at in wide[:MOST_NAMED]]
    which = ", ".join([*gaps, *(["…"] if wide.size > MOST_NAMED else [])])
    return (Remark(key=f"notebook.note.{'missing_periods' if regular else 'uneven'}", values={"which": which}),)


def _of_complete(setting: Setting) -> tuple[Remark, ...]:
    """That the estimates use every row, and their limits only the units that have every period."""
    whole = np.isfinite(setting.panel.wide()).all(axis=1)
    if whole.all():
        return ()
    return (
        Remark(key="notebook.note.limits_of_complete", values={"left": str(int(whole.sum())), "all": str(whole.size)}),
    )


def att_gt(setting: Setting, control: Control, base: Base, anticipation: float, adjustment: Adjustment) -> GroupTimes:
    """Effects by date and period with all averages; see :meth:`sverige_did.api.study.Study.att_gt`."""
    option("adjustment", adjustment, Adjustment)
    panel, weighting, cluster = setting.panel, setting.weighting, setting.cluster
    if setting.covariates.shape[1]:
        effects = adjusted_effects(
            panel, setting.covariates, adjustment, control, base,
            anticipation=anticipation, weighting=weighting, cluster=cluster,
        )  # fmt: skip
    else:
        effects = group_time_effects(
            panel, control, base, anticipation=anticipation, weighting=weighting, cluster=cluster
        )
    df = degrees_of_freedom(effects, effects.influence)
    label = setting.times.label
    cells = tuple(
        Cell(
            cohort=label(g), period=label(t), event_time=int(e),
            row=_student(
                setting, f"ATT({label(g)}, {label(t)})", effects.estimate[m], effects.std_error[m], df[m],
                {"n_units": int(effects.n_treated[m] + effects.n_control[m]), "n_treated": int(effects.n_treated[m])},
            ),
        )
        for m, (g, t, e) in enumerate(zip(effects.cohort, effects.period, effects.event_time, strict=True))
    )  # fmt: skip
    averages: dict[str, Effect] = {
        kind: _average(setting, effects, aggregate(effects, inner)) for kind, inner in AGGREGATIONS.items()
    }
    unseen = ", ".join(f"ATT({label(g)}, {label(t)})" for g, t in effects.unseen)
    remarks = (
        *setting.remarks,
        *uneven(setting),
        *((Remark(key="notebook.note.unseen", values={"which": unseen}),) if unseen else ()),
    )
    return GroupTimes(context=setting.context, remarks=remarks, cells=cells, averages=averages, control=control)


def _student(setting: Setting, term: str, estimate: float, std_error: float, df: float, counted: dict[str, int]) -> Row:
    return Row.of_student(
        term, float(estimate), float(std_error), float(df), level=setting.context.level, method="callaway_santanna",
        scale="level", **counted,
    )  # fmt: skip


def _average(setting: Setting, effects: GroupTime, found: Aggregated) -> Effect:
    counted = setting.counted_after
    whole = _student(setting, f"att_{found.kind}", found.overall, found.overall_std_error, found.overall_df, counted)
    parts: list[Row] = []
    if found.kind != "simple":
        df = degrees_of_freedom(effects, found.influence)
        names = [f"{at:+g}" if found.kind == "dynamic" else setting.times.label(at) for at in found.at]
        prefix = {"dynamic": "event_time", "group": "cohort", "calendar": "period"}[found.kind]
        parts = [
            _student(setting, f"{prefix} {name}", found.estimate[h], found.std_error[h], df[h], counted)
            for h, name in enumerate(names)
        ]
    remarks = (*setting.remarks, *(uneven(setting) if found.kind == "dynamic" else ()))
    return Effect(context=setting.context, remarks=remarks, rows=(whole, *parts))


def imputed(setting: Setting, average: Average) -> Effect:
    """Imputed effects; see :meth:`sverige_did.api.study.Study.imputation`."""
    option("average", average, Average)
    setting = setting.plainly("imputation")
    overall = imputation(setting.panel, "overall", setting.weighting)
    rows = [("att", overall, 0)]
    if average == "event_time":
        by_time = imputation(setting.panel, average, setting.weighting)
        rows += [(f"event_time {e:+g}", by_time, h) for h, e in enumerate(by_time.at)]
    made = tuple(
        Row.of_student(
            term, float(found.estimate[h]), float(found.std_error[h]), float(found.df[h]), method="imputation",
            level=setting.context.level, scale="level", **setting.counted_after,
        )
        for term, found, h in rows
    )  # fmt: skip
    remarks = (*setting.remarks, *(uneven(setting) if average == "event_time" else ()))
    return Effect(context=setting.context, remarks=remarks, rows=made)


def synthetic(setting: Setting) -> Effect:
    """Synthetic difference-in-differences; see :meth:`sverige_did.api.study.Study.synthetic`."""
    setting = setting.plainly("synthetic")
    return _together(setting) if setting.window is not None else _by_date(setting)


def _together(setting: Setting) -> Effect:
    """One start: weights of units and periods by name, p by all choices of treated units or a sample of them."""
    panel, window = setting.panel, setting.one_start()
    pre, post = window.sides(panel)
    inside = pre | post
    levels, after, treated = panel.wide()[:, inside], post[inside], panel.ever_treated
    weights = panel.unit_weights(setting.weighting)
    # Placebos are drawn over the units in the order of their own numbers, which names cannot move.
    order = np.lexsort((*levels.T[::-1], ~treated))
    levels, treated, weights = levels[order], treated[order], weights[order]
    found = synthetic_did(levels, treated, after, weights)
    placebo = permutation_test_of(
        lambda chosen: synthetic_did(levels, chosen, after, weights).estimate, treated, rng=setting.rng(),
        strata=None if panel.strata is None else panel.strata[order], draws=PLACEBOS, limit=PLACEBOS,
    )  # fmt: skip
    names = np.array(panel.labels)[order][~treated]
    times = [label for label, before in zip(setting.times.labels, pre, strict=True) if before]
    return Effect(
        context=setting.context,
        remarks=(*setting.remarks, Remark(key="notebook.note.placebo_p")),
        rows=(_synthetic(setting, found.estimate, placebo.p_value),),
        unit_weights={str(name): float(w) for name, w in zip(names, found.omega, strict=True)},
        period_weights=dict(zip(times, found.lam.tolist(), strict=True)),
    )


def _by_date(setting: Setting) -> Effect:
    """One fit a date: the average, and each date's effect; p by dates that change places."""
    panel = setting.panel
    order = own_order(panel)
    table, starts, strata = panel.wide()[order], panel.treated_from[order], strata_in(panel, order)
    found, rng = staggered_synthetic_did(table, panel.periods, starts), setting.rng()
    hits = 0
    for _ in range(DATED_PLACEBOS):
        drawn = starts.copy()
        for s in np.unique(strata):
            drawn[strata == s] = rng.permutation(drawn[strata == s])
        other = staggered_synthetic_did(table, panel.periods, drawn).estimate
        hits += abs(other) >= abs(found.estimate) * (1 - TIE)
    p = (1 + hits) / (1 + DATED_PLACEBOS)
    parts = [
        _synthetic(setting, float(effect), None, f"cohort {setting.times.label(g)}")
        for g, effect in zip(found.begun, found.effects, strict=True)
    ]
    early = ", ".join(setting.times.label(g) for g in found.too_early)
    remarks = [*setting.remarks, Remark(key="notebook.note.placebo_p")]
    remarks += [Remark(key="notebook.note.too_early", values={"which": early})] if early else []
    return Effect(
        context=setting.context, remarks=tuple(remarks), rows=(_synthetic(setting, found.estimate, p), *parts)
    )


def _synthetic(setting: Setting, estimate: float, p_value: float | None, term: str = "att") -> Row:
    return Row(
        term=term, estimate=float(estimate), p_value=p_value, method="synthetic_did", scale="level", **setting.counted
    )
