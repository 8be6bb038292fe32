"""A folder of exports to a folder of registers, whole or not at all; all of it is made up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from made_up_exports import measures_xml

from sverige_did.errors import InputError
from sverige_did.sources.exports.convert import converted
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.tables import read_register
from sverige_did.tasks.convert import run
from sverige_did.tasks.new import run as new

BY_NAME = {register.name: register for register in REGISTERS}
EVENTS = "syntetisk;barn;dato;hændelse;anbringelsessted\nja;SYN-1;01-02-2014;0;21\nja;SYN-1;31-12-2014;5;\n"
CASES = (
    "id,history_id,history_date,cpr_number,case_sbsys_id,name,team\n"
    "1,1,2014-03-01 09:30:00.123456+00:00,SYN-1,27.12.06-G01-1-14,Opdigtet,A\n"
    "1,2,2014-06-01 10:00:00+00:00,SYN-1,27.12.06-G01-1-14,Opdigtet,A\n"
)
PAYMENTS = (
    "id,amount,paid_amount,date,paid_date,account_string,account_alias,fictive,activity__details__activity_id,cpr_number,"
    "mother_cpr,name\n"
    "1,500.00,525.50,2018-01-31,2018-02-01,XXX-528221002-015025-XXX,BOS1,False,015025,SYN-1,,Opdigtet\n"
    "2,500.00,,2018-03-31,,XXX-528221002-015025-XXX,BOS1,False,015025,SYN-1,,Opdigtet\n"
    "3,500.00,500.00,2018-03-31,2018-03-31,XXX-528221002-015025-XXX,BOS1,True,015025,SYN-1,,Opdigtet\n"
    "4,-20.00,-20.00,2018-04-30,2018-04-30,XXX-528221002-015025-XXX,BOS1,False,015025,SYN-1,,Opdigtet\n"
)
CHILDREN = "syntetisk;barn;fødselshalvår;køn;distrikt\nja;SYN-1;2008H1;pige;Avlum\n"


def folder(tmp_path: Path, **files: str) -> Path:
    source = tmp_path / "leverance"
    source.mkdir()
    for name, text in files.items():
        (source / name.replace("__", ".")).write_text(text, "utf-8")
    return source


def refused(source: Path, out: Path) -> list[tuple[str, str | None]]:
    with pytest.raises(InputError) as caught:
        run(source, out)
    assert not out.exists()
    return [(one.key, one.file) for one in caught.value.problems]


def test_events_and_preventive_measures_become_one_register(tmp_path: Path) -> None:
    xml = measures_xml([("SYN-2", "s1", "SEL 52.3.3", "2014-02-01", None)])
    source = folder(tmp_path, hændelser__csv=EVENTS, L201_2014__xml=xml, børn__csv=CHILDREN)
    done = {one.source: one for one in run(source, tmp_path / "ud")}
    assert (done["hændelser.csv"].rows, done["hændelser.csv"].made) == (2, 1)
    assert (tmp_path / "ud" / "børn.csv").read_text("utf-8") == CHILDREN
    frame = read_register(tmp_path / "ud" / "anbringelser.csv", BY_NAME["placements"]).usable()
    assert dict(zip(frame["child"], frame["measure"], strict=True)) == {"SYN-1": "ANBAAR 21", "SYN-2": "SEL 52.3.3"}
    assert (tmp_path / "ud" / "SYNTHETIC.txt").is_file()


def test_measures_are_added_to_placements_that_were_delivered_and_events_are_not(tmp_path: Path) -> None:
    placed = "barn;foranstaltning;startdato;slutdato\nSYN-1;SEL 66.1.6;01-02-2014;\n"
    xml = measures_xml([("SYN-2", "s1", "SEL 52.3.3", "2014-02-01", None)])
    source = folder(tmp_path, anbringelser__csv=placed, L201__xml=xml)
    run(source, tmp_path / "ud")
    frame = read_register(tmp_path / "ud" / "anbringelser.csv", BY_NAME["placements"]).usable()
    assert frame["measure"].tolist() == ["SEL 66.1.6", "SEL 52.3.3"]
    (source / "hændelser.csv").write_text(EVENTS, "utf-8")
    assert refused(source, tmp_path / "to") == [("export_twice", "hændelser.csv")]


def test_payments_of_os2bos_become_postings_and_what_is_not_paid_is_told(tmp_path: Path) -> None:
    source = folder(tmp_path, granted_payments_3__csv=PAYMENTS)
    (done, _) = run(source, tmp_path / "ud")
    assert dict(done.told) == {"unpaid": 1, "fictive": 1}
    frame = read_register(tmp_path / "ud" / "posteringer.csv", BY_NAME["postings"]).usable()
    assert frame["amount"].tolist() == [525.5, -20.0]
    assert [f"{day:%Y-%m-%d}" for day in frame["date"]] == ["2018-02-01", "2018-04-30"]
    assert "Opdigtet" not in (tmp_path / "ud" / "posteringer.csv").read_text("utf-8")


def test_a_case_history_makes_no_cases_unless_it_says_when_they_closed(tmp_path: Path) -> None:
    source = folder(tmp_path, expected_cases_0__csv=CASES, hændelser__csv=EVENTS, børn__csv=CHILDREN)
    done = {one.source: one for one in run(source, tmp_path / "ud")}
    assert [one.key for one in done["expected_cases_0.csv"].warnings if "export" in one.key] == ["export_no_closing"]
    assert not (tmp_path / "ud" / "sager.csv").exists()
    head, *rows = CASES.splitlines()
    closing = "\n".join([f"{head},lukket", *(f"{row},2014-09-30" for row in rows)]) + "\n"
    (source / "expected_cases_0.csv").write_text(closing, "utf-8")
    run(source, tmp_path / "to")
    frame = read_register(tmp_path / "to" / "sager.csv", BY_NAME["cases"]).usable()
    assert frame.astype(str).to_numpy().tolist() == [
        ["27.12.06-G01-1-14", "SYN-1", "Avlum", "2014-03-01", "2014-09-30"]
    ]


def test_what_is_neither_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source = folder(tmp_path, noter__csv="a;b\n1;2\n", hændelser__csv=EVENTS)
    assert refused(source, tmp_path / "ud") == [("export_unknown_file", "noter.csv")]
    (source / "noter.csv").unlink()
    (source / "hændelser.csv").unlink()
    (source / "børn.csv").write_text(CHILDREN, "utf-8")
    assert refused(source, tmp_path / "ud") == [("export_none", "leverance")]


def test_an_export_is_known_by_its_headers_too(tmp_path: Path) -> None:
    source = folder(tmp_path, udtræk_fra_systemet__csv=EVENTS)
    assert [one.file for one in run(source, tmp_path / "ud")] == ["anbringelser.csv", "SYNTHETIC.txt"]


def test_a_number_anywhere_stops_all_of_it(tmp_path: Path) -> None:
    source = folder(tmp_path, hændelser__csv=EVENTS, børn__csv=CHILDREN.replace("Avlum", "610105-4002"))
    assert refused(source, tmp_path / "ud") == [("reg_cpr", "børn.csv")]
    (source / "børn.csv").write_text(CHILDREN, "utf-8")
    (source / "hændelser.csv").write_text(EVENTS.replace("SYN-1", "610105-4002"), "utf-8")
    assert refused(source, tmp_path / "ud") == [("reg_cpr", "hændelser.csv")]


def test_an_own_mapping_that_is_none_is_refused(tmp_path: Path) -> None:
    source = folder(tmp_path, hændelser__csv=EVENTS)
    own = tmp_path / "koder.csv"
    head = "kode;foranstaltning;fra;til;kilde\n"
    for text, key in (
        ("a;b\n1;2\n", "export_bad_codes"),
        (f"{head}1;SEL 99;x;;\n", "export_bad_codes"),
        (f"{head}1;SEL 99;2010;;\n", "reg_unknown_code"),
    ):
        own.write_text(text, "utf-8")
        with pytest.raises(InputError) as caught:
            run(source, tmp_path / "ud", own)
        assert [one.key for one in caught.value.problems] == [key]


def test_registers_laid_out_empty_give_way_and_anything_else_does_not(tmp_path: Path) -> None:
    source = folder(tmp_path, hændelser__csv=EVENTS)
    new(tmp_path / "byen", date(2026, 1, 31))
    run(source, tmp_path / "byen" / "data")
    assert sorted(one.name for one in (tmp_path / "byen" / "data").iterdir()) == ["SYNTHETIC.txt", "anbringelser.csv"]
    with pytest.raises(InputError) as caught:
        run(source, tmp_path / "byen" / "data")
    assert [one.key for one in caught.value.problems] == ["new_not_empty"]


def test_deliveries_of_many_months_are_one_and_each_fault_stands_in_its_own_file(tmp_path: Path) -> None:
    head, start, end = EVENTS.splitlines()
    source = folder(tmp_path, hændelser_1__csv=f"{head}\n{start}\n", hændelser_2__csv=f"{head}\n{start}\n{end}\n")
    measure = ("SYN-2", "s1", "SEL 52.3.3", "2014-02-01")
    for month, last in (("01", None), ("02", "2014-05-31")):
        (source / f"L201_2014_{month}.xml").write_text(measures_xml([(*measure, last)]), "utf-8")
    done = {one.source: one for one in run(source, tmp_path / "ud")}
    assert (done["hændelser_1.csv"].made, done["hændelser_2.csv"].made) == (1, 0)
    assert dict(done["L201_2014_01.xml"].told) == {"updated": 1}
    frame = read_register(tmp_path / "ud" / "anbringelser.csv", BY_NAME["placements"]).usable()
    assert sorted(zip(frame["child"], frame["end"].astype(str), strict=True)) == [
        ("SYN-1", "2014-12-31"), ("SYN-2", "2014-05-31")
    ]  # fmt: skip
    (source / "hændelser_2.csv").write_text(f"{head}\nja;SYN-1;01-03-2014;0;9\n", "utf-8")
    with pytest.raises(InputError) as caught:
        run(source, tmp_path / "to")
    [one] = caught.value.problems
    assert (one.key, one.file, one.row) == ("event_still_open", "hændelser_2.csv", 2)
    assert one.values == {"earlier": "2 (hændelser_1.csv)"}


def test_versions_of_the_same_payments_are_not_added_up(tmp_path: Path) -> None:
    source = folder(tmp_path, granted_payments_2__csv=PAYMENTS, granted_payments_3__csv=PAYMENTS)
    assert refused(source, tmp_path / "ud") == [("reg_file_twice", "granted_payments_3.csv")]


def test_columns_are_named_as_the_delivery_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVERIGE_DID_LANG", "da")
    source = folder(tmp_path, hændelser_1__csv=EVENTS.replace(";0;21", ";8;21"))
    with pytest.raises(InputError) as caught:
        run(source, tmp_path / "ud")
    assert {one.column for one in caught.value.problems} == {"hændelse"}
    assert "kolonne »hændelse«" in caught.value.say("da")


MOMENTS = {
    "2014-06-01 23:30:00+00:00": "2014-06-02",
    "2014-06-01T23:30:00+02:00": "2014-06-01",
    "2014-06-01 10:00": "2014-06-01",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_day_of_a_history_is_that_of_denmark(tmp_path: Path, moment: str) -> None:
    text = f"cpr_number;case_sbsys_id;historik_dato;distrikt;lukket\nP1;S1;{moment};Nord;2014-09-01\n"
    [one] = converted(folder(tmp_path, **{"os2bos_sager.csv": text}))
    assert one.content is not None
    assert f";{MOMENTS[moment]};2014-09-01" in one.content.decode("utf-8-sig")


def test_an_amount_that_was_paid_without_a_date_is_named_and_not_called_unpaid(tmp_path: Path) -> None:
    text = "cpr_number;account_string;amount;betalt_beløb;betalt_dato\nP1;528221002;1,00;1,00;\n"
    with pytest.raises(InputError) as caught:
        converted(folder(tmp_path, **{"os2bos_betalinger.csv": text}))
    assert [(one.key, one.row) for one in caught.value.problems] == [("export_paid_undated", 2)]


def test_an_event_that_is_none_is_told_in_danish_with_the_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVERIGE_DID_LANG", "da")
    text = "barn;dato;hændelse;anbringelsessted\nP1;2014-01-01;9;021\n"
    with pytest.raises(InputError) as caught:
        run(folder(tmp_path, **{"hændelser.csv": text}), tmp_path / "ud")
    said = caught.value.say("da")
    assert "ændret anbringelsessted (1)" in said
    assert "change_of_place" not in said
    assert "021" not in said  # the place is read, as 21 is
