"""The growth model of SDQ scores run forwards in numpy: the same questionnaires in districts and children never seen.

A second writing of ``sdq.build_sdq`` with districts: prior and posterior predictive checks draw from it, and a test
holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sverige_did.bayes.draws.predictive_checks import Predictive, judged
from sverige_did.bayes.models.sdq_growth import HIGHEST

if TYPE_CHECKING:
    from sverige_did.bayes.models.sdq_districts import ScoreDistricts
    from sverige_did.bayes.models.sdq_growth import Scores

Floats = NDArray[np.float64]

LOW, HIGH = 3, HIGHEST // 2
"""Scores up to LOW lie at the floor of the scale; those from HIGH on are in its upper half, where few children are."""


def score_predictor(
    draws: Mapping[str, Floats], scores: Scores, places: ScoreDistricts, rng: np.random.Generator
) -> Floats:
    """eta (S, N) from scalar parameters (S,) each: levels of children and districts, swings and offsets drawn anew."""
    one = {name: values[:, None] for name, values in draws.items()}
    n, n_districts = len(draws["tau"]), len(places.treated)

    def normal(sd: str, *shape: int) -> Floats:
        spread = draws[sd].reshape(-1, *(1 for _ in shape))
        return np.asarray(spread * rng.standard_normal((n, *shape)))

    def between(sd: str, size: int) -> Floats:
        z = normal(sd, size)
        return z - z.mean(axis=1, keepdims=True)

    district = one["gamma"] * places.treated + normal("sigma_alpha", n_districts)
    level = one["level"] + district[:, places.district] + normal("sd_child", scores.n_children)
    for name, x in scores.covariates.items():
        level = level + one[name] * x
    slope = one["trend"] + normal("sd_slope", scores.n_children)
    swing = normal("sigma_s", n_districts, places.n_periods)
    if "sigma_lambda" in draws:
        swing = swing + between("sigma_lambda", places.n_periods)[:, None, :]
    informant = between("sd_informant", int(scores.informant.max()) + 1)
    child = scores.child
    eta = level[:, child] + slope[:, child] * (scores.time - scores.middle) + informant[:, scores.informant]
    return np.asarray(eta + one["tau"] * scores.dose + swing[:, places.district[child], places.period])


def simulate_scores(eta: Floats, log_kappa: Floats, rng: np.random.Generator) -> Floats:
    """SDQ totals (S, N) given their predictor (S, N) and log kappa (S,)."""
    kappa, share = np.exp(log_kappa)[:, None], expit(eta)
    return rng.binomial(HIGHEST, rng.beta(kappa * share, kappa * (1 - share))).astype(float)


def _sides(scores: Scores, places: ScoreDistricts) -> dict[tuple[bool, bool], NDArray[np.bool_]]:
    """The questionnaires (N,) of treated or control children, before or after; after is when the treated have help."""
    after = np.isin(places.period, places.period[scores.dose > 0])
    treated = places.treated[places.district[scores.child]]
    return {(side, late): (treated == side) & (after == late) for side in (True, False) for late in (True, False)}


def _by_district(totals: Floats, rows: NDArray[np.bool_], scores: Scores, places: ScoreDistricts) -> Floats:
    """(M, G) means of the questionnaires in ``rows`` by district; NaN where there are none."""
    at = places.district[scores.child][rows]
    member = (at[:, None] == np.arange(len(places.treated))).astype(float)
    number = member.sum(axis=0)
    sums = totals[:, rows] @ member
    return np.asarray(np.divide(sums, number, out=np.full_like(sums, np.nan), where=number > 0))


def _spread(means: Floats) -> Floats:
    """sd over the districts that have a number; zero where fewer than two have one."""
    known = np.isfinite(means).all(axis=0)
    return np.asarray(means[:, known].std(axis=1)) if known.sum() > 1 else np.zeros(len(means))


def score_checks(
    observed: Floats, replicated: Floats, scores: Scores, places: ScoreDistricts
) -> tuple[Predictive, ...]:
    """The totals (N,) against replications (M, N): mean change, both ends of the scale, districts, the difference."""
    sides = _sides(scores, places)

    def change(totals: Floats, side: bool) -> Floats:
        after, before = (totals[:, sides[side, late]].mean(axis=1) for late in (True, False))
        return np.asarray(after - before)

    def districts(totals: Floats, *, late: bool) -> Floats:
        return _by_district(totals, sides[False, late], scores, places)

    statistics: dict[str, Callable[[Floats], Floats]] = {
        "mean_change": lambda totals: change(totals, side=False),
        "low_scores": lambda totals: np.asarray((totals <= LOW).mean(axis=1)),
        "high_scores": lambda totals: np.asarray((totals >= HIGH).mean(axis=1)),
        "spread_of_levels": lambda totals: _spread(districts(totals, late=False)),
        "spread_of_changes": lambda totals: _spread(districts(totals, late=True) - districts(totals, late=False)),
        "difference": lambda totals: change(totals, side=True) - change(totals, side=False),
    }
    return tuple(judged(name, float(of(observed[None, :])[0]), of(replicated)) for name, of in statistics.items())
