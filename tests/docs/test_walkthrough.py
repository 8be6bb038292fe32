"""The walk-through runs as it stands, prints what it shows, and draws the figures that lie beside it.

    python tests/docs/test_walkthrough.py

writes the outputs and figures anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "walkthrough.md"
STEP = re.compile(r"^```python\n(?P<code>.*?)^```\n(?P<between>\s*)(?:^```text\n(?P<shown>.*?)^```\n)?", re.M | re.S)
MOST_LINES = 40


def run_page(text: str) -> str:
    """The page with the outputs that its own code prints, run from top to bottom in one namespace."""
    names: dict[str, object] = {}

    def step(found: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(found["code"], PAGE.name, "exec"), names)
        shown = f"```text\n{printed.getvalue()}```\n" if printed.getvalue() else ""
        return f"```python\n{found['code']}```\n{found['between']}{shown}"

    with mpl.rc_context({"backend": "agg", "svg.hashsalt": "walkthrough", "figure.figsize": (8, 4)}):
        return STEP.sub(step, text)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("walkthrough")
    (folder / "docs").mkdir()
    for name in ("analyses", "data"):
        (folder / name).symlink_to(ROOT / name)
    with contextlib.chdir(folder):
        return run_page(PAGE.read_text("utf-8")), folder / "docs"


def test_the_page_prints_what_it_shows(ran: tuple[str, Path]) -> None:
    assert ran[0] == PAGE.read_text("utf-8")


def test_every_figure_is_drawn_says_that_it_is_synthetic_and_lies_beside_the_page(ran: tuple[str, Path]) -> None:
    drawn = {path.name for path in ran[1].iterdir()}
    assert drawn == set(re.findall(r"\]\(([\w-]+\.svg)\)", ran[0])) != set()
    for name in drawn:
        assert (ROOT / "docs" / name).stat().st_size < 200_000
        assert "SYNTHETIC" in (ran[1] / name).read_text("utf-8")
        assert "SYNTHETIC" in (ROOT / "docs" / name).read_text("utf-8")


def test_it_takes_no_more_code_than_promised() -> None:
    code = "".join(found["code"] for found in STEP.finditer(PAGE.read_text("utf-8")))
    assert len([line for line in code.splitlines() if line.strip()]) < MOST_LINES


if __name__ == "__main__":
    os.chdir(ROOT)
    PAGE.write_text(run_page(PAGE.read_text("utf-8")), "utf-8")
