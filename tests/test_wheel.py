"""The wheel: every file that the package reads is in it, and outside the repository it runs what README says."""

from __future__ import annotations

import ensurepip
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sverige_did"
LEFT_OUT = {"posterior", "targets", "economy"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment with the wheel and the locked packages, and no way to this checkout."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    install = [sys.executable, str(pip / "pip"), "--python", str(python), "install", "--no-deps", "--no-index"]
    subprocess.run([*install, "--no-compile", str(wheel)], check=True, capture_output=True, env=clean())
    (site,) = folder.glob("lib/python*/site-packages")
    # Packages of a folder on the path are seen; its own .pth files, which lead to the checkout, are not read.
    (site / "locked.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")
    return folder / "bin"


def clean(**more: str) -> dict[str, str]:
    kept = {name: one for name, one in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}}
    return kept | {"MPLBACKEND": "agg"} | more


def run(folder: Path, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(one) for one in command], cwd=folder, env=clean(**environment), capture_output=True, text=True, check=False
    )


def tracked() -> set[str]:
    files = subprocess.run(["git", "ls-files", "sverige_did"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(files.stdout.split())


def test_every_file_of_the_package_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA"))).decode()
    added = names - tracked()
    assert tracked() - names == set()
    assert {re.sub(r"(?<=data/example/).*|(?<=profiles/default/).*", "", name) for name in added} == {
        "sverige_did/api/data/example/", "sverige_did/api/data/herning/published.csv",
        "sverige_did/workflow/profiles/default/",
    }  # fmt: skip
    assert {Path(name).name for name in added if "data/example" in name} == {
        one.name for one in (ROOT / "data" / "example").iterdir()
    }
    for needed in (
        "py.typed",
        "words/da/front.yaml",
        "report/templates/layout.html.j2",
        "workflow/panel.smk",
        "workflow/measured.csv",
    ):
        assert f"sverige_did/{needed}" in names
    assert "Requires-Dist: numpy" in metadata


def test_the_package_that_runs_is_that_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    found = run(tmp_path, installed / "python", "-c", "import sverige_did; print(sverige_did.__file__)")
    assert Path(found.stdout.strip()).is_relative_to(installed.parent), found.stderr


def test_readmes_quickstart_comes_out_as_written(installed: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "README.md", tmp_path)
    found = run(tmp_path, installed / "python", "-m", "doctest", "README.md")
    assert (found.returncode, found.stdout) == (0, ""), found.stderr
    assert ">>> study.verdict()" in (tmp_path / "README.md").read_text("utf-8")


def test_data_to_try_things_on_come_with_it(installed: Path, tmp_path: Path) -> None:
    code = "import sverige_did as sd; print(len(sd.datasets.herning()), len(sd.datasets.registers()))"
    assert run(tmp_path, installed / "python", "-c", code).stdout.split() == ["106", "12"]


def test_a_new_study_is_laid_out(installed: Path, tmp_path: Path) -> None:
    found = run(tmp_path, installed / "sverige-did", "new", "town")
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "town" / "study.yaml").is_file()


def example(folder: Path, whole: bool) -> Path:
    """The example's study: all of it, or one outcome without what has to be sampled."""
    shutil.copytree(ROOT / "data" / "example", folder / "data")
    plan = yaml.safe_load((ROOT / "analyses" / "example" / "study.yaml").read_text("utf-8"))
    if not whole:
        plan = {name: one for name, one in plan.items() if name not in LEFT_OUT}
        plan["outcomes"] = plan["outcomes"][:1]
    (folder / "study.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True), "utf-8")
    return folder


def test_the_workflow_of_the_wheel_reads_the_example_and_knows_the_rest_of_the_way(
    installed: Path, tmp_path: Path
) -> None:
    """As far as the design of each outcome; the other rules are planned alone, as to run them takes a minute."""
    folder = example(tmp_path / "town", whole=False)
    code = "from sverige_did.workflow import PROFILE, SNAKEFILE; print(SNAKEFILE, PROFILE, sep='\\n')"
    snakefile, profile = run(tmp_path, installed / "python", "-c", code).stdout.split()
    command = [installed / "python", "-m", "snakemake", "--snakefile", snakefile, "--workflow-profile", profile]
    done = run(folder, *command, "--cores", "2", "results/example/designs.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "institution_per_1000" in (folder / "results" / "example" / "designs.json").read_text("utf-8")
    planned = run(folder, *command, "--cores", "1", "--summary", "all")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    rules = set(planned.stdout.split())
    assert {"panel_estimate", "panel_release", "report", "collect", "index"} <= rules
    assert "panel_posterior" not in rules


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True])
def test_the_example_runs_outside_the_repository(installed: Path, tmp_path: Path, whole: bool) -> None:
    folder = example(tmp_path / "town", whole)
    found = run(tmp_path, installed / "sverige-did", "run", "town", "--cores", "2", SVERIGE_DID_LANG="en")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "SYNTHETIC DATA" in (folder / "reports" / "example.en.html").read_text("utf-8")
    assert (folder / "release" / "example").is_dir()
    assert str(ROOT) not in found.stdout + found.stderr
