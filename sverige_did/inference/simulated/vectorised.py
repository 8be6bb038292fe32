"""Every method on many data sets at once: p-values for columns of changes, by closed forms.

For studies of size and power, where the methods of this folder one data set at a time would take hours. Each
function takes the changes of n data sets (G, n) and the design they share, as :class:`Districts` whose own changes do
not count, and returns two-sided p-values (n,); the tests hold them to the single versions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import scipy

from sverige_did.inference.arm_variances import ArmDesign, arm_design
from sverige_did.inference.assignments import Places, reference_assignments, reference_moves
from sverige_did.inference.behrens_fisher import (
    FARTHEST,
    aspin_critical,
    critical_value,
    nominal_level,
    welch_df,
    worst_size,
)
from sverige_did.inference.cluster_robust import LeastSquares, cr2_of_singles, effect_shares, leverage, of_districts
from sverige_did.inference.conley_taber import control_residuals
from sverige_did.inference.districts import EFFECT, Bools, Districts, Floats, Ints, comparable
from sverige_did.inference.ferman_pinto import modelled_variances, within
from sverige_did.inference.inversion import TIE

_TIE = 1 - TIE
_ROUNDING = 1e-10

_NEAR = 80_000
"""Changes that are moved together: 640 kilobytes stay near the processor."""


class Fitted(NamedTuple):
    """The regression of n data sets: what most methods need.

    ``shares`` (G,) of the changes in the effect, ``effect`` (n,), ``residuals`` (G, n) of the least-squares fit.
    """

    fit: LeastSquares
    shares: Floats
    effect: Floats
    residuals: Floats

    def sandwich(self, counts: Floats) -> Floats:
        """The sum of ``counts`` (G,) times the squared residuals (n,)."""
        return np.asarray(counts @ self.residuals**2)


def fitted(change: Floats, sample: Districts) -> Fitted:
    """The weighted regression of every data set on treatment, strata and covariates."""
    fit = of_districts(sample)
    shares = effect_shares(fit, EFFECT)
    coefficients = fit.bread @ (fit.x * fit.weights[:, None]).T @ change
    return Fitted(fit, shares, shares @ change, change - fit.x @ coefficients)


def _student(effect: Floats, variance: Floats, df: float) -> Floats:
    """Student's p; 1 where nothing varies, because there the single method refuses and so rejects nothing."""
    t = np.divide(np.abs(effect), np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
    return np.asarray(2 * scipy.stats.t.sf(t, df))


def cr1(change: Floats, sample: Districts) -> Floats:
    """CR1 with t(G - 1)."""
    f = fitted(change, sample)
    groups, p = f.fit.x.shape
    return _student(f.effect, f.sandwich(f.shares**2) * groups / (groups - p), groups - 1)


def cr2(change: Floats, sample: Districts) -> Floats:
    """CR2 with Bell and McCaffrey's degrees of freedom."""
    f = fitted(change, sample)
    counts, df = cr2_of_singles(f.fit, EFFECT)
    return _student(f.effect, f.sandwich(counts), df)


def cr3(change: Floats, sample: Districts) -> Floats:
    """The jackknife with t(G - 1)."""
    f = fitted(change, sample)
    groups, left = len(change), 1 - leverage(f.fit)
    # A district that its arm or stratum cannot do without has no residual.
    counts = np.divide(f.shares, left, out=np.zeros_like(left), where=left > _ROUNDING) ** 2
    return _student(f.effect, f.sandwich(counts) * (groups - 1) / groups, groups - 1)


def donald_lang(change: Floats, sample: Districts) -> Floats:
    """The pooled t test."""
    f = fitted(change, sample.unweighted())
    df = f.fit.x.shape[0] - f.fit.x.shape[1]
    residuals = change - f.fit.x @ np.linalg.lstsq(f.fit.x, change, rcond=None)[0]
    return _student(f.effect, (residuals**2).sum(axis=0) / df * (f.shares**2).sum(), df)


def ibragimov_mueller(change: Floats, sample: Districts) -> Floats:
    """The two-sample t test with the fewer degrees of freedom."""
    design = arm_design(sample.unweighted())
    return _student(design.shares @ change, design.variance(_rows(change)), min(design.df[:2]))


def behrens_fisher(change: Floats, sample: Districts) -> Floats:
    """The calibrated p-value, interpolated between nominal levels; Aspin's by bisection of the normal quantile."""
    design = arm_design(sample)
    treated, control = design.parts(_rows(change))
    effect, v, df = design.shares @ change, treated + control, design.df
    if np.isinf(max(df[:2])):
        return _student(effect, v, min(df))
    share, t = treated / v, np.abs(effect) / np.sqrt(v)
    low, high = np.zeros_like(t), np.full_like(t, FARTHEST)
    for _ in range(40):
        middle = (low + high) / 2
        below = aspin_critical(middle, share, *df[:2]) < t
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    fewest = np.minimum(welch_df(share, *df[:2]), df[2])
    nominal = np.maximum(2 * scipy.stats.norm.sf(low), 2 * scipy.stats.t.sf(t, fewest))
    return np.interp(nominal, *_calibration(df))


def _rows(change: Floats) -> Floats:
    """The data sets as rows (n, G), around their means against rounding."""
    return np.asarray((change - change.mean(axis=0)).T)


@cache
def _calibration(df: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """Nominal levels and the worst size at each."""
    levels = np.geomspace(1e-6, 1, 181)
    return levels, np.array([worst_size(float(level), df) for level in levels])


def permutation(change: Floats, treated: Bools, rows: Bools) -> tuple[Floats, Floats]:
    """The studentised and the bare permutation test over the assignments ``rows`` (r, G), the observed among them.

    For two plain means.
    """
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


def permutation_of_moves(change: Floats, sample: Districts, moves: Places) -> tuple[Floats, Floats]:
    """The same with weights and strata, over the moves (r, G) of changes to places, the observed among them."""
    design, y = arm_design(sample), change - change.mean(axis=0)
    if design.plain.shape[0] == 1 and not sample.covariates.shape[1]:
        return _permuted_sums(y, design, moves)
    step = max(1, _NEAR // len(y))
    parts = [_permuted(y[:, at : at + step], design, moves) for at in range(0, y.shape[1], step)]
    studentised, bare = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0))
    return studentised, bare


def _permuted(y: Floats, design: ArmDesign, moves: Places) -> Floats:
    """The p-values (2, n) of some data sets (G, n), few enough to stay near the processor."""

    def both(moved: Floats) -> tuple[Floats, Floats]:
        return (design.shares @ moved) ** 2, design.variance(moved.T)

    effect, variance = both(y)
    studentised, bare = np.zeros((2, y.shape[1]))
    for move in moves:
        effects, variances = both(y[move])
        studentised += effects * variance >= effect * variances * _TIE
        bare += effects >= effect * _TIE
    return np.stack([studentised, bare]) / len(moves)


def _permuted_sums(y: Floats, design: ArmDesign, moves: Places) -> tuple[Floats, Floats]:
    """The p-values of data sets (G, n) without strata, from sums over the measured of every move: two products."""
    measured = design.measured.astype(float)
    shares, chosen = np.zeros((2, *moves.shape))
    np.put_along_axis(shares, moves.astype(np.int64), np.broadcast_to(design.shares, moves.shape), axis=1)
    np.put_along_axis(chosen, moves.astype(np.int64), np.broadcast_to(measured, moves.shape), axis=1)
    k, m = float(measured.sum()), float((~design.measured).sum())
    square = y**2

    def both(by: Floats, of: Floats) -> tuple[Floats, Floats]:
        first, second = of @ y, of @ square
        own = np.maximum(second - first**2 / k, 0)
        others = np.maximum(square.sum(axis=0) - second - (y.sum(axis=0) - first) ** 2 / m, 0)
        return (by @ y) ** 2, design.factors[0] * own + design.factors[1] * others

    effects, variances = both(shares, chosen)
    effect, variance = both(design.shares[None, :], measured[None, :])
    studentised = (effects * variance >= effect * variances * _TIE).mean(axis=0)
    return studentised, (effects >= effect * _TIE).mean(axis=0)


def permutation_of_lottery(change: Floats, sample: Districts, lottery: Bools) -> tuple[Floats, Floats]:
    """The same over the sets (r, G) of a lottery, the observed among them: a district keeps its weight."""
    if sample.plain and min(sample.treated.sum(), (~sample.treated).sum()) > 1:
        return permutation(change, sample.treated, lottery)
    y = change - change.mean(axis=0)

    def both(treated: Bools) -> tuple[Floats, Floats]:
        design = arm_design(replace(sample, treated=treated, lottery=None))
        return (design.shares @ y) ** 2, design.variance(y.T)

    effect, variance = both(sample.treated)
    studentised, bare = np.zeros((2, change.shape[1]))
    for one in lottery:
        effects, variances = both(one)
        studentised += effects * variance >= effect * variances * _TIE
        bare += effects >= effect * _TIE
    return studentised / len(lottery), bare / len(lottery)


def wild_restricted(change: Floats, sample: Districts, signs: Floats) -> Floats:
    """The restricted wild bootstrap over the weights ``signs`` (b, G), the observed data counted as one more."""
    f = fitted(change, sample)
    rest = np.delete(f.fit.x, EFFECT, axis=1)
    weighted = rest * f.fit.weights[:, None]
    u = change - rest @ np.linalg.solve(weighted.T @ rest, weighted.T @ change)
    if sample.plain:
        t_squared = _two_means_t_squared(u, sample.treated)
        observed = t_squared(np.ones((1, len(u))))
        return np.asarray((1 + (t_squared(signs) >= observed * _TIE).sum(axis=0)) / (1 + len(signs)))
    maker = f.shares[:, None] * (np.eye(len(u)) - f.fit.x @ f.fit.bread @ (f.fit.x * f.fit.weights[:, None]).T)

    def one(v: Floats) -> Floats:
        return np.asarray((f.shares @ v) ** 2 / ((maker @ v) ** 2).sum(axis=0))

    observed = one(u) * _TIE
    return np.asarray((1 + sum(one(sign[:, None] * u) >= observed for sign in signs)) / (1 + len(signs)))


def _two_means_t_squared(u: Floats, treated: Bools) -> Callable[[Floats], Floats]:
    """The squared statistic (b, n) of the difference of two means for every row of signs."""

    def t_squared(v: Floats) -> Floats:
        effect, variance = np.zeros((2, len(v), u.shape[1]))
        for arm, sign in ((treated, 1), (~treated, -1)):
            n = int(arm.sum())
            mean = v[:, arm] @ u[arm] / n
            effect += sign * mean
            variance += (v[:, arm] ** 2 @ u[arm] ** 2 - n * mean**2) / n**2
        return np.asarray(effect**2 / variance)

    return t_squared


def ferman_pinto(change: Floats, sample: Districts, sizes: Floats, chosen: Ints) -> Floats:
    """The bootstrap of rescaled residuals; ``chosen`` (b, G) are the districts that are drawn."""
    contrast, w = sample.shares, within(change, sample.strata)
    root = np.sqrt(modelled_variances(w, sizes))
    z = w / root
    z -= z.mean(axis=0)
    scaled = contrast[:, None] * root
    hits = np.zeros(change.shape[1])
    observed = np.abs(contrast @ change) * _TIE
    for row in chosen:
        hits += np.abs((z[row] * scaled).sum(axis=0)) >= observed
    return (1 + hits) / (1 + len(chosen))


def conley_taber(change: Floats, sample: Districts, tuples: Bools) -> Floats:
    """Chance read off the controls, over the tuples ``tuples`` (r, G - K), all or drawn."""
    alike = sample.unweighted()
    k, residual = int(sample.treated.sum()), control_residuals(change, alike)
    errors = tuples.astype(float) @ residual / k
    effect, slack = alike.shares @ change, TIE * np.abs(errors).max(axis=0)
    tails = np.minimum((errors >= effect - slack).sum(axis=0), (errors <= effect + slack).sum(axis=0))
    return np.asarray(np.minimum(1.0, 2 * (1 + tails) / (1 + len(tuples))))


type Method = Callable[[Floats, Districts], Floats]

ONE_TREATED: dict[str, Method] = {"donald_lang": donald_lang, "cr1": cr1}
"""The methods that still give an answer with a single treated district."""

MOMENTS: dict[str, Method] = {
    "cr2_bell_mccaffrey": cr2,
    "behrens_fisher": behrens_fisher,
    "cr3_jackknife": cr3,
    "ibragimov_mueller": ibragimov_mueller,
} | ONE_TREATED


def both_permutations(change: Floats, sample: Districts, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The studentised and the bare permutation test, over all assignments or moves if there are at most ``draws``."""
    if sample.lottery is not None:
        return permutation_of_lottery(change, sample, sample.lottery)
    if sample.plain:
        return permutation(change, sample.treated, reference_rows(sample.treated, draws, rng))
    moves = reference_moves(sample.treated, sample.weights, sample.strata, draws=draws, rng=rng, limit=draws)
    return permutation_of_moves(change, sample, moves.rows)


def reference_rows(treated: Bools, draws: int, rng: np.random.Generator) -> Bools:
    """All assignments if there are at most ``draws`` of them, else the observed one and ``draws`` random ones."""
    none = np.zeros(treated.size, dtype=np.int64)
    return reference_assignments(treated, none, draws=draws, rng=rng, limit=draws)[0]


def calibrated_rejects(change: Floats, sample: Districts, alpha: float) -> Bools:
    """Whether the calibrated test rejects (n,), without its p-value."""
    design = arm_design(sample)
    treated, control = design.parts(_rows(change))
    v, df = treated + control, design.df
    if np.isinf(max(df[:2])):
        critical: Floats | float = float(scipy.stats.t.isf(alpha / 2, min(df)))
    else:
        share = np.divide(treated, v, out=np.zeros_like(v), where=v > 0)
        critical = critical_value(nominal_level(alpha, df), share, df)
    return np.asarray((v > 0) & (np.abs(design.shares @ change) >= critical * np.sqrt(v)))


def verdicts(change: Floats, sample: Districts, alpha: float, draws: int, rng: np.random.Generator) -> Bools:
    """Whether the rule of verdict.py says supported (n,); permuted is only what the calibrated test rejects."""
    kept = comparable(sample.treated, sample.strata)
    change, sample = change[kept], sample.compared()
    rejects = calibrated_rejects(change, sample, alpha)
    rejects[rejects] = both_permutations(change[:, rejects], sample, draws, rng)[0] <= alpha
    return rejects
