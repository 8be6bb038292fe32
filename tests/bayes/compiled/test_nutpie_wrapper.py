"""Another nutpie than the one that the thin wrappers were written for: its own way in is taken, in words."""

from __future__ import annotations

import inspect
from types import ModuleType

import numpy as np
import nutpie
import pytest
from group_contrast import build_group_contrast
from nutpie import compile_pymc

from sverige_did import words
from sverige_did.bayes.compiled import nutpie_wrapper
from sverige_did.bayes.sampling.sample import Compiled, Settings, compile_model, sample

SHORT = Settings(draws=200, tune=200, chains=2)
OTHERS = {
    "names": ("_make_c_", "_build_"),
    "signature": ("user_data, shared_keys, shared_data):", "user_data, shared_keys, shared_data, more=None):"),
    "address": ("address_as_void_pointer", "pointer_from_address"),
}


def install(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """nutpie's own source with something of it renamed throughout, in the place of nutpie."""
    source = inspect.getsource(compile_pymc)
    assert old in source
    other = ModuleType(compile_pymc.__name__)
    exec(compile(source.replace(old, new), str(compile_pymc.__file__), "exec"), other.__dict__)
    monkeypatch.setattr(nutpie_wrapper, "compile_pymc", other)
    monkeypatch.setattr(nutpie, "compile_pymc_model", other.compile_pymc_model)


def test_the_wrappers_fit_the_pinned_nutpie(capsys: pytest.CaptureFixture[str], contrast: Compiled) -> None:
    assert nutpie_wrapper.wrappers_fit()
    fresh = compile_model(build_group_contrast(-0.75, 0.26, 0.625))
    assert fresh.structure == contrast.structure
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("other", OTHERS)
def test_another_nutpie_is_noticed(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, *OTHERS[other])
    assert not nutpie_wrapper.wrappers_fit()


def test_without_its_private_names_nutpie_draws_the_same_in_its_own_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], contrast: Compiled
) -> None:
    model = build_group_contrast(-0.75, 0.26, 0.625)
    ours = sample(model, seed=19, settings=SHORT, criteria=None, compiled=contrast)
    install(monkeypatch, *OTHERS["names"])
    monkeypatch.setenv("SVERIGE_DID_LANG", "da")
    general = compile_model(model)
    said = capsys.readouterr().err
    assert said.strip() == words.text("bayes.general_wrappers", "da", nutpie=nutpie.__version__)
    theirs = sample(model, seed=19, settings=SHORT, criteria=None, compiled=general)
    assert np.array_equal(theirs.values("tau"), ours.values("tau"))
