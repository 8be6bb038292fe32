"""The folder in which a fetch lays its tables until all are there: its own while it lives, cleared away when it died.

A fetch that was killed leaves its folder behind, and one that is at work has one too. A lock of the operating system
tells them apart, for whoever holds it is alive.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sverige_did.errors import Problem, RefusedError
from sverige_did.files import UNFINISHED

try:
    import fcntl
except ImportError:  # Windows: there every folder is taken for one that was left behind
    fcntl = None  # type: ignore[assignment]


@contextmanager
def unfinished_beside(data: Path) -> Iterator[Path]:
    """A new folder beside ``data`` for what is to take its place; what a killed fetch left there is cleared away.

    Raises RefusedError ``sb_in_progress`` while another fetch into ``data`` is at work.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data.parent):
        _clear_up(data)
        made = Path(tempfile.mkdtemp(dir=data.parent, prefix=f".{data.name}.", suffix=UNFINISHED))
        handle = _opened(made)
        _is_taken(handle)
    try:
        yield made
    except BaseException:  # an interruption too must leave nothing half-written; it is passed on
        shutil.rmtree(made, ignore_errors=True)
        raise
    finally:
        _close(handle)


def put_in_place(data: Path, made: Path) -> None:
    """Put the new folder where the old one is; should that fail, the old one is put back."""
    made.chmod(0o755)
    with _one_at_a_time(data.parent):
        if not data.exists():
            made.replace(data)
            return
        before = Path(tempfile.mkdtemp(dir=data.parent, prefix=f".{data.name}.before.", suffix=UNFINISHED))
        data.replace(before / data.name)
        try:
            made.replace(data)
        except BaseException:  # as above
            (before / data.name).replace(data)
            raise
        finally:
            shutil.rmtree(before, ignore_errors=True)


def _clear_up(data: Path) -> None:
    """Take away what a fetch left that was killed; where it had laid the old folder aside, that is put back."""
    found = sorted(data.parent.glob(f".{data.name}.*{UNFINISHED}"))
    if any(map(_is_at_work, found)):
        raise RefusedError(Problem("sb_in_progress", file=str(data)))
    for left in found:
        if (left / data.name).is_dir() and not data.exists():
            (left / data.name).replace(data)
        with suppress(FileNotFoundError):  # one that failed just now takes away its own
            shutil.rmtree(left)


def _is_at_work(folder: Path) -> bool:
    try:
        handle = _opened(folder)
    except FileNotFoundError:  # as above
        return False
    try:
        return _is_taken(handle)
    finally:
        _close(handle)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until nobody else makes, clears away or moves folders in this one: moments."""
    handle = _opened(folder)
    try:
        if fcntl and handle is not None:
            with suppress(OSError):  # as in _is_taken
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        _close(handle)


def _opened(folder: Path) -> int | None:
    return os.open(folder, os.O_RDONLY) if fcntl else None


def _close(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)


def _is_taken(handle: int | None) -> bool:
    """Whether somebody holds the lock of a folder; if not, it is held from now on."""
    if handle is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: there every folder is taken for one that was left behind
        return False
    return False
