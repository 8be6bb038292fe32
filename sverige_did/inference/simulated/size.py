"""How often each method rejects a true null, and how often it finds an effect, in a design of the reader's own.

A nominal 5 % is a promise that holds only when a method's assumptions do. Here districts are simulated that swing by
themselves (with memory, and more or less where treated), counts are drawn among their children, and every method and
the verdict are asked for an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from scipy import special

from sverige_did.errors import option, refuse
from sverige_did.inference.districts import Bools, Districts, Floats, comparable, districts
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.verdict import refusals, supported
from sverige_did.inference.wild_bootstrap import drawn_weights

Outcome = Literal["normal", "binomial", "poisson"]

BLOCK = 1_000
"""Data sets that are simulated and tested together."""

_CELLS, _NUMBERS = 500_000, 20_000_000
"""Districts times data sets that are simulated together at most, and periods times those: 160 megabytes a table."""


class Design(Protocol):
    """What can be simulated: districts, their children, and the changes of data sets without an effect."""

    @property
    def sample(self) -> Districts:
        """The districts as the methods take them."""
        ...

    @property
    def children(self) -> Floats:
        """Children of every district (G,)."""
        ...

    @property
    def periods(self) -> int:
        """Periods that a data set has numbers of."""
        ...

    def changes(self, n: int, rng: np.random.Generator) -> Floats:
        """Changes (G, n) of n data sets without any effect."""
        ...


@dataclass(frozen=True, slots=True)
class SimulatedDesign:
    """What is simulated. The first ``treated`` of ``groups`` districts are treated.

    ``sizes`` (G,): children a district, one number for all or one each · ``sd_ratio``: sd of the shocks of treated over
    that of control districts · ``shock_sd``: of a control district in one period, in the unit of the outcome for
    ``normal``, in log-odds for ``binomial``, in logs for ``poisson`` · ``autocorrelation``: AR(1) coefficient of the
    shocks · ``level``: share or rate without shocks; for ``normal`` the sd of one child's outcome · ``noise_memory``:
    AR(1) coefficient of that too, where the same children are seen again; for ``normal`` only · ``weights`` (G,): of
    the districts in the effect, equal where None · ``strata`` (G,): within which they are compared, one where None.
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
    weights: tuple[float, ...] | None = None
    strata: tuple[int, ...] | None = None

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

    @property
    def periods(self) -> int:
        """Periods before and after."""
        return self.before + self.after

    @property
    def sample(self) -> Districts:
        """The design as the methods take it; its changes are none of any data set."""
        return districts(
            np.arange(self.groups), self.is_treated, weights=self.weights, strata=self.strata, smallest_arm=1
        )

    def changes(self, n: int, rng: np.random.Generator) -> Floats:
        """Changes (G, n) of n data sets without any effect."""
        return simulate_changes(self, n, rng)


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
        y = shocks + design.level / np.sqrt(m) * remembering(rng.standard_normal(shocks.shape), design.noise_memory)
    elif design.outcome == "binomial":
        probability = special.expit(special.logit(design.level) + shocks)
        y = rng.binomial(m.astype(np.int64), probability) / m
    else:
        y = rng.poisson(m * design.level * np.exp(shocks)) / m
    return np.asarray(y[:, design.before :].mean(axis=1) - y[:, : design.before].mean(axis=1))


def _shocks(design: SimulatedDesign, n: int, rng: np.random.Generator) -> Floats:
    """Stationary AR(1) shocks (G, periods, n)."""
    shocks = remembering(rng.standard_normal((design.groups, design.before + design.after, n)), design.autocorrelation)
    sd = design.shock_sd * np.where(design.is_treated, design.sd_ratio, 1.0)
    return np.asarray(shocks * sd[:, None, None])


def remembering(draws: Floats, autocorrelation: float) -> Floats:
    """Independent standard normal draws (G, periods, n) as stationary AR(1) series of the same variance, in place."""
    for t in range(1, draws.shape[1]):
        draws[:, t] = autocorrelation * draws[:, t - 1] + np.sqrt(1 - autocorrelation**2) * draws[:, t]
    return draws


