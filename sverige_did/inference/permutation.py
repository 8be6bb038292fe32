"""Permutation test of a treatment effect, exact over all assignments, with an interval that agrees with its p.

The p-value is exact if, without the programme, the changes of the districts (within strata) are exchangeable. Nobody
drew the treated districts at random, so this is an assumption about districts, not a consequence of the design.

Studentised by the CR2 standard error of every assignment (Welch's, for two means): the test stays close to its size
when treated and control districts vary unlike each other, which the bare coefficient does not. Weights stay with their
district. With covariates, what is reassigned are the residuals under the hypothesis (Freedman and Lane 1983): an
approximate test, over drawn permutations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.errors import refuse
from sverige_did.inference.assignments import (
    MAX_ENUMERATED,
    reference_assignments,
    reference_sums,
    smallest_p,
)
from sverige_did.inference.districts import Bools, Districts, Floats, Ints, strata_codes, treated_districts
from sverige_did.inference.inversion import TIE, Family, Region, scan

DRAWS = 99_999
"""Assignments drawn where there are too many to list."""

_BLOCK = 20_000

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

    All assignments with the same number of treated districts in every stratum are used; above ``limit`` of them, or
    with covariates, ``draws`` random ones, and p = (1 + hits) / (1 + draws).

    Raises RefusedError: ``no_variation_within`` when the districts of each arm all changed alike, ``too_few_treated``
    or ``too_few_control`` when an arm of one district is to be studentised.
    """
    if studentise == "cr2":
        treated_districts(sample.treated, 2)
    estimate, residual = _fit(sample)
    v = _standard_error_squared(sample, residual)
    if v <= (1e-12 * np.abs(sample.change).max()) ** 2:
        raise refuse("no_variation_within")
    unit = 2 * float(np.sqrt(v))
    (a, b, q0, q1, q2), enumerated = _statistics(sample, residual / unit, draws=draws, rng=rng, limit=limit)
    v = v / unit**2
    if studentise == "none":
        q0, q1, q2, v = np.ones_like(a), np.zeros_like(a), np.zeros_like(a), 1.0
    family = Family(a, b, q0, q1, q2, v, estimate, unit)
    p = family.p_value(0.0)
    to_unit = unit if studentise == "none" else 1.0
    return PermutationTest(
        estimate=estimate,
        observed=estimate / unit / float(np.sqrt(v)) * to_unit,
        p_value=p,
        smallest_p=smallest_p(sample.treated, sample.strata) if enumerated else 1 / (1 + draws),
        alpha=alpha,
        region=family.region(alpha),
        reference=family.statistics(0.0) * to_unit,
        enumerated=enumerated,
        monte_carlo_se=0.0 if enumerated else float(np.sqrt(p * (1 - p) / draws)),
    )


def _fit(sample: Districts) -> tuple[float, Floats]:
    """The (weighted) least-squares effect and the residuals (G,)."""
    root = np.sqrt(sample.weights)
    coefficients = np.linalg.lstsq(sample.design * root[:, None], sample.change * root, rcond=None)[0]
    return float(coefficients[1]), sample.change - sample.design @ coefficients


