"""Districts where nothing was done, taken as if they had been treated: every set of controls against the others.

Where the treated were drawn by lot these are the sets that could have been drawn, and hold none of those that were.
"""

from __future__ import annotations

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.assignments import reference_assignments, sums_over
from sverige_did.inference.districts import Bools, Districts
from sverige_did.results.estimates import CheckResult

LISTED = 20_000
DRAWS = 9_999
FEWEST = 8
"""Controls below which their sets say little: half of the districts of every set are in the next one."""


FEWEST_SETS = 20
"""Sets below which no share of them can be 5 per cent."""


def placebo_units(
    sample: Districts, effect: float, outcome: str, *, scale: str, rng: np.random.Generator, alpha: float = 0.05
) -> CheckResult:
    """Between what limits 95 of 100 sets of as many controls differ from the other controls, and how many differ by as
    much as the finding.

    Raises RefusedError ``placebo_groups_few`` with fewer than eight controls, less than two for each treated one, or
    fewer than twenty sets of a lottery among them.
    """
    controls = sample.ordered()
    kept = ~controls.treated
    change, w = controls.change[kept], controls.weights[kept]
    number = int(controls.treated.sum())
    if change.size < max(FEWEST, 2 * number):
        raise refuse("placebo_groups_few", found=str(change.size), expected=f">= {max(FEWEST, 2 * number)}")
    rows, enumerated = _sets(controls, rng)
    if len(rows) < FEWEST_SETS:
        raise refuse("placebo_groups_few", found=str(len(rows)), expected=f">= {FEWEST_SETS}")
    own, weight = (sums_over(rows, one[:, None])[:, 0] for one in (w * change, w))
    found = own / weight - ((w @ change) - own) / (w.sum() - weight)
    as_far = float((1 + (np.abs(found) >= abs(effect)).sum()) / (1 + len(rows)))
    low, high = np.quantile(found, [0.025, 0.975])
    return CheckResult(
        check="placebo_units",
        outcome=outcome,
        scale=scale,
        key="result" if as_far <= alpha else "common",
        numbers={
            "effect": effect,
            "effect_low": float(low),
            "effect_high": float(high),
            "p": as_far,
            "tried": float(len(rows)) if enumerated else float(DRAWS),
            "districts": float(number),
        },
    )


def _sets(sample: Districts, rng: np.random.Generator) -> tuple[Bools, bool]:
    """The sets (n, C) of controls, and whether they are all."""
    kept, number = ~sample.treated, int(sample.treated.sum())
    if sample.lottery is not None:
        return np.asarray(sample.lottery[~sample.lottery[:, sample.treated].any(axis=1)][:, kept]), True
    chosen = np.arange(kept.sum()) < number
    nobodys = np.zeros(chosen.size, dtype=np.int64)
    return reference_assignments(chosen, nobodys, draws=DRAWS, rng=rng, limit=LISTED)
