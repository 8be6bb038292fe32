"""Whatever lies in a delivery, the readers answer with problems or refusals in words, and never with a traceback."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import small_registers as small
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sverige_did.errors import SverigeDidError
from sverige_did.report.problems import problems_html, problems_json, problems_table
from sverige_did.sources.aggregates.crosswalk import no_changes
from sverige_did.sources.aggregates.read import read_aggregates
from sverige_did.sources.panel.delivery import in_headers_of
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.validate import read_folder
from sverige_did.study.aggregates import AggregatePlan
from sverige_did.study.study import PanelStudy

FEW = settings(
    max_examples=8, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
"""Seeded by the test itself, so that two runs try the same deliveries."""

ODD = [
    "", " ", "-", "?", "..", "*", "I alt", "Hele landet", "0", "-1", "1.000", "1,5", "1.234", "1e5", "5,0E+12",
    "NaN", "inf",
    "2013", "2013H1", "2013H3", "2012/13", "9999H1", "0000", "31-12-9999", "29-02-2013", "2013-13-01", "01.01.13",
    "1753-01-01", "2013-06-01 00:00", "41426", "ja", "=1+1", "@x", '"', "a;b", "a\nb", "æøå", "Ã¦", "\x00", "\ufeff",
    "<script>", "²", "①", "١٢", "c0", "SEL", "§", "BL 32", "ANBAAR 99", "5.28.23", "٢٠١٣H1", "1" * 400,
]  # fmt: skip
"""Cells that were found in files, or that a parser may stumble over."""

FRAMES = {name: small.delivery()[name] for name in ("districts", "children", "placements", "sdq_waves", "accounts")}
STUDY = small.study()
CELL = st.one_of(st.sampled_from(ODD), st.text(max_size=12))


def spoiled(folder: Path, changes: list[tuple[str, int, int, str]], form: str) -> None:
    """The small delivery with some cells replaced; row 0 is the header, and files are written in one of many forms."""
    for name, frame in FRAMES.items():
        rows = [list(map(str, frame.columns))]
        rows += [
            ["" if cell is None or cell != cell else str(cell) for cell in row] for row in frame.to_numpy(dtype=object)
        ]
        for file, row, column, cell in changes:
            if file == name:
                rows[row % len(rows)][column % len(rows[0])] = cell
        separator = {"comma": ",", "tab": "\t"}.get(form, ";")
        if form == "excel":
            legal = [["".join(c for c in cell if c.isprintable()) for cell in row] for row in rows]
            pd.DataFrame(legal[1:], columns=legal[0]).to_excel(folder / f"{name}.xlsx", index=False)
            continue
        text = "\n".join(separator.join(row) for row in rows) + "\n"
        encoding = {"cp1252": "cp1252", "utf-16": "utf-16"}.get(form, "utf-8")
        (folder / f"{name}.csv").write_bytes(text.encode(encoding, "replace"))


def told(found: Callable[[], Any]) -> None:
    """Run it; a refusal is an answer, and whatever is found can be shown in both languages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            problems = found()
        except SverigeDidError as refusal:
            problems = refusal.problems
    for language in ("da", "en"):
        mine = in_headers_of(problems, language)
        problems_html(mine, language)
        problems_table(mine, language)
    problems_json(problems)


CHANGES = st.lists(
    st.tuples(st.sampled_from(sorted(FRAMES)), st.integers(0, 60), st.integers(0, 12), CELL), min_size=1, max_size=6
)


@FEW
@given(CHANGES, st.sampled_from(["plain", "plain", "comma", "tab", "cp1252", "utf-16", "excel"]))
def test_cells_that_are_anything(changes: list[tuple[str, int, int, str]], form: str) -> None:
    assert isinstance(STUDY, PanelStudy)
    with tempfile.TemporaryDirectory() as name:
        spoiled(Path(name), changes, form)
        told(lambda: read_folder(Path(name), STUDY).checked.problems)


@FEW
@given(st.binary(max_size=400), st.sampled_from(REGISTERS), st.sampled_from([".csv", ".xlsx", ".parquet", ".txt"]),
       st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"sep=;\n", b"barn;distrikt\n"]))  # fmt: skip
def test_files_that_are_anything(content: bytes, register: Any, ending: str, head: bytes) -> None:
    assert isinstance(STUDY, PanelStudy)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / f"{register.da}{ending}").write_bytes(head + content)
        told(lambda: read_folder(Path(name), STUDY).checked.problems)


PLAN = AggregatePlan.model_validate(
    {
        "area": "område", "period": "år",
        "signs": [{"sign": "..", "meaning": "not_available"},
                  {"sign": "*", "meaning": "suppressed", "low": 1, "high": 4}],
        "series": [{"outcome": "homes", "file": "t.csv", "kind": "stock", "rows": {"sted": ["i"]}, "value": "antal",
                    "per": {"column": "antal", "rows": {"sted": ["alle"]}, "contains": True},
                    "first": 2011, "last": 2012}],
        "adoption": {"file": "a.csv", "area": "område", "date": "start", "use": "latest"},
    }
)  # fmt: skip
TABLE = [["område", "år", "sted", "antal"]] + [
    [area, year, place, number]
    for area in ("A", "B", "C") for year in ("2011", "2012") for place, number in (("i", "4"), ("alle", "20"))
]  # fmt: skip
ADOPTERS = [["område", "start"], ["A", "2012"]]


@FEW
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 3), CELL), min_size=1, max_size=4))
def test_tables_that_are_anything(changes: list[tuple[bool, int, int, str]]) -> None:
    tables = {"t.csv": [list(row) for row in TABLE], "a.csv": [list(row) for row in ADOPTERS]}
    for in_table, row, column, cell in changes:
        rows = tables["t.csv" if in_table else "a.csv"]
        rows[row % len(rows)][column % len(rows[0])] = cell
    with tempfile.TemporaryDirectory() as name:
        for file, rows in tables.items():
            (Path(name) / file).write_text("\n".join(";".join(row) for row in rows) + "\n", "utf-8")
        told(lambda: (read_aggregates(Path(name), PLAN, no_changes()), ())[1])


def test_parquet_of_any_type(tmp_path: Path) -> None:
    """Categories, times with a zone, lists, bytes, durations and numbers where text is expected."""
    assert isinstance(STUDY, PanelStudy)
    frame = FRAMES["placements"]
    days = pd.to_datetime(frame["start"])
    columns: dict[str, list[Any]] = {
        "child": [frame["child"].astype("category"), range(len(frame)), [b"c0"] * len(frame), [["c0"]] * len(frame)],
        "measure": [frame["measure"].astype("category"), np.arange(len(frame)) / 3],
        "start": [days, days.dt.tz_localize("Europe/Copenhagen"), days.dt.tz_localize("UTC") + pd.Timedelta(hours=5),
                  days.dt.date, days - days.min(), frame["start"].astype("category"), [True] * len(frame)],
        "price": [frame["price"].astype("Int64"), frame["price"].astype(str).astype("category"), [None] * len(frame)],
    }  # fmt: skip
    small.write(tmp_path, {name: one for name, one in FRAMES.items() if name != "placements"})
    for column, kinds in columns.items():
        for kind in kinds:
            frame.assign(**{column: kind}).to_parquet(tmp_path / "placements.parquet")
            told(lambda: read_folder(tmp_path, STUDY).checked.problems)
