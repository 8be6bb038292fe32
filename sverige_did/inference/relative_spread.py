"""One or two treated districts: how much more than the controls they may swing before the finding goes.

One or two changes do not show how districts with the programme swing. Without a word on that there is no test, so the
word is part of the answer: a bound ``b`` on the standard deviation of a treated district's change over that of a
control's (Hagemann 2025, REStud 92:3968). At each bound two methods must reject no effect:

1. the t test of Lau and Li (2025, arXiv:2511.05710): with the effect d = sum of a_i x_i, s the standard deviation of
   the controls' residuals and m - r their degrees of freedom, |d| > t(m - r) s sqrt(b^2 sum_T a_i^2 + sum_C a_i^2). For
   normal changes its size is at most the level whenever the bound holds against every control, however unlike they are;
2. a rearrangement: the treated residuals divided by b may change places with the controls', and the bare difference
   has to be rare among all choices of districts. It is exact, whatever the law of the changes, if a treated change is
   b times what a control's might have been, but for the mean of the controls, which is estimated.

The first alone rejects up to 8 % where changes are skewed or have heavy tails, the second needs 1 / level choices: 19
controls for one treated district, 5 for two (docs/size.md). The answer is the largest bound at which both still reject.
If the treated swing as much more as is true, no larger bound is found in more than the level's share of data sets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy

from sverige_did.errors import refuse
from sverige_did.inference.assignments import reference_sums
from sverige_did.inference.cluster_robust import TTest, t_test
from sverige_did.inference.districts import Districts, Floats, treated_districts
from sverige_did.inference.inversion import TIE
from sverige_did.inference.permutation import DRAWS

LEAST = 1.0
"""The smallest bound that is tried: treated districts that swing as the controls do."""


class RelativeSpread(NamedTuple):
    """The ``test`` for treated districts that swing as the controls do: the t test with the larger p of both methods;
    and the ``largest`` bound at which both reject, None where they do at none.
    """

    test: TTest
    largest: float | None


class _Parts(NamedTuple):
    """An effect as ``estimate``, with the sums of squares of what treated and control districts add, the controls'
    standard deviation and its degrees of freedom, and the residuals (G,) of both arms from the controls' fit.
    """

    estimate: float
    treated: float
    control: float
    sd: float
    df: int
    residual: Floats

    def se(self, bound: float) -> float:
        """The standard error if the treated swing ``bound`` times as much as the controls."""
        return self.sd * float(np.sqrt(bound**2 * self.treated + self.control))

    def reach(self, alpha: float) -> float:
        """The bound at which the t test's p is ``alpha``; 0 where it is larger at every bound."""
        units = self.estimate / (self.sd * float(scipy.stats.t.isf(alpha / 2, self.df)))
        return float(np.sqrt(max(units**2 - self.control, 0.0) / self.treated))


def relative_spread(sample: Districts, *, rng: np.random.Generator, alpha: float = 0.05) -> RelativeSpread:
    """The largest ratio of standard deviations, treated over control, at which no effect is rejected at ``alpha``.

    The effect is held against the controls' mean in the stratum, with covariates against their regression. ``rng``
    draws choices of districts where there are more than a million.

    Raises RefusedError: ``too_few_control`` where the controls leave no degree of freedom, ``inference_collinear``
    where they cannot tell the covariates apart, ``no_variation_within`` where they all changed alike.

    >>> from sverige_did.inference.districts import districts
    >>> change = [9.0, *np.random.default_rng(1).normal(size=30)]
    >>> found = relative_spread(districts(change, np.arange(31) < 1, smallest_arm=1), rng=np.random.default_rng(2))
    >>> f"{found.test.estimate:.1f}, up to {found.largest:.1f} times as much"
    '9.1, up to 3.2 times as much'
    """
    sample = sample.compared()
    parts = _parts(sample)
    ranked = _Rearranged.of(sample, parts.residual, rng)
    test = t_test(parts.estimate, parts.se(LEAST), parts.df, alpha)
    largest = min(parts.reach(alpha), ranked.reach(alpha))
    return RelativeSpread(
        replace(test, p_value=max(test.p_value, ranked.p(LEAST))), largest if largest >= LEAST else None
    )


