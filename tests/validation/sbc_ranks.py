"""Simulation-based calibration: data from the prior, and the truth's rank among the posterior's draws.

Averaged over the prior a posterior contains the truth as often as it says, so ranks are uniform (Talts et al. 2018);
the largest departure of their distribution from uniform is judged against its own simulated distribution, with
every point of the curve weighed by its standard error (after Säilynoja, Bürkner and Vehtari 2022).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pymc as pm

from sverige_did.bayes.sampling.sample import Settings, compile_model, named, sample
from sverige_did.errors import RefusedError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

SHORT = Settings(draws=500, tune=600, chains=2, cores=2)
POINTS = 20
"""The curve of ranks is compared with the uniform at the ends of this many equal parts."""


class Draws(Protocol):
    """Anything that gives draws by the name of their parameter, as a fit does."""

    def values(self, name: str) -> NDArray[np.float64]:
        """All draws of one parameter, (draws, ...)."""
        ...


Quantity = Callable[[Draws], "NDArray[np.float64]"]
NOTHING: Mapping[str, Quantity] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Ranks (R, P) in 0..size of the true values of the named scalar quantities; R data sets out of ``drawn``.

    ``refused`` data sets could not be modelled (nothing happened in them): uniformity holds given any data, so leaving
    them out is fair. ``diverged`` counts the fits with a divergence; their ranks are kept.
    """

    names: tuple[str, ...]
    ranks: NDArray[np.int64]
    size: int
    drawn: int
    refused: int
    diverged: int


@dataclass(frozen=True, slots=True, eq=False)
class PriorDraws:
    """Draws from the prior, as a fit gives them from the posterior."""

    draws: xr.Dataset

    def values(self, name: str) -> NDArray[np.float64]:
        """All draws of one parameter, (draws, ...)."""
        block = self.draws[name].transpose("chain", "draw", ...).to_numpy()
        return np.asarray(block.reshape(-1, *block.shape[2:]))


def calibrate(
    simulator: pm.Model,
    build: Callable[[NDArray[np.float64]], pm.Model],
    names: tuple[str, ...],
    replications: int,
    rng: np.random.Generator,
    settings: Settings = SHORT,
    thin: int = 10,
    derived: Mapping[str, Quantity] = NOTHING,
) -> Ranks:
    """Ranks of the scalar parameters ``names`` and of what ``derived`` makes of the draws, (draws,) each.

    ``simulator`` has the observed variable ``y``; ``build(y)`` is the model to be judged, of the same structure
    whatever ``y`` is, so that it is compiled once. Every ``thin``-th draw counts, as ranks are uniform for independent
    draws only. Raises ValueError when the structure of the model depends on ``y``.
    """
    seeds = rng.integers(2**31, size=replications + 1)
    with simulator, warnings.catch_warnings():
        # Some distributions are drawn by Python inside the machine code: slower, and the same.
        warnings.filterwarnings("ignore", "Numba will use object mode", UserWarning)
        simulated = pm.sample_prior_predictive(draws=replications, random_seed=int(seeds[0]))
    told = {**{name: _parameter(name) for name in names}, **derived}
    truth = _columns(PriorDraws(named(simulated["prior"].to_dataset())), told)
    data = simulated["prior_predictive"]["y"].to_numpy()[0].astype(float)
    compiled, rows, refused, diverged = None, [], 0, 0
    for one, y, seed in zip(truth, data, seeds[1:], strict=True):
        try:
            model = build(y)
        except RefusedError:
            refused += 1
            continue
        compiled = compiled or compile_model(model)
        fit = sample(model, seed=int(seed), settings=settings, criteria=None, compiled=compiled, progress=False)
        rows.append((_columns(fit, told)[::thin] < one).sum(axis=0))
        diverged += fit.report.divergences > 0
    size = -(-settings.chains * settings.draws // thin)
    return Ranks(tuple(told), np.array(rows), size, replications, refused, diverged)


def _parameter(name: str) -> Quantity:
    return lambda draws: draws.values(name)


def _columns(draws: Draws, told: Mapping[str, Quantity]) -> NDArray[np.float64]:
    """Every quantity's draws side by side, (draws, P)."""
    return np.stack([quantity(draws) for quantity in told.values()], axis=1)


def uniformity(ranks: Ranks, rng: np.random.Generator, simulations: int = 4000) -> dict[str, float]:
    """p-value of uniform ranks by quantity: (1 + hits) / (1 + simulations)."""
    null = _largest_departures(len(ranks.ranks), ranks.size, rng, simulations)
    found = np.abs(_standardised(ranks.ranks.T, ranks.size)).max(axis=1)
    hits = (null[None, :] >= found[:, None] - 1e-12).sum(axis=1)
    return {name: float((1 + hit) / (1 + simulations)) for name, hit in zip(ranks.names, hits, strict=True)}


def curves(ranks: Ranks) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the curves of ranks are looked at, (19,) in (0, 1), and their distance from the uniform, (P, 19)."""
    share = _points(ranks.size) / (ranks.size + 1)
    return share, _standardised(ranks.ranks.T, ranks.size) * np.sqrt(share * (1 - share) / len(ranks.ranks))


def band(ranks: Ranks, prob: float, rng: np.random.Generator, simulations: int = 4000) -> NDArray[np.float64]:
    """Half-widths (19,) of the band about zero that holds the whole of a uniform curve with probability ``prob``."""
    share, n = _points(ranks.size) / (ranks.size + 1), len(ranks.ranks)
    critical = np.quantile(_largest_departures(n, ranks.size, rng, simulations), prob)
    return np.asarray(critical * np.sqrt(share * (1 - share) / n))


def _largest_departures(n: int, size: int, rng: np.random.Generator, simulations: int) -> NDArray[np.float64]:
    """Largest standardised distance of each of many uniform samples of n ranks, (simulations,)."""
    drawn = rng.integers(size + 1, size=(simulations, n))
    return np.asarray(np.abs(_standardised(drawn, size)).max(axis=1))


def _standardised(ranks: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Distance of each row's empirical distribution (M, R) from the uniform on 0..size, in standard errors: (M, 19)."""
    points = _points(size)
    share = points / (size + 1)
    below = np.stack([(ranks < point).mean(axis=1) for point in points], axis=1)
    return np.asarray((below - share) / np.sqrt(share * (1 - share) / ranks.shape[1]))


def _points(size: int) -> NDArray[np.int64]:
    return np.arange(1, POINTS) * (size + 1) // POINTS
