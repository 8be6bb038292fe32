from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sverige_did.cli import app


def test_the_command_writes_a_marked_municipality_with_its_truth(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["synthesize", str(tmp_path), "--seed", "3", "--districts", "6", "--with-faults"])
    assert done.exit_code == 0
    assert "15" in done.stdout
    for name in ("truth", "faults"):
        assert json.loads((tmp_path / f"{name}.json").read_text("utf-8"))["synthetic"] is True
    assert len(list(tmp_path.glob("*.csv"))) == 12


def test_changes_left_out_are_gone_from_the_register_and_not_from_the_truth(tmp_path: Path) -> None:
    made = {}
    for share in ("0", "0.5"):
        options = ["--seed", "3", "--districts", "6", "--unreported-changes", share]
        assert CliRunner().invoke(app, ["synthesize", str(tmp_path / share), *options]).exit_code == 0
        files = {one.name: one.read_text("utf-8") for one in (tmp_path / share).glob("*.csv")}
        told = json.loads((tmp_path / share / "truth.json").read_text("utf-8"))
        made[share] = files, told
    (whole, true), (fewer, same) = made.values()
    assert {name for name in whole if whole[name] != fewer[name]} == {"anbringelser.csv"}
    assert fewer["anbringelser.csv"].count("\n") < whole["anbringelser.csv"].count("\n")
    assert same.pop("unreported_changes") == 0.5
    assert same == true


@pytest.mark.parametrize(
    "options",
    [
        ["--municipalities", "2"],
        ["--spells", "100", "--with-faults"],
        ["--spells", "100", "--calibrated"],
        ["--spells", "100", "--unreported-changes", "0.3"],
        ["--unreported-changes", "1.3"],
        ["--districts", "4"],
        ["--size", "large", "--calibrated"],
        ["--size", "large", "--cases"],
        ["--size", "large", "--spells", "100"],
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_written(
    tmp_path: Path, options: list[str]
) -> None:
    folder = tmp_path / "out"
    done = CliRunner().invoke(app, ["synthesize", str(folder), "--seed", "3", *options])
    assert done.exit_code == 2
    assert not folder.exists()
