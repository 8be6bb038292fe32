"""The effect period by period with limits that hold for all periods at once, from few treated districts."""

from __future__ import annotations

import numpy as np

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import Bands, DistrictPanel, Weighting
from sverige_did.did.event_study import EventStudy, event_study
from sverige_did.did.rounding import cleared, noise
from sverige_did.did.staggered import GroupTime, group_time_effects
from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import cr2_vectors, least_squares, satterthwaite
from sverige_did.inference.districts import Floats, Ints
from sverige_did.inference.joint_bands import Contrasts, clustered_bands, contrast_bands, deviations
from sverige_did.results.estimates import Curve

FEWEST_BEFORE = 2
"""Periods before go-live without which there is nothing to see: one of them is the reference."""


def event_curve(
    panel: DistrictPanel, weighting: Weighting, *, rng: np.random.Generator, level: float, each: bool = False
) -> Curve:
    """Effects of the districts' periods against the last one before go-live, with bands for all of them at once.

    ``each``: with the limits of every period by itself in their place. On a complete panel an effect is a difference of
    two means, and the variance of each is read off the districts of its arm, every district counting the same; else CR2
    of the regression is split into the two arms.

    Raises RefusedError: ``did_one_pre_period`` with fewer than two periods before go-live, ``too_few_treated`` and
    ``too_few_control`` with one district in an arm and cells that are missing, and those of
    :func:`~sverige_did.did.event_study.event_study` and :func:`~sverige_did.inference.joint_bands.contrast_bands`.
    """
    before = int((panel.periods < panel.go_live()).sum())
    if before < FEWEST_BEFORE:
        raise refuse("did_one_pre_period", found=str(before), expected=f">= {FEWEST_BEFORE}")
    found = event_study(panel, weighting)
    complete = bool(np.isfinite(panel.wide()).all())
    bands = (_of_means if complete else _of_regression)(panel, found, weighting, rng, level, each)
    at = int(np.searchsorted(found.period, found.reference))
    base = {"x": (found.period, found.reference), "y": (found.estimate, 0.0)}
    base |= {"lower": (bands.lower, 0.0), "upper": (bands.upper, 0.0)}
    columns = {name: tuple(np.insert(values, at, extra).tolist()) for name, (values, extra) in base.items()}
    return Curve(name="event", x_name="methods_table.axis.period", y_name="methods_table.axis.effect", **columns)


def event_time_curve(
    panel: DistrictPanel, weighting: Weighting, *, rng: np.random.Generator, level: float, each: bool = False
) -> Curve:
    """Effects by time since a district's own go-live against districts that never begin, with bands for all at once.

    ``each``: with the limits of every event time by itself in their place. Callaway and Sant'Anna's dynamic average
    against the last period before go-live. How much treated districts differ is pooled over the dates at which they
    begin, so that a date with one district has limits too. It is read off the districts that have every period.

    Raises RefusedError: ``bands_single`` where no two treated districts begin together, ``bands_incomplete`` where too
    few have every period, and those of
    :func:`~sverige_did.did.staggered.group_time_effects` and
    :func:`~sverige_did.inference.joint_bands.contrast_bands`.
    """
    effects = group_time_effects(panel, "never", "universal", weighting=weighting)
    found = aggregate(effects, "dynamic")
    contrasts = _by_event_time(panel, effects, found.at, panel.unit_weights(weighting))
    known = np.abs(contrasts.weights).sum(axis=(1, 2)) > 0  # all but the period that the others are held against
    limits = np.zeros((2, found.at.size))
    bands = contrast_bands(
        found.estimate[known], Contrasts(*(part[known] for part in contrasts)),
        deviations(panel.wide(), _cohorts(panel)), rng=rng, level=level, each=each,
    )  # fmt: skip
    limits[:, known] = bands.lower, bands.upper
    columns = {"x": found.at, "y": found.estimate, "lower": limits[0], "upper": limits[1]}
    lists = {name: tuple(values.tolist()) for name, values in columns.items()}
    return Curve(name="event", x_name="methods_table.axis.event_time", y_name="methods_table.axis.effect", **lists)


def _cohorts(panel: DistrictPanel) -> Ints:
    """(U,) codes in order of go-live, the never treated last."""
    begun = np.where(panel.ever_treated, panel.treated_from, np.inf)
    return np.unique(begun, return_inverse=True)[1].astype(np.int64)


def _by_event_time(panel: DistrictPanel, effects: GroupTime, at: Floats, weights: Floats) -> Contrasts:
    """The dynamic averages at ``at`` (S,) as contrasts; the shares of the cohorts are taken as given.

    The spread of a mean is that of the districts seen at both dates, the largest of the pairs where there are several.
    """
    seen, cohort, last = np.isfinite(panel.wide()), _cohorts(panel), effects.cohorts.size
    loads = np.zeros((at.size, last + 1, panel.periods.size))
    spread = np.zeros((at.size, last + 1))
    for s, e in enumerate(at):
        pairs = np.flatnonzero(effects.at(e))
        groups = np.searchsorted(effects.cohorts, effects.cohort[pairs])
        share = effects.share[groups] / effects.share[groups].sum()
        for g, period, part in zip(groups, effects.period[pairs], share, strict=True):
            t, base = np.searchsorted(panel.periods, (period, effects.cohorts[g])) - (0, 1)
            for c, sign in ((g, 1), (last, -1)):
                own = weights[(cohort == c) & seen[:, t] & seen[:, base]]
                spread[s, c] = max(spread[s, c], float((own**2).sum() / own.sum() ** 2))
                loads[s, c, [t, base]] += np.array([1, -1]) * sign * part * (t != base)
    return Contrasts(loads, spread)


def _of_means(
    panel: DistrictPanel, found: EventStudy, weighting: Weighting, rng: np.random.Generator, level: float, each: bool
) -> Bands:
    """Bands of differences of two means of changes."""
    control, weights = (~panel.ever_treated).astype(np.int64), panel.unit_weights(weighting)
    change = np.eye(panel.periods.size) - (panel.periods == found.reference)
    change = change[panel.periods != found.reference]
    total, square = np.bincount(control, weights), np.bincount(control, weights**2)
    contrasts = Contrasts(np.stack([change, -change], axis=1), np.tile(square / total**2, (len(change), 1)))
    residual = deviations(panel.wide(), control)
    return contrast_bands(found.estimate, contrasts, residual, rng=rng, level=level, each=each)


def _of_regression(
    panel: DistrictPanel, found: EventStudy, _: Weighting, rng: np.random.Generator, level: float, each: bool
) -> Bands:
    """Bands from CR2, with the fewest degrees of freedom that any period leaves each arm."""
    fit = least_squares(found.y, found.regressors, found.cluster, found.weights)
    treated = panel.ever_treated[np.unique(found.cluster)]
    for key, arm in (("too_few_treated", treated), ("too_few_control", ~treated)):
        if arm.sum() < 2:  # what its one district leaves of itself is nothing
            raise refuse(key, found=str(int(arm.sum())), expected=">= 2")
    vectors = [cr2_vectors(fit, column) for column in range(found.period.size)]
    fewest = [min(satterthwaite(one[:, arm]) for one in vectors) for arm in (treated, ~treated)]
    contributions = cleared(np.column_stack([one.T @ fit.y for one in vectors]), noise(panel.level))
    df = (max(1, round(fewest[0])), max(1, round(fewest[1])))
    return clustered_bands(found.estimate, contributions, treated, df, rng=rng, level=level, each=each)
