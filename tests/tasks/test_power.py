"""`sverige-did power`: the same answer however the work is cut, kept and gone on with, and refusals in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.errors import InputError, RefusedError
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.tasks import plan
from sverige_did.tasks.power import Asked, of_study, simulate

ROOT = Path(__file__).parents[2]


def asked(seed: int = 1) -> Asked:
    design = planned_design(
        districts=12, treated=4, before=2, after=2, family="binomial", level=0.3, children=20, shock=0.1
    )
    return Asked(design, -1, seed, 0.05)


def last(simulations: int, cores: int, kept: Path | None, seed: int = 1) -> object:
    *_, (done, found) = simulate(asked(seed), simulations, cores, kept)
    assert done == simulations
    return found


def test_cores_interruptions_and_order_do_not_change_the_answer(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    whole = last(3_000, 1, None)
    assert last(3_000, 2, None) == whole
    interrupted = simulate(asked(), 3_000, 1, kept)
    assert next(interrupted)[0] == 1_000
    interrupted.close()
    assert list(json.loads(kept.read_text())["blocks"]) == ["0"]
    assert last(3_000, 1, kept) == whole
    assert len(json.loads(kept.read_text())["blocks"]) == 3
    assert last(3_000, 1, kept) == whole
    assert last(2_000, 1, kept) == last(2_000, 1, None)


def test_kept_blocks_of_another_design_or_a_damaged_file_are_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    last(1_000, 1, kept)
    with pytest.raises(InputError, match="another design"):
        last(1_000, 1, kept, seed=2)
    for broken in ("", "[]", '{"design": 1}', kept.read_text()[:-20], "[" * 100_000):
        kept.write_text(broken)
        with pytest.raises(InputError, match="another design"):
            last(1_000, 1, kept)


@pytest.mark.parametrize(
    ("options", "named"),
    [(["--treated", "2"], "three districts"), (["--treated", "18"], "Found: 18, 2"),
     (["--level", "1"], "0 < level < 1"), (["--shock", "-1"], "shock"), (["--memory", "1"], "0 <= memory < 1"),
     (["--kind", "points", "--retest", "1"], "0 <= retest < 1"),
     (["--kind", "points", "--response", "0"], "0 < response <= 1"),
     (["--kind", "points", "--shock", "0", "--child-sd", "0"], "child_sd + shock > 0"),
     (["--kind", "rate", "--children", "0"], "children"), (["nowhere"], "plan.json")],
)  # fmt: skip
def test_a_design_that_cannot_be_is_told_in_words(options: list[str], named: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["power", *options, "--results", str(tmp_path)], env={"COLUMNS": "300"})
    assert said.exit_code == 1
    assert named in said.output
    assert "Traceback" not in said.output


def test_a_planned_design_is_shown_in_the_readers_language() -> None:
    env = {"SVERIGE_DID_LANG": "da", "COLUMNS": "200"}
    options = ["--kind", "points", "--level", "14", "--children", "15", "--simulations", "1000"]
    said = CliRunner().invoke(app, ["power", *options, "--rise"], env=env)
    assert said.exit_code == 0, said.output
    assert "4 indsatsdistrikter af 20" in said.output
    assert "90\N{NO-BREAK SPACE}%" in said.output
    assert "Forkert fortegn" in said.output


def test_swings_of_points_are_those_that_were_given_apart_from_the_children() -> None:
    """15 children with an sd of 6 around 12 vary by 12.9 per cent of it; nobody said that districts do."""
    options = ["--kind", "points", "--level", "12", "--children", "15", "--child-sd", "6", "--simulations", "1000"]
    said = CliRunner().invoke(app, ["power", *options, "--shock", "0"], env={"COLUMNS": "300"})
    assert said.exit_code == 0, said.output
    assert "swings by 0% of its level by itself, and by 13% by the chance of its children" in said.output


@pytest.mark.parametrize(
    ("options", "named"),
    [(["--response", "0.5"], "goes with --kind points"), (["some", "--shock", "0.9"], "a study has its own"),
     (["--outcome", "placed_total"], "goes with a study")],
)  # fmt: skip
def test_an_option_that_would_change_nothing_is_refused(options: list[str], named: str) -> None:
    found = CliRunner().invoke(app, ["power", *options], env={"COLUMNS": "200"})
    assert found.exit_code == 2
    assert named in found.output


def test_a_study_of_another_kind_is_told_so_and_nothing_is_to_be_deleted(tmp_path: Path) -> None:
    """Its results are whole: the command is not for them."""
    folder = tmp_path / "herning"
    plan.run("herning", ROOT / "analyses" / "herning" / "study.yaml", folder / "plan.json")
    for name in ("panel.parquet", "designs.json"):
        (folder / name).write_bytes(b"")
    with pytest.raises(RefusedError) as refused:
        of_study(folder, None)
    assert [one.key for one in refused.value.problems] == ["size_no_registers"]
