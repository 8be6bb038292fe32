"""The workflow on a cluster: through each executor every result is, bit by bit, what this machine alone makes.

Needs root, Slurm and munge: `make test-slurm` installs them and starts a cluster of one node on loopback.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from workflow_run import differing, made, snakemake

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
NODE = Path(__file__).parent / "one_node.sh"
STUDIES = ("rollout", "frikommuner")
"""One of tables without a sampler, one with two posteriors."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("cluster")
    subprocess.run([NODE, "up", home], check=True)
    yield
    subprocess.run([NODE, "down", home], check=True)


def folder(place: Path) -> Path:
    for study in STUDIES:
        for kind in ("analyses", "data"):
            shutil.copytree(ROOT / kind / study, place / kind / study)
    return place


def running() -> list[str]:
    """The jobs that the cluster runs at this moment."""
    listed = subprocess.run(["squeue", "--noheader", "--format=%i", "--states=R"], capture_output=True, text=True)
    return listed.stdout.split()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one machine makes, without a cluster."""
    place = folder(tmp_path_factory.mktemp("alone"))
    done = snakemake(place, "--cores", "2", "all")
    assert done.returncode == 0, done.stdout + done.stderr
    return made(place)


@pytest.mark.parametrize("profile", ["slurm", "cluster-generic"])
def test_every_result_of_a_cluster_is_that_of_one_machine(
    profile: str, alone: dict[str, str], tmp_path: Path, cluster: None
) -> None:
    place = folder(tmp_path)
    done = snakemake(place, "--profile", str(ROOT / "profiles" / profile), "all")
    assert done.returncode == 0, done.stdout + done.stderr
    found = made(place)
    assert len(found) > 60
    assert differing(found, alone) == set()


def killed_once(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A run whose first job is killed as soon as the cluster runs it."""
    with ThreadPoolExecutor() as pool:
        run = pool.submit(snakemake, place, *command)
        while not run.done() and not running():
            time.sleep(0.2)
        subprocess.run(["scancel", *running()], check=True)
        return run.result()


@pytest.mark.parametrize("profile", ["slurm", "cluster-generic"])
def test_a_job_that_the_cluster_kills_is_tried_again_once_and_a_run_that_failed_is_finished_by_the_next(
    profile: str, alone: dict[str, str], tmp_path: Path, cluster: None
) -> None:
    place = folder(tmp_path)
    shutil.rmtree(place / "analyses" / "frikommuner")
    size = place / "results" / "rollout" / "size.json"
    command = ("--profile", str(ROOT / "profiles" / profile), "results/rollout/size.json")
    assert killed_once(place, *command, "--retries", "0").returncode != 0
    assert not size.exists()
    again = killed_once(place, *command)
    assert again.returncode == 0, again.stdout + again.stderr
    assert hashlib.sha256(size.read_bytes()).hexdigest() == alone["results/rollout/size.json"]
