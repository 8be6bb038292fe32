"""How often the verdict says supported where nobody drew lots: the rule must then hold beside the level before as well.

A district that is low before by chance rises by itself, so the level has to be simulated together with the change. Both
tests beside the level (level_choice.py) are solved once a data set: an effect that moves all treated districts alike
leaves what remains of the others as it is, and so one interval and one reference distribution serve every effect.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from sverige_did.errors import RefusedError
from sverige_did.inference.arm_variances import arm_design
from sverige_did.inference.behrens_fisher import rejects
from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.inversion import Family
from sverige_did.inference.level_choice import with_level
from sverige_did.inference.permutation import reassigned
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.simulated.size import Design, Share, blocks_of, everyone
from sverige_did.inference.verdict import told_by_one


class LevelledDesign(Design, Protocol):
    """What can be simulated with the level that each change started from."""

    def changes_and_levels(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Changes (G, n) of n data sets without any effect, and the levels before (G, n)."""
        ...


def verdict_size_beside_level(
    design: LevelledDesign,
    *,
    rng: np.random.Generator,
    shifts: tuple[float, ...] = (0.0,),
    simulations: int = 2_000,
    alpha: float = 0.05,
    draws: int = 499,
) -> tuple[Share, ...]:
    """:func:`~sverige_did.inference.simulated.size.verdict_size` of the rule for districts that were not drawn by lot.

    One answer a shift, in standard deviations of the estimated effect; ``draws``: assignments a test.
    """
    blocks = [design.changes_and_levels(size, rng) for size in blocks_of(design, simulations)]
    treated = design.sample.treated[:, None]
    shares = everyone(design.sample)
    moved = np.array(shifts) * np.concatenate([shares @ y for y, _ in blocks]).std()
    hits = np.zeros(len(shifts))
    for y, level in blocks:
        first = [vectorised.verdicts(y + by * treated, design.sample, alpha, draws, rng) for by in moved]
        said = np.array(first)
        for one in np.flatnonzero(said.any(axis=0)):
            at = said[:, one]
            sample = replace(design.sample, change=y[:, one])
            at[at] = stands_beside(sample, level[:, one], moved[at], alpha=alpha, draws=draws, rng=rng)
            hits += at
    return tuple(Share(float(one), simulations) for one in hits / simulations)


def stands_beside(
    sample: Districts, level: Floats, effects: Floats, *, alpha: float, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Whether both tests reject beside the ``level`` (G,), for every one of the ``effects`` (S,) added to the treated.

    Where the level leaves the comparison to a single district, or the tests refuse, nothing is supported.
    """
    adjusted = with_level(sample, level)
    none = np.zeros(effects.size, dtype=bool)
    if np.linalg.matrix_rank(adjusted.design) < adjusted.design.shape[1] or told_by_one(adjusted):
        return none
    try:
        family = _family(adjusted, draws, rng)
        rejected = np.array([family.p_value(-by) <= alpha for by in effects])
        if rejected.any():
            compared = adjusted.compared()
            arms = arm_design(compared)
            estimate = float(arms.shares @ compared.change)
            rejected[rejected] = rejects(arms.variances(compared.change), estimate + effects[rejected], alpha)
    except RefusedError:
        return none
    return rejected


def _family(sample: Districts, draws: int, rng: np.random.Generator) -> Family:
    return reassigned(sample, rng=rng, draws=draws, limit=draws, order=sample.order).studentised("cr2").family
