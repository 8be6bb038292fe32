"""The verdict of a study and the methods beside it, whichever design it has."""

from __future__ import annotations

from sverige_did.api.compared import Found, compared, not_tested, two_way
from sverige_did.api.dated import dated
from sverige_did.api.results import Effect, Methods, Verdict
from sverige_did.api.rows import Row
from sverige_did.api.setting import Setting
from sverige_did.errors import RefusedError, refuse
from sverige_did.results.methods_tables import PRIMARY_INTERVAL, RELATIVE_SPREAD

RULE = ("permutation_studentised", PRIMARY_INTERVAL, "welch_by_date", "level_adjusted", RELATIVE_SPREAD)
"""The tests that a verdict rests on, whichever of them the design has."""

MAIN = (PRIMARY_INTERVAL, "permutation_studentised", RELATIVE_SPREAD)
"""Whose interval stands for the effect: the first of these that there is."""

HIS_OWN = frozenset({"frame_scale_here", "frame_covariates_here", "frame_cluster_here", "inference_collinear"})
"""Refusals of what the caller asked, and not of what his data can carry."""


def _rows(found: Found) -> tuple[Row, ...]:
    return tuple(Row.of(one) for one in found.estimates)


def verdict_of(setting: Setting) -> Verdict:
    """See :meth:`sverige_did.api.study.Study.verdict`."""
    found = _found(setting)
    record = found.record
    rule = [row for row in _rows(found) if row.method in RULE and row.scale == record.scale]
    main = next((row for key in MAIN for row in rule if row.method == key and row.lower is not None), None)
    shown = ([main] if main else []) + [row for row in rule if row is not main]
    shown = shown or list(_rows(found)[:1])
    tests = [row.p_value for row in shown if row.p_value is not None and row.method != RELATIVE_SPREAD]
    return Verdict(
        context=setting.context,
        remarks=(*record.remarks, *setting.remarks),
        verdict=record.verdict,
        design="D1" if setting.window is not None else "D5",
        rows=tuple(shown),
        p_value=max(tests) if tests and record.verdict != "refused" else None,
        relative_spread=record.relative_spread,
        observed=record.observed,
        smallest_p=record.smallest_p,
        edges=record.edges,
        counts=record.counts,
    )


def methods_of(setting: Setting) -> Methods:
    """See :meth:`sverige_did.api.study.Study.methods`."""
    found = _found(setting)
    return Methods(context=setting.context, remarks=(*found.record.remarks, *setting.remarks), rows=_rows(found))


def twfe_of(setting: Setting) -> Effect:
    """See :meth:`sverige_did.api.study.Study.twfe`."""
    if setting.covariates.shape[1]:
        raise refuse("frame_covariates_here", method="twfe")
    setting.on_own_scale("twfe")
    return Effect(context=setting.context, remarks=setting.remarks, rows=(Row.of(two_way(setting)),))


def _found(setting: Setting) -> Found:
    try:
        if setting.window is not None:
            return compared(setting)
        setting.on_own_scale("verdict")
        return dated(setting)
    except RefusedError as refusal:
        if refusal.problems[0].key in HIS_OWN:
            raise
        return not_tested(setting, refusal)
