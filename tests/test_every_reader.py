"""Every reader of files that somebody else made, given files that are damaged or made to do harm.

Whatever the file, a reader ends with a value or with a refusal in words, in both languages, within bounded time and
memory: no other exception, and no reader without this test (the list below is held against the code).

``pytest -m slow tests/test_every_reader.py`` reads up to 3,440 such files, seeded and so the same each time (40 through
each of 8 heavy doors, 120 through each of 26): all had an answer, none took 12 s or 500 MB, in 277 s on one busy core.
"""

from __future__ import annotations

import ast
import re
import resource
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mutations import spoilt, ways_for
from reader_doors import DOORS

import sverige_did
from sverige_did.errors import UNSEEN, SverigeDidError

PACKAGE = Path(sverige_did.__file__).parent

SECONDS, KILOBYTES = 12.0, 500_000
"""Of this process for one file, and by how much its memory may grow."""

LONGEST = 200_000
"""Characters of a refusal: a hundred problems, each cut."""

FEW = settings(max_examples=2, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
               suppress_health_check=list(HealthCheck))  # fmt: skip
HEAVY = {"check of a panel", "check of published figures", "check of cases", "registers", "cases", "tables", "exports",
         "a release that is told"}  # fmt: skip
"""A file of theirs takes most of a second to be read."""

MANY = {heavy: settings(FEW, max_examples=40 if heavy else 120) for heavy in (True, False)}

Files = dict[str, bytes]


@cache
def good(door: str) -> tuple[Files, tuple[tuple[str, str], ...]]:
    """The files of a door, and every file that is spoilt with every way to spoil it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        DOORS[door].lay(folder)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        spoiled = DOORS[door].files or tuple(files)
        return files, tuple((file, way) for file in spoiled for way in ways_for(folder / file))


def hold(door: str, file: str, way: str, seed: int) -> None:
    """Read the files of a door, one of them spoilt."""
    files, _ = good(door)
    content = spoilt(files[file], way, seed)
    if content is None:
        return
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, whole in (files | {file: content}).items():
            path = Path(name) / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(whole)
        memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            DOORS[door].read(Path(name))
        except SverigeDidError as refusal:
            told(refusal)
        assert time.process_time() - began < SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < KILOBYTES


def told(refusal: SverigeDidError) -> None:
    """Why it was refused can be shown in both languages: what there is to see of it, and no more than one reads."""
    assert refusal.problems
    for language in ("da", "en"):
        said = refusal.say(language)  # type: ignore[arg-type]
        assert 10 < len(said) < LONGEST
        assert not UNSEEN.search(said)
        assert said.encode("utf-8")


@pytest.mark.parametrize("door", DOORS)
def test_good_files_are_read(door: str) -> None:
    """Else every file would be refused for another reason than its damage."""
    with tempfile.TemporaryDirectory() as name:
        DOORS[door].lay(Path(name))
        DOORS[door].read(Path(name))


@pytest.mark.parametrize("door", DOORS)
@FEW
@given(st.data())
def test_a_spoilt_file_has_an_answer(door: str, data: Any) -> None:
    file, way = data.draw(st.sampled_from(good(door)[1]))
    hold(door, file, way, data.draw(st.integers(0, 10**6)))


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_many_spoilt_files_have_an_answer(door: str) -> None:
    @MANY[door in HEAVY]
    @given(st.sampled_from(good(door)[1]), st.integers(0, 10**6))
    def one(spoiled: tuple[str, str], seed: int) -> None:
        hold(door, *spoiled, seed)

    one()


# The list of readers is held against the code


READS = {
    "read_text",
    "read_bytes",
    "open",
    "fdopen",
    "read_csv",
    "read_table",
    "ParquetFile",
    "read_schema",
    "load_workbook",
    "ZipFile",
    "fromstring",
    "Parse",
    "ParserCreate",
    "loads",
    "validate_json",
    "model_validate_json",
    "fromhex",
    "open_datatree",
    "open_dataset",
    "file_digest",
    "fromfile",
    "loadtxt",
    "genfromtxt",
    "read_parquet",
    "read_excel",
    "read_json",
    "read_feather",
    "safe_load",
    "File",
    "memmap",
    "mmap",
}
"""How the content of a file is come by."""

READING = re.compile(rf"\b({'|'.join(READS)})\(")

OWN = {
    "api.datasets.herning": "a table of the package",
    "api.datasets.registers": "registers of the package",
    "bayes.compiled.verified_cache._load_data": "sealed by a hash, which its own tests damage",
    "bayes.compiled.verified_cache._load_index": "sealed by a hash, which its own tests damage",
    "bayes.compiled.verified_cache._read": "sealed by a hash, which its own tests damage",
    "bayes.sampling.store._require_room": "writes",
    "files.write_bytes": "writes",
    "sources.pseudonyms.key.new_key": "writes",
    "sources.statbank.unfinished._opened": "a folder, whose lock is asked for",
    "sources.exports.formats._read": "a file of the package",
    "sources.exports.others.l201_codes": "a file of the package",
    "sources.registers.chart.chart_text": "a file of the package",
    "sources.registers.schemas._read": "a file of the package",
    "sources.registers.codes.standard_codes": "a file of the package",
    "sources.sdq.norms.danish_parent_norms": "a file of the package",
    "synthetic.calibration.targets": "a file of the package",
    "synthetic.careers.<module>": "a file of the package",
    "synthetic.faults.spoil_delivery": "a delivery that the same command has just written",
    "tasks.new.run": "a file of the package",
    "tasks.plan_design._agrees": "a file of the package",
    "tasks.plan_design.run": "the plan that the same command has just laid out",
    "tasks.new.vacant": "compared byte by byte with what would be laid out, and understood no further",
    "words.__init__._catalogue": "a file of the package",
    "workflow.code._imports": "code of the package",
    "workflow.code.code_hash": "code of the package",
    "workflow.records._hashed": "a hash, of no content",
    "workflow.records._is_as_collected": "the sums of a release of our own; what is not as they say is made anew",
    "workflow.records._read": "Snakemake's own notes; one that cannot be read goes with what it is of",
    "workflow.resources.measured": "a table of the package",
    "workflow.running.step_at_work": "the lock, of which no content is understood",
    "workflow.running._alone": "the lock, of which no content is understood",
    "api.page.rendered": "a file of the package",
    "report.cases.render": "a file of the package",
    "report.front.page._shown": "a file of the package",
    "report.index.render_index": "a file of the package",
    "report.pages.context": "a file of the package",
    "report.planner.render_planner": "a file of the package",
}
"""Readers of what is not somebody else's, each with its reason."""

