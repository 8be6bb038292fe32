"""A log-odds difference-in-differences that survives an empty cell: Firth's penalised likelihood.

Four cells and four parameters: the model is saturated, the penalty (half the log determinant of the information) is
the same sum over cells whatever the parametrisation, and the penalised likelihood is the likelihood of half an event
and half a non-event more in each cell. It is also the posterior mode on the logit scale under Jeffreys' prior.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import xlogy

from sverige_did.did.scales import CONTRAST, Cells, checked_cells, critical, did
from sverige_did.results.estimates import Estimate


def firth(events: ArrayLike, totals: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Difference-in-differences of log-odds with its profile penalised likelihood interval and p.

    ``std_error`` is the Wald one, for the tipping shock and the closed form. Fractional counts are accepted.
    Sources: Firth (1993), Biometrika 80:27; Heinze & Schemper (2002), Statistics in Medicine 21:2409.
    """
    y, n = checked_cells(events, totals)
    critical(level)  # refuses a level that is none
    successes, failures = y + 0.5, n - y + 0.5
    theta = did(successes / (n + 1), "logit")
    drop = float(scipy.stats.chi2.isf(1 - level, 1))
    lower, upper = (_did_at(successes, failures, _multiplier(successes, failures, drop, side)) for side in (1, -1))
    fall = _fall(successes, failures, _multiplier_at(successes, failures, 0.0))
    return Estimate(
        estimate=theta,
        scale="log_odds",
        estimand="att",
        estimator="firth",
        inference="profile_sampling",
        std_error=float(np.sqrt((1 / successes + 1 / failures).sum())),
        lower=lower,
        upper=upper,
        level=level,
        p_value=float(2 * scipy.stats.norm.sf(np.sqrt(fall))),
        assumptions=("no_district_shocks",),
    )


# Profiling: the likelihood given the DiD is highest where (s_k - m c_k)/(s_k + f_k) are the shares, for one
# Lagrange multiplier m. m = 0 is the maximum; the DiD falls as m rises.


def _shares(s: Cells, f: Cells, m: float) -> Cells:
    return (s - m * CONTRAST) / (s + f)


def _did_at(s: Cells, f: Cells, m: float) -> float:
    return did(_shares(s, f, m), "logit")


def _fall(s: Cells, f: Cells, m: float) -> float:
    """Twice the fall in the log-likelihood from its maximum."""
    best, p = s / (s + f), _shares(s, f, m)
    return float(2 * (xlogy(s, best / p) + xlogy(f, (1 - best) / (1 - p))).sum())


def _range(s: Cells, f: Cells) -> tuple[float, float]:
    """The open interval of multipliers for which every share lies between 0 and 1."""
    low = -min(s[CONTRAST < 0].min(), f[CONTRAST > 0].min())
    high = min(s[CONTRAST > 0].min(), f[CONTRAST < 0].min())
    return float(low) * (1 - 1e-13), float(high) * (1 - 1e-13)


def _multiplier(s: Cells, f: Cells, drop: float, side: int) -> float:
    """The multiplier on one side (1: smaller DiD) at which the likelihood has fallen by ``drop``."""
    end = _range(s, f)[side == 1]
    return float(brentq(lambda m: _fall(s, f, m) - drop, 0.0, end, xtol=1e-14))


def _multiplier_at(s: Cells, f: Cells, theta: float) -> float:
    low, high = _range(s, f)
    return float(brentq(lambda m: _did_at(s, f, m) - theta, low, high, xtol=1e-14))
