"""What every method here works on: one change a district, who is treated, and the checks made before any number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.did import columns
from sverige_did.did.arrays import Weighting
from sverige_did.errors import refuse

type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]
type Ints = NDArray[np.int64]

EFFECT = 1
"""The column of treatment in :attr:`Districts.design`."""

HEAVY_SHARE = 0.5
"""A district with more than this share of the weight of its arm is named in the notes of a methods table."""


@dataclass(frozen=True, slots=True, eq=False)
class Districts:
    """One cross-section of G districts.

    ``change`` (G,): mean after minus mean before, in the unit of the outcome · ``treated`` (G,) ·
    ``weights`` (G,): frozen at baseline, positive · ``strata`` (G,): codes 0, 1, ... within which districts are
    compared and changes exchanged · ``covariates`` (G, p): fixed before treatment, without an intercept ·
    ``lottery`` (n, G): where the treated were drawn by lot, every set that could have been, the one that was among
    them; None where nobody drew, so that any set of as many stands for it.
    """

    change: Floats
    treated: Bools
    weights: Floats
    strata: Ints
    covariates: Floats
    lottery: Bools | None = None

    @property
    def plain(self) -> bool:
        """Equal weights, one stratum and no covariates: the difference of two means."""
        return self.covariates.shape[1] == 0 and self.weighting == "equal" and not self.strata.any()

    @property
    def weighting(self) -> Weighting:
        """What the weights are, as an estimate's label says it."""
        return "equal" if np.all(self.weights == self.weights[0]) else "baseline"

    @property
    def design(self) -> Floats:
        """Regressors (G, 1 + S + p): intercept, treatment, strata but the first, covariates. The effect is column 1."""
        return np.column_stack([np.ones(self.change.size), self.treated.astype(float), self.controlled])

    @property
    def controlled(self) -> Floats:
        """What the regression holds fixed beside the intercept (G, S - 1 + p): strata but the first, covariates."""
        codes = np.unique(self.strata)
        return np.column_stack([self.strata[:, None] == codes[1:], self.covariates]).astype(float)

    @property
    def balanced(self) -> Floats:
        """Weights (G,) of the regression: in every stratum the controls together count as its treated do.

        So the effect is the average of the differences within strata, a stratum counting as its treated districts weigh
        together. With one stratum these are the weights. For districts that are :meth:`compared`.
        """
        if not self.strata.any():
            return self.weights
        own, other = (
            np.bincount(self.strata, self.weights * arm)[self.strata] for arm in (self.treated, ~self.treated)
        )
        alike = self.weights[~self.treated].sum() / self.weights[self.treated].sum()
        return np.asarray(self.weights * np.where(self.treated, 1.0, own / other * alike))

    @property
    def shares(self) -> Floats:
        """What each change adds to the effect without covariates (G,): positive for treated, negative for controls."""
        w = self.balanced
        return np.asarray(np.where(self.treated, w / w[self.treated].sum(), -w / w[~self.treated].sum()))

    def compared(self) -> Districts:
        """The districts whose stratum holds treated and control districts: nobody stands beside the others.

        Raises RefusedError ``too_few_control`` where no stratum holds both.
        """
        kept = comparable(self.treated, self.strata)
        if kept.all():
            return self
        if not kept.any():
            raise refuse("too_few_control", found="0", expected=">= 1")
        codes = np.unique(self.strata[kept], return_inverse=True)[1]
        return replace(self.taken(kept), strata=codes)

    @property
    def order(self) -> Ints:
        """The rows (G,) by stratum, arm, weight, change and covariates: what names, and the order of rows, cannot move.

        Strata stand by the difference of their two arms, those that lack one last. So neither a hypothesised effect,
        taken out of the treated, nor the level of a stratum moves the order.
        """
        sides = [np.bincount(self.strata[arm], minlength=int(self.strata.max()) + 1) for arm in self._arms]
        sums = [np.bincount(self.strata[arm], self.change[arm], minlength=sides[0].size) for arm in self._arms]
        whole = (sides[0] > 0) & (sides[1] > 0)
        means = [np.divide(total, n, out=np.zeros(n.size), where=whole) for total, n in zip(sums, sides, strict=True)]
        apart = np.where(whole, means[0] - means[1], np.inf)
        inside = (*self.covariates.T[::-1], self.change, self.weights, ~self.treated)
        return np.lexsort((*inside, self.strata, apart[self.strata]))

    @property
    def _arms(self) -> tuple[Bools, Bools]:
        return self.treated, ~self.treated

    def taken(self, rows: Ints | Bools) -> Districts:
        """Some of the districts, or all in another order; strata keep their codes.

        Of a lottery the sets are kept in which the districts that are left out are what they are. Where a district is
        taken twice there is none.
        """
        lottery = None if self.lottery is None else lottery_of(self.lottery, self.treated, rows)
        return Districts(
            self.change[rows], self.treated[rows], self.weights[rows], self.strata[rows], self.covariates[rows], lottery
        )

    def ordered(self, order: Ints | None = None) -> Districts:
        """The same with its rows in ``order`` (G,), its own if none is given, and strata coded as they come."""
        turned = self.taken(self.order if order is None else order)
        _, first, code = np.unique(turned.strata, return_index=True, return_inverse=True)
        return replace(turned, strata=np.argsort(np.argsort(first))[code])

    def unweighted(self) -> Districts:
        """The same with every district counting alike."""
        return replace(self, weights=np.ones(self.change.size))


