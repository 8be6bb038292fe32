"""Made-up public tables: of the size and with the gaps of real ones, marked, and with an effect that was counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sverige_did.sources.aggregates.delivery import tables_panel
from sverige_did.sources.files.provenance import read_provenance
from sverige_did.sources.files.synthetic_mark import MARK_COLUMN
from sverige_did.study.read import read_study
from sverige_did.synthetic.public_tables import DOCUMENTED, INSTITUTIONS, PLACES, Country, effects, frames, made_tables
from sverige_did.tasks.synthesize import run_tables

ROOT = Path(__file__).parents[2]
COMMITTED, SEED = ROOT / "data" / "rollout", 2016


def test_the_committed_tables_come_out_again(tmp_path: Path) -> None:
    run_tables(tmp_path / "rollout", SEED)
    for path in (tmp_path / "rollout").iterdir():
        assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), path.name


def test_every_file_is_marked_and_recorded_as_made_up() -> None:
    records = read_provenance(COMMITTED)
    assert {one.file for one in records} == {path.name for path in COMMITTED.glob("*.csv")}
    assert all(one.synthetic and not one.changed and one.made_by for one in records)
    for path in COMMITTED.glob("*.csv"):
        rows = path.read_text("utf-8").splitlines()
        assert rows[0].startswith(f"{MARK_COLUMN['da']};")
        assert all(row.startswith("ja;") for row in rows[1:])
    assert (COMMITTED / "SYNTHETIC.txt").is_file()


def test_the_adopters_with_a_real_name_are_those_that_are_printed() -> None:
    adopters = frames(made_tables(SEED))["adopters.csv"]
    printed = adopters[adopters["kilde"] != "opdigtet"]
    assert dict(zip(printed["kommune"], printed["start"], strict=True)) == {
        code: str(year) for code, (year, _) in DOCUMENTED.items()
    }
    made_up = adopters[adopters["kilde"] == "opdigtet"]
    assert made_up["navn"].str.startswith("Opdigtet kommune ").all()
    assert len(made_up) == 24


def test_the_country_begins_and_ends_as_printed() -> None:
    totals = np.mean([made_tables(seed).without.sum(axis=(0, 2)) for seed in range(20)], axis=0)
    assert totals[0] == pytest.approx(12804, rel=0.01)
    assert totals[7] == pytest.approx(11715, rel=0.015)


def test_the_programme_moves_children_and_loses_none() -> None:
    made = made_tables(SEED)
    assert (made.placed.sum(axis=2) == made.without.sum(axis=2)).all()
    under = (made.adopted[:, None] > 0) & (made.country.years >= made.adopted[:, None])
    assert (made.placed[~under] == made.without[~under]).all()
    institutions = [list(PLACES).index(code) for code in INSTITUTIONS]
    moved = (made.without - made.placed)[:, :, institutions].sum(axis=2)
    assert (moved >= 0).all()
    share = moved[under].sum() / made.without[:, :, institutions].sum(axis=2)[under].sum()
    assert 0.10 < share < Country().moved


def test_the_truth_is_the_difference_of_two_worlds() -> None:
    truth = json.loads((COMMITTED / "truth.json").read_text("utf-8"))
    assert truth["effects"] == pytest.approx(effects(made_tables(SEED)))
    nothing = effects(made_tables(SEED, Country(moved=0.0)))
    assert nothing == {"institution_share": 0.0, "institution_per_1000": 0.0, "placed_per_1000": 0.0}


def test_the_plan_reads_them_with_their_gaps() -> None:
    study = read_study(ROOT / "analyses" / "rollout" / "study.yaml")
    built = tables_panel(COMMITTED, study)
    assert built.panel.synthetic
    units = built.panel.cells.groupby("outcome")["unit"].nunique().to_dict()
    assert units["placement_spending"] == 98
    assert units["institution_share"] == 98 - 4 - 3
    assert built.panel.cells.loc[built.panel.cells["group"] == "treated", "unit"].nunique() == 27
    assert [problem.key for problem in built.remarks] == ["agg_incomplete"] * 2
