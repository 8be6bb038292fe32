"""All methods side by side for one outcome, and the verdict: the ladder that a reader sees.

The primary p-value is that of the studentised permutation test, the primary interval that of the calibrated test: the
two methods of the rule in verdict.py. Every other method is a sensitivity, and CR1 is shown in grey. All estimate the
same effect, within strata where there are any; a method that knows no weights counts every district alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest, cr1_test, cr2_test, cr3_test, of_districts
from sverige_did.inference.conley_taber import conley_taber
from sverige_did.inference.districts import EFFECT, Districts, Floats, finite
from sverige_did.inference.donald_lang import donald_lang
from sverige_did.inference.ferman_pinto import ferman_pinto
from sverige_did.inference.ibragimov_mueller import ibragimov_mueller
from sverige_did.inference.inversion import Inverted, Region
from sverige_did.inference.permutation import PermutationTest, reassigned
from sverige_did.inference.verdict import (
    Evidence,
    Note,
    cautions,
    decide,
    disagreements,
    missing_methods,
    refusals,
    told_by_one,
)
from sverige_did.inference.wild_bootstrap import WildBootstrap, wild_bootstrap
from sverige_did.results.estimates import Estimate, Frozen, Verdict
from sverige_did.results.methods_tables import PRIMARY_INTERVAL as PRIMARY_INTERVAL

PRIMARY_P = "permutation_studentised"
CR2 = "cr2_bell_mccaffrey"


class MethodsTable(Frozen):
    """The estimates by method, the verdict and what to say about it.

    A design that carries no verdict has ``verdict`` ``refused``, no estimates, and ``notes`` that say why.
    """

    verdict: Verdict
    estimates: tuple[Estimate, ...]
    notes: tuple[Note, ...]

    def by(self, inference: str) -> Estimate:
        """The estimate of one method; KeyError when it is not in the methods table."""
        for estimate in self.estimates:
            if estimate.inference == inference:
                return estimate
        raise KeyError(inference)

    def p_value(self, inference: str) -> float:
        """The p-value of one method; KeyError when it is not in the methods table."""
        p = self.by(inference).p_value
        if p is None:
            raise KeyError(inference)
        return p


class Labels(NamedTuple):
    """What the numbers are: fields of :class:`~sverige_did.results.estimates.Estimate` that this layer cannot know."""

    scale: str
    estimand: str
    estimator: str = "did"
    assumptions: tuple[str, ...] = ("parallel_trends",)


class _Row(NamedTuple):
    """One method's answer before it is labelled."""

    inference: str
    estimate: float
    p_value: float
    lower: float
    upper: float
    std_error: float | None = None
    assumes: str = "districts_independent"
    notes: tuple[str, ...] = ()
    weighted: bool = True


def methods_table(
    sample: Districts,
    labels: Labels,
    *,
    rng: np.random.Generator,
    sizes: ArrayLike | None = None,
    alpha: float = 0.05,
) -> MethodsTable:
    """Run every method on one outcome and give the verdict at the level ``alpha``.

    ``sizes`` (G,): harmonic mean of a district's sizes before and after, for Ferman and Pinto. What methods draw, they
    draw over the districts in the order of their own numbers, so that neither names nor rows move a row of the table.

    Raises RefusedError ``no_variation_within`` when the districts of an arm all changed alike.
    """
    sample, sizes = _in_order(sample, sizes)
    refused = (*refusals(sample.treated, sample.strata, alpha), *told_by_one(sample))
    if refused:
        return MethodsTable(verdict="refused", estimates=(), notes=refused)
    calibrated = calibrated_test(sample, alpha)
    rows = {row.inference: row for row in _rows(sample, calibrated, sizes, alpha, rng)}
    found = Evidence(*(rows[key].p_value for key in (PRIMARY_P, "permutation", CR2, PRIMARY_INTERVAL)))
    notes = (
        Note(key="exchangeable"),
        *cautions(sample),
        *missing_methods(sample),
        *disagreements(found, calibrated.df, alpha),
    )
    estimates = tuple(_label(row, sample, labels, alpha) for row in rows.values())
    return MethodsTable(verdict=decide(found, alpha), estimates=estimates, notes=notes)


