"""A new study of cases as a user meets it: laid out, filled in, checked in either language."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_cases as small
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.sources.registers.schemas import CASE_REGISTERS
from sverige_did.study.read import read_plan, read_study


def invoke(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words], env={"COLUMNS": "200", "SVERIGE_DID_LANG": "en"})
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The new study with its plan fitted to a made-up delivery."""
    return small.laid_out(tmp_path / "vores-sager")


def test_a_new_study_is_a_valid_plan_and_both_registers_with_their_headers(tmp_path: Path) -> None:
    status, output = invoke("new", str(tmp_path / "sager"), "--kind", "cases")
    assert status == 0, output
    plan = read_plan(tmp_path / "sager" / "study.yaml")
    assert (plan.study, plan.kind) == ("sager", "cases")
    for register in CASE_REGISTERS:
        header = (tmp_path / "sager" / "data" / f"{register.da}.csv").read_text("utf-8-sig").strip()
        assert header.split(";") == [column.da for column in register.columns]
    with pytest.raises(Exception, match="kind: published or panel"):
        read_study(tmp_path / "sager" / "study.yaml")


def test_the_survey_block_is_valid_when_it_is_taken_in(folder: Path) -> None:
    plan = folder / "study.yaml"
    before, rest = plan.read_text("utf-8").split("# survey: ")
    block, after = ("# survey: " + rest).split("\nsampling:")
    opened = "".join(line.removeprefix("# ") for line in block.splitlines(keepends=True))
    plan.write_text(f"{before}{opened}\nsampling:{after}", "utf-8")
    assert read_plan(plan).survey is not None


def test_a_good_delivery_passes_and_the_answers_nobody_planned_are_a_warning(folder: Path) -> None:
    status, output = invoke("check", str(folder))
    assert status == 0, output
    assert "survey" in output


@pytest.mark.parametrize(
    ("language", "said"), [("en", "decided before it was referred"), ("da", "afgjort, før der kom en underretning")]
)
def test_a_fault_is_told_by_the_headers_of_the_delivery_without_a_pseudonym(
    folder: Path, language: str, said: str
) -> None:
    frames = small.delivery()
    row = int(frames["cases"]["decided"].first_valid_index())
    frames["cases"].loc[row, "decided"] = small.pd.Timestamp("2014-01-01")
    small.write(folder / "data", frames)
    status, output = invoke("--language", language, "check", str(folder), "--html", str(folder / "p.html"))
    assert status == 1
    flat = " ".join(output.split())
    assert said in flat
    assert ("»afgørelse«" if language == "da" else "“decided”") in flat
    assert "SYN-" not in output + (folder / "p.html").read_text("utf-8")


def test_periods_out_of_order_are_told_by_field(folder: Path) -> None:
    plan = folder / "study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("extracted: 2019", "extracted: 2016"), "utf-8")
    status, output = invoke("check", str(folder))
    assert status == 1
    assert "before.first" in " ".join(output.split())


def test_the_threshold_of_small_numbers_is_that_of_registers(folder: Path) -> None:
    plan = folder / "study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("hidden_below: 5", "hidden_below: 2"), "utf-8")
    for language in ("da", "en"):
        status, output = invoke("--language", language, "check", str(folder))
        assert status == 1
        assert "hidden_below" in output
        assert "3" in output


def test_an_error_leaves_nothing_half_written(folder: Path, tmp_path: Path) -> None:
    frames = small.delivery()
    frames["cases"].loc[0, "referred"] = small.pd.Timestamp("2030-01-01")
    small.write(folder / "data", frames)
    plan, out = tmp_path / "plan.json", tmp_path / "out"
    assert invoke("plan", "vores-sager", "--source", str(folder / "study.yaml"), "--out", str(plan))[0] == 0
    named = ("--plan", str(plan), "--data", str(folder / "data"))
    assert invoke("case-estimate", *named, "--out", str(out / "e.json"), "--survey", str(out / "s.json"))[0] == 1
    assert not out.exists()
