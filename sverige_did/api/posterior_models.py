"""From a study to the model of its posterior: counts and levels, each by the district model that the package has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sverige_did.api.own_size import in_whole_numbers
from sverige_did.api.posterior import Likelihood
from sverige_did.api.setting import Floats, Setting
from sverige_did.bayes.draws.predictive_checks import Predictive, level_checks, predictive_checks
from sverige_did.bayes.draws.replicate import PanelDraws, evenly, posterior_draws, predictor
from sverige_did.bayes.models import means
from sverige_did.bayes.models.district_effects import ENOUGH_TREATED_CELLS, Cells, PanelPriors
from sverige_did.bayes.models.effects import (
    Effect,
    average_effect,
    effect_in_new_district,
    effect_on_treated,
    weights_of,
)
from sverige_did.bayes.models.families import FAMILIES, Family
from sverige_did.bayes.priors import Normal, Prior
from sverige_did.bayes.sampling.sample import CAREFUL, Fit, Settings
from sverige_did.errors import refuse
from sverige_did.studies.panel.posterior.priors import prior_draws

if TYPE_CHECKING:
    import pymc as pm

type Effects = Mapping[tuple[str, str], Floats]
"""Draws (S,) of an effect by whose it is, ``att`` or ``new_unit``, and its scale; in the unit of the outcome first."""

WIDE = 1.0
"""The sd of the level's prior on the link's scale: about the level of all, give or take a factor of seven."""

REPLICATIONS = 2000

LEVELS = Settings(draws=3000, tune=1500, target_accept=0.98)
"""For levels, which have no shock of their own to sample."""


@dataclass(frozen=True, eq=False)
class Modelled(ABC):
    """A study as a model: what is sampled, and how its draws are read."""

    priors: PanelPriors
    weights: Floats
    settings: Settings

    @property
    @abstractmethod
    def named(self) -> Mapping[str, Prior]:
        """The priors by the names of the parameters."""

    @abstractmethod
    def model(self) -> pm.Model:
        """The unfitted model."""

    @abstractmethod
    def effects(self, fit: Fit, rng: np.random.Generator) -> Effects:
        """Of the posterior."""

    @abstractmethod
    def prior_effects(self, rng: np.random.Generator) -> Effects:
        """The same of the prior alone, on the treated."""

    @abstractmethod
    def log_likelihood(self, fit: Fit) -> Floats:
        """(S, N) of every row."""

    @abstractmethod
    def checks(self, fit: Fit, rng: np.random.Generator) -> tuple[Predictive, ...]:
        """Whether data of new units look like these."""

    @property
    @abstractmethod
    def observed(self) -> Floats:
        """(N,) what was observed."""


@dataclass(frozen=True, eq=False)
class Counts(Modelled):
    """Counts in the cells of units and periods; ``times`` turns an effect of the model into the unit of the study."""

    cells: Cells
    family: Family
    times: float

    @property
    def named(self) -> Mapping[str, Prior]:
        """Of the shared structure."""
        return self.priors.named()

    @property
    def observed(self) -> Floats:
        """The counts, or the levels."""
        return self.cells.low

    def model(self) -> pm.Model:
        """Of the likelihood."""
        return self.family.model(self.cells, self.priors, {})

    def _scales(self, whose: str, effect: Effect) -> Effects:
        return {
            (whose, "level"): effect.difference * self.times,
            (whose, "ratio"): effect.ratio,
            (whose, self.family.log_scale): effect.log_contrast,
        }

    def effects(self, fit: Fit, rng: np.random.Generator) -> Effects:
        """On the treated and in a new unit."""
        att = effect_on_treated(fit, self.cells, self.family.outcome, self.weights)
        new = effect_in_new_district(fit, self.cells, self.family.outcome, rng)
        return {**self._scales("att", att), **self._scales("new_unit", new)}

    def prior_effects(self, rng: np.random.Generator) -> Effects:
        """On the treated."""
        cells, drawn = self.cells, prior_draws(self.priors, rng)
        own = _own_effects(drawn.scalars, cells, rng)
        eta = predictor(PanelDraws(drawn.scalars, None, own), cells, rng)
        rows = np.flatnonzero(cells.dose > 0)
        effect = own[:, _place(cells)[rows]] * cells.dose[rows]
        weights = weights_of(cells, self.weights)[rows]
        return self._scales("att", average_effect(eta[:, rows], effect, weights, self.family.outcome))

    def _own(self, fit: Fit, kept: Any = slice(None)) -> dict[str, Floats]:
        return {name: fit.values(name)[kept][:, None] for name in self.family.own}

    def log_likelihood(self, fit: Fit) -> Floats:
        """Of every row."""
        return self.family.log_likelihood(fit.values("eta"), self.cells.low, self.cells.size, self._own(fit))

    def checks(self, fit: Fit, rng: np.random.Generator) -> tuple[Predictive, ...]:
        """Of new units of the same sizes."""
        eta = predictor(posterior_draws(fit, REPLICATIONS), self.cells, rng)
        own = self._own(fit, evenly(fit, REPLICATIONS))
        replicated = self.family.simulate(eta, self.cells.size, own, rng)
        return predictive_checks(self.cells.low, replicated, self.cells, self.weights)


@dataclass(frozen=True, eq=False)
class Means(Modelled):
    """Levels of units and periods."""

    levels: means.Levels

    @property
    def named(self) -> Mapping[str, Prior]:
        """Of the shared structure."""
        return self.priors.named()

    @property
    def observed(self) -> Floats:
        """The counts, or the levels."""
        return self.levels.level

    def model(self) -> pm.Model:
        """Of the likelihood."""
        return means.build_means(self.levels, self.priors)

    def _scales(self, whose: str, effect: Floats, without: Floats) -> Effects:
        # A ratio is one of levels that are all on the same side of nothing.
        positive = (self.levels.level > 0).all() and (without > 0).all()
        return {(whose, "level"): effect} | ({(whose, "ratio"): 1 + effect / without} if positive else {})

    def effects(self, fit: Fit, rng: np.random.Generator) -> Effects:
        """On the treated and in a new unit."""
        att = dict(self._scales("att", *means.effect_on_means(fit, self.levels, self.weights)))
        tau = fit.values("tau")
        new = tau + fit.values("sigma_tau") * rng.standard_normal(tau.size)
        return att | {("new_unit", "level"): new}

    def prior_effects(self, rng: np.random.Generator) -> Effects:
        """On the treated."""
        levels, scalars = self.levels, prior_draws(self.priors, rng).scalars
        rows = np.flatnonzero(levels.dose > 0)
        weights = weights_of(levels, self.weights)[rows]
        own = _own_effects(scalars, levels, rng)
        return {("att", "level"): (own[:, _place(levels)[rows]] * levels.dose[rows]) @ weights}

    def log_likelihood(self, fit: Fit) -> Floats:
        """Of every row."""
        return means.log_likelihood(fit, self.levels)

    def checks(self, fit: Fit, rng: np.random.Generator) -> tuple[Predictive, ...]:
        """Of new units of the same sizes."""
        replicated = means.replicated(fit, self.levels, evenly(fit, REPLICATIONS), rng)
        return level_checks(self.levels.level, replicated, self.levels, self.weights)


def _place(rows: Cells | means.Levels) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(N,) the place of each row's unit among the treated; of no account for the others."""
    return np.maximum(np.cumsum(rows.treated) - 1, 0)[rows.district]


