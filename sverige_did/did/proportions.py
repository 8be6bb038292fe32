"""One share from small counts: exact limits, Jeffreys limits and the sign test of moves up and down."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainccinv, betaincinv

from sverige_did.did.exact import Floats, whole_counts
from sverige_did.did.scales import critical
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate


def clopper_pearson(events: ArrayLike, totals: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Exact limits of a binomial share, in the shape given: each tail holds at most (1 - level)/2."""
    y, n, tail = *_checked(events, totals), _tail(level)
    # A beta distribution needs positive parameters; where y is 0 or n the limit is 0 or 1 anyway.
    low = np.where(y > 0, betaincinv(np.maximum(y, 1), n - y + 1, tail), 0.0)
    high = np.where(y < n, betainccinv(y + 1, np.maximum(n - y, 1), tail), 1.0)
    return low, high


def jeffreys(events: ArrayLike, totals: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Equal-tailed limits of a share from the Beta(y + 1/2, n - y + 1/2) posterior, in the shape given."""
    y, n, tail = *_checked(events, totals), _tail(level)
    return np.asarray(betaincinv(y + 0.5, n - y + 0.5, tail)), np.asarray(betainccinv(y + 0.5, n - y + 0.5, tail))


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
        p_value=min(1.0, sum(comb(down + up, k) for k in range(min(down, up) + 1)) / 2 ** (down + up - 1)),
        assumptions=("moves_independent",),
        notes=("two_sided_minlike",),
    )


def _tail(level: float) -> float:
    critical(level)  # refuses a level that is none
    return (1 - level) / 2


def _checked(events: ArrayLike, totals: ArrayLike) -> tuple[Floats, Floats]:
    y, n = whole_counts(events).astype(float), whole_counts(totals).astype(float)
    if (n <= 0).any():
        raise refuse("cells_empty", found=f"{n.min():g}", expected="> 0")
    if (y < 0).any():
        raise refuse("cells_negative", found=f"{y.min():g}", expected=">= 0")
    if (y > n).any():
        raise refuse("cells_above_total", found=f"{(y - n).max():g}", expected="<= 0")
    return y, n
