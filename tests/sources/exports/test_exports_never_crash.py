"""Whatever lies in an export, the answer is a register or a refusal in words: no traceback, and no number repeated."""

from __future__ import annotations

import re
import tempfile
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_up_exports import measures_xml

from sverige_did.errors import SverigeDidError
from sverige_did.report.problems import problems_html, problems_json, problems_table
from sverige_did.sources.pseudonyms.key import new_key
from sverige_did.sources.registers.chart import account_of, standard_chart
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.tasks.convert import run as convert
from sverige_did.tasks.pseudonymise import run as pseudonymise

FEW = settings(
    max_examples=12, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip

PLANTED = "610105-4002"
"""A replacement number, which the civil register gives to nobody."""

TABLES: dict[str, list[list[str]]] = {
    "hændelser.csv": [["CPR", "dato", "hændelse", "anbringelsessted", "hjemmel"],
                      [PLANTED, "01-02-2014", "0", "21", ""], [PLANTED, "01-06-2014", "1", "9", "SEL 58"],
                      [PLANTED, "31-12-2014", "5", "", ""], ["911204-4001", "01-02-2014", "afgørelse", "", "SEL 58"]],
    "granted_payments_3.csv": [["amount", "paid_amount", "paid_date", "account_string", "fictive", "cpr_number"],
                               ["5,00", "1.234,50", "2018-02-01", "XXX-528221002-015025-XXX", "False", PLANTED],
                               ["5,00", "", "", "", "", PLANTED]],
    "expected_cases_0.csv": [["history_date", "cpr_number", "case_sbsys_id", "lukket", "distrikt"],
                             ["2014-03-01 09:30:00", PLANTED, "27.12.06-G01-1-14", "2014-09-30", "Avlum"]],
    "posteringer.csv": [["konto", "beløb", "dato", "barn"], ["528221002", "1,50", "2018-02-01", PLANTED],
                        ["5.28.23.1.001", "-2,00", "2018-02-01", ""]],
}  # fmt: skip

ODD = ["", " ", "-", "0", "-1", "1.000", "1.000,5-", "−5,00", "1e5", "NaN", "0.2", "99", "31-12-9999", "29-02-2013",
       "1753-01-01", "2014-06-01 00:00", "=1+1", '"', "a;b", "æøå", "<script>", "²", "١٢", "SEL", "§", "ANBAAR 98",
       "5.28.23", "[", "{0}", "01005-528221002-528231001-5", "1" * 400, PLANTED, "6101054002", "barn 610105 4002",
       "610105\u20114002"]  # fmt: skip
CELL = st.one_of(st.sampled_from(ODD), st.text(max_size=12))
CHANGES = st.lists(
    st.tuples(st.sampled_from(sorted(TABLES)), st.integers(0, 5), st.integers(0, 6), CELL), min_size=1, max_size=5
)


def clean(text: str) -> bool:
    return not re.search(r"610105\W{0,2}4002|911204-?4001", text)


def told(error: SverigeDidError) -> None:
    """A refusal can be shown in every form and both languages, and repeats nobody's number."""
    for language in ("da", "en"):
        assert clean(error.say(language))
        assert clean(problems_html(error.problems, language))
        problems_table(error.problems, language)
    assert clean(problems_json(error.problems))


def through(folder: Path, raw: Path, key: Path) -> None:
    """Pseudonymise and convert; what is written and what is said hold no number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step, source, out in ((pseudonymise, raw, folder / "a"), (convert, folder / "a", folder / "b"),
                                  (convert, raw, folder / "c")):  # fmt: skip
            if not source.is_dir():
                continue
            try:
                done = step(source, out, key, make_key=False) if step is pseudonymise else step(source, out)
            except SverigeDidError as refusal:
                told(refusal)
                assert not out.exists()
            else:
                assert clean(repr([(one.file, getattr(one, "dropped", ()), getattr(one, "told", ())) for one in done]))
                assert all(clean(one.read_text("utf-8")) for one in out.iterdir())


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nøgle") / "nøgle.txt"
    new_key(path)
    return path


@FEW
@given(CHANGES, st.sampled_from(["csv", "csv", "cp1252", "excel"]))
def test_cells_that_are_anything(key: Path, changes: list[tuple[str, int, int, str]], form: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, raw = Path(name), Path(name) / "rå"
        raw.mkdir()
        for file, table in TABLES.items():
            rows = [list(row) for row in table]
            for which, row, column, cell in changes:
                if which == file:
                    rows[row % len(rows)][column % len(rows[0])] = cell
            if form == "excel":
                legal = [["".join(c for c in cell if c.isprintable()) for cell in row] for row in rows]
                frame = pd.DataFrame(legal[1:], columns=pd.Index(legal[0]))
                frame.to_excel(raw / file.replace(".csv", ".xlsx"), index=False)
            else:
                text = "\n".join(";".join(row) for row in rows) + "\n"
                (raw / file).write_bytes(text.encode("cp1252" if form == "cp1252" else "utf-8", "replace"))
        through(folder, raw, key)


XML = measures_xml([(PLANTED, "27.12.06-G01-1-14", "401", "2015-02-01", "2015-03-01")])


@FEW
@given(
    st.integers(0, len(XML)),
    st.integers(0, 60),
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                "<!DOCTYPE a>",
                "&lol;",
                "<![CDATA[",
                "]]>",
                "<?x?>",
                "\x00",
                "</ForanstaltningStruktur>",
                "<ForanstaltningStruktur/>",
                PLANTED,
            ]
        ),
    ),
)
def test_xml_that_is_anything(key: Path, at: int, cut: int, put: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, raw = Path(name), Path(name) / "rå"
        raw.mkdir()
        (raw / "L201.xml").write_text(XML[:at] + put + XML[at + cut :], "utf-8")
        through(folder, raw, key)


FILES = ["hændelser.csv", "L201.xml", "granted_payments_3.xlsx", "expected_cases_0.txt"]
HEADS = [b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"<?xml version='1.0' encoding='x'?>", b"cpr;dato\n"]


@FEW
@given(st.binary(max_size=300), st.sampled_from(FILES), st.sampled_from(HEADS))
def test_files_that_are_anything(key: Path, content: bytes, file: str, head: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, raw = Path(name), Path(name) / "rå"
        raw.mkdir()
        (raw / file).write_bytes(head + content)
        through(folder, raw, key)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.one_of(st.text(max_size=40), st.from_regex(r"[0-9.\-]{0,30}", fullmatch=True)),
    st.one_of(st.none(), st.text(max_size=10)),
    st.integers(1, 9999),
)
def test_account_strings_that_are_anything(text: str, kle: str | None, year: int) -> None:
    found = standard_chart().placed(account_of(text), kle, year, standard_codes(), "kora")
    assert (found.rung is None) == (found.kind != "rung")