def _statistics(
    sample: Districts, e: Floats, *, draws: int, rng: np.random.Generator, limit: int
) -> tuple[Floats, bool]:
    """a, b, q0, q1, q2 of every reference assignment (5, n), by the cheapest route, and whether all were listed."""
    if sample.covariates.shape[1]:
        return _freedman_lane(sample, e, draws, rng), False
    if sample.plain:
        d = sample.treated.astype(float)
        features = np.column_stack([e, e**2, d, e * d])
        found = reference_sums(features, sample.treated, sample.strata, draws=draws, rng=rng, limit=limit)
        return _two_means(found.sums.T, features.sum(axis=0)[:, None], int(d.sum()), e.size), found.enumerated
    rows, enumerated = reference_assignments(sample.treated, sample.strata, draws=draws, rng=rng, limit=limit)
    blocks = np.array_split(rows, -(-len(rows) // _BLOCK))
    return np.concatenate([_weighted_means(block, e, sample) for block in blocks], axis=1), enumerated


def _standard_error_squared(sample: Districts, e: Floats) -> float:
    """The squared CR2 standard error for the districts that were treated, where ``e`` are the residuals."""
    if sample.covariates.shape[1]:
        return float(_shuffled(sample, e, np.arange(e.size)[None, :])[2, 0])
    return float(_weighted_means(sample.treated[None, :], e, sample)[2, 0])


def _two_means(treated: Floats, total: Floats, n_treated: int, n: int) -> Floats:
    """a, b, q0, q1, q2 of the difference of two means with Welch's variance, from sums of e, e^2, D and e D."""
    found = np.zeros((5, treated.shape[1]))
    for s, size, sign in ((treated, n_treated, 1), (total - treated, n - n_treated, -1)):
        pairs = max(size * (size - 1), 1)
        found[0] += sign * s[0] / size
        found[1] += sign * s[2] / size
        found[2] += (s[1] - s[0] ** 2 / size) / pairs
        found[3] += 2 * (s[3] - s[0] * s[2] / size) / pairs
        found[4] += (s[2] - s[2] ** 2 / size) / pairs
    return found


def _weighted_means(assignments: Bools, e: Floats, sample: Districts) -> Floats:
    """a, b, q0, q1, q2 (5, n) of the difference of two weighted means with its CR2 variance.

    A district with the share h of the weight of its arm is adjusted by 1 / (1 - 2h + sum h^2), which makes the
    variance unbiased when all districts vary alike.
    """
    found = np.zeros((5, len(assignments)))
    for members, sign in ((assignments, 1), (~assignments, -1)):
        h = members * sample.weights
        h /= h.sum(axis=1, keepdims=True)
        squares = h**2
        room = 1 - 2 * h + squares.sum(axis=1, keepdims=True)
        k = np.divide(squares, room, out=np.zeros_like(h), where=room > 1e-10)
        mean_e, mean_d = h @ e, h @ sample.treated
        r0, r1 = e - mean_e[:, None], sample.treated - mean_d[:, None]
        found += [sign * mean_e, sign * mean_d, (k * r0**2).sum(1), 2 * (k * r0 * r1).sum(1), (k * r1**2).sum(1)]
    return found


def _freedman_lane(sample: Districts, e: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """a, b, q0, q1, q2 (5, 1 + draws) of permuted residuals under the hypothesis; the first is the observed order."""
    order = np.tile(np.arange(e.size), (1 + draws, 1))
    for s in np.unique(sample.strata):
        members = np.flatnonzero(sample.strata == s)
        order[1:, members] = members[rng.random((draws, members.size)).argsort(axis=1)]
    blocks = np.array_split(order, -(-len(order) // _BLOCK))
    return np.concatenate([_shuffled(sample, e, block) for block in blocks], axis=1)


def _shuffled(sample: Districts, e: Floats, order: Ints) -> Floats:
    """The full regression refitted to permuted residuals, ``order`` (n, G): the design and its weights stay."""
    w, x = sample.weights, sample.design
    hat = x @ np.linalg.solve(x.T @ (x * w[:, None]), (x * w[:, None]).T)
    maker = np.eye(e.size) - hat
    rest = np.delete(x, 1, axis=1)
    d = sample.treated - rest @ np.linalg.lstsq(rest * np.sqrt(w)[:, None], sample.treated * np.sqrt(w), rcond=None)[0]
    share = w * d / (w * d**2).sum()
    k = share**2 / np.maximum((maker**2).sum(axis=1), 1e-10)
    e0, e1 = e[order], d[order]
    r0, r1 = e0 @ maker.T, e1 @ maker.T
    return np.stack([e0 @ share, e1 @ share, r0**2 @ k, 2 * (r0 * r1) @ k, r1**2 @ k])


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
    as far from zero as observed, ties included. There is no interval: that takes a statistic for every
    hypothesised effect (:func:`permutation_region_of`).
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


def permutation_region_of(
    statistic: Callable[[Bools, float], float],
    treated: ArrayLike,
    *,
    centre: float,
    unit: float,
    rng: np.random.Generator,
    alpha: float = 0.05,
    strata: ArrayLike | None = None,
    draws: int = 999,
    limit: int = 5_000,
) -> Region:
    """Every effect tau0 that the test of ``statistic(assignment, tau0)`` does not reject, found by a scan.

    ``statistic`` imposes tau0 on the treated districts (as an offset, say) before it refits. ``centre`` is the estimate
    and ``unit`` about two standard errors. The same assignments serve every tau0, so that p is a fixed function of it.
    """
    d = treated_districts(treated, 1)
    codes = np.zeros(d.size, dtype=np.int64) if strata is None else strata_codes(strata, d.size)
    rows, _ = reference_assignments(d, codes, draws=draws, rng=rng, limit=limit)

    def p_value(tau0: float) -> float:
        values = np.fromiter(_finite_values(lambda row: statistic(row, tau0), rows), dtype=float, count=len(rows))
        return _share_as_far(values, float(statistic(d, tau0)))

    return scan(p_value, centre=centre, unit=unit, alpha=alpha)


def _share_as_far(values: Floats, observed: float) -> float:
    return float(np.mean(np.abs(values) >= abs(observed) * (1 - TIE)))


def _finite_values(statistic: Callable[[Bools], float], rows: Bools) -> Iterator[float]:
    for row in rows:
        value = float(statistic(row))
        if not np.isfinite(value):
            raise refuse("statistic_not_finite", found=str(value))
        yield value
