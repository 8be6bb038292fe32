"""How the posterior of one effect on one scale is reported: the same for every model of a panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sverige_did.bayes.draws.prior_sensitivity import weighted_quantiles
from sverige_did.bayes.draws.summaries import LEVELS, against_prior, estimate, summarise
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate
from sverige_did.results.posteriors import AlternativePrior, Learned, PosteriorScale, PredictiveCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.draws.summaries import Better
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.studies.panel.posterior.protocol import Quantity
    from sverige_did.study.study import Outcome, PanelStudy


def better(wanted: Outcome) -> Better:
    """The direction of a benefit; ``lower`` also where neither is better, and then nothing that needs it is said."""
    return "higher" if wanted.benefit == "higher" else "lower"


def prob_benefit(wanted: Outcome, above_null: NDArray[np.float64], weights: NDArray[np.float64]) -> float | None:
    """Weighted share of draws, less their null, in the wished direction; None where there is none."""
    sign = {"lower": -1.0, "higher": 1.0}.get(wanted.benefit)
    return None if sign is None else min(float(weights @ (sign * above_null > 0)), 1.0)


def estimate_of(wanted: Outcome, quantity: Quantity, level: float, **context: object) -> Estimate:
    """The posterior as an estimate: median, sd, interval, P(benefit)."""
    made = estimate(
        quantity.draws,
        scale=quantity.scale,
        estimand=quantity.estimand,
        better=better(wanted),
        null=quantity.null,
        level=level,
        **context,  # type: ignore[arg-type]  # checked by Estimate
    )
    return made.model_copy(update={"prob_benefit": None}) if wanted.benefit == "none" else made


def district_basis(
    estimator: str, treated: NDArray[np.bool_], weights: NDArray[np.float64], assumptions: tuple[str, ...]
) -> dict[str, object]:
    """What an estimate of a district model rests on; ``treated`` (G,) and ``weights`` (G,) are of its districts."""
    return {
        "estimator": estimator,
        "n_units": len(treated),
        "n_treated": int(treated.sum()),
        "weights": "equal" if np.ptp(weights) == 0 else "baseline",
        "assumptions": assumptions,
    }


def scale_of(wanted: Outcome, quantity: Quantity) -> PosteriorScale:
    """Intervals and probabilities; those that need a size only where the plan gives it."""
    sign, sided = -1.0 if better(wanted) == "lower" else 1.0, wanted.benefit != "none"
    threshold, rope = (
        (sign * quantity.thresholds.worthwhile, quantity.thresholds.negligible) if quantity.thresholds else (0.0, 0.0)
    )
    said = summarise(quantity.draws - quantity.null, better=better(wanted), threshold=threshold, rope=rope)
    return PosteriorScale(
        estimand=quantity.estimand,
        scale=quantity.scale,
        median=said.median + quantity.null,
        levels=LEVELS,
        intervals=tuple((low + quantity.null, high + quantity.null) for low, high in said.intervals),
        prob_benefit=said.prob_benefit if sided else None,
        threshold=threshold if quantity.thresholds and sided else None,
        prob_beyond=said.prob_beyond if quantity.thresholds and sided else None,
        rope=rope if quantity.thresholds else None,
        rope_mass=said.rope_mass if quantity.thresholds else None,
    )


def alternative_prior_of(
    wanted: Outcome, ratio: NDArray[np.float64], weights: NDArray[np.float64], level: float
) -> AlternativePrior:
    """The effect as a ratio under another prior, from draws and their weights, (S,) each."""
    tail = (1 - level) / 2
    lower, median, upper = weighted_quantiles(ratio, weights, np.array([tail, 0.5, 1 - tail]))
    return AlternativePrior(
        kind="effect",
        prior="",
        median=float(median),
        lower=float(lower),
        upper=float(upper),
        prob_benefit=prob_benefit(wanted, ratio - 1, weights),
        sampled=False,
    )


def learned_of(priors: Mapping[str, Prior], fit: Fit) -> tuple[Learned, ...]:
    """Every scalar parameter beside its prior. What the structure does not use is the prior again, and says nothing."""
    found = []
    for name, prior in priors.items():
        said = against_prior(fit.values(name), prior)
        found.append(
            Learned(
                parameter=name,
                prior_median=said.prior_median,
                posterior_median=said.posterior_median,
                shrinkage=said.shrinkage,
                overlap=min(said.overlap, 1.0),
            )
        )
    return tuple(found)


def checks_of(found: tuple[Predictive, ...], wanted: Outcome, study: PanelStudy) -> tuple[PredictiveCheck, ...]:
    """Predictive checks as results. Raises RefusedError (``posterior_impossible``) where the data cannot have come of
    the fitted model in what the answer rests on.
    """
    limit = study.posterior.impossible if study.posterior else 0.0
    for one in found:
        if one.stops(limit):
            raise refuse(
                "posterior_impossible",
                found=f"p = {one.p:.2g}",
                expected=f"> {limit}",
                outcome=wanted.outcome,
                check=one.check,
            )
    return tuple(map(check_of, found))


def check_of(found: Predictive) -> PredictiveCheck:
    """A predictive check as a result."""
    side = "more" if found.p_above <= 0.5 else "less"
    return PredictiveCheck(
        check=found.check, p=found.p, side=side, observed=found.observed, low=found.low, high=found.high
    )
