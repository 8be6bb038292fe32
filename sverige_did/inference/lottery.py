"""A lottery between balanced choices: which sets of districts may begin, and how like the others each of them is.

Of all sets of as many districts the share that lies nearest to the others is admitted (re-randomisation; Morgan &
Rubin 2012, Annals of Statistics 40:1263, whose distance it is), one of them is drawn, and all are written down: a later
test goes through these very sets, and is exact by the draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.assignments import all_assignments, count_assignments, draw_assignments
from sverige_did.inference.districts import Bools, Floats, Ints

FEWEST_SETS = 40
"""Below this many sets no test can reject at 5 % by two sides' chance: one in forty is half of it."""

WANTED_SETS = 200
"""As many are admitted at least, where there are as many."""

MOST_SETS = 2_000
"""As many are written down at most; which of the admitted ones, is drawn too."""

LISTED, CANDIDATES = 200_000, 100_000
"""Up to how many sets all are looked at, and how many are drawn where there are more."""


class Balanced(NamedTuple):
    """``sets`` (n, G) that are admitted, nearest first, with their ``distances`` (n,) and the largest ``limit``; of
    ``candidates`` that were looked at, which are ``every`` one there is or a sample."""

    sets: Bools
    distances: Floats
    limit: float
    candidates: int
    every: bool


def places_by_stratum(number: int, strata: Ints) -> Bools:
    """(G,) one set of ``number`` districts, in each stratum as many as its share of districts, the largest rest first.

    >>> places_by_stratum(3, np.array([0, 0, 0, 0, 1, 1])).astype(int).tolist()
    [1, 1, 0, 0, 1, 0]
    """
    sizes = np.bincount(strata)
    exact = number * sizes / sizes.sum()
    each = np.floor(exact).astype(int)
    for s in np.argsort(-(exact - each), kind="stable")[: number - int(each.sum())]:
        each[s] += 1
    return np.asarray([np.flatnonzero(strata == strata[at]).tolist().index(at) < each[strata[at]]
                       for at in range(strata.size)])  # fmt: skip


def distances(covariates: Floats, sets: Bools) -> Floats:
    """Mahalanobis' distance (n,) between the means of each set (n, G) and of the others, squared, in units of what a
    lottery without any condition has on average for each covariate (G, p)."""
    x = covariates - covariates.mean(axis=0)
    groups, number = sets.shape[1], sets.sum(axis=1)
    gap = (sets @ x) * (groups / (number * (groups - number)))[:, None]
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(x, rowvar=False)), rcond=1e-9, hermitian=True)
    return np.asarray(np.einsum("ni,ij,nj->n", gap, inverse, gap) * number * (groups - number) / groups)


def balanced(covariates: Floats, treated: Bools, strata: Ints, *, keep: float, rng: np.random.Generator) -> Balanced:
    """The share ``keep`` of sets that are nearest to the others, with as many in every stratum as ``treated`` has.

    Raises RefusedError: ``lottery_few_sets`` where there are fewer than 40 sets, ``lottery_nothing_to_balance`` where
    no covariate varies.
    """
    number = count_assignments(treated, strata)
    if number < FEWEST_SETS:
        raise refuse("lottery_few_sets", found=str(number), expected=f">= {FEWEST_SETS}")
    if not np.ptp(covariates, axis=0).any():
        raise refuse("lottery_nothing_to_balance")
    every = number <= LISTED
    rows = all_assignments(treated, strata) if every else _drawn(treated, strata, rng)
    far = distances(covariates, rows)
    wanted = min(len(rows), max(WANTED_SETS, int(np.ceil(keep * len(rows)))))
    near = np.argsort(far, kind="stable")[:wanted]
    limit = float(far[near[-1]])
    if near.size > MOST_SETS:
        near = np.sort(rng.choice(near.size, MOST_SETS, replace=False))
        near = np.argsort(far, kind="stable")[near]
    return Balanced(rows[near], far[near], limit, len(rows), every)


def _drawn(treated: Bools, strata: Ints, rng: np.random.Generator) -> Bools:
    """Sets at random, each once; the first row, which nobody drew, left out."""
    return np.unique(draw_assignments(treated, strata, CANDIDATES, rng)[1:], axis=0)
