"""The real workflow on the real figures: from the plan to both pages, and every way it is refused."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from itertools import cycle
from pathlib import Path

import pytest
from small_published import CONTRADICTION, FACTS, PLAN, write
from workflow_run import ROOT, snakemake

from sverige_did.results.estimates import ROW_FIELDS


def single_study(folder: Path) -> Path:
    """The Herning study as a folder of its own."""
    (folder / "data").mkdir(parents=True)
    for name in ("study.yaml", "readings.yaml"):
        shutil.copy(ROOT / "analyses" / "herning" / name, folder)
    shutil.copy(ROOT / "data" / "herning" / "published.csv", folder / "data")
    return folder


def another_study(folder: Path, outcomes: set[str]) -> Path:
    """A made-up study with some of its outcomes, one of them with figures that contradict each other."""
    facts = [fact for fact in [*FACTS, CONTRADICTION] if fact[0] in outcomes]
    wanted = [outcome for outcome in PLAN["outcomes"] if outcome["outcome"] in outcomes]
    return write(folder, facts, outcomes=wanted)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = single_study(tmp_path_factory.mktemp("study") / "with a space")
    return folder, snakemake(folder, "all")


def test_one_command_makes_both_pages_and_the_tables(finished):
    folder, run = finished
    assert run.returncode == 0, run.stdout + run.stderr
    for language in ("da", "en"):
        assert (folder / "reports" / f"herning.{language}.html").stat().st_size > 100_000
        index = (folder / "reports" / f"index.{language}.html").read_text("utf-8")
        assert f'href="herning.{language}.html"' in index
    text = (folder / "results" / "herning" / "estimates.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert tuple(rows[0]) == ROW_FIELDS
    as_json = json.loads((folder / "results" / "herning" / "estimates.json").read_text("utf-8"))
    assert len(as_json) == len(rows) > 100
    assert {row["plan_sha256"] for row in rows} == {as_json[0]["plan_sha256"]}


def test_each_rule_leaves_its_log_and_its_time(finished):
    folder, _ = finished
    for kind in ("logs", "benchmarks"):
        assert len(list((folder / "results" / "herning" / kind).iterdir())) == 14


def test_the_second_run_has_nothing_to_do(finished):
    folder, _ = finished
    again = snakemake(folder, "all")
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_changed_fact_reruns_what_follows_from_it_and_no_plan(finished):
    folder, _ = finished
    figures = folder / "data" / "published.csv"
    text = figures.read_text("utf-8")
    try:
        figures.write_text(text.replace("in residential institutions", "in  residential institutions", 1), "utf-8")
        listed = snakemake(folder, "--dry-run", "--quiet", "host", "--", "all").stdout
    finally:
        figures.write_text(text, "utf-8")
    assert "rule figures" in listed
    assert "rule plan" not in listed


# What is done to the folder, and what the message must name in each language.
FAULTS = {
    "a missing column": ("data", ",rounding,", ",rundet,", ("rounding", "published.csv")),
    "a percentage above 100": ("data", ",25,0.5,25 % af", ",125,0.5,25 % af", ("125", "published.csv")),
    "an unknown outcome": ("data", ",institution_share,level,", ",weather,level,", ("weather", "published.csv")),
    "a period after the hard stop": ("data", "2014-12-31,2014-12-31,13", "2014-12-31,2016-12-31,13", ("2016-12-31",)),
    "a study name with a path in it": ("plan", "study: herning", "study: ../herning", ("../herning", "study.yaml")),
    "an outcome the plan does not know": ("plan", "outcome: placed_total", "outcome: weather", ("weather",)),
    "a target of another plan": (
        "plan",
        "    outcome: placed_total\n    measure",
        "    outcome: weather\n    measure",
        ("weather", "targets.fewer_placed.outcome", "placed_total"),
    ),
}


@pytest.mark.parametrize(("fault", "language"), list(zip(FAULTS, cycle(["da", "en"]))))
def test_bad_input_is_refused_in_words_and_leaves_nothing(tmp_path, fault, language):
    where, old, new, named = FAULTS[fault]
    folder = single_study(tmp_path / "study")
    path = folder / ("study.yaml" if where == "plan" else "data/published.csv")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    run = snakemake(folder, "all", language=language)
    said = run.stdout + run.stderr
    assert run.returncode == 1
    for name in named:
        assert name in said
    assert ("Forventet: " if language == "da" else "Expected: ") in said
    assert "Traceback" not in said
    assert not list(folder.glob("reports/*.html"))
    assert not list(folder.glob("results/*/release.json"))


def test_an_unreadable_encoding_names_its_row(tmp_path):
    folder = single_study(tmp_path / "study")
    path = folder / "data" / "published.csv"
    path.write_bytes(path.read_text("utf-8").replace("Børn", "Bærn").encode("cp1252", "replace"))
    run = snakemake(folder, "all")
    assert run.returncode == 1
    assert "not UTF-8" in run.stdout + run.stderr


def test_the_readings_are_a_part_of_the_plan(finished):
    folder, _ = finished
    readings = folder / "readings.yaml"
    text = readings.read_text("utf-8")
    try:
        readings.write_text(text.replace("high: -1 }", "high: -2 }"), "utf-8")
        listed = snakemake(folder, "--dry-run", "--quiet", "host", "--", "all").stdout
    finally:
        readings.write_text(text, "utf-8")
    assert "rule plan" in listed


@pytest.mark.slow
@pytest.mark.parametrize("language", ["da"])
def test_a_study_without_readings_names_its_contradiction_and_goes_on(tmp_path, language):
    folder = another_study(tmp_path / "study", {"family_share", "breakdowns", "caseload"})
    run = snakemake(folder, "all", language=language)
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    wrong = [f"family_share-{measure}-treated-2021" for measure in ("count", "level", "total")]
    for named in (*wrong, "Table family_share", {"da": "modsiger hinanden", "en": "contradict each other"}[language]):
        assert named in said
    assert {"da": "Sammenlign hvert tal med sin kilde", "en": "Compare each with its source"}[language] in said
    page = (folder / "reports" / f"madeup.annex.{language}.html").read_text("utf-8")
    assert all(named in page for named in wrong)
    text = (folder / "results" / "madeup" / "estimates.csv").read_text("utf-8")
    assert {row["outcome"] for row in csv.DictReader(text.splitlines())} == {"breakdowns", "caseload"}


def test_contradictory_figures_are_named(tmp_path):
    folder = single_study(tmp_path / "study")
    path = folder / "data" / "published.csv"
    lines = path.read_text("utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith("F080,")]
    path.write_text(
        "\n".join([*lines, row.replace("F080,", "F080x,", 1).replace(",13,0.5,", ",31,0.5,")]) + "\n", "utf-8"
    )
    run = snakemake(folder, "all")
    assert run.returncode == 1
    assert "31" in run.stdout + run.stderr
    assert not list(folder.glob("results/*/panel.parquet"))
