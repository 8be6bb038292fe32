"""One start for all: one change a unit, every method in a line, and the verdict (the design class D1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sverige_did.api.setting import Floats, Setting
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.collapse import Collapsed, collapse, collapsed_did
from sverige_did.did.missing_periods import filled
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.conley_taber import conley_taber
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.methods_table import Labels, methods_table
from sverige_did.inference.permutation import permutation_p
from sverige_did.inference.two_way import two_way_fixed_effects
from sverige_did.inference.verdict import SMALLEST_ARM, refusals, told_by_one
from sverige_did.results.estimates import Estimate, Remark, remarks_of
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.studies.panel.choice import beside_choice
from sverige_did.studies.panel.district_did import filled_periods, shown
from sverige_did.studies.panel.few_treated import bound_of_few
from sverige_did.studies.panel.index_models import SEPARATED, as_ratio
from sverige_did.studies.panel.outcome_data import tried
from sverige_did.studies.panel.periods_before import levels_before, of_periods
from sverige_did.studies.panel.window_levels import firth_collapse, log_collapse, log_odds_collapse

SCALES = {"own": ("level", "collapse"), "ratio": ("log_ratio", "did_log"), "log_odds": ("log_odds", "did_logit")}
"""The scale of the changes and the estimator, by what the caller calls the scale."""


class Found(NamedTuple):
    """The record of the verdict, and all estimates in the order in which they are shown."""

    record: MethodsRecord
    estimates: tuple[Estimate, ...]


class Change(NamedTuple):
    """One change a unit with the estimator that it is one of, and what has to be said of it."""

    collapsed: Collapsed
    estimator: str
    remarks: tuple[Remark, ...] = ()


def change_of(setting: Setting) -> Change:
    """The change of every unit on the scale of the study; log-odds are Firth's where a window is empty or full."""
    window, panel = setting.one_start(), setting.panel
    estimator = SCALES[setting.scale][1]
    if setting.scale == "own":
        return Change(collapse(panel, window, setting.weighting), estimator)
    if setting.scale == "ratio":
        return Change(log_collapse(panel, window, setting.weighting), estimator)
    shares = in_ones(setting)
    try:
        return Change(log_odds_collapse(shares, window, setting.weighting), estimator)
    except RefusedError as refusal:
        problem = refusal.problems[0]
        if problem.key != SEPARATED or shares.exposure is None:
            raise
        remark = Remark(key="methods_table.note.firth", values={"count": str(problem.found)})
        return Change(firth_collapse(shares, window, setting.weighting), "firth", (remark,))


def in_ones(setting: Setting) -> DistrictPanel:
    """The panel with shares and plain rates as its levels, whatever the denominator of the study."""
    panel = setting.panel
    return panel if panel.exposure is None else replace(panel, exposure=panel.exposure * setting.per)


def sample_of(setting: Setting, collapsed: Collapsed) -> Districts:
    """The changes as the methods take them, one a cluster where the study has clusters."""
    cluster = setting.cluster
    return districts(
        collapsed.change,
        collapsed.treated,
        weights=None if setting.weighting == "equal" else collapsed.weights,
        strata=collapsed.strata,
        covariates=setting.covariates[collapsed.unit] if setting.covariates.shape[1] else None,
        cluster=None if cluster is None else cluster[collapsed.unit],
        smallest_arm=1,
    )


def refuse_without_verdict(setting: Setting, sample: Districts) -> None:
    """Refuse (``frame_no_verdict``) where the design carries no verdict, so that there is none to doubt or simulate."""
    for note in (*refusals(sample.treated, sample.strata, setting.alpha), *told_by_one(sample)):
        raise refuse("frame_no_verdict", found=note.say())


