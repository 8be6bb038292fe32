"""The real workflow as a user starts it, in a folder of its own; and what it made, to compare two runs by."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]

OF_THE_RUN = {"logs", "benchmarks"}
"""Folders that tell of the run and not of the results."""


def snakemake(
    folder: Path, *more: str, language: str = "en", environment: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    # The commands run in the folder of the study: the path makes them the code beside these tests, not another copy.
    own = os.environ | {"SVERIGE_DID_LANG": language, "COLUMNS": "200", "PYTHONPATH": str(ROOT)} | environment
    return subprocess.run([*command, *more], capture_output=True, text=True, env=own, check=False)


def made(place: Path) -> dict[str, str]:
    """The hash of every file that a run made, hidden ones among them."""
    return {
        path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for room in ("results", "release", "reports")
        for path in sorted((place / room).rglob("*"))
        if path.is_file() and not OF_THE_RUN & set(path.relative_to(place).parts)
    }


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """The files that are not in both, or not the same."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
