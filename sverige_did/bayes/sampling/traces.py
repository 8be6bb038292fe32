"""The chains as nutpie hands them over, Arrow columns, to arrays with named dimensions: the kept draws and no more.

nutpie's own way goes through ArviZ and converts the warm-up and thirty more statistics too: a fifth of the time that a
small model takes. A test holds ours to the same draws, dimensions and coordinates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

KEPT_STATISTICS = ("diverging", "energy", "logp", "n_steps")
SAMPLED = ("chain", "draw")
MOVED = "__"
"""How PyMC ends the name of a variable on the scale that the sampler moves on."""

DESCRIBED = (b"dims", b"shape")
"""What nutpie notes beside a column: the names of its dimensions, and their sizes, with commas between."""


def read_trace(trace: Any, coords: Mapping[str, ArrayLike], shape: tuple[int, int]) -> xr.DataTree:
    """Groups ``posterior`` and ``sample_stats`` of a raw trace of nutpie; ``coords`` are the compiled model's.

    The columns of bounded and zero-sum variables as the sampler moves them (``..._zerosum__``) are left out: the
    variables themselves are there, and those of a standardised one are not identified.

    Raises RuntimeError when a chain does not have the wanted number of draws; ``shape`` is (chains, draws).
    """
    drawn, statistics = ([pa.record_batch(chain) for chain in part] for part in trace.get_arrow_trace())
    warm_up = [chain.column("tuning").true_count for chain in statistics]
    lengths = [chain.num_rows - skipped for chain, skipped in zip(statistics, warm_up, strict=True)]
    if lengths != [shape[1]] * shape[0]:
        raise RuntimeError(f"asked for {shape[0]} chains of {shape[1]} draws, got chains of {lengths}")
    posterior, stats = (
        [chain.slice(skipped) for chain, skipped in zip(part, warm_up, strict=True)] for part in (drawn, statistics)
    )
    names = [name for name in KEPT_STATISTICS if name in stats[0].schema.names]
    parameters = [name for name in posterior[0].schema.names if not name.endswith(MOVED)]
    return xr.DataTree.from_dict(
        {
            "posterior": _dataset(posterior, parameters, coords),
            "sample_stats": _dataset(stats, names, coords),
        }
    )


def _dataset(chains: Sequence[pa.RecordBatch], names: Sequence[str], coords: Mapping[str, ArrayLike]) -> xr.Dataset:
    variables = {}
    for name in names:
        described = chains[0].schema.field(name).metadata or {}
        dims, shape = ([part for part in described.get(key, b"").decode().split(",") if part] for key in DESCRIBED)
        values = np.stack([_flat(chain.column(name)).reshape(-1, *map(int, shape)) for chain in chains])
        variables[name] = ((*SAMPLED, *dims), values)
    sizes = {dim: size for dims, values in variables.values() for dim, size in zip(dims, values.shape, strict=True)}
    return xr.Dataset(variables, {dim: np.asarray(coords.get(dim, np.arange(size))) for dim, size in sizes.items()})


def _flat(column: pa.Array) -> NDArray[Any]:
    values = column.flatten() if pa.types.is_large_list(column.type) else column
    return np.asarray(values.to_numpy(zero_copy_only=False))