def _own_effects(scalars: Mapping[str, Floats], rows: Cells | means.Levels, rng: np.random.Generator) -> Floats:
    """(S, K) effects of the treated units from the priors, alike where there is too little to tell them apart."""
    tau = scalars["tau"][:, None]
    differ = int((rows.dose > 0).sum()) >= ENOUGH_TREATED_CELLS
    z = rng.standard_normal((len(tau), int(rows.treated.sum())))
    return np.asarray(tau + (scalars["sigma_tau"][:, None] * z if differ else 0.0 * z))


def usual(setting: Setting) -> Likelihood:
    """The likelihood of what a study has: levels, shares in whole numbers, or events that may come in clusters."""
    if setting.panel.exposure is None:
        return "normal"
    return "binomial" if in_whole_numbers(setting) else "negative_binomial"


def modelled(setting: Setting, likelihood: Likelihood, effect_prior: tuple[float, float] | None) -> Modelled:
    """The model of a study; the prior of the effect, as mean and sd, is on the scale of the link.

    Raises RefusedError: ``posterior_staggered``, ``frame_likelihood`` where the study has not what the likelihood is
    of, ``frame_covariates_here``, ``frame_not_known_here`` for strata and for clusters of counts, and those of the
    models.
    """
    if setting.window is None:
        raise refuse("posterior_staggered")
    counts = setting.panel.exposure is not None
    if (likelihood == "normal") == counts:
        raise refuse("frame_likelihood", found=likelihood, expected="events, exposure" if not counts else "y")
    if setting.panel.strata is not None:
        raise refuse("frame_not_known_here", name="strata", method="posterior")
    if counts and setting.cluster is not None:
        raise refuse("frame_not_known_here", name="cluster", method="posterior")
    setting = setting.plainly("posterior")
    made = _counts(setting, likelihood) if counts else _means(setting)
    if effect_prior is None:
        return made
    mean, sd = effect_prior
    if not (np.isfinite(mean) and 0 < sd < np.inf):
        raise refuse("out_of_range", name="effect_prior", found=f"{mean:g}, {sd:g}", expected="sd > 0")
    effect = Normal(float(mean), float(sd), made.priors.effect.unit, "priors.plan")
    return replace(made, priors=replace(made.priors, effect=effect))