def districts(
    change: ArrayLike,
    treated: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    lottery: ArrayLike | None = None,
    smallest_arm: int = 2,
) -> Districts:
    """Check and collect the input of the methods that compare districts.

    ``cluster`` (G,) says which of them were treated together (schools of one district): the methods then take one
    change a cluster, the weighted mean of its units with the sum of their weights, so that the effect stays what it is
    and the units of a cluster may share what they will. Covariates are averaged alike, arms counted in clusters.
    ``lottery`` (n, G) are the sets that the treated were drawn from, for districts that are no clusters.

    Raises RefusedError: lengths differ (``inference_lengths``), a value is missing or infinite
    (``inference_not_finite``; ``did_not_finite`` for a flag or a stratum), flags are coded in no way that is read
    (``did_flags``), a weight is not positive (``inference_weights``), an arm has fewer than ``smallest_arm`` districts
    (``too_few_treated``, ``too_few_control``), the change is the same everywhere (``constant_outcome``), treatment
    is a combination of the covariates (``inference_collinear``), treatment or stratum differ within a cluster
    (``inference_varies_in_cluster``), or the treated are no set of the lottery (``lottery_without``).
    """
    d = treated_districts(treated, smallest_arm)
    groups = d.size
    y = finite(change, "change", groups)
    w = np.ones(groups) if weights is None else finite(weights, "weights", groups)
    if np.any(w <= 0):
        raise refuse("inference_weights", found=f"{w.min():g}", expected="> 0")
    x = np.empty((groups, 0)) if covariates is None else finite(covariates, "covariates", groups, matrix=True)
    x = x.reshape(groups, -1)
    codes = np.zeros(groups, dtype=np.int64) if strata is None else strata_codes(strata, groups)
    if cluster is not None:
        y, d, w, codes, x = _one_a_cluster(strata_codes(cluster, groups), y, d, w, codes, x)
        treated_districts(d, smallest_arm)
    if np.ptp(y) <= 1e-12 * np.abs(y).max():
        raise refuse("constant_outcome", found=f"{y[0]:g}")
    sets = None if lottery is None or cluster is not None else _sets(lottery, d)
    sample = Districts(y, d, w, codes, x, sets)
    design = sample.compared().design if comparable(d, codes).any() else np.column_stack([np.ones(groups), d, x])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise refuse("inference_collinear", found=str(x.shape[1]))
    return sample


def lottery_of(lottery: Bools, treated: Bools, rows: Ints | Bools) -> Bools | None:
    """The sets (n, G) of a lottery for some of the districts, given what the others are; None where one stands twice.

    >>> sets = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=bool)
    >>> lottery_of(sets, sets[0], np.array([0, 2, 3])).astype(int).tolist()  # the second is treated in both
    [[1, 0, 0], [0, 0, 1]]
    """
    at = np.arange(treated.size)[rows]
    if np.unique(at).size < at.size:
        return None
    left = np.setdiff1d(np.arange(treated.size), at)
    return np.asarray(lottery[(lottery[:, left] == treated[left]).all(axis=1)][:, at])


