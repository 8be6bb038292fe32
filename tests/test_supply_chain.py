"""What this package is made of can be read: licences, a bill of materials, and what its own code never does."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import sverige_did

ROOT = Path(__file__).parents[1]
PACKAGE = Path(sverige_did.__file__).parent
LOCK = ROOT / "requirements.lock"

PERMISSIVE = {
    "MIT", "MIT License", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "BSD License", "0BSD", "Apache-2.0",
    "Apache Software License", "Apache-2.0 WITH LLVM-exception", "ISC License (ISCL)", "ISC", "PSF-2.0",
    "Python Software Foundation License", "Zlib", "CC0-1.0", "Unlicense",
}  # fmt: skip
OTHERS = {
    "certifi": "Mozilla Public License: asks for the source of its own files only; used as it comes, behind httpx",
    "pathspec": "Mozilla Public License: as certifi; used by hatchling and mypy, never at run time",
    "hypothesis": "Mozilla Public License: as certifi; used by tests alone",
    "codespell": "GPL: a program that is run over our texts; no part of ours, and never handed on",
    "docutils": "public domain, BSD or GPL by file; required by Snakemake and imported by nothing of ours",
}
ELSEWHERE = {"colorama", "pyreadline3"}
"""Installed on Windows alone."""


@cache
def script(name: str) -> ModuleType:
    """A script of .ci/; one may import another."""
    spec = spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec
    assert spec.loader
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sbom() -> ModuleType:
    return script("sbom")


def locked() -> list[tuple[str, str, str | None, list[str]]]:
    found: list[tuple[str, str, str | None, list[str]]] = sbom().packages(LOCK.read_text("utf-8"))
    return found


def test_every_package_of_the_lock_has_a_licence_that_permits_all_or_a_reason() -> None:
    unclear = {}
    for name, _, _, _ in locked():
        said = sbom().licence(name)
        if said is None and name in ELSEWHERE:
            continue
        parts = re.split(r" AND | OR ", said or "none")
        if not set(parts) <= PERMISSIVE and name not in OTHERS:
            unclear[name] = said
    assert not unclear
    assert set(OTHERS) <= {name for name, _, _, _ in locked()}


def test_every_package_of_the_lock_has_hashes_and_the_bill_names_them_all() -> None:
    lock = LOCK.read_text("utf-8")
    assert len(locked()) == len(re.findall(r"^[A-Za-z0-9].*==", lock, re.MULTILINE)) > 100
    assert all(hashes for _, _, _, hashes in locked())
    assert sum(len(hashes) for _, _, _, hashes in locked()) == lock.count("--hash=sha256:")


def test_the_bill_of_materials_is_made_by_one_command_and_twice_the_same(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        line = [sys.executable, str(ROOT / ".ci" / "sbom.py"), str(LOCK), str(tmp_path / name)]
        subprocess.run(line, check=True, capture_output=True)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    bill = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    assert {(one["name"], one["version"]) for one in bill["components"]} == {
        (name, pin) for name, pin, _, _ in locked()
    }
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(set(references)) == len(references)
    assert bill["dependencies"][0]["dependsOn"] == references


@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_the_lock_serves_every_python_that_is_said_to_do(python: str) -> None:
    """Used with 3.13; where that cannot be fetched, `make all` takes another that the project admits."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert SpecifierSet(project["requires-python"]).contains(f"{python}.0")
    names = {name for name, _, _, _ in locked()}
    wrong = []
    environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    for name in sorted(names - ELSEWHERE):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        if not SpecifierSet(found.metadata.get("Requires-Python") or "").contains(f"{python}.0"):
            wrong.append(f"{name}: {found.metadata.get('Requires-Python')}")
        for line in found.requires or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate(environment):
                needed = re.sub(r"[-_.]+", "-", wanted.name).lower()
                wrong += [f"{name} needs {needed}"] if needed not in names else []
    assert not wrong


def test_the_source_is_that_of_the_oldest_python_that_is_said_to_do() -> None:
    """Syntax that is newer is refused where it is read; a module or name that is newer, by ruff and mypy for 3.12."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["project"]["requires-python"] == ">=3.12"
    assert settings["tool"]["ruff"]["target-version"] == "py312"
    assert settings["tool"]["mypy"]["python_version"] == "3.12"
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert makefile.count("pip compile") == makefile.count("--universal --python-version 3.12") == 3
    files = [*PACKAGE.rglob("*.py"), *(ROOT / ".ci").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
    assert len(files) > 300
    for path in files:
        ast.parse(path.read_text("utf-8"), path.name, feature_version=(3, 12))


ADVISED = {"jinja2": ["GHSA-aaaa"], "numpy": ["GHSA-cccc", "PYSEC-2"]}
"""What the database is made to know; the second of numpy's on a page of its own."""


