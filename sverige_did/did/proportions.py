"""One share from small counts: exact limits, and the sign test of moves up and down."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from sverige_did.did.exact import Floats, whole_counts
from sverige_did.did.scales import critical
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate


def clopper_pearson(events: ArrayLike, totals: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Exact limits of a binomial share, in the shape given: each tail holds at most (1 - level)/2."""
    critical(level)  # refuses a level that is none
    low, high = proportion_confint(*_checked(events, totals), alpha=1 - level, method="beta")
    return np.asarray(low), np.asarray(high)


def sign_test(down: int, up: int, *, level: float = 0.95) -> Estimate:
    """The share of moves that go down, against one half: exact binomial test with Clopper-Pearson limits.

    A development, never an effect, and at the ends of a ladder not even that: from the top rung there is no way up.
    The two-sided p adds the outcomes no likelier than the observed one: both tails, for the null is symmetric.
    """
    if down + up == 0:
        raise refuse("exact_uninformative")
    low, high = clopper_pearson(down, down + up, level)
    return Estimate(
        estimate=down / (down + up),
        scale="share",
        estimand="share_of_moves",
        estimator="sign_test",
        inference="exact_sampling",
        lower=float(low),
        upper=float(high),
        level=level,
        p_value=float(scipy.stats.binomtest(down, down + up).pvalue),
        assumptions=("moves_independent",),
        notes=("two_sided_minlike",),
    )


def _checked(events: ArrayLike, totals: ArrayLike) -> tuple[Floats, Floats]:
    y, n = whole_counts(events).astype(float), whole_counts(totals).astype(float)
    if (n <= 0).any():
        raise refuse("cells_empty", found=f"{n.min():g}", expected="> 0")
    if (y < 0).any():
        raise refuse("cells_negative", found=f"{y.min():g}", expected=">= 0")
    if (y > n).any():
        raise refuse("cells_above_total", found=f"{(y - n).max():g}", expected="<= 0")
    return y, n
