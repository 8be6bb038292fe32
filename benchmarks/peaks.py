"""What each job of a run took of memory and of a core: after half a minute Snakemake looks only every half minute.

    python benchmarks/peaks.py FOLDER     # watch the run in FOLDER until it is stopped (Linux)

Kept in FOLDER/peaks.json: {"results/<study>/logs/<job>.log": [megabytes, seconds]}, by the kernel's own mark of the
most that the job's process ever held, and by the time that a core worked for it, whatever else the machine did; and
under "together" the most that the jobs held at one moment, with those that run beside each other.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY = 0.2
"""Seconds between two looks."""

LOG = re.compile(rb"\| tee (\S+\.log)")
"""Where a job's shell says what it is."""

TOGETHER = "together"
"""Under what the most of all jobs at one moment is kept."""


@contextmanager
def watched(folder: Path) -> Iterator[None]:
    """Watch the jobs of the run in ``folder`` for as long as the context lasts."""
    done = threading.Event()
    watcher = threading.Thread(target=watch, args=(folder, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def watch(folder: Path, done: threading.Event) -> None:
    """Look again and again, and keep what is new."""
    file = folder / "peaks.json"
    peaks: dict[str, list[float]] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    file.write_text(json.dumps(peaks) + "\n", "utf-8")
    while not done.wait(EVERY):
        before, held = dict(peaks), 0
        for job, found, now in jobs(folder.resolve()):
            peaks[job] = [max(pair) for pair in zip(peaks.get(job, found), found, strict=True)]
            held += now
        peaks[TOGETHER] = max(peaks.get(TOGETHER, [0, 0]), [held, 0])
        if peaks != before:
            file.write_text(json.dumps(peaks, indent=1, sort_keys=True) + "\n", "utf-8")


def jobs(folder: Path) -> Iterator[tuple[str, list[float], int]]:
    """The log of every job that runs in ``folder`` at this moment, the most that it has held with its time so far, and
    the megabytes that it holds now."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"sverige_did" not in (process / "cmdline").read_bytes():
                continue
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            job = LOG.search((Path("/proc") / status["PPid"].strip() / "cmdline").read_bytes())
            if job and (process / "cwd").resolve() == folder:
                ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:15]  # own, and of its children
                used = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
                peak, now = (round(int(status[name].split()[0]) / 1024) for name in ("VmHWM", "VmRSS"))
                yield job[1].decode(), [peak, round(used, 1)], now
        except (OSError, KeyError, ValueError):
            continue  # it has ended meanwhile


if __name__ == "__main__":
    watch(Path(sys.argv[1]), threading.Event())
