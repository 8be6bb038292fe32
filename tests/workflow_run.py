"""The real workflow as a user starts it, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def snakemake(folder: Path, *more: str, language: str = "en") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    # The commands run in the folder of the study: the path makes them the code beside these tests, not another copy.
    environment = os.environ | {"SVERIGE_DID_LANG": language, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    return subprocess.run([*command, *more], capture_output=True, text=True, env=environment, check=False)
