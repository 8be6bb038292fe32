"""Kept machine code that was emptied, cut, changed or exchanged is compiled anew, and estimates stay what they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from numba import njit
from pytensor.link.numba import cache as theirs

from sverige_did.bayes.compiled import pytensor_flags
from sverige_did.bayes.compiled.verified_cache import opened, seal, verify_kept_code

verify_kept_code()


def compiled() -> list[tuple[float, bool]]:
    """What two functions give, each with whether its code was found."""
    found = []
    for name, factor in (("twice", 2.0), ("thrice", 3.0)):
        source, known = f"def {name}(x):\n    return x * {factor}", {"__name__": "sverige_did"}
        made = njit(cache=True)(theirs.compile_numba_function_src(source, name, known, cache_key=name))
        found.append((made(1.5), bool(made.stats.cache_hits)))
    return found


NEW, KEPT = [(3.0, False), (4.5, False)], [(3.0, True), (4.5, True)]


def test_code_is_kept_and_whatever_was_done_to_it_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theirs, "NUMBA_CACHE_PATH", tmp_path)
    assert compiled() == NEW
    assert compiled() == KEPT
    code, index = sorted(tmp_path.glob("*.nbc")), sorted(tmp_path.glob("*.nbi"))
    assert len(code) == len(index) == 2
    assert all(".sealed." in path.name for path in (*code, *index))  # numba as it comes would stumble over the hash
    sound = [path.read_bytes() for path in code]
    code[0].write_bytes(sound[1])  # the code of one function under the name of the other
    code[1].write_bytes(sound[1][:-1] + bytes([sound[1][-1] ^ 1]))
    assert compiled() == NEW
    assert compiled() == KEPT
    for path in (code[0], index[1]):
        path.write_bytes(b"")
    assert compiled() == NEW
    assert compiled() == KEPT
    monkeypatch.setattr(theirs, "NUMBA_CACHE_PATH", tmp_path / "nowhere")
    assert compiled() == NEW


def test_a_file_is_read_only_under_its_name_and_by_the_versions_that_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal("a.nbc", b"code")
    assert opened("a.nbc", sealed) == b"code"
    assert opened("b.nbc", sealed) is None
    assert opened("a.nbc", sealed[:-1]) is None
    assert opened("a.nbc", b"") is None
    monkeypatch.setattr("sverige_did.bayes.compiled.verified_cache.MADE_BY", "another version")
    assert opened("a.nbc", sealed) is None


def test_where_nothing_can_be_kept_a_folder_of_the_command_itself_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv(pytensor_flags.CACHE_VARIABLE, str(tmp_path / "no folder" / "cache"))
    folder = pytensor_flags.cache_folder()
    assert folder.is_dir()
    assert tmp_path not in folder.parents
