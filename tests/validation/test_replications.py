"""The page of replications is what is computed; every printed number comes out as near as it should."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "replications.md"
DRAWN = {"schools"}


@pytest.fixture(scope="module")
def write() -> Iterator[ModuleType]:
    folder = str(ROOT / "analyses" / "replications")
    sys.path.insert(0, folder)
    yield importlib.import_module("write")
    sys.path.remove(folder)
    for name in ("write", "replicate"):
        del sys.modules[name]


def test_every_number_that_needs_no_sampling_is_on_the_page_as_it_is_computed(write: ModuleType) -> None:
    sets = [one for one in write.published() if one["key"] not in DRAWN]
    if lacking := write.missing([name for one in sets for name in one["needs"]]):
        pytest.skip(f"the dependency group `bench` is not installed: {', '.join(lacking)}")
    text, wrong = write.page({one["key"] for one in sets})
    assert wrong == []
    page = PAGE.read_text("utf-8")
    assert page.startswith(write.HEAD + text)
    assert page.endswith(write.TAIL)


@pytest.mark.slow
def test_what_is_drawn_lies_as_near_as_it_should(write: ModuleType) -> None:
    assert write.page(DRAWN)[1] == []


def test_no_number_is_further_off_than_its_reason_allows_and_none_is_without_one(write: ModuleType) -> None:
    for one in write.published():
        assert one["key"] in write.REPLICATIONS
        for name, number in one["numbers"].items():
            assert isinstance(number, str) or (number["within"] > 0 and number["why"]), name
            assert f"| {name} |" in PAGE.read_text("utf-8"), name


def test_a_number_that_is_off_is_told_and_stops_the_rule(write: ModuleType) -> None:
    near, off = (write.Line("effect", "-0.10", ours, 0.02, "because") for ours in (-0.112, -0.13))
    assert (near.right, near.same, off.right) == (True, False, False)
    assert near.row() == "| effect | −0.10 | −0.11 | differs by 0.01: because |"
    assert write.Line("effect", "-0.10", -0.1049, None, "").row().endswith("| all |")


def test_without_the_peers_the_page_says_what_is_missing(write: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "missing", lambda needs: ["moderndid"] if "moderndid" in needs else [])
    text, wrong = write.page({"employment"})
    assert wrong == []
    assert "Not computed: moderndid is not installed (dependency group `bench`)." in text
    assert not re.search(r"^\| ", text, re.M)


def test_the_rule_is_there_and_nobody_is_made_to_run_it() -> None:
    rules = (ROOT / "Snakefile").read_text("utf-8")
    assert "rule replications:" in rules
    assert "replications" not in (ROOT / "sverige_did" / "workflow" / "Snakefile").read_text("utf-8")
