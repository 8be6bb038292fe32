"""Change in SDQ scores: whether it is more than measurement error, and more than was to be expected anyway.

Neither turns a change into an effect: children who start high come down by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from scipy import stats

from sverige_did.errors import refuse
from sverige_did.results.estimates import Frozen
from sverige_did.sources.sdq.scores import FloatArray, Scale, SdqScores


@dataclass(frozen=True, slots=True, eq=False)
class ReliableChange:
    """``index`` (n,) is the change in standard errors of a difference, ``verdict`` (n,) -1 better, 0 not beyond
    error or missing, 1 worse; ``threshold`` is the smallest reliable change in points."""

    index: FloatArray
    verdict: NDArray[np.int64]
    threshold: float


class AddedValueFormula(Frozen):
    """The regression that predicts a parent's total score about six months later without treatment.

    Take the coefficients from Ford, Hutchings, Bywater, Goodman & Goodman (2009), British Journal of Psychiatry
    194:552-558, with the erratum in 195:182, and say so in ``source``; the sign belongs to the coefficient.
    ``sd`` is the standard deviation of the score among untreated children (5 points, sdqinfo.com/e10.html).
    """

    intercept: float
    total: float
    impact: float
    emotion: float
    sd: float = Field(gt=0)
    source: str = Field(min_length=1)


@dataclass(frozen=True, slots=True, eq=False)
class AddedValue:
    """``score`` (n,) is how many points lower than predicted the follow-up is (positive = better); the rest is
    their mean, its limits at ``level``, and the mean divided by the sd. NaN rows are left out of the mean."""

    score: FloatArray
    n: int
    mean: float
    lower: float
    upper: float
    effect_size: float
    level: float


def reliable_change(
    before: SdqScores, after: SdqScores, scale: Scale, *, sd: float, reliability: float, level: float = 0.95
) -> ReliableChange:
    """The reliable change index (x2 - x1) / (sd sqrt(2 (1 - r))) of Jacobson & Truax (1991).

    Rows of ``before`` and ``after`` are the same children; ``sd`` is the standard deviation of the scale in the
    norm population and ``reliability`` its retest correlation r. Refuses r outside [0, 1), and rows where another
    informant answers the second time: a change of informant is not a change of the child.
    """
    _refuse_other_informant(before, after)
    if not (0 <= reliability < 1 and sd > 0 and 0 < level < 1):
        raise refuse("sdq_reliability", found=f"sd {sd}, r {reliability}, level {level}")
    error = sd * np.sqrt(2 * (1 - reliability))
    z = float(stats.norm.ppf(0.5 + level / 2))
    index = (after.scale(scale) - before.scale(scale)) / error
    worse = -index if scale == "prosocial" else index
    verdict = (worse >= z).astype(np.int64) - (worse <= -z)
    return ReliableChange(index, verdict, float(z * error))


def added_value(
    before: SdqScores,
    impact_before: ArrayLike,
    after: SdqScores,
    months_between: ArrayLike,
    formula: AddedValueFormula,
    *,
    high_risk: bool,
    months: tuple[float, float] = (4, 8),
    level: float = 0.95,
) -> AddedValue:
    """The added-value score: the total that the formula predicts for the follow-up, less the total that came.

    It holds for parents' answers at both times, about six months apart (``months`` is how far from that one may
    be), among children at high risk, most of whom have a disorder; refuses anything else. In low-risk groups it
    shows an improvement that is none (sdqinfo.com/e10.html).
    """
    _refuse_other_informant(before, after)
    gap = np.broadcast_to(np.asarray(months_between, dtype=np.float64), (len(before),))
    if not high_risk:
        raise refuse("sdq_added_value_risk")
    if (before.informant != "parent").any():
        raise refuse("sdq_added_value_parent", count=int((before.informant != "parent").sum()))
    outside = ~((gap >= months[0]) & (gap <= months[1]))
    if outside.any():
        raise refuse("sdq_added_value_months", count=int(outside.sum()), low=months[0], high=months[1])
    at_start = np.asarray(impact_before, dtype=np.float64)
    predicted = (
        formula.intercept + formula.total * before.total + formula.impact * at_start + formula.emotion * before.emotion
    )
    score = predicted - after.total
    known = score[~np.isnan(score)]
    if not len(known):
        raise refuse("sdq_added_value_empty")
    mean = float(known.mean())
    half = float(stats.norm.ppf(0.5 + level / 2)) * formula.sd / float(np.sqrt(len(known)))
    return AddedValue(score, len(known), mean, mean - half, mean + half, mean / formula.sd, level)


def _refuse_other_informant(before: SdqScores, after: SdqScores) -> None:
    if len(before) != len(after):
        raise refuse("sdq_items_shape", found=f"{len(before)}, {len(after)}")
    switched = before.informant != after.informant
    if switched.any():
        raise refuse("sdq_informant_differs", count=int(switched.sum()))
