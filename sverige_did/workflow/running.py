"""One run of the workflow in a folder at a time; what a killed run left behind is recognised and cleared away.

Snakemake marks a folder as taken by files that outlive a run that is killed. A lock of the operating system does not:
whoever holds it is alive. So this folder's own lock says whether another run is at work, and Snakemake's marks are
taken off where the last run, which set them, is dead. Every step holds a second lock, for a step can outlive its run.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sverige_did import words
from sverige_did.errors import InputError, Problem, RefusedError
from sverige_did.files import sweep
from sverige_did.workflow import PROFILE, SNAKEFILE
from sverige_did.workflow.discover import all_of, content_of, find_studies, unusable_studies
from sverige_did.workflow.records import GENERATED, discard_unfounded

try:
    import fcntl
except ImportError:  # Windows: there Snakemake's own marks are all there is
    fcntl = None  # type: ignore[assignment]

MARKS = Path(".snakemake")
LOCK = "sverige_did.lock"
STEPS = "sverige_did.steps"
STEPS_LOCK = "SVERIGE_DID_STEPS"
RUN = "SVERIGE_DID_RUN"
"""The environment variables that tell a step which lock to hold, and of which run it is."""

RUNNING = b"running"
STOPPED = 130
"""The status of a run that its user stopped, as shells have it."""

LEAST_ROOM = 4 << 20
"""Bytes that must be free on a disk: the results of the smallest study are half of it."""


def run_workflow(folder: Path, cores: int, *, unlock: bool = False) -> int:
    """Run every rule that has something to do; the exit status of Snakemake, or ``STOPPED``.

    ``unlock`` takes off the marks of a run that was not started here. Raises InputError where the folder holds no
    study, has a name that no study can have, cannot be written to or is on a full disk, and RefusedError while another
    run, or a step that outlived one, is at work.
    """
    if wrong := tuple(unusable_studies(folder)):
        raise InputError(*wrong)
    if not find_studies(folder):
        raise InputError(Problem("check_no_plan", file=str(folder)))
    _require_rights(folder)
    _require_room(folder)
    with _alone(folder) as (lock, steps), _environment() as environment:
        marks = list((folder / MARKS / "locks").glob("*.lock"))
        if marks and not (unlock or _is_ours(lock)):
            raise RefusedError(Problem("run_locked", file=str(folder), values={"folder": str(folder)}))
        for mark in marks:
            mark.unlink()
        run = RUNNING.decode() + f" {time.time_ns()} {os.getpid()}"
        _say(lock, run.encode())
        steps.close()  # those of this run may take it; one of an older run finds that its own is over
        for name in GENERATED:
            sweep(folder / name)
        for path in discard_unfounded(folder):
            print(words.text("cli.made_anew", file=path.relative_to(folder)), flush=True)  # noqa: T201 - for people
        _date_back(folder)
        before = _inputs(folder)
        known = {STEPS_LOCK: str((folder / MARKS / STEPS).resolve()), RUN: run}
        status = _snakemake(folder, cores, lock, environment | known)
        if not any((folder / MARKS / "locks").glob("*.lock")):
            _say(lock, b"")  # else the next run takes the marks off: they are this one's
        if status:
            _require_room(folder)
        if changed := sorted({name for name, _ in before ^ _inputs(folder)}):
            raise InputError(*(Problem("input_changed", file=name) for name in changed))
        return status


def _snakemake(folder: Path, cores: int, lock: IO[bytes], environment: dict[str, str]) -> int:
    """Run all rules. Whoever stops it waits until the steps that are at work have stopped too."""
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--directory", str(folder),
        "--workflow-profile", str(PROFILE), "--cores", str(cores), "all",
    ]  # fmt: skip
    # The lock goes to Snakemake too: it holds for as long as either of them lives.
    kept = [lock.fileno()] if fcntl else ()
    with _stopped_alike(), subprocess.Popen(command, env=environment, pass_fds=kept) as run:  # noqa: S603
        try:
            return run.wait()
        except KeyboardInterrupt:
            run.send_signal(signal.SIGTERM)  # from a terminal it was stopped too, from elsewhere it knows of nothing
            run.wait()
            return STOPPED


@contextmanager
def _stopped_alike() -> Iterator[None]:
    """Let whoever ends this program end it as from a terminal: not before its steps."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _require_rights(folder: Path) -> None:
    """Refuse a folder that cannot be written to, or one below it that a run writes to."""
    below = (path for name in (str(MARKS), *GENERATED) for path in (folder / name, *(folder / name).rglob("*")))
    for place in (folder, *(path for path in below if path.is_dir())):
        if not os.access(place, os.W_OK):
            raise InputError(Problem("run_read_only", file=str(place)))


