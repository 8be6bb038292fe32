"""How long everything that a user waits for takes: all studies of this repository, one of them, a check, a page.

    python benchmarks/everything.py | tee docs/everything.jsonl      # quarter of an hour on two cores
    python benchmarks/scale_page.py                                  # the page docs/scale.md, with these

One JSON line a work and run: {"work", "run", "seconds", "core_seconds", "slowed"}. Every work is done once to warm up
(machine code of the models is kept between runs) and is not told. ``core_seconds`` is the processor time of all that
was started. ``slowed``: how many times as long a short loop takes on average, on every core at once, just before and
just after, as at its fastest: on a machine that others share a core may have half its speed, and seconds are read
beside that.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import fmean

import national

from sverige_did.disclosure.cases import CaseRelease
from sverige_did.disclosure.release import Release
from sverige_did.files import read_model
from sverige_did.report import render
from sverige_did.report.cases import render as render_cases

ROOT = Path(__file__).parents[1]
SPELLS = 100_000
MADE = ("results", "release", "reports", ".snakemake")


def loop(_: int) -> list[float]:
    """Seconds of a loop that always does the same, some thirty times."""
    found = []
    for _ in range(30):
        began = time.perf_counter()
        sum(i * i for i in range(500_000))
        found.append(time.perf_counter() - began)
    return found


def loops() -> list[float]:
    """The same on all cores at once."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return [seconds for one in pool.map(loop, range(os.cpu_count() or 1)) for seconds in one]


def core_seconds() -> float:
    """Processor time of this process and of all that it started and that have ended."""
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def command(*arguments: str) -> None:
    """Run one to its end; what it says is told when it fails."""
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-3000:] + done.stderr[-3000:])


def studies(place: Path, *names: str) -> Callable[[], None]:
    """All that ``snakemake all`` makes of these studies, from nothing."""
    for name in names:
        for kind in ("analyses", "data"):
            shutil.copytree(ROOT / kind / name, place / kind / name)

    def again() -> None:
        for name in MADE:
            shutil.rmtree(place / name, ignore_errors=True)
        command("snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(place), "all")

    return again


def check(place: Path) -> Callable[[], None]:
    """A delivery of four municipalities, made up, with its plan: nothing is wrong with it."""
    national.folder(place, national.SPELLS // SPELLS)
    study = place / "analyses" / "together"
    (place / "data" / "together").rename(study / "data")
    return lambda: command("sverige_did", "check", str(study))


def told(work: str, again: Callable[[], object], runs: int) -> None:
    """Once to warm up, then as often as is asked, a line each."""
    again()
    for run in range(1, runs + 1):
        before, used, began = loops(), core_seconds(), time.perf_counter()
        again()
        seconds, used = time.perf_counter() - began, core_seconds() - used
        around = before + loops()
        slowed = round(fmean(around) / min(around), 2)
        line = {"work": work, "run": run, "seconds": round(seconds, 1), "core_seconds": round(used, 1)}
        line |= {"slowed": slowed}
        print(json.dumps(line), flush=True)


def main() -> None:
    """All of them, one after another; nothing else should run meanwhile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(json.dumps({"machine": national.machine()}), flush=True)
    names = sorted(file.parent.name for file in (ROOT / "analyses").glob("*/study.yaml"))
    names = [name for name in names if (ROOT / "data" / name).is_dir()]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        told(f"snakemake all: {', '.join(names)}", studies(place / "all", *names), runs)
        told("snakemake all: herning", studies(place / "one", "herning"), runs)
        told(f"sverige-did check: {SPELLS} spells", check(place / "many"), runs)
        for name in names:
            file = place / "all" / "results" / name / "release.json"
            kind, page = (CaseRelease, render_cases) if name == "frikommuner" else (Release, render)
            told(f"the longest page of {name}", partial(page, read_model(file, kind), "en"), runs)


if __name__ == "__main__":
    main()
