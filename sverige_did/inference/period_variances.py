"""A test that no district was affected, which learns how unlike the two arms vary from the periods before as well.

With three or four treated districts their spread after has two or three degrees of freedom, and most of the power is
lost on it. Every period before go-live shows the same districts. If treated and control districts vary in one ratio
before and after, whatever that ratio and however long shocks last, the ratio is that of the spreads within districts
before, and the spread of the treated is the ratio times that of the controls. It is pooled with what the treated show
themselves, each by its degrees of freedom, and calibrated as in behrens_fisher.py.

Deviations are taken from the mean of the district and from that of its arm in the period, so that the effect and what
an arm shares do not enter. The degrees of freedom of a district are the fewer of two estimates: Satterthwaite's from
the covariances of the periods, which shocks that last make fewer, and those that the spread of the controls' own sums
of squares shows, which heavy tails and unlike districts make fewer.

It tests that *no* district was affected. Effects that differ between districts make them vary more after than before,
which the ratio does not know: where they differ and average zero it rejects too often (docs/size.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.arm_variances import ArmVariances, arm_variances
from sverige_did.inference.behrens_fisher import behrens_fisher_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Districts, Floats

FEWEST = 4
"""Fewer periods before than this tell too little of the ratio."""


class Ratio(NamedTuple):
    """The treated arm's variance over the control arm's before, and the degrees of freedom of one district."""

    ratio: float
    df: float


def allowed(sample: Districts, before: Floats) -> bool:
    """Whether the test knows a design: at least four periods ``before`` (G, P), one stratum, no covariates."""
    return before.shape[1] >= FEWEST and not sample.strata.any() and not sample.covariates.shape[1]


def ratio_before(treated: Floats, control: Floats) -> tuple[Floats, Floats]:
    """Both fields of :class:`Ratio` (...,), from the levels before of both arms (..., K, P) and (..., M, P)."""
    rows = [_within(arm) for arm in (treated, control)]
    own = [rows_of_arm.shape[-2] - 1 for rows_of_arm in rows]
    spread = [np.square(one).sum(axis=(-2, -1)) / n for one, n in zip(rows, own, strict=True)]
    products = [
        np.swapaxes(one, -1, -2) @ one / level[..., None, None] for one, level in zip(rows, spread, strict=True)
    ]
    covariance = (products[0] + products[1]) / sum(own)
    by_periods = np.trace(covariance, axis1=-2, axis2=-1) ** 2 / np.square(covariance).sum(axis=(-2, -1))
    sums = np.square(rows[1]).sum(axis=-1)
    unlike = sums.var(axis=-1, ddof=1) / sums.mean(axis=-1) ** 2
    return spread[0] / spread[1], 2 / np.maximum(2 / by_periods, unlike)


def pooled(seen: ArmVariances, found: Ratio, squares: tuple[float, float]) -> ArmVariances:
    """The variances by arm with the treated arm's pooled; ``squares``: the sums of the squared shares of the arms."""
    own, others = seen.df_treated, seen.df_control
    df = 1 / (1 / (own * found.df) + 1 / (others * found.df) + 1 / others)
    part = df / (own + df)
    implied = found.ratio * seen.control * squares[0] / squares[1]
    # What is implied rests on the controls' spread, so that the two parts of the variance err together.
    alike = squares[0] ** 2 / (own + df) + (squares[1] ** 2 + 2 * squares[0] * squares[1] * part) / others
    return ArmVariances(
        treated=(1 - part) * seen.treated + part * implied,
        control=seen.control,
        df_treated=own + df,
        df_control=others,
        df_alike=sum(squares) ** 2 / alike,
    )


def period_variance_test(sample: Districts, before: Floats, alpha: float = 0.05) -> TTest:
    """The test of no effect in any district, for levels ``before`` (G, P) in the unit of the changes.

    The interval holds the effects that, the same in every treated district, are not rejected. For designs that are
    :func:`allowed`.

    Raises RefusedError: those of :func:`arm_variances`, and ``no_variation_before`` where no control, or no treated
    district, varied before.
    """
    arms = [before[arm] for arm in (sample.treated, ~sample.treated)]
    if min(np.square(_within(arm)).sum() for arm in arms) <= 1e-18 * np.square(before).sum():
        raise refuse("no_variation_before")
    first, second = (float(np.square(sample.shares[arm]).sum()) for arm in (sample.treated, ~sample.treated))
    found = Ratio(*(value.item() for value in ratio_before(*arms)))
    estimate = float(sample.shares @ sample.change)
    return behrens_fisher_test(pooled(arm_variances(sample), found, (first, second)), estimate, alpha)


def _within(levels: Floats) -> Floats:
    """Deviations from the mean of the district, and of the arm in the period."""
    own = levels - levels.mean(axis=-1, keepdims=True)
    return np.asarray(own - own.mean(axis=-2, keepdims=True))
