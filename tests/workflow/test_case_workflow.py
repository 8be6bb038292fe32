"""The real workflow on cases: from a new study to both pages, and what a broken delivery leaves behind: nothing."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
import small_cases as small
from rounded import unrounded
from typer.testing import CliRunner
from workflow_run import snakemake

from sverige_did.cli import app
from sverige_did.results.estimates import ROW_FIELDS

NAME = "vores-sager"
QUICK = (
    ("horizons: [90, 180]", "horizons: [28, 56]"),
    ("chains: 4, draws: 1000, tune: 700", "chains: 2, draws: 200, tune: 200"),
)
"""Fewer weeks and draws: the way through the workflow is tried here, not the numbers."""


def check(folder: Path, language: str = "en") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["--language", language, "check", str(folder)], env={"COLUMNS": "200"})
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    folder = small.laid_out(tmp_path_factory.mktemp("cases") / NAME)
    plan = folder / "study.yaml"
    text = plan.read_text("utf-8")
    for old, quick in QUICK:
        assert old in text
        text = text.replace(old, quick)
    plan.write_text(text, "utf-8")
    (folder / "data" / "spoergeskema.csv").unlink()  # nobody was asked: the plan has no survey
    assert check(folder)[0] == 0
    return folder, snakemake(folder, "all")


def test_cases_become_both_pages_their_answers_and_the_estimates(
    finished: tuple[Path, CompletedProcess[str]],
) -> None:
    folder, run = finished
    assert run.returncode == 0, run.stdout + run.stderr
    for language, mark in (("da", "SYNTETISKE DATA"), ("en", "SYNTHETIC DATA")):
        page = (folder / "reports" / f"{NAME}.{language}.html").read_text("utf-8")
        assert mark in page
        assert 'id="answer"' in page
        assert f'href="{NAME}.{language}.html' in (folder / "reports" / f"index.{language}.html").read_text("utf-8")
    assert unrounded((folder / "release" / NAME / "release.json").read_text("utf-8")) == {}
    rows = list(csv.DictReader((folder / "results" / NAME / "estimates.csv").read_text("utf-8").splitlines()))
    assert tuple(rows[0]) == ("synthetic", *ROW_FIELDS)
    assert {(row["design_class"], row["verdict"]) for row in rows} == {("D4", "descriptive")}


def test_no_pseudonym_leaves(finished: tuple[Path, CompletedProcess[str]]) -> None:
    made = [path for path in (finished[0] / "reports").rglob("*") if path.is_file()]
    made += [finished[0] / "results" / NAME / name for name in ("release.json", "estimates.csv", "estimates.json")]
    assert not [path for path in made if "SYN-" in path.read_text("utf-8")]


def test_a_case_decided_before_it_was_referred_stops_before_anything_is_made_of_it(
    tmp_path: Path, finished: tuple[Path, CompletedProcess[str]]
) -> None:
    folder = tmp_path / NAME
    shutil.copytree(finished[0], folder, ignore=shutil.ignore_patterns("results", "reports", ".snakemake"))
    frames = small.delivery()
    frames["cases"].loc[0, "decided"] = pd.Timestamp("2014-01-01")
    small.write(folder / "data", frames)
    run = snakemake(folder, "all", language="da")
    told = " ".join((run.stdout + run.stderr).split())
    assert run.returncode == 1
    for part in ("sager.csv", "række 2", "afgørelse", "Sagen er afgjort", "2014-01-01", "Forventet: ≥ "):
        assert part in told
    assert "Traceback" not in told
    assert "SYN-" not in told
    left = {path.name for path in (folder / "results" / NAME).iterdir() if path.is_file()}
    assert left <= {"plan.json", "NEVER-SEND.txt"}
    assert not (folder / "reports").exists()