def _sets(lottery: ArrayLike, treated: Bools) -> Bools:
    """The sets as booleans. Raises RefusedError ``lottery_without`` where the treated are none of them."""
    sets = np.asarray(lottery, dtype=bool)
    if sets.ndim != 2 or sets.shape[1] != treated.size or not (sets == treated).all(axis=1).any():
        raise refuse("lottery_without", found=str(int(treated.sum())))
    return sets


def _one_a_cluster(
    cluster: Ints, change: Floats, treated: Bools, weights: Floats, strata: Ints, covariates: Floats
) -> tuple[Floats, Bools, Floats, Ints, Floats]:
    """The columns of the units with one row a cluster."""
    first = np.unique(cluster, return_index=True)[1]
    for name, column in (("treated", treated), ("strata", strata)):
        unlike = np.unique(cluster[column != column[first][cluster]]).size
        if unlike:
            raise refuse("inference_varies_in_cluster", found=str(unlike), column=name)
    total = np.bincount(cluster, weights)
    means = [np.bincount(cluster, weights * column) / total for column in (change, *covariates.T)]
    return means[0], treated[first], total, strata[first], np.column_stack([np.empty((first.size, 0)), *means[1:]])


def treated_districts(treated: ArrayLike, smallest_arm: int) -> Bools:
    """The treatment indicator (G,) as booleans, with at least ``smallest_arm`` districts on either side."""
    d = columns.flags(treated)
    expected = f">= {smallest_arm}"
    if d.sum() < smallest_arm:
        raise refuse("too_few_treated", found=str(int(d.sum())), expected=expected)
    if (~d).sum() < smallest_arm:
        raise refuse("too_few_control", found=str(int((~d).sum())), expected=expected)
    return d


def finite(values: ArrayLike, name: str, length: int, *, matrix: bool = False) -> Floats:
    """``values`` as floats with ``length`` rows, in one column unless a ``matrix`` is allowed; refused when one is
    missing or infinite."""
    array = columns.numbers(values, name)
    if array.shape[:1] != (length,) or array.ndim > 1 + matrix:
        found = str(array.shape[0]) if array.ndim == 1 else str(array.shape)
        raise refuse("inference_lengths", found=found, expected=str(length), name=name)
    if not np.isfinite(array).all():
        raise refuse("inference_not_finite", found=str(int((~np.isfinite(array)).sum())), name=name)
    return array


def strata_codes(strata: ArrayLike, length: int) -> Ints:
    """Strata of any type as codes 0, 1, ... (G,)."""
    codes, _ = columns.names(strata, "strata")
    if codes.size != length:
        raise refuse("inference_lengths", found=str(codes.size), expected=str(length), name="strata")
    return codes.astype(np.int64, copy=False)


def comparable(treated: Bools, strata: Ints) -> Bools:
    """Whether the stratum of each district (G,) holds treated and control districts."""
    sides = [np.bincount(strata, weights=arm, minlength=int(strata.max()) + 1) > 0 for arm in (treated, ~treated)]
    return np.asarray((sides[0] & sides[1])[strata])


def heaviest_share(weights: Floats, treated: Bools) -> float:
    """The largest share of the weight of its arm that any one district holds, in (0, 1]."""
    return float(max(weights[arm].max() / weights[arm].sum() for arm in (treated, ~treated)))


def leverage_share(sample: Districts) -> float:
    """The largest share that one district has in what the covariates leave of the treatment of its arm, in (0, 1].

    With d~ the treatment partialled out of intercept and covariates (by weighted least squares): the largest d~^2 over
    the sum in its arm. Without covariates it is one over the districts of the smaller arm; at 1 the covariates explain
    the treatment of all others in the arm, which the effect then is not about. How much a district weighs is
    :func:`heaviest_share`.
    """
    root = np.sqrt(sample.weights)
    rest, d = np.delete(sample.design, 1, axis=1), sample.treated.astype(float)
    fitted = rest @ np.linalg.lstsq(rest * root[:, None], d * root, rcond=None)[0]
    squares = np.square(d - fitted)
    return float(max(squares[arm].max() / squares[arm].sum() for arm in (sample.treated, ~sample.treated)))
