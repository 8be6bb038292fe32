"""Draws on disk: netCDF that any language reads, with what they were made from; reading needs no model and no PyMC."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

import h5py
import xarray as xr

from sverige_did.bayes.sampling.intact import require_no_more_than_there_is, require_sound_heaps
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from pathlib import Path

    from sverige_did.bayes.sampling.sample import Fit

FORMAT = 2
_DAMAGED = (OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError)
"""What HDF5 and what stands above it raise for a file that is cut off or damaged."""

_OVERHEAD = 1 << 16
"""Bytes that a group takes beside its arrays: names, attributes and texts."""

ASIDE = ".refused.nc"
"""How the file of draws ends that did not converge."""

MADE_WITH = ("sverige-did", "pymc", "pytensor", "nutpie", "numba", "numpy", "arviz")


def write_draws(path: Path, fits: Mapping[str, Fit], plan_sha256: str) -> None:
    """Write fits to one netCDF file (HDF5); a file of that name is replaced once all is written.

    Fits of the same parameters and shapes share a group, one along its dimension ``fit``: a file of a few large
    arrays is written many times faster than one of hundreds of small ones.
    """
    alike: dict[str, list[str]] = {}
    for name, fit in fits.items():
        alike.setdefault(_form(fit), []).append(name)
    groups: dict[str, xr.Dataset] = {}
    for at, names in enumerate(alike.values()):
        groups[str(at)] = _known_of([fits[name] for name in names], names)
        for group in fits[names[0]].draws.children:
            each = [fits[name].draws[group].to_dataset() for name in names]
            groups[f"{at}/{group}"] = xr.concat(each, dim="fit", join="exact")
    tree = xr.DataTree.from_dict(groups)
    versions = json.dumps({name: version(name) for name in MADE_WITH}, sort_keys=True)
    tree.attrs = {"format": FORMAT, "plan_sha256": plan_sha256, "versions": versions}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        _require_room(unfinished, tree)
        tree.to_netcdf(unfinished, engine="h5netcdf")
        unfinished.replace(path)
    except BaseException:  # a full disk or an interruption must leave nothing half-written; it is passed on
        unfinished.unlink(missing_ok=True)
        raise


def _require_room(unfinished: Path, tree: xr.DataTree) -> None:
    """Raises OSError where the disk cannot take the draws: HDF5 finds it out too late, and ends the process."""
    size = sum(node.to_dataset(inherit=False).nbytes + _OVERHEAD for node in tree.subtree)
    with unfinished.open("wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except AttributeError:  # Windows and macOS: there it is found out by HDF5
            return
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.EINVAL}:  # of a file system that can say nothing beforehand
                raise OSError(error.errno, error.strerror, str(unfinished)) from error


def keep_aside(path: Path, fits: Mapping[str, Fit], plan_sha256: str) -> Path:
    """Write fits that did not converge beside the draws of the others, to be looked at and not to be reported; where.

    A file of an earlier run goes when there are none.
    """
    aside = path.with_suffix(ASIDE)
    if fits:
        write_draws(aside, fits, plan_sha256)
    else:
        aside.unlink(missing_ok=True)
    return aside


def _form(fit: Fit) -> str:
    """What two fits must have in common to share arrays: names, shapes and coordinates."""
    return repr(
        [
            (group, sorted((str(name), kept.dims, kept.shape) for name, kept in draws.data_vars.items()),
             sorted((str(name), kept.to_numpy().tolist()) for name, kept in draws.coords.items()))
            for group, draws in fit.draws.children.items()
        ]
    )  # fmt: skip


def _known_of(fits: Sequence[Fit], names: Sequence[str]) -> xr.Dataset:
    diagnostics = [json.dumps(asdict(fit.report), sort_keys=True) for fit in fits]
    return xr.Dataset(
        {
            "seed": ("fit", [fit.seed for fit in fits]),
            "data_sha256": ("fit", [fit.data_sha256 for fit in fits]),
            "diagnostics": ("fit", diagnostics),
        },
        coords={"fit": list(names)},
    )


def open_draws(path: Path | str, plan_sha256: str | None = None) -> dict[str, xr.DataTree]:
    """The fits of a file of :func:`write_draws`, by name, in memory and as ArviZ expects them.

    Each has the groups ``posterior`` and ``sample_stats``, with the dimensions chain and draw. Its attributes are
    ``seed``, ``data_sha256`` (data and priors), ``plan_sha256``, and as JSON the ``diagnostics`` that it passed and the
    ``versions`` of the packages that made it.

    Raises RefusedError when the file is not of this format (``draws_unreadable``), or when a hash is given and the
    draws were made under another plan (``draws_stale``).
    """
    try:
        require_sound_heaps(path)
        with h5py.File(path) as file:  # where this fails, h5netcdf leaves a file half open, and a trace on the screen
            file.attrs.get("_nc3_strict")
            require_no_more_than_there_is(path, file)
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except FileNotFoundError:
        raise
    except _DAMAGED as error:
        raise refuse("draws_unreadable", found=type(error).__name__, expected=str(FORMAT)) from error
    if tree.attrs.get("format") != FORMAT:
        raise refuse("draws_unreadable", found=str(tree.attrs.get("format")), expected=str(FORMAT))
    if plan_sha256 not in {None, tree.attrs.get("plan_sha256")}:
        raise refuse("draws_stale", found=str(tree.attrs.get("plan_sha256")), expected=plan_sha256)
    try:
        common = {name: str(tree.attrs[name]) for name in ("plan_sha256", "versions")}
        return {
            str(name): _one(node, at, common)
            for node in tree.children.values()
            for at, name in enumerate(node["fit"].to_numpy())
        }
    except _DAMAGED as error:
        raise refuse("draws_unreadable", found=type(error).__name__, expected=str(FORMAT)) from error


def _one(node: xr.DataTree, at: int, common: dict[str, str]) -> xr.DataTree:
    """One fit of those that share the arrays of a group."""
    fit = xr.DataTree.from_dict(
        {group: child.to_dataset(inherit=False).isel(fit=at, drop=True) for group, child in node.children.items()}
    )
    fit.attrs = {str(name): known[at].item() for name, known in node.data_vars.items()} | common
    return fit
