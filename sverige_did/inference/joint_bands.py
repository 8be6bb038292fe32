"""Limits that hold for many periods at once, from few treated districts that may vary unlike the controls.

An effect in one period is a contrast of cohort means, and its variance has two parts, from the treated districts and
from the controls, each with few degrees of freedom. If all districts are normal with the same correlation over time,
and treated ones have h times the sd of controls, then the largest |t| over the periods has a distribution that depends
on the correlation and on h alone, so it can be drawn. Three steps give one critical value for all periods:

1. h is estimated from all periods at once, which leaves it far more degrees of freedom than one period has;
2. c(h) is the quantile of the largest |t| at that h;
3. few treated districts that happen to vary little make both c and the standard errors too small. So the quantile of
   (largest |t|) / c(estimated h) is drawn too, and its largest value over all h multiplies c.

Coverage was measured where the correlation is estimated as well: docs/size.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.did.arrays import Bands
from sverige_did.did.rounding import cleared, noise
from sverige_did.errors import refuse
from sverige_did.inference.districts import Bools, Floats, Ints

DRAWS = 4_000

_LOG_RATIOS = np.linspace(-10, 10, 21)
"""Logarithms of h squared at which the critical value is drawn."""

_HALVINGS = 24


class Contrasts(NamedTuple):
    """S effects as contrasts of the means of cohorts over time.

    ``weights`` (S, C, T): what the mean of a cohort in a period counts in an effect; they add up to 0 over the periods.
    ``spread`` (S, C): the variance of the cohort's mean over that of one district, 1 / n where districts count alike.
    The last cohort holds the controls.
    """

    weights: Floats
    spread: Floats

    def scaled(self) -> Floats:
        """(S, C, T) the weights of one district's deviation in the variance of the effects."""
        return np.asarray(self.weights * np.sqrt(self.spread)[:, :, None])


class Deviations(NamedTuple):
    """Districts around the mean of their cohort: treated (n, T) and controls (m, T), with their degrees of freedom."""

    treated: Floats
    control: Floats
    df_treated: int
    df_control: int

    def covariance(self, log_ratio: float) -> Floats:
        """(T, T) of one control district, if treated districts have exp(``log_ratio``) times its variances.

        A small part of the correlation is taken away: what few districts show of it is too strong by chance.
        """
        df = self.df_treated + self.df_control
        found = (np.exp(-log_ratio) * self.treated.T @ self.treated + self.control.T @ self.control) / df
        left = 2 / max(df, 2)
        return np.asarray((1 - left) * found + left * np.diag(np.diag(found)))


class _Arm(NamedTuple):
    """The variance (S,) that one arm adds to every effect, and draws (B, S) of it and of the arm's own error.

    ``expected`` (S,) is the mean of the draws of the variance; all as if treated districts varied as controls do.
    """

    observed: Floats
    expected: Floats
    errors: Floats
    variances: Floats
    df: int

    def relative(self) -> tuple[Floats, Floats]:
        """The observed and the drawn variances, over the expected ones."""
        return self.observed / self.expected, self.variances / self.expected


def deviations(table: Floats, cohort: Ints) -> Deviations:
    """Of the districts of ``table`` (U, T) without a hole; ``cohort`` (U,) are codes, the highest one the controls.

    Levels of districts are taken out: only changes over time count. Raises RefusedError ``bands_single`` where no
    two treated districts begin together, ``too_few_control`` with fewer than two controls, ``bands_incomplete`` where
    it is the holes that leave no more.
    """
    whole = np.isfinite(table).all(axis=1)
    y, codes = table[whole], cohort[whole]
    changes = y - y.mean(axis=1, keepdims=True)
    sizes = np.bincount(codes, minlength=int(cohort.max()) + 1)
    means = np.stack([changes[codes == g].sum(axis=0) / max(n, 1) for g, n in enumerate(sizes)])
    around, control = cleared(changes - means[codes], noise(y)), codes == cohort.max()
    df_treated = int(np.maximum(sizes[:-1] - 1, 0).sum())
    every = np.bincount(cohort, minlength=sizes.size)
    pairs = every[:-1].max(initial=0) >= 2 and every[-1] >= 2
    if pairs and (df_treated < 1 or sizes[-1] < 2):
        raise refuse(
            "bands_incomplete", found=f"{int((~whole).sum())}", all=str(whole.size), left=str(int(whole.sum()))
        )
    if df_treated < 1:
        raise refuse("bands_single", found=str(int((sizes[:-1] == 1).sum())))
    if sizes[-1] < 2:
        raise refuse("too_few_control", found=str(int(sizes[-1])), expected=">= 2")
    return Deviations(around[~control], around[control], df_treated, int(sizes[-1]) - 1)


