"""From ``study.yaml`` to the frozen plan, or to what is wrong with it by field; and the JSON Schema of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sverige_did import words
from sverige_did.errors import InputError, Problem
from sverige_did.study.blocks import Plan
from sverige_did.study.readings import Readings
from sverige_did.study.study import Study

READINGS = "readings.yaml"
"""Beside ``study.yaml``: how damaged tables can be read."""


class _StandsTwiceError(yaml.MarkedYAMLError):
    """A key of the plan stands twice in the same block."""


class _PlanLoader(yaml.SafeLoader):
    """YAML without guesses: dates stay text for the plan to check, and a key that stands twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise _StandsTwiceError(problem=key.value, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_PlanLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_text(path: Path) -> str:
    """The file as UTF-8 text (a byte-order mark is allowed).

    Raises InputError when the file is missing or in another encoding.
    """
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(Problem("missing_file", file=path.name)) from error
    except UnicodeDecodeError as error:
        row = path.read_bytes()[: error.start].count(b"\n") + 1
        found = f"0x{error.object[error.start]:02x}"
        raise InputError(Problem("encoding", file=path.name, row=row, found=found, expected="UTF-8")) from error


def read_study(path: Path) -> Study:
    """Read and check ``study.yaml``, and ``readings.yaml`` beside it where there is one: a part of the plan.

    Raises InputError naming the file, the field, what was found and what was expected.
    """
    tree = _tree(path)
    beside = path.with_name(READINGS)
    if beside.is_file():
        twice = [name for name in ("readings", "reconstruction") if name in tree]
        if twice:
            raise InputError(*(Problem("plan_readings_twice", file=path.name, column=name) for name in twice))
        found = _checked(Readings, _tree(beside), beside.name).model_dump(mode="json")
        tree |= {"readings": found.pop("readings"), "reconstruction": found}
    return _checked(Study, tree, path.name)


def _tree(path: Path) -> dict[str, Any]:
    source = read_text(path)
    try:
        tree = yaml.load(source, Loader=_PlanLoader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else None
        if isinstance(error, _StandsTwiceError):
            raise InputError(Problem("plan_twice", file=path.name, row=row, column=error.problem)) from error
        raise InputError(Problem("not_yaml", file=path.name, row=row)) from error
    if not isinstance(tree, dict):
        raise InputError(Problem("not_yaml", file=path.name, row=1))
    return tree


def _checked[Kind: Plan](kind: type[Kind], tree: dict[str, Any], file: str) -> Kind:
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        raise InputError(*(_as_problem(detail, file) for detail in error.errors())) from error


def _as_problem(detail: Any, file: str) -> Problem:
    where = ".".join(str(part) for part in detail["loc"]) or "study"
    if detail["type"] == "missing":
        return Problem("plan_missing", file=file, column=where)
    if detail["type"] == "extra_forbidden":
        return Problem("plan_unknown", file=file, column=where)
    found = detail.get("input")
    shown = None if isinstance(found, dict | list) else str(found)
    rule = detail["type"] if words.has(f"errors.rule.{detail['type']}") else "value_error"
    limits = {"why": detail["msg"]} | detail.get("ctx", {})
    return Problem("plan_value", file=file, column=where, found=shown, rule=rule, values=limits)


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``study.yaml``, for editors; committed as docs/study.schema.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Study.model_json_schema()


def readings_schema() -> dict[str, Any]:
    """JSON Schema of ``readings.yaml``; committed as docs/readings.schema.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Readings.model_json_schema()
