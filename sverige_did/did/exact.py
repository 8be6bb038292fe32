"""Exact answers from small counts: condition on the margins, and only one count is left to vary.

Every problem here ends as the same one-parameter family: the count a is left free and
P(a) is proportional to w(a) exp(theta a), with theta the log ratio asked for. Zero cells are no trouble; they make a
limit infinite. Exact about sampling only: none of it knows that children of one district share shocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betaln, logsumexp

from sverige_did.did.scales import checked_cells, critical
from sverige_did.errors import option, refuse
from sverige_did.results.estimates import Estimate

Floats = NDArray[np.float64]
Rule = Literal["minlike", "central", "mid_p"]
"""How a two-sided p is made. minlike: the probability of all counts no likelier than the one observed (Fisher's
test as commonly printed). central: twice the smaller tail; agrees with the interval. mid_p: central, counting
half of the observed count; shorter, and exact on average only."""

TIE = 1e-7
"""Relative tolerance within which two probabilities count as equal."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """The family P(a) ~ exp(log_weight + theta a) over ``support`` (whole numbers, ascending), and what was seen."""

    support: Floats
    log_weight: Floats
    observed: int

    def __post_init__(self) -> None:
        if len(self.support) < 2:
            raise refuse("exact_uninformative")

    def probability(self, theta: float) -> Floats:
        """P(a) for each a of the support."""
        unscaled = self.log_weight + theta * (self.support - self.observed)
        p: Floats = np.exp(unscaled - logsumexp(unscaled))
        return p


def _log_choose(n: ArrayLike, k: Floats) -> Floats:
    n = np.asarray(n, dtype=float)
    logs: Floats = -np.log1p(n) - betaln(n - k + 1, k + 1)
    return logs


def whole_counts(values: ArrayLike) -> NDArray[np.int64]:
    """The values as integers; refused with ``fractional_counts`` when one is not whole (person-years are not)."""
    given = np.asarray(values, dtype=float)
    rounded = np.rint(given)
    if not np.isfinite(given).all():
        raise refuse("cells_not_finite")
    if (np.abs(given - rounded) > 1e-9).any():
        raise refuse("fractional_counts", found=f"{given[np.abs(given - rounded) > 1e-9][0]:g}")
    return rounded.astype(np.int64)


def zelen_family(events: ArrayLike, totals: ArrayLike) -> Conditional:
    """Events among totals, ``(2, 2)`` each: condition on both groups' margins and on all events after.

    P(a) ~ C(n_T1, a) C(n_T0, m_T - a) C(n_C1, S - a) C(n_C0, m_C - S + a) e^(theta a), theta the log ratio of odds
    ratios. Source: Zelen (1971), Biometrika 58:129 (homogeneity of odds ratios over two strata).
    """
    checked_cells(events, totals)
    y, n = whole_counts(events), whole_counts(totals)
    m_T, m_C, S = int(y[0].sum()), int(y[1].sum()), int(y[:, 1].sum())
    low = max(0, m_T - n[0, 0], S - min(n[1, 1], m_C))
    high = min(n[0, 1], m_T, S - max(0, m_C - n[1, 0]))
    a = np.arange(low, high + 1, dtype=float)
    log_weight = (
        _log_choose(n[0, 1], a)
        + _log_choose(n[0, 0], m_T - a)
        + _log_choose(n[1, 1], S - a)
        + _log_choose(n[1, 0], m_C - S + a)
    )
    return Conditional(a, log_weight, int(y[0, 1]))


def poisson_did_family(events: ArrayLike, exposure: ArrayLike) -> Conditional:
    """Events over exposure, ``(2, 2)`` each: condition on each group's events and on all events after.

    The non-central hypergeometric of Fisher's test whose odds ratio is the ratio of rate ratios times the ratio of
    exposure ratios (N_T1 / N_T0) / (N_C1 / N_C0). Exposure need not be whole.
    """
    _, N = checked_cells(events, exposure, "poisson")
    y = whole_counts(events)
    m_T, m_C, S = int(y[0].sum()), int(y[1].sum()), int(y[:, 1].sum())
    a = np.arange(max(0, S - m_C), min(S, m_T) + 1, dtype=float)
    offset = np.log(N[0, 1] / N[0, 0]) - np.log(N[1, 1] / N[1, 0])
    return Conditional(a, _log_choose(m_T, a) + _log_choose(m_C, S - a) + offset * a, int(y[0, 1]))


def rates_family(events: ArrayLike, exposure: ArrayLike) -> Conditional:
    """Two Poisson counts ``(2,)`` (treated, control) and their exposure: condition on their sum."""
    y, N = _two_groups(events, exposure)
    a = np.arange(0, y.sum() + 1, dtype=float)
    return Conditional(a, _log_choose(y.sum(), a) + np.log(N[0] / N[1]) * a, int(y[0]))


def _two_groups(events: ArrayLike, totals: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    if y.shape != (2,) or n.shape != (2,):
        raise refuse("groups_shape", found=f"{y.shape}, {n.shape}", expected="(2,)")
    # The same rules as for four cells; the period that is not there repeats the one that is.
    checked_cells(np.column_stack([y, y]), np.column_stack([n, n]), "poisson")
    return whole_counts(y), n


def tails(family: Conditional, theta: float) -> tuple[float, float, float]:
    """P(A <= observed), P(A >= observed) and P(A = observed) at ``theta``."""
    p = family.probability(theta)
    at = int(family.observed - family.support[0])
    return float(p[: at + 1].sum()), float(p[at:].sum()), float(p[at])


def p_value(family: Conditional, theta: float = 0.0, rule: Rule = "minlike") -> float:
    """Two-sided p of the hypothesis that the log ratio is ``theta``, never above 1."""
    option("rule", rule, Rule)
    below, above, at = tails(family, theta)
    if rule == "minlike":
        p = family.probability(theta)
        return min(1.0, float(p[p <= at * (1 + TIE)].sum()))
    half = at / 2 if rule == "mid_p" else 0.0
    return min(1.0, 2 * (min(below, above) - half))


def interval(family: Conditional, level: float = 0.95, rule: Rule = "central") -> tuple[float, float]:
    """The log ratios that twice the smaller tail does not reject (Cornfield's limits); ``mid_p`` counts half the tie.

    ``minlike`` gives the ``central`` limits. At an end of the support a limit is infinite.
    """
    option("rule", rule, Rule)
    critical(level)  # refuses a level that is none
    tail = (1 - level) / 2
    half = 0.5 if rule == "mid_p" else 0.0

    def upper_tail(theta: float) -> float:
        _, above, at = tails(family, theta)
        return above - half * at - tail

    def lower_tail(theta: float) -> float:
        below, _, at = tails(family, theta)
        return tail - (below - half * at)

    lower = -np.inf if family.observed == family.support[0] else _increasing_root(upper_tail)
    upper = np.inf if family.observed == family.support[-1] else _increasing_root(lower_tail)
    return lower, upper


def conditional_mle(family: Conditional) -> float:
    """The log ratio whose mean count is the observed one; infinite at an end of the support."""
    if family.observed == family.support[0]:
        return -np.inf
    if family.observed == family.support[-1]:
        return np.inf
    return _increasing_root(lambda theta: float(family.probability(theta) @ family.support) - family.observed)


def _increasing_root(f: Callable[[float], float]) -> float:
    low, high = -1.0, 1.0
    while f(low) > 0:
        low *= 2
    while f(high) < 0:
        high *= 2
    return float(brentq(f, low, high, xtol=1e-12, rtol=1e-13))


def zelen(events: ArrayLike, totals: ArrayLike, *, level: float = 0.95, rule: Rule = "minlike") -> Estimate:
    """Exact difference-in-differences of log-odds: four counts among four totals (:func:`zelen_family`)."""
    return _estimate(zelen_family(events, totals), level, rule, "log_odds", "att", "zelen")


def poisson_did(events: ArrayLike, exposure: ArrayLike, *, level: float = 0.95, rule: Rule = "minlike") -> Estimate:
    """Exact difference-in-differences of rates, as a ratio of rate ratios (:func:`poisson_did_family`)."""
    return _estimate(poisson_did_family(events, exposure), level, rule, "ratio", "att", "poisson_exact")


def rate_ratio(events: ArrayLike, exposure: ArrayLike, *, level: float = 0.95, rule: Rule = "minlike") -> Estimate:
    """Two groups' rates in one period: a difference in level, never an effect (:func:`rates_family`)."""
    return _estimate(rates_family(events, exposure), level, rule, "ratio", "level_difference", "rate_ratio")


def _estimate(family: Conditional, level: float, rule: Rule, scale: str, estimand: str, estimator: str) -> Estimate:
    lower, upper = interval(family, level, rule)
    logs = np.array([conditional_mle(family), lower, upper])
    shown = logs if scale == "log_odds" else np.exp(logs)
    return Estimate(
        estimate=float(shown[0]),
        scale=scale,
        estimand=estimand,
        estimator=estimator,
        inference="mid_p_sampling" if rule == "mid_p" else "exact_sampling",
        lower=float(shown[1]),
        upper=float(shown[2]),
        level=level,
        p_value=p_value(family, rule=rule),
        assumptions=("no_district_shocks",),
        notes=(f"two_sided_{rule}",),
    )
