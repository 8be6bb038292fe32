"""Another estimator: controls and periods before weighted until together they move as the treated districts did."""

from __future__ import annotations

import numpy as np

from sverige_did.checks.leave_one_out import excludes
from sverige_did.did.synthetic import synthetic_did
from sverige_did.did.synthetic_staggered import staggered_synthetic_did
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Bools, Districts, Floats, Ints
from sverige_did.inference.inversion import TIE
from sverige_did.inference.permutation import permutation_test_of
from sverige_did.results.estimates import CheckResult

PLACEBOS = 999
"""Choices of districts that weights are fitted to anew, where there are more: p is then known to within 0.014."""

DATED_PLACEBOS = 199
"""Exchanges of dates, each of which fits weights anew for every date: p is then known to within 0.03."""


def synthetic_beside(
    planned: TTest,
    levels: Floats,
    post: Bools,
    sample: Districts,
    outcome: str,
    *,
    scale: str,
    rng: np.random.Generator,
) -> CheckResult:
    """Synthetic difference-in-differences of ``levels`` (G, T) beside the ``planned`` estimate of the same districts.

    ``post`` (T,) marks the periods after. p is the share of choices of treated districts with an estimate as far from
    none: exact where districts could have changed places, too small where the treated ones vary more than the others.
    ``controls`` is on how many equally weighted controls the weight would rest, 1 / sum omega^2.

    Raises RefusedError: those of :func:`~sverige_did.did.synthetic.synthetic_did`.
    """
    levels, sample = levels[sample.order], sample.ordered()
    found = synthetic_did(levels, sample.treated, post, sample.weights)
    placebo = permutation_test_of(
        lambda chosen: synthetic_did(levels, chosen, post, sample.weights).estimate,
        sample.treated,
        rng=rng,
        strata=sample.strata,
        draws=PLACEBOS,
        limit=PLACEBOS,
    )
    return CheckResult(
        check="synthetic_did",
        outcome=outcome,
        scale=scale,
        key="turns" if differ(planned, found.estimate, placebo.p_value) else "result",
        numbers={
            "effect": planned.estimate,
            "effect_other": found.estimate,
            "p": placebo.p_value,
            "controls": float(1 / np.square(found.omega).sum()),
            "of_controls": float(found.omega.size),
        },
    )


def staggered_synthetic_beside(
    planned: TTest,
    levels: Floats,
    periods: Floats,
    treated_from: Floats,
    outcome: str,
    *,
    scale: str,
    rng: np.random.Generator,
    strata: Ints | None = None,
    draws: int = DATED_PLACEBOS,
) -> CheckResult:
    """The same where districts begin apart: ``levels`` (U, T) at ``periods`` (T,), begun at ``treated_from`` (U,).

    p is the share of exchanges of the dates among the districts, within ``strata`` (U,) where there are any, the
    observed one and ``draws`` random ones, with an estimate as far from none. They are drawn over the districts as they
    stand, so their order must not be that of names. ``districts`` of ``adopters`` have enough periods before.

    Raises RefusedError: those of :func:`~sverige_did.did.synthetic_staggered.staggered_synthetic_did`.
    """
    found = staggered_synthetic_did(levels, periods, treated_from)
    within = np.zeros(treated_from.size, dtype=np.int64) if strata is None else strata
    placebos = (
        staggered_synthetic_did(levels, periods, _exchanged(treated_from, within, rng)).estimate for _ in range(draws)
    )
    hits = sum(abs(placebo) >= abs(found.estimate) * (1 - TIE) for placebo in placebos)
    p = (1 + hits) / (1 + draws)
    adopters = np.isfinite(treated_from) & (treated_from <= periods[-1])
    return CheckResult(
        check="synthetic_did",
        outcome=outcome,
        scale=scale,
        key="dates_turn" if differ(planned, found.estimate, p) else "dates",
        numbers={
            "effect": planned.estimate,
            "effect_other": found.estimate,
            "p": p,
            "districts": float(np.isin(treated_from, found.begun).sum()),
            "adopters": float(adopters.sum()),
        },
    )


def _exchanged(treated_from: Floats, strata: Ints, rng: np.random.Generator) -> Floats:
    """The dates (U,) of the districts of every stratum, given to each other at random."""
    drawn = treated_from.copy()
    for s in np.unique(strata):
        drawn[strata == s] = rng.permutation(drawn[strata == s])
    return drawn


def differ(planned: TTest, other: float, p: float) -> bool:
    """Whether one stands out from no effect at the planned level and the other does not, or both do with other signs.

    Two estimates that both may be nothing say the same, whichever signs they have.
    """
    return (p <= planned.alpha) != excludes(planned) or (excludes(planned) and other * planned.estimate < 0)
