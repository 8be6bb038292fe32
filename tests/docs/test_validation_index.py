"""The list of what every number is held to: nothing that a result can name is missing, and every test is there."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from pathlib import Path
from typing import get_args

import pytest
import validation_page as page

import sverige_did as sd
from sverige_did import words
from sverige_did.api.posterior import Likelihood
from sverige_did.studies.panel.posterior.models import MODELS

ROOT = Path(__file__).parents[2]
INDEX = page.index()


def worded(group: str) -> set[str]:
    prefix = f"labels.{group}."
    return {key.removeprefix(prefix) for key in words.catalogue("en") if key.startswith(prefix)}


def listed(group: str) -> set[str]:
    return {held.name for held in INDEX if held.group == group}


@pytest.mark.parametrize("group", ["estimator", "inference", "check"])
def test_everything_that_a_result_can_name_is_listed_and_nothing_else(group: str) -> None:
    assert listed(group) == worded(group)


def test_every_model_and_likelihood_is_listed() -> None:
    assert listed("model") == {*MODELS, *get_args(Likelihood)}


def test_every_number_of_a_study_of_a_data_frame_is_listed() -> None:
    methods = {name for name, one in vars(sd.Study).items() if not name.startswith("_") and inspect.isfunction(one)}
    assert listed("door") == methods - {"report"}


@pytest.mark.parametrize("held", INDEX, ids=lambda held: f"{held.group}.{held.name}-{held.function[:40]}")
def test_a_row_names_a_kind_a_reference_and_a_test_that_is_there_and_asserts_something(held: page.Held) -> None:
    assert held.kind in page.KINDS
    assert held.reference.strip()
    assert held.path.is_file(), held.test
    assert page.tolerances(held), held.test
    if held.kind == "peer":
        assert page.peer(held) in page.versions()
    if held.kind == "simulation" and held.path.name.endswith("_recorded.py"):
        assert "recorded" in held.path.read_text("utf-8")


@pytest.mark.parametrize(
    "held", [one for one in INDEX if one.kind == "peer"], ids=lambda held: f"{held.name}-{page.peer(held)}"
)
def test_the_test_of_a_peer_uses_that_package(held: page.Held) -> None:
    package = page.peer(held).replace("-", "_")
    source = held.path.read_text("utf-8")
    assert re.search(rf"\b{package}\b", source), held.test


def test_nobody_holds_to_one_reference_twice() -> None:
    seen = defaultdict(list)
    for held in INDEX:
        seen[held.group, held.name, held.test].append(held)
    assert [key for key, rows in seen.items() if len(rows) > 1] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("assert a == approx(b, abs=0.5)", ("abs 0.5",)),
        ("assert a == pytest.approx(b)", ("rel 1e-6",)),
        ("np.testing.assert_allclose(a, b, rtol=1e-3, atol=WITHIN)", ("rtol 0.001", "atol 0.25")),
        ("assert a == approx(b, abs=4 * error)", ("abs 4 * error",)),
        ("assert round(a, 4) == b", ("rounded to 4 decimals",)),
        ("assert (a < b).all()", ("a limit",)),
        ("assert a == b", ("equal",)),
        ("print(a)", ()),
    ],
)
def test_a_tolerance_is_read_off_the_test(
    body: str, said: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_it.py").write_text(f"WITHIN = 0.25\ndef test_it():\n    {body}\n", "utf-8")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    assert page.tolerances(page.Held("door", "it", "peer", "scipy", "test_it.py::test_it")) == said


def test_a_test_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        page.tolerances(page.Held("door", "it", "peer", "scipy", "tests/docs/test_docs.py::test_that_nobody_wrote"))


def test_the_names_of_constants_are_told_by_their_value_where_the_file_has_one() -> None:
    for held in INDEX:
        for one in page.tolerances(held):
            assert not re.fullmatch(r"(abs|rel|atol|rtol) [A-Z_]+", one), (held.test, one)
