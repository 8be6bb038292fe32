"""A new study as a user meets it: laid out, filled in, checked, mended by the messages alone."""

from __future__ import annotations

import json
import shutil
from datetime import date
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
import small_registers as small
from typer.testing import CliRunner

from sverige_did import words
from sverige_did.cli import _done, app
from sverige_did.design import designs
from sverige_did.errors import InputError, Problem
from sverige_did.panel import write_panel
from sverige_did.report.district_inference import said
from sverige_did.report.problems import problems_html, problems_json, problems_table, summary
from sverige_did.sources.interviews.statements import WORDS, read_statements
from sverige_did.sources.panel.delivery import in_headers_of, panel_of
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.studies.panel.posterior.protocol import StudyData
from sverige_did.study.placeholders import PLACEHOLDERS, left_in
from sverige_did.study.read import read_study
from sverige_did.tasks.new import run as new

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 1, 31)


def invoke(*command: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*command], env={"COLUMNS": "200", "SVERIGE_DID_LANG": "en"})
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new(tmp_path / "our-town", TODAY)
    return tmp_path / "our-town"


def fill(folder: Path) -> None:
    """The small delivery in place of the empty registers, and the plan fitted to it."""
    for file in (folder / "data").iterdir():
        file.unlink()
    small.write(folder / "data", small.delivery())
    plan = (folder / "study.yaml").read_text("utf-8")
    for old, fitting in (
        ("first: 2009H1, last: 2015H2", "first: 2013H1, last: 2014H2"),
        ("teams: []", "teams: [{team: North, group: treated}, {team: South, group: control}]"),
    ):
        assert old in plan
        plan = plan.replace(old, fitting)
    (folder / "study.yaml").write_text(plan, "utf-8")


def test_a_new_study_is_a_valid_plan_and_every_register_with_its_header(folder: Path) -> None:
    study = read_study(folder / "study.yaml")
    assert (study.study, study.kind, study.written) == ("our-town", "panel", TODAY)
    assert len(list((folder / "data").iterdir())) == len(REGISTERS)
    for register in REGISTERS:
        header = (folder / "data" / f"{register.da}.csv").read_text("utf-8-sig").strip()
        assert header.split(";") == [column.da for column in register.columns]


def test_the_blocks_left_out_are_valid_when_they_are_taken_in(folder: Path) -> None:
    plan = folder / "study.yaml"
    before, block = plan.read_text("utf-8").split("# posterior: ")
    opened = "".join(line.removeprefix("# ") for line in ("# posterior: " + block).splitlines(keepends=True))
    plan.write_text(f"{before}{opened}", "utf-8")
    posterior = read_study(plan).posterior
    assert posterior is not None
    assert posterior.decision_thresholds[0].outcome == "institution_per_1000"


def test_the_guide_to_interviews_counts_as_none_until_it_is_filled_in(folder: Path) -> None:
    study, path = read_study(folder / "study.yaml"), folder / "statements.csv"
    assert read_statements(path, study) == ()
    *guide, header = path.read_text("utf-8-sig").splitlines()
    rows = [
        f"U{number};quality;{group};{direction};{strength};rapport;s. {number}"
        for number, (group, direction, strength) in enumerate(
            product(WORDS["source_group"], WORDS["direction"], WORDS["strength"])
        )
    ]
    path.write_text("\n".join([*guide, header.removeprefix("# "), *rows]) + "\n", "utf-8-sig")
    found = read_statements(path, study)
    assert len(found) == len(rows)
    said = "\n".join(guide)
    for codes in WORDS.values():
        assert all(code in said for code in codes)
    path.write_text(
        "\n".join([*guide, header.removeprefix("# "), "U1;quality;ledere;bedst;nogle;rapport;s. 1"]), "utf-8"
    )
    status, output = invoke("check", str(folder))
    assert status == 1
    for said in ("statements.csv", "row 8", "bedst", "better, worse, mixed, unchanged"):
        assert said in " ".join(output.split())


def test_git_is_kept_away_from_the_data(folder: Path) -> None:
    assert {"/data/", "/results/", "/reports/"} <= set((folder / ".gitignore").read_text("utf-8").split("\n"))


