"""Change in SDQ scores: whether it is more than measurement error, and more than was to be expected anyway.

Neither turns a change into an effect: children who start high come down by themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from sverige_did.errors import refuse
from sverige_did.sources.sdq.scores import FloatArray, Scale, SdqScores
from sverige_did.study.blocks import AddedValue


def smallest_reliable_change(*, sd: float, reliability: float, level: float = 0.95) -> float:
    """The smallest change in points that is more than measurement error: z sd sqrt(2 (1 - r)), after Jacobson & Truax
    (1991).

    ``sd`` is the standard deviation of the scale in the norm population and ``reliability`` its retest correlation r.
    Refuses r outside [0, 1).
    """
    if not (0 <= reliability < 1 and sd > 0 and 0 < level < 1):
        raise refuse("sdq_reliability", found=f"sd {sd}, r {reliability}, level {level}")
    return float(ndtri(0.5 + level / 2) * sd * np.sqrt(2 * (1 - reliability)))


def reliable_change(before: SdqScores, after: SdqScores, scale: Scale, smallest: float) -> NDArray[np.int64]:
    """Whether each child (n,) changed by at least ``smallest`` points: -1 better, 1 worse, 0 neither or missing.

    Rows of ``before`` and ``after`` are the same children. Refuses rows where another informant answers the second
    time: a change of informant is not a change of the child.
    """
    _refuse_other_informant(before, after)
    worse = (after.scale(scale) - before.scale(scale)) * (-1 if scale == "prosocial" else 1)
    return (worse >= smallest).astype(np.int64) - (worse <= -smallest)


def added_value(
    before: SdqScores, impact_before: ArrayLike, after: SdqScores, months_between: ArrayLike, rule: AddedValue
) -> FloatArray:
    """The added-value score (n,): the total that the formula predicts for the follow-up, less the total that came.

    ``rule`` holds the regression that predicts a parent's total about six months later without treatment: coefficients
    from Ford, Hutchings, Bywater, Goodman & Goodman (2009), British Journal of Psychiatry 194:552-558, with the erratum
    in 195:182; the sign belongs to the coefficient. Its ``sd``, the standard deviation of the score among untreated
    children (5 points, sdqinfo.com/e10.html), is what a reader divides a mean by.
    It holds for parents' answers at both times, about six months apart (``rule.months`` is how far from that one may
    be), among children at high risk, most of whom have a disorder; refuses anything else. In low-risk groups it
    shows an improvement that is none (sdqinfo.com/e10.html). NaN where a number is missing.
    """
    _refuse_other_informant(before, after)
    gap = np.broadcast_to(np.asarray(months_between, dtype=np.float64), (len(before),))
    if (before.informant != "parent").any():
        raise refuse("sdq_added_value_parent", count=int((before.informant != "parent").sum()))
    outside = ~((gap >= rule.months[0]) & (gap <= rule.months[1]))
    if outside.any():
        raise refuse("sdq_added_value_months", count=int(outside.sum()), low=rule.months[0], high=rule.months[1])
    at_start = np.asarray(impact_before, dtype=np.float64)
    predicted = rule.intercept + rule.total * before.total + rule.impact * at_start + rule.emotion * before.emotion
    return predicted - after.total


def _refuse_other_informant(before: SdqScores, after: SdqScores) -> None:
    if len(before) != len(after):
        raise refuse("sdq_items_shape", found=f"{len(before)}, {len(after)}")
    switched = before.informant != after.informant
    if switched.any():
        raise refuse("sdq_informant_differs", count=int(switched.sum()))
