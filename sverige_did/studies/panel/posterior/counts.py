"""Counts of a panel of districts, one model an outcome: children present, shares of them, and events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from sverige_did.bayes.draws import leave_one_out as one_out
from sverige_did.bayes.draws.predictive_checks import predictive_checks
from sverige_did.bayes.draws.prior_sensitivity import smoothed, weighted_quantiles
from sverige_did.bayes.draws.replicate import evenly, posterior_draws, predictor
from sverige_did.bayes.models.effects import Effect, effect_in_new_district, effect_on_treated, realised_effect
from sverige_did.bayes.models.families import FAMILIES, Family, Floats
from sverige_did.bayes.priors import Normal, log_density
from sverige_did.errors import refuse
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import Curve
from sverige_did.results.posteriors import LeftOut
from sverige_did.studies.panel.posterior.cells import PanelCells, likelihood_of, panel_cells
from sverige_did.studies.panel.posterior.priors import (
    EFFECT,
    effect_priors,
    own_priors,
    panel_priors,
    prior_draws,
    thresholds_of,
)
from sverige_did.studies.panel.posterior.protocol import (
    DistrictJob,
    Fits,
    Fitted,
    Quantity,
    Ready,
    StudyData,
    one_by_one,
)
from sverige_did.studies.panel.posterior.summaries import district_basis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pymc as pm

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.study.study import Outcome

REPLICATIONS = 4000
POINTS = 121
SPAN = 3.0
"""Half the width of the figure of densities, in sds of the prior of the effect: nearly all of the prior."""

ASSUMED = {"log_odds": "parallel_trends_log_odds", "log_ratio": "parallel_trends_log"}

NO_EFFECT = 0.01
"""The sd of a prior that leaves no room for an effect: one per cent of the log scale."""


def prepare(data: StudyData, likelihood: str) -> Ready:
    """Every outcome of the plan that has this likelihood."""

    def taken(outcome: str) -> bool:
        rows = data.panel.outcome(outcome)
        return not rows.empty and likelihood_of(str(rows["kind"].iloc[0]), outcome) == likelihood

    wanted = (item for item in data.study.outcomes if taken(item.outcome))
    return one_by_one(likelihood, wanted, lambda item: _job(data, item))


def _job(data: StudyData, wanted: Outcome) -> CountJob:
    if CATALOGUE[wanted.outcome].use != "effect":
        raise refuse("posterior_use")
    thresholds = thresholds_of(data.study, data.designs, wanted.outcome)
    cells = panel_cells(data.panel, data.study, wanted.outcome)
    family = FAMILIES[cells.likelihood]
    return CountJob(
        study=data.study,
        likelihood=cells.likelihood,
        outcomes=(wanted,),
        alternative_priors={wanted.outcome: effect_priors(data.study, wanted.benefit)},
        panel=cells,
        family=family,
        priors=panel_priors(data.study, thresholds, family, wanted.benefit, cells.apart),
        own=own_priors(data.study, family),
    )


@dataclass(frozen=True, eq=False)
class CountJob(DistrictJob):
    """One outcome: its cells, and its priors."""

    panel: PanelCells
    family: Family
    own: Mapping[str, Prior]

    @property
    def name(self) -> str:
        """The group of the draws in the store."""
        return f"{self.wanted.outcome}.{self.likelihood}"

    @property
    def prior_seed(self) -> str:
        """An outcome's own."""
        return f"{self.wanted.outcome}.prior"

    @property
    def basis(self) -> Mapping[str, object]:
        """As every district model's."""
        assumed = (ASSUMED[self.family.log_scale], f"prior_{EFFECT}")
        return district_basis("bayes", self.panel.cells.treated, self.panel.weights, assumed)

    def model(self, _part: str) -> pm.Model:
        """The district model of the likelihood."""
        return self.family.model(self.panel.cells, self.priors, self.own)

    def priors_of(self, _part: str) -> Mapping[str, Prior]:
        """Of the shared structure and of the likelihood's own parameters."""
        return self.priors.named() | dict(self.own)

    def prior_levels(self, rng: np.random.Generator) -> Mapping[str, Floats]:
        """The mean of the districts, by their size."""
        cells = self.panel.cells
        eta = predictor(prior_draws(self.priors, rng), cells, rng)
        return {self.wanted.outcome: self.family.outcome(eta) @ (cells.size / cells.size.sum())}

    def quantities(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Quantity, ...]]:
        """On the treated, and in a new district."""
        new = effect_in_new_district(fits[""], self.panel.cells, self.family.outcome, rng)
        att = self._att(fits)._replace(difference=self.realised(fits, rng))
        return {self.wanted.outcome: (*self._scales("att", att), *self._scales("new_district", new))}

    def realised(self, fits: Fits, rng: np.random.Generator) -> Floats:
        """What the programme did to the children who were there, in the unit of the outcome; to their chances where no
        children are counted.
        """
        if self.family.realised is None:
            return self._att(fits).difference
        scale = 100.0 if self.family.trials else 1.0
        panel = self.panel
        return scale * realised_effect(fits[""], panel.cells, self.family.realised, rng, panel.weights, panel.same)

    def _att(self, fits: Fits) -> Effect:
        return effect_on_treated(fits[""], self.panel.cells, self.family.outcome, self.panel.weights)

    def _scales(self, estimand: str, effect: Effect) -> tuple[Quantity, ...]:
        own = CATALOGUE[self.wanted.outcome].scale
        return (
            Quantity(effect.difference, estimand, own, 0.0, self.thresholds(self.wanted.outcome)),
            Quantity(effect.ratio, estimand, "ratio", 1.0, None),
            Quantity(effect.log_contrast, estimand, self.family.log_scale, 0.0, None),
        )

    def ratio(self, _outcome: str, fits: Fits) -> Floats:
        """On the treated."""
        return self._att(fits).ratio

    def scaled_effect(self, quantities: tuple[Quantity, ...]) -> Floats:
        """On the scale of the link."""
        return quantities[2].draws

    def log_likelihood(self, _part: str, fit: Fit) -> Floats:
        """Of all cells."""
        return np.asarray(self._terms(fit, slice(None))(fit.values("eta")).sum(axis=1))

    def _terms(self, fit: Fit, kept: np.ndarray[tuple[int], np.dtype[np.int64]] | slice) -> Callable[[Floats], Floats]:
        """The log-likelihood (S, N) of the cells as a function of their predictor (S, N), for the draws ``kept``."""
        cells, own = self.panel.cells, self._own_values(fit, kept)
        count, size = cells.low / cells.times_counted, cells.size / cells.times_counted
        return lambda eta: self.family.log_likelihood(eta, count, size, own)

    def _own_values(self, fit: Fit, kept: np.ndarray[tuple[int], np.dtype[np.int64]] | slice) -> dict[str, Floats]:
        """Some draws of the likelihood's own parameters, (S, 1) each."""
        return {name: fit.values(name)[kept][:, None] for name in self.family.own}

    def checks(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Predictive, ...]]:
        """The checks of district models, of new districts of the same sizes."""
        cells, fit = self.panel.cells, fits[""]
        eta = predictor(posterior_draws(fit, REPLICATIONS), cells, rng)
        own = self._own_values(fit, evenly(fit, REPLICATIONS))
        if self.family.dispersed is not None:
            eta = self.family.dispersed(eta, cells.size, cells.times_counted, rng)
        replicated = self.family.simulate(eta, cells.size, own, rng)
        found = predictive_checks((cells.low + cells.high) / 2, replicated, cells, self.panel.weights)
        return {self.wanted.outcome: found}

    def more(self, fitted: Fitted, rng: np.random.Generator) -> Mapping[str, object]:
        """The densities of the figure, and the effect with each district left out."""
        return {"densities": self._densities(fitted.fits), "left_out": self._left_out(fitted, rng)}

    def _densities(self, fits: Fits) -> tuple[Curve, ...]:
        """Prior and posterior of the effect on the link's scale, on one grid."""
        prior = self.priors.effect
        grid = np.linspace(prior.mean - SPAN * prior.sd, prior.mean + SPAN * prior.sd, POINTS)
        posterior = scipy.stats.gaussian_kde(self._att(fits).log_contrast)(grid)
        curves = {"prior": np.exp(log_density(prior, grid)), "posterior": posterior}
        x_name = f"posterior.axis.{self.family.log_scale}"
        return tuple(
            Curve(name=name, x_name=x_name, y_name="posterior.axis.density", x=tuple(grid), y=tuple(density))
            for name, density in curves.items()
        )

    def _left_out(self, fitted: Fitted, rng: np.random.Generator) -> LeftOut | None:
        """The common effect with each district left out: by weights, or sampled again where they cannot be trusted.

        Sampling again is for the primary outcome, and not for a share: its trials are whole, and cannot be next to
        none. Anywhere else a district whose weights fail is left out of the count.
        """
        fit = fitted.fits[""]
        log, primary = self.by_district(fit, rng), self.wanted.role == "primary"
        effect = np.exp(posterior_draws(fit, one_out.INTEGRATED).scalars["tau"])
        medians, refitted = [], 0
        for district in range(log.shape[1]):
            weights = smoothed(-log[:, district])
            if weights.usable:
                medians.append(float(weighted_quantiles(effect, weights.values, np.array([0.5]))[0]))
            elif primary and not self.family.trials:
                medians.append(self._without(fitted, district))
                refitted += 1
        if not medians:
            return None
        gain, error = self._gain(fitted, log, rng) if primary else (None, None)
        return LeftOut(
            districts=len(medians),
            refitted=refitted,
            lowest=min(medians),
            highest=max(medians),
            gain=gain,
            gain_error=error,
        )

    def by_district(self, fit: Fit, rng: np.random.Generator) -> Floats:
        """The log-likelihood of each district, its own level and shocks integrated out, by draw."""
        draws, terms = posterior_draws(fit, one_out.INTEGRATED), self._terms(fit, evenly(fit, one_out.INTEGRATED))
        return one_out.district_likelihood(draws, self.panel.cells, terms, rng)

    def _without(self, fitted: Fitted, district: int) -> float:
        cells = one_out.without(self.panel.cells, district)
        other = replace(self, panel=replace(self.panel, cells=cells))
        return float(np.exp(np.median(fitted.again(f"without.{district}", "", other).values("tau"))))

    def _gain(self, fitted: Fitted, log: Floats, rng: np.random.Generator) -> tuple[float, float]:
        """How much better the left-out districts are predicted with an effect than without; the error is over
        districts.
        """
        none = self.with_effect("", Normal(0.0, NO_EFFECT, self.priors.effect.unit, "priors.plan"))
        without = none.by_district(fitted.again("no_effect", "", none), rng)
        each = one_out.log_density_left_out(log) - one_out.log_density_left_out(without)
        return float(each.sum()), float(np.sqrt(len(each)) * each.std(ddof=1))
