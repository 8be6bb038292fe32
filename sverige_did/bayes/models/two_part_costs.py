"""What children cost, in two parts: whether anything is spent on a child, and how much when something is (method, 7.6).

    users_dt ~ Binomial(residents_dt, logit^-1 eta_dt)
    ln x_j = eta'_dt + c_i + e_j,   c_i ~ N(0, sd_child), e_j ~ N(0, spread)      amounts x_j, child by child
    X_dt ~ Gamma(users_dt / cv^2, mean users_dt exp(eta'_dt))                     only the total X_dt of a cell

eta and eta' are the shared structure, each with parameters of its own. The two parts share none, so they are two
models, sampled apart; draws of the one may be paired with any draws of the other. A child who costs much in one
half-year costs much in the next: c_i is integrated out exactly, which the normal allows, so a child is never a row.

Amounts are kroner in the prices of one year (``sources.prices.fixed_prices``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit, logit

from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.effects import new_district, weights_of
from sverige_did.bayes.priors import HalfNormal, Normal
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.sampling.sample import Fit

Tensor = Any


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """What was spent on each user: ``use`` has the users among the resident children of N cells, and A amounts.

    ``amount`` (A,) is a child's spending in the period of a cell, in kroner of ``price_year``; ``cell`` (A,) is its row
    in ``use`` and ``child`` (A,) the child's code from 0. A child on whom nothing was spent has no amount.

    Raises RefusedError: ``cells_lengths``, ``costs_amount``, ``costs_users``, ``costs_child_twice``,
    ``totals_count_above_trials``.
    """

    use: Cells
    amount: NDArray[np.float64]
    cell: NDArray[np.int64]
    child: NDArray[np.int64]
    price_year: int

    def __post_init__(self) -> None:
        if len({len(self.amount), len(self.cell), len(self.child)}) != 1 or len(self.amount) == 0:
            raise refuse("cells_lengths")
        if min(self.cell.min(), self.child.min()) < 0 or self.cell.max() >= len(self.use.low):
            raise refuse("cells_lengths")
        _refuse_amounts(self.amount)
        _refuse_use(self.use)
        if (np.bincount(self.cell, minlength=len(self.use.low)) != self.use.low).any():
            raise refuse("costs_users")
        period = self.use.period[self.cell]
        if len(np.unique(np.stack([self.child, period]), axis=1).T) != len(self.child):
            raise refuse("costs_child_twice")

    @property
    def n_children(self) -> int:
        """C, counting every child up to the last one with an amount."""
        return int(self.child.max()) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """What was spent in each cell where amounts by child are not known: ``total`` (N,) kroner of ``price_year``.

    ``use`` has the users among the resident children; a cell without users has a total of nought.

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
CHILD = HalfNormal(1.0, "log_kroner_sd", "priors.costs_child")
SPREAD = Normal(float(np.log(0.5)), 0.75, "log_sd", "priors.costs_spread")
VARIATION = Normal(float(np.log(0.8)), 0.5, "log_coefficient_of_variation", "priors.costs_variation")


def build_use(costs: Amounts | Totals, priors: PanelPriors = USE) -> pm.Model:
    """Unfitted model of whether anything is spent on a resident child: the binomial model of districts."""
    return build_binomial(costs.use, priors)


def build_amounts(
    amounts: Amounts, priors: PanelPriors = AMOUNT, child: HalfNormal = CHILD, spread: Normal = SPREAD
) -> pm.Model:
    """Unfitted log-normal model of the amounts of children on whom something is spent.

    ``child`` is the prior of sd_child, ``spread`` that of ln(spread), of the same child from period to period. ``y`` is
    the logarithm of the amounts.
    """
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(amounts.use, priors, {"sd_child": child, "log_spread": spread})
        built = predictor.parameters
        index = pm.Data("amounts", np.stack([amounts.cell, amounts.child]).astype("int64"))
        each = pm.Data("amounts_of_child", np.bincount(amounts.child, minlength=amounts.n_children).astype(float))
        pm.CustomDist(
            "y", predictor.eta[index[0]], pm.math.exp(built["log_spread"]), built["sd_child"], index[1], each,
            logp=clustered_normal_logp, random=clustered_normal, signature="(n),(),(),(n),(c)->(n)",
            observed=pm.Data("log_amount", np.log(amounts.amount)),
        )  # fmt: skip
    return model


