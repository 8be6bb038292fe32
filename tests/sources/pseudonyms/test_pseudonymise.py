"""From files with civil registration numbers to a delivery that holds none; the numbers here are nobody's."""

from __future__ import annotations

import os
import re
from pathlib import Path

import openpyxl
import pytest

from sverige_did.errors import InputError
from sverige_did.sources.exports.formats import left_behind
from sverige_did.sources.pseudonyms.civil_number import Person, person, ten_digits
from sverige_did.sources.pseudonyms.key import new_key, pseudonym, read_key
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.tables import read_register
from sverige_did.tasks.pseudonymise import run

# Days with 60 added: replacement numbers, which the civil register gives to nobody.
FIRST, SECOND = "610105-4002", "911204-4001"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "rå"
    folder.mkdir()
    (folder / "børn.csv").write_text(
        f"CPR-nr;Navn;Bopæl;Distrikt\n{FIRST};Anna Opdigtet;Vej 1;Avlum\n{SECOND};Bo Opdigtet;Vej 2;Kibæk\n", "utf-8"
    )
    book = openpyxl.Workbook()
    for row in (
        ["Personnummer", "Foranstaltning", "Startdato", "Slutdato", "Døgnpris", "Sagsbehandlers note"],
        [6101054002, "SEL 66.1.6", "01-02-2013", None, 1234.567, "ringede"],
        [9112044001, "SEL 66.1.1", "01-03-2013", "01-09-2013", 987.5, None],
    ):
        book.active.append(row)
    book.save(folder / "anbringelser.xlsx")
    return folder


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "nøgle.txt"
    new_key(path)
    return path