def _rows(setting: Setting) -> tuple[dict[str, Any], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """What counts and levels have in common of the rows within the windows, and which (N,) of the panel they are."""
    panel, window = setting.panel, setting.one_start()
    pre, post = window.sides(panel)
    inside = (pre | post)[panel.time]
    period = np.searchsorted(np.flatnonzero(pre | post), panel.time[inside])
    seen, unit = np.unique(panel.unit[inside], return_inverse=True)
    common = {
        "district": unit.astype(np.int64), "period": period.astype(np.int64), "treated": panel.ever_treated[seen],
        "dose": panel.treated[inside].astype(float),
    }  # fmt: skip
    return common, inside


def _weights(setting: Setting, inside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    return setting.panel.unit_weights(setting.weighting)[np.unique(setting.panel.unit[inside])]


def _counts(setting: Setting, likelihood: Likelihood) -> Counts:
    common, inside = _rows(setting)
    panel, family = setting.panel, FAMILIES[likelihood]
    share = family.trials
    size = np.asarray(panel.exposure)[inside] * (setting.per if share else 1.0)
    size = np.rint(size) if share and np.allclose(size, np.rint(size)) else size
    count = panel.y[inside]
    cells = Cells(**common, low=count, high=count, size=size)
    untreated = cells.dose == 0
    # Half an event more, so that a level of nothing or of all has a place on the link's scale.
    level = (count[untreated].sum() + 0.5) / (size[untreated].sum() + (1.0 if share else 0.0))
    centre = float(family.link(np.asarray(100 * level if share else level)))
    priors = PanelPriors(level=Normal(centre, WIDE, family.log_scale, "priors.about_the_data"))
    times = setting.per / 100 if share else 1.0
    return Counts(priors, _weights(setting, inside), CAREFUL, cells, family, times)


def _means(setting: Setting) -> Means:
    common, inside = _rows(setting)
    levels = means.Levels(**common, level=setting.panel.y[inside])
    before = levels.level[levels.period < levels.period[levels.dose > 0].min()]
    if not before.std() > 0:
        raise refuse("no_variation_within")
    priors = means.mean_priors(float(before.mean()), float(before.std()))
    return Means(priors, _weights(setting, inside), LEVELS, levels)
