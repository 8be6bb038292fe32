"""What a study asks StatBank for, written beside its plan: tables, values, years, and the files that they become."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from sverige_did.sources.files.plan_files import parse_plan
from sverige_did.study.blocks import FileName, Plan
from sverige_did.study.read import read_text

RECIPE = "statbank.yaml"
"""The name of the file beside ``study.yaml``."""


class Take(Plan):
    """What is taken of one variable: ``values`` that are listed, codes ``between`` two numbers, or years.

    ``column`` is its name in the file; a variable of which one value is taken may go without. ``code`` is how StatBank
    writes the period of a ``{year}``, or of the year that follows it (``{next}``): ``{next}K1`` is the first of January
    after it, and so the last day of the year.
    """

    variable: str
    column: str | None = None
    listed: tuple[str, ...] = Field(default=(), alias="values")
    between: tuple[int, int] | None = None
    first: int | None = None
    last: int | None = None
    code: str = "{year}"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (bool(self.listed), self.between is not None, self.first is not None and self.last is not None)
        if sum(ways) != 1:
            raise ValueError(f"{self.variable}: give values, between, or first and last")
        if self.column is None and len(self.listed) != 1:
            raise ValueError(f"{self.variable}: give a column, as more than one value is taken")
        return self

    @property
    def years(self) -> dict[str, str]:
        """The year of each period by StatBank's code of it; empty where no periods are taken."""
        if self.first is None or self.last is None:
            return {}
        return {self.code.format(year=year, next=year + 1): str(year) for year in range(self.first, self.last + 1)}


class Asked(Plan):
    """One table, and the file that it becomes: a row a cell, with its numbers in the column ``value``."""

    table: str
    file: FileName
    take: tuple[Take, ...] = Field(min_length=1)
    value: str = "antal"


class Adopters(Plan):
    """The file beside the plan that says who began when, by name; names become codes of a ``variable`` of a table."""

    source: FileName
    file: FileName
    column: str
    table: str
    variable: str
    credit: str


class Recipe(Plan):
    """statbank.yaml."""

    tables: tuple[Asked, ...] = Field(min_length=1)
    adopters: Adopters | None = None


def read_recipe(folder: Path) -> Recipe:
    """The recipe beside a plan in ``folder``. Raises InputError that names the field, or that there is none."""
    return parse_plan(Recipe, read_text(folder / RECIPE), RECIPE)
