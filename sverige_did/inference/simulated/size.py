"""How often each method rejects a true null, and how often it finds an effect, in a design of the reader's own.

A nominal 5 % is a promise that holds only when a method's assumptions do. Here districts are simulated that swing by
themselves (with memory, and more or less where treated), counts are drawn among their children, and every method and
the verdict are asked for an answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from sverige_did.errors import option, refuse
from sverige_did.inference.districts import Bools, Floats
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.verdict import refusals, supported
from sverige_did.inference.wild_bootstrap import drawn_weights

Outcome = Literal["normal", "binomial", "poisson"]

BLOCK = 1_000
"""Data sets that are simulated and tested together."""


@dataclass(frozen=True, slots=True)
class SimulatedDesign:
    """What is simulated. The first ``treated`` of ``groups`` districts are treated.

    ``sizes`` (G,): children a district, one number for all or one each · ``sd_ratio``: sd of the shocks of treated over
    that of control districts · ``shock_sd``: of a control district in one period, in the unit of the outcome for
    ``normal``, in log-odds for ``binomial``, in logs for ``poisson`` · ``autocorrelation``: AR(1) coefficient of the
    shocks · ``level``: share or rate without shocks; for ``normal`` the sd of one child's outcome · ``noise_memory``:
    AR(1) coefficient of that too, where the same children are seen again; for ``normal`` only.
    """

    groups: int
    treated: int
    sd_ratio: float = 1.0
    outcome: Outcome = "normal"
    sizes: float | tuple[float, ...] = 100.0
    shock_sd: float = 1.0
    autocorrelation: float = 0.0
    level: float = 0.0
    before: int = 1
    after: int = 1
    noise_memory: float = 0.0

    def __post_init__(self) -> None:
        option("outcome", self.outcome, Outcome)

    @property
    def is_treated(self) -> Bools:
        """The treatment indicator (G,)."""
        return np.arange(self.groups) < self.treated

    @property
    def children(self) -> Floats:
        """Children of every district (G,)."""
        return np.broadcast_to(np.asarray(self.sizes, dtype=float), (self.groups,))


@dataclass(frozen=True, slots=True, eq=False)
class Rejections:
    """The share of ``simulations`` data sets in which each method rejected, by the name of the method.

    ``verdict`` is the rule of verdict.py. A method that the design cannot carry is not there.
    """

    rates: dict[str, float]
    simulations: int
    alpha: float

    def standard_error(self, method: str) -> float:
        """Monte Carlo standard error of the rate of a method."""
        rate = self.rates[method]
        return float(np.sqrt(rate * (1 - rate) / self.simulations))


def simulate_changes(design: SimulatedDesign, n: int, rng: np.random.Generator) -> Floats:
    """Changes (G, n) of n data sets without any effect: mean after minus mean before."""
    shocks = _shocks(design, n, rng)
    m = design.children[:, None, None]
    if design.outcome == "normal":
        y = shocks + design.level / np.sqrt(m) * _remembering(rng.standard_normal(shocks.shape), design.noise_memory)
    elif design.outcome == "binomial":
        probability = special.expit(special.logit(design.level) + shocks)
        y = rng.binomial(m.astype(np.int64), probability) / m
    else:
        y = rng.poisson(m * design.level * np.exp(shocks)) / m
    return np.asarray(y[:, design.before :].mean(axis=1) - y[:, : design.before].mean(axis=1))


def _shocks(design: SimulatedDesign, n: int, rng: np.random.Generator) -> Floats:
    """Stationary AR(1) shocks (G, periods, n)."""
    shocks = _remembering(rng.standard_normal((design.groups, design.before + design.after, n)), design.autocorrelation)
    sd = design.shock_sd * np.where(design.is_treated, design.sd_ratio, 1.0)
    return np.asarray(shocks * sd[:, None, None])


def _remembering(draws: Floats, autocorrelation: float) -> Floats:
    """Independent standard normal draws (G, periods, n) as stationary AR(1) series of the same variance, in place."""
    for t in range(1, draws.shape[1]):
        draws[:, t] = autocorrelation * draws[:, t - 1] + np.sqrt(1 - autocorrelation**2) * draws[:, t]
    return draws


def rejection_rates(
    design: SimulatedDesign,
    *,
    rng: np.random.Generator,
    shifts: tuple[float, ...] = (0.0,),
    simulations: int = 10_000,
    alpha: float = 0.05,
    draws: int = 999,
) -> tuple[Rejections, ...]:
    """Simulate, and let every method decide at the level ``alpha``: one answer a shift, from the same data sets.

    A shift moves the change of all treated districts by so many standard deviations of the estimated effect: 0
    gives the size, 3 the power where the true standard error would give .85. ``draws``: assignments, bootstrap weights
    and tuples a test.

    Raises RefusedError ``too_few_control`` with fewer than two control districts.
    """
    if design.groups - design.treated < 2:
        raise refuse("too_few_control", found=str(design.groups - design.treated), expected=">= 2")
    treated = design.is_treated
    sizes = (min(BLOCK, simulations - done) for done in range(0, simulations, BLOCK))
    changes = [simulate_changes(design, size, rng) for size in sizes]
    effects = np.concatenate([y[treated].mean(axis=0) - y[~treated].mean(axis=0) for y in changes])
    answers = []
    for shift in shifts:
        hits: Counter[str] = Counter()
        for y in changes:
            hits.update(_hits(y + shift * effects.std() * treated[:, None], design, alpha, draws, rng))
        rates = {name: count / simulations for name, count in hits.items()}
        answers.append(Rejections(rates, simulations, alpha))
    return tuple(answers)


def _hits(
    change: Floats, design: SimulatedDesign, alpha: float, draws: int, rng: np.random.Generator
) -> dict[str, int]:
    """In how many of the data sets (G, n) each method rejects, and the rule of the verdict where the design has one."""
    p = p_values(change, design, draws, rng)
    decided = {name: values <= alpha for name, values in p.items()}
    if not refusals(design.is_treated, np.zeros(design.groups, dtype=np.int64), alpha):
        decided["verdict"] = supported(
            p["permutation_studentised"], p["cr2_bell_mccaffrey"], p["behrens_fisher"], alpha
        )
    return {name: int(rejected.sum()) for name, rejected in decided.items()}


def p_values(change: Floats, design: SimulatedDesign, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Two-sided p-values (n,) of every method that the design can carry, for changes (G, n)."""
    treated = design.is_treated
    k, m = design.treated, design.groups - design.treated
    studentised, bare = vectorised.permutation(change, treated, vectorised.reference_rows(treated, draws, rng))
    found = {"permutation": bare}
    if k > 1:
        found["permutation_studentised"] = studentised
    moments = vectorised.arms(change, treated)
    found |= {
        name: method(moments) for name, method in (vectorised.MOMENTS if k > 1 else vectorised.ONE_TREATED).items()
    }
    found["wild_restricted"] = vectorised.wild_restricted(change, treated, drawn_weights(design.groups, draws, rng))
    chosen = rng.integers(0, design.groups, size=(draws, design.groups))
    found["ferman_pinto"] = vectorised.ferman_pinto(change, treated, design.children, chosen)
    if m >= k:
        found["conley_taber"] = vectorised.conley_taber(
            change, treated, vectorised.reference_rows(np.arange(m) < k, draws, rng)
        )
    return found
