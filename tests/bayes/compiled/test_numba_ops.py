"""Machine code is kept under a key that moves with the file."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from sverige_did.bayes.compiled.numba_ops import cache_key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

SOURCE = """
ENOUGH = {enough}


def value(x):
    return x * ENOUGH


def slope(x):
    return ENOUGH
"""


def _loops(
    folder: Path, enough: int, name: str, monkeypatch: pytest.MonkeyPatch, module_name: str = "loops"
) -> Callable[[float], float]:
    path = folder / str(enough) / f"{module_name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(SOURCE.format(enough=enough), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, module_name, module)
    spec.loader.exec_module(module)
    found: Callable[[float], float] = getattr(module, name)
    return found


def test_a_changed_constant_changes_the_key_and_the_same_file_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [cache_key_of(_loops(tmp_path, enough, "value", monkeypatch)) for enough in (1, 2, 1)]
    assert keys[0] != keys[1]
    assert keys[0] == keys[2]


def test_code_that_remembers_a_module_is_not_found_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (_loops(tmp_path, 1, "value", monkeypatch, name) for name in ("before", "after"))
    assert cache_key_of(before) != cache_key_of(after)


def test_two_functions_of_one_file_have_keys_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value, slope = (_loops(tmp_path, 1, name, monkeypatch) for name in ("value", "slope"))
    assert cache_key_of(value) != cache_key_of(slope)
