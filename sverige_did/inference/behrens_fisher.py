"""Two arms that may vary unlike each other: the Behrens-Fisher problem, by Aspin's and Welch's critical values.

CR2 with Bell and McCaffrey's degrees of freedom assumes that treated and control districts vary alike; with 4 treated
of 20 and treated districts twice as variable it rejects 6 % of true nulls at a nominal 5 %. Here the variance of an
effect is split by arm, each part with its own degrees of freedom, and the critical value depends on the observed split:
the larger of Welch's Student t (1947, Biometrika 34:28), exact when one arm has all the variance, and Aspin's series
to the second order in 1 / df (1948, Biometrika 35:88), closer in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import LeastSquares, TTest, cr2_vectors, satterthwaite
from sverige_did.inference.districts import Bools, Floats

_FARTHEST = 37.0
"""Normal quantile beyond which a tail probability is zero in double precision."""


@dataclass(frozen=True, slots=True)
class ArmVariances:
    """The variance of an effect as the sum of what treated and control clusters add, with their degrees of freedom."""

    treated: float
    control: float
    df_treated: float
    df_control: float


def aspin_critical(normal: float | Floats, share: float | Floats, df_treated: float, df_control: float) -> Floats:
    """Aspin's two-sided critical value of t for ``normal``, the quantile if both variances were known.

    ``share``: the part of the variance that the treated arm adds, in [0, 1]; broadcasts with ``normal``.
    """

    def total(power: int, by: int) -> Floats:
        return np.asarray(share) ** power / df_treated**by + (1 - np.asarray(share)) ** power / df_control**by

    z = np.asarray(normal, dtype=float)
    x = z**2
    first = (1 + x) / 4 * total(2, 1)
    second = (
        -(1 + x) / 2 * total(2, 2)
        + (3 + 5 * x + x**2) / 3 * total(3, 2)
        - (15 + 32 * x + 9 * x**2) / 32 * total(2, 1) ** 2
    )
    return np.asarray(z * (1 + first + second))


def welch_df(share: float | Floats, df_treated: float, df_control: float) -> Floats:
    """Welch's degrees of freedom for the observed split of the variance."""
    part = np.asarray(share)
    return np.asarray(1 / (part**2 / df_treated + (1 - part) ** 2 / df_control))


def critical_value(alpha: float, share: float | Floats, df_treated: float, df_control: float) -> Floats:
    """The larger of Welch's and Aspin's two-sided critical values at level ``alpha``."""
    welch = stats.t.isf(alpha / 2, welch_df(share, df_treated, df_control))
    aspin = aspin_critical(stats.norm.isf(alpha / 2), share, df_treated, df_control)
    return np.maximum(welch, aspin)


def behrens_fisher_test(variances: ArmVariances, estimate: float, alpha: float = 0.05) -> TTest:
    """p-value and interval for an effect whose variance splits into two arms.

    Raises RefusedError ``no_variation_within`` when neither arm varies.
    """
    v = variances.treated + variances.control
    if not v > 0:
        raise refuse("no_variation_within")
    se, share = float(np.sqrt(v)), variances.treated / v
    half = float(critical_value(alpha, share, variances.df_treated, variances.df_control)) * se
    t = abs(estimate) / se
    df = float(welch_df(share, variances.df_treated, variances.df_control))
    p = max(float(2 * stats.t.sf(t, df)), _aspin_p(t, share, variances))
    return TTest(estimate, se, df, p, estimate - half, estimate + half, alpha)


def _aspin_p(t: float, share: float, variances: ArmVariances) -> float:
    def excess(normal: float) -> float:
        return float(aspin_critical(normal, share, variances.df_treated, variances.df_control)) - t

    if excess(_FARTHEST) <= 0:
        return 0.0
    return float(2 * stats.norm.sf(optimize.brentq(excess, 0.0, _FARTHEST, xtol=1e-12)))


def arm_variances(fit: LeastSquares, column: int, treated: Bools) -> ArmVariances:
    """The CR2 variance of a coefficient split between treated and control clusters; ``treated`` is (G,)."""
    vectors = cr2_vectors(fit, column)
    squares = (vectors.T @ fit.y) ** 2
    return ArmVariances(
        treated=float(squares[treated].sum()),
        control=float(squares[~treated].sum()),
        df_treated=satterthwaite(vectors[:, treated]),
        df_control=satterthwaite(vectors[:, ~treated]),
    )
