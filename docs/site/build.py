"""Build the site: what lies in docs/, the reference from docstrings and the examples, run anew.

    python docs/site/build.py FOLDER

It is made in a copy, so that nothing generated lies beside what is written by hand; warnings are errors, and no
network is used. The examples take data that the peers of the group `bench` ship: without them it stops and says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import reference

DOCS = Path(__file__).parents[1]
PEERS = ("moderndid", "statspai", "polars")


def build(out: Path) -> int:
    """Write the site to ``out``, which is replaced; the status of Sphinx."""
    if lacking := [name for name in PEERS if find_spec(name) is None]:
        print(
            f"The examples need {', '.join(lacking)} of the dependency group `bench`: `make docs` installs it.",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory() as folder:
        source, site = Path(folder, "docs"), Path(folder, "site")
        shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("__pycache__"))
        reference.write(source / "reference")
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-n",
            "-W",
            "--keep-going",
            "-q",
            "-b",
            "html",
            "-c",
            str(source / "site"),
        ]
        alone = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "SOURCE_DATE_EPOCH": "0"}
        done = subprocess.run([*command, str(source), str(site)], env=os.environ | alone, check=False)
        if not done.returncode:
            shutil.rmtree(site / ".doctrees", ignore_errors=True)
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(site, out)
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(build(Path(sys.argv[1])))