def clustered_normal_logp(y: Tensor, mean: Tensor, spread: Tensor, sd: Tensor, cluster: Tensor, each: Tensor) -> Tensor:
    """Log density of y (A,), normal about ``mean`` with sd ``spread`` and a common N(0, sd) within each cluster.

    The common part is integrated out: a cluster of n has covariance spread^2 I + sd^2 J, whose determinant is
    spread^(2n - 2) (spread^2 + n sd^2) and whose inverse needs only the sum of its residuals and of their squares.
    ``each`` (C,) is n by cluster; an empty one contributes nothing.
    """
    residual = y - mean
    sums = pt.inc_subtensor(pt.zeros_like(each)[cluster], residual)
    within, common = spread**2, spread**2 + each * sd**2
    squares = (residual**2).sum() / within - (sums**2 * sd**2 / (within * common)).sum()
    # A cluster of none has the share 1 of a common variance that equals the one within: log 1 = 0.
    determinant = each.sum() * pt.log(within) + pt.log(common / within).sum()
    return -0.5 * (squares + determinant + each.sum() * np.log(2 * np.pi))


def clustered_normal(
    mean: NDArray[np.float64],
    spread: NDArray[np.float64],
    sd: NDArray[np.float64],
    cluster: NDArray[np.int64],
    each: NDArray[np.float64],
    rng: np.random.Generator | None = None,
    size: tuple[int, ...] | None = None,
) -> NDArray[np.float64]:
    """One draw (A,) of what :func:`clustered_normal_logp` is the density of."""
    rng = np.random.default_rng(rng)
    shape = np.shape(mean) if size is None else (*size, len(mean))
    common = sd * rng.standard_normal((*shape[:-1], len(each)))
    return np.asarray(mean + common[..., cluster] + spread * rng.standard_normal(shape))


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


def effect_on_costs(
    use_fit: Fit,
    amount_fit: Fit,
    costs: Amounts | Totals,
    rng: np.random.Generator,
    district_weights: NDArray[np.float64] | None = None,
) -> CostEffect:
    """The finite-population effect in the treated cells, by g-computation from the draws of both parts.

    They are paired by :func:`pairs`. ``district_weights`` (G,) as in ``effects.weights_of``.
    """
    return effect_of_pairs(use_fit, amount_fit, costs, pairs(use_fit, amount_fit, rng), district_weights)


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
    costs: Amounts | Totals,
    kept: Pairs,
    district_weights: NDArray[np.float64] | None = None,
) -> CostEffect:
    """As :func:`effect_on_costs`, for draws that are paired already."""
    cells = costs.use
    rows = np.flatnonzero(cells.dose > 0)
    place = np.searchsorted(np.flatnonzero(cells.treated), cells.district[rows])
    parts = []
    for fit, draws in ((use_fit, kept.use), (amount_fit, kept.amount)):
        change = fit.values("tau_district")[draws][:, place] * cells.dose[rows]
        parts.append((fit.values("eta")[draws][:, rows], change))
    above = _mean_above(amount_fit, costs)[kept.amount, None]
    (use, use_change), (amount, amount_change) = parts
    return average_cost_effect(
        np.stack([expit(use), expit(use - use_change)]),
        np.exp(np.stack([amount, amount - amount_change]) + above),
        weights_of(cells, district_weights)[rows],
    )


def effect_of_pairs_in_new_district(
    use_fit: Fit, amount_fit: Fit, costs: Amounts | Totals, kept: Pairs, rng: np.random.Generator
) -> CostEffect:
    """What another district like the treated ones should expect, as ``effects.effect_in_new_district``."""
    both: list[NDArray[np.float64]] = []
    for fit, draws in ((use_fit, kept.use), (amount_fit, kept.amount)):
        eta, own = new_district(fit, costs.use, rng)
        both.append(np.stack([eta, eta - own])[:, draws, None])
    above = _mean_above(amount_fit, costs)[kept.amount, None]
    return average_cost_effect(np.asarray(expit(both[0])), np.exp(both[1] + above), np.ones(1))


def _mean_above(fit: Fit, costs: Amounts | Totals) -> NDArray[np.float64]:
    """What takes eta' to the logarithm of a mean, (draws,): half the variance for a log-normal, nothing for a gamma."""
    if isinstance(costs, Totals):
        return np.zeros(len(fit.values("tau")))
    return np.asarray((np.exp(2 * fit.values("log_spread")) + fit.values("sd_child") ** 2) / 2)


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
