"""All kinds of placement of a panel at once: effects that sum to zero, reported as one record for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from sverige_did.bayes.draws.predictive_checks import predictive_checks
from sverige_did.bayes.draws.replicate import dirichlet_multinomial
from sverige_did.bayes.models.composition import TypeCells, average_type_effect, build_dirichlet_multinomial
from sverige_did.bayes.models.effects import weights_of
from sverige_did.errors import refuse
from sverige_did.results.estimates import EFFECT_CLASSES
from sverige_did.studies.panel.posterior.cells import PanelCells, panel_cells
from sverige_did.studies.panel.posterior.priors import type_priors
from sverige_did.studies.panel.posterior.protocol import Fits, Job, Quantity, Ready, StudyData, together
from sverige_did.studies.panel.posterior.summaries import district_basis

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.study.study import Outcome

PARTS = ("home_based", "network", "foster", "institution")
"""The kinds of placement, from the least to the most intrusive: each child is in one of them."""

REPORTED = {f"{part}_share": (at,) for at, part in enumerate(PARTS)} | {"family_share": (1, 2)}
"""The outcomes that the model tells of, and the columns that make them up: families are foster families and kin."""

REPLICATIONS = 2000


def prepare(data: StudyData, likelihood: str) -> Ready:
    """The parts ready to sample, or a record with the reason for each outcome that the plan asks for.

    Refusals: ``posterior_no_thresholds`` (the plan holds none of them against anything), ``posterior_design``,
    ``posterior_staggered``, ``posterior_parts`` (the kinds are not counted in the same districts and periods), and
    those of the cells.
    """

    def job(wanted: tuple[Outcome, ...]) -> Composition:
        classes = {design.outcome: design.design_class for design in data.designs}
        held = data.study.posterior.decision_thresholds if data.study.posterior else ()
        if not {one.outcome for one in held} & {item.outcome for item in wanted}:
            raise refuse("posterior_no_thresholds")
        if any(classes.get(item.outcome) not in EFFECT_CLASSES for item in wanted):
            raise refuse("posterior_design")
        if any(classes[item.outcome] == "D5" for item in wanted):
            raise refuse("posterior_staggered")
        panels = tuple(panel_cells(data.panel, data.study, f"{part}_per_1000") for part in PARTS)
        return Composition(data.study, likelihood, wanted, panels[0].weights, _side_by_side(panels))

    return together(likelihood, data.wanted(REPORTED), job)


def _side_by_side(panels: tuple[PanelCells, ...]) -> TypeCells:
    """The columns of counts side by side: the same districts and periods in every part, every number known.

    Each part was rounded by itself, so what a cell holds is the sum of its parts; one without children says nothing.
    """
    first = panels[0].cells
    same = all(
        len(one.cells.low) == len(first.low)
        and np.array_equal(one.cells.district, first.district)
        and np.array_equal(one.cells.period, first.period)
        for one in panels
    )
    if not same or any(one.cells.hidden.any() for one in panels):
        raise refuse("posterior_parts")
    counts = np.column_stack([one.cells.low for one in panels])
    kept = counts.sum(axis=1) > 0
    return TypeCells(first.district[kept], first.period[kept], first.treated, first.dose[kept], counts[kept])


@dataclass(frozen=True, eq=False)
class Composition(Job):
    """The ``outcomes`` of the plan that the model tells of; columns of ``cells.counts`` are :data:`PARTS`.

    ``weights`` (G,) are the resident children of each district before go-live, or ones.
    """

    weights: NDArray[np.float64]
    cells: TypeCells

    @property
    def basis(self) -> Mapping[str, object]:
        """As every district model's."""
        return district_basis("bayes_composition", self.cells.treated, self.weights, ("parallel_trends_log_odds",))

    def model(self, _part: str) -> pm.Model:
        """The Dirichlet-multinomial of all parts under the plan's priors."""
        return build_dirichlet_multinomial(self.cells, type_priors(self.study))

    def quantities(self, fits: Fits, _rng: np.random.Generator) -> Mapping[str, tuple[Quantity, ...]]:
        """In percentage points."""
        effect = type_effects(self, fits[""])
        points = {item.outcome: effect[:, list(REPORTED[item.outcome])].sum(axis=1) for item in self.outcomes}
        return {name: (Quantity(draws, "att", "pp", 0.0, self.thresholds(name)),) for name, draws in points.items()}

    def checks(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Predictive, ...]]:
        """The districts are the same and only the counts are drawn anew: the model has no shocks of their own."""
        drawn, found = self._replicated(fits[""], rng), {}
        for item in self.outcomes:
            columns = list(REPORTED[item.outcome])
            seen, replicated = self.cells.counts[:, columns].sum(axis=1), drawn[:, :, columns].sum(axis=2)
            found[item.outcome] = predictive_checks(seen, replicated, self.cells, self.weights)
        return found

    def _replicated(self, fit: Fit, rng: np.random.Generator) -> NDArray[np.float64]:
        """Counts (S, N, K) of the same districts in the same periods, drawn anew."""
        kept = np.linspace(0, len(fit.values("log_kappa")) - 1, REPLICATIONS).round().astype(int)
        shares = softmax(fit.values("eta")[kept], axis=2)
        alpha = np.exp(fit.values("log_kappa")[kept])[:, None, None] * shares
        return dirichlet_multinomial(alpha, self.cells.size, rng)


def type_effects(one: Composition, fit: Fit) -> NDArray[np.float64]:
    """ATT in percentage points by part (draws, K), districts weighed by their children before; rows sum to zero."""
    cells = one.cells
    treated = np.flatnonzero(cells.dose > 0)
    weights = weights_of(cells, one.weights)[treated]
    change = fit.values("tau_type")[:, None, :] * cells.dose[treated][None, :, None]
    return average_type_effect(fit.values("eta")[:, treated], change, weights)
