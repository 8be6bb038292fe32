"""Whole files or none: what is written appears at its place only when it is complete."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, RootModel, TypeAdapter

RECORDS = ".sha256"
"""The folder beside results that holds their hashes."""

RESULTS = frozenset({".json", ".parquet", ".nc", ".csv", ".html"})


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
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:  # an interruption too must leave nothing half-written; it is passed on
        Path(name).unlink(missing_ok=True)
        raise


def write_folder(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder with these files (by their place in it) and no others, in place of one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        made.chmod(0o777 & ~_umask())
        for name, content in contents.items():
            write_bytes(made / name, content)
        if path.exists():
            shutil.rmtree(path)
        made.replace(path)
    except BaseException:  # as in write_bytes
        shutil.rmtree(made, ignore_errors=True)
        raise


def _umask() -> int:
    """The mode bits that the user keeps from others; a temporary file has fewer than the user's own."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flattened(places: Iterable[object]) -> Iterator[object]:
    for place in places:
        yield from place if isinstance(place, list) else (place,)


def hashes(places: Iterable[object]) -> dict[Path, str]:
    """The SHA-256 of every result among the places, and of those in a place that is a folder of results."""
    found: dict[Path, str] = {}
    for place in _flattened(places):
        if isinstance(place, Path):
            inside = place.rglob("*") if (place / RECORDS).is_dir() else (place,)
            results = (one for one in inside if one.suffix in RESULTS and one.is_file() and RECORDS not in one.parts)
            found |= {one: hashlib.sha256(one.read_bytes()).hexdigest() for one in results}
    return found


def altered(found: Mapping[Path, str]) -> list[Path]:
    """The files that are no longer what the command that made them wrote; one that no command made is none."""
    return [path for path, hash_ in found.items() if (held := _record(path)).is_file() and held.read_text() != hash_]


def record(found: Mapping[Path, str]) -> None:
    """Hold the hash of files that a command has written, for the commands that read them."""
    for path, hash_ in found.items():
        write_text(_record(path), hash_)


def _record(path: Path) -> Path:
    return path.parent / RECORDS / path.name


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
