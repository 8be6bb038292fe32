"""Districts that begin at different dates, if all change as the untreated ones were seen to: how often the rule errs.

Where single large shocks that stay are what districts differ by, neither test of the dates holds its size if treated
districts swing more, and on some twenty districts a test of skewness at 5 % sees it three times in ten. So no law is
guessed: the paths of the untreated districts, whole and around their mean, are drawn again for every district, and the
rule is applied to each data set. Skewness and persistence are those of the data. Where the untreated show as much
skewness as one sample in five does by chance, or are too few to show any, treated districts swing ``STRETCH`` times as
far: how much three or four of them do can hardly be told (docs/size.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy

from sverige_did.inference.districts import Bools, Floats, Ints
from sverige_did.inference.simulated.redrawn import FEWEST
from sverige_did.inference.simulated.size import BLOCK, Share
from sverige_did.inference.staggered import FEWEST_SKEWED, SKEWED

VISIBLE = 0.2
"""Level of D'Agostino's test of the untreated paths at which treated districts are stretched."""

STRETCH = 3.0
"""How many times as far they then swing."""


class DateTests(NamedTuple):
    """p-values (n,): the bare and the studentised permutation of dates, Welch's t by date, and skewness."""

    permutation: Floats
    studentised: Floats
    welch: Floats
    skewness: Floats

    def rejected(self, alpha: float) -> Bools:
        """Whether both tests reject."""
        return np.asarray(np.maximum(self.studentised, self.welch) <= alpha)

    @property
    def barred(self) -> Bools:
        """Whether the shape of the data speaks against the tests' size: nothing is supported then, whatever it is."""
        return np.asarray(self.skewness <= SKEWED)

    def supported(self, alpha: float) -> Bools:
        """The rule: both tests reject and nothing speaks against their size."""
        return np.asarray(self.rejected(alpha) & ~self.barred)


@dataclass(frozen=True, slots=True, eq=False)
class DatedDesign:
    """``cohort`` (U,): codes in order of go-live, the never treated last, two districts or more in each · ``weights``
    (K, T): :func:`~sverige_did.inference.staggered.cohort_weights` · ``exposed`` (U, T): the share of each cell under
    treatment · ``strata`` (U,): within which dates are exchanged · ``table`` (U, T): the levels that were seen.
    """

    cohort: Ints
    weights: Floats
    exposed: Floats
    strata: Ints
    table: Floats

    @property
    def control(self) -> Bools:
        """Who never begins (U,)."""
        return np.asarray(self.cohort == self.cohort.max())

    @property
    def level(self) -> float:
        """The mean level of treated districts before they are under treatment: what a change is a share of."""
        return float(self.table[(self.exposed == 0) & ~self.control[:, None]].mean())

    def with_districts(self, times: int) -> DatedDesign:
        """The same with so many times its districts, those that there are once more."""
        rows = np.tile(np.arange(len(self.cohort)), times)
        names = ("cohort", "exposed", "strata", "table")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def paths(self) -> Floats:
        """The untreated districts' levels around their mean in the period (M, T), with their variance unbiased."""
        mine = self.table[self.control]
        return np.asarray((mine - mine.mean(axis=0)) * np.sqrt(len(mine) / (len(mine) - 1)))

    @property
    def stretch(self) -> float:
        """How many times as far treated districts are taken to swing."""
        z = self.paths @ self.weights[-1]
        if z.size < FEWEST:
            return STRETCH
        return STRETCH if np.ptp(z) > 0 and scipy.stats.skewtest(z).pvalue <= VISIBLE else 1.0


type Combined = Callable[[int], Floats]
"""What each district adds to the effect if it were in cohort k: (n, U), its levels weighted by ``weights[k]``."""


def date_tests(y: Floats, design: DatedDesign, *, draws: int, rng: np.random.Generator) -> DateTests:
    """The tests of inference/staggered.py for many data sets ``y`` (n, U, T), with the same drawn dates for all."""
    return _tests(lambda k: np.asarray(y @ design.weights[k]), len(y), design, draws=draws, rng=rng)


