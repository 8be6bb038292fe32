"""What the documentation takes from the code is in step with it: `make docs` writes it anew."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sverige_did.cli import STEPS, _load, app

ROOT = Path(__file__).parents[1]
SPECIFICATION = importlib.util.spec_from_file_location("make_docs", ROOT / "docs" / "make.py")
make_docs = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(make_docs)


@pytest.mark.parametrize("path", make_docs.pages(), ids=lambda path: path.name)
def test_a_generated_page_is_what_the_code_says(path):
    assert path.read_text("utf-8") == make_docs.pages()[path], "run `make docs`"


def test_every_room_has_a_name_that_says_what_it_does():
    text = make_docs.architecture_text()
    for folder in make_docs.PACKAGE.glob("**/__init__.py"):
        name = folder.parent.relative_to(make_docs.PACKAGE.parent).as_posix()
        assert name == "sverige_did" or f"## `{name}/`" in text
    assert "|  |" not in text


def test_only_commands_that_sample_load_the_sampler():
    """It takes seconds, and most commands of a run take less without it."""
    tasks = sorted(path.stem for path in (make_docs.PACKAGE / "tasks").glob("*.py") if "posterior" not in path.stem)
    lines = (f"import sverige_did.tasks.{name}" for name in tasks if name != "__init__")
    code = "; ".join((*lines, "import sys; print(sorted({'pymc', 'nutpie', 'arviz'} & set(sys.modules)))"))
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("name", STEPS)
def test_every_rule_has_a_command_that_can_be_called(name):
    assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0
    assert _load(name).params
