"""What children cost, in two parts: whether anything is spent on a child, and how much when something is (method, 7.6).

    users_dt ~ Binomial(residents_dt, logit^-1 eta_dt)
    X_dt ~ Gamma(users_dt / cv^2, mean users_dt exp(eta'_dt))       the total X_dt of a cell

eta and eta' are the shared structure, each with parameters of its own. The two parts share none, so they are two
models, sampled apart; draws of the one may be paired with any draws of the other. A child is never a row.

Amounts are kroner in the prices of one year (``sources.prices.fixed_prices``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pymc as pm
from scipy.special import expit, logit

from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.effects import new_district, weights_of
from sverige_did.bayes.priors import Normal
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.sampling.sample import Fit


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """What was spent in each cell: ``total`` (N,) kroner of ``price_year``.

    ``use`` has the users among the resident children; a cell without users has a total of zero.

    Raises RefusedError: ``cells_lengths``, ``costs_amount``, ``costs_users``, ``totals_count_above_trials``.
    """

    use: Cells
    total: NDArray[np.float64]
    price_year: int

    def __post_init__(self) -> None:
        if len(self.total) != len(self.use.low):
            raise refuse("cells_lengths")
        _refuse_use(self.use)
        if ((self.total != 0) & (self.use.low == 0)).any():
            raise refuse("costs_users")
        _refuse_amounts(self.total[self.use.low > 0])


def _refuse_amounts(amount: NDArray[np.float64]) -> None:
    wrong = ~(np.isfinite(amount) & (amount > 0))
    if wrong.any():
        raise refuse("costs_amount", count=int(wrong.sum()))


def _refuse_use(use: Cells) -> None:
    if use.hidden.any():
        raise refuse("costs_users")
    if (use.low > use.size).any() or (use.size != np.round(use.size)).any():
        raise refuse("totals_count_above_trials")


USE = PanelPriors(level=Normal(float(logit(0.02)), 1.0, "log_odds", "priors.costs_use"))
AMOUNT = PanelPriors(
    level=Normal(float(np.log(200_000.0)), 1.0, "log_kroner", "priors.costs_level"),
    effect=Normal(0.0, 0.5, "log_kroner", "priors.costs_effect"),
)
VARIATION = Normal(float(np.log(0.8)), 0.5, "log_coefficient_of_variation", "priors.costs_variation")


def build_use(costs: Totals, priors: PanelPriors = USE) -> pm.Model:
    """Unfitted model of whether anything is spent on a resident child: the binomial model of districts."""
    return build_binomial(costs.use, priors)


def build_totals(totals: Totals, priors: PanelPriors = AMOUNT, variation: Normal = VARIATION) -> pm.Model:
    """Unfitted gamma model of the totals of cells with users: a sum of gammas is a gamma, so the children need not be
    known one by one. ``variation`` is the prior of ln(cv), the coefficient of variation between children.

    Totals do not tell which children cost much for several periods; only the districts' own shocks can carry that.
    """
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(totals.use, priors, {"log_cv": variation})
        some = np.flatnonzero(totals.use.low > 0)
        users, at = pm.Data("users", totals.use.low[some]), pm.Data("with_users", some)
        shape = users * pm.math.exp(-2 * predictor.parameters["log_cv"])
        rate = shape / (users * pm.math.exp(predictor.eta[at]))
        pm.Gamma("y", alpha=shape, beta=rate, observed=pm.Data("total", totals.total[some]))
    return model


class CostEffect(NamedTuple):
    """The effect in kroner per resident child and period, draw by draw, (draws,) each; negative is money saved.

    ``by_use`` + ``by_amount`` = ``per_child``: what comes from fewer or more children with spending, and what from
    spending less or more on each, each valued at the mean of the other with and without the programme (Bennet).
    ``ratio`` is spending with the programme over spending without.
    """

    per_child: NDArray[np.float64]
    by_use: NDArray[np.float64]
    by_amount: NDArray[np.float64]
    ratio: NDArray[np.float64]


class Pairs(NamedTuple):
    """Numbers of the draws of both parts that go together, (S,) each."""

    use: NDArray[np.int64]
    amount: NDArray[np.int64]


def pairs(use_fit: Fit, amount_fit: Fit, rng: np.random.Generator) -> Pairs:
    """Which draw of the one part goes with which of the other, (S,) each.

    The longer set of draws is cut to the shorter, and the second is shuffled: the parts are independent, and no trace
    of a common seed may link them.
    """
    order = rng.permutation(len(amount_fit.values("tau")))
    n = min(len(use_fit.values("tau")), len(order))
    return Pairs(np.arange(n), order[:n])


def effect_of_pairs(
    use_fit: Fit,
    amount_fit: Fit,
    costs: Totals,
    kept: Pairs,
    district_weights: NDArray[np.float64] | None = None,
) -> CostEffect:
    """The finite-population effect in the treated cells, by g-computation from paired draws of both parts.

    ``district_weights`` (G,) as in ``effects.weights_of``.
    """
    cells = costs.use
    rows = np.flatnonzero(cells.dose > 0)
    place = np.searchsorted(np.flatnonzero(cells.treated), cells.district[rows])
    parts = []
    for fit, draws in ((use_fit, kept.use), (amount_fit, kept.amount)):
        change = fit.values("tau_district")[draws][:, place] * cells.dose[rows]
        parts.append((fit.values("eta")[draws][:, rows], change))
    (use, use_change), (amount, amount_change) = parts
    return average_cost_effect(
        np.stack([expit(use), expit(use - use_change)]),
        np.exp(np.stack([amount, amount - amount_change])),
        weights_of(cells, district_weights)[rows],
    )


def effect_of_pairs_in_new_district(
    use_fit: Fit, amount_fit: Fit, costs: Totals, kept: Pairs, rng: np.random.Generator
) -> CostEffect:
    """What another district like the treated ones should expect, as ``effects.effect_in_new_district``."""
    both: list[NDArray[np.float64]] = []
    for fit, draws in ((use_fit, kept.use), (amount_fit, kept.amount)):
        eta, own = new_district(fit, costs.use, rng)
        both.append(np.stack([eta, eta - own])[:, draws, None])
    return average_cost_effect(np.asarray(expit(both[0])), np.exp(both[1]), np.ones(1))


def average_cost_effect(
    share: NDArray[np.float64], mean: NDArray[np.float64], weights: NDArray[np.float64]
) -> CostEffect:
    """Effect from the share of children with spending and the mean of those, both (2, draws, N): with and without.

    ``weights`` (N,) sum to one over the treated cells.
    """
    by_use = ((share[0] - share[1]) * mean.mean(axis=0)) @ weights
    by_amount = ((mean[0] - mean[1]) * share.mean(axis=0)) @ weights
    spent = (share * mean) @ weights
    return CostEffect(spent[0] - spent[1], by_use, by_amount, spent[0] / spent[1])
