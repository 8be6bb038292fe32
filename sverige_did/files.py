"""Whole files or none: what is written appears at its place only when it is complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, RootModel, TypeAdapter


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, as :func:`write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file beside the target, then move it there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:  # an interruption too must leave nothing half-written; it is passed on
        Path(name).unlink(missing_ok=True)
        raise


def write_model(path: Path, value: BaseModel) -> None:
    """One frozen value as indented JSON."""
    write_text(path, value.model_dump_json(indent=1) + "\n")


def read_model[Model: BaseModel](path: Path, kind: type[Model]) -> Model:
    """One frozen value from JSON."""
    return kind.model_validate_json(path.read_text("utf-8"))


def write_models(path: Path, values: Iterable[BaseModel]) -> None:
    """Several frozen values as one JSON list."""
    write_text(path, RootModel[list[BaseModel]](list(values)).model_dump_json(indent=1, serialize_as_any=True) + "\n")


def read_models[Model: BaseModel](path: Path, kind: type[Model]) -> tuple[Model, ...]:
    """Several frozen values of one kind from a JSON list."""
    return TypeAdapter(tuple[kind, ...]).validate_json(path.read_text("utf-8"))  # type: ignore[valid-type]
