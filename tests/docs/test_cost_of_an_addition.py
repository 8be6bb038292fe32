"""What an addition costs, counted: which modules name a check, a method of inference or a register that exists.

tests/test_outcomes.py counts it for an outcome, tests/studies/panel/posterior/test_models.py for a posterior model.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import sverige_did
from sverige_did import words
from sverige_did.inference.districts import districts
from sverige_did.inference.methods_table import Labels, methods_table
from sverige_did.outcomes import CATALOGUE
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.studies.panel import dated_checks, sensitivity

PACKAGE = Path(sverige_did.__file__).parent
CHECKS = dict.fromkeys((*sensitivity._CHECKS, *sensitivity._OTHER, *dated_checks._CHECKS))


@cache
def named() -> dict[str, frozenset[str]]:
    """The texts that stand in the code of each module, by its path in the package."""
    nodes = {
        path.relative_to(PACKAGE).as_posix(): ast.walk(ast.parse(path.read_text("utf-8")))
        for path in PACKAGE.rglob("*.py")
    }
    return {
        path: frozenset(str(node.value) for node in every if isinstance(node, ast.Constant))
        for path, every in nodes.items()
    }


def modules(name: str) -> set[str]:
    return {path for path, texts in named().items() if name in texts}


BESIDES = {
    "report/front/reasons.py": "which checks overturn an answer soonest; the others stand on the page of doubt",
    "report/doubt/judged.py": "what kind of doubt a check is of, and which of its sentences let the answer stand",
    "report/doubt/tipping.py": "which checks have a tipping point, and what was seen that it is held against",
    "report/doubt/change.py": "in which order checks name what would change an answer",
    "report/doubt/security.py": "which checks look for drift before the start, whatever the result",
    "report/doubt/robins.py": "which domain of ROBINS-I a check bears on",
    "report/front/explore.py": "whose curve a reader of the answer page can move along",
    "disclosure/known.py": "it lists the checks whose numbers an attack can use: those linear in the districts'",
    "disclosure/coarse.py": "a curve of multiples of one number is drawn from the rounded number",
    "disclosure/summed.py": "it lists the checks that sum other cells than the estimate does",
    "api/over_time.py": "the estimator of that name, which can be asked for by itself",
    "studies/panel/could_not_run.py": "the checks that are named where there are no districts to run them on",
    "studies/panel/phase_in.py": "how much of full strength is missing, in days of the programme",
}


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_is_one_file_one_entry_and_words(check: str) -> None:
    lookups = {
        "studies/panel/sensitivity.py", "studies/panel/array_checks.py", "studies/panel/drift_checks.py",
        "studies/panel/dated_checks.py", "studies/published/sensitivity.py",
    }  # fmt: skip
    elsewhere = modules(check) - lookups - set(BESIDES)
    assert all(path.startswith("checks/") for path in elsewhere), elsewhere
    for language in ("da", "en"):
        assert words.has(f"labels.check.{check}", language)
        assert any(key.startswith(f"checks.{check}.") for key in words.catalogue(language))


def methods() -> list[str]:
    change = np.random.default_rng(1).normal(size=20)
    table = methods_table(
        districts(change, np.arange(20) < 4), Labels("pp", "att"), rng=np.random.default_rng(2)
    )  # fmt: skip
    return sorted({str(row.inference) for row in table.estimates})


def test_a_method_of_inference_is_one_file_one_row_a_twin_for_its_size_and_words() -> None:
    found = methods()
    assert len(found) > 8
    for method in found:
        apart = {path for path in modules(method) if not path.startswith("inference/")}
        # Staggered starts and index models have rows of their own, of methods that fit them; the report draws the
        # primary interval and has to know its name.
        # The door for researchers says which rows a verdict rests on, and has one of its own for one or two treated.
        allowed = {
            "studies/panel/staggered_did.py", "studies/panel/index_models.py", "results/methods_tables.py",
            "api/dated.py", "api/compared.py", "api/study.py",
        }  # fmt: skip
        assert apart <= allowed, method
        assert all(words.has(f"labels.inference.{method}", language) for language in ("da", "en"))


ASKS = {
    "studies/panel/posterior/protocol.py": "the registers that placements are read from",
    "studies/panel/posterior/sdq.py": "a model of the questionnaires",
    "tasks/panel_ladder.py": "the registers that a path on the ladder is made of",
    "results/statements.py": "caseworkers who speak, which is no register",
    "sources/interviews/statements.py": "caseworkers who speak, which is no register",
    "tasks/panel_sensitivity.py": "whether homes were registered, for the other rule of residence",
}
OTHERS = {*CATALOGUE, "districts", "children", "cases"}
"""Names that mean more than a register: outcomes, groups, units and kinds of numbers."""


@pytest.mark.parametrize("register", [one.name for one in REGISTERS if one.name not in OTHERS])
def test_a_register_is_one_description_its_rules_and_what_counts_it(register: str) -> None:
    elsewhere = modules(register) - set(ASKS)
    assert all(path.startswith(("sources/registers/", "sources/panel/", "synthetic/")) for path in elsewhere), elsewhere