def _tests(combined: Combined, n: int, design: DatedDesign, *, draws: int, rng: np.random.Generator) -> DateTests:
    """The same of n data sets by what each district adds, so that no data set need be held period by period."""
    cohort, weights = design.cohort, design.weights
    labels = np.tile(cohort, (1 + draws, 1))
    for s in np.unique(design.strata):
        members = np.flatnonzero(design.strata == s)
        labels[1:, members] = rng.permuted(labels[1:, members], axis=1)
    sizes = np.bincount(cohort)
    total, variance = np.zeros((2, 1 + draws, n))
    own, around = np.empty((sizes.size, n)), np.empty((n, cohort.size))
    for k, size in enumerate(sizes):
        members, z = (labels == k).astype(float), combined(k)
        first, second = members @ z.T, members @ np.square(z).T
        part = np.maximum(second - first**2 / size, 0.0) * size / (size - 1)
        total, variance, own[k] = total + first, variance + part, part[0]
        mine = z[:, cohort == k] / np.sqrt(np.square(weights[k]).sum())
        around[:, cohort == k] = mine - mine.mean(axis=1, keepdims=True)
    t = np.abs(total) / np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    df = np.square(own.sum(axis=0)) / (np.square(own) / (sizes - 1)[:, None]).sum(axis=0)
    return DateTests(
        permutation=(np.abs(total) >= np.abs(total[0]) * (1 - 1e-9)).mean(axis=0),
        studentised=(t >= t[0] * (1 - 1e-9)).mean(axis=0),
        welch=np.asarray(2 * scipy.stats.t.sf(t[0], df)),
        skewness=_skewness(around, design.control),
    )


def _skewness(around: Floats, control: Bools) -> Floats:
    if control.size < FEWEST_SKEWED:
        return np.ones(len(around))
    scaled = np.empty_like(around)
    for arm in (control, ~control):
        spread = around[:, arm].std(axis=1, keepdims=True)
        scaled[:, arm] = around[:, arm] / np.where(spread > 0, spread, 1.0)
    return np.asarray(scipy.stats.skewtest(scaled, axis=1).pvalue)


def redrawn_sizes(
    design: DatedDesign,
    *,
    stretch: float,
    rng: np.random.Generator,
    shifts: tuple[float, ...] = (0.0,),
    simulations: int = 2_000,
    alpha: float = 0.05,
    draws: int = 499,
) -> tuple[Share, ...]:
    """How often the rule says supported among data sets redrawn from the untreated paths; one answer a shift.

    A shift moves every treated cell by so many standard deviations of the estimated effect.
    """
    far = np.where(design.control, 1.0, stretch)
    blocks = [min(BLOCK, simulations - done) for done in range(0, simulations, BLOCK)]
    made = [rng.integers(0, len(design.paths), (n, far.size)) for n in blocks]
    error = np.concatenate([_effects(design, drawn, far) for drawn in made]).std()

    def share(shift: float) -> float:
        moved = shift * error * design.exposed
        tested = (
            _tests(_combined(design, drawn, far, moved), len(drawn), design, draws=draws, rng=rng) for drawn in made
        )
        return float(sum(one.supported(alpha).sum() for one in tested)) / simulations

    return tuple(Share(share(shift), simulations) for shift in shifts)


def found_at(
    design: DatedDesign, change: float, *, seed: int, simulations: int = 1_000, alpha: float = 0.05, draws: int = 499
) -> Share:
    """How often both tests find a ``change`` of every treated cell, as a share of the treated districts' mean level.

    The same data sets are drawn for every change, so that a search is not led astray by chance. How often the shape of
    the data bars a verdict (:func:`barred_by_shape`) is no part of it: no effect, however large, makes that rarer.
    """
    moved = change * design.level * design.exposed
    tested = _again(design, moved, seed=seed, simulations=simulations, draws=draws)
    return Share(float(sum(one.rejected(alpha).sum() for one in tested)) / simulations, simulations)


def barred_by_shape(design: DatedDesign, *, seed: int, simulations: int = 1_000) -> Share:
    """How often the shape of the data bars a verdict, whatever the effect: it is judged around each date's mean."""
    tested = _again(design, np.zeros_like(design.exposed), seed=seed, simulations=simulations, draws=1)
    return Share(float(sum(one.barred.sum() for one in tested)) / simulations, simulations)


def _again(design: DatedDesign, moved: Floats, *, seed: int, simulations: int, draws: int) -> Iterator[DateTests]:
    """The tests of blocks of data sets redrawn from the untreated paths, with cells ``moved`` (U, T)."""
    rng, far = np.random.default_rng(seed), np.ones(len(design.cohort))
    for done in range(0, simulations, BLOCK):
        n = min(BLOCK, simulations - done)
        drawn = rng.integers(0, len(design.paths), (n, far.size))
        yield _tests(_combined(design, drawn, far, moved), n, design, draws=draws, rng=rng)


def _combined(design: DatedDesign, drawn: Ints, far: Floats, moved: Floats) -> Combined:
    """Of data sets in which district u has path ``drawn`` (n, U), ``far`` (U,) times as far, and its cells ``moved``.

    A path is combined once and not in every data set that it is drawn into: a whole country's data sets, period by
    period, would take gigabytes.
    """
    paths = design.paths @ design.weights.T
    return lambda k: np.asarray(paths[:, k][drawn] * far + moved @ design.weights[k])


def _effects(design: DatedDesign, drawn: Ints, far: Floats) -> Floats:
    """The estimated effect (n,) of data sets in which nothing was done."""
    paths = design.paths @ design.weights.T
    return np.asarray((paths[drawn, design.cohort] * far).sum(axis=1))
