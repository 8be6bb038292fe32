"""Bands of SDQ scores: close to average, borderline, abnormal, by norms that fit the child and the informant.

Norms differ by country, informant, age and sex; Danish children score lower than British ones. So a table of norms
is always handed in, and a row of it is used only for those it was made for.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from importlib.resources import files
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from sverige_did.errors import refuse
from sverige_did.results.estimates import Frozen
from sverige_did.sources.sdq.scores import Informant, Scale, SdqScores

Band = NDArray[np.int64]

AVERAGE: Final = 0
BORDERLINE: Final = 1
ABNORMAL: Final = 2
NO_SCORE: Final = -1
"""The band of a missing score."""

NO_NORM: Final = -2
"""The band of a form that no norm was made for."""


class Norm(Frozen):
    """The cut-offs of one scale for one group of children; ages in completed years, both ends included.

    On a difficulty scale the bands begin at ``borderline_from`` and ``abnormal_from`` and go up; on the prosocial
    scale they begin there and go down.
    """

    country: str
    informant: Informant
    age_from: int = Field(ge=0)
    age_to: int
    sex: Literal["boys", "girls", "both"]
    scale: Scale
    borderline_from: int
    abnormal_from: int
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        worse = (
            self.borderline_from - self.abnormal_from
            if self.scale == "prosocial"
            else (self.abnormal_from - self.borderline_from)
        )
        if worse < 0 or self.age_to < self.age_from:
            raise ValueError(f"the cut-offs or ages of {self.scale} are not in order")
        return self

    def fits(self, informant: NDArray[np.str_], age: NDArray[np.float64], sex: NDArray[np.str_]) -> NDArray[np.bool_]:
        """Which rows this norm was made for; ``sex`` holds boys and girls."""
        years = np.floor(age)
        of_age = (years >= self.age_from) & (years <= self.age_to)
        same_sex = (sex == self.sex) | (self.sex == "both")
        fits: NDArray[np.bool_] = of_age & (informant == self.informant) & same_sex
        return fits


def danish_parent_norms() -> tuple[Norm, ...]:
    """The Danish cut-offs for parents of children of 5-7 years, the only ones that this package carries."""
    table = (files("sverige_did.sources.sdq") / "norms_dk.csv").read_text("utf-8")
    return tuple(Norm.model_validate(cells) for cells in csv.DictReader(table.splitlines()))


def bands(
    scores: SdqScores,
    scale: Scale,
    norms: Iterable[Norm],
    *,
    population: str,
    sex: ArrayLike,
    accept_foreign: bool = False,
) -> Band:
    """The band (0 average, 1 borderline, 2 abnormal, -1 missing score, -2 no norm) of each row on one scale.

    ``population`` is the country where the children live, ``sex`` (n,) says boys or girls. No norm is made for some
    rows: a teacher's form with norms for parents, another age. Refuses norms of another country, unless
    ``accept_foreign`` says that they are meant and there are no others; and rows for which two norms differ.
    """
    mine = _of_population([norm for norm in norms if norm.scale == scale], population, accept_foreign)
    if not mine:
        return np.full(len(scores), NO_NORM)
    sexes = np.broadcast_to(np.asarray(sex, dtype=np.str_), (len(scores),))
    fits = np.array([norm.fits(scores.informant, scores.age, sexes) for norm in mine])
    cuts = np.array([(norm.borderline_from, norm.abnormal_from) for norm in mine])
    own = cuts[fits.argmax(axis=0)]
    differ = (fits[:, :, None] & (cuts[:, None, :] != own[None, :, :])).any(axis=(0, 2))
    if differ.any():
        raise refuse("sdq_norms_differ", count=int(differ.sum()), scale=scale)
    values, sign = scores.scale(scale), -1 if scale == "prosocial" else 1
    reached = (sign * values[:, None] >= sign * own).sum(axis=1)
    return np.where(fits.any(axis=0), np.where(np.isnan(values), NO_SCORE, reached), NO_NORM)


def _of_population(norms: list[Norm], population: str, accept_foreign: bool) -> list[Norm]:
    """The norms of the population itself; those of others only where there are none and they are meant."""
    own = [norm for norm in norms if norm.country == population]
    if norms and not own and not accept_foreign:
        raise refuse("sdq_foreign_norms", found=", ".join(sorted({n.country for n in norms})), expected=population)
    return own or norms
