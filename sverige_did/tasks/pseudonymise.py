"""Make a delivery without civil registration numbers from one that has them, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from sverige_did.errors import InputError, Problem
from sverige_did.files import write_folder
from sverige_did.sources.pseudonyms.delivery import Pseudonymised, pseudonymised
from sverige_did.sources.pseudonyms.key import new_key, read_key
from sverige_did.tasks.new import vacant


def run(source: Path, out: Path, key: Path, *, make_key: bool) -> tuple[Pseudonymised, ...]:
    """Write every register of ``source`` with pseudonyms into ``out``, which must be new, empty or as ``new``
    laid it out; what was done.

    Raises InputError with every problem; then nothing is in ``out``.
    """
    if not vacant(out):
        raise InputError(Problem("new_not_empty", file=out.name))
    if out.resolve().is_relative_to(source.resolve()):
        raise InputError(Problem("pseudo_out_inside", file=out.name))
    if make_key:
        new_key(key)
    done = pseudonymised(source, read_key(key, source, out))
    write_folder(out, {one.file: one.text.encode("utf-8") for one in done})
    return done
