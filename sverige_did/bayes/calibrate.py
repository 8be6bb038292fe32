"""Simulation-based calibration: data from the prior, and the truth's rank among the posterior's draws.

Averaged over the prior a posterior contains the truth as often as it says, so ranks are uniform (Talts et al. 2018);
the largest departure of their distribution from uniform is judged against its own simulated distribution, with
every point of the curve weighed by its standard error (after Säilynoja, Bürkner and Vehtari 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm

from sverige_did.bayes.sample import Settings, compile_model, named, sample
from sverige_did.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SHORT = Settings(draws=500, tune=600, chains=2, cores=2)


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Ranks (R, P) in 0..size of the true values of the named scalar parameters; R data sets out of ``drawn``.

    ``refused`` data sets could not be modelled (nothing happened in them): uniformity holds given any data, so leaving
    them out is fair. ``diverged`` counts the fits with a divergence; their ranks are kept.
    """

    names: tuple[str, ...]
    ranks: NDArray[np.int64]
    size: int
    drawn: int
    refused: int
    diverged: int


def calibrate(
    template: pm.Model,
    build: Callable[[NDArray[np.float64]], pm.Model],
    names: tuple[str, ...],
    replications: int,
    rng: np.random.Generator,
    settings: Settings = SHORT,
    thin: int = 10,
) -> Ranks:
    """Ranks for a model whose observed variable is ``y``; ``build(y)`` is the template's structure with other data.

    Every ``thin``-th draw counts, as ranks are uniform for independent draws only.
    """
    seeds = rng.integers(2**31, size=replications + 1)
    with template:
        simulated = pm.sample_prior_predictive(draws=replications, random_seed=int(seeds[0]))
    prior = named(simulated["prior"].to_dataset())
    truth = np.stack([prior[name].to_numpy().ravel() for name in names], axis=1)
    data = simulated["prior_predictive"]["y"].to_numpy()[0].astype(float)
    compiled, rows, refused, diverged = compile_model(template), [], 0, 0
    for one, y, seed in zip(truth, data, seeds[1:], strict=True):
        try:
            model = build(y)
        except RefusedError:
            refused += 1
            continue
        fit = sample(model, seed=int(seed), settings=settings, gates=None, compiled=compiled, progress=False)
        kept = np.stack([fit.values(name)[::thin] for name in names], axis=1)
        rows.append((kept < one).sum(axis=0))
        diverged += fit.report.divergences > 0
    size = -(-settings.chains * settings.draws // thin)
    return Ranks(names, np.array(rows), size, replications, refused, diverged)


def uniformity(ranks: Ranks, rng: np.random.Generator, simulations: int = 4000) -> dict[str, float]:
    """p-value of uniform ranks by parameter: (1 + hits) / (1 + simulations)."""
    n = len(ranks.ranks)
    null = _departure(rng.integers(ranks.size + 1, size=(simulations, n)), ranks.size)
    found = _departure(ranks.ranks.T, ranks.size)
    hits = (null[None, :] >= found[:, None] - 1e-12).sum(axis=1)
    return {name: float((1 + hit) / (1 + simulations)) for name, hit in zip(ranks.names, hits, strict=True)}


def _departure(ranks: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Largest standardised distance of each row's empirical distribution (M, R) from the uniform on 0..size."""
    n, points = ranks.shape[1], np.arange(1, 20) * (size + 1) // 20
    share = points / (size + 1)
    below = np.stack([(ranks < point).mean(axis=1) for point in points], axis=1)
    return np.asarray(np.abs((below - share) / np.sqrt(share * (1 - share) / n)).max(axis=1))
