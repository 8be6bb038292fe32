"""What was made of what, by the hashes that were written down: times may say what they like."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from sverige_did.files import hashes, record
from sverige_did.workflow.records import AUDIT, METADATA, SUMS, discard_unfounded

CHAIN = {
    "results/s/plan.json": ["study.yaml"],
    "results/s/panel.parquet": ["results/s/plan.json", "data/x.csv"],
    "results/s/coverage.json": ["results/s/plan.json", "data/x.csv"],
    "results/s/size.json": ["results/s/panel.parquet"],
    "results/s/release.json": ["results/s/size.json"],
    "reports/s.en.html": ["results/s/release.json"],
    "release/s": ["results/s/release.json", "reports/s.en.html"],
}
"""Each result with its inputs; panel and coverage come of one job."""


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def place_of(folder: Path, made: str) -> Path:
    return folder / METADATA / urlsafe_b64encode(made.encode()).decode()


def write_down(folder: Path, made: str) -> None:
    """The record that Snakemake writes when a job is finished."""
    job = "panel" if made.endswith(("panel.parquet", "coverage.json")) else made
    kept = {
        "input": CHAIN[made],
        "log": [f"logs/{job}.log"],
        "input_checksums": {one: f"sha256:{sha256(folder / one)}" for one in CHAIN[made]},
    }
    place_of(folder, made).write_text(json.dumps(kept))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished study."""
    for name in ("study.yaml", "data/x.csv", *CHAIN):
        path = tmp_path / name
        if name == "release/s":
            path.mkdir(parents=True)
            (path / "estimates.csv").write_text("1")
            (path / AUDIT).write_text(json.dumps({"files": {"estimates.csv": sha256(path / "estimates.csv")}}))
            listed = [f"{sha256(path / name)}  {name}\n" for name in ("estimates.csv", AUDIT)]
            (path / SUMS).write_text("".join(listed))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
    record(hashes(tmp_path / made for made in CHAIN if made != "release/s"))
    (tmp_path / METADATA).mkdir(parents=True)
    for made in CHAIN:
        write_down(tmp_path, made)
    return tmp_path


def left(folder: Path) -> list[str]:
    return [made for made in CHAIN if (folder / made).exists()]


def test_a_study_on_which_nothing_has_happened_stays_whatever_its_times_say(folder):
    for at, path in enumerate(sorted(folder.rglob("*"), reverse=True)):
        os.utime(path, (4_000_000_000 - 1_000 * at,) * 2)
    assert discard_unfounded(folder) == []
    assert left(folder) == list(CHAIN)


MADE_OF = {
    "results/s/panel.parquet": ["results/s/plan.json"],
    "results/s/size.json": ["results/s/plan.json", "results/s/panel.parquet", "results/s/coverage.json"],
    "reports/s.en.html": [made for made in CHAIN if made not in {"reports/s.en.html", "release/s"}],
}


@pytest.mark.parametrize("name", MADE_OF)
def test_a_changed_result_goes_and_all_that_was_made_with_it_or_of_it(folder, name):
    with (folder / name).open("a") as file:
        file.write("x")
    assert discard_unfounded(folder) == [folder / name]
    assert left(folder) == MADE_OF[name]


def test_results_of_an_older_input_are_found_where_the_clock_hides_them(folder):
    """The plan was made anew while the clock was slow, and the power went before anything was made of it."""
    plan = folder / "results/s/plan.json"
    plan.write_text("another plan")
    os.utime(plan, (0, 0))
    record(hashes([plan]))
    write_down(folder, "results/s/plan.json")
    found = discard_unfounded(folder)
    assert {path.name for path in found} == {"panel.parquet", "coverage.json"}
    assert left(folder) == ["results/s/plan.json"]


def test_a_record_that_cannot_be_read_takes_its_result_with_it(folder):
    place_of(folder, "results/s/size.json").write_text("")
    assert discard_unfounded(folder) == [folder / "results/s/size.json"]
    assert left(folder) == ["results/s/plan.json", "results/s/panel.parquet", "results/s/coverage.json"]
    assert not place_of(folder, "results/s/size.json").exists()


def test_a_copy_without_its_hidden_folders_begins_anew(folder):
    for place in (folder / METADATA).iterdir():
        place.unlink()
    assert discard_unfounded(folder) == [folder / "results/s/plan.json"]


def test_a_folder_to_send_out_in_which_a_file_was_changed_is_collected_anew(folder):
    (folder / "release/s/estimates.csv").write_text("2")
    (folder / "release/s/letter.txt").write_text("Dear")
    assert discard_unfounded(folder) == [folder / "release/s"]
    assert left(folder) == [made for made in CHAIN if made != "release/s"]


@pytest.mark.parametrize("name", [SUMS, AUDIT])
@pytest.mark.parametrize("lines", [None, 0, 1])
def test_a_folder_to_send_out_whose_list_was_cut_or_deleted_is_collected_anew(folder, name, lines):
    path = folder / "release/s" / name
    if lines is None:
        path.unlink()
    else:
        path.write_text("".join(path.read_text().splitlines(keepends=True)[: lines if name == SUMS else 0]))
    assert discard_unfounded(folder) == [folder / "release/s"]


def test_a_folder_of_ones_own_beside_those_to_send_out_stays(folder):
    (folder / "release/letters").mkdir()
    assert discard_unfounded(folder) == []


def test_a_file_of_ones_own_beside_what_was_collected_is_no_reason(folder):
    (folder / "release/s/letter.txt").write_text("Dear")
    assert discard_unfounded(folder) == []


def test_a_result_that_somebody_deleted_takes_what_was_made_of_it_and_says_nothing(folder):
    (folder / "results/s/size.json").unlink()
    assert discard_unfounded(folder) == []
    assert left(folder) == ["results/s/plan.json", "results/s/panel.parquet", "results/s/coverage.json"]


def test_the_audit_that_no_rule_names_takes_the_release_that_it_was_written_with(folder):
    audit = folder / "results/s/audit.inside.json"
    audit.write_text("{}")
    record(hashes([audit]))
    audit.write_text("[]")
    assert discard_unfounded(folder) == [audit]
    assert "results/s/release.json" not in left(folder)
    assert "results/s/size.json" in left(folder)


def test_no_record_leads_out_of_what_is_generated(folder):
    for name in ("../away.json", "data/x.csv", "study.yaml", "/etc/passwd"):
        place_of(folder, name).write_text("")
    (folder / METADATA / "not base64!").write_text("")
    assert discard_unfounded(folder) == []
    assert (folder / "data/x.csv").exists()
    assert left(folder) == list(CHAIN)
