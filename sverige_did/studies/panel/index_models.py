"""Beside the mean changes of a panel: models whose trends are parallel on an index scale, read on the outcome's own.

Shares get the fractional logit, other counts the Poisson quasi-likelihood (glm.py), both with the imputed effect on the
outcome's scale and as a ratio. Their uncertainty is the jackknife over districts. Where a cell is empty or full they do
not exist; then the methods for small counts take over on the groups' totals, and say that they know nothing of
districts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import scipy

from sverige_did.did.arrays import DistrictPanel, Weighting, only_districts
from sverige_did.did.exact import poisson_did, zelen
from sverige_did.did.firth import firth
from sverige_did.did.glm import GlmEffects, fractional_logit, poisson
from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Floats
from sverige_did.panel import COUNTED
from sverige_did.periods import period_number
from sverige_did.results.estimates import Estimate, Remark, remarks_of
from sverige_did.studies.panel.arrays import district_panel
from sverige_did.studies.panel.outcome_data import OutcomeData

SEPARATED = "separation"

Fit = Callable[[DistrictPanel, Weighting], GlmEffects]


class Indexed(NamedTuple):
    """The estimates of an index model or of what took over from it, and what must be said about them."""

    estimates: tuple[Estimate, ...]
    remarks: tuple[Remark, ...] = ()


def index_model(data: OutcomeData) -> Indexed:
    """The index model of one outcome in the plan's windows; nothing for means, amounts and printed shares."""
    cells = data.cells
    if not cells["kind"].isin(COUNTED).all():
        return Indexed(())
    share = data.entry.family == "share"
    window = data.window()
    inside = cells["period"].map(period_number).isin(window.pre + window.post)
    try:
        panel = district_panel(cells[inside], partial=data.partial, weights=data.weights)
        if panel.exposure is None:  # plain counts: everybody is at risk alike
            panel = replace(panel, exposure=np.ones(panel.y.size))
        fit = fractional_logit if share else partial(poisson, per=data.per)
        return Indexed(tuple(_read(data, panel, fit)))
    except RefusedError as refusal:
        if refusal.problems[0].key != SEPARATED:
            return Indexed((), remarks_of(refusal.problems))
        return Indexed(tuple(_small_counts(data, share=share)), remarks_of(refusal.problems))


def _read(data: OutcomeData, panel: DistrictPanel, fit: Fit) -> Iterator[Estimate]:
    """The effect on the outcome's own scale, and as a ratio or in log-odds where the plan asks for them."""
    whole = fit(panel, data.weighting)
    spread = _jackknife(panel, fit, data.weighting)
    level = data.study.level
    yield _with_limits(whole.level, spread[:, 0], level).model_copy(update={"scale": data.scale})
    if "ratio" in data.wanted.scales:
        logs = whole.ratio.model_copy(update={"estimate": float(np.log(whole.ratio.estimate))})
        yield as_ratio(_with_limits(logs, spread[:, 1], level))
    if "log_odds" in data.wanted.scales and whole.index.scale == "log_odds":
        yield _with_limits(whole.index, spread[:, 2], level)


def _jackknife(panel: DistrictPanel, fit: Fit, weighting: Weighting) -> Floats:
    """(G, 3) level effect, log ratio and index without each district in turn; empty where one refit is impossible."""
    found = []
    for d in range(panel.n_units):
        try:
            left = fit(only_districts(panel, np.arange(panel.n_units) != d), weighting)
        except RefusedError:
            return np.empty((0, 3))
        found.append([left.level.estimate, np.log(left.ratio.estimate), left.index.estimate])
    return np.array(found)


def _with_limits(bare: Estimate, without: Floats, level: float) -> Estimate:
    """The jackknife's interval, t(G - 1); a note where a single district is all that the model stands on."""
    groups = without.size
    if not groups:
        return bare.model_copy(update={"level": None, "notes": ("jackknife_separated",)})
    se = float(np.sqrt((groups - 1) / groups * np.square(without - bare.estimate).sum()))
    half = float(scipy.stats.t.isf((1 - level) / 2, groups - 1)) * se
    return bare.model_copy(
        update={
            "inference": "cr3_jackknife",
            "std_error": se,
            "lower": bare.estimate - half,
            "upper": bare.estimate + half,
            "level": level,
            "p_value": float(2 * scipy.stats.t.sf(abs(bare.estimate) / se, groups - 1)) if se > 0 else None,
            "assumptions": (*bare.assumptions, "districts_independent"),
        }
    )


def as_ratio(logs: Estimate) -> Estimate:
    """exp of an estimate and its limits: the standard error stays behind, for it is one of the logarithm."""
    limits = (("lower", logs.lower), ("upper", logs.upper))
    ends = {name: None if end is None else float(np.exp(end)) for name, end in limits}
    return logs.model_copy(
        update={"scale": "ratio", "estimate": float(np.exp(logs.estimate)), "std_error": None, **ends}
    )


def _small_counts(data: OutcomeData, *, share: bool) -> Iterator[Estimate]:
    """Firth's and the exact estimate from the totals of the two groups before and after."""
    y, n = data.totals()
    level = data.study.level
    if share:
        yield firth(y, n, level=level)
    if np.array_equal(y, np.rint(y)) and (n > 0).all():
        whole = np.array_equal(n, np.rint(n))
        if share and whole:
            yield zelen(y, n, level=level)
        elif not share:
            yield poisson_did(y, n, level=level)
