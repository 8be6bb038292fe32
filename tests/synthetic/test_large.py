"""The same plan for few and many children: the example, where outcomes are withheld, and one where none is."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.design import designs
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.disclosure.release import Release
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.study.read import read_study
from sverige_did.tasks.synthesize import MEAN_RESIDENTS, run

ROOT = Path(__file__).parents[2]


def released(data: Path) -> Release:
    """The example's plan on other registers: what of its levels may leave, attacked."""
    study = read_study(ROOT / "analyses" / "example" / "study.yaml")
    panel = panel_of(data, study).panel
    return attacked_release(study, panel, Answers(designs(panel, study), (), (), ())).release


def test_the_option_makes_districts_of_so_many_children(tmp_path: Path) -> None:
    arguments = ["synthesize", str(tmp_path), "--seed", "3", "--districts", "5", "--size", "large"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    rows = [line.split(";") for line in (tmp_path / "distrikter.csv").read_text("utf-8").splitlines()]
    residents = [float(row[rows[0].index("indbyggere_0_17")]) for row in rows[1:]]
    assert sum(residents) / len(residents) == pytest.approx(MEAN_RESIDENTS["large"], rel=0.3)


@pytest.mark.slow
def test_nothing_of_a_large_municipality_is_withheld_or_hidden(tmp_path: Path) -> None:
    run(tmp_path, 20130801, 20, how_large="large")
    found = released(tmp_path)
    assert found.withheld == ()
    assert {one.status for one in (*found.levels, *found.windows)} == {"shown"}


@pytest.mark.slow
def test_the_example_shows_what_withheld_looks_like() -> None:
    found = released(ROOT / "data" / "example")
    assert len(found.study.outcomes) == 20
    assert len(found.withheld) == 9
    assert any(one.high is not None for one in (*found.levels, *found.windows)), "some hidden levels have a range"
