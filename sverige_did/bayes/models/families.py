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
from sverige_did.bayes.models.effects import percent
from sverige_did.bayes.models.negative_binomial import build_negative_binomial
from sverige_did.bayes.models.poisson import build_poisson
from sverige_did.bayes.priors import Prior

Floats = NDArray[np.float64]
Own = Mapping[str, Floats]
"""The likelihood's own parameters by name, broadcast against eta."""


@dataclass(frozen=True, slots=True)
class Family:
    """One likelihood.

    ``own`` names the plan's priors of the likelihood's own parameters, in the order that ``build`` takes them.
    ``outcome`` is the inverse link to the unit of the outcome, ``link`` its inverse; ``log_scale`` is the name of the
    link's scale. ``simulate(eta, size, own, rng)`` draws counts, ``log_likelihood(eta, count, size, own)`` has the
    shape of ``eta``. ``trials`` is true where sizes are whole numbers of trials, which cannot be next to none.
    """

    build: Callable[..., pm.Model]
    own: tuple[str, ...]
    outcome: Callable[[Floats], Floats]
    link: Callable[[Floats], Floats]
    log_scale: str
    simulate: Callable[[Floats, Floats, Own, np.random.Generator], Floats]
    log_likelihood: Callable[[Floats, Floats, Floats, Own], Floats]
    trials: bool = False

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
    ),
    "poisson": Family(
        build=build_poisson,
        own=(),
        outcome=np.exp,
        link=np.log,
        log_scale="log_ratio",
        simulate=lambda eta, size, _, rng: rng.poisson(size * np.exp(eta)).astype(float),
        log_likelihood=_present_log,
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