def _in_order(sample: Districts, sizes: ArrayLike | None) -> tuple[Districts, Floats | None]:
    """The districts in the order of their own numbers, with their sizes; of districts alike in all else the smaller
    comes first, for the draws of Ferman and Pinto tell them apart."""
    if sizes is None:
        return sample.ordered(), None
    size = finite(sizes, "sizes", sample.change.size)
    by_size = np.argsort(size, kind="stable")
    order = by_size[sample.taken(by_size).order]
    return sample.ordered(order), size[order]


def _rows(
    sample: Districts, calibrated: TTest, sizes: ArrayLike | None, alpha: float, rng: np.random.Generator
) -> Iterator[_Row]:
    """Every method in the order in which it is shown: the rule first, then the sensitivities, CR1 last."""
    fit, reference = of_districts(sample), reassigned(sample, rng=rng)
    yield _permutation(PRIMARY_P, reference.test(alpha))
    yield _t_row(PRIMARY_INTERVAL, calibrated)
    yield _t_row(CR2, cr2_test(fit, EFFECT, alpha), assumes="districts_vary_alike")
    yield _permutation("permutation", reference.studentised("none").test(alpha))
    pinto = ferman_pinto(sample, sizes, rng=rng, alpha=alpha)
    # Without sizes its model of the variance is flat.
    yield _region_row("ferman_pinto", pinto, "districts_vary_alike" if sizes is None else "variance_by_size")
    yield _region_row("wild_restricted", wild_bootstrap(fit, EFFECT, rng=rng, alpha=alpha), "districts_independent")
    yield _t_row("cr3_jackknife", cr3_test(fit, EFFECT, alpha))
    yield _t_row("donald_lang", donald_lang(sample, alpha), assumes="districts_vary_alike", weighted=False)
    yield _t_row("ibragimov_mueller", ibragimov_mueller(sample, alpha), weighted=False)
    if not missing_methods(sample):
        taber = conley_taber(sample, rng=rng, alpha=alpha)
        yield _Row("conley_taber", taber.estimate, taber.p_value, taber.region.lower, taber.region.upper,
                   assumes="districts_vary_alike", weighted=False)  # fmt: skip
    yield _t_row("cr1", cr1_test(fit, EFFECT, alpha), notes=("shown_in_grey",))


def _permutation(key: str, test: PermutationTest) -> _Row:
    return _region_row(key, test, "exchangeable", enumerated=test.enumerated)


def _region_row(
    inference: str, test: Inverted | WildBootstrap | PermutationTest, assumes: str, *, enumerated: bool = True
) -> _Row:
    region, notes = test.region, region_notes(test.region, enumerated=enumerated)
    return _Row(inference, test.estimate, test.p_value, region.lower, region.upper, assumes=assumes, notes=notes)


def region_notes(region: Region, *, enumerated: bool) -> tuple[str, ...]:
    """What must be said beside a set of effects, and beside assignments that were drawn instead of listed."""
    said = {
        "set_has_gaps": region.disconnected,
        "set_unbounded": region.unbounded,
        "sampled_assignments": not enumerated,
    }
    return tuple(key for key, holds in said.items() if holds)


def _t_row(
    inference: str,
    test: TTest,
    *,
    assumes: str = "districts_independent",
    notes: tuple[str, ...] = (),
    weighted: bool = True,
) -> _Row:
    return _Row(
        inference, test.estimate, test.p_value, test.lower, test.upper, test.std_error, assumes, notes, weighted
    )


def _label(row: _Row, sample: Districts, labels: Labels, alpha: float) -> Estimate:
    return Estimate(
        estimate=row.estimate,
        scale=labels.scale,
        estimand=labels.estimand,
        estimator=labels.estimator,
        inference=row.inference,
        std_error=row.std_error,
        lower=row.lower,
        upper=row.upper,
        level=1 - alpha,
        p_value=row.p_value,
        n_units=sample.change.size,
        n_treated=int(sample.treated.sum()),
        weights=sample.weighting if row.weighted else "equal",
        assumptions=(*labels.assumptions, row.assumes),
        notes=row.notes,
    )
