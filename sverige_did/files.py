"""Whole files or none: what is written appears at its place only when it is complete."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from sverige_did.errors import InputError, Problem

RECORDS = ".sha256"
"""The folder beside results that holds their hashes."""

KEPT = "released"
"""The folder of earlier releases, beside the results that never leave: no rule makes one anew."""

RESULTS = frozenset({".json", ".parquet", ".nc", ".csv", ".html", ".md"})

UNFINISHED = ".unfinished"
"""How the name of a file ends that is not yet in its place; one that stays was left by a command that was killed."""


def sweep(folder: Path) -> int:
    """Remove what killed commands left unfinished below a folder that no command writes to; how many there were."""
    left = list(folder.rglob(f".*{UNFINISHED}"))
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(left)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, as :func:`write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file beside the target, then move it there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=UNFINISHED)
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
    made = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED))
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
    return [
        path
        for path, hash_ in found.items()
        if (held := _record(path)).is_file() and held.read_bytes() != hash_.encode()
    ]


def lost(folder: Path) -> list[Path]:
    """Earlier releases below a folder that were kept and are there no longer, though nothing removes one."""
    held = sorted(folder.rglob(f"{KEPT}/{RECORDS}/*.json"))
    return [path for one in held if not (path := one.parents[1] / one.name).is_file()]


def refusal_of(changed: Iterable[Path]) -> InputError:
    """What is said of files that are :func:`altered`, :func:`lost` or cannot be read; an earlier release by its study,
    for there may be several."""
    return InputError(*map(_refused, changed))


def _refused(path: Path) -> Problem:
    if path.parent.name != KEPT:
        return Problem("release_changed", file=path.name, found=path.name)
    if not path.is_file():
        key = "kept_gone"
    else:
        is_as_kept = _record(path).is_file() and not altered(hashes([path]))
        key = "kept_of_another_version" if is_as_kept else "kept_changed"
    return Problem(key, file=Path(*path.parts[-3:]).as_posix())


def discard_altered(folder: Path) -> list[Path]:
    """Remove the results below a folder that are no longer what was written, so that they are made anew; which.

    Raises InputError where one is an earlier release, or one was deleted, which nothing makes anew: then all stay.
    """
    results = {held.parents[1] / held.name for held in folder.rglob(f"{RECORDS}/*")}
    found = altered(hashes(sorted(path for path in results if path.is_file())))
    if kept := [*(path for path in found if path.parent.name == KEPT), *lost(folder)]:
        raise refusal_of(kept)
    for path in found:
        path.unlink()
    return found


def record(found: Mapping[Path, str]) -> None:
    """Hold the hash of files that a command has written, for the commands that read them."""
    for path, hash_ in found.items():
        write_text(_record(path), hash_)


def _record(path: Path) -> Path:
    return path.parent / RECORDS / path.name


def read_whole(path: Path) -> str:
    """The text of a result. Raises InputError where it is not the text that was written."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(Problem("result_unreadable", file=path.name)) from error


def write_model(path: Path, value: BaseModel) -> None:
    """One frozen value as indented JSON."""
    write_text(path, value.model_dump_json(indent=1) + "\n")


def read_model[Model: BaseModel](path: Path, kind: type[Model]) -> Model:
    """One frozen value from JSON. Raises InputError where the file is cut off, damaged or of another version."""
    return _read(path, TypeAdapter(kind))


def write_models(path: Path, values: Iterable[BaseModel]) -> None:
    """Several frozen values as one JSON list."""
    write_text(path, RootModel[list[BaseModel]](list(values)).model_dump_json(indent=1, serialize_as_any=True) + "\n")


def read_models[Model: BaseModel](path: Path, kind: type[Model]) -> tuple[Model, ...]:
    """Several frozen values of one kind from a JSON list. Raises InputError as :func:`read_model`."""
    return _read(path, TypeAdapter(tuple[kind, ...]))  # type: ignore[valid-type]


def _read[T](path: Path, form: TypeAdapter[T]) -> T:
    try:
        return form.validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(Problem("result_unreadable", file=path.name)) from error
