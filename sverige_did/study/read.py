"""From ``study.yaml`` to the frozen plan, or to what is wrong with it by field; and the JSON Schema of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from sverige_did import words
from sverige_did.errors import InputError, Problem
from sverige_did.study.areas import Areas
from sverige_did.study.blocks import Plan
from sverige_did.study.lottery import Lottery
from sverige_did.study.readings import Readings
from sverige_did.study.study import KINDS, AnyPlan, Study, class_of
from sverige_did.study.yaml_tree import tree_of

READINGS = "readings.yaml"
"""Beside ``study.yaml``: how damaged tables can be read."""

PARTS: dict[str, tuple[str, type[Plan]]] = {"areas": ("areas.yaml", Areas), "lottery": ("lottery.yaml", Lottery)}
"""What else may lie beside ``study.yaml`` as a part of it, by field: how areas change, what was drawn from."""

MAX_BYTES = 20_000_000
"""Of plans, lists and tables that people write by hand."""


def read_text(path: Path) -> str:
    """The file as UTF-8 text (a byte-order mark is allowed).

    Raises InputError when the file is missing, in another encoding, or larger than anything that people write.
    """
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            limit = f"≤ {MAX_BYTES / 1e6:.0f} MB"
            raise InputError(Problem("text_too_large", file=path.name, found=f"{size / 1e6:.0f} MB", expected=limit))
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(Problem("missing_file", file=path.name)) from error
    except UnicodeDecodeError as error:
        row = path.read_bytes()[: error.start].count(b"\n") + 1
        found = f"0x{error.object[error.start]:02x}"
        raise InputError(Problem("encoding", file=path.name, row=row, found=found, expected="UTF-8")) from error


def read_study(path: Path) -> Study:
    """Read and check the plan of a study of two groups, as :func:`read_plan`; InputError for one of another kind."""
    plan = read_plan(path)
    if not isinstance(plan, Study):
        raise InputError(Problem("plan_value", file=path.name, column="kind", found=plan.kind, rule="of_two_groups"))
    return plan


def read_plan(path: Path) -> AnyPlan:
    """Read and check ``study.yaml`` and what lies beside it as a part of the plan: ``readings.yaml`` and :data:`PARTS`.

    Raises InputError naming the file, the field, what was found and what was expected.
    """
    tree = _tree(path)
    beside = path.with_name(READINGS)
    if beside.is_file():
        if (kind := str(tree.get("kind"))) in KINDS and kind != "published":
            raise InputError(Problem("plan_value", file=READINGS, found=kind, rule="readings_of_kind"))
        twice = [name for name in ("readings", "reconstruction") if name in tree]
        if twice:
            raise InputError(*(Problem("plan_readings_twice", file=path.name, column=name) for name in twice))
        found = _checked(Readings, _tree(beside), beside.name).model_dump(mode="json")
        tree |= {"readings": found.pop("readings"), "reconstruction": found}
    for field, (name, part) in PARTS.items():
        if (beside := path.with_name(name)).is_file():
            if field in tree:
                raise InputError(Problem("plan_readings_twice", file=path.name, column=field))
            tree[field] = _checked(part, _tree(beside), name).model_dump(mode="json")
    return _checked(class_of(tree), tree, path.name)


def read_part[Kind: Plan](path: Path, kind: type[Kind]) -> Kind:
    """Read and check another file of the same form as a plan. Raises InputError as :func:`read_study`."""
    return _checked(kind, _tree(path), path.name)


def _tree(path: Path) -> dict[str, Any]:
    tree = tree_of(read_text(path), path.name)
    if not isinstance(tree, dict):
        raise InputError(Problem("not_yaml", file=path.name, row=1))
    return tree


def _checked[Kind: Plan](kind: type[Kind], tree: dict[str, Any], file: str) -> Kind:
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        raise InputError(*(_as_problem(fault, file, tree) for fault in error.errors())) from error


def _other_kind(loc: tuple[int | str, ...], tree: dict[Any, Any]) -> str | None:
    """The kind whose plans have the field that this plan's kind has not; None where no kind has it."""
    own = str(tree.get("kind"))
    others = [kind for kind in KINDS if kind != own] if own in KINDS else []
    return next((kind for kind in others if _knows(kind, loc, tree)), None)


def _knows(kind: str, loc: tuple[int | str, ...], tree: dict[Any, Any]) -> bool:
    try:
        KINDS[kind].model_validate(tree | {"kind": kind})
    except ValidationError as error:
        unknown = {fault["loc"] for fault in error.errors() if fault["type"] == "extra_forbidden"}
        return not any(loc[:depth] in unknown for depth in range(1, len(loc) + 1))
    return True


def _as_problem(fault: Any, file: str, tree: dict[Any, Any]) -> Problem:
    loc = fault["loc"]
    where = ".".join(str(part) for part in loc) or "study"
    if fault["type"] == "missing":
        return Problem("plan_missing", file=file, column=where, expected=", ".join(KINDS) if loc == ("kind",) else None)
    if fault["type"] == "extra_forbidden":
        if kind := _other_kind(loc, tree):
            return Problem("plan_other_kind", file=file, column=where, values={"kind": kind})
        return Problem("plan_unknown", file=file, column=where)
    found = fault.get("input")
    shown = None if isinstance(found, dict | list) else str(found)
    rule = fault["type"] if words.has(f"errors.rule.{fault['type']}") else "value_error"
    limits = {"why": fault["msg"]} | fault.get("ctx", {})
    where, shown = limits.get("where", where), limits.get("found", shown)  # a name that is wrong only beside others
    if loc == ("kind",):
        limits["expected"] = ", ".join(KINDS)  # each class knows its own only
    return Problem("plan_value", file=file, column=where, found=shown, rule=rule, values=limits)


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``study.yaml``, for editors; committed as docs/study.schema.json."""
    schema = TypeAdapter[AnyPlan](Annotated[AnyPlan, Field(discriminator="kind")]).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def readings_schema() -> dict[str, Any]:
    """JSON Schema of ``readings.yaml``; committed as docs/readings.schema.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Readings.model_json_schema()
