"""Coded statements of interviews: what is read, and what each fault of the file is told as."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from small_panel_study import study as make_panel_study
from small_release import make_study

from sverige_did.errors import InputError
from sverige_did.sources.interviews.statements import read_statements
from sverige_did.study.study import Study

ROW = {
    "statement": "V1", "question": "quality", "source_group": "caseworkers", "direction": "better", "strength": "some",
    "source": "report.txt", "place": "page 3", "said_da": "Der er mere ro.", "said_en": "There is more calm.",
}  # fmt: skip


def write(path: Path, *rows: dict[str, str], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def faults(path: Path, study: Study) -> list[tuple[str, int | None, str | None]]:
    with pytest.raises(InputError) as refusal:
        read_statements(path, study)
    for language in ("da", "en"):
        assert refusal.value.say(language)
    return [(problem.key, problem.row, problem.column) for problem in refusal.value.problems]


def test_a_statement_is_read_as_it_stands(tmp_path: Path) -> None:
    (found,) = read_statements(write(tmp_path / "statements.csv", ROW), make_study())
    assert found.model_dump() == ROW


def test_danish_headers_codes_and_semicolons_mean_the_same(tmp_path: Path) -> None:
    danish = {
        "Udsagn": "V1", "Spørgsmål": "quality", "Kildegruppe": "Sagsbehandlere", "Retning": "bedre", "Styrke": "nogle",
        "Kilde": "report.txt", "Sted": "page 3", "Sagt_da": ROW["said_da"], "Sagt_en": ROW["said_en"],
    }  # fmt: skip
    (found,) = read_statements(write(tmp_path / "statements.csv", danish, delimiter=";"), make_study())
    assert found.model_dump() == ROW


def test_no_free_text_comes_in_with_a_study_of_registers(tmp_path: Path) -> None:
    study = make_panel_study()
    question = study.questions[0].key
    assert faults(write(tmp_path / "statements.csv", ROW | {"question": question}), study) == [
        ("statements_free_text", 1, "said_da"),
        ("statements_free_text", 1, "said_en"),
    ]
    coded = {name: cell for name, cell in ROW.items() if not name.startswith("said")} | {"question": question}
    (found,) = read_statements(write(tmp_path / "coded.csv", coded), study)
    assert (found.said_da, found.said_en) == ("", "")


def test_every_fault_is_told_with_its_row_and_column(tmp_path: Path) -> None:
    rows = (
        ROW,
        ROW | {"statement": "V2", "question": "weather"},
        ROW | {"statement": "V3", "direction": "up"},
        ROW | {"statement": "V1"},
        ROW | {"statement": "V4", "place": ""},
        ROW | {"statement": "V5", "said_da": "x" * 241},
    )
    assert faults(write(tmp_path / "statements.csv", *rows), make_study()) == [
        ("not_in_list", 3, "question"),
        ("not_in_list", 4, "direction"),
        ("repeated_id", 5, "statement"),
        ("empty_cell", 6, "place"),
        ("statements_too_long", 7, "said_da"),
    ]


def test_a_column_that_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    row = {("about_child" if name == "place" else name): cell for name, cell in ROW.items()}
    assert faults(write(tmp_path / "statements.csv", row), make_study()) == [
        ("missing_column", 1, "place"),
        ("statements_unknown_column", 1, "about_child"),
    ]


def test_a_civil_registration_number_stops_the_reading_and_is_not_repeated(tmp_path: Path) -> None:
    path = write(tmp_path / "statements.csv", ROW | {"said_da": "010203-1234 har det bedre."})
    with pytest.raises(InputError) as refusal:
        read_statements(path, make_study())
    assert [problem.key for problem in refusal.value.problems] == ["reg_cpr"]
    assert "010203" not in refusal.value.say("da") + refusal.value.say("en")


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "statements.csv"
    path.write_text(",".join(ROW) + "\n", "utf-8")
    assert [key for key, *_ in faults(path, make_study())] == ["empty_table"]
