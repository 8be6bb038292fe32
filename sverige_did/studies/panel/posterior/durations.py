"""The time from first placement to first leaving of care: the chance of leaving, quarter by quarter of the stay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy
from scipy.optimize import brentq

from sverige_did.bayes.draws.predictive_checks import predictive_checks
from sverige_did.bayes.draws.replicate import evenly, posterior_draws, predictor
from sverige_did.bayes.models.durations import (
    LENGTH,
    LINKS,
    Stays,
    build_durations,
    effect_on_durations,
)
from sverige_did.bayes.priors import Normal, draw
from sverige_did.errors import refuse
from sverige_did.sources.panel.first_exits import HORIZON, first_stays
from sverige_did.studies.panel.frame_windows import weights_of_frame, windows_of_frame
from sverige_did.studies.panel.posterior.priors import (
    CENTRAL,
    EFFECT,
    SIMULATIONS,
    effect_priors,
    prior_draws,
    structure_priors,
    thresholds_of,
)
from sverige_did.studies.panel.posterior.protocol import DistrictJob, Fits, Quantity, Ready, StudyData, one_by_one
from sverige_did.studies.panel.posterior.summaries import district_basis

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.models.district_effects import Cells
    from sverige_did.bayes.models.durations import DurationEffect
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.sources.panel.first_exits import FirstStays
    from sverige_did.sources.panel.frame import PanelFrame
    from sverige_did.study.blocks import DecisionThresholds
    from sverige_did.study.study import Outcome, PanelStudy

    Floats = NDArray[np.float64]

OUTCOME = "first_exit_time"
STEP = 3
"""Months of one step of the stay: within a quarter children leave at an even pace."""

STEPS = HORIZON // STEP
CLOGLOG = LINKS["cloglog"].hazard
REPLICATIONS = 2000

QUICKER = {"lower": "higher", "higher": "lower", "none": "none"}
"""Which chance of leaving is better where a shorter, or a longer, stay is: the effect is one on that chance."""


def prepare(data: StudyData, likelihood: str) -> Ready:
    """The outcome ready to sample, or a record with the reason why it is not."""
    wanted = data.wanted((OUTCOME,))
    if not wanted:
        return Ready()
    placed, panel_frame = data.placements()

    def job(item: Outcome) -> DurationJob:
        thresholds = thresholds_of(data.study, data.designs, OUTCOME)
        found = counted(first_stays(placed.spells, panel_frame), panel_frame, data.study)
        benefit = QUICKER[item.benefit]
        priors = structure_priors(data.study, hazard_level(thresholds), benefit, found.apart)
        alternative_priors = {OUTCOME: effect_priors(data.study, benefit)}
        return DurationJob(data.study, likelihood, (item,), alternative_priors, priors, found)

    return one_by_one(likelihood, wanted, job)


class Counted(NamedTuple):
    """``stays`` are those who were there and who left, by district, window of entry (before, after) and quarter of the
    stay; ``weights`` (G,) are of its districts; ``apart`` is how many periods lie between the windows.
    """

    stays: Stays
    weights: Floats
    apart: float

    @property
    def entered(self) -> Cells:
        """Those who entered, a cell each district and window, and how many of them had left within the horizon."""
        stays, cells = self.stays, self.stays.cells
        size = np.bincount(stays.cell, weights=stays.at_risk * (stays.stay == 0))
        return replace(cells, size=size)


def counted(first: FirstStays, panel_frame: PanelFrame, study: PanelStudy) -> Counted:
    """The first stays of those who entered in the plan's windows before and after.

    Raises RefusedError: ``posterior_no_cells``, and those of ``durations.Stays``.
    """
    windows = windows_of_frame(panel_frame, study)
    kept = windows.inside[first.period]
    if not kept.any() or not first.left[kept].any():
        raise refuse("posterior_no_cells")
    known, district = np.unique(first.district[kept], return_inverse=True)
    period, left = windows.after[first.period[kept]].astype(np.int64), first.left[kept]
    treated = panel_frame.treated[known]
    last = np.minimum(np.floor(first.months[kept] / STEP).astype(np.int64), STEPS - 1)
    who = np.repeat(np.arange(len(last)), last + 1)
    stay = np.concatenate([np.arange(steps + 1) for steps in last])
    keys, row = np.unique(np.stack([district[who], period[who], stay]), axis=1, return_inverse=True)
    out = np.bincount(row.ravel(), weights=left[who] & (stay == last[who]))
    dose = (treated[keys[0]] & (keys[1] == 1)).astype(float)
    stays = Stays(keys[0], keys[1], keys[2], treated, dose, out, out, np.bincount(row.ravel()).astype(float))
    apart = float(np.flatnonzero(windows.after).mean() - np.flatnonzero(windows.before).mean())
    return Counted(stays, weights_of_frame(panel_frame, study)[known], apart)


def hazard_level(thresholds: DecisionThresholds) -> Normal:
    """Normal on the log of the cumulative hazard of a quarter, with 95 % of its mass on the months that the plan calls
    plausible, were the chance of leaving the same in every quarter.

    Raises RefusedError (``durations_months``) where these are not within the months that children are followed.
    """
    few, many = thresholds.plausible
    if not HORIZON / 2 / STEPS < few < many < HORIZON:
        raise refuse("durations_months", found=f"{few:g}-{many:g}", expected=str(HORIZON))

    def hazard(months: float) -> float:
        return float(brentq(lambda eta: float(months_of(CLOGLOG(np.full(STEPS, eta)))) - months, -20.0, 5.0))

    low, high = hazard(many), hazard(few)
    return Normal((low + high) / 2, (high - low) / (2 * CENTRAL), "log_hazard", "priors.plan")


def months_of(hazards: Floats) -> Floats:
    """Months in care within the horizon, from the chances (..., H) of leaving in each quarter."""
    survival = np.cumprod(1 - hazards, axis=-1)
    earlier = np.concatenate([np.ones_like(survival[..., :1]), survival[..., :-1]], axis=-1)
    return np.asarray(STEP * ((earlier + survival) / 2).sum(axis=-1))


@dataclass(frozen=True, eq=False)
class DurationJob(DistrictJob):
    """The outcome made ready: its stays."""

    counted: Counted

    @property
    def name(self) -> str:
        """With the outcome's first: what is withheld of it takes its diagnostics along."""
        return f"{OUTCOME}.{self.likelihood}"

    @property
    def basis(self) -> Mapping[str, object]:
        """As every district model's."""
        assumed = ("parallel_trends_log", "same_children_enter", f"prior_{EFFECT}")
        return district_basis("bayes_durations", self.counted.stays.treated, self.counted.weights, assumed)

    def model(self, _part: str) -> pm.Model:
        """The model of leaving, with proportional hazards."""
        return build_durations(self.counted.stays, self.priors)

    def priors_of(self, _part: str) -> Mapping[str, Prior]:
        """Of the shared structure, and of how the chance of leaving changes over the stay."""
        return {**self.priors.named(), "sigma_length": LENGTH}

    def prior_levels(self, rng: np.random.Generator) -> Mapping[str, Floats]:
        """Mean months in care of all who entered."""
        values = prior_draws(self.priors, rng)
        steps = draw(LENGTH, SIMULATIONS, rng)[:, None] * rng.standard_normal((SIMULATIONS, STEPS - 1))
        walk = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
        entered = self.counted.entered
        months = months_of(self._hazards(predictor(values, entered, rng), walk))
        return {OUTCOME: months @ (entered.size / entered.size.sum())}

    def _hazards(self, eta: Floats, walk: Floats) -> Floats:
        """Chances of leaving (S, N, H) from the predictor of the cells (S, N) and the walk over the stay (S, H)."""
        return CLOGLOG(eta[:, :, None] + walk[:, None, :])

    def effect(self, fits: Fits) -> DurationEffect:
        """On the treated, in quarters."""
        return effect_on_durations([(fits[""], self.counted.stays)], STEPS, district_weights=self.counted.weights)

    def quantities(self, fits: Fits, _rng: np.random.Generator) -> Mapping[str, tuple[Quantity, ...]]:
        """In months, and as a ratio of months."""
        effect = self.effect(fits)
        reported = (
            Quantity(STEP * effect.mean, "att", "level", 0.0, self.thresholds(OUTCOME)),
            Quantity(effect.with_it / effect.without, "att", "ratio", 1.0, None),
        )
        return {OUTCOME: reported}

    def ratio(self, _outcome: str, fits: Fits) -> Floats:
        """Of the months in care."""
        effect = self.effect(fits)
        return effect.with_it / effect.without

    def log_likelihood(self, _part: str, fit: Fit) -> Floats:
        """Of all who were there in a quarter, by whether they left in it."""
        stays = self.counted.stays
        hazard = CLOGLOG(fit.values("eta")[:, stays.cell] + fit.values("walk")[:, stays.stay])
        return np.asarray(np.asarray(scipy.stats.binom.logpmf(stays.low, stays.at_risk, hazard)).sum(axis=1))

    def checks(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Predictive, ...]]:
        """The checks of district models on who had left within the horizon, of new districts of the same sizes."""
        fit, entered = fits[""], self.counted.entered
        eta = predictor(posterior_draws(fit, REPLICATIONS), entered, rng)
        hazards = self._hazards(eta, fit.values("walk")[evenly(fit, REPLICATIONS)])
        left = rng.binomial(entered.size.astype(np.int64), 1 - np.prod(1 - hazards, axis=2)).astype(float)
        return {OUTCOME: predictive_checks(entered.low, left, entered, self.counted.weights)}
