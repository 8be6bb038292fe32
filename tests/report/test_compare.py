"""What differs between two releases, and nothing else."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import small_cases as small
from rich.console import Console
from small_release import make_release
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.disclosure.cases import release_cases
from sverige_did.errors import InputError
from sverige_did.files import write_model
from sverige_did.report.compare import as_tables, compared
from sverige_did.results.cases import CasePosterior, PosteriorRatio
from sverige_did.sources.cases.delivery import read_cases
from sverige_did.studies.cases.estimate import estimate_cases
from sverige_did.studies.cases.survey import answers_of
from sverige_did.study.blocks import Bilingual


def test_a_release_differs_from_itself_in_nothing() -> None:
    release = make_release()
    for language in ("da", "en"):
        sections = compared(release, release, language)
        assert [one.key for one in sections] == ["run", "answers", "data", "plan"]
        assert not any(one.pairs for one in sections)
        assert all(one.same for one in sections)


def test_a_finding_that_moved_changes_its_answer_alone() -> None:
    first = make_release()
    moved = tuple(
        one.model_copy(update={"result": one.result.model_copy(update={"estimate": one.result.estimate * 1.5})})
        if one.outcome == "family_share" else one for one in first.findings
    )  # fmt: skip
    sections = {one.key: one for one in compared(first, first.model_copy(update={"findings": moved}), "en")}
    assert [pair.what for pair in sections["answers"].pairs] == ["Share in family care"]
    assert not any(sections[key].pairs for key in ("run", "data", "plan"))


def test_a_plan_that_changed_says_where() -> None:
    first = make_release()
    periods = first.study.periods.model_copy(update={"ramp_months": 3.0})
    second = first.model_copy(update={"study": first.study.model_copy(update={"periods": periods})})
    plan = next(one for one in compared(first, second, "da") if one.key == "plan")
    assert [tuple(pair) for pair in plan.pairs] == [("periods.ramp_months", "6.0", "3.0")]


def test_brackets_in_a_path_or_text_of_the_plan_are_shown_and_no_markup() -> None:
    first = make_release()
    outcomes = (first.study.outcomes[0].model_copy(update={"role": "secondary"}), *first.study.outcomes[1:])
    said = Bilingual(da="x", en="[bold]few[/] [/x]")
    changed = first.study.model_copy(update={"outcomes": outcomes, "population": said})
    console = Console(width=200, record=True, file=io.StringIO())
    for shown in as_tables(compared(first, first.model_copy(update={"study": changed}), "en"), ("a[b]", "b"), "en"):
        console.print(shown)
    text = console.export_text()
    assert f"outcomes[{first.study.outcomes[0].outcome}].role" in text
    assert "[bold]few[/] [/x]" in text
    assert "a[b]" in text


def test_cases_compare_with_cases_and_nothing_else(tmp_path: Path) -> None:
    study = small.plan()
    data = read_cases(small.write(tmp_path, small.delivery()), study)
    ratio = PosteriorRatio(subject="time.change", municipality="all", median=1.4, lower=0.9, upper=2.1, prob_above=0.9)
    survey = CasePosterior(model="survey", plan_sha256=study.sha256, ratios=(ratio,))
    cases = release_cases(study, estimate_cases(data, study), (survey,), answers_of(data, study))
    assert not any(one.pairs for one in compared(cases, cases, "da"))
    with pytest.raises(InputError, match="share no outcome"):
        compared(cases, make_release(), "da")


def test_the_command_prints_tables_writes_json_and_names_what_it_cannot_read(tmp_path: Path) -> None:
    first = make_release()
    for name, release in (("a", first), ("b", first.model_copy(update={"plan_sha256": "1" * 64}))):
        write_model(tmp_path / name / "release.json", release)
    out = tmp_path / "differ.json"
    runner = CliRunner()
    command = ["compare", *(str(tmp_path / name) for name in "ab"), "--json", str(out)]
    shown = runner.invoke(app, command, env={"SVERIGE_DID_LANG": "da"})
    assert shown.exit_code == 0, shown.output
    assert "Kørslen" in shown.output
    assert "1" * 12 in shown.output
    assert "ikke prøvet" in shown.output
    assert json.loads(out.read_text())[0]["differ"][0]["second"] == "1" * 12
    (tmp_path / "broken.json").write_text('{"study": {"kind": "cases"}}')
    (tmp_path / "empty").mkdir()
    for wrong in ("broken.json", "empty"):
        failed = runner.invoke(app, ["compare", str(tmp_path / "a"), str(tmp_path / wrong)])
        assert failed.exit_code == 1
        assert "Traceback" not in failed.output
