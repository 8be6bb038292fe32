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

AGES: Final[dict[Informant, tuple[int, int]]] = {"parent": (2, 17), "teacher": (2, 17), "self": (11, 17)}
"""Completed years for which a form exists."""

IMPACT_ITEMS: Final = ("distress", "home", "friends", "classroom", "leisure")
"""The columns of the impact supplement that count; a teacher is not asked about home and leisure."""

_TEACHER_IMPACT = (0, 2, 3)


@dataclass(frozen=True, slots=True, eq=False)
class SdqScores:
    """One row a questionnaire, shape (n,) each; missing is NaN.

    The five scales run from 0 to 10, ``total`` from 0 to 40, ``internalising`` (emotion + peer) and
    ``externalising`` (conduct + hyper) from 0 to 20. ``prosocial`` is a strength: higher is better; everywhere else
    higher is worse. ``scaled_up`` counts the scales of the row with one or two items missing. ``age`` is in years.
    """

    emotion: FloatArray
    conduct: FloatArray
    hyper: FloatArray
    peer: FloatArray
    prosocial: FloatArray
    total: FloatArray
    internalising: FloatArray
    externalising: FloatArray
    scaled_up: NDArray[np.int64]
    informant: TextArray
    age: FloatArray

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
    _refuse_codes(answers, top=2)
    who, years = _who_and_when(informant, age, len(answers))
    turned = answers.copy()
    columns = np.array(REVERSED) - 1
    turned[:, columns] = 2 - turned[:, columns]
    scales, partial = {}, np.zeros(len(answers), dtype=np.int64)
    for name, numbers in ITEMS.items():
        scales[name], missing = _scale(turned[:, np.array(numbers) - 1])
        partial += missing
    internalising, externalising = scales["emotion"] + scales["peer"], scales["conduct"] + scales["hyper"]
    return SdqScores(
        emotion=scales["emotion"],
        conduct=scales["conduct"],
        hyper=scales["hyper"],
        peer=scales["peer"],
        prosocial=scales["prosocial"],
        total=internalising + externalising,
        internalising=internalising,
        externalising=externalising,
        scaled_up=partial,
        informant=who,
        age=years,
    )


def impact(items: ArrayLike, informant: ArrayLike, difficulties: ArrayLike) -> FloatArray:
    """The impact score: 0-10 from parents and the child, 0-6 from teachers.

    ``items`` (n, 5) are the answers to :data:`IMPACT_ITEMS`, coded 0 to 3 or NaN, of which 0 and 1 count 0;
    ``difficulties`` (n,) is the opening question, 0 = no. Whoever answers no is not asked further and scores 0;
    otherwise one missing item makes the score missing.
    """
    answers, opening = np.asarray(items, dtype=np.float64), np.asarray(difficulties, dtype=np.float64)
    if answers.ndim != 2 or answers.shape[1] != len(IMPACT_ITEMS) or opening.shape != answers.shape[:1]:
        raise refuse("sdq_items_shape", found=f"{answers.shape}, {opening.shape}")
    _refuse_codes(answers, top=3)
    who = _informants(informant, len(answers))
    counted = np.maximum(answers - 1, 0)
    scores = np.where(who == "teacher", counted[:, _TEACHER_IMPACT].sum(axis=1), counted.sum(axis=1))
    return np.where(opening == 0, 0.0, scores)


def _scale(answers: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """One scale from its five items, and whether it was scaled up."""
    answered = (~np.isnan(answers)).sum(axis=1)
    enough = answered >= MIN_ANSWERED
    scaled = np.floor(0.5 + 5 * np.nansum(answers, axis=1) / np.maximum(answered, 1))
    return np.where(enough, scaled, np.nan), enough & (answered < 5)


def _who_and_when(informant: ArrayLike, age: ArrayLike, n: int) -> tuple[TextArray, FloatArray]:
    who = _informants(informant, n)
    years = np.broadcast_to(np.asarray(age, dtype=np.float64), (n,)).copy()
    limits = np.array([AGES[name] for name in get_args(Informant)])[_code(who)]
    whole = np.floor(years)
    outside = ~((whole >= limits[:, 0]) & (whole <= limits[:, 1]))
    if outside.any():
        raise refuse("sdq_age", count=int(outside.sum()))
    return who, years


def _informants(informant: ArrayLike, n: int) -> TextArray:
    who = np.broadcast_to(np.asarray(informant, dtype=np.str_), (n,)).copy()
    unknown = sorted(set(who.tolist()) - set(get_args(Informant)))
    if unknown:
        raise refuse("sdq_informant", found=", ".join(unknown[:5]), expected=", ".join(get_args(Informant)))
    return who


def _code(who: TextArray) -> NDArray[np.int64]:
    """The place of each informant among the kinds of informant."""
    return np.argmax(who[:, None] == np.array(get_args(Informant)), axis=1)


def _refuse_codes(answers: FloatArray, top: int) -> None:
    wrong = ~(np.isnan(answers) | np.isin(answers, np.arange(top + 1)))
    if wrong.any():
        raise refuse("sdq_item_range", count=int(wrong.sum()), top=top)
