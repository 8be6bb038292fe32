"""Permutation test of a treatment effect, exact over all assignments, with an interval that agrees with its p.

The p-value is exact if, without the programme, the changes of the districts (within strata) are exchangeable. Nobody
drew the treated districts at random, so this is an assumption about districts, not a consequence of the design.

Studentised by the standard error by arm (arm_variances.py; Welch's, for two means): the test stays close to its size
when treated and control districts vary unlike each other, which the bare coefficient does not. With weights it is the
changes that move, to places that keep treatment and weight: were the weights to move with the changes, the estimate
would be another one at every assignment, and large weights would meet the treated by chance alone. With covariates,
which stay with their change, the regression is refitted to every assignment (assignment_statistics.py); its standard
error is CR2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.errors import option, refuse
from sverige_did.inference.assignment_statistics import standard_error_squared, statistics
from sverige_did.inference.assignments import MAX_ENUMERATED, reference_assignments, smallest_p
from sverige_did.inference.districts import Bools, Districts, Floats, Ints, strata_codes, treated_districts
from sverige_did.inference.inversion import TIE, Family, Region

DRAWS = 99_999
"""Assignments drawn where there are too many to list; of moves of changes with weights or covariates ``MOVES``."""

MOVES = 19_999
FEWEST_DRAWS = 9_999
_NUMBERS = 20_000_000
"""Draws times districts: above 200 districts fewer are drawn, down to ``FEWEST_DRAWS``."""

_NEAR = 100.0
"""Units up to which the effect itself may stand in changes that are squared and subtracted: beyond, rounding would eat
their variance, and the observed assignment would not even count as a hit."""

Studentise = Literal["cr2", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class PermutationP:
    """The p-value of no effect, and what it was read off.

    ``reference`` (n,) holds the statistic of every assignment if there is no effect, ``observed`` its value for the
    districts that were treated. ``smallest_p`` is the smallest p-value that this design can give; ``enumerated``:
    every assignment was listed.
    """

    observed: float
    p_value: float
    smallest_p: float
    reference: Floats
    enumerated: bool


@dataclass(frozen=True, slots=True, eq=False)
class PermutationTest(PermutationP):
    """The same with ``estimate`` and ``region``, every effect that the test does not reject."""

    estimate: float
    region: Region


class Reassigned(NamedTuple):
    """The statistics of every assignment, and the factor that gives a bare one back its unit."""

    family: Family
    to_unit: float
    smallest_p: float
    enumerated: bool
    treated: Bools | None = None

    def studentised(self, studentise: Studentise) -> Reassigned:
        """The same read off the studentised statistic, or off the bare one in the unit of the change.

        Raises RefusedError ``too_few_treated`` or ``too_few_control`` when an arm of one district is to be studentised.
        """
        option("studentise", studentise, Studentise)
        if studentise == "none":
            return self._replace(family=self.family.bare(), to_unit=self.family.unit)
        if self.treated is not None:
            treated_districts(self.treated, 2)
        return self

    def _numbers(self) -> dict[str, Any]:
        return {
            "observed": self.family.observed * self.to_unit,
            # The observed assignment is one of them, also where its own rounding is larger than a tie.
            "p_value": max(self.family.p_value(0.0), self.smallest_p),
            "smallest_p": self.smallest_p,
            "reference": self.family.statistics(0.0) * self.to_unit,
            "enumerated": self.enumerated,
        }

    def p_value(self) -> PermutationP:
        """The test without its region, which costs most of its time."""
        return PermutationP(**self._numbers())

    def test(self, alpha: float) -> PermutationTest:
        """The test with every effect that it does not reject at ``alpha``."""
        return PermutationTest(**self._numbers(), estimate=self.family.estimate, region=self.family.region(alpha))


def permutation_test(
    sample: Districts,
    *,
    rng: np.random.Generator,
    studentise: Studentise = "cr2",
    alpha: float = 0.05,
    draws: int | None = None,
    limit: int = MAX_ENUMERATED,
    order: Ints | None = None,
) -> PermutationTest:
    """Test that treatment changes no district, against the (weighted) difference of mean changes.

    All assignments with the same number of treated districts in every stratum are used; above ``limit`` of them
    ``draws`` random ones, and p = (1 + hits) / (1 + draws). With weights that differ all moves of the changes are used
    where there are at most ``MAX_MOVES``, and else ``draws``. ``draws`` default to 99,999, to 19,999 moves, and above
    200 districts to fewer. What is drawn is drawn over the districts in ``order`` (G,), as they stand if none is given:
    in that of their own numbers (:attr:`~sverige_did.inference.districts.Districts.order`) neither names nor rows move
    p. Tests of several outcomes that are to go through the same choices need the same order.

    Raises RefusedError: ``no_variation_within`` when the districts of each arm all changed alike, ``too_few_treated``
    or ``too_few_control`` when an arm of one district is to be studentised.
    """
    return reassigned(sample, rng=rng, draws=draws, limit=limit, order=order).studentised(studentise).test(alpha)


def permutation_p(
    sample: Districts,
    *,
    rng: np.random.Generator,
    studentise: Studentise = "cr2",
    draws: int | None = None,
    limit: int = MAX_ENUMERATED,
    order: Ints | None = None,
) -> PermutationP:
    """:func:`permutation_test` without its region, which costs most of its time. Raises the same."""
    found = reassigned(sample, rng=rng, draws=draws, limit=limit, order=order, no_effect_only=True)
    return found.studentised(studentise).p_value()


def reassigned(
    sample: Districts,
    *,
    rng: np.random.Generator,
    draws: int | None = None,
    limit: int = MAX_ENUMERATED,
    order: Ints | None = None,
    no_effect_only: bool = False,
) -> Reassigned:
    """The statistics of every assignment, of which both the studentised and the bare test are read off.

    ``no_effect_only``: they are not asked how they move with a hypothesised effect, which takes longer.

    Raises RefusedError: those of :func:`permutation_test`.
    """
    sample = (sample if order is None else sample.ordered(order)).compared()
    estimate, residual = _fit(sample)
    v = standard_error_squared(sample, residual)
    if v <= (1e-12 * np.abs(sample.change).max()) ** 2:
        raise refuse("no_variation_within")
    unit = 2 * float(np.sqrt(v))
    number = _draws(sample) if draws is None else draws
    moved, slopes = residual / unit, not no_effect_only or abs(estimate) > _NEAR * unit
    if not slopes:
        moved = moved + sample.treated * (estimate / unit)
    found = statistics(sample, moved, draws=number, rng=rng, limit=limit, slopes=slopes)
    a, b, q0, q1, q2 = found.numbers
    family = Family(a, b, q0, q1, q2, v / unit**2, estimate, unit)
    return Reassigned(family, 1.0, found.smallest_p, found.enumerated, sample.treated)


def _draws(sample: Districts) -> int:
    """How many are drawn: each takes as long as there are districts, and regressors with covariates."""
    wanted = DRAWS if sample.plain else MOVES
    return min(wanted, max(FEWEST_DRAWS, _NUMBERS // sample.change.size))


def _fit(sample: Districts) -> tuple[float, Floats]:
    """The (weighted) least-squares effect and the residuals (G,)."""
    root = np.sqrt(sample.balanced)
    coefficients = np.linalg.lstsq(sample.design * root[:, None], sample.change * root, rcond=None)[0]
    return float(coefficients[1]), sample.change - sample.design @ coefficients


def permutation_test_of(
    statistic: Callable[[Bools], float],
    treated: ArrayLike,
    *,
    rng: np.random.Generator,
    strata: ArrayLike | None = None,
    draws: int = DRAWS,
    limit: int = MAX_ENUMERATED,
) -> PermutationP:
    """The same test for any statistic of an assignment, such as a fractional logit, a Poisson or a staggered effect.

    ``statistic`` takes an assignment (G,) and returns a number; the model behind it keeps its denominators. Two-sided:
    as far from zero as observed, ties included. There is no interval: that takes a statistic for every hypothesised
    effect.
    """
    d = treated_districts(treated, 1)
    codes = np.zeros(d.size, dtype=np.int64) if strata is None else strata_codes(strata, d.size)
    rows, enumerated = reference_assignments(d, codes, draws=draws, rng=rng, limit=limit)
    observed = float(statistic(d))
    values = np.fromiter(_finite_values(statistic, rows), dtype=float, count=len(rows))
    slack = TIE * float(np.abs(values).max())
    p = float(np.mean(np.abs(values) >= abs(observed) - slack))
    return PermutationP(observed, p, smallest_p(d, codes) if enumerated else 1 / (1 + draws), values, enumerated)


def _finite_values(statistic: Callable[[Bools], float], rows: Bools) -> Iterator[float]:
    for row in rows:
        value = float(statistic(row))
        if not np.isfinite(value):
            raise refuse("statistic_not_finite", found=str(value))
        yield value
