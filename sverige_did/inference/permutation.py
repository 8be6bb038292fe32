"""Permutation test of a treatment effect, exact over all assignments, with an interval that agrees with its p.

The p-value is exact if, without the programme, the changes of the districts (within strata) are exchangeable. Nobody
drew the treated districts at random, so this is an assumption about districts, not a consequence of the design.

Studentised by the CR2 standard error of every assignment (Welch's, for two means): the test stays close to its size
when treated and control districts vary unlike each other, which the bare coefficient does not. Weights stay with their
district, and so do covariates: the regression on them is refitted to every assignment (assignment_statistics.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.errors import refuse
from sverige_did.inference.assignment_statistics import standard_error_squared, statistics
from sverige_did.inference.assignments import (
    MAX_ENUMERATED,
    reference_assignments,
    smallest_p,
)
from sverige_did.inference.districts import Bools, Districts, Floats, strata_codes, treated_districts
from sverige_did.inference.inversion import TIE, Family, Region

DRAWS = 99_999
"""Assignments drawn where there are too many to list."""

Studentise = Literal["cr2", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class PermutationP:
    """The p-value of no effect, and what it was read off.

    ``reference`` (n,) holds the statistic of every assignment if there is no effect, ``observed`` its value for the
    districts that were treated. ``smallest_p`` is the smallest p-value that this design can give. ``monte_carlo_se``
    is 0 when every assignment was listed.
    """

    observed: float
    p_value: float
    smallest_p: float
    reference: Floats
    enumerated: bool
    monte_carlo_se: float


@dataclass(frozen=True, slots=True, eq=False)
class PermutationTest(PermutationP):
    """The same with ``estimate`` and ``region``, every effect that the test does not reject at ``alpha``."""

    estimate: float
    alpha: float
    region: Region


def permutation_test(
    sample: Districts,
    *,
    rng: np.random.Generator,
    studentise: Studentise = "cr2",
    alpha: float = 0.05,
    draws: int = DRAWS,
    limit: int = MAX_ENUMERATED,
) -> PermutationTest:
    """Test that treatment changes no district, against the (weighted) difference of mean changes.

    All assignments with the same number of treated districts in every stratum are used; above ``limit`` of them
    ``draws`` random ones, and p = (1 + hits) / (1 + draws).

    Raises RefusedError: ``no_variation_within`` when the districts of each arm all changed alike, ``too_few_treated``
    or ``too_few_control`` when an arm of one district is to be studentised.
    """
    found = _prepared(sample, studentise, draws=draws, rng=rng, limit=limit)
    return PermutationTest(
        **_p_value(found, sample, draws), estimate=found.family.estimate, alpha=alpha, region=found.family.region(alpha)
    )


def permutation_p(
    sample: Districts,
    *,
    rng: np.random.Generator,
    studentise: Studentise = "cr2",
    draws: int = DRAWS,
    limit: int = MAX_ENUMERATED,
) -> PermutationP:
    """:func:`permutation_test` without its region, which costs most of its time. Raises the same."""
    return PermutationP(**_p_value(_prepared(sample, studentise, draws=draws, rng=rng, limit=limit), sample, draws))


class _Prepared(NamedTuple):
    """The statistics of every assignment, and the factor that gives a bare one back its unit."""

    family: Family
    to_unit: float
    enumerated: bool


def _prepared(
    sample: Districts, studentise: Studentise, *, draws: int, rng: np.random.Generator, limit: int
) -> _Prepared:
    if studentise == "cr2":
        treated_districts(sample.treated, 2)
    estimate, residual = _fit(sample)
    v = standard_error_squared(sample, residual)
    if v <= (1e-12 * np.abs(sample.change).max()) ** 2:
        raise refuse("no_variation_within")
    unit = 2 * float(np.sqrt(v))
    (a, b, q0, q1, q2), enumerated = statistics(sample, residual / unit, draws=draws, rng=rng, limit=limit)
    v = v / unit**2
    if studentise == "none":
        q0, q1, q2, v = np.ones_like(a), np.zeros_like(a), np.zeros_like(a), 1.0
    return _Prepared(Family(a, b, q0, q1, q2, v, estimate, unit), unit if studentise == "none" else 1.0, enumerated)


def _p_value(found: _Prepared, sample: Districts, draws: int) -> dict[str, Any]:
    """The fields of :class:`PermutationP`."""
    family, p = found.family, found.family.p_value(0.0)
    return {
        "observed": family.estimate / family.unit / float(np.sqrt(family.v)) * found.to_unit,
        "p_value": p,
        "smallest_p": smallest_p(sample.treated, sample.strata) if found.enumerated else 1 / (1 + draws),
        "reference": family.statistics(0.0) * found.to_unit,
        "enumerated": found.enumerated,
        "monte_carlo_se": 0.0 if found.enumerated else float(np.sqrt(p * (1 - p) / draws)),
    }


def _fit(sample: Districts) -> tuple[float, Floats]:
    """The (weighted) least-squares effect and the residuals (G,)."""
    root = np.sqrt(sample.weights)
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
    p = _share_as_far(values, observed)
    return PermutationP(
        observed=observed,
        p_value=p,
        smallest_p=smallest_p(d, codes) if enumerated else 1 / (1 + draws),
        reference=values,
        enumerated=enumerated,
        monte_carlo_se=0.0 if enumerated else float(np.sqrt(p * (1 - p) / draws)),
    )


def _share_as_far(values: Floats, observed: float) -> float:
    return float(np.mean(np.abs(values) >= abs(observed) * (1 - TIE)))


def _finite_values(statistic: Callable[[Bools], float], rows: Bools) -> Iterator[float]:
    for row in rows:
        value = float(statistic(row))
        if not np.isfinite(value):
            raise refuse("statistic_not_finite", found=str(value))
        yield value
