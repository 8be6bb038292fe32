from __future__ import annotations

import time
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from sverige_did.errors import InputError
from sverige_did.sources.files.read_table import read_raw
from sverige_did.sources.registers.schemas import CHILDREN
from sverige_did.sources.registers.tables import read_register

TEXT = "distrikt;elever\nSønder Felding;12\nKibæk;7\n"
ROWS = [["Sønder Felding", "12"], ["Kibæk", "7"]]


def keys(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [problem.key for problem in error.value.problems]


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")]
)
def test_danish_letters_survive_every_encoding_and_it_is_said(tmp_path: Path, encoding: str, said: str) -> None:
    path = tmp_path / "distrikter.csv"
    path.write_bytes(TEXT.encode(encoding))
    raw = read_raw(path)
    assert raw.frame.to_numpy().tolist() == ROWS
    assert list(raw.frame.columns) == ["distrikt", "elever"]
    assert {one.key: one.value for one in raw.assumptions} == {"encoding": said, "separator": ";"}


@pytest.mark.parametrize(("separator", "said"), [(";", ";"), (",", ","), ("\t", "TAB"), ("|", "|")])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_separator_and_line_ending(tmp_path: Path, separator: str, said: str, newline: str) -> None:
    path = tmp_path / "distrikter.csv"
    path.write_bytes(TEXT.replace(";", separator).replace("\n", newline).encode())
    raw = read_raw(path)
    assert raw.frame.to_numpy().tolist() == ROWS
    assert [one.value for one in raw.assumptions if one.key == "separator"] == [said]


def test_decimal_commas_do_not_make_the_comma_the_separator(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1,5;2,5\n3,5;4,5\n")
    assert read_raw(path).frame.to_numpy().tolist() == [["1,5", "2,5"], ["3,5", "4,5"]]


def test_rows_keep_the_number_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a;b\n1;2\n\n;\n"to\nlinjer";3\n4\n5;6;7\n8;9')
    raw = read_raw(path)
    assert dict(zip(raw.frame.index, raw.frame["a"], strict=True)) == {2: "1", 5: "to\nlinjer", 8: "8"}
    assert [(one.key, one.row) for one in raw.problems] == [("reg_ragged_row", 6), ("reg_ragged_row", 7)]
    assert "1 fields, but there are 2 columns" in raw.problems[0].say("en")
    assert ("empty_rows", "2") in [(one.key, one.value) for one in raw.assumptions]


def test_columns_without_name_and_content_are_left_out_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b;;\n1;2;;\n3;4;;x\n")
    raw = read_raw(path)
    assert list(raw.frame.columns) == ["a", "b", ""]
    assert [(one.key, one.row, one.severity) for one in raw.problems] == [("reg_unnamed_column", 3, "error")]


def test_the_wrong_file_of_any_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "anbringelser.csv"
    with path.open("wb") as handle:
        handle.write(b"a;b\n1;2\n")
        handle.truncate(200_000_001)  # a hole: nothing is written
    began = time.monotonic()
    with pytest.raises(InputError) as error:
        read_raw(path)
    assert keys(error) == ["reg_too_large"]
    assert time.monotonic() - began < 0.5


def test_a_wrong_header_is_refused_from_the_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "anbringelser.csv"
    path.write_bytes(b"x;y\n" + b"1;2\n" * 100_000 + b"\xff\x00")

    def refuse_all(header: list[str]) -> None:
        raise LookupError(header)

    with pytest.raises(LookupError, match="x"):
        read_raw(path, refuse_all)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "reg_empty_file"),
        (b"\x00\x01\x02" * 100, "reg_not_a_table"),
        (b"PK\x03\x04 not an archive", "reg_not_a_table"),
        (b"PAR1 not parquet", "reg_not_a_table"),
        (b"only one column\n1\n2\n", "reg_one_column"),
        (b";;\n1;2;3\n", "reg_no_header"),
        (b"a;b\n\x81;1\n", "reg_not_a_table"),
        (b'a;b\n1;"2\n3;4\n3;4\n', "reg_quotes"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, key: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_raw(path)
    assert keys(error) == [key]
    assert error.value.say("da") != error.value.say("en")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_raw(tmp_path / "a.csv")
    assert keys(error) == ["missing_file"]


def test_excel_gives_native_values_and_flags_formulas(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["distrikt", "start", "pris"],
        ["Kibæk", datetime(2014, 1, 2), 1.5],
        [None, None, None],
        ["B", None, "=1+1"],
    ):
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    raw = read_raw(path)
    assert raw.frame.loc[2].tolist() == ["Kibæk", datetime(2014, 1, 2), 1.5]
    assert list(raw.frame.index) == [2, 4]
    assert [(one.key, one.row, one.column) for one in raw.problems] == [("reg_formula_unsaved", 4, "pris")]


def test_a_workbook_is_known_by_its_content_and_cells_beyond_the_header_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["a", "b"], [1, 2], [3, 4, 5]):
        book.active.append(row)
    path = tmp_path / "a.csv"
    book.save(path)
    raw = read_raw(path)
    assert raw.frame["a"].tolist() == [1, 3]
    assert [(one.key, one.row) for one in raw.problems] == [("reg_unnamed_column", 3)]


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    openpyxl.Workbook().save(path)
    with pytest.raises(InputError) as error:
        read_raw(path)
    assert keys(error) == ["reg_empty_file"]


