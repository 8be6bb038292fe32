"""Permutation test of a staggered programme: the dates of go-live exchanged among the districts.

Every cohort keeps its size. The test is exact if, without the programme, the paths of all districts are exchangeable:
nobody drew the dates, so this is an assumption. The interval holds every effect tau0, the same for all treated
districts and periods, that the test does not reject once tau0 has been taken off them.

On a complete panel with equally weighted districts every estimator of ``did/`` that treats the districts of a cohort
alike is a sum of contributions, z of district d in cohort g = sum over t of v_gt Y_dt, whose weights depend on the
cohort alone (the never treated are a cohort too). So the estimator is asked for its weights once, and each assignment
of dates is a sum over districts. Studentised by cohort, the variance of an assignment is

    sum over g of n_g / (n_g - 1) sum over d in g of (z_d - mean of z in g)^2,

Welch's, and CR2, where there is one cohort.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import scipy

from sverige_did.did.arrays import DistrictPanel
from sverige_did.errors import option, refuse
from sverige_did.inference.assignments import MAX_ENUMERATED, Labels, all_arrangements, count_arrangements
from sverige_did.inference.cluster_robust import TTest, t_test
from sverige_did.inference.districts import Floats, Ints
from sverige_did.inference.inversion import Family
from sverige_did.inference.permutation import DRAWS, PermutationTest, Reassigned

Studentise = Literal["cohort", "none"]
Estimator = Callable[[DistrictPanel], float]

_BLOCK = 20_000

SKEWED = 0.05
"""Level of the test of skewness at which the verdict is left open."""

FEWEST_SKEWED = 8
"""Districts below which the test of skewness is not defined."""


class Whole(NamedTuple):
    """What stands in the cells that a panel leaves out for some districts, because their period was treated in part.

    A district that is given another date in an assignment is seen there. ``table`` (U, T) holds the level of every
    cell, ``exposed`` (U, T) the share of each period under treatment, by which a hypothesised effect is taken off.
    """

    table: Floats
    exposed: Floats


def staggered_permutation_test(
    panel: DistrictPanel,
    estimator: Estimator,
    *,
    rng: np.random.Generator,
    studentise: Studentise = "cohort",
    alpha: float = 0.05,
    draws: int = DRAWS,
    limit: int = MAX_ENUMERATED,
    whole: Whole | None = None,
    order: Ints | None = None,
) -> PermutationTest:
    """Test that the programme changed no district, by an ``estimator`` that averages equally weighted districts.

    Dates are exchanged within the strata of the panel. All assignments are listed when there are at most ``limit``,
    else ``draws`` random ones are added to the observed one and p = (1 + hits) / (1 + draws). ``whole`` is needed where
    ``panel`` leaves out the periods that were treated in part. What is drawn is drawn over the districts in ``order``
    (U,), by default :func:`own_order`; tests of several outcomes that are to go through the same exchanges need the
    same order.

    Raises RefusedError: ``staggered_incomplete`` when a district lacks a period, ``staggered_single`` when a cohort of
    one district is to be studentised, ``staggered_weights`` when weights by cohort do not give back the estimate,
    ``no_variation_within`` when nothing varies.
    """
    option("studentise", studentise, Studentise)
    cohort = cohorts(panel)
    if studentise == "cohort" and np.bincount(cohort).min() < 2:
        raise refuse("staggered_single", found="1")
    table, treated = _complete(panel, whole)
    weights, estimate = _linear(panel, estimator, table)
    places = own_order(panel, whole=whole) if order is None else order
    cohort, table, treated = cohort[places], table[places], treated[places]
    strata = strata_in(panel, places)
    size = count_arrangements(cohort, strata)
    enumerated = size <= limit
    labels = all_arrangements(cohort, strata) if enumerated else _drawn(cohort, strata, draws, rng)
    contributions = np.stack([(table - estimate * treated) @ weights.T, treated @ weights.T])
    sums = _sums(labels, contributions)
    return _reassigned(sums, cohort, contributions, estimate, studentise, enumerated).test(alpha)


def own_order(panel: DistrictPanel, *, whole: Whole | None = None) -> Ints:
    """The districts (U,) by date of go-live and their own levels: what names, and the order of rows, cannot move."""
    table = panel.wide() if whole is None else whole.table
    return np.lexsort((*table.T[::-1], cohorts(panel)))


def strata_in(panel: DistrictPanel, order: Ints) -> Ints:
    """Codes (U,) of the strata of the districts in ``order``, as they first stand in it: names do not move them."""
    if panel.strata is None:
        return np.zeros(panel.n_units, dtype=np.int64)
    _, first, code = np.unique(panel.strata[order], return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[code])


def welch_by_cohort(
    panel: DistrictPanel, estimator: Estimator, *, alpha: float = 0.05, whole: Whole | None = None
) -> TTest:
    """Student's t for the same estimate and the same variance by cohort, with Satterthwaite's degrees of freedom.

    With V_g = n_g / (n_g - 1) sum over d in g of (z_d - mean of z in g)^2: df = (sum V_g)^2 / sum V_g^2 / (n_g - 1).
    With one cohort it is Welch's test of two means. Raises as :func:`staggered_permutation_test`.
    """
    cohort = cohorts(panel)
    sizes = np.bincount(cohort)
    if sizes.min() < 2:
        raise refuse("staggered_single", found="1")
    table, _ = _complete(panel, whole)
    weights, _ = _linear(panel, estimator, table)
    return welch_of((weights[cohort] * table).sum(axis=1), cohort, alpha)


def welch_of(z: Floats, cohort: Ints, alpha: float) -> TTest:
    """The same of what each district adds to the estimate (U,); every cohort needs two districts."""
    sizes = np.bincount(cohort)
    around = z - (np.bincount(cohort, z) / sizes)[cohort]
    v = np.bincount(cohort, around**2) * sizes / (sizes - 1)
    df = v.sum() ** 2 / (v**2 / (sizes - 1)).sum() if v.any() else 1.0
    return t_test(float(z.sum()), float(np.sqrt(v.sum())), float(df), alpha)


def skewness_p(panel: DistrictPanel, estimator: Estimator, *, whole: Whole | None = None) -> float:
    """D'Agostino's p-value that the contributions z are not skewed, each around its cohort's mean and by its arm's sd.

    One where fewer than ``FEWEST_SKEWED`` districts, or none that vary, would show it. Raises as
    :func:`staggered_permutation_test`.
    """
    cohort = cohorts(panel)
    table, _ = _complete(panel, whole)
    weights, _ = _linear(panel, estimator, table)
    z = (weights[cohort] * table).sum(axis=1) / np.sqrt(np.square(weights).sum(axis=1))[cohort]
    around = z - (np.bincount(cohort, z) / np.bincount(cohort))[cohort]
    control = cohort == cohort.max()
    spread = np.where(control, around[control].std(), around[~control].std())
    if z.size < FEWEST_SKEWED or not (spread > 1e-12 * np.abs(z).max()).all():
        return 1.0
    return float(scipy.stats.skewtest(around / spread).pvalue)


def _complete(panel: DistrictPanel, whole: Whole | None) -> tuple[Floats, Floats]:
    """The level (U, T) of every cell and the share of it under treatment; refused where a cell is missing."""
    treated = (panel.periods >= panel.treated_from[:, None]).astype(np.float64)
    table, exposed = (panel.wide(), treated) if whole is None else whole
    if not np.isfinite(table).all():
        raise refuse("staggered_incomplete", found=str(int((~np.isfinite(table)).any(axis=1).sum())))
    return table, exposed


def _linear(panel: DistrictPanel, estimator: Estimator, table: Floats) -> tuple[Floats, float]:
    """The weights by cohort, and the estimate that they give back; refused where that is not the estimator's."""
    weights = cohort_weights(panel, estimator)
    estimate, expected = float((weights[cohorts(panel)] * table).sum()), estimator(panel)
    if not np.isclose(estimate, expected, rtol=1e-8, atol=1e-8 * np.ptp(table)):
        raise refuse("staggered_weights", found=f"{estimate:g}", expected=f"{expected:g}")
    return weights, estimate


