"""Draws on disk: netCDF that any language reads, with what they were made from; reading needs no model and no PyMC."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
class StoredFit:
    """One fit as read back: its draws, seed, the hash of its data and priors, and the diagnostics it passed."""

    draws: xr.DataTree
    seed: int
    data_sha256: str
    report: GateReport


@dataclass(frozen=True, slots=True)
class StoredDraws:
    """All fits of a file by name, the hash of the plan, and the versions of the packages that made them."""

    fits: Mapping[str, StoredFit]
    plan_sha256: str
    versions: Mapping[str, str]


def write_draws(path: Path, fits: Mapping[str, Fit], plan_sha256: str) -> None:
    """Write fits to one netCDF file (HDF5), a group each; a file of that name is replaced once all is written."""
    tree = xr.DataTree.from_dict(
        {f"{name}/{group}": fit.draws[group].to_dataset() for name, fit in fits.items() for group in fit.draws.children}
    )
    versions = json.dumps({name: version(name) for name in MADE_WITH}, sort_keys=True)
    tree.attrs = {"format": FORMAT, "plan_sha256": plan_sha256, "versions": versions}
    for name, fit in fits.items():
        diagnostics = json.dumps(asdict(fit.report), sort_keys=True)
        tree[name].attrs = {"seed": fit.seed, "data_sha256": fit.data_sha256, "diagnostics": diagnostics}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    tree.to_netcdf(unfinished, engine="h5netcdf")
    unfinished.replace(path)


def read_draws(path: Path, plan_sha256: str | None = None) -> StoredDraws:
    """Read a file of :func:`write_draws` into memory.

    Raises RefusedError when the file is not of this format (``draws_unreadable``), or when a hash is given and the
    draws were made under another plan (``draws_stale``).
    """
    with xr.open_datatree(path, engine="h5netcdf") as opened:
        tree = opened.load()
    if tree.attrs.get("format") != FORMAT:
        raise refuse("draws_unreadable", found=str(tree.attrs.get("format")), expected=str(FORMAT))
    made_under = str(tree.attrs["plan_sha256"])
    if plan_sha256 is not None and plan_sha256 != made_under:
        raise refuse("draws_stale", found=made_under, expected=plan_sha256)
    fits = {name: _stored(node) for name, node in tree.children.items()}
    return StoredDraws(fits, made_under, json.loads(tree.attrs["versions"]))


def _stored(node: xr.DataTree) -> StoredFit:
    diagnostics = json.loads(node.attrs["diagnostics"])
    report = GateReport(**diagnostics | {"gates": Gates(**diagnostics["gates"])})
    return StoredFit(node, int(node.attrs["seed"]), str(node.attrs["data_sha256"]), report)
