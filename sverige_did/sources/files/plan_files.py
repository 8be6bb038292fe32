"""A YAML file to a frozen plan, with every fault named by file and field."""

from __future__ import annotations

from pydantic import ValidationError

from sverige_did.errors import InputError, Problem
from sverige_did.study.study import Plan
from sverige_did.study.yaml_tree import tree_of


def parse_plan[T: Plan](kind: type[T], text: str, file: str) -> T:
    """The plan written in ``text``. Raises InputError that names file and row, or file and field."""
    tree = tree_of(text, file)
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        where = [(".".join(str(part) for part in detail["loc"]), detail["msg"]) for detail in error.errors()]
        raise InputError(
            *(Problem("plan_value", file=file, column=name, expected=said) for name, said in where)
        ) from error
