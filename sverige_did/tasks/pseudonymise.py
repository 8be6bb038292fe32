"""Make a delivery without civil registration numbers from one that has them, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sverige_did.errors import InputError, Problem
from sverige_did.files import write_text
from sverige_did.sources.pseudonyms.delivery import Pseudonymised, pseudonymised
from sverige_did.sources.pseudonyms.key import new_key, read_key


def run(source: Path, out: Path, key: Path, *, make_key: bool) -> tuple[Pseudonymised, ...]:
    """Write every register of ``source`` with pseudonyms into ``out``, which must be new or empty; what was done.

    Raises InputError with every problem; then nothing is in ``out``.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(Problem("new_not_empty", file=out.name))
    if out.resolve().is_relative_to(source.resolve()):
        raise InputError(Problem("pseudo_out_inside", file=out.name))
    if make_key:
        new_key(key)
    done = pseudonymised(source, read_key(key, source, out))
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        for one in done:
            write_text(beside / one.file, one.text)
        if out.exists():
            out.rmdir()
        beside.chmod(0o755)
        beside.rename(out)
    except BaseException:  # an interruption too must leave nothing half-written; it is passed on
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return done
