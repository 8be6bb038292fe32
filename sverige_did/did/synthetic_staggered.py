"""Synthetic difference-in-differences where districts begin at different dates: one fit a date, then their average.

Each date g is a fit of ``synthetic.py`` of the districts that began then against those that never begin:

    tau = sum over g of n_g T_g tau_g / sum over g of n_g T_g

with n_g districts and T_g periods from g on, so that every treated district and period counts the same (Arkhangelsky et
al. 2021, American Economic Review 111:4088, appendix A; Clarke, Pailanir, Athey and Imbens 2023, arXiv 2301.11859).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sverige_did.did.arrays import FloatArray
from sverige_did.did.synthetic import FEWEST_PRE_PERIODS, synthetic_did
from sverige_did.errors import refuse


@dataclass(frozen=True, slots=True, eq=False)
class StaggeredSynthetic:
    """``estimate`` in the unit of the outcome; by date ``begun`` (D,): ``effects`` (D,) and their ``weights`` (D,).

    ``too_early`` are the dates with fewer than five periods before, which no weights can be fitted to.
    """

    estimate: float
    begun: FloatArray
    effects: FloatArray
    weights: FloatArray
    too_early: tuple[float, ...]


def staggered_synthetic_did(
    table: FloatArray, periods: FloatArray, treated_from: FloatArray
) -> StaggeredSynthetic:  # fmt: skip
    """The average over dates, for levels (U, T) at ``periods`` (T,) of districts that begin at ``treated_from`` (U,).

    A district without a date (nan), or with one after the last period, never begins.

    Raises RefusedError: ``did_too_few_pre_periods`` where every date comes too early, and those of
    :func:`~sverige_did.did.synthetic.synthetic_did`.
    """
    starts = np.where(treated_from <= periods[-1], treated_from, np.inf)
    dates = np.unique(starts[np.isfinite(starts)])
    before = np.array([int((periods < date).sum()) for date in dates])
    able = dates[before >= FEWEST_PRE_PERIODS]
    if able.size == 0:
        raise refuse("did_too_few_pre_periods", found=str(before.max(initial=0)), expected=f">= {FEWEST_PRE_PERIODS}")
    effects, weights = np.empty(able.size), np.empty(able.size)
    for at, date in enumerate(able):
        mine, post = starts == date, periods >= date
        compared = mine | np.isinf(starts)
        effects[at] = synthetic_did(table[compared], mine[compared], post).estimate
        weights[at] = mine.sum() * post.sum()
    early = tuple(float(date) for date in dates[before < FEWEST_PRE_PERIODS])
    return StaggeredSynthetic(float(effects @ weights / weights.sum()), able, effects, weights, early)
