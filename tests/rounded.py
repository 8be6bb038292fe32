"""Every number of what leaves, and whether it has more digits than the rule that rounds it gives it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

USUAL = 4
"""Significant digits at most: multiples of a step, three figures, four of a sampler's convergence."""

RULES = {
    r"study\..*": 17,  # the plan, as it was written
    r"(levels|windows)\.(level|low|high)": 6,  # a rounded number divided by what is public
    r".*\.x": 6,  # dates, and grids that are assumed
    r"methods_tables\.edges": 6,  # equally far apart, up to a rounded end
    r"checks\.curves\.(y|lower|upper)": 6,  # of a straight line between two rounded ends
    r"targets\.value": 17,  # of the plan
}
"""More digits where a rule says so, by the path in the file."""


def unrounded(text: str) -> dict[str, float]:
    """The paths of a release (or of a table of estimates) with the number of most digits, where these are too many."""
    found: dict[str, float] = {}
    for path, value in _numbers(json.loads(text)):
        most = next((digits for rule, digits in RULES.items() if re.fullmatch(rule, path)), USUAL)
        if _digits(value) > max(most, _digits(found.get(path, 0.0))):
            found[path] = value
    return found


def unrounded_in_table(text: str) -> dict[str, float]:
    """The same of a csv, by column."""
    every = [(name, value) for row in csv.DictReader(io.StringIO(text)) for name, value in row.items()]
    numbers = [(name, float(value)) for name, value in every if re.fullmatch(r"-?\d+\.\d*(e-?\d+)?", value or "")]
    return {name: value for name, value in numbers if _digits(value) > USUAL}


def _numbers(tree: Any, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _numbers(value, f"{path}.{name}" if path else name)
    elif isinstance(tree, list):
        for value in tree:
            yield from _numbers(value, path)
    elif isinstance(tree, float):
        yield path, tree


def _digits(value: float) -> int:
    return len(repr(value).lower().partition("e")[0].replace(".", "").lstrip("-0").rstrip("0"))
