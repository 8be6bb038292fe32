"""What may be kept of draws: nothing that has a value by child, by questionnaire or by cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sverige_did.bayes.sampling.sample import Fit

OF_EVERY_DRAW = frozenset({"chain", "draw"})


def kept_draws(fit: Fit, keeps: frozenset[str] = frozenset()) -> Fit:
    """The fit with its scalar parameters and the variables that its model ``keeps`` by name.

    Where none is kept, the names of children, districts and the like go too.
    """
    posterior = fit.draws["posterior"].to_dataset()
    scalars = {name for name, values in posterior.items() if set(values.dims) == OF_EVERY_DRAW}
    kept = posterior.drop_vars([name for name in posterior.data_vars if name not in scalars | keeps])
    kept = kept if keeps else kept.drop_vars([name for name in kept.coords if name not in OF_EVERY_DRAW])
    return replace(fit, draws=fit.draws.assign({"posterior": type(fit.draws)(kept)}))
