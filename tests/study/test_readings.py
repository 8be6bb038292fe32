"""readings.yaml: a formula is read as it is meant, and every fault is named by file and field in both languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic_core import PydanticCustomError

from sverige_did.errors import InputError
from sverige_did.study.formula import Term, figures_in, terms_of
from sverige_did.study.read import read_study, readings_schema
from sverige_did.study.readings import Readings

PLAN = Path(__file__).parents[2] / "analyses" / "herning"


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("placed_1", [Term(1.0, ("placed_1",))]),
        ("100 * a_1 / b_1 - 100", [Term(100.0, ("a_1",), ("b_1",)), Term(-100.0, ())]),
        ("-a + 2.5*(b + c)/(d+e)", [Term(-1.0, ("a",)), Term(2.5, ("b", "c"), ("d", "e"))]),
        ("100 / a", [Term(100.0, (), ("a",))]),
    ],
)
def test_a_formula_is_a_sum_of_terms(formula, terms):
    assert list(terms_of(formula)) == terms


@pytest.mark.parametrize("formula", ["", "a b", "2 a", "a * 2", "(a - b)", "a / b / c", "A_1", "a;b", "a +"])
def test_what_is_no_formula_is_refused(formula):
    with pytest.raises(PydanticCustomError, match="not a formula"):
        terms_of(formula)


def test_a_sum_of_figures_keeps_its_signs_and_ids_with_hyphens():
    assert figures_in("K-1 - K2 + k-3") == ((1.0, "K-1"), (-1.0, "K2"), (1.0, "k-3"))


FAULTS = {
    "an unknown rule": ("printed: [placed_change,", "printed: [placed_chang,", "placed_chang", "H2"),
    "an unknown count": (
        "counts: 100 * network_1 / placed_1 }",
        "counts: 100 * netvork_1 / placed_1 }",
        "netvork_1",
        None,
    ),
    "no formula": ("counts: placed_0 }", "counts: placed_0 = 67 }", "= 67", "rules"),
    "an unknown reading": ("- reading: H3", "- reading: H4", "H4", None),
    "an unknown field": ("reads: at_least", "read: at_least", "rules", None),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("language", ["da", "en"])
def test_a_fault_is_named_by_file_and_field(tmp_path, fault, language):
    old, new, named, _ = FAULTS[fault]
    for name in ("study.yaml", "readings.yaml"):
        shutil.copy(PLAN / name, tmp_path)
    path = tmp_path / "readings.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError) as caught:
        read_study(tmp_path / "study.yaml")
    said = caught.value.say(language)
    assert "readings.yaml" in said
    assert named in said


def test_the_hash_covers_the_readings_but_neither_comments_nor_order(tmp_path):
    for name in ("study.yaml", "areas.yaml"):
        shutil.copy(PLAN / name, tmp_path)
    text = (PLAN / "readings.yaml").read_text("utf-8")
    before = read_study(PLAN / "study.yaml").sha256
    beside = tmp_path / "readings.yaml"
    beside.write_text("# another comment\n" + text, "utf-8")
    assert read_study(tmp_path / "study.yaml").sha256 == before
    beside.write_text(text.replace("high: -1 }", "high: -2 }"), "utf-8")
    assert read_study(tmp_path / "study.yaml").sha256 != before
    beside.unlink()
    assert read_study(tmp_path / "study.yaml").sha256 != before


def test_a_panel_has_no_readings(tmp_path):
    shutil.copy(PLAN.parent / "example" / "study.yaml", tmp_path)
    shutil.copy(PLAN / "readings.yaml", tmp_path)
    with pytest.raises(InputError) as caught:
        read_study(tmp_path / "study.yaml")
    assert [item.rule for item in caught.value.problems] == ["readings_of_kind"]


def test_readings_in_both_files_are_refused(tmp_path):
    text = (PLAN / "study.yaml").read_text("utf-8")
    (tmp_path / "study.yaml").write_text(text + "\nreadings: []\n", "utf-8")
    shutil.copy(PLAN / "readings.yaml", tmp_path)
    with pytest.raises(InputError) as caught:
        read_study(tmp_path / "study.yaml")
    assert [item.key for item in caught.value.problems] == ["plan_readings_twice"]


def test_the_file_fits_its_schema():
    jsonschema.validate(yaml.safe_load((PLAN / "readings.yaml").read_text("utf-8")), readings_schema())


def test_the_example_for_researchers_is_one():
    page = (PLAN.parents[1] / "docs" / "researcher.md").read_text("utf-8")
    (block,) = [part for part in page.split("```yaml\n")[1:] if part.startswith("readings:")]
    found = Readings.model_validate(yaml.safe_load(block.split("```")[0]))
    assert [table.reading for table in found.tables] == ["A"]
