"""A composition over K categories (placement types): K effects that sum to zero.

Two readings of parallel trends: in shares, where the implied counterfactual can leave [0, 1], which is reported as
evidence against that reading (Roth & Sant'Anna 2023, Econometrica 91:737), and in multinomial log odds, where it
cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.did.arrays import BoolArray, FloatArray
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """Effects (K,) as shares of one, summing to zero, with the treated group's shares had nothing been done.

    ``effect`` and ``counterfactual`` assume parallel trends in shares, ``effect_logit`` and
    ``counterfactual_logit`` in multinomial log odds (nan when a cell is zero: see ``logit_exists``).
    ``negative`` (K,) marks implied negative counterfactual shares.
    """

    effect: FloatArray
    counterfactual: FloatArray
    negative: BoolArray
    effect_logit: FloatArray
    counterfactual_logit: FloatArray
    logit_exists: bool


def mean_shares(counts: FloatArray, treated: BoolArray, after: BoolArray, weights: FloatArray) -> FloatArray:
    """Shares (2, 2, K): [control, treated] x [before, after], means over rows of district shares.

    ``counts`` (N, K), one row a district and period; ``treated``, ``after``, ``weights`` (N,), the weights frozen
    at baseline. Raises RefusedError: ``did_not_finite``, ``did_composition_empty`` (a row or a cell holds nobody).
    """
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise refuse("did_not_finite", column="counts")
    totals = counts.sum(axis=1)
    cells = [[(treated == g) & (after == s) for s in (False, True)] for g in (False, True)]
    if not (totals > 0).all() or not all(cell.any() for pair in cells for cell in pair):
        raise refuse("did_composition_empty", found=str(int((totals <= 0).sum())))
    shares = counts / totals[:, None]
    return np.array([[np.average(shares[cell], axis=0, weights=weights[cell]) for cell in pair] for pair in cells])


def composition_did(shares: FloatArray) -> Composition:
    """Effects from ``shares`` (2, 2, K), [control, treated] x [before, after], each summing to one.

    In shares  pi_cf = pi_T,pre + pi_C,post - pi_C,pre; in log odds
    pi_cf is proportional to pi_T,pre pi_C,post / pi_C,pre.

    Raises RefusedError: ``did_shares`` (shape, a negative share, or a sum other than one).
    """
    proper = shares.ndim == 3 and shares.shape[:2] == (2, 2) and np.isfinite(shares).all() and (shares >= 0).all()
    if not proper or np.abs(shares.sum(axis=-1) - 1).max() > SUM_TOLERANCE:
        raise refuse("did_shares", found=str(shares.shape))
    (control_pre, control_post), (treated_pre, treated_post) = shares
    cf = treated_pre + (control_post - control_pre)
    logit_exists = bool((shares.reshape(4, -1)[:3] > 0).all())  # the treated after go-live may hold a zero
    cf_logit = np.full_like(cf, np.nan)
    if logit_exists:
        unscaled = treated_pre * control_post / control_pre
        cf_logit = unscaled / unscaled.sum()
    return Composition(
        effect=treated_post - cf,
        counterfactual=cf,
        negative=cf < -SUM_TOLERANCE,
        effect_logit=treated_post - cf_logit,
        counterfactual_logit=cf_logit,
        logit_exists=logit_exists,
    )


def composition_estimates(composition: Composition, categories: Sequence[str]) -> dict[str, tuple[Estimate, ...]]:
    """For each category its effect in percentage points, on the share scale and, where it exists, in log odds.

    An implied negative share is a note on its category. Raises RefusedError ``did_lengths``.
    """
    if len(categories) != composition.effect.size:
        raise refuse("did_lengths", found=str(len(categories)), expected=str(composition.effect.size))

    def read(effect: float, estimator: str, assumption: str, notes: tuple[str, ...] = ()) -> Estimate:
        return Estimate(
            estimate=100 * effect,
            scale="pp",
            estimand="att",
            estimator=estimator,
            inference="none",
            assumptions=(assumption,),
            notes=notes,
        )

    found = {}
    for k, category in enumerate(categories):
        notes = ("negative_counterfactual",) if composition.negative[k] else ()
        readings = [read(float(composition.effect[k]), "composition_share", "parallel_trends_identity", notes)]
        if composition.logit_exists:
            effect = float(composition.effect_logit[k])
            readings.append(read(effect, "composition_logit", "parallel_trends_log_odds"))
        found[category] = tuple(readings)
    return found
