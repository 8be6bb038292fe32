"""The site: built from nothing with warnings as errors, links within it alive, every public name in it and shown."""

from __future__ import annotations

import ast
import doctest
import inspect
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest

import sverige_did as sd

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "docs" / "site" / "build.py"
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))
NEEDED = ("sphinx", "myst_parser", "numpydoc", "sphinx_gallery", "furo", "moderndid", "statspai", "polars")


class Page(HTMLParser):
    """Where a page leads, and where in it one can be led to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {one for name in ("id", "name") if (one := found.get(name))}
        self.links += [one for name in ("href", "src", "data") if (one := found.get(name))]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        pytest.skip(f"the groups `docs` and `bench` are not installed: {', '.join(missing)}")
    out = tmp_path_factory.mktemp("built") / "site"
    alone = {
        "PYTHONPATH": str(ROOT),
        "no_proxy": "",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, str(BUILD), str(out)], env=os.environ | alone, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return out


@pytest.fixture(scope="session")
def read(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.mark.site
def test_every_link_within_the_site_leads_somewhere(site: Path, read: dict[Path, Page]) -> None:
    dead = []
    for path, page in read.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            anchor = unquote(parts.fragment)
            if not target.exists() or (anchor and target in read and anchor not in read[target].anchors):
                dead.append(f"{path.relative_to(site)}: {link}")
    assert dead == []


@pytest.mark.site
def test_nothing_of_a_page_is_fetched_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|img|link|iframe|object)\b[^>]*(?:src|href|data)=\"(https?:[^\"]+)", path.read_text("utf-8")
        )
        assert loaded == [], path.name
    for path in site.rglob("*.css"):
        assert re.findall(r"url\([\"']?https?:|@import [\"']https?:", path.read_text("utf-8")) == [], path.name


@pytest.mark.site
def test_every_page_of_the_documentation_and_every_public_name_is_in_it(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {path.stem for path in site.glob("*.html")} >= pages
    assert {path.stem for path in (site / "reference").glob("*.html")} == {name.strip("_") for name in sd.__all__} | {
        "index"
    }
    assert {path.stem for path in (site / "gallery").glob("*.html")} == {path.stem for path in EXAMPLES} | {"index"}


@pytest.mark.site
def test_no_page_holds_a_path_of_the_machine_that_built_it(site: Path) -> None:
    for path in [*site.rglob("*.html"), *site.rglob("*.js")]:
        assert str(ROOT) not in path.read_text("utf-8")
        assert not re.search(r"0x[0-9a-f]{8,}", path.read_text("utf-8")), path.name


def public_methods(kind: type) -> set[str]:
    return {
        name
        for name, one in vars(kind).items()
        if not name.startswith("_") and callable(inspect.unwrap(getattr(one, "__func__", one)))
    }


def asked_for() -> set[str]:
    """The attributes and arguments that the examples name."""
    trees = [ast.parse(path.read_text("utf-8")) for path in EXAMPLES]
    return {one.attr for tree in trees for one in ast.walk(tree) if isinstance(one, ast.Attribute)}


@pytest.mark.parametrize("name", sorted({"compare", "did"} | public_methods(sd.Study)))
def test_every_public_function_and_method_of_a_study_is_in_an_example(name: str) -> None:
    assert name in asked_for()


def test_every_way_to_show_a_result_and_every_data_set_is_in_an_example() -> None:
    shown = {"say", "summary", "plot", "to_frame", "to_markdown", "to_latex", "to_html", "to_json", "from_json"}
    assert shown <= public_methods(sd.Result)
    data = {
        name
        for name, one in vars(sd.datasets).items()
        if inspect.isfunction(one) and one.__module__ == sd.datasets.__name__
    }
    assert {"simulate", "herning", "registers"} <= data
    assert (shown | {name for name in data if not name.startswith("_")}) - asked_for() == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_whether_its_data_are_made_up(example: Path) -> None:
    head = (ast.get_docstring(ast.parse(example.read_text("utf-8"))) or "").lower()
    made_up = "simulate(" in example.read_text("utf-8") or "registers(" in example.read_text("utf-8")
    assert ("synthetic data" in head) if made_up else ("real data" in head)


def documented(name: str) -> object:
    return inspect.unwrap(sd._door()) if name == "did" else getattr(sd, name)


SAMPLED = {"Posterior"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in SAMPLED else name
        for name in sorted({*sd.__all__} - {"__version__"})
    ],
)
def test_each_page_of_the_reference_has_an_example_that_comes_out_as_written(name: str) -> None:
    thing = documented(name)
    finder = doctest.DocTestFinder()
    if isinstance(thing, ModuleType):
        tests = finder.find(thing, name, globs=vars(thing).copy())
    else:
        tests = finder.find(thing, name, module=import_module(thing.__module__), globs={})  # type: ignore[attr-defined]
    runner = doctest.DocTestRunner(verbose=False)
    for test in tests:
        runner.run(test)
    assert runner.tries > 0, f"no example in {name}"
    assert runner.failures == 0
