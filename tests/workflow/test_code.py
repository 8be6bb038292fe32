"""A command's hash covers the code it runs, and no other."""

from __future__ import annotations

import ast
import shutil

import pytest

from sverige_did.workflow import code
from sverige_did.workflow.code import PACKAGE, closure, code_hash


def names(module: str) -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in closure(module)}


def test_a_task_needs_what_it_imports_and_what_that_imports():
    needed = names("sverige_did.tasks.tables")
    assert {
        "tasks/tables.py",
        "studies/published/group_tables.py",
        "sources/published/enumeration.py",
        "errors.py",
    } <= needed
    assert not any(path.startswith(("bayes/", "report/")) for path in needed)


def test_the_report_needs_no_estimator():
    assert not any(
        path.startswith(("did/", "bayes/", "sources/", "checks/")) for path in names("sverige_did.tasks.report")
    )


def test_an_unknown_module_is_an_error():
    with pytest.raises(ModuleNotFoundError):
        code_hash("sverige_did.tasks.no_such_task")


def test_every_import_that_the_parser_finds_is_found():
    for path in PACKAGE.rglob("*.py"):
        wanted: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                wanted |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        assert {name for name in wanted if name.split(".")[0] == code.NAME} <= code._imports(path), path


@pytest.mark.parametrize(
    ("file", "task", "moves"),
    [
        ("did/exact.py", "estimate", True),
        ("did/exact.py", "report", False),
        ("report/templates/page.html.j2", "report", True),
        ("studies/panel/posterior/durations.py", "panel_posterior", True),
        ("studies/panel/posterior/durations.py", "report", False),
        ("words/da/report.yaml", "report", True),
        ("words/da/report.yaml", "estimate", False),
    ],
)
def test_the_hash_moves_with_the_file(tmp_path, monkeypatch, file, task, moves):
    package = tmp_path / PACKAGE.name
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "PACKAGE", package)
    _forget()
    before = code.code_hash(f"sverige_did.tasks.{task}")
    with (package / file).open("a", encoding="utf-8") as handle:
        handle.write("\n# a comment\n")
    _forget()
    assert (code.code_hash(f"sverige_did.tasks.{task}") != before) == moves


@pytest.fixture(autouse=True)
def _fresh_caches():
    yield
    _forget()


def _forget():
    for cached in (code._file_of, code._imports, code.code_hash):
        cached.cache_clear()