def cohort_weights(panel: DistrictPanel, estimator: Estimator) -> Floats:
    """(K, T) the weight v_gt of one district's outcome, by cohort in order of go-live, the never treated last.

    The estimator is asked for its value on a panel that is 1 for one cohort in one period and 0 elsewhere. A period
    that a cohort has no row of carries no weight.
    """
    cohort = cohorts(panel)
    sizes = np.bincount(cohort)
    bare = replace(panel, exposure=None, dropped=())
    weights = np.zeros((sizes.size, panel.periods.size))
    for g, t in np.ndindex(*weights.shape):
        rows = (cohort[panel.unit] == g) & (panel.time == t)
        if rows.any():
            weights[g, t] = estimator(replace(bare, y=rows.astype(np.float64))) / sizes[g]
    return weights


def once_solved(panel: DistrictPanel, estimator: Estimator) -> Estimator:
    """The same estimator for panels with these districts, periods and dates, as the sum that it is.

    It is asked for its weights once, where every test would ask anew. Raises RefusedError ``staggered_weights`` where
    it is no such sum, ``staggered_incomplete`` where that is because a district lacks a period.
    """
    weights = cohort_weights(panel, estimator)[cohorts(panel)]

    def as_a_sum(other: DistrictPanel) -> float:
        return float(weights[other.unit, other.time] @ other.level)

    found, expected = as_a_sum(panel), estimator(panel)
    if not np.isclose(found, expected, rtol=1e-8, atol=1e-8 * np.ptp(panel.level)):
        # A district that lacks a period is not weighed as the others of its cohort: that is why, and can be mended.
        _complete(panel, None)
        raise refuse("staggered_weights", found=f"{found:g}", expected=f"{expected:g}")
    return as_a_sum


