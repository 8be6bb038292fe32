"""Two arms that may vary unlike each other: the Behrens-Fisher problem, calibrated for the design at hand.

CR2 with Bell and McCaffrey's degrees of freedom assumes that treated and control districts vary alike; with 4 treated
of 20 and treated districts twice as variable it rejects 6 % of true nulls at a nominal 5 %. Here the variance of an
effect is split by arm (arm_variances.py), each part with its own degrees of freedom, and the critical value depends on
the observed split: the largest of Bell and McCaffrey's, Welch's (1947, Biometrika 34:28), exact when one arm has all
the variance, and Aspin's series to the second order in 1 / df (1948, Biometrika 35:88), closer in between. What is left
of the excess is removed by computing it: the p-value is the chance of so low a nominal level under the worst ratio of
variances.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from scipy import optimize, special
from scipy.interpolate import CubicHermiteSpline

from sverige_did.errors import refuse
from sverige_did.inference.arm_variances import ArmVariances, arm_variances
from sverige_did.inference.cluster_robust import TTest, of_districts, t_test
from sverige_did.inference.districts import EFFECT, Bools, Districts, Floats

FARTHEST = 37.0
"""Normal quantile beyond which a tail probability is zero in double precision."""

SMOOTH = (4.0, 200.0)
"""Degrees of freedom between which a table of Student's tail has twelve decimals."""

SMALLEST = 1e-6
"""Nominal levels below which relative digits count, and the table of twelve decimals is not used."""

GRID = 0.02
"""The step of a grid of degrees of freedom, in logarithms."""

NEARBY, FEWEST_NEARBY = 1.1, 2.0
"""From as many degrees of freedom on, nominal levels a step of the grid apart differ by less than this factor."""

_NODES = (np.arange(400) + 0.5) / 400
_TRUE_SHARES = special.expit(np.linspace(-8, 8, 49))[:, None]
_SHARES = np.linspace(0, 1, 401)


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


def critical_value(nominal: float, share: float | Floats, df: tuple[float, float, float]) -> Floats:
    """The largest of Bell and McCaffrey's, Welch's and Aspin's two-sided critical values at one nominal level."""
    aspin = aspin_critical(-special.ndtri(nominal / 2), share, *df[:2])
    fewest = np.minimum(welch_df(share, *df[:2]), df[2])
    return np.maximum(-special.stdtrit(fewest, nominal / 2), aspin)


def worst_size(nominal: float, df: tuple[float, float, float]) -> float:
    """The chance that |t| exceeds :func:`critical_value` at a nominal level, under the worst ratio of variances.

    For normal changes without an effect. Given the share B of the treated arm in the sum of both chi-squares, t is
    a multiple of Student's t with the sum of the degrees of freedom; what remains is a mean over the Beta variable B.
    """
    split, length = _splits(*df[:2])
    total = df[0] + df[1]
    tail = _tail_table(total) if SMOOTH[0] <= total <= SMOOTH[1] and nominal > SMALLEST else _tail(total)
    chance = tail(np.interp(split, _SHARES, critical_value(nominal, _SHARES, df)) * length)
    # Where one arm has all the variance, outside the grid, the size is the nominal level.
    return max(nominal, float(chance.mean(axis=1).max()))


@lru_cache(maxsize=64)
def _splits(f_t: float, f_c: float) -> tuple[Floats, Floats]:
    """Observed shares of the treated arm, and what turns a critical value into one of Student's t: (shares, nodes)."""
    b = special.betaincinv(f_t / 2, f_c / 2, _NODES)
    treated, control = _TRUE_SHARES * b / f_t, (1 - _TRUE_SHARES) * (1 - b) / f_c
    return treated / (treated + control), np.sqrt((f_t + f_c) * (treated + control))


def _tail(df: float) -> Callable[[Floats], Floats]:
    """The two-sided tail of Student's t."""
    return lambda t: np.asarray(2 * special.stdtr(df, -t))


