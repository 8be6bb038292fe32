"""A whole run of registers whose districts bear names that try to be something else: from the files to the pages.

The same delivery runs twice, once with harmless names of the same length. Pages then have the same elements, no cell of
a table begins as a formula, and nothing is written outside the folder.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
import small_town
from test_injection import PAYLOADS, harmless, same_elements
from workflow_run import snakemake

NAMES = (*PAYLOADS.values(), "../../../out of here", "C:\\CON|a:b*?", "-1+1 and SUM(1)", "{study} {log} ; touch x &")
TEXTS = {".html", ".csv", ".json", ".md", ".txt"}
FORMULA = re.compile(r"^\s*[=+@\t\r]|^\s*-[^\d.]")
LIKE_A_NUMBER = re.compile(r"^[+-]?[\d.,einf]+$")


def named(folder: Path, *, tame: bool) -> Path:
    """The small town with such names for its districts, in every register that names one."""
    small_town.study(folder)
    other: dict[str, str] = {}
    for path in sorted((folder / "data").glob("*.csv"), key=lambda path: path.name != "distrikter.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file, delimiter=";")
        for at in (at for at, column in enumerate(header) if column == "distrikt"):
            for row in rows:
                name = other.setdefault(row[at], NAMES[len(other) % len(NAMES)] if row[at] else "")
                row[at] = harmless(name) if tame else name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([header, *rows])
    assert len(set(other.values())) == small_town.DISTRICTS
    return folder


def made(folder: Path) -> dict[str, str]:
    """Every page, table and list of numbers that a run may send out, by its place."""
    done = snakemake(folder, "all", "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = [path for name in ("reports", "release") for path in (folder / name).rglob("*") if path.suffix in TEXTS]
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in kept}


@pytest.mark.slow
def test_names_of_districts_are_text_from_the_files_to_the_pages(tmp_path: Path) -> None:
    hostile, tame = (made(named(tmp_path / kind / "town", tame=kind == "tame")) for kind in ("hostile", "tame"))
    assert hostile.keys() == tame.keys()
    pages = [name for name in hostile if name.endswith(".html")]
    assert len(pages) >= 4
    for name in pages:
        same_elements(hostile[name], tame[name])
    for name in (one for one in hostile if one.endswith(".csv")):
        separator = ";" if ".da." in name else ","
        for row in csv.reader(hostile[name].splitlines(), delimiter=separator):
            for cell in row:
                assert LIKE_A_NUMBER.match(cell) or not FORMULA.match(cell), (name, cell)
    for name in (one for one in hostile if one.endswith(".json")):
        json.loads(hostile[name])
    assert {path.name for path in (tmp_path / "hostile").iterdir()} == {"town"}
    assert not list(tmp_path.rglob("out of here"))
    assert not list(tmp_path.rglob("x"))