def _drawn(cohort: Ints, strata: Ints, draws: int, rng: np.random.Generator) -> Labels:
    """The observed dates in row 0 and ``draws`` random exchanges of them below it: (1 + draws, U)."""
    rows = np.tile(cohort.astype(np.int8), (1 + draws, 1))
    for s in np.unique(strata):
        members = np.flatnonzero(strata == s)
        rows[1:, members] = rng.permuted(rows[1:, members], axis=1)
    return rows


def cohorts(panel: DistrictPanel) -> Ints:
    """(U,) cohort codes in order of go-live; who is not treated within the panel comes last."""
    starts = np.where(panel.ever_treated, panel.treated_from, np.inf)
    return np.unique(starts, return_inverse=True)[1].astype(np.int64)


def _sums(labels: Labels, contributions: Floats) -> Floats:
    """(5, n, K) for each assignment and cohort: sums of z, of the treated part d, of z^2, z d and d^2.

    ``contributions`` (2, U, K): z and d of every district if it were in each cohort.
    """
    z, d = contributions
    features = np.stack([z, d, z**2, z * d, d**2])
    parts = [_block_sums(block, features) for block in np.array_split(labels, -(-len(labels) // _BLOCK))]
    return np.concatenate(parts, axis=1)


def _block_sums(labels: Labels, features: Floats) -> Floats:
    by_cohort = [(labels == k).astype(np.float64) @ features[:, :, k].T for k in range(features.shape[2])]
    return np.stack(by_cohort).transpose(2, 1, 0)


def _variance(sums: Floats, sizes: Ints) -> Floats:
    """(3, n) coefficients in u of the variance by cohort of z + u d."""
    z, d, zz, zd, dd = sums
    room = sizes / np.maximum(sizes - 1, 1)
    return np.stack([
        ((zz - z**2 / sizes) * room).sum(axis=1),
        2 * ((zd - z * d / sizes) * room).sum(axis=1),
        ((dd - d**2 / sizes) * room).sum(axis=1),
    ])  # fmt: skip


def _reassigned(
    sums: Floats, cohort: Ints, contributions: Floats, estimate: float, studentise: Studentise, enumerated: bool
) -> Reassigned:
    sizes = np.bincount(cohort)
    own = _variance(_sums(cohort[None, :].astype(np.int8), contributions), sizes)[0, 0]
    scale = float(np.abs(contributions[0]).max())
    if own <= (1e-12 * scale) ** 2:
        raise refuse("no_variation_within")
    unit = 2 * float(np.sqrt(own))
    a, b = sums[0].sum(axis=1) / unit, sums[1].sum(axis=1)
    q0, q1, q2 = _variance(sums, sizes) / np.array([unit**2, unit, 1.0])[:, None]
    family = Family(a, b, q0, q1, q2, float(own) / unit**2, estimate, unit)
    # One over the number of assignments; two where the two halves of the districts can change places.
    smallest = (2 if sizes.size == 2 and sizes[0] == sizes[1] else 1) / a.size
    if studentise == "none":
        return Reassigned(family.bare(), unit, smallest, enumerated)
    return Reassigned(family, 1.0, smallest, enumerated)
