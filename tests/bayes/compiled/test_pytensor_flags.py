import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytensor.configparser import parse_config_string

from sverige_did.bayes.compiled import pytensor_flags


@pytest.fixture
def bare(monkeypatch):
    for name in ("PYTENSOR_FLAGS", pytensor_flags.CACHE_VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def flags():
    return parse_config_string(os.environ["PYTENSOR_FLAGS"])


def test_defaults_are_reproducible_and_need_no_compiler(bare):
    pytensor_flags.settle_pytensor()
    found = flags()
    assert (found["mode"], found["cxx"], found["numba__fastmath"]) == ("NUMBA", "", "False")
    assert Path(found["base_compiledir"]) == Path.home() / ".cache" / "sverige_did" / "pytensor"


def test_flags_of_the_user_win(bare):
    bare.setenv("PYTENSOR_FLAGS", "mode=FAST_COMPILE,floatX=float64")
    pytensor_flags.settle_pytensor()
    assert flags()["mode"] == "FAST_COMPILE"
    assert flags()["floatX"] == "float64"


def test_settling_twice_changes_nothing(bare):
    bare.setenv("PYTENSOR_FLAGS", "floatX=float64")
    pytensor_flags.settle_pytensor()
    once = os.environ["PYTENSOR_FLAGS"]
    pytensor_flags.settle_pytensor()
    assert os.environ["PYTENSOR_FLAGS"] == once


def test_the_cache_can_be_moved_to_a_folder_with_a_space_and_a_comma(bare, tmp_path):
    bare.setenv(pytensor_flags.CACHE_VARIABLE, str(tmp_path / "a b,c"))
    pytensor_flags.settle_pytensor()
    assert Path(flags()["base_compiledir"]) == tmp_path / "a b,c" / "pytensor"


def test_importing_the_package_does_not_import_pymc():
    program = "import sys, sverige_did.bayes; sys.exit('pymc' in sys.modules or 'pytensor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