def test_a_sheet_named_by_a_cpr_number_is_not_repeated(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("010100-0000").append(["x", "y"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError) as error:
        read_raw(tmp_path / "a.xlsx")
    assert keys(error) == ["reg_cpr_in_name"]
    assert "0000" not in error.value.say("da")


def test_a_workbook_with_two_filled_sheets_is_not_guessed_at(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("A", "B"):
        book.create_sheet(name).append(["x", "y"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    with pytest.raises(InputError) as error:
        read_raw(path)
    assert keys(error) == ["reg_several_sheets"]
    assert error.value.problems[0].found == "A, B"


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_parquet(path)
    raw = read_raw(path)
    assert raw.frame.to_numpy().tolist() == [[1, "x"], [2, "y"]]
    assert list(raw.frame.index) == [2, 3]


@pytest.mark.parametrize("above", ["sep=;\n", "\n\n", ";\n", "\ufeffsep=;\n\n"])
def test_what_stands_above_the_header_is_passed_over_and_rows_keep_their_numbers(tmp_path: Path, above: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(above + TEXT + "x\n", "utf-8")
    raw = read_raw(path)
    lines = above.count("\n")
    assert raw.frame.to_numpy().tolist() == ROWS
    assert raw.frame.index.tolist() == [2 + lines, 3 + lines]
    assert [(one.key, one.row) for one in raw.problems] == [("reg_ragged_row", 4 + lines)]


def test_the_line_sep_names_the_separator(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=|\na|b\n1,5|2,5\n", "utf-8")
    assert read_raw(path).frame.to_numpy().tolist() == [["1,5", "2,5"]]


def test_rows_that_all_end_in_a_separator_have_no_further_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("distrikt;elever\nSønder Felding;12;\nKibæk;7;\n", "utf-8")
    raw = read_raw(path)
    assert raw.frame.to_numpy().tolist() == ROWS
    assert list(raw.frame.columns) == ["distrikt", "elever"]
    path.write_text("distrikt;elever\nSønder Felding;12;\nKibæk;7;9\n", "utf-8")
    assert [one.row for one in read_raw(path).problems] == [2, 3]


def test_a_formula_whose_value_was_not_saved_is_an_error_in_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1, "=A2+1"], [2, 3], [4, "=A4+1"]):
        book.active.append(row)
    book.save(path)
    problems = read_raw(path).problems
    assert [(one.key, one.row, one.column, one.severity) for one in problems] == [
        ("reg_formula_unsaved", 2, "b", "error"),
        ("reg_formula_unsaved", 4, "b", "error"),
    ]


def test_an_excel_file_of_the_old_form_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(InputError) as caught:
        read_raw(path)
    assert keys(caught) == ["reg_old_excel"]


def test_categories_of_parquet_are_their_values(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"distrikt": pd.Categorical(["b", "a", "b"])}).to_parquet(path)
    assert read_raw(path).frame["distrikt"].tolist() == ["b", "a", "b"]


def test_the_value_that_a_spreadsheet_saved_beside_a_formula_is_used_and_said(tmp_path: Path) -> None:
    unsaved, saved = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1, "=A2+1"]):
        book.active.append(row)
    book.save(unsaved)
    with zipfile.ZipFile(unsaved) as old, zipfile.ZipFile(saved, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                assert b"<f>A2+1</f><v></v>" in part or b"<f>A2+1</f><v />" in part
                part = part.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")
            new.writestr(name, part)
    raw = read_raw(saved)
    assert raw.frame.to_numpy().tolist() == [[1, 2]]
    assert [(one.key, one.severity) for one in raw.problems] == [("reg_formula_computed", "warning")]


NUMBER = "010100-0000"  # a date that exists, a person who does not


@pytest.mark.parametrize("place", ["note", "properties", "name", "above", "comment line"])
def test_a_number_outside_the_cells_stops_the_reading(tmp_path: Path, place: str) -> None:
    path = tmp_path / "børn.xlsx"
    if place in {"above", "comment line"}:
        path = tmp_path / "børn.csv"
        first = f"# udtræk for {NUMBER}\n" if place == "comment line" else f"\n# {NUMBER}\n"
        path.write_text(f"{first}barn;fødselshalvår;køn;distrikt\nP1;2005H1;pige;Nord\n", "utf-8")
    else:
        book = openpyxl.Workbook()
        for row in (["barn", "fødselshalvår", "køn", "distrikt"], ["P1", "2005H1", "pige", "Nord"]):
            book.active.append(row)
        if place == "note":
            book.active["A2"].comment = Comment(f"er {NUMBER}", "Sagsbehandler")
        elif place == "properties":
            book.properties.title = f"Udtræk {NUMBER}"
        else:
            book.defined_names[f"barn_{NUMBER.replace('-', '')}"] = DefinedName(
                f"barn_{NUMBER.replace('-', '')}", attr_text="Sheet!$A$2"
            )
        book.save(path)
    with pytest.raises(InputError) as caught:
        read_register(path, CHILDREN)
    assert [one.key for one in caught.value.problems] == ["reg_cpr_beside"]
    assert "0000" not in caught.value.say("da") + caught.value.say("en")


def test_a_workbook_with_notes_and_properties_of_no_one_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["barn", "fødselshalvår", "køn", "distrikt"], ["P1", "2005H1", "pige", "Nord"]):
        book.active.append(row)
    book.active["A2"].comment = Comment("set 31-12-2014 kl. 10.30", "Sagsbehandler 4711")
    book.save(tmp_path / "børn.xlsx")
    assert len(read_register(tmp_path / "børn.xlsx", CHILDREN).frame) == 1


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_a_damaged_file_is_not_told_to_have_other_separators(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"børn.{ending}"
    path.write_text("barn;køn\nP1;pige\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_raw(path)
    assert [one.key for one in caught.value.problems] == ["reg_damaged"]