def rejection_rates(
    design: Design,
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
    treated, shares = design.sample.treated, everyone(design.sample)
    controls = int((~treated).sum())
    if controls < 2:
        raise refuse("too_few_control", found=str(controls), expected=">= 2")
    changes = [design.changes(size, rng) for size in blocks_of(design, simulations)]
    effects = np.concatenate([shares @ y for y in changes])
    answers = []
    for shift in shifts:
        hits: Counter[str] = Counter()
        for y in changes:
            hits.update(_hits(y + shift * effects.std() * treated[:, None], design, alpha, draws, rng))
        rates = {name: count / simulations for name, count in hits.items()}
        answers.append(Rejections(rates, simulations, alpha))
    return tuple(answers)


class Share(NamedTuple):
    """The share of ``simulations`` data sets in which the verdict says supported."""

    share: float
    simulations: int

    def exceeds(self, alpha: float) -> bool:
        """Whether it is above ``alpha`` by more than two Monte Carlo errors."""
        return self.share > alpha + 2 * float(np.sqrt(alpha * (1 - alpha) / self.simulations))


def verdict_size(
    design: Design,
    *,
    rng: np.random.Generator,
    shifts: tuple[float, ...] = (0.0,),
    simulations: int = 2_000,
    alpha: float = 0.05,
    draws: int = 999,
) -> tuple[Share, ...]:
    """How often the verdict says supported, and no other method: districts are permuted only where it can matter.

    One answer a shift, as :func:`rejection_rates` gives. The design must carry a verdict
    (:func:`~sverige_did.inference.verdict.refusals`).
    """
    changes = [design.changes(size, rng) for size in blocks_of(design, simulations)]
    shares, treated = everyone(design.sample), design.sample.treated[:, None]
    error = np.concatenate([shares @ y for y in changes]).std()

    def share(shift: float) -> float:
        said = (vectorised.verdicts(y + shift * error * treated, design.sample, alpha, draws, rng) for y in changes)
        return float(sum(one.sum() for one in said)) / simulations

    return tuple(Share(share(shift), simulations) for shift in shifts)


def blocks_of(design: Design, simulations: int) -> Iterator[int]:
    """How many data sets are simulated together, time after time."""
    groups = design.sample.change.size
    step = max(1, min(BLOCK, _CELLS // groups, _NUMBERS // (groups * design.periods)))
    return (min(step, simulations - done) for done in range(0, simulations, step))


def everyone(sample: Districts) -> Floats:
    """What each change adds to the effect (G,): nothing in a stratum that lacks an arm."""
    shares = np.zeros(sample.change.size)
    shares[comparable(sample.treated, sample.strata)] = sample.compared().shares
    return shares


def _hits(change: Floats, design: Design, alpha: float, draws: int, rng: np.random.Generator) -> dict[str, int]:
    """In how many of the data sets (G, n) each method rejects, and the rule of the verdict where the design has one."""
    p = p_values(change, design, draws, rng)
    decided = {name: values <= alpha for name, values in p.items()}
    if not refusals(design.sample.treated, design.sample.strata, alpha):
        decided["verdict"] = supported(p["permutation_studentised"], p["behrens_fisher"], alpha)
    return {name: int(rejected.sum()) for name, rejected in decided.items()}


def p_values(change: Floats, design: Design, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Two-sided p-values (n,) of every method that the design can carry, for changes (G, n)."""
    kept = comparable(design.sample.treated, design.sample.strata)
    change, sample, groups = change[kept], design.sample.compared(), int(kept.sum())
    k = int(sample.treated.sum())
    studentised, bare = vectorised.both_permutations(change, sample, draws, rng)
    found = {"permutation": bare}
    if k > 1:
        found["permutation_studentised"] = studentised
    methods = vectorised.MOMENTS if k > 1 else vectorised.ONE_TREATED
    found |= {name: method(change, sample) for name, method in methods.items()}
    found["wild_restricted"] = vectorised.wild_restricted(change, sample, drawn_weights(groups, draws, rng))
    chosen = rng.integers(0, groups, size=(draws, groups))
    found["ferman_pinto"] = vectorised.ferman_pinto(change, sample, design.children[kept], chosen)
    # Pairs leave nothing of the controls within strata.
    if groups >= 2 * k and groups - k > np.unique(sample.strata).size:
        tuples = vectorised.reference_rows(np.arange(groups - k) < k, draws, rng)
        found["conley_taber"] = vectorised.conley_taber(change, sample, tuples)
    return found
