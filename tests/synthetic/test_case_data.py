"""The committed cases are what their command makes, marked everywhere."""

from __future__ import annotations

from pathlib import Path

from small_cases import ROOT

from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.study.cases import CaseStudy
from sverige_did.study.read import read_plan
from sverige_did.synthetic.cases import CaseModel
from sverige_did.tasks.synthesize import run_cases

COMMITTED = ROOT / "data" / "frikommuner"


def test_the_same_seed_makes_the_committed_files_again(tmp_path: Path) -> None:
    run_cases(tmp_path, 20191008)
    made = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text("utf-8") for path in COMMITTED.iterdir() if path.name != "README.md"}


def test_every_row_and_pseudonym_says_that_it_is_made_up() -> None:
    assert is_marked(COMMITTED)
    for name in ("sager.csv", "spoergeskema.csv"):
        head, *rows = (COMMITTED / name).read_text("utf-8").splitlines()
        assert head.startswith("syntetisk;")
        assert all(row.startswith("ja;SYN-") for row in rows)


def test_the_plan_is_of_the_model_that_made_the_data() -> None:
    study, model = read_plan(ROOT / "analyses" / "frikommuner" / "study.yaml"), CaseModel()
    assert isinstance(study, CaseStudy)
    assert study.synthetic
    assert (study.periods.before.first, study.periods.before.last) == model.before
    assert (study.periods.during.first, study.periods.during.last) == model.during
    assert study.periods.extracted == model.extracted
    assert tuple(one.name for one in study.municipalities) == model.names
