"""A YAML file to a frozen plan, with every fault named by file and field."""

from __future__ import annotations

import yaml
from pydantic import ValidationError

from sverige_did.errors import InputError, Problem
from sverige_did.study.study import Plan


def parse_plan[T: Plan](kind: type[T], text: str, file: str) -> T:
    """The plan written in ``text``. Raises InputError that names file and row, or file and field."""
    try:
        return kind.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(Problem("not_yaml", file=file, row=mark.line + 1 if mark else None)) from error
    except ValidationError as error:
        where = [(".".join(str(part) for part in detail["loc"]), detail["msg"]) for detail in error.errors()]
        raise InputError(
            *(Problem("plan_value", file=file, column=name, expected=said) for name, said in where)
        ) from error