def refused(source: Path, out: Path, key: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        run(source, out, key, make_key=False)
    assert not out.exists()
    assert not list(out.parent.glob(f".{out.name}*"))
    for language in ("da", "en"):
        assert not re.search(r"\d{6}-?\d{4}|Opdigtet", caught.value.say(language))
    return caught.value


def test_a_delivery_without_numbers_names_or_addresses_that_the_readers_take(
    source: Path, tmp_path: Path, key: Path
) -> None:
    out = tmp_path / "leverance"
    done = {one.file: one for one in run(source, out, key, make_key=False)}
    assert (done["børn.csv"].replaced, done["børn.csv"].derived) == (("barn",), ("fødselshalvår", "køn"))
    assert done["børn.csv"].dropped == ("Navn", "Bopæl")
    assert done["anbringelser.csv"].dropped == ("Sagsbehandlers note",)
    written = "".join(path.read_text("utf-8") for path in out.iterdir())
    assert not re.search(r"\d{9,10}|\d{6}-\d{4}|Opdigtet|Vej|ringede", written)
    by_name = {register.name: register for register in REGISTERS}
    children = read_register(out / "børn.csv", by_name["children"]).usable()
    placements = read_register(out / "anbringelser.csv", by_name["placements"]).usable()
    assert children["child"].tolist() == placements["child"].tolist()  # links between files are kept
    assert children["birth_half_year"].tolist() == ["2005H1", "2004H2"]
    assert children["sex"].tolist() == ["girl", "boy"]
    assert placements["price"].tolist() == [1234.567, 987.5]


def test_the_same_key_gives_the_same_pseudonyms_and_another_others(source: Path, tmp_path: Path, key: Path) -> None:
    run(source, tmp_path / "a", key, make_key=False)
    run(source, tmp_path / "b", key, make_key=False)
    run(source, tmp_path / "c", tmp_path / "anden nøgle", make_key=True)
    a, b, c = ((tmp_path / name / "børn.csv").read_text("utf-8") for name in "abc")
    assert a == b
    assert not set(re.findall(r"P[A-Z2-7]{16}", a)) & set(re.findall(r"P[A-Z2-7]{16}", c))


def test_a_number_in_any_other_column_stops_all_of_it(source: Path, tmp_path: Path, key: Path) -> None:
    (source / "børn.csv").write_text(f"CPR;Distrikt\n{FIRST};Avlum\n{SECOND};{FIRST}\n", "utf-8")
    found = refused(source, tmp_path / "ud", key)
    assert [(one.key, one.file, one.column, one.row) for one in found.problems] == [
        ("pseudo_cpr", "børn.csv", "distrikt", 3)
    ]


def test_what_is_no_number_among_numbers_is_told_by_row_and_not_shown(source: Path, tmp_path: Path, key: Path) -> None:
    (source / "børn.csv").write_text(f"CPR;Distrikt\n{FIRST};Avlum\n{SECOND};Avlum\nAnna Opdigtet;Avlum\n", "utf-8")
    found = refused(source, tmp_path / "ud", key)
    assert [(one.key, one.row) for one in found.problems] == [("pseudo_not_a_number", 4)]


def test_a_file_that_is_no_register_is_not_passed_on(source: Path, tmp_path: Path, key: Path) -> None:
    (source / "noter.csv").write_text("a;b\n1;2\n", "utf-8")
    assert [one.key for one in refused(source, tmp_path / "ud", key).problems] == ["pseudo_unknown_file"]
    (source / "noter.csv").rename(source / f"{FIRST}.csv")
    assert [one.key for one in refused(source, tmp_path / "ud", key).problems] == ["reg_cpr_in_name"]


def test_a_key_is_kept_apart_and_closed(source: Path, tmp_path: Path, key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError) as caught:
        new_key(key)
    assert [one.key for one in caught.value.problems] == ["pseudo_key_there"]
    inside = source / "nøgle.txt"
    new_key(inside)
    assert [one.key for one in refused(source, tmp_path / "ud", inside).problems] == ["pseudo_key_beside"]
    inside.unlink()
    assert [one.key for one in refused(source, tmp_path / "ud", tmp_path / "ingen").problems] == ["pseudo_no_key"]
    if os.name == "posix":
        key.chmod(0o644)
        assert [one.key for one in refused(source, tmp_path / "ud", key).problems] == ["pseudo_key_open"]
        key.chmod(0o600)
    key.write_text("hemmelig", "utf-8")
    assert [one.key for one in refused(source, tmp_path / "ud", key).problems] == ["pseudo_bad_key"]


def test_nothing_is_written_over_or_into_what_is_there(source: Path, tmp_path: Path, key: Path) -> None:
    full = tmp_path / "fuld"
    full.mkdir()
    (full / "x").write_text("x", "utf-8")
    for out, expected in ((full, "new_not_empty"), (source / "ud", "pseudo_out_inside")):
        with pytest.raises(InputError) as caught:
            run(source, out, key, make_key=False)
        assert [one.key for one in caught.value.problems] == [expected]
    assert [path.name for path in full.iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("6101054002", Person("2005H1", "pige")), ("9112044001", Person("2004H2", "dreng")),
        ("0107995001", Person("1899H2", "dreng")), ("0107364000", Person("2036H2", "pige")),
        ("0107374000", Person("1937H2", "pige")), ("6107990000", Person("1999H2", "pige")),
    ],
)  # fmt: skip
def test_the_century_is_the_one_of_the_seventh_digit(digits: str, said: Person) -> None:
    assert person(digits) == said


@pytest.mark.parametrize(
    "written",
    ["010105-0002", "0101050002", "101050002", "01.01.05-0002", "01012005-0002", "010105\u20110002", "101050002.0"],
)
def test_one_number_however_it_is_written(written: str) -> None:
    assert ten_digits(written) == "0101050002"


@pytest.mark.parametrize("written", ["Anna", "320105-0002", "12345", "", "a010105-0002"])
def test_what_is_no_number_is_none(written: str) -> None:
    assert ten_digits(written) is None


def test_a_child_and_a_case_never_share_a_pseudonym(key: Path) -> None:
    secret = read_key(key)
    assert pseudonym(secret, "child", "1") != pseudonym(secret, "case", "1")
    assert re.fullmatch(r"P[A-Z2-7]{16}", pseudonym(secret, "child", "1"))


