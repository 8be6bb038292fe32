"""Scores of the Strengths and Difficulties Questionnaire from numeric item columns.

Items are known here by number only, q1 to q25 in the order of the published form: the wording is copyright of
youthinmind and stands nowhere in this package. Scoring rules: sdqinfo.org (syntax for R, and the scoring guide of
2014). Which informant answered and how old the child was stays with every score, because norms and changes mean
nothing without them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse

FloatArray = NDArray[np.float64]
TextArray = NDArray[np.str_]

Informant = Literal["parent", "teacher", "self"]
Scale = Literal["emotion", "conduct", "hyper", "peer", "prosocial", "total", "internalising", "externalising"]

ITEMS: Final[dict[Scale, tuple[int, ...]]] = {
    "emotion": (3, 8, 13, 16, 24),
    "conduct": (5, 7, 12, 18, 22),
    "hyper": (2, 10, 15, 21, 25),
    "peer": (6, 11, 14, 19, 23),
    "prosocial": (1, 4, 9, 17, 20),
}
"""The items of each scale, counted from 1."""

REVERSED: Final = (7, 11, 14, 21, 25)
"""Items of the difficulty scales that are worded as a strength: 2 counts 0."""

MIN_ANSWERED: Final = 3
"""A scale of five items is scaled up when at least this many are answered, else missing."""

AGES: Final[dict[Informant, tuple[int, int]]] = {"parent": (2, 17), "teacher": (2, 17), "self": (11, 25)}
"""Completed years for which a form exists: beside the one for 11 to 17, self-report has a form for the over-seventeens
(sdqinfo.org) with the same items, which care leavers fill in."""


@dataclass(frozen=True, slots=True, eq=False)
class SdqScores:
    """One row a questionnaire, shape (n,) each; missing is NaN.

    The five scales run from 0 to 10, ``total`` from 0 to 40, ``internalising`` (emotion + peer) and
    ``externalising`` (conduct + hyper) from 0 to 20. ``prosocial`` is a strength: higher is better; everywhere else
    higher is worse. ``age`` is in years.
    """

    emotion: FloatArray
    conduct: FloatArray
    hyper: FloatArray
    peer: FloatArray
    prosocial: FloatArray
    informant: TextArray
    age: FloatArray

    @property
    def internalising(self) -> FloatArray:
        """Emotion and peer."""
        return self.emotion + self.peer

    @property
    def externalising(self) -> FloatArray:
        """Conduct and hyperactivity."""
        return self.conduct + self.hyper

    @property
    def total(self) -> FloatArray:
        """The four difficulty scales."""
        return self.internalising + self.externalising

    def __len__(self) -> int:
        return len(self.age)

    def scale(self, name: Scale) -> FloatArray:
        """The scores of one scale."""
        scores: FloatArray = getattr(self, name)
        return scores

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> SdqScores:
        """The scores of some rows, by number or by a mask."""
        return SdqScores(**{part.name: getattr(self, part.name)[rows] for part in fields(self)})


def score(items: ArrayLike, informant: ArrayLike, age: ArrayLike) -> SdqScores:
    """The scales from answers (n, 25) coded 0, 1, 2 or NaN, with informant and age (years) of each row.

    A scale is five times the mean of its answered items, rounded half up, when at least three are answered; totals
    need all their scales. ``informant`` and ``age`` may be one value for all rows. Refuses other codes, unknown
    informants, and ages for which the form is not made.
    """
    answers = np.asarray(items, dtype=np.float64)
    if answers.ndim != 2 or answers.shape[1] != 25:
        raise refuse("sdq_items_shape", found=str(answers.shape))
    wrong = ~(np.isnan(answers) | np.isin(answers, (0, 1, 2)))
    if wrong.any():
        raise refuse("sdq_item_range", count=int(wrong.sum()), top=2)
    who, years = _who_and_when(informant, age, len(answers))
    turned = answers.copy()
    columns = np.array(REVERSED) - 1
    turned[:, columns] = 2 - turned[:, columns]
    scales = {str(name): _scale(turned[:, np.array(numbers) - 1]) for name, numbers in ITEMS.items()}
    return SdqScores(**scales, informant=who, age=years)


def _scale(answers: FloatArray) -> FloatArray:
    """One scale from its five items."""
    answered = (~np.isnan(answers)).sum(axis=1)
    scaled = np.floor(0.5 + 5 * np.nansum(answers, axis=1) / np.maximum(answered, 1))
    return np.where(answered >= MIN_ANSWERED, scaled, np.nan)


def _who_and_when(informant: ArrayLike, age: ArrayLike, n: int) -> tuple[TextArray, FloatArray]:
    who = np.broadcast_to(np.asarray(informant, dtype=np.str_), (n,)).copy()
    unknown = sorted(set(who.tolist()) - set(get_args(Informant)))
    if unknown:
        raise refuse("sdq_informant", found=", ".join(unknown[:5]), expected=", ".join(get_args(Informant)))
    years = np.broadcast_to(np.asarray(age, dtype=np.float64), (n,)).copy()
    limits = np.array([AGES[name] for name in who.tolist()]).reshape(n, 2)
    whole = np.floor(years)
    outside = ~((whole >= limits[:, 0]) & (whole <= limits[:, 1]))
    if outside.any():
        raise refuse("sdq_age", count=int(outside.sum()))
    return who, years
