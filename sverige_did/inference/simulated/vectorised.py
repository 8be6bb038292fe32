"""Every method on many data sets at once: p-values for columns of changes, by the closed forms of two plain means.

For studies of size and power, where the methods of this folder one data set at a time would take hours. Each
function takes the changes of n data sets (G, n) and the treated (G,) and returns two-sided p-values (n,); the tests
hold them to the single versions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import stats

from sverige_did.inference.assignments import reference_assignments
from sverige_did.inference.behrens_fisher import FARTHEST, aspin_critical, welch_df, worst_size
from sverige_did.inference.districts import Bools, Floats
from sverige_did.inference.ferman_pinto import modelled_variances
from sverige_did.inference.inversion import TIE

_TIE = 1 - TIE


class Arms(NamedTuple):
    """Sizes, difference of means (n,) and sums of squares around the mean (n,) of the two arms."""

    treated: int
    control: int
    effect: Floats
    squares_treated: Floats
    squares_control: Floats

    @property
    def variance_treated(self) -> Floats:
        """What the treated arm adds to the CR2 variance (n,)."""
        return np.asarray(self.squares_treated / (self.treated * (self.treated - 1)))

    @property
    def variance_control(self) -> Floats:
        """What the control arm adds to the CR2 variance (n,)."""
        return np.asarray(self.squares_control / (self.control * (self.control - 1)))


def arms(change: Floats, treated: Bools) -> Arms:
    """The moments that most methods need. The CR2 variance exists only where both arms hold at least two districts."""
    t, c = change[treated], change[~treated]
    effect = t.mean(axis=0) - c.mean(axis=0)
    squares = [((arm - arm.mean(axis=0)) ** 2).sum(axis=0) for arm in (t, c)]
    return Arms(len(t), len(c), effect, *squares)


def _student(effect: Floats, variance: Floats, df: float) -> Floats:
    """Student's p; 1 where nothing varies, because there the single method refuses and so rejects nothing."""
    t = np.divide(np.abs(effect), np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
    return np.asarray(2 * stats.t.sf(t, df))


def cr1(a: Arms) -> Floats:
    """CR1 with t(G - 1)."""
    groups = a.treated + a.control
    variance = (a.squares_treated / a.treated**2 + a.squares_control / a.control**2) * groups / (groups - 2)
    return _student(a.effect, variance, groups - 1)


def _df(a: Arms) -> tuple[float, float, float]:
    """Degrees of freedom of the treated arm, of the control arm, and of both if they vary alike."""
    treated, control = 1 / a.treated, 1 / a.control
    alike = (treated + control) ** 2 / (treated**2 / (a.treated - 1) + control**2 / (a.control - 1))
    return a.treated - 1, a.control - 1, alike


def cr2(a: Arms) -> Floats:
    """CR2 with Bell and McCaffrey's degrees of freedom."""
    return _student(a.effect, a.variance_treated + a.variance_control, _df(a)[2])


def behrens_fisher(a: Arms) -> Floats:
    """The calibrated p-value, interpolated between nominal levels; Aspin's by bisection of the normal quantile."""
    v = a.variance_treated + a.variance_control
    share, df = a.variance_treated / v, _df(a)
    t = np.abs(a.effect) / np.sqrt(v)
    low, high = np.zeros_like(t), np.full_like(t, FARTHEST)
    for _ in range(40):
        middle = (low + high) / 2
        below = aspin_critical(middle, share, *df[:2]) < t
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    fewest = np.minimum(welch_df(share, *df[:2]), df[2])
    nominal = np.maximum(2 * stats.norm.sf(low), 2 * stats.t.sf(t, fewest))
    return np.interp(nominal, *_calibration(df))


@cache
def _calibration(df: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """Nominal levels and the worst size at each."""
    levels = np.geomspace(1e-6, 1, 181)
    return levels, np.array([worst_size(float(level), df) for level in levels])


def cr3(a: Arms) -> Floats:
    """The jackknife with t(G - 1)."""
    groups = a.treated + a.control
    variance = a.squares_treated / (a.treated - 1) ** 2 + a.squares_control / (a.control - 1) ** 2
    return _student(a.effect, variance * (groups - 1) / groups, groups - 1)


def donald_lang(a: Arms) -> Floats:
    """The pooled t test, t(G - 2)."""
    df = a.treated + a.control - 2
    pooled = (a.squares_treated + a.squares_control) / df
    return _student(a.effect, pooled * (1 / a.treated + 1 / a.control), df)


def ibragimov_mueller(a: Arms) -> Floats:
    """One effect a treated district, t(K - 1)."""
    return _student(a.effect, a.variance_treated, a.treated - 1)


def permutation(change: Floats, treated: Bools, rows: Bools) -> tuple[Floats, Floats]:
    """The studentised and the bare permutation test over the assignments ``rows`` (r, G), the observed among them."""
    k, m = int(treated.sum()), int((~treated).sum())
    y = change - change.mean(axis=0)
    members = rows.astype(float)

    def both(chosen: Floats) -> tuple[Floats, Floats]:
        first, second = chosen @ y, chosen @ y**2
        rest = (y**2).sum(axis=0) - second
        effect = first * (1 / k + 1 / m)
        v = np.maximum(second - first**2 / k, 0) / max(k * (k - 1), 1) + np.maximum(rest - first**2 / m, 0) / (
            m * (m - 1)
        )
        return effect**2, v

    (effects, variances), (effect, variance) = both(members), both(treated[None, :].astype(float))
    bare = (effects >= effect * _TIE).mean(axis=0)
    return (effects * variance >= effect * variances * _TIE).mean(axis=0), bare


def wild_restricted(change: Floats, treated: Bools, signs: Floats) -> Floats:
    """The restricted wild bootstrap over the weights ``signs`` (b, G), the observed data counted as one more."""
    u = change - change.mean(axis=0)

    def t_squared(v: Floats) -> Floats:
        effect, variance = np.zeros((2, len(v), u.shape[1]))
        for arm, sign in ((treated, 1), (~treated, -1)):
            n = int(arm.sum())
            mean = v[:, arm] @ u[arm] / n
            effect += sign * mean
            variance += (v[:, arm] ** 2 @ u[arm] ** 2 - n * mean**2) / n**2
        return np.asarray(effect**2 / variance)

    observed = t_squared(np.ones((1, treated.size)))
    return np.asarray((1 + (t_squared(signs) >= observed * _TIE).sum(axis=0)) / (1 + len(signs)))


def ferman_pinto(change: Floats, treated: Bools, sizes: Floats, chosen: np.ndarray) -> Floats:
    """The bootstrap of rescaled residuals; ``chosen`` (b, G) are the districts that are drawn."""
    contrast = np.where(treated, 1 / treated.sum(), -1 / (~treated).sum())
    w = change - change.mean(axis=0)
    root = np.sqrt(modelled_variances(w, sizes))
    z = w / root
    z -= z.mean(axis=0)
    scaled = contrast[:, None] * root
    hits = np.zeros(change.shape[1])
    observed = np.abs(contrast @ change) * _TIE
    for row in chosen:
        hits += np.abs((z[row] * scaled).sum(axis=0)) >= observed
    return (1 + hits) / (1 + len(chosen))


def conley_taber(change: Floats, treated: Bools, tuples: Bools) -> Floats:
    """Chance read off the controls, over the tuples ``tuples`` (r, G - K)."""
    control = change[~treated]
    k = int(treated.sum())
    errors = np.abs(tuples.astype(float) @ (control - control.mean(axis=0)) / k)
    effect = np.abs(change[treated].mean(axis=0) - control.mean(axis=0))
    return np.asarray((1 + (errors >= effect * _TIE).sum(axis=0)) / (1 + len(tuples)))


ONE_TREATED: dict[str, Callable[[Arms], Floats]] = {"donald_lang": donald_lang, "cr1": cr1}
"""The methods that still give an answer with a single treated district."""

MOMENTS: dict[str, Callable[[Arms], Floats]] = {
    "cr2_bell_mccaffrey": cr2,
    "behrens_fisher": behrens_fisher,
    "cr3_jackknife": cr3,
    "ibragimov_mueller": ibragimov_mueller,
} | ONE_TREATED


def reference_rows(treated: Bools, draws: int, rng: np.random.Generator) -> Bools:
    """All assignments if there are at most ``draws`` of them, else the observed one and ``draws`` random ones."""
    none = np.zeros(treated.size, dtype=np.int64)
    return reference_assignments(treated, none, draws=draws, rng=rng, limit=draws)[0]
