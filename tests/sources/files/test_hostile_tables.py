"""A table that is damaged, larger than it looks or made to do harm has one bounded answer: file, row, what to do."""

from __future__ import annotations

import io
import re
import resource
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import small_registers as small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from sverige_did.errors import UNSEEN, InputError, Problem
from sverige_did.report.problems import problems_html, problems_json, problems_table
from sverige_did.sources.files import synthetic_mark
from sverige_did.sources.files.read_parquet import refuse_larger
from sverige_did.sources.files.read_table import read_raw
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.interviews.statements import read_statements
from sverige_did.sources.pseudonyms.key import read_key
from sverige_did.sources.published.facts import read_facts
from sverige_did.sources.registers.validate import read_folder
from sverige_did.study.evaluations import read_evaluations
from sverige_did.study.read import read_plan
from sverige_did.words import LANGUAGES
from sverige_did.workflow.discover import find_studies

SHEET = "xl/worksheets/sheet1.xml"
FRAME = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})


def workbook(path: Path) -> Path:
    FRAME.to_excel(path, index=False)
    return path


def edited(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def row_of(row: str, cells: str) -> Callable[[bytes], bytes]:
    return lambda sheet: sheet.replace(b"</sheetData>", f'<row r="{row}">{cells}</row></sheetData>'.encode())


def text_at(place: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>z</t></is></c>'


SHEETS = {
    "one cell in the last corner": (row_of("1048576", text_at("XFD1048576")), "reg_too_wide", 1048576),
    "one cell far to the right": (row_of("9", text_at("XFD9")), "reg_too_wide", 9),
    "a row that no sheet has": (row_of("99999999", text_at("A99999999")), "reg_unreadable_row", 1048577),
    "a place that is none": (row_of("-5", '<c r="foo"><v>1</v></c>'), "reg_unreadable_row", 4),
    "a text that is not there": (row_of("4", '<c r="A4" t="s"><v>99999</v></c>'), "reg_unreadable_row", 4),
    "a time that is none": (row_of("4", '<c r="A4" t="d"><v>foo</v></c>'), "reg_unreadable_row", 4),
    "five thousand digits": (row_of("4", f'<c r="A4"><v>{"9" * 5000}</v></c>'), "reg_unreadable_row", 4),
    "broken XML": (lambda sheet: sheet.replace(b"</sheetData>", b"<row><</sheetData>"), "reg_unreadable_row", 4),
    "a document type": (lambda sheet: b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + sheet, "reg_broken", None),
    "a file of the machine": (
        lambda sheet: b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + row_of("4", "&x;")(sheet),
        "reg_broken", None),
    "more than it may unpack to": (lambda sheet: sheet + b" " * 201_000_000, "reg_too_large", None),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_a_workbook_with(name: str, tmp_path: Path) -> None:
    change, key, row = SHEETS[name]
    path = edited(workbook(tmp_path / "a.xlsx"), SHEET, change)
    began = time.monotonic()
    with pytest.raises(InputError) as error:
        read_raw(path)
    assert [(problem.key, problem.row) for problem in error.value.problems] == [(key, row)]
    assert time.monotonic() - began < 20


def checksum(content: bytearray) -> None:
    content[content.find(SHEET.encode()) + 100] ^= 0xFF


def locked(content: bytearray) -> None:
    for sign, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = content.find(sign)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(sign, place + 4)


def lying_size(content: bytearray) -> None:
    place = content.find(b"PK\x01\x02")
    struct.pack_into("<I", content, place + 24, 1)


@pytest.mark.parametrize("damage", [checksum, locked, lying_size])
def test_a_workbook_with_a_bad_checksum_a_password_or_a_size_that_is_a_lie(
    damage: Callable[[bytearray], None], tmp_path: Path
) -> None:
    path = workbook(tmp_path / "a.xlsx")
    content = bytearray(path.read_bytes())
    damage(content)
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_raw(path)
    assert [problem.key for problem in error.value.problems] == ["reg_broken"]
    assert "password" in error.value.say("en")


def test_rows_below_what_the_sheet_says_of_itself_are_not_lost(tmp_path: Path) -> None:
    """Some systems write that a sheet spans A1, or as many rows as it had before the last were added."""
    path = edited(workbook(tmp_path / "a.xlsx"), SHEET, row_of("4", text_at("A4")))
    with zipfile.ZipFile(path) as archive:
        assert b'<dimension ref="A1:B3"' in archive.read(SHEET)
    assert read_raw(path).frame["a"].tolist() == ["x", "y", "z"]


def test_a_cell_of_any_length_is_named_by_row_and_column_and_not_shown(tmp_path: Path) -> None:
    for name, length, key in (("a.csv", 40_000, "reg_long_cell"), ("b.csv", 5_000_000, "reg_long_row")):
        (tmp_path / name).write_text(f"a;b\n1;2\n{'x' * length};2\n")
        with pytest.raises(InputError) as error:
            read_raw(tmp_path / name)
        (problem,) = error.value.problems
        assert (problem.key, problem.row) == (key, 3)
        assert len(problem.say("da")) < 400


@pytest.mark.parametrize("columns", [10_000, 100_000])
def test_a_table_of_a_hundred_thousand_columns_is_refused_from_its_header(columns: int, tmp_path: Path) -> None:
    names = [f"k{at}" for at in range(columns)]
    (tmp_path / "a.csv").write_text(";".join(names) + "\n")
    pyarrow.parquet.write_table(pa.table({key: [1] for key in names[:10000]}), tmp_path / "a.parquet")
    for path in (tmp_path / "a.csv", tmp_path / "a.parquet"):
        with pytest.raises(InputError) as error:
            read_raw(path)
        assert [problem.key for problem in error.value.problems] == ["reg_too_wide"]


def test_parquet_that_asks_for_gigabytes_is_refused_within_a_few_hundred_megabytes(tmp_path: Path) -> None:
    def repeated(text: str, rows: int) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array([text]))

    tables = {
        "reg_long_cell": pa.table({"a": repeated("y" * 200_000, 20_000)}),
        "reg_too_large": pa.table({"a": repeated("y" * 20_000, 400_000), "b": repeated("n", 400_000)}),
    }
    for key, table in tables.items():
        pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
        assert (tmp_path / "a.parquet").stat().st_size < 2_000_000
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(InputError) as error:
            read_raw(tmp_path / "a.parquet")
        assert [problem.key for problem in error.value.problems] == [key]
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


@pytest.mark.parametrize(("first", "last"), [(20, 60), (-200, -8)])
def test_parquet_that_is_damaged_is_said_to_be(first: int, last: int, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.to_parquet(path)
    content = bytearray(path.read_bytes())
    for at in range(len(content))[first:last]:
        content[at] ^= 0x5A
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_raw(path)
    assert {problem.key for problem in error.value.problems} <= {"reg_broken", "reg_not_a_table"}


def checked(folder: Path) -> list[Problem]:
    study = small.study()
    return [one for one in read_folder(folder, study).checked.problems if one.key != "reg_no_registers"]  # type: ignore[arg-type]


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\x1b[31m", "\u200f"])
def test_a_district_with_signs_that_are_not_seen_is_named_by_row(sign: str, tmp_path: Path) -> None:
    small.write(tmp_path, small.delivery())
    path = next(tmp_path.glob("districts.*"))
    path.write_text(path.read_text("utf-8").replace("town", f"{sign}town", 1), "utf-8")
    found = [(one.key, one.row, one.column) for one in checked(tmp_path) if one.severity == "error"]
    assert ("text_unseen", 2, "stratum") in found


def test_a_number_of_five_thousand_digits_is_named_by_row(tmp_path: Path) -> None:
    small.write(tmp_path, small.delivery())
    path = next(tmp_path.glob("districts.*"))
    path.write_text(path.read_text("utf-8").replace("400", "4" * 5000, 1), "utf-8")
    (found,) = [one for one in checked(tmp_path) if one.severity == "error"]
    assert (found.key, found.row, found.column) == ("reg_not_a_number", 2, "pupils")


def test_dead_links_devices_and_links_that_lead_outside_are_named_and_read_as_they_are(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "elsewhere.csv"
    data.mkdir()
    outside.write_text("a;b\n1;2\n")
    for name, target in (
        ("noter.csv", "/nowhere"),
        ("null.csv", "/dev/null"),
        ("link.csv", outside),
        ("own.csv", "own.csv"),
    ):
        (data / name).symlink_to(target)
    found = {(one.file, one.key, one.severity) for one in checked(data)}
    assert {(name, "reg_no_file", "error") for name in ("noter.csv", "null.csv", "own.csv")} <= found
    assert ("link.csv", "reg_link_outside", "warning") in found


def test_what_a_message_shows_of_a_name_is_seen_and_cuts_no_number() -> None:
    told = Problem("reg_unknown_file", file="a\x1b[31m\n\u202eb\udce6.csv", found="x" * 295 + " 010113-4001 rest").say(
        "en"
    )
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert told.encode("utf-8")
    assert "0101" not in told


ENDINGS = st.sampled_from([".xlsx", ".parquet", ".csv"])
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8)


@settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(ENDINGS, CHANGES, st.integers(0, 400))
def test_files_with_a_few_bytes_changed(tmp_path: Path, ending: str, changes: list[tuple[int, int]], cut: int) -> None:
    spoil(tmp_path / f"a{ending}", changes, cut)


@pytest.mark.slow
@settings(max_examples=6000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(ENDINGS, CHANGES, st.integers(0, 400))
def test_files_with_a_few_bytes_changed_many_times(
    tmp_path: Path, ending: str, changes: list[tuple[int, int]], cut: int
) -> None:
    spoil(tmp_path / f"a{ending}", changes, cut)


def spoil(path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    write = {".xlsx": lambda: FRAME.to_excel(path, index=False), ".parquet": lambda: FRAME.to_parquet(path),
             ".csv": lambda: FRAME.to_csv(path, index=False, sep=";")}[path.suffix]  # fmt: skip
    write()
    content = bytearray(path.read_bytes())
    for at, value in changes:
        content[at % len(content)] = value
    path.write_bytes(content[: len(content) - cut % 3 * cut] or b"x")
    try:
        said: list[str | None] = [read_raw(path).file]
    except InputError as refusal:
        said = [problem.mend("da") for problem in refusal.problems]
    assert all(said)


def test_looking_for_the_mark_unpacks_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook that unpacks to more than it may: the mark is looked for a piece at a time, and given up."""
    monkeypatch.setattr(synthetic_mark, "MAX_BYTES", 10_000_000)
    path = workbook(tmp_path / "a.xlsx")
    packed = zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED)
    with packed as archive, archive.open("xl/bomb.xml", "w", force_zip64=True) as part:
        for _ in range(12):
            part.write(bytes(10_000_000))
    assert path.stat().st_size < 1_000_000
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    assert not is_marked(tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert time.process_time() - began < 2


def test_the_mark_is_found_where_two_pieces_meet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/later.xml", b"x" * ((1 << 20) - 2) + b"SYN-1")
    assert is_marked(tmp_path)


@pytest.mark.parametrize("name", ["study.yaml", "statements.csv", "nøgle.txt", "index.yaml", "published.csv", "a.csv"])
def test_a_file_of_three_gigabytes_is_refused_before_it_is_read(name: str, tmp_path: Path) -> None:
    readers: dict[str, Callable[[Path], object]] = {
        "study.yaml": read_plan, "index.yaml": read_evaluations, "published.csv": read_facts, "nøgle.txt": read_key,
        "statements.csv": lambda path: read_statements(path, small.study()), "a.csv": read_raw,
    }  # fmt: skip
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b"# a;b\n")
        file.truncate(3_000_000_000)  # a hole: nothing is written
    path.chmod(0o600)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError):
        readers[name](path)
    if name == "study.yaml":
        assert list(find_studies(tmp_path)) == ["study"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_panel_of_somebody_else_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    rows = 400_000
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array(["y" * 20_000]))
    table = pa.table({"outcome": long}).replace_schema_metadata({b"synthetic": b"true"})
    pyarrow.parquet.write_table(table, tmp_path / "panel.parquet")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError) as error:
        refuse_larger(tmp_path / "panel.parquet")
    assert [problem.key for problem in error.value.problems] == ["reg_too_large"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


def test_texts_of_every_column_are_text_on_the_page_of_problems_and_on_the_screen(tmp_path: Path) -> None:
    """Markup, formulas, templates and signs of a terminal, in every cell of every register."""
    ugly = ("<img src=x onerror=a()>", "=cmd|' /C calc'!A0", "{{7*7}} {0}", "[bold]x[/nothing]", '" onclick="a()',
            "a\x1b[31mb")  # fmt: skip
    frames = {name: frame.astype(object) for name, frame in small.delivery().items()}
    for name, frame in frames.items():
        for number, text in enumerate(ugly):
            for at, column in enumerate(frame):
                frame.loc[(at + number) % len(frame), column] = text
        assert set(ugly) & set(frame.to_numpy().ravel()), name
    small.write(tmp_path, frames)
    problems = read_folder(tmp_path, small.study()).checked.problems  # type: ignore[arg-type]
    assert len(problems) > 30
    for language in LANGUAGES:
        page = problems_html(problems, language)
        assert not re.search(r"<img|onclick=\"|onerror=a\(\)>", page)
        assert not UNSEEN.search(page + problems_json(problems))
        console = Console(file=io.StringIO(), width=300, force_terminal=True)
        console.print(problems_table(problems, language))
        assert not UNSEEN.search(re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue()))  # type: ignore[attr-defined]
