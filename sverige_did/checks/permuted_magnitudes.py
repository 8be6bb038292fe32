"""Which districts were treated, exchanged: is the finding many of its own steps before, as no other choice's is?

For every choice of districts the change after is divided by the largest step before of the same districts. If the paths
of districts could have changed places, the share of choices with a ratio as large is a p-value, however few were
treated; no variance is estimated, and drift that is no larger after than before moves both sides of the ratio.
"""

from __future__ import annotations

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.assignments import reference_assignments, sums_over
from sverige_did.inference.districts import Districts, Floats
from sverige_did.results.estimates import CheckResult

LISTED = 20_000
DRAWS = 9_999


def permuted_magnitudes(
    before: Floats,
    after: Floats,
    sample: Districts,
    outcome: str,
    *,
    scale: str,
    rng: np.random.Generator,
    alpha: float = 0.05,
) -> CheckResult:
    """``before`` (G, B), ``after`` (G,): levels of the periods before and the mean of those after, of the districts of
    ``sample``, whose weights and strata hold in every choice.

    Raises RefusedError ``no_variation_within`` where the groups took no step before.
    """
    mine = sample.ordered()
    steps = np.diff(before[sample.order], axis=1)
    change = np.column_stack([after[sample.order] - before[sample.order, -1], steps])
    rows, enumerated = mine.lottery, True
    if rows is None:
        rows, enumerated = reference_assignments(mine.treated, mine.strata, draws=DRAWS, rng=rng, limit=LISTED)
    w = mine.weights
    total, own = (w[:, None] * change).sum(axis=0), sums_over(rows, w[:, None] * change)
    weight = sums_over(rows, w[:, None])
    contrasts = np.abs(own / weight - (total - own) / (w.sum() - weight))
    seen = contrasts[(rows == mine.treated).all(axis=1)][0]
    if not seen[1:].max() > 0:
        raise refuse("no_variation_within")
    ratio, observed = _ratio(contrasts), float(_ratio(seen[None, :])[0])
    p = float(np.mean(ratio >= observed * (1 - 1e-9)))
    return CheckResult(
        check="permuted_magnitudes",
        outcome=outcome,
        scale=scale,
        key="stands_out" if p <= alpha else "result",
        numbers={"times": observed, "p": p, "tried": float(len(rows)) if enumerated else float(DRAWS)},
    )


def _ratio(contrasts: Floats) -> Floats:
    """The change over the largest step (n,), of (n, 1 + S) sizes; infinite where no step was taken."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = contrasts[:, 0] / contrasts[:, 1:].max(axis=1)
    return np.where(np.isnan(found), 0.0, found)
