"""The XML of preventive measures: read by its schema, and refused in words where it is no such delivery."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from made_up_exports import MADE_UP, measures_xml

from sverige_did.errors import InputError
from sverige_did.sources.exports.convert import converted as converted_folder
from sverige_did.sources.exports.convert import read_export
from sverige_did.sources.exports.formats import MEASURES_L201
from sverige_did.sources.exports.l201_xml import FIELDS, NAMESPACE, ROOT, read_l201
from sverige_did.sources.exports.others import CodeRow, Found, measures_of
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.registers.codes import standard_codes

ROW = ("SYN-1", "sag-1", "401", "2015-02-01", "2016-03-31")
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 9)
) + "]>"  # fmt: skip


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "L201.xml"
    path.write_text(text, "utf-8")
    return path


def test_a_delivery_is_a_row_a_measure_without_guardians_and_marked_as_made_up(tmp_path: Path) -> None:
    path = write(tmp_path, measures_xml([ROW, (*ROW[:4], None)]))
    raw = read_l201(path)
    assert tuple(raw.frame.columns) == FIELDS
    assert raw.frame.to_numpy().tolist() == [list(ROW), [*ROW[:4], ""]]
    assert is_marked(tmp_path)
    assert "6101702222" not in raw.frame.to_csv()


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda text: text.replace(NAMESPACE, "http://example.org/2010/"), "export_xml_namespace"),
        (lambda text: text.replace(f' xmlns="{NAMESPACE}"', ""), "export_xml_namespace"),
        (lambda text: text.replace(ROOT, "BoernMedHandicapLeveranceL231Struktur"), "export_xml_root"),
        (lambda text: text[: len(text) // 2], "export_xml_broken"),
        (lambda text: text + "<mere/>", "export_xml_broken"),
        (lambda text: "", "export_xml_broken"),
        (lambda text: "PK\x03\x04", "export_xml_broken"),
        (lambda text: text.replace(MADE_UP, BOMB), "export_xml_doctype"),
        (lambda text: text.replace(MADE_UP, '<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "export_xml_doctype"),
        (lambda text: text.replace(MADE_UP, '<!DOCTYPE x [<!ENTITY e SYSTEM "http://a/">]>'), "export_xml_doctype"),
        (lambda text: text.replace("<ForanstaltningKode>", "<ForanstaltningKode>1</ForanstaltningKode>"
                                                            "<ForanstaltningKode>", 1), "export_xml_twice"),
        (lambda text: measures_xml([]), "export_xml_empty"),
    ],
)  # fmt: skip
def test_what_is_no_such_delivery_is_refused_in_words(tmp_path: Path, spoil: Callable[[str], str], key: str) -> None:
    path = write(tmp_path, spoil(measures_xml([ROW])))
    with pytest.raises(InputError) as caught:
        read_l201(path)
    assert [one.key for one in caught.value.problems] == [key]
    for language in ("da", "en"):
        assert "SYN-1" not in caught.value.say(language)


@pytest.mark.parametrize("written", ["610105-4002", "6101054002", "610105 4002"])
def test_a_number_that_was_not_replaced_stops_it(tmp_path: Path, written: str) -> None:
    path = write(tmp_path, measures_xml([(written, *ROW[1:])]))
    with pytest.raises(InputError) as caught:
        read_export(path, MEASURES_L201)
    assert [one.key for one in caught.value.problems] == ["reg_cpr"]
    assert "4002" not in caught.value.say("da")


def converted(tmp_path: Path, rows: list[tuple[str, str]], own: tuple[CodeRow, ...] = ()) -> Found:
    path = write(tmp_path, measures_xml([(f"SYN-{n}", f"s{n}", code, day, None) for n, (code, day) in enumerate(rows)]))
    return measures_of(read_export(path, MEASURES_L201), standard_codes(), own)


def test_codes_become_those_of_the_law_in_force_and_what_is_on_no_rung_is_counted(tmp_path: Path) -> None:
    rows = [("401", "2015-02-01"), ("401", "2024-02-01"), ("SEL 52.3.3", "2015-02-01"), ("409", "2015-02-01")]
    frame, problems, told = converted(tmp_path, rows)
    assert frame["measure"].tolist() == ["SEL 11.3.2", "BL 30.1", "SEL 52.3.3"]
    assert (problems, told) == ((), {"outside": 1, "updated": 0, "gone": 0})


def test_a_code_that_nobody_knows_or_not_in_that_year_is_an_error_and_one_of_their_own_is_taken(tmp_path: Path) -> None:
    rows = [("477", "2015-02-01"), ("409", "2024-02-01")]
    _, problems, _ = converted(tmp_path, rows)
    assert [(one.key, one.found) for one in problems] == [("export_l201_code", "477"), ("export_l201_year", "409")]
    own = (CodeRow("477", "SEL 52.3.3", 2010, 2023), CodeRow("409", "", 2024, 9999))
    frame, problems, told = converted(tmp_path, rows, own)
    assert (frame["measure"].tolist(), problems, told) == (["SEL 52.3.3"], (), {"outside": 1, "updated": 0, "gone": 0})


def in_order(
    tmp_path: Path, *deliveries: list[tuple[str, str, str, str | None]]
) -> tuple[list[tuple[str, ...]], dict[str, int]]:
    """(id, code, start, end) of one child in one file each, ``l201_2`` before ``l201_10``; what stands at the end."""
    for at, rows in enumerate(deliveries):
        text = measures_xml([("SYN-1", key, code, start, end) for key, code, start, end in rows])
        (tmp_path / f"l201_{2 + 8 * at}.xml").write_text(text, "utf-8")
    done = [one for one in converted_folder(tmp_path) if one.export]
    frame = pd.read_csv(io.BytesIO(next(one.content for one in done if one.content)), sep=";", dtype=str).fillna("")
    found = frame[["foranstaltning", "startdato", "slutdato"]].itertuples(index=False, name=None)
    return sorted(found), dict(done[0].told)


def test_a_later_delivery_overrules_an_earlier_one_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    first = [("f1", "401", "2015-01-05", None)]
    for later in ([("f1", "401", "2015-01-05", "2015-10-10")], [("f1", "402", "2015-01-08", "2015-10-10")]):
        code = {"401": "SEL 11.3.2", "402": "SEL 11.3.3"}[later[0][1]]
        found, told = in_order(tmp_path, first, later)
        assert found == [(code, later[0][2], "2015-10-10")]
        assert told == {"updated": 1}


def test_a_measure_that_has_ended_and_begins_again_under_the_same_id_is_two(tmp_path: Path) -> None:
    found, told = in_order(tmp_path, [("f1", "401", "2015-01-05", "2015-02-01")], [("f1", "401", "2015-03-01", None)])
    assert len(found) == 2
    assert told == {}


def test_a_running_measure_that_a_whole_later_delivery_lacks_is_counted(tmp_path: Path) -> None:
    both = [("f1", "401", "2015-01-05", None), ("f2", "402", "2015-01-05", None)]
    found, told = in_order(tmp_path, both, both[:1])
    assert len(found) == 2
    assert told == {"updated": 1, "gone": 1}


def test_one_delivery_that_says_two_things_of_the_same_days_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        in_order(tmp_path, [("f1", "401", "2015-01-05", None), ("f1", "402", "2015-02-05", None)])
    assert [one.key for one in caught.value.problems] == ["export_l201_twice"]


@pytest.mark.parametrize("written", ["2015-01-05Z", "2015-01-05+01:00", "2015-01-05T00:00:00+01:00"])
def test_a_day_of_xml_schema_may_have_an_offset(tmp_path: Path, written: str) -> None:
    found, _ = in_order(tmp_path, [("f1", "401", written, None)])
    assert found == [("SEL 11.3.2", "2015-01-05", "")]


def test_a_delivery_without_any_known_code_is_refused_and_does_not_crash(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        in_order(tmp_path, [("f1", "999", "2015-01-05", None)])
    assert [one.key for one in caught.value.problems] == ["export_l201_code"]