@lru_cache(maxsize=64)
def _tail_table(df: float) -> Callable[[Floats], Floats]:
    """The same from a table in the angle arctan(t / sqrt(df)), in which it is smooth: a fifth of the time."""
    angle = np.linspace(0, np.pi / 2, 4097)
    height = 2 * np.exp(special.gammaln((df + 1) / 2) - special.gammaln(df / 2)) / np.sqrt(np.pi)
    table = CubicHermiteSpline(
        angle, 2 * special.stdtr(df, -np.sqrt(df) * np.tan(angle)), -height * np.cos(angle) ** (df - 1)
    )
    return lambda t: np.asarray(table(np.arctan(t / np.sqrt(df))))


@cache
def nominal_level(alpha: float, df: tuple[float, float, float]) -> float:
    """The nominal level at which the worst size is ``alpha``; at most ``alpha``."""
    return float(optimize.brentq(lambda q: worst_size(float(q), df) - alpha, alpha / 20, alpha, xtol=1e-9))


def behrens_fisher_test(variances: ArmVariances, estimate: float, alpha: float = 0.05) -> TTest:
    """Calibrated p-value and interval for an effect whose variance splits into two arms.

    Raises RefusedError ``no_variation_within`` when neither arm varies.
    """
    v = variances.treated + variances.control
    if not v > (1e-12 * estimate) ** 2:
        raise refuse("no_variation_within")
    if np.isinf(max(variances.df[:2])):
        return t_test(estimate, float(np.sqrt(v)), min(variances.df), alpha)
    se, share = float(np.sqrt(v)), variances.treated / v
    half = float(critical_value(nominal_level(alpha, variances.df), share, variances.df)) * se
    fewest = min(float(welch_df(share, *variances.df[:2])), variances.df_alike)
    p = _p_value(abs(estimate) / se, share, variances)
    return TTest(estimate, se, fewest, p, estimate - half, estimate + half, alpha)


def rejects(variances: ArmVariances, estimates: Floats, alpha: float = 0.05) -> Bools:
    """Whether :func:`behrens_fisher_test` finds each of the ``estimates`` (S,) that have this variance.

    The nominal level of nearby degrees of freedom bounds their own (:data:`NEARBY`), so that only what lies between
    the bounds is worked out. Raises as the test does.
    """
    v = variances.treated + variances.control
    if not v > (1e-12 * np.abs(estimates).max()) ** 2:
        raise refuse("no_variation_within")
    se, share, df = float(np.sqrt(v)), variances.treated / v, variances.df
    if np.isinf(max(df[:2])):
        return np.abs(estimates) > t_test(0.0, se, min(df), alpha).upper
    if min(df) < FEWEST_NEARBY:
        return np.abs(estimates) > float(critical_value(nominal_level(alpha, df), share, df)) * se
    t = np.abs(estimates) / se
    near = nominal_level(alpha, _near(df))
    found, unsure = (
        t > float(critical_value(nominal, share, df)) for nominal in (near / NEARBY, min(near * NEARBY, alpha))
    )
    for at in np.flatnonzero(unsure & ~found):
        found[at] = _p_value(float(t[at]), share, variances) < alpha
    return np.asarray(found)


def _near(df: tuple[float, float, float]) -> tuple[float, float, float]:
    """The degrees of freedom at most a hundredth off, on a grid that few designs leave."""
    first, second, both = (float(np.exp(GRID * np.rint(np.log(one) / GRID))) for one in df)
    return first, second, both


def _p_value(t: float, share: float, variances: ArmVariances) -> float:
    fewest = min(float(welch_df(share, *variances.df[:2])), variances.df_alike)
    nominal = max(float(2 * special.stdtr(fewest, -t)), _aspin_p(t, share, variances))
    return worst_size(nominal, variances.df) if nominal > 0 else 0.0


def _aspin_p(t: float, share: float, variances: ArmVariances) -> float:
    def excess(normal: float) -> float:
        return float(aspin_critical(normal, share, *variances.df[:2])) - t

    if excess(FARTHEST) <= 0:
        return 0.0
    return float(2 * special.ndtr(-optimize.brentq(excess, 0.0, FARTHEST, xtol=1e-12)))


def calibrated_test(sample: Districts, alpha: float = 0.05) -> TTest:
    """The effect of treatment on the districts, with the calibrated p-value and interval.

    Raises RefusedError: those of :func:`behrens_fisher_test`, and where an arm has a single district.
    """
    return behrens_fisher_test(arm_variances(sample), of_districts(sample).coefficients[EFFECT].item(), alpha)