def _require_room(folder: Path) -> None:
    if shutil.disk_usage(folder).free < LEAST_ROOM:
        raise InputError(Problem("os_full", file=str(folder)))


@contextmanager
def step_at_work() -> Iterator[None]:
    """Hold the lock of the steps, where a run has named it, for as long as a step may write.

    Raises RefusedError ``run_over`` where that run is dead and another has begun: a step that was slow to start.
    """
    place, run = os.environ.get(STEPS_LOCK), os.environ.get(RUN, "")
    if not (fcntl and place):
        yield
        return
    with Path(place).open("ab") as lock:
        with suppress(OSError):  # as in _is_taken
            fcntl.flock(lock, fcntl.LOCK_SH)
        if Path(place).with_name(LOCK).read_bytes() != run.encode():
            raise RefusedError(Problem("run_over"))
        yield


def _date_back(folder: Path) -> None:
    """Give what is dated in the future the time of now: Snakemake refuses whatever is made of it as too old.

    Whether a result still stands is told by hashes; a file whose time is not ours to set stays as it is.
    """
    now = time.time()
    below = (path for name in GENERATED for path in (folder / name).rglob("*"))
    inputs = (folder / file for study in find_studies(folder).values() for file in all_of(folder, study))
    for path in (*below, *inputs):
        if path.lstat().st_mtime > now:
            with suppress(OSError):
                os.utime(path, (now, now))


def _inputs(folder: Path) -> set[tuple[str, str]]:
    """Each study's plan by its place, with a hash of it and of the data beside it."""
    return {(str(study.plan), content_of(folder, all_of(folder, study))) for study in find_studies(folder).values()}


@contextmanager
def _alone(folder: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Hold the locks of a folder, of the run and of the steps, in which neither is at work."""
    place = folder / MARKS
    place.mkdir(exist_ok=True)
    with (place / LOCK).open("a+b") as lock, (place / STEPS).open("ab") as steps:
        if _is_taken(lock) or _is_taken(steps):
            raise RefusedError(Problem("run_in_progress", file=str(folder)))
        yield lock, steps


def _is_taken(file: IO[bytes]) -> bool:
    """Whether somebody holds the lock of a file; if not, it is held from now on."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: there, too, Snakemake's own marks are all there is
        return False
    return False


def _is_ours(lock: IO[bytes]) -> bool:
    """Whether the run before this one set the marks that lie there: it was killed, or left them."""
    lock.seek(0)
    return lock.read().startswith(RUNNING)


def _say(lock: IO[bytes], state: bytes) -> None:
    lock.truncate(0)
    lock.write(state)
    lock.flush()


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """The environment of a run. Where nothing can be kept for this user, what is compiled is kept for the run alone."""
    own = dict(os.environ)
    home = own.get("HOME")
    usual = own.get("XDG_CACHE_HOME") or (Path(home) / ".cache" if home else None)
    if usual is not None and can_be_written(Path(usual)):
        yield own
        return
    with tempfile.TemporaryDirectory(prefix="sverige-did-", ignore_cleanup_errors=True) as passing:
        yield own | {"XDG_CACHE_HOME": passing, "HOME": home if home and can_be_written(Path(home)) else passing}


def can_be_written(folder: Path) -> bool:
    """Whether a file can be written in the folder, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
