"""What a result was made of, as it was written down then, held against what lies there now.

Snakemake asks whether an input is younger than what was made of it. Times say that only where the clock was right and
nobody stopped a run in the middle; so before a run the hashes of the inputs that it wrote down are compared too.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping, Set
from functools import cache
from pathlib import Path
from typing import Any

from sverige_did.files import discard_altered

GENERATED = ("results", "reports", "release")
METADATA = Path(".snakemake", "metadata")
FIRST = "plan.json"
"""What every other result of a study is made of."""

SUMS, AUDIT = "SHA256SUMS", "audit.json"
RELEASE = "release.json"
"""The result that others are written beside which no rule names: the audit that stays inside."""


def discard_unfounded(folder: Path) -> list[Path]:
    """Remove what is not as it was written, or rests on what is no longer there; which, without what hangs on it.

    What was made with it or of it goes too, at any remove: Snakemake makes an input anew only where what is asked for
    in the end is not there or looks too old. Nothing may be at work in the folder.
    """
    changed = [path for name in GENERATED for path in discard_altered(folder / name)]
    written = _records(folder)
    found = (*_not_collected(folder, written), *_forgotten(folder), *_outdated(folder, written))
    gone = [*changed, *(path for path in found if path.exists())]
    unnamed = {path.with_name(RELEASE) for path in changed if path not in written}
    for path in (*gone, *unnamed, *_hanging_on({*gone, *unnamed}, written, folder)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return gone


def _not_collected(folder: Path, written: Mapping[Path, dict[str, Any]]) -> Iterator[Path]:
    """Folders that may be sent out in which a file, or the list of them, is not as it was collected."""
    for place in sorted(path for path in (folder / "release").glob("*") if path.is_dir()):
        if (place in written or (place / SUMS).exists()) and not _is_as_collected(place):
            yield place


def _is_as_collected(place: Path) -> bool:
    """Whether the list holds the audit and all that this names, for it may itself be cut, and each is what it says."""
    try:
        lines = (place / SUMS).read_text("utf-8").splitlines()
        listed = {name: hash_ for hash_, name in (line.split("  ", 1) for line in lines)}
        named = {*json.loads((place / AUDIT).read_bytes())["files"], AUDIT}
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return listed.keys() == named and all(_hash(place / name) == hash_ for name, hash_ in listed.items())


def _forgotten(folder: Path) -> Iterator[Path]:
    """The first result of each study where nothing is written down, as in a copy without its hidden folders."""
    if not any(path.is_file() for path in (folder / METADATA).rglob("*")):
        yield from (folder / "results").glob(f"*/{FIRST}")


def _records(folder: Path) -> dict[Path, dict[str, Any]]:
    """What is written down of each result by its place; nothing of one whose record cannot be read, which goes."""
    found: dict[Path, dict[str, Any]] = {}
    for place in sorted(path for path in (folder / METADATA).rglob("*") if path.is_file()):
        made = _made(folder, place)
        if made is not None:
            found[made] = _read(place)
            if not found[made]:
                place.unlink()
    return found


def _outdated(folder: Path, written: Mapping[Path, dict[str, Any]]) -> Iterator[Path]:
    """Results whose inputs among the results are others now, or of which nobody can read what they were made of."""
    for made, record in written.items():
        checksums = record.get("input_checksums") or {}
        if not record or any(_is_another(folder, name, told) for name, told in checksums.items()):
            yield made


def _hanging_on(gone: Set[Path], written: Mapping[Path, dict[str, Any]], folder: Path) -> Set[Path]:
    """What was made by the same job as a result that goes or is gone, or of one, and so on."""
    inputs = {made: {folder / name for name in record.get("input") or () if _is_generated(name)}
              for made, record in written.items()}  # fmt: skip
    lost = gone | {one for of in inputs.values() for one in of if not one.exists()}
    jobs = {made: str(record.get("log") or made) for made, record in written.items()}
    found = set(lost)
    while True:
        again = {job for made, job in jobs.items() if made in found}
        more = {made for made, of in inputs.items() if made not in found and (of & found or jobs[made] in again)}
        if not more:
            return found - gone
        found |= more


def _made(folder: Path, place: Path) -> Path | None:
    """The result that a record is of: its place is the record's name, in parts where it is long."""
    name = "".join(part.removeprefix("@") for part in place.relative_to(folder / METADATA).parts)
    try:
        made = Path(urlsafe_b64decode(name).decode())
    except ValueError:
        return None
    return folder / made if _is_generated(str(made)) else None


def _is_generated(name: str) -> bool:
    parts = Path(name).parts
    return bool(parts) and parts[0] in GENERATED and ".." not in parts


def _read(place: Path) -> dict[str, Any]:
    try:
        written = json.loads(place.read_bytes())
    except ValueError:
        return {}
    return written if isinstance(written, dict) else {}


def _is_another(folder: Path, name: str, told: str) -> bool:
    """Whether an input that was itself a result is there and holds something else; of data the rules ask themselves."""
    kind, _, hash_ = told.partition(":")
    path = folder / name
    return kind == "sha256" and _is_generated(name) and path.is_file() and _hash(path) != hash_


def _hash(path: Path) -> str | None:
    if not path.is_file():
        return None
    known = path.stat()
    return _hashed(path, known.st_size, known.st_mtime_ns, known.st_ino)


@cache
def _hashed(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
