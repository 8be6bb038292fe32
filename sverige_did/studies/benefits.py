"""From a saving and what stands against it to a net benefit with its limits: of printed figures and panels alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sverige_did.did.costs import break_even
from sverige_did.did.net_benefit import Counterfactual, amount_draws, moved_value, net_benefit
from sverige_did.results.economy import Amount, Basis, Benefit, Marginal, Scaling
from sverige_did.study.economy import InvestmentItem

Floats = NDArray[np.float64]

DRAWS = 20_000
"""Of the simulation: a probability is off by less than 0.4 percentage points."""

ASSUMED: dict[Scaling, str] = {
    "ratio": "parallel_trends_log",
    "additive": "parallel_trends",
    "raw": "nothing_else_changed",
}
"""What each way to the counterfactual takes for granted."""


def item_draws(items: tuple[InvestmentItem, ...], rng: np.random.Generator, draws: int) -> Floats | None:
    """Draws of the sum of a plan's investments a year; None where it names none."""
    if not items:
        return None
    return np.sum([amount_draws(item.low, item.value, item.high, rng, draws) for item in items], axis=0)


def benefit(
    found: Counterfactual, basis: Basis, scaling: Scaling, moment: str, year: str, draws: Floats | None,
    investment: Floats | None, refunded: Floats | None, *, probability: bool = True, levels: bool = True,
    assumptions: tuple[str, ...] = (),
) -> Benefit:  # fmt: skip
    """One benefit from its counterfactual and, where there are any, ``draws`` of its saving."""
    share = 0.0 if refunded is None else refunded
    saving = found.saving if draws is None else draws
    net = None if investment is None else net_benefit(saving, investment, share)
    point = None if investment is None else found.saving * (1 - float(np.mean(share))) - float(np.mean(investment))
    certain = draws is None
    return Benefit.model_validate({
        "basis": basis,
        "scaling": scaling,
        "moment": moment,
        "year": year,
        "before": found.before if levels else None,
        "expected": found.expected if levels else None,
        "actual": found.actual if levels else None,
        "saving": Amount(value=found.saving) if draws is None else amount(found.saving, draws),
        "investment": None if investment is None else amount(float(np.mean(investment)), investment),
        "refunded": None if refunded is None else amount(found.saving * float(np.mean(refunded)), saving * refunded),
        "net": None if net is None or point is None else Amount(value=point) if certain else amount(point, net),
        "prob_positive": None if net is None or certain or not probability else float((net > 0).mean()),
        "assumptions": (ASSUMED[scaling], *assumptions),
    })  # fmt: skip


def amount(point: float, draws: Floats, level: float = 0.95) -> Amount:
    """A point with the central part of its draws; limits that rounding puts on the wrong side are moved to it."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Amount(value=point, lower=min(float(low), point), upper=max(float(high), point))


def marginal(moved: Amount, investment: Floats | None, dear: float, cheap: float, multiple: float) -> Marginal:
    """What the places moved are worth at one marginal price, and how many would pay for the investment."""
    ends = [float(moved_value(end, dear, cheap, multiple)) for end in (moved.lower or 0.0, moved.upper or 0.0)]
    worth = float(moved_value(moved.value, dear, cheap, multiple))
    pays = investment is not None and multiple * dear > cheap
    if investment is None or not pays:
        needed = None
    else:
        low, high = np.quantile(investment, [0.025, 0.975])
        point, *ends_of = (break_even(x, multiple * dear, cheap) for x in (float(investment.mean()), low, high))
        needed = Amount(value=point, lower=min(ends_of[0], point), upper=max(ends_of[1], point))
    return Marginal(
        multiple=multiple, worth=Amount(value=worth, lower=min(*ends, worth), upper=max(*ends, worth)), needed=needed
    )