def contrast_bands(
    estimate: Floats,
    contrasts: Contrasts,
    residual: Deviations,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    draws: int = DRAWS,
    each: bool = False,
) -> Bands:
    """Bands for ``estimate`` (S,), the residual variances of an arm pooled over its cohorts.

    ``each``: limits of every effect by itself in their place, from the same draws, ``critical`` the largest of theirs.

    Raises RefusedError ``no_variation_within`` where an effect has no variance.
    """
    scaled = contrasts.scaled()
    parts = (scaled[:, :-1], scaled[:, -1:])
    dfs, rows = (residual.df_treated, residual.df_control), (residual.treated, residual.control)
    observed = [_squares(one, part).sum(axis=0) / df for one, part, df in zip(rows, parts, dfs, strict=True)]
    log_ratio = 0.0
    for _ in range(2):
        covariance = residual.covariance(log_ratio)
        expected = [np.einsum("sct,tu,scu->s", part, covariance, part) for part in parts]
        _refuse_without_variance(estimate, observed[0] + observed[1])
        mine, others = (o / e for o, e in zip(observed, expected, strict=True))
        log_ratio = float(_log_ratio(mine[None], others[None], *dfs)[0])
    root = _root(covariance)
    arms = [
        _Arm(o, e, *_drawn(part, root, df, draws, rng), df)
        for o, e, part, df in zip(observed, expected, parts, dfs, strict=True)
    ]
    return _bands(estimate, arms[0], arms[1], level, each=each)


def clustered_bands(
    estimate: Floats,
    contributions: Floats,
    treated: Bools,
    df: tuple[int, int],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    draws: int = DRAWS,
    each: bool = False,
) -> Bands:
    """Bands for the coefficients ``estimate`` (S,) of any regression, from what each cluster adds to their errors.

    ``contributions`` (G, S): the variance of a coefficient is the sum of their squares, as CR2's is; ``df``: degrees of
    freedom of the treated and of the control part. Raises as :func:`contrast_bands`.
    """
    periods = estimate.size
    contrasts = Contrasts(np.repeat(np.eye(periods)[:, None, :], 2, axis=1), np.ones((periods, 2)))
    mine, others = (contributions[arm] * np.sqrt(one) for arm, one in zip((treated, ~treated), df, strict=True))
    residual = Deviations(mine, others, *df)
    return contrast_bands(estimate, contrasts, residual, rng=rng, level=level, draws=draws, each=each)


def _squares(rows: Floats, part: Floats) -> Floats:
    """(n, S) what every row (n, T) adds to the variance of the effects, over the cohorts of ``part`` (S, C, T)."""
    return np.asarray(np.square(np.einsum("nt,sct->nsc", rows, part)).sum(axis=2))


def _drawn(part: Floats, root: Floats, df: int, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draws (B, S) of an arm's error and of its estimated variance."""
    periods, cohorts = root.shape[0], range(part.shape[1])
    errors = sum(rng.standard_normal((draws, periods)) @ (root @ part[:, c].T) for c in cohorts)
    loads = [root @ part[:, c].T for c in cohorts]
    variances = np.zeros((draws, part.shape[0]))
    for _ in range(df):
        row = rng.standard_normal((draws, periods))
        for load in loads:
            variances += np.square(row @ load)
    return np.asarray(errors), variances / df


def _bands(estimate: Floats, treated: _Arm, control: _Arm, level: float, *, each: bool) -> Bands:
    (mine, drawn), (others, others_drawn) = treated.relative(), control.relative()
    at = float(_log_ratio(mine[None], others[None], treated.df, control.df)[0])
    missed = _log_ratio(drawn, others_drawn, treated.df, control.df)
    sizes = [_sizes(treated, control, float(np.exp(one))) for one in _LOG_RATIOS]
    if each:
        values = np.array([
            _critical(np.stack([size[:, s] for size in sizes]), at, missed, level) for s in range(estimate.size)
        ])  # fmt: skip
    else:
        largest = np.stack([size.max(axis=1) for size in sizes])
        values = np.full(estimate.size, _critical(largest, at, missed, level))
    half = values * np.sqrt(treated.observed + control.observed)
    return Bands(estimate - half, estimate + half, float(values.max()), level)


def _critical(statistic: Floats, at: float, missed: Floats, level: float) -> float:
    """The critical value of a ``statistic`` (R, B) drawn at every ratio, for the ratio that was estimated as ``at``."""
    critical = np.quantile(statistic, level, axis=1)
    known = [np.interp(one + missed, _LOG_RATIOS, critical) for one in _LOG_RATIOS]
    excess = float(np.quantile(statistic / np.stack(known), level, axis=1).max())
    return excess * float(np.interp(at, _LOG_RATIOS, critical))


def _sizes(treated: _Arm, control: _Arm, ratio: float) -> Floats:
    """(B, S) |t| of every draw, where treated districts have ``ratio`` times the variance of controls."""
    errors = np.sqrt(ratio) * treated.errors + control.errors
    return np.asarray(np.abs(errors) / np.sqrt(ratio * treated.variances + control.variances))


def _log_ratio(treated: Floats, control: Floats, df_treated: int, df_control: int) -> Floats:
    """(B,) the logarithm of the ratio r of two variances from S pairs of estimates (B, S), in every row.

    By likelihood, the S pairs taken as independent: the mean of treated / (pooled variance at r) is one.
    """
    low, high = np.full(len(treated), _LOG_RATIOS[0]), np.full(len(treated), _LOG_RATIOS[-1])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        pooled = df_treated * treated + np.exp(middle)[:, None] * df_control * control
        above = ((df_treated + df_control) * treated / pooled).mean(axis=1) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray((low + high) / 2)


def _root(covariance: Floats) -> Floats:
    """(T, T) R such that z R has the covariance, for standard normal rows z."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0.0, None))).T)


def _refuse_without_variance(estimate: Floats, variance: Floats) -> None:
    if not (variance > (1e-12 * np.abs(estimate).max()) ** 2).all() or not variance.min() > 0:
        raise refuse("no_variation_within")
