"""The real workflow on registers: a made-up municipality of eight districts from its files to both pages."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from rounded import unrounded
from small_workflow import ASKED, study
from workflow_run import snakemake

from sverige_did.results.estimates import ROW_FIELDS


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    folder = study(tmp_path_factory.mktemp("panel") / "our-town")
    return folder, snakemake(folder, "all")


def test_registers_become_both_pages_and_the_estimates(finished: tuple[Path, CompletedProcess[str]]) -> None:
    folder, run = finished
    assert run.returncode == 0, run.stdout + run.stderr
    for language, mark in (("da", "SYNTETISKE DATA"), ("en", "SYNTHETIC DATA")):
        page = (folder / "reports" / f"our-town.{language}.html").read_text("utf-8")
        assert mark in page
        assert 'id="outcome-placement_cost"' in page
    rows = list(csv.DictReader((folder / "results" / "our-town" / "estimates.csv").read_text("utf-8").splitlines()))
    assert tuple(rows[0]) == ("synthetic", *ROW_FIELDS)
    assert {row["outcome"] for row in rows} == ASKED
    assert {row["design_class"] for row in rows} == {"D1"}
    parts = {row["estimand"]: float(row["estimate"]) for row in rows if row["estimator"] == "lmdi_did"}
    whole = parts.pop("all_parts")
    assert sum(parts.values()) == pytest.approx(whole)
    apart = {path.name for path in (folder / "release" / "our-town").iterdir()}
    assert apart >= {"our-town.da.html", "our-town.en.html", "release.json", "audit.json", "SHA256SUMS"}
    assert "panel.parquet" not in apart
    assert unrounded((folder / "release" / "our-town" / "release.json").read_text("utf-8")) == {}
    assert (folder / "results" / "our-town" / "NEVER-SEND.txt").is_file()
    assert (folder / "results" / "our-town" / "audit.inside.json").is_file()
    # No register of residences was delivered: what rests on it is told as not computed, and stops nothing.
    assert '"key":"no_homes"' in (folder / "results" / "our-town" / "checks.json").read_text("utf-8").replace(" ", "")


def test_the_second_run_has_nothing_to_do(finished: tuple[Path, CompletedProcess[str]]) -> None:
    again = snakemake(finished[0], "all")
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_broken_register_stops_before_anything_is_made_of_it(
    tmp_path: Path, finished: tuple[Path, CompletedProcess[str]]
) -> None:
    folder = tmp_path / "our-town"
    shutil.copytree(finished[0], folder, ignore=shutil.ignore_patterns("results", "reports", ".snakemake"))
    file = folder / "data" / "anbringelser.csv"
    head, first, *rest = file.read_text("utf-8-sig").splitlines()
    cells = first.split(";")
    cells[head.split(";").index("foranstaltning")] = "SEL 66.1.66"
    file.write_text("\n".join([head, ";".join(cells), *rest]) + "\n", "utf-8")
    run = snakemake(folder, "all", language="da")
    said = run.stdout + run.stderr
    assert run.returncode == 1
    for name in ("anbringelser.csv", "række 2", "SEL 66.1.66", "Forventet: "):
        assert name in said
    assert "Traceback" not in said
    left = {path.name for path in (folder / "results" / "our-town").iterdir() if path.is_file()}
    assert left <= {"plan.json", "statements.json", "NEVER-SEND.txt"}  # interviews are no register
    assert not (folder / "reports").exists()
    child = cells[head.split(";").index("barn")]
    assert child not in said
    assert not [path for path in (folder / "results").rglob("*") if path.is_file() and child in path.read_text("utf-8")]
