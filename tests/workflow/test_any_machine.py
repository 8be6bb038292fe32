"""The number of jobs, cores and threads, their order and the hashes of Python change no byte of what a run makes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_published import FACTS, PLAN, write
from small_town import study
from workflow_run import ROOT, differing, made, snakemake

PACKAGE = ROOT / "sverige_did"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
PUBLISHED = {"institution_share", "caseload"}


def machine(threads: int, seed: int) -> dict[str, str]:
    return dict.fromkeys(THREADS, str(threads)) | {"PYTHONHASHSEED": str(seed)}


def collection(place: Path) -> Path:
    """One study of registers and one of published figures, each the smallest there is."""
    outcomes = [one for one in PLAN["outcomes"] if one["outcome"] in PUBLISHED]
    alone = {
        "our-town": study(place / "alone" / "our-town"),
        "madeup": write(place / "alone" / "madeup", [one for one in FACTS if one[0] in PUBLISHED], outcomes=outcomes),
    }
    for name, folder in alone.items():
        for file in folder.iterdir():
            kept = place / "data" / name if file.name == "data" else place / "analyses" / name / file.name
            kept.parent.mkdir(parents=True, exist_ok=True)
            file.rename(kept)
    shutil.rmtree(place / "alone")
    return place


@pytest.fixture(scope="module")
def one_core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = collection(tmp_path_factory.mktemp("one"))
    done = snakemake(place, "--cores", "1", "all", environment=machine(threads=1, seed=0))
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.mark.slow
def test_more_cores_and_threads_and_other_hashes_make_the_same_bytes(one_core: Path, tmp_path: Path) -> None:
    place = collection(tmp_path)
    done = snakemake(place, "--cores", "3", "all", environment=machine(threads=3, seed=1))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(made(place)) > 80
    assert differing(made(place), made(one_core)) == set()


@pytest.mark.slow
def test_jobs_in_any_order_make_the_same_bytes(one_core: Path, tmp_path: Path) -> None:
    """The last steps of the alphabet first, one start of Snakemake each."""
    place = collection(tmp_path)
    steps = [name for name in made(one_core) if re.fullmatch(r"results/[\w-]+/[\w-]+\.json", name)]
    assert len(steps) > 20
    for target in sorted(steps, reverse=True, key=lambda name: (name.split("/")[-1], name)):
        done = snakemake(place, "--cores", "2", target, environment=machine(threads=2, seed=2))
        assert done.returncode == 0, done.stdout + done.stderr
    done = snakemake(place, "--cores", "1", "all", environment=machine(threads=1, seed=3))
    assert done.returncode == 0, done.stdout + done.stderr
    assert differing(made(place), made(one_core)) == set()


@pytest.mark.slow
def test_threads_of_linear_algebra_change_nothing_where_no_workflow_sets_them(one_core: Path, tmp_path: Path) -> None:
    """Snakemake gives every job as many threads as its rule has; a command by itself takes all that there are."""
    results = one_core / "results" / "our-town"
    given = [("--plan", "plan.json"), ("--panel", "panel.parquet"), ("--designs", "designs.json")]
    options = [part for name, file in given for part in (name, str(results / file))]
    command = [sys.executable, "-m", "sverige_did"]
    for threads in (1, 4):
        out = tmp_path / str(threads)
        out.mkdir()
        environment = os.environ | machine(threads, seed=threads) | {"PYTHONPATH": str(ROOT)}
        for line in (
            ["panel-size", *options, "--out", out / "size.json"],
            ["panel-estimate", *options, "--sizes", out / "size.json", "--out", out / "findings.json",
             "--methods-tables", out / "methods_tables.json", "--doses", out / "doses.json"],
        ):  # fmt: skip
            subprocess.run([*command, *map(str, line)], check=True, env=environment, capture_output=True)
        for name in ("size.json", "findings.json", "methods_tables.json", "doses.json"):
            assert (out / name).read_bytes() == (results / name).read_bytes(), (name, threads)


ASKED = re.compile(
    r"\b(cpu_count|sched_getaffinity|process_cpu_count|prange|parallel=True|set_num_threads|get_num_threads|n_jobs)\b"
)
ALLOWED = {
    "cli.py": "how many jobs run at once: `run --cores`",
    "api/posterior_fit.py": "how many chains are drawn at once, each from a seed of its own",
}
"""Files that ask the machine how much of it there is, and what for."""


def test_no_method_asks_how_many_cores_there_are() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 300
    found = {path.relative_to(PACKAGE).as_posix() for path in files if ASKED.search(path.read_text("utf-8"))}
    assert found == set(ALLOWED)
