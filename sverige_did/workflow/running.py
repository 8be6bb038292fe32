"""One run of the workflow in a folder at a time; what a killed run left behind is recognised and cleared away.

Snakemake marks a folder as taken by files that outlive a run that is killed. A lock of the operating system does not:
whoever holds it is alive. So this folder's own lock says whether another run is at work, and Snakemake's marks are
taken off where the last run, which set them, is dead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sverige_did import words
from sverige_did.errors import InputError, Problem, RefusedError
from sverige_did.files import discard_altered, sweep
from sverige_did.workflow import PROFILE, SNAKEFILE
from sverige_did.workflow.discover import all_of, content_of, find_studies, unusable_studies

try:
    import fcntl
except ImportError:  # Windows: there Snakemake's own marks are all there is
    fcntl = None  # type: ignore[assignment]

MARKS = Path(".snakemake")
LOCK = "sverige_did.lock"
GENERATED = ("results", "reports", "release")
RUNNING = b"running"


def run_workflow(folder: Path, cores: int, *, unlock: bool = False) -> int:
    """Run every rule that has something to do; the exit status of Snakemake.

    ``unlock`` takes off the marks of a run that was not started here. Raises InputError where the folder holds no
    study, has a name that no study can have, or cannot be written to, and RefusedError while another run is at work.
    """
    if wrong := tuple(unusable_studies(folder)):
        raise InputError(*wrong)
    if not find_studies(folder):
        raise InputError(Problem("check_no_plan", file=str(folder)))
    with _alone(folder) as (lock, was_killed), _environment() as environment:
        base = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--directory", str(folder)]
        if any((folder / MARKS / "locks").glob("*")):
            if not (unlock or was_killed):
                raise RefusedError(Problem("run_locked", file=str(folder), values={"folder": str(folder)}))
            subprocess.run([*base, "--unlock", "--quiet", "all"], check=False, env=environment)  # noqa: S603 - our own arguments
        for name in GENERATED:
            sweep(folder / name)
        for path in discard_altered(folder / "results"):
            print(words.text("cli.made_anew", file=path.relative_to(folder)), flush=True)  # noqa: T201 - for people
        before = _inputs(folder)
        command = [*base, "--workflow-profile", str(PROFILE), "--cores", str(cores), "all"]
        # The lock goes to Snakemake too: it holds for as long as either of them lives.
        done = subprocess.run(command, check=False, env=environment, pass_fds=[lock.fileno()] if fcntl else ())  # noqa: S603
        if changed := sorted({name for name, _ in before ^ _inputs(folder)}):
            raise InputError(*(Problem("input_changed", file=name) for name in changed))
        return done.returncode


def _inputs(folder: Path) -> set[tuple[str, str]]:
    """Each study's plan by its place, with a hash of it and of the data beside it."""
    return {(str(study.plan), content_of(folder, all_of(folder, study))) for study in find_studies(folder).values()}


@contextmanager
def _alone(folder: Path) -> Iterator[tuple[IO[bytes], bool]]:
    """Hold the lock of a folder: the open file, and whether the run before this one was killed."""
    place = folder / MARKS / LOCK
    try:
        place.parent.mkdir(exist_ok=True)
        lock = place.open("a+b")
    except PermissionError as error:
        raise InputError(Problem("run_read_only", file=str(folder))) from error
    with lock:
        if fcntl:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RefusedError(Problem("run_in_progress", file=str(folder))) from error
        lock.seek(0)
        was_killed = lock.read() == RUNNING
        _say(lock, RUNNING)
        try:
            yield lock, was_killed
        finally:
            _say(lock, b"")


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