def compared(setting: Setting) -> Found:
    """The methods table with its verdict, and what stands beside it.

    Raises RefusedError: those of the collapse; too few units are no refusal but a verdict.
    """
    window, panel, alpha = setting.one_start(), setting.panel, setting.alpha
    change = change_of(setting)
    sample = sample_of(setting, change.collapsed)
    scale = SCALES[setting.scale][0]
    logs = "_log" if setting.scale == "ratio" else "_log_odds" if setting.scale == "log_odds" else ""
    labels = Labels(scale, "att", change.estimator, (f"parallel_trends{logs}",))
    found = methods_table(sample, labels, rng=setting.rng(), alpha=alpha)
    bare = collapsed_did(change.collapsed, scale=scale).model_copy(update={"estimator": change.estimator})
    made = found.estimates or (bare,)
    if setting.scale == "ratio":
        made = tuple(map(as_ratio, made))
    notes = tuple(
        Remark(key=f"inference.note.{note.key}", values=note.values)
        for note in found.notes
        if not (note.key == "exchangeable" and setting.chosen == "random")
    )
    record = MethodsRecord(
        outcome=setting.context.outcome, scale=made[0].scale, verdict=found.verdict,
        remarks=(*filled_periods(change.collapsed, window), *notes, *change.remarks),
    )  # fmt: skip
    if found.verdict != "refused":
        record = record.model_copy(update=shown(permutation_p(sample, rng=setting.rng(), order=sample.order)))
    level = _level(setting, change.collapsed)
    record, by_level = beside_choice(
        record, made[0], sample, level, chosen=setting.chosen, alpha=alpha, rng=setting.rng()
    )
    record, by_bound = bound_of_few(
        record, made[0], sample, chosen=setting.chosen, level=setting.context.level, rng=setting.rng()
    )
    beside: list[Estimate] = [*by_bound, *by_level]
    if found.verdict != "refused" and setting.scale != "log_odds" and setting.cluster is None:
        before = levels_before(panel, window, logs=setting.scale == "ratio")
        by_periods, why = of_periods(made[0], sample, before, alpha)
        beside += by_periods
        record = record.model_copy(update={"remarks": (*record.remarks, *why)})
    return Found(record, (*made, *beside, *_two_way(setting), *_few(setting, sample, made[0])))


def _level(setting: Setting, collapsed: Collapsed) -> Floats:
    """The level before of what changed, in logarithms for a ratio: what a choice may have gone by."""
    logs = setting.scale == "ratio"
    before = filled(setting.panel, setting.one_start(), "log" if logs else "identity").levels()[0]
    level = np.log(before) if logs else before
    if setting.cluster is None:
        return level
    codes = np.unique(setting.cluster[collapsed.unit], return_inverse=True)[1]
    return np.bincount(codes, collapsed.weights * level) / np.bincount(codes, collapsed.weights)


def _two_way(setting: Setting) -> Iterator[Estimate]:
    """What most software prints, in the unit of the outcome; nothing where it cannot be fitted."""
    if setting.scale != "own" or setting.covariates.shape[1]:
        return
    found, _ = tried(lambda: two_way(setting))
    if found is not None:
        yield found


def two_way(setting: Setting) -> Estimate:
    """Two-way fixed effects with CR1, clustered by unit or by the cluster of the study."""
    return two_way_fixed_effects(
        setting.panel, setting.one_start(), scale="level", weighting=setting.weighting, cluster=setting.cluster,
        alpha=setting.alpha,
    )  # fmt: skip


def _few(setting: Setting, sample: Districts, first: Estimate) -> Iterator[Estimate]:
    """Conley and Taber's interval of one or two treated units, which the methods table has for three and more."""
    if sample.treated.sum() >= SMALLEST_ARM or setting.scale == "ratio":
        return
    found, _ = tried(lambda: conley_taber(sample, rng=setting.rng(), alpha=setting.alpha))
    if found is not None:
        yield first.model_copy(
            update={
                "inference": "conley_taber", "estimate": found.estimate, "p_value": found.p_value,
                "lower": found.region.lower, "upper": found.region.upper, "level": setting.context.level,
                "weights": "equal", "notes": (), "n_units": sample.change.size, "n_treated": int(sample.treated.sum()),
            }
        )  # fmt: skip


def not_tested(setting: Setting, refusal: RefusedError) -> Found:
    """An outcome that cannot be tested, with the reason."""
    remarks = remarks_of(refusal.problems)
    return Found(MethodsRecord(outcome=setting.context.outcome, scale="level", verdict="refused", remarks=remarks), ())
