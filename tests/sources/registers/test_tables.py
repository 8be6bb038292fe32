from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sverige_did.errors import InputError
from sverige_did.sources.registers.schemas import ACCOUNTS, DISTRICTS, PLACEMENTS
from sverige_did.sources.registers.tables import read_register

DANISH = (
    "Barn;Foranstaltning;Startdato;Slutdato;Ophørsårsag;Døgnpris\n"
    "B1;SEL 66.1.6;01-02-2013;31-12-2013;Planlagt;2.345,50\n"
    "B2;SEL 66.1.1;15-03-2013;;;987,25\n"
)
ENGLISH = (
    "child,measure,start,end,end_reason,price\n"
    "B1,SEL 66.1.6,2013-02-01,2013-12-31,planned,2345.50\n"
    "B2,SEL 66.1.1,2013-03-15,,,987.25\n"
)


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "anbringelser.csv"
    path.write_bytes(text.encode(encoding))
    return path


def keys(path: Path) -> list[tuple[str, int | None, str | None]]:
    return [(one.key, one.row, one.column) for one in read_register(path, PLACEMENTS).problems]


def test_danish_english_excel_and_parquet_files_are_the_same_table(tmp_path: Path) -> None:
    danish = read_register(write(tmp_path, DANISH, "cp1252"), PLACEMENTS).usable()
    english = read_register(write(tmp_path, ENGLISH), PLACEMENTS).usable()
    english.to_parquet(tmp_path / "placements.parquet", index=False)
    book = openpyxl.Workbook()
    assert book.active is not None
    for line in DANISH.splitlines():
        book.active.append(line.split(";"))
    book.save(tmp_path / "anbringelser.xlsx")
    others = [
        read_register(tmp_path / name, PLACEMENTS).usable() for name in ("placements.parquet", "anbringelser.xlsx")
    ]
    for other in (english, *others):
        pd.testing.assert_frame_equal(danish, other)
    assert danish["price"].tolist() == [2345.5, 987.25]


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    frame = read_register(write(tmp_path, DANISH), PLACEMENTS).usable()
    lines = [";".join(reversed(line.split(";"))) for line in DANISH.splitlines()]
    turned = read_register(write(tmp_path, "\n".join([lines[0], lines[2], lines[1]])), PLACEMENTS).usable()
    order = ["child", "start"]
    pd.testing.assert_frame_equal(
        frame.sort_values(order, ignore_index=True), turned.sort_values(order, ignore_index=True)
    )


def test_every_assumption_is_reported_with_its_column(tmp_path: Path) -> None:
    said = {(one.key, one.column): one.value for one in read_register(write(tmp_path, DANISH), PLACEMENTS).assumptions}
    assert said == {
        ("encoding", None): "UTF-8",
        ("separator", None): ";",
        ("date_format", "start"): "dd-mm-yyyy",
        ("date_format", "end"): "dd-mm-yyyy",
        ("decimal", "price"): ",",
    }


def test_an_optional_column_that_is_not_there_is_missing_throughout(tmp_path: Path) -> None:
    frame = read_register(write(tmp_path, "barn;kode;fra;til\nB1;BL 46;01-01-2024;\n"), PLACEMENTS).usable()
    assert list(frame.columns) == [column.name for column in PLACEMENTS.columns]
    assert frame[["price", "end_reason"]].isna().all(axis=None)


def test_all_faults_at_once_with_row_and_column_and_no_identifier(tmp_path: Path) -> None:
    rows = "B1;;31-02-2014;;flyttede;-5\n;BL 46;01-01-2014;;flytet;1,0\n"
    table = read_register(write(tmp_path, DANISH + rows + DANISH.splitlines()[1] + "\n"), PLACEMENTS)
    assert sorted((one.key, one.row, one.column or "") for one in table.problems) == [
        ("reg_blank_cell", 4, "measure"),
        ("reg_blank_cell", 5, "child"),
        ("reg_duplicate_key", 6, ""),
        ("reg_negative_amount", 4, "price"),
        ("reg_not_a_date", 4, "start"),
        ("reg_unknown_value", 4, "end_reason"),
        ("reg_unknown_value", 5, "end_reason"),
    ]
    near = next(one for one in table.problems if (one.key, one.row) == ("reg_unknown_value", 5))
    assert near.expected == "flyttet / moved"
    assert all("B1" not in one.say(language) for one in table.problems for language in ("da", "en"))
    with pytest.raises(InputError):
        table.usable()


def test_a_warning_does_not_stop_the_table(tmp_path: Path) -> None:
    path = write(tmp_path, DANISH.replace("Barn;", "Note;Barn;").replace("\nB", "\nx;B"))
    table = read_register(path, PLACEMENTS)
    assert [(one.key, one.column, one.severity) for one in table.problems] == [
        ("reg_unknown_column", "Note", "warning")
    ]
    assert len(table.usable()) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("varenr;beskrivelse\n1;x\n", [("reg_wrong_table", None)]),
        ("barn;kode;fra\nB1;BL 46;01-01-2024\n", [("missing_column", "end")]),
        ("barn;barn id;kode;fra;til\nB1;B1;BL 46;01-01-2024;\n", [("reg_column_twice", "child")]),
        ("barn;kode;fra;til\n", [("reg_no_rows", None)]),
    ],
)
def test_a_file_that_is_not_this_register_is_refused(
    tmp_path: Path, text: str, expected: list[tuple[str, str | None]]
) -> None:
    with pytest.raises(InputError) as error:
        read_register(write(tmp_path, text), PLACEMENTS)
    assert [(one.key, one.column) for one in error.value.problems] == expected


@pytest.mark.parametrize(
    "text",
    [
        DANISH.replace("B2", "010100-0000"),
        DANISH.replace("Barn;", "Note;Barn;").replace("\nB", "\nringet 0101000000;B"),
        DANISH.replace("Døgnpris", "010100-0000"),
    ],
)
def test_a_cpr_number_in_any_column_stops_at_once(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as error:
        read_register(write(tmp_path, text), PLACEMENTS)
    assert [one.key for one in error.value.problems] == ["reg_cpr"]
    assert "0000" not in error.value.say("da")


def test_large_amounts_are_not_taken_for_numbers_without_their_zero(tmp_path: Path) -> None:
    path = tmp_path / "regnskab.csv"
    path.write_text("år;funktion;gruppe;brutto\n2014;5.28.23;Sverigesdistrikter;101000000\n")
    assert read_register(path, ACCOUNTS).usable()["gross"].item() == 101_000_000


def test_a_district_called_like_a_tag_is_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "distrikter.csv"
    path.write_text("distrikt;periode;elever;indbyggere_0_17;indsats_fra\n<script>;2. halvår 2013;1.200;1.500;\n")
    frame = read_register(path, DISTRICTS).usable()
    assert frame.loc[2, ["district", "period", "pupils"]].tolist() == ["<script>", "2013H2", 1200.0]
