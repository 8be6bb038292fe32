from __future__ import annotations

import json
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sverige_did.errors import Problem, RefusedError
from sverige_did.sources.files.synthetic_mark import MARK_FILE, is_marked
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.sources.registers.schemas import CHILDREN, DISTRICTS, PLACEMENTS, RESIDENCES, SDQ_WAVES
from sverige_did.sources.registers.tables import read_register
from sverige_did.sources.registers.validate import read_folder
from sverige_did.sources.sdq.scores import score
from sverige_did.sources.spells.overlaps import resolve_overlaps
from sverige_did.sources.spells.person_years import half_years, person_years
from sverige_did.sources.spells.spells import day_number, make_spells
from sverige_did.study.read import read_study
from sverige_did.study.study import Study
from sverige_did.synthetic.counterfactual import Size
from sverige_did.synthetic.faults import spoil_delivery
from sverige_did.synthetic.generate import modelled_municipality
from sverige_did.synthetic.model import Model
from sverige_did.synthetic.scale import write_many
from sverige_did.synthetic.truth import truth
from sverige_did.synthetic.writing import write_delivery
from sverige_did.tasks.synthesize import run, run_many

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "data" / "example"
MADE = {path.name for path in EXAMPLE.iterdir()} - {"README.md"}


@pytest.fixture(scope="module")
def study() -> Study:
    return read_study(ROOT / "analyses" / "example" / "study.yaml")


def test_the_example_is_what_the_command_makes_byte_for_byte(tmp_path: Path) -> None:
    run(tmp_path, 20130801, 20, calibrated=True)
    assert {path.name for path in tmp_path.iterdir()} == MADE
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (EXAMPLE / path.name).read_bytes(), path.name
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1_000_000


def test_another_seed_gives_other_children(tmp_path: Path) -> None:
    for seed in (1, 2):
        run(tmp_path / str(seed), seed, 20, calibrated=True)
    one, other = ((tmp_path / str(seed) / "anbringelser.csv").read_text("utf-8") for seed in (1, 2))
    assert one != other


def faults(folder: Path, study: Study) -> tuple[Problem, ...]:
    """What is wrong, but for what follows from the making: the register of follow-ups begins in the last weeks before
    the programme, and a placement under another pseudonym leaves a breakdown without any."""
    follows = {"reg_events_cover", "reg_no_placement"}
    return tuple(one for one in read_folder(folder, study).checked.problems if one.key not in follows)


def test_nothing_is_wrong_with_a_clean_delivery(tmp_path: Path, study: Study) -> None:
    assert faults(EXAMPLE, study) == ()
    for districts in (6, 12):
        control = study.control.model_copy(update={"districts": districts - 4})
        run(tmp_path / str(districts), 7, districts)
        assert faults(tmp_path / str(districts), study.model_copy(update={"control": control})) == ()


def test_english_headers_are_as_sound_as_danish_ones(tmp_path: Path, study: Study) -> None:
    made = modelled_municipality(Model(), 3)
    write_delivery(tmp_path, made.delivered.registers, "en")
    assert (tmp_path / "placements.csv").read_text("utf-8").startswith("synthetic;child;measure;start;end;end_reason")
    assert faults(tmp_path, study) == ()


def test_every_fault_put_in_is_found_where_it_was_put(tmp_path: Path, study: Study) -> None:
    run(tmp_path, 11, 20, calibrated=True, with_faults=True)
    told = json.loads((tmp_path / "faults.json").read_text("utf-8"))
    found = faults(tmp_path, study)
    rows = {(problem.key, problem.file, problem.row) for problem in found}
    expected = set()
    for fault in told["faults"]:
        shift = int(fault["kind"] == "missing_end")  # the next stay of the child is the one that overlaps
        whole = fault["kind"] == "go_live_lost"
        if fault["key"]:
            expected |= {(fault["key"], fault["file"], None if whole else row + shift) for row in fault["rows"]}
    assert len(told["faults"]) >= 18
    assert expected <= rows
    assert rows == expected  # and nothing but what was put in


def test_readers_cope_with_headers_and_encodings_of_the_faults(tmp_path: Path) -> None:
    run(tmp_path, 11, 8, with_faults=True)
    told = json.loads((tmp_path / "faults.json").read_text("utf-8"))["faults"]
    silent = {(fault["kind"], fault["file"]) for fault in told if fault["key"] is None}
    assert {kind for kind, _ in silent} == {"english_headers", "windows_1252"}
    assert "district" in (tmp_path / "bopaele.csv").read_text("utf-8").splitlines()[0]
    assert not read_register(tmp_path / "bopaele.csv", RESIDENCES).frame["start"].isna().any()
    with pytest.raises(UnicodeDecodeError):
        (tmp_path / "sager.csv").read_text("utf-8")


def test_faults_depend_on_the_seed_alone(tmp_path: Path) -> None:
    done = []
    for name in ("a", "b"):
        run(tmp_path / name, 5, 8)
        done.append(spoil_delivery(tmp_path / name, np.random.default_rng(1)))
    assert done[0] == done[1]
    assert (tmp_path / "a" / "boern.csv").read_bytes() == (tmp_path / "b" / "boern.csv").read_bytes()


