"""Children's SDQ totals over time: a score from 0 to 40, so a beta-binomial, not a normal (method, section 5.7).

    y_it ~ BetaBinomial(40, kappa p, kappa (1 - p)),   logit p_it = a_i + b_i time_it + u_informant + tau E_it + w_dt
    a_i ~ N(level + b_age (age_i - mean) + b_girl (girl_i - mean), sd_child)

w_dt is what ``sdq_districts`` says of districts, and zero where children are not compared by district.

The children's own slopes b_i are non-centred, and so are their levels a_i where children are few: centred levels
diverge where few children are alike, and mix better where many are compared. They are sampled one by one: a
beta-binomial on the log-odds scale leaves no formula for the score once a_i is integrated out. Without a control group
``tau`` is a development, never an effect (design class D3): the plan's words see to that. Questionnaires that were
never answered are left out, which is right when answering depends on nothing but what was observed (MAR);
``missing_waves`` asks what if it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, logit

from sverige_did.bayes.models.binomial import BETA_BINOMIAL
from sverige_did.bayes.models.observation import observe_known
from sverige_did.bayes.models.sdq_districts import (
    PLACES,
    DistrictPriors,
    ScoreDistricts,
    district_level,
    district_shocks,
)
from sverige_did.bayes.priors import HalfNormal, Normal, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Built, Prior
    from sverige_did.bayes.sampling.sample import Fit

Tensor = Any
HIGHEST = 40


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """N questionnaires: ``child`` and ``informant`` (N,) are codes from 0, ``time`` (N,) is in years, ``dose`` (N,) in
    [0, 1] is the share of the intended help received, ``total`` (N,) the SDQ total.

    ``age`` (C,), each child's age in years at time 0, and ``girl`` (C,) are adjusted for where they are given. As time
    passes every child grows older alike, which is the trend's; ``age`` is what children differ by.

    Raises RefusedError: ``cells_lengths``, ``sdq_score``, ``sdq_one_wave``, ``sdq_not_compared``, ``sdq_covariate``
    and ``sdq_informant_after`` (see :func:`refuse_informants`).
    """

    child: NDArray[np.int64]
    informant: NDArray[np.int64]
    time: NDArray[np.float64]
    dose: NDArray[np.float64]
    total: NDArray[np.float64]
    age: NDArray[np.float64] | None = None
    girl: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        columns = (self.child, self.informant, self.time, self.dose, self.total)
        if len({len(column) for column in columns}) != 1 or len(self.child) == 0:
            raise refuse("cells_lengths")
        if min(self.child.min(), self.informant.min()) < 0 or not np.isfinite(self.time).all():
            raise refuse("cells_lengths")
        if not ((self.total >= 0) & (self.total <= HIGHEST) & (self.total == np.round(self.total))).all():
            raise refuse("sdq_score")
        waves = np.unique(np.column_stack([self.child, self.time]), axis=0)
        if len(waves) == len(np.unique(self.child)):
            raise refuse("sdq_one_wave")
        if not ((self.dose >= 0) & (self.dose <= 1)).all() or len(np.unique(self.dose)) < 2:
            raise refuse("sdq_not_compared")
        for known in (self.age, self.girl):
            if known is not None and (len(known) != self.n_children or not np.isfinite(known).all()):
                raise refuse("sdq_covariate")
        refuse_informants(self)

    @property
    def n_children(self) -> int:
        """C, counting every child up to the last one with a questionnaire."""
        return int(self.child.max()) + 1

    @property
    def middle(self) -> float:
        """The time from which the model counts, so that children's levels and slopes are independent."""
        return float(self.time.min() + self.time.max()) / 2

    @property
    def covariates(self) -> dict[str, NDArray[np.float64]]:
        """What children are adjusted for, about its mean over the children, (C,) each."""
        given = {"age": self.age, "girl": self.girl}
        return {name: np.asarray(x - np.mean(x), dtype=float) for name, x in given.items() if x is not None}


def refuse_informants(scores: Scores) -> None:
    """Raises RefusedError (``sdq_informant_after``) when a change of informant cannot be told from the help.

    A foster carer answers once the child lives there; that the carer sees the child otherwise than the mother did then
    looks like an effect. How two kinds of informant differ is known only from children, controls as a rule, whom both
    rated under the same dose. Kinds known to differ by so much, directly or through a third, form a class. A class
    that answers under several doses is compared with itself; one that answers under a single positive dose, and a
    child whose informants under different doses are of different classes, are refused.
    """
    _, class_of = connected_components(_rated_together(scores), directed=False)
    own = class_of[scores.informant]
    doses = {kind: np.unique(scores.dose[own == kind]) for kind in np.unique(own)}
    unseen = [kind for kind, seen in doses.items() if len(seen) == 1 and seen[0] > 0]
    switched = [child for child in np.unique(scores.child) if _switches(scores, own, child)]
    if unseen or switched:
        raise refuse("sdq_informant_after", kinds=len(unseen), children=len(switched))


