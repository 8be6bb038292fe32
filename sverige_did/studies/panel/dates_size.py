"""The size and power of the verdict of an outcome whose districts begin at different dates, in its own design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sverige_did.inference.simulated.power import first_found, halved
from sverige_did.inference.simulated.redrawn_paths import DatedDesign, found_at, redrawn_sizes
from sverige_did.inference.simulated.size import Share
from sverige_did.inference.staggered import cohort_weights, cohorts, own_order, strata_in
from sverige_did.studies.panel.outcome_data import OutcomeData
from sverige_did.studies.panel.staggered_did import dated_of, mean_effect, too_few


def dated_design(data: OutcomeData) -> DatedDesign | None:
    """The design as the data have it; None where it carries no verdict, or where the untreated do not vary.

    Raises RefusedError: those of the estimate.
    """
    dated = dated_of(data)
    panel, table = dated.panel, dated.whole.table
    if too_few(panel) or not np.isfinite(table).all():
        return None
    rows = own_order(panel, whole=dated.whole)
    design = DatedDesign(
        cohort=cohorts(panel)[rows],
        weights=cohort_weights(panel, mean_effect),
        exposed=dated.whole.exposed[rows],
        strata=strata_in(panel, rows),
        table=table[rows],
    )
    return design if np.square(design.paths).sum() > 1e-18 * np.square(table).sum() else None


WANTED = 0.8
"""The power that is asked for."""

STEPS, MOST = 6, 0.99
"""How often the interval of changes is halved, and the largest fall; a rise may be thrice as large."""


def smallest_dated(design: DatedDesign, *, sign: int, seed: int, simulations: int, alpha: float) -> float | None:
    """The smallest change, as a share of the level, that is found in four of five cases; None where none is."""

    def found(size: float) -> bool:
        return found_at(design, sign * size, seed=seed, simulations=simulations, alpha=alpha).share >= WANTED

    size = halved(found, MOST if sign < 0 else 3 * MOST, STEPS)
    return None if size is None else sign * size


def districts_needed(
    design: DatedDesign, change: float, tried: Sequence[int], *, seed: int, simulations: int, alpha: float
) -> int | None:
    """With how many times its districts the design finds the change in four of five cases; None with none of them."""

    def found(times: int) -> bool:
        more = design.with_districts(times)
        return found_at(more, change, seed=seed, simulations=simulations, alpha=alpha).share >= WANTED

    return first_found(found, tried)


def dated_size(
    design: DatedDesign, *, rng: np.random.Generator, shift: float, simulations: int, alpha: float
) -> tuple[Share, Share]:
    """The size, of treated districts stretched where the untreated are visibly skewed, and the power where they swing
    as the untreated do.
    """
    size, power = redrawn_sizes(design, stretch=1.0, rng=rng, shifts=(0.0, shift), simulations=simulations, alpha=alpha)
    if design.stretch > 1:
        (far,) = redrawn_sizes(design, stretch=design.stretch, rng=rng, simulations=simulations, alpha=alpha)
        size = max(size, far)
    return size, power
