"""The plan: frozen, hashed by its meaning, and refused in the reader's language."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from sverige_did import words
from sverige_did.errors import InputError
from sverige_did.files import read_model
from sverige_did.study.blocks import Plan
from sverige_did.study.read import json_schema, read_study, readings_schema
from sverige_did.study.study import AnyStudy, PanelStudy, PublishedStudy, Study

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "analyses" / "herning" / "study.yaml"
PANEL = ROOT / "analyses" / "example" / "study.yaml"
SCHEMA = ROOT / "docs" / "study.schema.json"


@pytest.fixture(scope="module")
def text() -> str:
    return PLAN.read_text("utf-8")


@pytest.fixture(scope="module")
def panel() -> str:
    return PANEL.read_text("utf-8")


def changed(tmp_path: Path, text: str, old: str, new: str) -> Path:
    assert old in text
    path = tmp_path / "study.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_study(path)
    return caught.value


def test_every_part_of_a_plan_is_frozen():
    def walk(value: object) -> None:
        if isinstance(value, BaseModel):
            name = next(iter(type(value).model_fields))
            with pytest.raises(ValidationError):
                setattr(value, name, None)
            for field in type(value).model_fields:
                walk(getattr(value, field))
        elif isinstance(value, tuple):
            for item in value:
                walk(item)
        else:
            assert not isinstance(value, list | dict | set), "a mutable part of a plan"

    walk(read_study(PLAN))
    walk(read_study(PANEL))


@pytest.mark.parametrize(("plan", "kind"), [(PLAN, PublishedStudy), (PANEL, PanelStudy)])
def test_a_plan_is_of_its_kind_however_it_is_read(tmp_path, plan, kind):
    class Holder(Plan):
        study: AnyStudy

    study = read_study(plan)
    path = tmp_path / "plan.json"
    path.write_text(Holder(study=study).study.model_dump_json(), "utf-8")
    held = Holder.model_validate_json(Holder(study=study).model_dump_json()).study
    for read in (study, read_model(path, Study), read_model(path, kind), held):
        assert type(read) is kind
        assert (read, read.sha256) == (study, study.sha256)
    with pytest.raises(InputError):
        read_model(path, {PublishedStudy: PanelStudy, PanelStudy: PublishedStudy}[kind])


def test_the_packages_priors_are_part_of_a_plan_that_names_none(tmp_path, panel):
    plain = read_study(PANEL)
    own = plain.prior("effect").model_dump()
    assert own["reason"] is None
    given = "priors: [{key: effect, family: normal, sd: 0.75, unit: log_odds}]\nsampling:"
    assert read_study(changed(tmp_path, panel, "sampling:", given)).sha256 == plain.sha256
    without = panel[: panel.index("posterior:")]
    path = tmp_path / "without.yaml"
    path.write_text(without, "utf-8")
    assert read_study(path).priors == ()


def test_a_published_plan_may_leave_the_grids_out(tmp_path, text):
    start, end = text.index("sensitivity:"), text.index("deviations:")
    path = tmp_path / "study.yaml"
    path.write_text(text[:start] + text[end:], "utf-8")
    for part in ("readings.yaml", "areas.yaml"):
        shutil.copy(PLAN.with_name(part), tmp_path)
    assert read_study(path).sha256 == read_study(PLAN).sha256


def test_the_hash_is_of_the_meaning(tmp_path, text):
    same = tmp_path / "same.yaml"
    tree = yaml.safe_load(text)
    same.write_text("# another comment\n" + yaml.safe_dump(dict(reversed(tree.items())), allow_unicode=True), "utf-8")
    for part in ("readings.yaml", "areas.yaml"):
        shutil.copy(PLAN.with_name(part), tmp_path)
    assert read_study(same).sha256 == read_study(PLAN).sha256
    other = changed(tmp_path, text, "level: 0.95", "level: 0.9")
    assert read_study(other).sha256 != read_study(PLAN).sha256


def test_the_committed_schema_is_the_plans(text):
    assert json.loads(SCHEMA.read_text("utf-8")) == json_schema(), "make docs"
    for plan in (PLAN, PANEL):
        jsonschema.validate(json.loads(read_study(plan).model_dump_json()), json_schema())
    readings = SCHEMA.with_name("readings.schema.json")
    assert json.loads(readings.read_text("utf-8")) == readings_schema(), "make docs"
    named = text.split("$schema=")[1].split()[0]
    assert (PLAN.parent / named).resolve() == SCHEMA


@pytest.mark.parametrize(
    ("old", "new", "key", "field"),
    [
        ("study: herning", "study: ../herning", "plan_value", "study"),
        ("level: 0.95", "level: 1.5", "plan_value", "level"),
        ("weights: children", "weights: kids", "plan_value", "weights"),
        ("hard_stop: 2015-12-31", "hard_stop: 2015-12-32", "plan_value", "periods.hard_stop"),
        ("hard_stop: 2015-12-31", "hard_stop: 2014-01-01", "plan_value", "periods"),
        ("input: published.csv", "input: ../published.csv", "plan_value", "input"),
        ("districts: 4", "districts: four", "plan_value", "treated.districts"),
        ("districts: 4", "districts: 0", "plan_value", "treated.districts"),
        ("kind: published", "knid: published", "plan_unknown", "knid"),
        ("weights: children\n", "", "plan_missing", "weights"),
        ("level: 0.95", "level: 0.95\nlevel: 0.9", "plan_twice", "level"),
        ("role: secondary", "role: primary", "plan_value", "study"),
        ("question: placed,", "question: nowhere,", "plan_value", "outcomes.placed_total.question"),
        ("family: half_normal", "family: beta", "plan_value", "priors.3"),
        ("[0.0, 0.3, 0.5, 0.7, 0.8]", "[0.0, 1.3]", "plan_value", "sensitivity.overlap_rho.1"),
    ],
)
def test_each_fault_is_named_with_its_field(tmp_path, text, old, new, key, field):
    problems = refusal(changed(tmp_path, text, old, new)).problems
    assert (key, field) in {(problem.key, problem.column) for problem in problems}
    for language in words.LANGUAGES:
        for problem in problems:
            assert "study.yaml" in problem.say(language)


@pytest.mark.parametrize(
    ("old", "new", "key", "field"),
    [
        ("kind: panel\n", "", "plan_missing", "kind"),
        ("kind: panel", "kind: panl", "plan_value", "kind"),
        ("kind: panel", "kind: [panel]", "plan_value", "kind"),
        ("kind: panel", "kind: panel\ninput: a.csv", "plan_other_kind", "input"),
        ("kind: panel", "kind: panel\nnonsense: 1", "plan_unknown", "nonsense"),
        ("kind: panel", "kind: published", "plan_other_kind", "registers"),
        ("kind: panel", "kind: published", "plan_missing", "input"),
        ("kind: panel", "kind: published", "plan_missing", "treated.districts_known"),
        ("districts: 4 ", "districts: 4, districts_known: true ", "plan_other_kind", "treated.districts_known"),
        ("districts: 4 ", "districts: 0 ", "plan_value", "treated.districts"),
        ("sampling:", "sensitivity: {overlap_rho: [0.5]}\nsampling:", "plan_other_kind", "sensitivity.overlap_rho"),
        ("sampling:", "sensitivity: {overlap_roh: [0.5]}\nsampling:", "plan_unknown", "sensitivity.overlap_roh"),
        ("baseline: 2013-06-30", "baseline: 2013-06-31", "plan_value", "periods.baseline"),
        ("partial: donut", "partial: weights", "plan_value", "study"),
        ("last: 2015H2", "last: 2015", "plan_value", "registers.grid"),
        ("last: 2015H2", "last: 2016H2", "plan_value", "study"),
        ("hidden_below: 5", "hidden_blow: 5", "plan_unknown", "registers.hidden_blow"),
        ("hidden_below: 5", "hidden_below: 2", "plan_value", "registers.hidden_below"),
        (
            "{ outcome: placed_total, plausible",
            "{ outcome: price_effect, plausible",
            "plan_value",
            "posterior.decision_thresholds",
        ),
        (
            "sampling:",
            "priors: [{key: effect, family: normal, sd: 0.7, unit: log_odds}]\nsampling:",
            "plan_value",
            "priors",
        ),
        (
            "sampling:",
            "priors: [{key: mine, family: normal, sd: 0.7, unit: log_odds}]\nsampling:",
            "plan_value",
            "priors",
        ),
        (
            "sampling:",
            "priors: [{key: effect, family: beta, sd: 1, unit: log_odds}]\nsampling:",
            "plan_value",
            "priors.0",
        ),
    ],
)
def test_each_fault_of_a_panel_is_named_with_the_users_own_field(tmp_path, panel, old, new, key, field):
    problems = refusal(changed(tmp_path, panel, old, new)).problems
    assert (key, field) in {(problem.key, problem.column) for problem in problems}
    for problem in problems:
        assert "panel." not in (problem.column or "")
        assert "published." not in (problem.column or "")
        assert "study.yaml" in problem.say("da")
        assert "study.yaml" in problem.say("en")


def test_what_a_kind_may_be_and_whose_field_it_is_are_said_in_both_languages(tmp_path, panel):
    for text in ("kind: panl\n", ""):
        (strange,) = refusal(changed(tmp_path, panel, "kind: panel\n", text)).problems
        for language in words.LANGUAGES:
            assert "published, panel" in strange.say(language)
    (other,) = refusal(changed(tmp_path, panel, "kind: panel", "kind: panel\ninput: a.csv")).problems
    for language in words.LANGUAGES:
        assert "kind: published" in other.say(language)
    bare = "priors: [{key: effect, family: normal, sd: 0.7, unit: log_odds}]\nsampling:"
    (reason,) = refusal(changed(tmp_path, panel, "sampling:", bare)).problems
    assert "effect" in reason.say("da")


def test_all_faults_are_told_at_once(tmp_path, text):
    broken = text.replace("level: 0.95", "level: 7").replace("weights: children", "weights: kids")
    path = tmp_path / "study.yaml"
    path.write_text(broken, "utf-8")
    assert {problem.column for problem in refusal(path).problems} == {"level", "weights"}


def test_what_is_no_yaml_is_refused_with_its_row(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("study: x\n  kind: [\n", "utf-8")
    (problem,) = refusal(path).problems
    assert (problem.key, problem.row) == ("not_yaml", 2)


def test_another_encoding_is_named_with_its_row(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes("study: x\ntitle: Børn\n".encode("cp1252"))
    (problem,) = refusal(path).problems
    assert (problem.key, problem.row, problem.expected) == ("encoding", 2, "UTF-8")


def test_a_missing_plan_is_named(tmp_path):
    (problem,) = refusal(tmp_path / "study.yaml").problems
    assert problem.key == "missing_file"
