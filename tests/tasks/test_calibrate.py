"""`sverige-did calibrate`: the file that it writes is read back with the plan, and what is wrong is told in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_district_panel import levels, panel, wanted
from small_panel_study import study
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.design import designs
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, write_model, write_models
from sverige_did.panel import Panel, read_panel, write_panel
from sverige_did.sources.panel.coverage import coverage
from sverige_did.study.areas import Areas
from sverige_did.study.read import read_part

RATE = "institution_per_1000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study that was run, and a panel of areas beside it."""
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    own = panel({RATE: levels(1)})
    results = tmp_path / "results" / "made-up"
    write_model(results / "plan.json", plan)
    write_panel(results / "panel.parquet", own)
    write_models(results / "designs.json", designs(own, plan))
    answers = Answers(designs(own, plan), (), (), coverage(own))
    write_model(results / "release.json", attacked_release(plan, own, answers).release)
    rng = np.random.default_rng(2)
    cells = own.outcome(RATE)
    many = pd.concat([cells.assign(unit=cells["unit"] + f".{at}") for at in range(6)])
    many = many.assign(kind="stock", value=np.rint(many["value"] * 8 * rng.normal(1, 0.1, len(many))),
                       denominator=many["denominator"] * 8)  # fmt: skip
    write_panel(tmp_path / "areas.parquet", Panel.of(many, synthetic=True))
    return tmp_path


def asked(folder: Path, *more: str) -> tuple[int, str]:
    options = ["calibrate", "made-up", "--areas", str(folder / "areas.parquet"), "--results", str(folder / "results"),
               "--out", str(folder / "areas.yaml"), "--source", "Made up", "--draws", "1000", *more]  # fmt: skip
    found = CliRunner().invoke(app, options)
    return found.exit_code, f"{found.output}{found.exception or ''}"


def test_what_is_written_is_a_part_of_a_plan(folder: Path) -> None:
    code, said = asked(folder, "--as", f"placed_total={RATE}")
    assert code == 0, said
    assert "half-normal prior" in said
    found = read_part(folder / "areas.yaml", Areas)
    assert found.outcomes[0].outcome == RATE
    assert found.outcomes[0].groups.treated == 4
    assert found.outcomes[0].shock[1] > 0.05
    assert "sverige-did calibrate made-up" in found.made_by
    assert "--seed 1" in found.made_by
    text = (folder / "areas.yaml").read_text("utf-8")
    asked(folder, "--as", f"placed_total={RATE}")
    assert (folder / "areas.yaml").read_text("utf-8") == text


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--as", "nonsense"], "placed_total=placed_per_1000"), (["--as", f"{RATE}=wellbeing_sdq"], "do not have this"),
     (["--results", "nowhere"], "plan.json"), (["--areas", "nowhere.parquet"], "nowhere.parquet")],
)  # fmt: skip
def test_what_cannot_be_is_told_in_words(folder: Path, options: list[str], said: str) -> None:
    code, told = asked(folder, *options)
    assert code == 1
    assert said in told.replace("\n", " ")
    assert not (folder / "areas.yaml").exists()


def test_real_districts_are_not_held_against_made_up_areas(folder: Path) -> None:
    results = folder / "results" / "made-up"
    write_model(results / "plan.json", study(outcomes=wanted(RATE, scales=("rate_per_1000",)), synthetic=False))
    own = read_panel(results / "panel.parquet")
    write_panel(results / "panel.parquet", Panel.of(own.cells, synthetic=False))
    code, told = asked(folder)
    assert code == 1
    assert "made up" in told


def test_nothing_is_written_of_groups_whose_totals_the_release_hides(folder: Path) -> None:
    file = folder / "results" / "made-up" / "release.json"
    release = read_model(file, Release)
    assert {one.status for one in release.windows} == {"shown"}
    hidden = release.windows[0].model_copy(update={"status": "hidden", "level": None})
    write_model(file, release.model_copy(update={"windows": (hidden, *release.windows[1:])}))
    code, told = asked(folder)
    assert code == 1
    assert "would tell of them" in " ".join(told.split())
    assert not (folder / "areas.yaml").exists()