def osv(request: httpx.Request) -> httpx.Response:
    """The database as its documentation has it: one answer a query, in their order."""
    results: list[dict[str, object]] = []
    for query in json.loads(request.content)["queries"]:
        assert set(query) <= {"package", "version", "page_token"}
        assert query["package"]["ecosystem"] == "PyPI"
        ids = ADVISED.get(query["package"]["name"], [])
        page = int(query.get("page_token", 0))
        more = {"next_page_token": str(page + 1)} if page + 1 < len(ids) else {}
        results.append({"vulns": [{"id": ids[page], "modified": "2026-01-01"}]} | more if ids else {})
    return httpx.Response(200, json={"results": results})


def advisories() -> ModuleType:
    sbom()  # which it imports from beside it
    return script("advisories")


def ask(answer: Callable[[httpx.Request], httpx.Response]) -> int:
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        found: int = advisories().main([LOCK], client)
    return found


def test_advisories_are_told_by_package_and_end_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advisories(), "MOST", 50)  # several questions
    assert ask(osv) == 1
    said = capsys.readouterr().out
    pinned = {name: version for name, version, _, _ in locked()}
    for name, ids in ADVISED.items():
        for one in ids:
            assert f"{name} {pinned[name]}: https://osv.dev/vulnerability/{one}\n" in said
    assert said.endswith(f"requirements.lock with a known advisory: 2 of {len(pinned)}.\n")


def test_no_advisory_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(lambda request: httpx.Response(200, json={"results": [{}] * len(locked())})) == 0
    assert f"known advisory: none of {len(locked())}." in capsys.readouterr().out


def _offline(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


@pytest.mark.parametrize(
    "answer",
    [_offline, lambda _: httpx.Response(503), lambda _: httpx.Response(200, text="<html>"),
     lambda _: httpx.Response(200, json=[]), lambda _: httpx.Response(200, json={"results": [{}]}),
     lambda _: httpx.Response(200, json={"results": [{"vulns": [{}]}] * len(locked())}),
     lambda _: httpx.Response(200, json={"results": [None] * len(locked())})],
    ids=["offline", "down", "a page", "a list", "one answer", "no name", "nothing"],
)  # fmt: skip
def test_a_database_that_cannot_be_asked_is_no_all_clear(
    answer: Callable[[httpx.Request], httpx.Response], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(answer) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "nothing is known" in said.err
    assert "make advisories" in said.err


NEVER_IMPORTED = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "code", "codeop",
    "runpy", "ctypes", "socket", "socketserver", "ssl", "asyncio", "select", "urllib.request", "http.client",
    "http.server", "urllib3", "requests", "aiohttp", "websockets", "ftplib", "smtplib", "imaplib", "poplib",
    "telnetlib", "xmlrpc", "webbrowser", "pty", "commands", "xml.dom.minidom", "xml.sax", "lxml", "pandas.eval",
    "jinja2.from_string",
}  # fmt: skip
NEVER_CALLED = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "os.fork",
    "yaml.unsafe_load",
    "yaml.full_load",
    "yaml.load_all",
    "yaml.unsafe_load_all",
    "yaml.full_load_all",
}
NEVER_METHODS = {
    "read_pickle", "to_pickle", "read_clipboard", "read_html", "read_sql", "read_hdf", "HDFStore", "from_string",
    "eval", "query", "popen", "startfile", "spawnl", "spawnv", "execv", "execve", "execvp", "execl",
    "posix_spawn", "create_subprocess_shell", "urlopen", "urlretrieve", "create_connection", "UnsafeLoader",
    "FullLoader", "unsafe_load", "ServerProxy",
}  # fmt: skip
"""By their last name alone, whatever they are called on: of pandas, numpy, os, yaml, jinja2 and their like."""

SAFE = {"yaml.CSafeLoader", "yaml.SafeLoader", "_Loader"}
NEVER_SAID = {"shell": "shell=True", "allow_pickle": "allow_pickle=True", "autoescape": "autoescape=False"}
"""Arguments with the value that they may not have."""

LOOKED_FOR = {
    "httpx",
    "subprocess",
    "formulaic",
    "importlib.import_module",
    "concurrent.futures",
    "multiprocessing",
    "xml.etree",
}
"""Imported by few, each for a reason."""