def test_the_mark_survives_the_loss_of_any_one_part(tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    run(folder, 1, 6)
    assert is_marked(folder)
    (folder / MARK_FILE).unlink()
    assert is_marked(folder)
    for path in sorted(folder.glob("*.csv")):
        alone = tmp_path / path.stem
        alone.mkdir()
        shutil.copy(path, alone)
        assert is_marked(alone), path.name
    placements = pd.read_csv(folder / "anbringelser.csv", sep=";", dtype=str).drop(columns="syntetisk")
    for name, save in SAVED.items():
        unmarked = tmp_path / f"as-{name}"
        unmarked.mkdir()
        save(placements, unmarked / f"anbringelser.{name}")
        assert is_marked(unmarked), name  # the pseudonyms still say so


SAVED: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": lambda frame, path: frame.to_csv(path, index=False, encoding="utf-16"),
    "xlsx": lambda frame, path: frame.head(20).to_excel(path, index=False),
}


def test_a_folder_without_the_mark_is_not_marked(tmp_path: Path) -> None:
    assert not is_marked(tmp_path)
    assert not is_marked(tmp_path / "nowhere")
    (tmp_path / "anbringelser.csv").write_text("barn;foranstaltning\nB1;SEL 66.1.6\n", "utf-8")
    pd.DataFrame({"child": ["B1"]}).to_excel(tmp_path / "x.xlsx", index=False)
    pd.DataFrame({"child": ["B1"]}).to_parquet(tmp_path / "x.parquet")
    assert not is_marked(tmp_path)
    assert not is_marked(ROOT / "data" / "herning")


def test_the_truth_is_what_another_count_of_the_files_gives() -> None:
    """Person-years by the engine from the files, against the truth that was counted from the careers."""
    told = json.loads((EXAMPLE / "truth.json").read_text("utf-8"))["effects"]
    by = {(one["outcome"], one["scale"]): one for one in told}
    spells = read_register(EXAMPLE / "anbringelser.csv", PLACEMENTS).frame
    children = read_register(EXAMPLE / "boern.csv", CHILDREN).frame.set_index("child")["district"]
    districts = read_register(EXAMPLE / "distrikter.csv", DISTRICTS).frame
    names = list(districts["district"].unique())
    placed = spells.join(standard_codes().place(spells["measure"], ladder="kora")[["rung", "placed"]])
    placed = placed[placed["placed"].astype(bool)]
    made = make_spells(
        pd.factorize(placed["child"])[0],
        placed["rung"].to_numpy(dtype=np.int64),
        placed["child"].map(children).map(names.index).to_numpy(dtype=np.int64),
        day_number(placed["start"].to_numpy()),
        day_number(placed["end"].to_numpy()),
        end_inclusive=False,
        censored_on=int(half_years(2009, 2015).bounds[-1]),
    )
    ours = [names.index(name) for name in districts["district"][districts["treated_from"].notna()].unique()]
    counted = resolve_overlaps(made, "highest_rung")
    years = person_years(counted, half_years(2014, 2015), districts=range(len(names)), rungs=range(3, 7))[ours]
    inside, total = years[:, 3].sum(), years.sum()
    after = districts[districts["treated_from"].notna() & districts["period"].str.startswith(("2014", "2015"))]
    rate = 1000 * inside / (after["residents_0_17"].sum() / 2)
    np.testing.assert_allclose(by["institution_per_1000", "rate_per_1000"]["treated"], rate)
    np.testing.assert_allclose(by["institution_share", "pp"]["treated"], 100 * inside / total)
    np.testing.assert_allclose(by["placed_total", "person_years"]["treated"], total)
    assert by["institution_per_1000", "rate_per_1000"]["att"] < 0


def test_no_effect_in_the_model_is_no_effect_in_the_truth_about_placements() -> None:
    none = replace(Model(), effect=0.0, effect_sd=0.0, effect_placed=0.0)
    found = {(one.outcome, one.scale): one.att for one in truth(modelled_municipality(none, 4))}
    for outcome, scale, att in (
        ("institution_per_1000", "rate_per_1000", 0.0), ("institution_per_1000", "ratio", 1.0),
        ("institution_share", "pp", 0.0), ("placed_total", "person_years", 0.0), ("family_share", "pp", 0.0),
    ):  # fmt: skip
        assert found[outcome, scale] == att


def test_wellbeing_looks_like_that_of_vulnerable_children_and_no_wording_is_kept() -> None:
    frame = read_register(EXAMPLE / "sdq.csv", SDQ_WAVES).frame
    total = score(frame[[f"q{item}" for item in range(1, 26)]].to_numpy(), "parent", 10.0).total
    assert 10 < total.mean() < 16
    assert 5 < total.std() < 8.5
    assert frame["age"].between(4, 17).all()


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(RefusedError):
        modelled_municipality(Model(), 1, Size(districts=4, treated=4))


def test_many_municipalities_come_as_marked_parquet_that_adds_up(tmp_path: Path) -> None:
    assert run_many(tmp_path, 5, 3, 8, 6_000) == 5
    told = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    spells, children = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("placements", "children"))
    assert len(spells) == told["spells"]
    assert 0.8 * 6_000 < len(spells) < 1.2 * 6_000
    assert spells["child"].isin(children["child"]).all()
    assert children["child"].is_unique
    assert children["district"].str[:4].nunique() == 3
    assert (spells["start"] < spells["end"].where(spells["end"].notna(), pd.Timestamp("2016-01-01").date())).all()
    (tmp_path / MARK_FILE).unlink()
    assert is_marked(tmp_path)


@pytest.mark.slow
def test_five_million_spells_in_a_minute_and_two_gigabytes(tmp_path: Path) -> None:
    began = time.process_time()
    written = write_many(tmp_path, Model(), 3, 98, Size(), 5_000_000)
    assert written.spells > 4_900_000
    assert time.process_time() - began < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2_000_000  # kB
