"""How PyTensor compiles: numba, no C compiler, and one cache that parallel jobs share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

CACHE_VARIABLE = "SVERIGE_DID_CACHE"
"""Environment variable that moves the cache of compiled models to another folder."""


def cache_folder() -> Path:
    """Where compiled models are kept: ``$SVERIGE_DID_CACHE``, else ``sverige_did`` under the user's cache folder.

    Where nothing can be written there, or nobody has a home, a folder that goes when the command ends.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    local = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = Path(chosen) if chosen else Path(local or Path.home() / ".cache") / "sverige_did"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):  # no home at all is a RuntimeError
        passing = Path(tempfile.mkdtemp(prefix="sverige-did-"))
        atexit.register(shutil.rmtree, passing, ignore_errors=True)
        return passing


def settle_pytensor() -> None:
    """Put our defaults into ``PYTENSOR_FLAGS``, ahead of the flags that are there, so that the user's own win.

    Fast-math is off because with it the same seed gives other draws on a cold than on a warm cache.
    PyTensor reads the flags once, when it is first imported; where that has already happened this has no effect
    on the folder of the cache, and :func:`sverige_did.bayes.sampling.sample.compile_model` still turns fast-math off.
    """
    folder = cache_folder() / "pytensor"
    ours = f"mode=NUMBA,cxx=,numba__fastmath=False,base_compiledir='{folder}'"
    theirs = os.environ.get("PYTENSOR_FLAGS")
    if theirs and theirs.startswith("mode=NUMBA,cxx=,numba__fastmath=False"):
        return
    os.environ["PYTENSOR_FLAGS"] = f"{ours},{theirs}" if theirs else ours