def _rated_together(scores: Scores) -> csr_array:
    """Which kinds of informant rated the same child under the same dose, a graph over the kinds."""
    occasions = np.column_stack([scores.child, scores.dose])
    _, occasion = np.unique(occasions, axis=0, return_inverse=True)
    n_kinds, n_occasions = int(scores.informant.max()) + 1, int(occasion.max()) + 1
    respondents = csr_array((np.ones(len(occasion)), (scores.informant, occasion)), shape=(n_kinds, n_occasions))
    return respondents @ respondents.T


def _switches(scores: Scores, class_of: NDArray[Any], child: int) -> bool:
    """Whether a child with several doses shares no class of informants between them."""
    rows = scores.child == child
    doses = np.unique(scores.dose[rows])
    shared = set.intersection(*(set(class_of[rows & (scores.dose == dose)].tolist()) for dose in doses))
    return not shared


LEVEL = Normal(float(logit(0.4)), 0.75, "log_odds", "priors.sdq_level")
TREND = Normal(0.0, 0.3, "log_odds_per_year", "priors.sdq_trend")
EFFECT = Normal(0.0, 0.5, "log_odds", "priors.sdq_trend")
CHILD = HalfNormal(0.75, "log_odds_sd", "priors.sdq_child")
SLOPE = HalfNormal(0.3, "log_odds_sd_per_year", "priors.sdq_slope")
AGE = Normal(0.0, 0.1, "log_odds_per_year", "priors.sdq_age")
GIRL = Normal(0.0, 0.3, "log_odds", "priors.sdq_girl")
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
    age: Normal = AGE
    girl: Normal = GIRL

    def named(self, scores: Scores) -> dict[str, Prior]:
        """The priors that these scores need, by the name of the parameter."""
        known = {"age": self.age, "girl": self.girl}
        named: dict[str, Prior] = {
            "level": self.level, "trend": self.trend, "tau": self.effect, "log_kappa": self.concentration,
            "sd_child": self.child, "sd_slope": self.slope, "sd_informant": self.informant,
        }  # fmt: skip
        return named | {name: known[name] for name in scores.covariates}


def build_sdq(
    scores: Scores,
    priors: ScorePriors = ScorePriors(),
    places: ScoreDistricts | None = None,
    district_priors: DistrictPriors = PLACES,
) -> pm.Model:
    """Unfitted growth model. Time is centred in the middle of the study, so that levels and slopes are independent.

    ``places`` says where each child belongs and in which period it was rated; without it districts are alike. Draws
    hold ``child`` and ``slope`` (C,), ``offset`` by informant, ``swing`` (G, T) where there are places, and ``eta``
    (N,), beside the scalar parameters. Raises RefusedError (``cells_lengths``) when the places are of other scores.
    """
    if places is not None and (len(places.district) != scores.n_children or len(places.period) != len(scores.child)):
        raise refuse("cells_lengths")
    with pm.Model(check_bounds=False) as model:
        of_places = district_priors.named(places) if places is not None else {}
        built = build_priors(priors.named(scores) | of_places)
        index = pm.Data("index", np.stack([scores.child, scores.informant]).astype("int64"))
        numbers = pm.Data("numbers", np.stack([scores.time - scores.middle, scores.dose]).astype(float))
        expected = built["level"]
        for name, x in scores.covariates.items():
            expected = expected + built[name] * pm.Data(f"child_{name}", x)
        own = _levels(scores, expected, built, places)
        wander = built.signed("sd_slope") * pm.Normal("slope_z", shape=scores.n_children)
        slope = pm.Deterministic("slope", built["trend"] + wander)
        informant = built.signed("sd_informant") * _between(int(scores.informant.max()) + 1)
        informant = pm.Deterministic("offset", informant)
        child = index[0]
        eta = own[child] + slope[child] * numbers[0] + informant[index[1]] + built["tau"] * numbers[1]
        if places is not None:
            at = pm.Data("cell", np.stack([places.district[scores.child], places.period]).astype("int64"))
            eta = eta + district_shocks(places, built)[at[0], at[1]]
        pm.modelcontext(None).add_coord("row", np.arange(len(scores.child)))
        eta = pm.Deterministic("eta", eta, dims="row")
        # One number of points for all, so that what it costs is paid once a gradient.
        observe_known(scores.total, eta, np.array(float(HIGHEST)), BETA_BINOMIAL, (pm.math.exp(built["log_kappa"]),))
    return model


MANY_CHILDREN = 100
"""From so many on their levels are sampled as they are: it mixes better, three times where districts are compared, but
breaks down where the sd of children can come near zero, as it can where they are few."""


def _levels(scores: Scores, expected: Tensor, built: Built, places: ScoreDistricts | None) -> Tensor:
    """Children's own levels (C,), ``child`` in the model in context."""
    n = scores.n_children
    if places is not None:
        expected = expected + district_level(places, built)
    if n >= MANY_CHILDREN:
        return pm.Normal("child", expected, built["sd_child"], shape=n)
    return pm.Deterministic("child", expected + built.signed("sd_child") * pm.Normal("child_z", shape=n))


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
