"""What is to be answered over all studies: ``index.yaml`` beside the plans, with where each answer stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from sverige_did.study.blocks import Bilingual, Name, Plan, once_each
from sverige_did.study.read import read_part


class Place(Plan):
    """Where on which study's page an answer stands: the id of an outcome or of a section."""

    study: Name
    anchor: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


class Evaluation(Plan):
    """One thing that the sources evaluate, and the places that answer it."""

    key: Annotated[str, Field(pattern=r"^[A-Z][0-9]+$")]
    name: Bilingual
    answered: tuple[Place, ...] = Field(min_length=1)


class Evaluations(Plan):
    """All that the sources evaluate, in their order."""

    title: Bilingual
    lead: Bilingual
    evaluations: tuple[Evaluation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        once_each("evaluations", (one.key for one in self.evaluations))
        return self


def read_evaluations(path: Path) -> Evaluations:
    """Read ``index.yaml``. Raises InputError naming the field, what was found and what was expected."""
    return read_part(path, Evaluations)
