"""YAML as people write plans in: nesting, numbers, tags, keys and size are bounded before anything is built of it.

A parser that is handed the text as it is can be made to run out of stack, memory or time by a few lines: lists within
lists, a name that stands for ten others, a number of thousands of digits. What builds objects is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from sverige_did.errors import UNSEEN, InputError, Problem

MAX_TEXT = 2_000_000
"""Characters; the longest plan known has a fiftieth of it."""

MAX_DEPTH = 40
MAX_VALUES = 100_000
"""Values of a plan with every alias written out."""

LONGEST_NUMBER = 40
"""Digits of a number that is no text; a float holds seventeen."""

_TEXT_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})
_NUMBER = re.compile(r"[-+]?[0-9._:]+|[-+]?0[bx][0-9a-fA-F_]*")
_NO_DIGIT = re.compile(r"[-+]?0[bx]_*")


class _StandsTwiceError(yaml.MarkedYAMLError):
    """A key stands twice in the same block."""


class _Loader(yaml.CSafeLoader):
    """YAML without guesses: dates stay text for the plan to check, and a key that stands twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise _StandsTwiceError(problem=key.value, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def tree_of(text: str, file: str) -> Any:
    """What the text says: mappings, lists, texts, numbers, truth values and nothing else.

    Raises InputError that names the file and the row: no YAML, a key that stands twice, and whatever is deeper, longer
    or of another kind than a plan has.
    """
    if len(text) > MAX_TEXT:
        found, limit = f"{len(text) / 1e6:.1f} MB", f"≤ {MAX_TEXT / 1e6:.0f} MB"
        raise InputError(Problem("text_too_large", file=file, found=found, expected=limit))
    try:
        for key, at, odd in _odd(text):
            raise InputError(Problem(key, file=file, row=at, found=odd))
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the loader that builds no objects
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else None
        if isinstance(error, _StandsTwiceError):
            raise InputError(Problem("plan_twice", file=file, row=row, column=error.problem)) from error
        raise InputError(Problem("not_yaml", file=file, row=row)) from error


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not yet at its end: its anchor, how many children it had, and all that it holds."""

    is_mapping: bool
    anchor: str | None
    children: int = 0
    values: int = 1


def _odd(text: str) -> Iterator[tuple[str, int, str | None]]:
    """What no plan has: the key of a problem, the row, and what was found."""
    held: dict[str, int] = {}
    stack: list[_Open] = [_Open(is_mapping=False, anchor=None)]
    event: Any
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        row = event.start_mark.line + 1
        if isinstance(event, yaml.NodeEvent):
            yield from _odd_node(event, stack[-1], row)
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = stack.pop()
            stack[-1].values += done.values
            held |= {done.anchor: done.values} if done.anchor else {}
        elif isinstance(event, yaml.AliasEvent):
            holds_itself = event.anchor in {one.anchor for one in stack}
            stack[-1].values += MAX_VALUES if holds_itself else held.get(str(event.anchor), 1)
        elif isinstance(event, yaml.ScalarEvent):
            stack[-1].values += 1
            yield from _odd_scalar(event, row)
        if len(stack) > MAX_DEPTH:
            yield "yaml_deep", row, None
        if stack[-1].values > MAX_VALUES:
            yield "yaml_large", row, None


def _odd_node(event: Any, parent: _Open, row: int) -> Iterator[tuple[str, int, str | None]]:
    """A field named by more than a text, and a value with a type of its own; the node is counted as a child."""
    is_key = parent.is_mapping and parent.children % 2 == 0
    parent.children += 1
    if is_key and not isinstance(event, yaml.ScalarEvent):
        yield "yaml_key", row, None
    if (tag := getattr(event, "tag", None)) not in _TEXT_TAGS:
        yield "yaml_tag", row, tag


def _odd_scalar(event: Any, row: int) -> Iterator[tuple[str, int, str | None]]:
    value = event.value
    if UNSEEN.search(value):
        yield "text_unseen", row, None
    if event.implicit[0] and (_NO_DIGIT.fullmatch(value) or (len(value) > LONGEST_NUMBER and _NUMBER.fullmatch(value))):
        yield "yaml_number", row, value
