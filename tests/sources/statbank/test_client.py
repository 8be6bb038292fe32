"""StatBank asked by HTTP, as it answers on good days and on all kinds of bad ones."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from math import prod

import pytest
from statbank_server import AREAS, TABLES, Bank, answers, hang_up, number, refusal, silence, statbank_server

from sverige_did.errors import InputError, RefusedError
from sverige_did.sources.statbank.cache import Cache
from sverige_did.sources.statbank.client import TRIES, StatBank
from sverige_did.sources.statbank.formats import read_jsonstat, read_separated
from sverige_did.sources.statbank.tables import Selection, selection
from sverige_did.words import LANGUAGES

ASKED = {"ADMKOM": ("657", "Frederiksberg"), "anbringelsessted": ("0", "9"), "tid": ("2013", "2014")}


@pytest.fixture
def bank() -> Iterator[Bank]:
    with statbank_server() as running:
        yield running


class Waits(list[float]):
    """What was slept, and never was."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def ask(bank: Bank, form: str = "CSV", *, timeout: float = 5.0, sleep: Waits | None = None, cache: Cache | None = None):
    waits = Waits() if sleep is None else sleep
    with StatBank(bank.address, timeout=timeout, sleep=waits, cache=cache) as client:
        info = client.tableinfo("ANBAAR12")
        chosen = selection(info, ASKED)
        (body,) = client.data(chosen, info, form)
        if form == "JSONSTAT":
            return read_jsonstat(body, info, chosen)
        return read_separated(body, info, chosen, complete=form == "CSV")


def refused(bank: Bank, **how) -> str:
    with pytest.raises(InputError) as refusal:
        ask(bank, **how)
    (problem,) = refusal.value.problems
    assert problem.file == "ANBAAR12"
    for language in LANGUAGES:
        assert problem.say(language)
        assert problem.mend(language)
    return problem.key


@pytest.mark.parametrize("form", ["CSV", "BULK", "JSONSTAT"])
def test_every_format_gives_the_same_cells_by_code(bank, form):
    found = ask(bank, form)
    assert list(found) == ["ADMKOM", "ANBRINGELSE", "Tid", "value", "sign"]
    for *codes, value, sign in found.itertuples(index=False):
        said = number("ANBAAR12", tuple(codes))
        assert sign == (said if said == ".." else "")
        assert said == ".." or value == float(said)
    assert len(found) == 8
    assert (found["sign"] == "..").sum() == 2


def test_the_request_is_the_documented_one(bank):
    ask(bank)
    assert bank.requests() == [
        {
            "table": "ANBAAR12", "format": "CSV", "lang": "da", "valuePresentation": "Code",
            "variables": [
                {"code": "ADMKOM", "values": ["657", "147"]},
                {"code": "ANBRINGELSE", "values": ["0", "9"]},
                {"code": "Tid", "values": ["2013", "2014"]},
            ],
        }
    ]  # fmt: skip


def test_a_value_that_is_gone_is_told_with_the_nearest(bank):
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("ANBAAR12")
        with pytest.raises(InputError) as refusal:
            selection(info, {"ADMKOM": ("658", "Hernig"), "ANBRINGELSE": ("*",), "foran": ("1",)})
    by_key = {}
    for problem in refusal.value.problems:
        by_key.setdefault(problem.key, []).append(problem)
    code, text, star = by_key["sb_no_value"]
    assert code.found == "658"
    assert code.expected.startswith("657 (Herning), ")
    assert text.expected.startswith("657 (Herning)")
    assert star.column == "ANBRINGELSE"
    (variable,) = by_key["sb_no_variable"]
    assert "ANBRINGELSE (anbringelsessted)" in variable.expected


def test_a_variable_without_a_choice_is_told_before_anything_is_asked(bank):
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("ANBAAR12")
        with pytest.raises(InputError) as refusal:
            selection(info, {"ADMKOM": ("657",), "Tid": ("2013",)})
    (problem,) = refusal.value.problems
    assert (problem.key, problem.column) == ("sb_variable_missing", "ANBRINGELSE")
    assert not bank.requests()


def test_names_and_accents_do_not_matter_and_codes_come_first(bank):
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("FOLK1A")
    assert info.variable("omraade").id == "OMRÅDE"
    assert info.variable("OMRÅDE").code_of("herning", "FOLK1A") == "657"
    assert info.variable("ALDER").code_of("1", "FOLK1A") == "1"
    assert info.variable("OMRÅDE").between(101, 860) == tuple(
        code for code in AREAS if code not in {"000", "084", "910"}
    )


