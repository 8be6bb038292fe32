"""Data drawn forwards from priors and posteriors: ours in numpy beside PyMC's own predictive sampling.

    python benchmarks/predictive.py                   # a minute on two quiet cores

One JSON line a piece of work: {"work", "unit", "ours", "peer", "peer_name", "ratio", "equal", ...}; seconds for 4,000
draws in a process that has just built the model, as a command does it; ratio is the peer's time over ours. ``equal``:
mean and standard deviation of the mean predictor, and of a single cell's, agree within five standard errors.

- prior: a district model of 20 districts and 14 half-years, for the prior gate: ``pm.sample_prior_predictive``.
- replicated: the same with given draws of its scalar parameters and new districts, as the predictive checks replicate:
  ``pm.sample_posterior_predictive``, which draws anew what the trace does not hold.
- stays: the prior of the model of leaving care, 20 districts, before and after, and four quarters of the stay.

Neither draws counts here: the likelihoods of the package are densities whose constant terms are computed once
(``bayes/models/observation.py``), and PyMC cannot draw from those. What each takes is the predictor.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

import numpy as np
import pymc as pm
import xarray as xr

from sverige_did.bayes.draws.replicate import PanelDraws, predictor
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.models.durations import HAZARD, LENGTH, Stays, build_durations
from sverige_did.bayes.models.poisson import build_poisson
from sverige_did.bayes.priors import SPREAD, Normal, draw

DRAWS = 4000
DISTRICTS, PERIODS, QUARTERS = 20, 14, 4
RATES = PanelPriors(level=Normal(-1.0, 1.0, "log_rate", "priors.total_rate"))
type Drawn = Callable[[], np.ndarray]
"""Gives predictors (S, N)."""


def cells(periods: int) -> Cells:
    """The first four districts are treated in the second half."""
    district, period = (at.ravel() for at in np.indices((DISTRICTS, periods)))
    treated, ones = np.arange(DISTRICTS) < 4, np.full(district.size, 50.0)
    dose = (treated[district] & (period >= periods // 2)).astype(float)
    return Cells(district, period, treated, dose, 0.4 * ones, 0.4 * ones, ones)


def scalars(priors: PanelPriors) -> dict[str, np.ndarray]:
    """Draws of the scalar parameters from their priors."""
    rng = np.random.default_rng(1)
    return {name: draw(prior, DRAWS, rng) for name, prior in priors.named().items()}


def ours(rows: Cells, priors: PanelPriors) -> Drawn:
    """Ours, whether the scalars come of the priors or of a fit."""
    return lambda: predictor(PanelDraws(scalars(priors), None, None), rows, np.random.default_rng(2))


def prior_of(model: pm.Model) -> Drawn:
    """PyMC's, from the priors."""

    def drawn() -> np.ndarray:
        with model:
            found = pm.sample_prior_predictive(draws=DRAWS, var_names=["eta"], random_seed=3)
        return found["prior"]["eta"].to_numpy().reshape(DRAWS, -1)

    return drawn


def replicated(model: pm.Model, priors: PanelPriors) -> Drawn:
    """PyMC's, given draws of the scalars; the vectors that the model keeps them in are put together again."""
    given, trace = scalars(priors), {}
    for variable in model.free_RVs:
        name = variable.name
        if name in SPREAD:
            columns = np.stack([given[str(one)] for one in model.coords[SPREAD[name]]], axis=-1)
            trace[name] = (("chain", "draw", SPREAD[name]), columns[None])
        elif name in given:
            trace[name] = (("chain", "draw"), given[name][None])

    def drawn() -> np.ndarray:
        with model:
            found = pm.sample_posterior_predictive(
                xr.Dataset(trace), var_names=["eta"], freeze_vars=list(trace), random_seed=3, progressbar=False
            )
        return found["posterior_predictive"]["eta"].to_numpy().reshape(DRAWS, -1)

    return drawn


def equal(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether the mean and the spread of the mean predictor and of one cell agree within five standard errors."""
    pairs = ((first.mean(axis=1), second.mean(axis=1)), (first[:, -1], second[:, -1]))
    for mine, theirs in pairs:
        error = np.hypot(mine.std(), theirs.std()) / np.sqrt(DRAWS)
        if abs(mine.mean() - theirs.mean()) > 5 * error or abs(mine.std() - theirs.std()) > 5 * error:
            return False
    return True


def line(work: str, name: str, mine: Drawn, theirs: Drawn) -> None:
    """Run both and print what they took."""
    took, found = [], []
    for run in (mine, theirs):
        started = time.perf_counter()
        found.append(run())
        took.append(time.perf_counter() - started)
    told = {
        "work": work, "unit": "seconds", "ours": round(took[0], 3), "peer": round(took[1], 3), "peer_name": name,
        "ratio": round(took[1] / took[0], 1), "equal": equal(*found),
    }  # fmt: skip
    print(json.dumps(told), flush=True)


def main() -> None:
    """Every piece of work."""
    logging.getLogger("pymc").setLevel(logging.ERROR)
    rows = cells(PERIODS)
    line("prior", "pm.sample_prior_predictive", ours(rows, RATES), prior_of(build_poisson(rows, RATES)))
    line("replicated", "pm.sample_posterior_predictive", ours(rows, RATES),
         replicated(build_poisson(rows, RATES), RATES))  # fmt: skip
    pairs = cells(2)
    at = np.repeat(np.arange(len(pairs.district)), QUARTERS)
    left, there = np.ones(at.size), np.full(at.size, 20.0)
    stays = Stays(pairs.district[at], pairs.period[at], np.tile(np.arange(QUARTERS), len(pairs.district)),
                  pairs.treated, pairs.dose[at], left, left, there)  # fmt: skip
    line(
        "stays",
        "pm.sample_prior_predictive",
        ours(stays.cells, HAZARD),
        prior_of(build_durations(stays, HAZARD, LENGTH)),
    )


if __name__ == "__main__":
    main()
