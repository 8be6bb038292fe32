"""Children's SDQ totals over time: a score from 0 to 40, so a beta-binomial, not a normal (method, section 5.7).

    y_it ~ BetaBinomial(40, kappa p, kappa (1 - p)),   logit p_it = a_i + b_i time_it + u_informant + tau E_it

The children's own levels a_i are centred and their slopes b_i non-centred, which is what mixes well. Without a control
group ``tau`` is a development, never an effect (design class D3): the plan's words see to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit, logit

from sverige_did.bayes.priors import HalfNormal, Normal, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.sample import Fit

Tensor = Any
HIGHEST = 40


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """N questionnaires: ``child`` and ``informant`` (N,) are codes from 0, ``time`` (N,) is in years, ``dose`` (N,) in
    [0, 1] is the share of the intended help received, ``total`` (N,) the SDQ total.

    Raises RefusedError: ``cells_lengths``, ``sdq_score``, ``sdq_one_wave``.
    """

    child: NDArray[np.int64]
    informant: NDArray[np.int64]
    time: NDArray[np.float64]
    dose: NDArray[np.float64]
    total: NDArray[np.float64]

    def __post_init__(self) -> None:
        columns = (self.child, self.informant, self.time, self.dose, self.total)
        if len({len(column) for column in columns}) != 1 or len(self.child) == 0 or self.child.min() < 0:
            raise refuse("cells_lengths")
        if not ((self.total >= 0) & (self.total <= HIGHEST) & (self.total == np.round(self.total))).all():
            raise refuse("sdq_score")
        waves = np.unique(np.column_stack([self.child, self.time]), axis=0)
        if len(waves) == len(np.unique(self.child)):
            raise refuse("sdq_one_wave")


LEVEL = Normal(float(logit(0.4)), 0.75, "log_odds", "priors.sdq_level")
TREND = Normal(0.0, 0.3, "log_odds_per_year", "priors.sdq_trend")
EFFECT = Normal(0.0, 0.5, "log_odds", "priors.sdq_trend")
CHILD = HalfNormal(0.75, "log_odds_sd", "priors.sdq_child")
SLOPE = HalfNormal(0.3, "log_odds_sd_per_year", "priors.sdq_slope")
# 1.5 points of 40 at a mean score of 14: the slope of the logit there is 1 / (40 p (1 - p)) a point.
INFORMANT = HalfNormal(1.5 / (HIGHEST * 0.35 * 0.65), "log_odds_sd", "priors.sdq_informant")
CONCENTRATION = Normal(float(np.log(30.0)), 1.0, "log_count", "priors.concentration")


@dataclass(frozen=True, slots=True)
class ScorePriors:
    """Priors on the log-odds scale of the share of the 40 points; times in years."""

    level: Normal = LEVEL
    trend: Normal = TREND
    effect: Normal = EFFECT
    child: HalfNormal = CHILD
    slope: HalfNormal = SLOPE
    informant: HalfNormal = INFORMANT
    concentration: Normal = CONCENTRATION


def build_sdq(scores: Scores, priors: ScorePriors = ScorePriors()) -> pm.Model:
    """Unfitted growth model. Time is centred in the middle of the study, so that levels and slopes are independent."""
    n_children, n_informants = int(scores.child.max()) + 1, int(scores.informant.max()) + 1
    middle = (scores.time.min() + scores.time.max()) / 2
    with pm.Model(check_bounds=False) as model:
        built = build_priors(
            {"level": priors.level, "trend": priors.trend, "tau": priors.effect, "log_kappa": priors.concentration,
             "sd_child": priors.child, "sd_slope": priors.slope, "sd_informant": priors.informant}
        )  # fmt: skip
        index = pm.Data("index", np.stack([scores.child, scores.informant]).astype("int64"))
        numbers = pm.Data("numbers", np.stack([scores.time - middle, scores.dose]).astype(float))
        own = pm.Normal("child", built["level"], built["sd_child"], shape=n_children)
        slope = built["trend"] + built.signed("sd_slope") * pm.Normal("slope_z", shape=n_children)
        informant = built.signed("sd_informant") * _between(n_informants)
        child = index[0]
        eta = own[child] + slope[child] * numbers[0] + informant[index[1]] + built["tau"] * numbers[1]
        pm.modelcontext(None).add_coord("row", np.arange(len(scores.child)))
        eta = pm.Deterministic("eta", eta, dims="row")
        share, kappa = pm.math.sigmoid(eta), pm.math.exp(built["log_kappa"])
        observed = pm.Data("total", scores.total)
        pm.BetaBinomial("y", n=HIGHEST, alpha=kappa * share, beta=kappa * (1 - share), observed=observed)
    return model


def _between(n_informants: int) -> Tensor:
    """Informants' offsets, zero-sum so that the level stays that of the average informant; none for a single kind."""
    if n_informants == 1:
        return pt.zeros(1)
    return pm.ZeroSumNormal("informant_z", shape=n_informants)


def development_in_points(fit: Fit, scores: Scores) -> NDArray[np.float64]:
    """Change in mean score with the help received against the same children without it, in SDQ points: (draws,).

    Averages over the questionnaires with a dose; negative is fewer difficulties.
    """
    helped = np.flatnonzero(scores.dose > 0)
    eta, change = fit.values("eta")[:, helped], fit.values("tau")[:, None] * scores.dose[helped]
    return np.asarray(HIGHEST * (expit(eta) - expit(eta - change)).mean(axis=1))


def prob_at_least(fit: Fit, cut: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Posterior predictive share of questionnaires at or above ``cut`` points: (draws,)."""
    share, kappa = expit(fit.values("eta")), np.exp(fit.values("log_kappa"))[:, None]
    score = rng.binomial(HIGHEST, rng.beta(kappa * share, kappa * (1 - share)))
    return np.asarray((score >= cut).mean(axis=1))
