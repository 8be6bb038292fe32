"""What is told of how a sampler converged."""

from __future__ import annotations

from sverige_did.disclosure.rounding import to_figures
from sverige_did.results.estimates import Diagnostics


def coarse_diagnostics(one: Diagnostics) -> Diagnostics:
    """What a sampler's convergence was, in four figures: it is computed from draws of few children."""
    names = ("r_hat_max", "ess_bulk_min", "ess_tail_min", "bfmi_min")
    return one.model_copy(update={name: to_figures(getattr(one, name), 4) for name in names})
