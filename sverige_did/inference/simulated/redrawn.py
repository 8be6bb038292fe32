"""A design whose districts change as its controls were seen to, for outcomes whose law nothing else tells.

Counts are skewed as counts are, and a simulation knows it. Means and amounts are simulated as normal; where single
large shocks are what districts differ by, neither test of the verdict holds its size if treated districts vary more
than controls. How much more three or four of them vary can hardly be told, but the skewness can be seen among the
controls. Where it is, their changes are drawn again for all, and treated districts swing twice as far (docs/size.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.simulated.design import OwnDesign

SKEWED = 0.05
"""Level of D'Agostino's test of the controls' changes at which they are redrawn."""

FEWEST = 8
"""Controls below which that test is not defined."""

STRETCH = 2.0
"""How many times as far treated districts swing."""


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """``shape`` (C,): the changes of the controls around their mean, of variance one · ``sd`` (G,): of each district's
    change, the treated ones stretched · ``level`` (G,): of each before, on the scale of the changes."""

    sample: Districts
    children: Floats
    shape: Floats
    sd: Floats
    level: Floats

    @property
    def periods(self) -> int:
        """One: changes are drawn whole."""
        return 1

    def changes(self, n: int, rng: np.random.Generator) -> Floats:
        """Changes (G, n) of n data sets without any effect."""
        return rng.choice(self.shape, (self.sd.size, n)) * self.sd[:, None]

    def changes_and_levels(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """:meth:`changes` with the levels before (G, n), which are those that were seen."""
        return self.changes(n, rng), np.repeat(self.level[:, None], n, axis=1)


def redrawn(design: OwnDesign) -> Redrawn | None:
    """The design with the changes of its controls redrawn; None where they are not visibly skewed, or counted."""
    treated = design.sample.treated
    if design.data.family != "normal" or (~treated).sum() < FEWEST:
        return None
    sd = np.sqrt(design.shock_sd**2 + design.child_sd**2 / design.children)
    z = design.sample.change[~treated] / sd[~treated]
    if not np.ptp(z) > 0 or scipy.stats.skewtest(z).pvalue > SKEWED:
        return None
    shape = (z - z.mean()) / z.std()
    level = design.rates[:, 0]
    if design.data.scale == "ratio" and level.min() > 0:
        level = np.log(level)
    return Redrawn(design.sample, design.children, shape, sd * np.where(treated, STRETCH, 1.0), level)
