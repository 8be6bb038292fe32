"""The variance of an effect by arm: what treated and what control districts add, whatever their two spreads are.

The districts of one arm are taken to vary alike, the two arms as they may. Each arm's spread is learnt from residuals
in which every district counts the same, and enters the variance with the squares of what the districts add to the
effect: s^2 times the sum of squared shares. For two plain means that is Welch's variance (1947, Biometrika 34:28). So
weights cost no degrees of freedom: a district that holds most of the weight of its arm tells nothing about its own
spread, but the others do. Where small districts vary more and weigh less, the variance is too large and not too small.

With strata a measured district, as a rule a treated one, is held against the mean of the other arm in its stratum. The
K effects have K - 1 degrees of freedom. Their spread holds part of the other arm's already, and all of it in pairs,
whose test is the paired t; what is missing is added from the spread of the other arm within strata.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from sverige_did.inference.cluster_robust import effect_shares, of_districts, satterthwaite
from sverige_did.inference.districts import EFFECT, Bools, Districts, Floats, Ints, treated_districts

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ArmVariances:
    """The variance of an effect as the sum of what treated and control districts add, with their degrees of freedom.

    ``df_alike``: Bell and McCaffrey's for the sum, if treated and control districts vary alike. The degrees of freedom
    of an arm are infinite where the residuals of the other one tell the whole variance, as in pairs.
    """

    treated: float
    control: float
    df_treated: float
    df_control: float
    df_alike: float

    @property
    def df(self) -> tuple[float, float, float]:
        """The three degrees of freedom: all that the calibration depends on."""
        return self.df_treated, self.df_control, self.df_alike


@dataclass(frozen=True, slots=True, eq=False)
class ArmDesign:
    """All that the variance by arm needs but the changes.

    ``shares`` (G,): what each change adds to the effect · ``measured`` (G,): the arm held against the other, and
    ``swapped`` where that is the controls · ``strata`` (G,) · ``against`` (S, G), ``plain`` (S, G): weights of the
    other arm's mean in a stratum, those of the effect and equal ones, sparse so that the time that a change takes does
    not grow with the strata · ``covariates`` (G, p) and ``slopes`` (p, G),
    their coefficients as sums of changes · ``factors`` (2,): of the two sums of squares in the variance · ``df``: of
    treated, of control, and of both if they vary alike.
    """

    shares: Floats
    measured: Bools
    swapped: bool
    strata: Ints
    against: sparse.csr_array
    plain: sparse.csr_array
    covariates: Floats
    slopes: Floats
    factors: Floats = field(default_factory=lambda: np.ones(2))
    df: tuple[float, float, float] = (np.nan, np.nan, np.nan)

    def residuals(self, rows: Floats) -> tuple[Floats, Floats]:
        """For rows of changes (n, G): the effects of the measured around their mean (n, m), each against the other arm
        in its stratum; and the others less their plain mean in the stratum (n, G - m)."""
        effects, others = self._residuals(np.ascontiguousarray(rows.T))
        return effects.T, others.T

    def _residuals(self, v: Floats) -> tuple[Floats, Floats]:
        """The same for columns of changes (G, n), in which whole rows are read."""
        if len(self.slopes):
            v = v - self.covariates @ (self.slopes @ v)
        effects, others = v[self.measured], v[~self.measured]
        effects -= (self.against @ v)[self.strata[self.measured]]
        others -= (self.plain @ v)[self.strata[~self.measured]]
        return effects - effects.mean(axis=0), others

    def parts(self, rows: Floats, second: Floats | None = None) -> tuple[Floats, Floats]:
        """What treated and control districts add to the variance (n,), for rows of changes (n, G); with ``second``
        (n, G) the bilinear form, so that those of a sum are v(x) + 2 v(x, y) + v(y)."""
        first = self._residuals(np.ascontiguousarray(rows.T))
        other = first if second is None else self._residuals(np.ascontiguousarray(second.T))
        sums = [k * np.einsum("in,in->n", a, b) for k, a, b in zip(self.factors, first, other, strict=True)]
        return (sums[1], sums[0]) if self.swapped else (sums[0], sums[1])

    def variance(self, rows: Floats, second: Floats | None = None) -> Floats:
        """The sum of the :meth:`parts` (n,)."""
        treated, control = self.parts(rows, second)
        return treated + control

    def variances(self, change: Floats) -> ArmVariances:
        """Of one data set (G,)."""
        treated, control = self.parts(change[None, :])
        return ArmVariances(float(treated[0]), float(control[0]), *self.df)


def arm_variances(sample: Districts) -> ArmVariances:
    """The variance of the effect by arm. Raises the refusals of :func:`arm_design`."""
    compared = sample.compared()
    return arm_design(compared).variances(compared.change)


def arm_design(sample: Districts) -> ArmDesign:
    """The design of districts that are all compared.

    Treated districts are held against their controls. Where every stratum has a single control and some have more
    treated districts, whose spread alone can be seen within strata, the arms change roles.

    Raises RefusedError ``too_few_treated`` or ``too_few_control`` when an arm has a single district.
    """
    treated_districts(sample.treated, 2)
    bare = _without_factors(sample)
    traces, df = _expected(bare) if sample.covariates.shape[1] else _expected_without_covariates(bare)
    factors = _factors(traces, np.array([np.square(bare.shares[arm]).sum() for arm in (bare.measured, ~bare.measured)]))
    if not factors[1]:
        df = df[0], np.inf
    alike = factors * traces.sum(axis=1)
    df_alike = float(alike.sum() ** 2 / (alike**2 / df).sum())
    return replace(bare, factors=factors, df=(*(df[::-1] if bare.swapped else df), df_alike))


def _expected(design: ArmDesign) -> tuple[Floats, tuple[float, float]]:
    """What a variance of one in the measured and in the other arm adds to the expectations of the two sums of squares
    (2, 2), and the degrees of freedom of both if all districts vary alike."""
    makers = [residual.T for residual in design.residuals(np.eye(design.measured.size))]
    arms = design.measured, ~design.measured
    traces = np.array([[np.square(maker[:, arm]).sum() for arm in arms] for maker in makers])
    # In pairs nothing is left of the controls within strata.
    first, second = (
        satterthwaite(maker.T) if total > _ROUNDING else 0.0
        for maker, total in zip(makers, traces.sum(axis=1), strict=True)
    )
    return traces, (first, second)


def _expected_without_covariates(design: ArmDesign) -> tuple[Floats, tuple[float, float]]:
    """The same in closed form: the variances of the effects are I + Z b Z', with Z the strata of the measured and b the
    variances of the means that they are held against."""
    strata = design.plain.shape[0]
    sizes = np.bincount(design.strata[design.measured], minlength=strata)
    b = np.asarray(design.against.power(2).sum(axis=1))
    own = design.measured.sum()
    centred = b[:, None] * (np.diag(sizes) - np.outer(sizes, sizes) / own)
    shared, rest = float(np.trace(centred)), float(design.measured.size - own - strata)
    first = (own - 1 + shared) ** 2 / (own - 1 + 2 * shared + (centred * centred.T).sum())
    return np.array([[own - 1.0, shared], [0.0, rest]]), (float(first), rest)


def _without_factors(sample: Districts) -> ArmDesign:
    one_control = np.bincount(sample.strata, ~sample.treated).max() == 1
    swapped = bool(one_control and sample.treated.sum() > (~sample.treated).sum())
    measured = ~sample.treated if swapped else sample.treated
    other = (~measured[:, None] & (sample.strata[:, None] == np.unique(sample.strata))).astype(float)
    against = other * sample.weights[:, None]
    return ArmDesign(
        shares=effect_shares(of_districts(sample), EFFECT),
        measured=measured,
        swapped=swapped,
        strata=sample.strata,
        against=sparse.csr_array((against / against.sum(axis=0)).T),
        plain=sparse.csr_array((other / other.sum(axis=0)).T),
        covariates=sample.covariates,
        slopes=np.linalg.pinv(sample.design)[sample.design.shape[1] - sample.covariates.shape[1] :],
    )


def _factors(traces: Floats, needed: Floats) -> Floats:
    """Factors (2,) of the two sums of squares that make their expectation the variance, whatever the two spreads.

    Where the first sum holds all of the other arm's variance or more, the second is left out: its factor is zero.
    """
    if traces[1].sum() > _ROUNDING:
        both = np.linalg.solve(traces.T, needed)
        if both[1] > _ROUNDING * both[0]:
            return np.asarray(both)
    return np.array([needed[0] / traces[0, 0], 0.0])
