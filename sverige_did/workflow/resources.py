"""What a job asks a cluster for: memory and time by the size of its input, above all that was ever measured.

``measured.csv`` beside this file holds what was measured (`python benchmarks/measured.py FOLDER ...` writes it): one
row a job, with the size of its input, the most memory that it held and how long it took on one core.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

MEASURED = Path(__file__).with_name("measured.csv")

WEIGHTS: Mapping[str, float] = {".csv": 0.2, ".xlsx": 0.5}
"""A megabyte of these holds so much of the rows of one of Parquet."""

SMALL = 1.0
"""Inputs of up to so many megabytes are small: there a job takes what its imports take, whatever its input."""

MEMORY_MARGIN, TIME_MARGIN = 1.5, 4.0
"""What is asked for over what was measured: other nodes are slower, and a study can be harder than ours of its size."""

OWN_MB, STEP_MB = 200, 100
"""Memory of the Snakemake that a cluster starts around each job; and what is asked for is rounded up to."""

LEAST_MINUTES = 10

type Asked = Callable[..., int]
"""Called by Snakemake with ``input`` and ``attempt``."""


class Measured(NamedTuple):
    """One job: megabytes of its input, the most memory that it held, and how long it took."""

    input_mb: float
    peak_mb: float
    seconds: float


UNMEASURED = (Measured(1.0, 1200.0, 450.0),)
"""Taken for a rule that is too new to be in the table; a test asks for its row."""


def asks(rule: str) -> dict[str, Asked]:
    """The resources of a rule: ``mem_mb``, and ``runtime`` in minutes; each attempt after the first asks for more.

    On one machine nobody counts them, and no job is refused for want of them.
    """

    # Snakemake looks at the names of the arguments.
    def mem_mb(wildcards: object, input: Iterable[str], attempt: int) -> int:  # noqa: A002, ARG001
        return memory(rule, size_of(input), attempt)

    def runtime(wildcards: object, input: Iterable[str], attempt: int) -> int:  # noqa: A002, ARG001
        return minutes(rule, size_of(input), attempt)

    return {"mem_mb": mem_mb, "runtime": runtime}


def size_of(files: Iterable[str]) -> float:
    """The size of an input in megabytes of Parquet."""
    weighed = (Path(file).stat().st_size * WEIGHTS.get(Path(file).suffix.lower(), 1.0) for file in files)
    return sum(weighed) / 2**20


def memory(rule: str, input_mb: float, attempt: int = 1) -> int:
    """Megabytes to ask for."""
    most = _line([(one.input_mb, one.peak_mb) for one in measured().get(rule, UNMEASURED)], input_mb)
    return math.ceil((MEMORY_MARGIN * most * attempt + OWN_MB) / STEP_MB) * STEP_MB


def minutes(rule: str, input_mb: float, attempt: int = 1) -> int:
    """Minutes to ask for."""
    longest = _line([(one.input_mb, one.seconds) for one in measured().get(rule, UNMEASURED)], input_mb)
    return max(math.ceil(TIME_MARGIN * longest / 60), LEAST_MINUTES) * attempt


@cache
def measured() -> Mapping[str, tuple[Measured, ...]]:
    """What was measured of every rule; the models of a posterior are jobs of one rule."""
    found: dict[str, list[Measured]] = {}
    with MEASURED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            one = Measured(float(row["input_mb"]), float(row["peak_mb"]), float(row["seconds"]))
            found.setdefault(row["stage"].split(".")[0], []).append(one)
    return {rule: tuple(rows) for rule, rows in found.items()}


def _line(points: list[tuple[float, float]], at: float) -> float:
    """What the largest of the small inputs took, and from there a line above every larger one that was measured."""
    start = max((y for x, y in points if x <= SMALL), default=0.0)
    return start + at * max(0.0, *((y - start) / x for x, y in points))