READERS = {
    "api.shown.from_json": "a result in JSON",
    "bayes.sampling.intact.require_no_more_than_there_is": "draws",
    "bayes.sampling.intact.require_sound_heaps": "draws",
    "bayes.sampling.store.open_draws": "draws",
    "files.hashes": "hashes",
    "files.altered": "hashes",
    "files._read": "results",
    "files.read_whole": "a release that is collected",
    "panel.read_panel": "a panel",
    "sources.cases.delivery.read_cases": "cases",
    "sources.exports.convert._kept": "exports",
    "sources.exports.l201_xml.read_l201": "exports",
    "sources.files.provenance.file_hash": "where files are from",
    "sources.files.read_excel._beside_cells": "registers",
    "sources.files.read_excel._workbook": "registers",
    "sources.files.read_excel._check_archive": "registers",
    "sources.files.read_parquet._looked_through": "registers",
    "sources.files.read_parquet._refuse_large": "registers",
    "sources.files.read_table._read": "registers",
    "sources.files.read_table._read_csv": "registers",
    "sources.files.read_table._parse_csv": "registers",
    "sources.files.synthetic_mark._file_is_marked": "the mark",
    "sources.files.synthetic_mark._parquet_is_marked": "the mark",
    "sources.files.synthetic_mark._workbook_is_marked": "the mark",
    "sources.files.synthetic_mark._pieces": "the mark",
    "sources.interviews.statements._only_comments": "check of published figures",
    "sources.pseudonyms.key.read_key": "key",
    "sources.statbank.cache.get": "an answer that was kept",
    "sources.statbank.client.tableinfo": "answers of StatBank",
    "sources.statbank.formats.read_jsonstat": "an answer in JSON-stat",
    "study.read.read_text": "plan of a panel",
    "tasks.collect.run": "a release that is collected",
    "tasks.compare._release": "releases",
    "tasks.power._read": "power that was kept",
    "workflow.discover._text": "plan of a panel",
    "workflow.discover._content": "plan of a panel",
}
"""Every other reader, with a door that leads to it."""


def reading(path: Path) -> set[str]:
    """The functions of a file that come by the content of a file: by a method, or by the built-in ``open``."""
    module = path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
    found = set()

    def walk(node: ast.AST, within: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = child.name if isinstance(child, ast.FunctionDef) and within == "<module>" else within
            inner = child.name if isinstance(child, ast.FunctionDef) and isinstance(node, ast.ClassDef) else inner
            if isinstance(child, ast.Call):
                called = child.func
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                if name in READS and (isinstance(called, ast.Attribute) or name == "open"):
                    found.add(f"{module}.{inner}")
            walk(child, inner)

    text = path.read_text("utf-8")
    if READING.search(text):
        walk(ast.parse(text), "<module>")
    return found


def test_every_function_that_reads_a_file_has_a_door_or_a_reason() -> None:
    found = {name for path in sorted(PACKAGE.rglob("*.py")) for name in reading(path)}
    assert found - set(READERS) - set(OWN) == set()
    assert (set(READERS) | set(OWN)) - found == set()
    assert set(READERS.values()) <= set(DOORS)


def test_a_reader_that_nobody_has_named_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("class A:\n    def b(self, path):\n        return [json.loads(path)]\n")
    monkeypatch.setitem(reading.__globals__, "PACKAGE", tmp_path)
    assert reading(tmp_path / "a.py") == {"a.b"}
