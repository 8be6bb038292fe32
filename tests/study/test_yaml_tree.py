"""Whatever a plan is written like, the answer is bounded and in words: the file, the row, what to do."""

from __future__ import annotations

import copy
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sverige_did.errors import InputError
from sverige_did.sources.files.plan_files import parse_plan
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.study.read import read_plan, read_text
from sverige_did.study.study import KINDS
from sverige_did.study.yaml_tree import MAX_TEXT, tree_of

ANALYSES = Path(__file__).parents[2] / "analyses"
PLANS = {path.parent.name: path.read_text("utf-8") for path in sorted(ANALYSES.glob("*/study.yaml"))}


def tenfold(levels: int) -> str:
    """Names that each stand for ten of the one before."""
    lines = ["a0: &a0 [" + ", ".join("x" * 10) + "]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, levels)]
    return "\n".join(lines)


HOSTILE = {
    "lists within lists": ("a: " + "[" * 100_000, "yaml_deep", 1),
    "lists within lists that are closed": ("a: " + "[" * 3000 + "]" * 3000, "yaml_deep", 1),
    "blocks within blocks": ("\n".join(" " * at + "a:" for at in range(900)), "yaml_deep", 40),
    "names that stand for ten others": (tenfold(12), "yaml_large", 5),
    "a list that holds itself": ("a: &a [*a]", "yaml_large", 1),
    "a block that holds itself": ("&a\nstudy: *a", "yaml_large", 2),
    "a list as the name of a field": ("x: 1\n? [a]\n: b", "yaml_key", 2),
    "a block as the name of a field": ("? {a: b}\n: c", "yaml_key", 1),
    "five thousand digits": ("a: 1\nb: " + "9" * 5000, "yaml_number", 2),
    "five thousand digits of another base": ("a: 0x" + "f" * 5000, "yaml_number", 1),
    "minutes of minutes": ("a: " + ":".join(["59"] * 3000), "yaml_number", 1),
    "a number without digits": ("a: 0x_", "yaml_number", 1),
    "an object of Python": ("a: !!python/object/apply:os.system [echo]", "yaml_tag", 1),
    "a type of its own": ("a: !mine b", "yaml_tag", 1),
    "a time that is none": ("a: !!timestamp 2014-13-45", "yaml_tag", 1),
    "a key that stands twice": ("a: 1\na: 2", "plan_twice", 2),
    "a text that turns round": ("a: 1\nb: \u202eabc", "text_unseen", 2),
    "a text that commands a terminal": ('a: "\\e[31mred"', "text_unseen", 1),
    "a text with nothing in it": ('a: "b\\0"', "text_unseen", 1),
    "half a sign": ('a: "\\ud800"', None, 1),
    "more than anybody writes": ("#" * (MAX_TEXT + 1), "text_too_large", None),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_the_row_is_named_and_nothing_is_built(name: str) -> None:
    text, key, row = HOSTILE[name]
    began = time.monotonic()
    with pytest.raises(InputError) as error:
        tree_of(text, "study.yaml")
    (problem,) = error.value.problems
    assert problem.key == key or (key is None and problem.key in {"not_yaml", "text_unseen"})
    assert problem.row == row or key is None
    assert len(problem.say("da")) < 1000
    assert time.monotonic() - began < 3


def test_aliases_of_a_plan_are_read_and_dates_stay_text() -> None:
    assert tree_of("a: &a {b: [1, 2.5, ja]}\nc: *a\nd: 2014-01-02\ne: !!str 3", "f") == {
        "a": {"b": [1, 2.5, "ja"]}, "c": {"b": [1, 2.5, "ja"]}, "d": "2014-01-02", "e": "3",
    }  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_the_plans_of_this_repository_mean_what_they_did(name: str) -> None:
    plain = yaml.load(PLANS[name], Loader=yaml.BaseLoader)
    assert written(tree_of(PLANS[name], name)) == written(plain)


def written(tree: Any) -> Any:
    """Every value as text, as it could stand in the file."""
    if isinstance(tree, dict):
        return {key: written(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [written(value) for value in tree]
    try:
        return str(tree).casefold() if isinstance(tree, bool) else f"{float(tree):g}"
    except (TypeError, ValueError):
        return {"none": "null", "~": "null", "": "null"}.get(str(tree).casefold(), str(tree).casefold())


def test_a_mapping_of_codes_with_a_key_twice_is_refused_and_not_half_read() -> None:
    with pytest.raises(InputError) as error:
        parse_plan(MeasureCodes, "rungs: []\nrungs: []\n", "codes.yaml")
    assert [problem.key for problem in error.value.problems] == ["plan_twice"]


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return (
        [path]
        if not isinstance(tree, dict | list)
        else [one for key, sub in pairs for one in leaves(sub, (*path, key))]
    )


ODD: list[Any] = [
    float("inf"), float("-inf"), float("nan"), 1e308, -1e308, 10**30, -1,
    0, True, None, "", " ", "../..", "..", "/etc/passwd",
    "a\\b", "{0}", "{x.__class__}", "%s", "<script>alert(1)</script>", "=1+1",
    "9" * 5000, "x" * 100_000, [], {}, [[]], {"a": 1},
    "2014-02-30", "0000-01-01", "9999-12-31", "9999H2", "0000H1", "Ωæ\u0301", "\u200b",
    "'", '"', "a\nb", "[bold]x[/bold]",
]  # fmt: skip
TREES = {name: tree_of(text, name) for name, text in PLANS.items()}
PLACES = [(name, path) for name, tree in TREES.items() for path in leaves(tree)]


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_any_value_in_any_place_of_a_plan_is_taken_or_refused_in_words(place: tuple[str, Any], value: Any) -> None:
    hold(place, value)


@pytest.mark.slow
@settings(max_examples=4000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_any_value_in_any_place_of_a_plan_many_times(place: tuple[str, Any], value: Any) -> None:
    hold(place, value)


def hold(place: tuple[str, Any], value: Any) -> None:
    """Put the value there, and read the plan as a file; what is taken can be hashed."""
    name, path = place
    tree = copy.deepcopy(TREES[name])
    at = tree
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.yaml"
        file.write_text(yaml.safe_dump(tree, allow_unicode=True), "utf-8")
        try:
            said = read_plan(file).sha256
        except InputError as refusal:
            said = max((problem.say("da") for problem in refusal.problems), key=len)
    assert 10 < len(said) < 8000


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet=st.sampled_from(list("ab:-?!&*[]{}#|>'\"%@`,\n \t0123xe._<~")), max_size=60))
def test_signs_that_yaml_is_made_of_in_any_order(text: str) -> None:
    try:
        said = repr(tree_of(text, "study.yaml"))
    except InputError as refusal:
        said = refusal.say("en")
    assert said


@pytest.mark.parametrize("name", ["..", "../..", "a/b", "a\\b", ".hidden", "/etc/passwd", "x" * 200, "a\u202eb", ""])
def test_a_name_of_a_file_in_a_plan_is_never_a_path(name: str) -> None:
    tree = copy.deepcopy(TREES["example"])
    tree["registers"]["measure_codes"] = name
    with pytest.raises(ValueError, match=r"measure_codes"):
        KINDS["panel"].model_validate(tree)


def test_a_text_file_of_any_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "study.yaml").open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: nothing is written
    with pytest.raises(InputError) as error:
        read_text(tmp_path / "study.yaml")
    assert [problem.key for problem in error.value.problems] == ["text_too_large"]