def test_nothing_that_exists_is_overwritten(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        new(folder, TODAY)
    assert caught.value.problems[0].key == "new_not_empty"
    with pytest.raises(InputError) as caught:
        new(tmp_path / "Ærø 2020", TODAY)
    assert caught.value.problems[0].key == "new_name"


def test_empty_registers_are_errors_that_say_what_to_do(folder: Path) -> None:
    status, output = invoke("check", str(folder))
    assert status == 1
    assert "placements" not in output, "files are named as they are"
    assert "anbringelser.csv" in output
    assert "leave the file out" in output


def test_a_good_delivery_passes_with_warnings(folder: Path, tmp_path: Path) -> None:
    fill(folder)
    status, output = invoke(
        "check", str(folder), "--json", str(tmp_path / "p.json"), "--html", str(tmp_path / "p.html")
    )
    assert status == 0, output
    problems = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert {problem["severity"] for problem in problems} == {"warning"}
    assert "0 errors" in (tmp_path / "p.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("errors", "warnings", "english", "danish"),
    [
        (0, 1, "0 errors, 1 warning.", "0 fejl, 1 advarsel."),
        (1, 0, "1 error, 0 warnings.", "1 fejl, 0 advarsler."),
        (2, 3, "2 errors, 3 warnings.", "2 fejl, 3 advarsler."),
    ],
)
def test_one_of_each_is_told_in_the_singular(
    errors: int, warnings: int, english: str, danish: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [Problem("missing_file", file=f"{at}.csv") for at in range(errors)]
    found += [Problem("missing_file", file=f"{at}.csv", severity="warning") for at in range(errors, errors + warnings)]
    assert summary(found, "en").startswith(english)
    assert summary(found, "da").startswith(danish)
    for language, sentence in (("en", english), ("da", danish)):
        with words.speaking(language):
            _done("registers", warnings=warnings)
        assert sentence.split(", ")[1].rstrip(".") in capsys.readouterr().out.strip().split(", ")


def test_what_only_the_panel_can_find_is_a_problem_too(folder: Path) -> None:
    fill(folder)
    plan = folder / "study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("{team: South, group: control}", ""), "utf-8")
    status, output = invoke("check", str(folder))
    assert status == 1
    assert "South" in output
    assert "registers.teams" in output


def test_a_plan_at_fault_is_named_by_field(folder: Path) -> None:
    plan = folder / "study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("last: 2015H2", "last: 2015"), "utf-8")
    status, output = invoke("--language", "da", "check", str(folder))
    assert status == 1
    assert "registers.grid" in output.replace("\n", "")
    assert "2009H1 og 2015H2" in " ".join(output.split())


def test_no_child_is_named_anywhere(folder: Path, tmp_path: Path) -> None:
    fill(folder)
    frames = small.delivery()
    frames["placements"].loc[0, "end"] = "2012-01-01"
    frames["placements"].loc[1, "measure"] = "SEL 99"
    frames["children"] = frames["children"].query("child not in ['c3', 'c90']")
    small.write(folder / "data", frames)
    files = tmp_path / "p.json", tmp_path / "p.html"
    _, output = invoke("check", str(folder), "--json", str(files[0]), "--html", str(files[1]))
    for text in (output, *(file.read_text("utf-8") for file in files)):
        for child in small.children()["child"]:
            assert f"{child} " not in text.replace("<", " ").replace('"', " ").replace("│", " ")
        assert "SEL 99" in text


@pytest.mark.parametrize(("register", "column"), [("placements", "end_reason"), ("complaints", "team")])
def test_a_cpr_number_in_any_column_stops_everything_and_is_repeated_nowhere(
    folder: Path, tmp_path: Path, register: str, column: str
) -> None:
    fill(folder)
    frames = small.delivery()
    frames[register] = frames[register].astype(object)
    frames[register].loc[0, column] = "ring 311299-1234"
    small.write(folder / "data", frames)
    files = tmp_path / "p.json", tmp_path / "p.html"
    status, output = invoke("check", str(folder), "--json", str(files[0]), "--html", str(files[1]))
    assert status == 1
    plan = tmp_path / "plan.json"
    assert invoke("plan", "our-town", "--source", str(folder / "study.yaml"), "--out", str(plan))[0] == 0
    named = ("--plan", str(plan), "--data", str(folder / "data"))
    stopped, logged = invoke("registers", *named, "--out", str(tmp_path / "problems.json"))
    assert stopped == 1
    written = [path.read_text("utf-8") for path in tmp_path.glob("*.*") if path.is_file()]
    for text in (output, logged, *written):
        assert "311299" not in text
    assert "CPR" in output


def test_columns_are_named_as_in_the_language_of_the_delivery(folder: Path) -> None:
    fill(folder)
    frames = small.delivery()
    frames["placements"].loc[0, "end"] = "2012-01-01"
    small.write(folder / "data", frames)
    assert "»slutdato«" in invoke("--language", "da", "check", str(folder))[1]
    assert "“end”" in invoke("check", str(folder))[1]


def test_a_row_that_stands_twice_is_told_by_the_headers_of_the_delivery(folder: Path) -> None:
    fill(folder)
    frames = small.delivery()
    frames["children"] = pd.concat([frames["children"], frames["children"].tail(1)])
    small.write(folder / "data", frames)
    assert "har samme barn." in " ".join(invoke("--language", "da", "check", str(folder))[1].split())
    assert "has the same child." in " ".join(invoke("check", str(folder))[1].split())


def test_the_plan_can_name_the_file_of_a_register(folder: Path) -> None:
    fill(folder)
    (folder / "data" / "placements.csv").rename(folder / "data" / "export 2015.csv")
    assert invoke("check", str(folder))[0] == 1
    plan = folder / "study.yaml"
    named = '  files: [{name: placements, file: "export 2015.csv"}]\n  grid:'
    plan.write_text(plan.read_text("utf-8").replace("  grid:", named, 1), "utf-8")
    assert invoke("check", str(folder))[0] == 0
    (folder / "data" / "export 2015.csv").unlink()
    assert "export 2015.csv" in invoke("check", str(folder))[1]


def test_a_folder_without_a_plan_is_refused_in_words(tmp_path: Path) -> None:
    status, _ = invoke("check", str(tmp_path))
    assert status == 1


ODD = Problem("reg_unknown_value", file="<b>.csv", row=3, column="[red]sex", found="<script>", expected="a & b")


def test_cells_are_shown_and_never_obeyed() -> None:
    page = problems_html([ODD], "en")
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert json.loads(problems_json([ODD]))[0]["found"] == "<script>"
    cells = [cell.plain for column in problems_table([ODD], "en").columns for cell in column.cells]
    assert any("[red]sex" in cell for cell in cells)


def test_what_was_assumed_is_printed_once_for_all_its_files(folder: Path) -> None:
    fill(folder)
    output = " ".join(invoke("--language", "da", "check", str(folder))[1].split())
    assert "Læst sådan:" in output
    assert output.count("Teksten er læst som UTF-8.") == 1
    assert "kolonnen »startdato« skrives datoer yyyy-mm-dd" in output


def test_texts_that_were_laid_out_to_be_replaced_are_named_by_field(folder: Path) -> None:
    fill(folder)
    (problem,) = left_in(read_study(folder / "study.yaml"), "study.yaml")
    assert (problem.key, problem.found, problem.severity) == (
        "plan_placeholder", "known_when_written.da, known_when_written.en", "warning",
    )  # fmt: skip
    assert "known_when_written.en" in invoke("check", str(folder))[1].replace("\n", "")
    plan = (folder / "study.yaml").read_text("utf-8")
    for text in PLACEHOLDERS:
        assert text in plan, "the plan that is laid out has no such text any more"


def test_a_value_that_is_not_known_has_what_to_do(folder: Path) -> None:
    plan = folder / "study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("chosen: unknown", "chosen: banana"), "utf-8")
    with pytest.raises(InputError) as caught:
        read_study(plan)
    (problem,) = caught.value.problems
    assert (problem.column, problem.found) == ("chosen", "banana")
    for language in ("da", "en"):
        assert problem.mend(language)


def test_danish_messages_speak_danish_names() -> None:
    """Columns, registers and words that a column allows; English ones stay where the language is English."""
    wrong = Problem("reg_wrong_table", file="sager.csv", expected="case, child", values={"register": "cases"})
    twice = Problem("reg_file_twice", file="cases.csv", found="cases")
    norms = Problem("reg_norms_informant", file="sdq.csv", column="informant", found="staff", expected="foster_parent")
    gone = Problem("panel_register_missing", file="placements")
    danish = in_headers_of((wrong, twice, norms, gone), "da")
    assert [(one.expected, one.found, one.file) for one in danish] == [
        ("sag, barn", None, "sager.csv"), (None, "sager", "cases.csv"),
        ("plejeforælder", "personale", "sdq.csv"), (None, None, "anbringelser"),
    ]  # fmt: skip
    assert in_headers_of((wrong, norms), "en") == (wrong, norms)


def test_check_reads_published_figures_and_statements(tmp_path: Path) -> None:
    for name in ("analyses", "data"):
        shutil.copytree(ROOT / name / "herning", tmp_path / name / "herning")
    assert invoke("check", str(tmp_path))[0] == 0
    figures = tmp_path / "data" / "herning" / "published.csv"
    figures.write_text(figures.read_text("utf-8").replace("percent", "percnt", 1), "utf-8")
    status, output = invoke("check", str(tmp_path))
    assert status == 1
    assert "percnt" in output
    figures.unlink()
    assert "published.csv" in invoke("check", str(tmp_path))[1]
    shutil.copy(ROOT / "data" / "herning" / "published.csv", figures)
    statements = tmp_path / "analyses" / "herning" / "statements.csv"
    statements.write_text(statements.read_text("utf-8").replace("\n", ";free\n", 1), "utf-8")
    assert "statements.csv" in invoke("check", str(tmp_path))[1]


def test_the_posterior_block_of_a_new_plan_prepares_every_model_that_it_asks(folder: Path, tmp_path: Path) -> None:
    """Uncommented as it stands: each outcome is a job of its model, or has a reason; nothing is raised."""
    fill(folder)
    before, block = (folder / "study.yaml").read_text("utf-8").split("# posterior: ")
    opened = "".join(line.removeprefix("# ") for line in ("# posterior: " + block).splitlines(keepends=True))
    (folder / "study.yaml").write_text(f"{before}{opened}", "utf-8")
    study = read_study(folder / "study.yaml")
    built = panel_of(folder / "data", study).panel
    write_panel(tmp_path / "panel.parquet", built)
    data = StudyData(study, designs(built, study), tmp_path / "panel.parquet", folder / "data")
    told = set()
    for name, model in MODELS.items():
        ready = model.prepare()(data, name)
        for record in ready.refused:
            assert all(said(remark, language) for remark in record.remarks for language in ("da", "en"))
        told |= {item.outcome for job in ready.jobs for item in job.outcomes}
        told |= {record.outcome for record in ready.refused if record.remarks}
    assert told >= {one.outcome for one in study.posterior.decision_thresholds}
