"""The likelihoods of district models in one lookup: how each is built, simulated, and what its scale is called.

A new likelihood is one builder of its own file and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pymc as pm
from numpy.typing import NDArray
from scipy.special import expit, gammaln, logit

from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.models.effects import Realised, moved_among_trials, moved_in_exposure, percent
from sverige_did.bayes.models.negative_binomial import build_negative_binomial
from sverige_did.bayes.models.poisson import build_poisson
from sverige_did.bayes.priors import Prior

Floats = NDArray[np.float64]
ALIKE = 1e-9
"""Stands for nothing where a logarithm or the parameter of a beta or a gamma cannot be zero."""

Own = Mapping[str, Floats]
"""The likelihood's own parameters by name, broadcast against eta."""


@dataclass(frozen=True, slots=True)
class Family:
    """One likelihood.

    ``own`` names the plan's priors of the likelihood's own parameters, in the order that ``build`` takes them.
    ``outcome`` is the inverse link to the unit of the outcome, ``link`` its inverse; ``log_scale`` is the name of the
    link's scale. ``simulate(eta, size, own, rng)`` draws counts, ``log_likelihood(eta, count, size, own)`` has the
    shape of ``eta``. ``trials`` is true where sizes are whole numbers of trials, which cannot be next to none.
    ``realised`` draws how many of the children of a cell the programme moved there; None where what happens is not a
    matter of children who are here or there. ``dispersed(eta, size, again, rng)`` is eta with what makes counts vary
    ``again`` (N,) times as much as they would.
    """

    build: Callable[..., pm.Model]
    own: tuple[str, ...]
    outcome: Callable[[Floats], Floats]
    link: Callable[[Floats], Floats]
    log_scale: str
    simulate: Callable[[Floats, Floats, Own, np.random.Generator], Floats]
    log_likelihood: Callable[[Floats, Floats, Floats, Own], Floats]
    trials: bool = False
    realised: Realised | None = None
    dispersed: Callable[[Floats, Floats, Floats, np.random.Generator], Floats] | None = None

    def model(self, cells: Cells, priors: PanelPriors, own: Mapping[str, Prior]) -> pm.Model:
        """The unfitted model; ``own`` may leave out parameters, which then have the package's prior."""
        return self.build(cells, priors, *(own[name] for name in self.own if name in own))


def _events(eta: Floats, size: Floats, own: Own, rng: np.random.Generator) -> Floats:
    phi = own["clustering"] ** -2.0
    return rng.poisson(size * np.exp(eta) * rng.gamma(phi, 1 / phi, eta.shape)).astype(float)


def _events_log(eta: Floats, count: Floats, size: Floats, own: Own) -> Floats:
    phi, mean = own["clustering"] ** -2.0, size * np.exp(eta)
    ways = gammaln(count + phi) - gammaln(phi) - gammaln(count + 1)
    return np.asarray(ways + count * np.log(mean / (phi + mean)) - phi * np.log1p(mean / phi))


def _present_log(eta: Floats, count: Floats, size: Floats, _: Own) -> Floats:
    return np.asarray(count * (eta + np.log(size)) - size * np.exp(eta) - gammaln(count + 1))


def _share_log(eta: Floats, count: Floats, size: Floats, _: Own) -> Floats:
    ways = gammaln(size + 1) - gammaln(count + 1) - gammaln(size - count + 1)
    return np.asarray(ways + count * eta - size * np.logaddexp(0.0, eta))


def _dispersed_share(eta: Floats, size: Floats, again: Floats, rng: np.random.Generator) -> Floats:
    """A share that is drawn from a beta makes counts beta-binomial, with 1 + (size - 1) / (alike + 1) the variance."""
    alike = np.maximum(size - again, ALIKE) / np.maximum(again - 1, ALIKE)
    share = rng.beta(*(np.maximum(alike * part, ALIKE) for part in (expit(eta), expit(-eta))))
    return np.asarray(np.where(again > 1, logit(np.clip(share, ALIKE, 1 - ALIKE)), eta))


def _dispersed_rate(eta: Floats, size: Floats, again: Floats, rng: np.random.Generator) -> Floats:
    """A rate times a gamma makes counts negative binomial, with ``again`` times their mean as the variance."""
    shape = np.maximum(size * np.exp(eta) / np.maximum(again - 1, ALIKE), ALIKE)
    times = np.maximum(rng.gamma(shape) / shape, ALIKE)
    return np.asarray(np.where(again > 1, eta + np.log(times), eta))


FAMILIES: Mapping[str, Family] = {
    "binomial": Family(
        build=build_binomial,
        own=(),
        outcome=percent,
        link=lambda share: np.asarray(logit(share / 100)),
        log_scale="log_odds",
        simulate=lambda eta, size, _, rng: rng.binomial(size.astype(int), expit(eta)).astype(float),
        log_likelihood=_share_log,
        trials=True,
        realised=moved_among_trials,
        dispersed=_dispersed_share,
    ),
    "poisson": Family(
        build=build_poisson,
        own=(),
        outcome=np.exp,
        link=np.log,
        log_scale="log_ratio",
        simulate=lambda eta, size, _, rng: rng.poisson(size * np.exp(eta)).astype(float),
        log_likelihood=_present_log,
        realised=moved_in_exposure,
        dispersed=_dispersed_rate,
    ),
    "negative_binomial": Family(
        build=build_negative_binomial,
        own=("clustering",),
        outcome=np.exp,
        link=np.log,
        log_scale="log_ratio",
        simulate=_events,
        log_likelihood=_events_log,
    ),
}
