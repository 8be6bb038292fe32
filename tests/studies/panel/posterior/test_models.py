"""The registry of posterior models: all that a model needs, and nobody else who knows it by name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_posterior import fit_of

from sverige_did import words
from sverige_did.bayes.models.families import FAMILIES
from sverige_did.disclosure.draws import kept_draws
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.workflow import SNAKEFILE

PACKAGE = SNAKEFILE.parents[1]
KNOWING = {"studies/panel/posterior/models.py"}
"""The files that may call a model by its name."""

RULE = "studies/panel/posterior/cells.py"
"""The rule which counts have which likelihood, the one other place for the families of counts."""


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_file_that_prepares_it_and_words(name: str) -> None:
    model = MODELS[name]
    path = PACKAGE.joinpath(*model.module.split(".")[1:]).with_suffix(".py")
    assert path.parent == PACKAGE / "studies" / "panel" / "posterior"
    assert path.is_file()
    assert callable(model.prepare())
    for language in ("da", "en"):
        assert words.has(f"posterior.likelihood.{name}", language)


def sources() -> dict[str, str]:
    """The code that takes part in a posterior of registers, and what runs and tells it."""
    rooms = ("studies/panel", "disclosure", "report", "tasks", "workflow")
    found = (path for room in rooms for path in (PACKAGE / room).rglob("*"))
    kept = (path for path in found if path.suffix in {".py", ".smk", ".j2"} or path.name == "Snakefile")
    return {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in kept}


def test_no_other_file_calls_a_model_by_its_name() -> None:
    only = [name for name in MODELS if name not in FAMILIES]
    named = re.compile("|".join(rf"[\"']{name}[\"']" for name in only))
    assert {file for file, code in sources().items() if named.search(code)} == KNOWING
    branch = re.compile(r"likelihood\s*(==|!=|in\b)\s*[\"'({\[]")
    assert not [file for file, code in sources().items() if branch.search(code)]


def test_families_of_counts_are_named_by_the_rule_that_chooses_them_and_by_nobody_else() -> None:
    named = re.compile("|".join(rf"[\"']{name}[\"']" for name in FAMILIES))
    posterior = {file for file, code in sources().items() if "posterior" in file and named.search(code)}
    assert posterior == {*KNOWING, RULE}


def test_the_registry_is_read_without_a_sampler() -> None:
    code = "import sys, sverige_did.workflow, sverige_did.studies.panel.posterior.models; print('pymc' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[4]
    )
    assert found.stdout.strip() == "False"


def test_draws_are_kept_where_they_are_of_no_cell_or_named_by_the_model() -> None:
    values = {"tau": np.zeros(4), "lambda": np.zeros((4, 3)), "eta": np.zeros((4, 9))}
    named = kept_draws(fit_of(values, 2, 2, 1), frozenset({"lambda"})).draws["posterior"].to_dataset()
    assert set(named.data_vars) == {"tau", "lambda"}
    alone = kept_draws(fit_of(values, 2, 2, 1)).draws["posterior"].to_dataset()
    assert set(alone.data_vars) == {"tau"}