def _parts(sample: Districts) -> _Parts:
    """The effect against what the controls alone say: their weighted fit tells it, their plain one how they swing."""
    treated_districts(sample.treated, 1)
    control = ~sample.treated
    design = np.column_stack([sample.strata[:, None] == np.unique(sample.strata), sample.covariates]).astype(float)
    mine, df = design[control], int(control.sum()) - design.shape[1]
    if df < 1:
        raise refuse("too_few_control", found=str(int(control.sum())), expected=f">= {design.shape[1] + 1}")
    if np.linalg.matrix_rank(mine) < mine.shape[1]:
        raise refuse("inference_collinear", found=str(sample.covariates.shape[1]))
    shares = sample.weights * sample.treated / sample.weights[sample.treated].sum()
    root = np.sqrt(sample.weights[control])
    shares[control] = -(shares @ design) @ np.linalg.pinv(mine * root[:, None]) * root
    residual = sample.change - design @ (np.linalg.pinv(mine) @ sample.change[control])
    sd = float(np.sqrt(np.square(residual[control]).sum() / df))
    if sd <= 1e-12 * float(np.abs(sample.change).max()):
        raise refuse("no_variation_within")
    treated, others = (float(np.square(shares[arm]).sum()) for arm in (sample.treated, control))
    return _Parts(float(shares @ sample.change), treated, others, sd, df, residual)


class _Rearranged(NamedTuple):
    """All choices of districts: at a bound b a choice's difference is ``fixed`` + ``scaled`` / b, both (n,), and that
    of the treated ``observed`` / b.
    """

    fixed: Floats
    scaled: Floats
    observed: float

    @classmethod
    def of(cls, sample: Districts, residual: Floats, rng: np.random.Generator) -> _Rearranged:
        """From residuals (G,) of both arms; every district counts the same."""
        size, chosen = (np.bincount(sample.strata, arm) for arm in (np.ones(residual.size), sample.treated))
        ratio = (chosen / (size - chosen) / chosen.sum())[sample.strata]
        arms = np.column_stack([np.where(arm, residual, 0.0) for arm in (~sample.treated, sample.treated)])
        features = arms * (1 / chosen.sum() + ratio)[:, None]
        sums, _ = reference_sums(features, sample.treated, sample.strata, draws=DRAWS, rng=rng)
        less = (arms * ratio[:, None]).sum(axis=0)
        fixed, scaled = (sums - less).T
        return cls(fixed, scaled, abs(float(features[sample.treated, 1].sum() - less[1])) * (1 - TIE))

    def p(self, bound: float) -> float:
        """The share of choices whose difference is as large as that of the treated."""
        return float((np.abs(self.fixed * bound + self.scaled) >= self.observed).mean())

    def reach(self, alpha: float) -> float:
        """The largest bound up to which p is at most ``alpha`` from ``LEAST`` on; 0 where it is not there.

        A choice is smaller than the observed one on an open interval of bounds, |fixed b + scaled| < observed, so p
        rises where such an interval ends.
        """
        if self.p(LEAST) > alpha:
            return 0.0
        moves = self.fixed != 0
        ends = (np.array([-1.0, 1.0])[:, None] * self.observed - self.scaled[moves]) / self.fixed[moves]
        low, high = np.sort(ends, axis=0)
        low, high = np.sort(low), np.sort(high)
        still = int((np.abs(self.scaled[~moves]) < self.observed).sum())
        at = high[high >= LEAST]
        smaller = np.searchsorted(low, at, side="left") - np.searchsorted(high, at, side="right") + still
        over = at[(self.fixed.size - smaller) / self.fixed.size > alpha]
        return float(over[0]) if over.size else np.inf
