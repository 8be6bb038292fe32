"""Draws on disk: netCDF that any language reads, with what they were made from; reading needs no model and no PyMC."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import xarray as xr

from sverige_did.bayes.gates import GateReport, Gates
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from pathlib import Path

    from sverige_did.bayes.sample import Fit

FORMAT = 1
MADE_WITH = ("sverige-did", "pymc", "pytensor", "nutpie", "numba", "numpy", "arviz")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What draws were made from: hashes of the plan and of the data, the model's name, the seed and the versions."""

    plan_sha256: str
    data_sha256: str
    model: str
    seed: int
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """Draws as read back, with their provenance and the diagnostics they passed."""

    draws: xr.DataTree
    provenance: Provenance
    report: GateReport


def write(path: Path, fit: Fit, *, plan_sha256: str, data_sha256: str, model: str) -> None:
    """Write the draws of a fit to one netCDF file (HDF5), replacing what is there."""
    versions = {name: version(name) for name in MADE_WITH}
    provenance = Provenance(plan_sha256, data_sha256, model, fit.seed, versions)
    tree = fit.draws.copy()
    tree.attrs = {
        "format": FORMAT,
        "provenance": json.dumps(asdict(provenance), sort_keys=True),
        "diagnostics": json.dumps(asdict(fit.report), sort_keys=True),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    tree.to_netcdf(path, engine="h5netcdf")


def read(path: Path, *, plan_sha256: str | None = None, data_sha256: str | None = None) -> Stored:
    """Read draws back into memory.

    Raises RefusedError when the file is not one of ours (``draws_unreadable``), or when a hash is given and the
    draws were made from another plan or other data (``draws_stale``).
    """
    with xr.open_datatree(path, engine="h5netcdf") as opened:
        tree = opened.load()
    if tree.attrs.get("format") != FORMAT:
        raise refuse("draws_unreadable", found=str(tree.attrs.get("format")), expected=str(FORMAT))
    provenance = Provenance(**json.loads(tree.attrs["provenance"]))
    for asked, found in ((plan_sha256, provenance.plan_sha256), (data_sha256, provenance.data_sha256)):
        if asked is not None and asked != found:
            raise refuse("draws_stale", found=found, expected=asked)
    diagnostics = json.loads(tree.attrs["diagnostics"])
    report = GateReport(**diagnostics | {"gates": Gates(**diagnostics["gates"])})
    return Stored(tree, provenance, report)