def test_a_request_above_the_limit_goes_in_the_fewest_parts_of_the_longest_variable():
    codes = (("A", tuple(map(str, range(98)))), ("B", tuple(map(str, range(126)))), ("T", tuple(map(str, range(200)))))
    whole = Selection(table="X", codes=codes)
    parts = whole.within(1_000_000)
    assert sum(part.cells for part in parts) == whole.cells
    assert all(part.cells <= 1_000_000 for part in parts)
    assert len(parts) == -(-whole.cells // (98 * 126 * 80))  # 80 periods fit at a time
    assert all(part.codes[:2] == codes[:2] for part in parts)
    assert [code for part in parts for code in part.codes[2][1]] == list(codes[2][1])
    small = whole.within(5_000)
    assert all(part.cells <= 5_000 for part in small)
    assert sum(part.cells for part in small) == whole.cells


def test_parts_are_asked_one_by_one_and_bulk_in_one(bank, monkeypatch):
    bank.limit = 6
    monkeypatch.setattr("sverige_did.sources.statbank.client.CELL_LIMIT", 6)
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("ANBAAR12")
        chosen = selection(info, ASKED)
        bodies = client.data(chosen, info)
        sizes = [prod(len(one["values"]) for one in request["variables"]) for request in bank.requests()]
        assert sizes == [4, 4]
        frames = [read_separated(body, info, part) for body, part in zip(bodies, chosen.within(6), strict=True)]
        assert sum(map(len, frames)) == 8
        assert len(client.data(chosen, info, "BULK")) == 1


def test_an_unknown_format_is_refused(bank):
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("ANBAAR12")
        with pytest.raises(RefusedError):
            client.data(selection(info, ASKED), info, "PX")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_that_is_ill_is_tried_again_with_longer_waits(bank, status):
    bank.ill = [answers(b"oops", status=status)] * 2
    waits = Waits()
    assert len(ask(bank, sleep=waits)) == 8
    assert [wait for wait in waits if wait >= 1] == [1.0, 2.0]
    assert len(bank.requests()) == 3


def test_a_server_that_stays_ill_is_told_after_the_last_try(bank):
    bank.ill = [answers(b"oops", status=503)] * 9
    waits = Waits()
    assert refused(bank, sleep=waits) == "sb_server"
    assert [wait for wait in waits if wait >= 1] == [1.0, 2.0, 4.0]
    assert len(bank.requests()) == TRIES


def test_silence_is_tried_again_and_told(bank):
    bank.ill = [silence(0.6)]
    assert len(ask(bank, timeout=0.2)) == 8
    bank.ill = [silence(0.6)] * TRIES
    assert refused(bank, timeout=0.2) == "sb_timeout"


REFUSALS = {
    "sb_not_found": refusal("EXTRACT-NOTFOUND", "Tabellen blev ikke fundet"),
    "sb_not_allowed": refusal("EXTRACT-NOTALLOWED", "Der skal vælges værdier for variabel: ART"),
    "sb_limit": refusal("REQUEST-LIMIT", "Over begrænsningen på 1.000.000 celler"),
    "sb_refused": refusal("REQUEST-MISSING", "Tabel ikke angivet"),
    "sb_status": answers(b"<h1>Not here</h1>", status=404, kind="text/html"),
    "sb_page": answers(b"<!DOCTYPE html><title>Login</title>", kind="text/html"),
    "sb_empty": answers(b""),
    "sb_broken_off": hang_up,
    "sb_encoding": answers("ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n".encode("utf-16")),
    "sb_header": answers(b"ADMKOM;TID;INDHOLD\r\n657;2013;4\r\n"),
    "sb_row": answers(b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n657;0;2013\r\n"),
    "sb_unknown_value": answers(b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n657;77;2013;4\r\n"),
    "sb_not_asked": answers(b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n101;0;2013;4\r\n"),
    "sb_number": answers(b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n657;0;2013;4x\r\n"),
    "sb_twice": answers(b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n657;0;2013;4\r\n657;0;2013;4\r\n"),
    "sb_incomplete": answers(b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n657;0;2013;4\r\n"),
    "sb_last_row": answers(b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n657;0;2013;4"),
}


@pytest.mark.parametrize("key", REFUSALS)
def test_what_is_no_answer_is_told_once_and_never_tried_again(bank, tmp_path, key):
    bank.ill = [REFUSALS[key]]
    assert refused(bank) == key
    assert len(bank.requests()) == 1


def test_half_a_download_is_no_download(bank, tmp_path):
    body = b"ADMKOM;ANBRINGELSE;TID;INDHOLD\r\n657;0;2013;4\r\n"
    bank.ill = [answers(body, length=len(body) + 40)]
    assert refused(bank, cache=Cache(tmp_path)) == "sb_broken_off"
    assert not list(tmp_path.iterdir())


def test_what_is_said_to_be_packed_and_is_not_is_told(bank):
    def badly_packed(handler):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", "9")
        handler.end_headers()
        handler.wfile.write(b"not gzip!")

    bank.ill = [badly_packed]
    assert refused(bank) == "sb_broken_off"


@pytest.mark.parametrize("address", ["http://[1", "nowhere", "ftp://127.0.0.1/v1"])
def test_an_address_that_is_none_is_told(address):
    with StatBank(address, sleep=Waits()) as client, pytest.raises(InputError) as refusal:
        client.tableinfo("ANBAAR12")
    assert [one.key for one in refusal.value.problems] == ["sb_no_network"]


def test_an_answer_shorter_than_its_body_is_told(bank):
    bank.ill = [lambda handler: answers(_whole(bank), length=len(_whole(bank)) - 3)(handler)]
    assert refused(bank) == "sb_last_row"


def _whole(bank: Bank) -> bytes:
    variables = TABLES["ANBAAR12"]
    rows = [(a, p, t) for a in ("657", "147") for p in ("0", "9") for t in ("2013", "2014")]
    lines = [";".join([*map(str.upper, variables), "INDHOLD"])]
    lines += [";".join([*row, number("ANBAAR12", row)]) for row in rows]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")


def test_no_network_is_told_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    waits = Waits()
    with StatBank(address, sleep=waits) as client, pytest.raises(InputError) as refusal:
        client.tableinfo("ANBAAR12")
    assert refusal.value.problems[0].key == "sb_no_network"
    assert not waits


def test_a_table_that_does_not_exist_and_one_that_cannot_be_read(bank):
    with StatBank(bank.address, sleep=Waits()) as client:
        with pytest.raises(InputError) as refusal:
            client.tableinfo("ANBAAR99")
        assert refusal.value.problems[0].key == "sb_not_found"
        bank.ill_info = [answers(b'{"id": "ANBAAR12"}', kind="text/json")]
        with pytest.raises(InputError) as refusal:
            client.tableinfo("ANBAAR12")
        assert refusal.value.problems[0].key == "sb_unreadable"


def test_an_answer_is_kept_until_the_table_is_updated(bank, tmp_path):
    cache = Cache(tmp_path / "kept")
    first = ask(bank, cache=cache)
    assert ask(bank, cache=cache).equals(first)
    assert len(bank.requests()) == 1
    bank.updated = iter(["2026-10-30T08:00:00"])
    ask(bank, cache=cache)
    assert len(bank.requests()) == 2


def test_a_damaged_answer_is_asked_for_again(bank, tmp_path):
    cache = Cache(tmp_path)
    ask(bank, cache=cache)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-5])
    ask(bank, cache=cache)
    assert len(bank.requests()) == 2


def test_questions_are_spaced(bank):
    waits = Waits()
    ask(bank, sleep=waits)
    assert waits == [0.25]


def test_jsonstat_that_does_not_fit_is_refused(bank):
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("ANBAAR12")
    chosen = selection(info, ASKED)
    for body in (
        b"{}",
        b"[1]",
        b"nonsense",
        json.dumps({"dataset": {"dimension": {"id": []}, "value": [1, 2]}}).encode(),
    ):
        with pytest.raises(InputError) as refusal:
            read_jsonstat(body, info, chosen)
        assert refusal.value.problems[0].key == "sb_jsonstat"


@pytest.mark.parametrize(
    ("cell", "value", "sign"),
    [("1072,20", 1072.2, ""), ("-3", -3, ""), ("-", 0, ""), ("..", None, ".."), (".", None, "."), ("…", None, "…"),
     ("17*", 17, ""), ("4.5", 4.5, "")],
)  # fmt: skip
def test_numbers_and_signs(bank, cell, value, sign):
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("PRIS8")
    chosen = selection(info, {"TYPE": ("Indeks",), "Tid": ("2013",)})
    found = read_separated(f"TYPE;TID;INDHOLD\nIndeks;2013;{cell}\n".encode(), info, chosen)
    assert found["TYPE"].tolist() == ["INDEKS"]
    assert found["sign"].tolist() == [sign]
    assert found["value"].isna().tolist() == [True] if value is None else found["value"].tolist() == [value]


@pytest.mark.parametrize("cell", ["1.234,5", "1,2,3", "nan", "inf", "", "2 000"])
def test_what_is_neither_is_refused(bank, cell):
    with StatBank(bank.address, sleep=Waits()) as client:
        info = client.tableinfo("PRIS8")
    chosen = selection(info, {"TYPE": ("Indeks",), "Tid": ("2013",)})
    with pytest.raises(InputError) as refusal:
        read_separated(f"TYPE;TID;INDHOLD\nIndeks;2013;{cell}\n".encode(), info, chosen)
    assert refusal.value.problems[0].key == "sb_number"