def test_of_an_account_string_only_the_account_stays(source: Path, tmp_path: Path, key: Path) -> None:
    rows = f"01005-528221002-015025-529CPR{FIRST};1,00;01-02-2018;{FIRST}\n528221002;2,00;01-02-2018;{SECOND}\n"
    (source / "posteringer.csv").write_text(f"Kontostreng;Beløb;Posteringsdato;Cpr-nummer\n{rows}", "utf-8")
    run(source, tmp_path / "ud", key, make_key=False)
    written = (tmp_path / "ud" / "posteringer.csv").read_text("utf-8")
    assert written.count("5.28.22.1.002") == 2
    assert "4002" not in written
    (source / "posteringer.csv").write_text(
        f"Kontostreng;Beløb;Posteringsdato\n015025-529CPR{FIRST};1,00;01-02-2018\n528221002;2,00;01-02-2018\n", "utf-8"
    )
    found = refused(source, tmp_path / "to", key)
    assert [(one.key, one.column, one.row) for one in found.problems] == [("pseudo_cpr", "konto", 2)]


def test_deliveries_of_many_months_keep_their_own_files(source: Path, tmp_path: Path, key: Path) -> None:
    for month in (1, 2):
        rows = f"CPR;dato;hændelse;anbringelsessted\n{FIRST};01-0{month}-2014;0;21\n"
        (source / f"hændelser_{month}.csv").write_text(rows, "utf-8")
    (source / "anbringelser.xlsx").unlink()
    done = [one.file for one in run(source, tmp_path / "ud", key, make_key=False)]
    assert done == ["børn.csv", "hændelser.csv", "hændelser_2.csv"]


@pytest.mark.parametrize("account", ["6101054002", "0703104321", "703104321", "01005-0703104321-529"])
def test_a_number_is_no_account_however_many_accounts_stand_beside_it(
    source: Path, tmp_path: Path, key: Path, account: str
) -> None:
    others = "".join(f"01005-5282{at}1002-0;1,00;2014-01-01;{FIRST}\n" for at in range(10))
    (source / "posteringer.csv").write_text(
        f"konto;beløb;dato;CPR-nr\n{others}{account};1,00;2014-01-01;{FIRST}\n", "utf-8"
    )
    found = refused(source, tmp_path / "to", key)
    assert [(one.key, one.column, one.row) for one in found.problems] == [("pseudo_cpr", "konto", 12)]


def test_nine_digits_are_spared_among_sums_of_kroner_alone(source: Path, tmp_path: Path, key: Path) -> None:
    text = "CPR-nr;Foranstaltning;Startdato;Slutdato;Døgnpris\n"
    (source / "anbringelser.xlsx").unlink()
    (source / "anbringelser.csv").write_text(f"{text}{FIRST};SEL 66.1.6;2013-02-01;;703104321\n", "utf-8")
    assert [one.column for one in refused(source, tmp_path / "to", key).problems] == ["døgnpris"]


@pytest.mark.parametrize(
    "written", ["6101054002", "610105\u200b-4002", "610105:4002", "61 01 05 40 02", "6.101.054.002"]
)
def test_a_number_gives_one_pseudonym_however_it_is_written(written: str) -> None:
    assert ten_digits(written) == "6101054002"


def test_what_was_not_read_is_told_and_a_number_in_its_name_is_not(source: Path) -> None:
    (source / "arkiv").mkdir()
    (source / "arkiv" / "gammel.csv").write_text("a;b\n1;2\n", "utf-8")
    (source / "brev.docx").write_bytes(b"x")
    found = left_behind(source)
    assert [(one.key, one.file) for one in found] == [("reg_subfolder", "arkiv"), ("pseudo_left_file", "brev.docx")]
    (source / "brev.docx").rename(source / f"brev{FIRST}.docx")
    assert [one.key for one in left_behind(source)] == ["reg_subfolder", "reg_cpr_in_name"]
    assert FIRST not in "".join(one.say("da") for one in left_behind(source))