ALLOWED = {
    ("bayes/compiled/verified_cache.py", "pickle"): "numba keeps machine code so; each file is sealed by a hash first",
    ("sources/statbank/client.py", "httpx"): "the one command that asks the network",
    ("workflow/running.py", "subprocess"): "starts Snakemake with arguments of our own",
    ("api/covariates.py", "formulaic"): "a formula is code of the caller's, in his own notebook; no plan holds one",
    ("cli.py", "importlib.import_module"): "loads a step by its name, which stands in a table of that file",
    ("__init__.py", "importlib.import_module"): "loads a part of the package by a name of that file",
    ("studies/panel/posterior/models.py", "importlib.import_module"): "loads a model by its name in a table there",
    ("cli.py", "concurrent.futures"): "the error of a process of our own that was killed, to be told in words",
    ("tasks/power.py", "concurrent.futures"): "processes of our own, that talk to each other alone",
    ("sources/files/read_excel.py", "xml.etree"): "parts of a workbook in which a document type was refused before",
}


def names(node: ast.AST) -> str:
    """``a.b.c`` of such an expression."""
    if isinstance(node, ast.Attribute):
        return f"{names(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def found_in(path: Path) -> Iterator[str]:
    """What a file imports or calls that no file may, or few."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    whole = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
    said = [*whole, *(".".join([*whole, one.name]) for one in node.names)]
    looked = NEVER_IMPORTED | LOOKED_FOR
    parts = {".".join(one.split(".")[:depth]) for one in said for depth in range(1, one.count(".") + 2)}
    yield from sorted(parts & looked)
    yield from (one.name for one in node.names if one.name in NEVER_METHODS)


def _called(node: ast.Call) -> Iterator[str]:
    called = names(node.func)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if called in NEVER_CALLED or last in NEVER_METHODS:
        yield called.removeprefix(".")
    elif called == "yaml.load":
        loader = [names(keyword.value) for keyword in node.keywords if keyword.arg == "Loader"]
        yield from () if set(loader) and set(loader) <= SAFE else ("yaml.load",)
    elif called in {"np.load", "numpy.load"}:
        yield called
    for keyword in node.keywords:
        if keyword.arg in NEVER_SAID:
            said = f"{keyword.arg}={getattr(keyword.value, 'value', '?')}"
            never = NEVER_SAID[keyword.arg]
            yield from () if said not in {never, f"{keyword.arg}=?"} else (never,)


def test_no_file_unpickles_evaluates_builds_objects_from_yaml_or_asks_the_network() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 300
    found = {(path.relative_to(PACKAGE).as_posix(), what) for path in files for what in found_in(path)}
    assert found - set(ALLOWED) == set()
    assert set(ALLOWED) - found == set()


def test_no_template_switches_escaping_off() -> None:
    """But for the hash of the page's own script, in the policy that allows that script alone."""
    templates = sorted(PACKAGE.rglob("*.j2"))
    assert len(templates) > 5
    found = {
        (path.name, one) for path in templates for one in re.findall(r"\|\s*safe|autoescape", path.read_text("utf-8"))
    }
    assert found == {("layout.html.j2", "| safe")}


@pytest.mark.parametrize(
    ("source", "what"),
    [("import pickle", "pickle"), ("from urllib import request", "urllib.request"), ("eval('1')", "eval"),
     ("import urllib.request as r", "urllib.request"), ("from socket import create_connection as c", "socket"),
     ("import xml.dom.minidom", "xml.dom.minidom"), ("from pickle import loads as l", "pickle"),
     ("import yaml\nyaml.load(x, Loader=yaml.Loader)", "yaml.load"), ("yaml.load(x)", "yaml.load"),
     ("import pandas as pd\npd.read_pickle(x)", "pd.read_pickle"), ("f(x, shell=True)", "shell=True"),
     ("from pandas import read_pickle as r", "read_pickle"), ("f().read_pickle(x)", "read_pickle"),
     ("np.load(x)", "np.load"), ("f(x, allow_pickle=True)", "allow_pickle=True"), ("frame.query(x)", "frame.query"),
     ("Environment().from_string(x)", "from_string"), ("Environment(autoescape=False)", "autoescape=False"),
     ("f(shell=x)", "shell=True"), ("import asyncio", "asyncio")],
)  # fmt: skip
def test_the_test_finds_what_it_looks_for(source: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(source)
    assert what in set(found_in(tmp_path / "a.py"))
