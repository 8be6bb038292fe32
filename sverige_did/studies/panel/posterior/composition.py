"""All kinds of placement of a panel at once: effects that sum to zero, told as one record for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from sverige_did.bayes.draws.predictive_checks import predictive_checks
from sverige_did.bayes.models.composition import TypeCells, average_type_effect, build_dirichlet_multinomial
from sverige_did.bayes.models.effects import weights_of
from sverige_did.bayes.sampling.sample import compile_model
from sverige_did.errors import RefusedError, refuse
from sverige_did.results.estimates import EFFECT_CLASSES
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.posterior.cells import PanelCells, panel_cells
from sverige_did.studies.panel.posterior.counts import refused
from sverige_did.studies.panel.posterior.fitting import sampled, seed_of, settings_of
from sverige_did.studies.panel.posterior.priors import type_priors
from sverige_did.studies.panel.posterior.summaries import Quantity, checks_of, estimate_of, scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.panel import Panel
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.study.study import Outcome, Study

NAME = "composition"
PARTS = ("home_based", "network", "foster", "institution")
"""The kinds of placement, from the least to the most intrusive: each child is in one of them."""

TOLD = {f"{part}_share": (at,) for at, part in enumerate(PARTS)} | {"family_share": (1, 2)}
"""The outcomes that the model tells of, and the columns that make them up: families are foster families and kin."""

REPLICATIONS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """The ``outcomes`` of the plan that the model tells of; columns of ``cells.counts`` are :data:`PARTS`.

    ``weights`` (G,) are the resident children of each district before go-live, or ones.
    """

    outcomes: tuple[Outcome, ...]
    weights: NDArray[np.float64]
    cells: TypeCells


def prepare_composition(
    panel: Panel, study: Study, designs: tuple[OutcomeDesign, ...]
) -> Composition | tuple[PosteriorRecord, ...]:
    """The parts ready to sample, or a record with the reason for each outcome that the plan asks for.

    Refusals: ``posterior_no_bearing``, ``posterior_design``, ``posterior_parts`` (the kinds are not counted in the same
    districts and periods), and those of the cells.
    """
    wanted = tuple(item for item in study.outcomes if item.outcome in TOLD)
    classes = {design.outcome: design.design_class for design in designs}
    if not wanted:
        return ()
    try:
        if study.posterior is None:
            raise refuse("posterior_no_bearing")
        if any(classes.get(item.outcome) not in EFFECT_CLASSES for item in wanted):
            raise refuse("posterior_design")
        panels = tuple(panel_cells(panel, study, f"{part}_per_1000") for part in PARTS)
        return Composition(wanted, panels[0].weights, _together(panels))
    except RefusedError as refusal:
        return tuple(refused(item.outcome, NAME, refusal) for item in wanted)


def _together(panels: tuple[PanelCells, ...]) -> TypeCells:
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


def fit_composition(one: Composition, study: Study, cores: int) -> Fit:
    """Sample the Dirichlet-multinomial of all parts under the plan's priors."""
    model = build_dirichlet_multinomial(one.cells, type_priors(study))
    return sampled(model, compile_model(model), seed_of(study, NAME), settings_of(study, cores))


def composition_records(one: Composition, fit: Fit, study: Study) -> tuple[PosteriorRecord, ...]:
    """One record for each part: the effect in percentage points, and whether the model fits that part.

    Raises RefusedError (``posterior_impossible``) as :func:`sverige_did.studies.panel.posterior.summaries.checks_of`.
    """
    effect = type_effects(one, fit)
    rng = np.random.default_rng(seed_of(study, f"{NAME}.told"))
    kept = np.linspace(0, len(effect) - 1, REPLICATIONS).round().astype(int)
    replicated = _replicated(one, fit, kept, rng)
    return tuple(
        _record(one, wanted, effect[:, list(TOLD[wanted.outcome])].sum(axis=1), replicated, study)
        for wanted in one.outcomes
    )


def type_effects(one: Composition, fit: Fit) -> NDArray[np.float64]:
    """ATT in percentage points by part (draws, K), districts weighed by their children before; rows sum to zero."""
    cells = one.cells
    treated = np.flatnonzero(cells.dose > 0)
    weights = weights_of(cells, one.weights)[treated]
    change = fit.values("tau_type")[:, None, :] * cells.dose[treated][None, :, None]
    return average_type_effect(fit.values("eta")[:, treated], change, weights)


def _replicated(one: Composition, fit: Fit, kept: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Counts (S, N, K) of the same districts in the same periods, drawn anew."""
    shares = softmax(fit.values("eta")[kept], axis=2)
    gamma = rng.gamma(np.maximum(np.exp(fit.values("log_kappa")[kept])[:, None, None] * shares, 1e-12))
    drawn = gamma / np.maximum(gamma.sum(axis=2, keepdims=True), 1e-300)
    return rng.multinomial(one.cells.size.astype(int), drawn / drawn.sum(axis=2, keepdims=True)).astype(float)


def _record(
    one: Composition, wanted: Outcome, points: NDArray[np.float64], replicated: NDArray[np.float64], study: Study
) -> PosteriorRecord:
    columns = list(TOLD[wanted.outcome])
    bearings = {item.outcome: item for item in study.posterior.bearings} if study.posterior else {}
    told = Quantity(points, "att", "pp", 0.0, bearings.get(wanted.outcome))
    made = estimate_of(
        wanted,
        told,
        study.level,
        estimator="bayes_composition",
        n_units=len(one.cells.treated),
        n_treated=int(one.cells.treated.sum()),
        weights="equal" if np.ptp(one.weights) == 0 else "baseline",
        assumptions=("parallel_trends_log_odds",),
    )
    # Here the districts are the same and only the counts are drawn anew: the model has no shocks of their own.
    checks = predictive_checks(
        one.cells.counts[:, columns].sum(axis=1), replicated[:, :, columns].sum(axis=2), one.cells, one.weights
    )
    return PosteriorRecord(
        outcome=wanted.outcome,
        likelihood=NAME,
        estimates=(made,),
        scales=(scale_of(wanted, told),),
        checks=checks_of(checks, wanted, study),
    )
