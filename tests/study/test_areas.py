"""``areas.yaml`` beside a plan: read with it, hashed with it, and its prior beside or in place of the plan's own."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import pytest
import yaml

from sverige_did.errors import InputError
from sverige_did.study.areas import SHOCK, SHOCK_OF_AREAS, not_tried
from sverige_did.study.read import read_study
from sverige_did.study.study import Study

HERNING = Path(__file__).parents[2] / "analyses" / "herning"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("study.yaml", "readings.yaml", "areas.yaml"):
        copy(HERNING / name, tmp_path / name)
    return tmp_path


def changed(folder: Path, **changes: object) -> Study:
    tree = yaml.safe_load((folder / "areas.yaml").read_text("utf-8"))
    (folder / "areas.yaml").write_text(yaml.safe_dump(tree | changes), "utf-8")
    return read_study(folder / "study.yaml")


def test_the_file_is_a_part_of_the_plan_and_of_its_hash(folder: Path) -> None:
    plan = read_study(folder / "study.yaml")
    assert plan.areas is not None
    assert plan == Study.model_validate_json(plan.model_dump_json())
    (folder / "areas.yaml").unlink()
    without = read_study(folder / "study.yaml")
    assert without.areas is None
    assert without.sha256 != plan.sha256


def test_its_prior_stands_beside_the_plans_own_or_in_its_place(folder: Path) -> None:
    beside = changed(folder, prior="beside")
    own = beside.prior(SHOCK)
    assert own.sd == 0.3
    assert beside.prior(SHOCK_OF_AREAS).sd == beside.areas.outcomes[0].prior_sd
    assert "Department for Education" in beside.prior(SHOCK_OF_AREAS).reason.da
    tree = yaml.safe_load((folder / "areas.yaml").read_text("utf-8"))
    tree["outcomes"][0]["prior_sd"] = 0.17
    main = changed(folder, prior="main", outcomes=tree["outcomes"])
    assert main.prior(SHOCK).sd == 0.17
    assert [one.key for one in main.priors].count(SHOCK) == 1
    assert SHOCK_OF_AREAS not in {one.key for one in main.priors}


def test_a_faulty_file_or_a_block_that_stands_twice_is_told_by_field(folder: Path) -> None:
    tree = yaml.safe_load((folder / "areas.yaml").read_text("utf-8"))
    falling = [tree["outcomes"][0] | {"fresh": [1.0, 0.0, -1.0]}]
    with pytest.raises(InputError, match="numbers that rise"):
        changed(folder, outcomes=falling)
    with pytest.raises(InputError, match=r"areas\.yaml"):
        changed(folder, outcomes=[])
    copy(HERNING / "areas.yaml", folder / "areas.yaml")
    plan = folder / "study.yaml"
    plan.write_text(plan.read_text("utf-8") + "\nareas: {}\n", "utf-8")
    with pytest.raises(InputError, match="a file beside it"):
        read_study(plan)


def test_an_sd_is_new_where_no_other_is_near() -> None:
    assert not_tried(0.1, [])
    assert not_tried(0.1, [0.3, 0.15])
    assert not not_tried(0.31, [0.3])
