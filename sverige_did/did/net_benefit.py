"""From spending to a net benefit a year: the spending there would have been, what was invested, and what is left.

Amounts are in one unit of money a year in fixed prices; a positive saving is money not spent. What the two ways of
scaling take for granted differs: the ratio takes both groups' spending to change by the same factor, the addition
each child's by the same amount. The ratio needs no deflator: one that both groups share cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from sverige_did.did.costs import PriceMixVolume, log_mean
from sverige_did.errors import refuse

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What the treated group spent ``before``, would have spent after (``expected``), and did spend (``actual``)."""

    before: float
    expected: float
    actual: float

    @property
    def saving(self) -> float:
        """What was not spent: negative where more was."""
        return self.expected - self.actual


def ratio_scaled(treated: ArrayLike, control: ArrayLike) -> Counterfactual:
    """The treated group's spending had it changed by the control group's factor: C_T0 C_C1 / C_C0.

    ``treated`` and ``control`` are (2,), before and after.

    >>> ratio_scaled([28.0, 24.0], [80.0, 84.0]).expected
    29.4
    """
    t, c = _amounts(treated), _amounts(control)
    if c[0] <= 0:
        raise refuse("out_of_range", name="control", found=f"{c[0]:g}", expected="> 0")
    return Counterfactual(float(t[0]), float(t[0] * c[1] / c[0]), float(t[1]))


def additive(treated: ArrayLike, control: ArrayLike, treated_per_control: float) -> Counterfactual:
    """The same had each child's spending changed by the control group's amount; the last is the ratio of children."""
    t, c = _amounts(treated), _amounts(control)
    if not treated_per_control > 0:
        raise refuse("out_of_range", name="treated_per_control", found=f"{treated_per_control:g}", expected="> 0")
    return Counterfactual(float(t[0]), float(t[0] + treated_per_control * (c[1] - c[0])), float(t[1]))


def ratio_changes(before: ArrayLike, after: ArrayLike, treated: Bools, children: ArrayLike) -> Floats:
    """One change a child in each district (D,), whose weighted mean over the treated districts less that over the
    control districts is the effect on spending a child under :func:`ratio_scaled`.

    ``before``, ``after`` (D,) are the districts' spending, ``children`` (D,) their weights. A district's change is what
    it spent beyond its own spending before times the control group's factor. Those of control districts have the
    weighted mean 0; they enter because the factor is estimated from them, each as strongly as an error of theirs moves
    the treated group's counterfactual: by the ratio of the two groups' spending a child before.
    """
    b, a, n = _amounts(before), _amounts(after), _amounts(children)
    level = {side: float(b[arm].sum()) for side, arm in (("treated", treated), ("control", ~treated))}
    if min(level.values()) <= 0:
        raise refuse("out_of_range", name="before", found=f"{min(level.values()):g}", expected="> 0")
    factor = a[~treated].sum() / level["control"]
    leverage = (level["treated"] / n[treated].sum()) / (level["control"] / n[~treated].sum())
    return np.asarray((a - factor * b) / n * np.where(treated, 1.0, leverage))


def lmdi_ratio_did(
    treated: PriceMixVolume, control: PriceMixVolume, spent: tuple[ArrayLike, ArrayLike]
) -> PriceMixVolume:
    """What price, mix and volume add to the difference from the ratio-scaled counterfactual, exactly.

    Each group's change is a product of three factors, D = exp(part / L(C1, C0)); the counterfactual takes the control
    group's. From there to the actual spending each part is L(actual, counterfactual) ln(D_treated / D_control): one
    number each, not one a kind of place. ``spent``: the totals (2,) of the treated and of the control group.
    Source: multiplicative LMDI-I, Ang (2005), Energy Policy 33:867.
    """
    sums = [np.array([one.price.sum(), one.mix.sum(), one.volume.sum()]) for one in (treated, control)]
    totals = [_amounts(side) for side in spent]
    if min(side.min() for side in totals) <= 0:
        raise refuse("out_of_range", name="spent", found=f"{min(side.min() for side in totals):g}", expected="> 0")
    logs = [parts / log_mean(*total[::-1]) for parts, total in zip(sums, totals, strict=True)]
    found = ratio_scaled(totals[0], totals[1])
    parts = log_mean(np.asarray(found.actual), np.asarray(found.expected)) * (logs[0] - logs[1])
    return PriceMixVolume(*(np.array([part]) for part in parts))


def confidence_draws(
    estimate: float, half_width: float, df: float, rng: np.random.Generator, draws: int, level: float = 0.95
) -> Floats:
    """Draws (draws,) of a confidence distribution: Student's t around the estimate, scaled so that the central
    ``level`` of it is the given interval. Not a posterior: its probabilities say where intervals of every level end."""
    scale = half_width / special.stdtrit(df, (1 + level) / 2)
    return np.asarray(estimate + scale * rng.standard_t(df, draws))


def amount_draws(low: float, value: float | None, high: float, rng: np.random.Generator, draws: int) -> Floats:
    """Draws of an amount known to lie between two limits: a triangle around ``value``, flat where there is none."""
    if not low <= (low if value is None else value) <= high:
        raise refuse("range_reversed", found=f"{low:g}, {value}, {high:g}")
    if low == high:
        return np.full(draws, low)
    return rng.uniform(low, high, draws) if value is None else rng.triangular(low, value, high, draws)


def price_draws(
    middle: float, low: float, high: float, rng: np.random.Generator, draws: int, level: float = 0.95
) -> Floats:
    """Log-normal draws of a price with the median ``middle`` and ``level`` of them within a factor that ``low`` and
    ``high`` are apart on average."""
    if not 0 < low <= middle <= high:
        raise refuse("range_reversed", found=f"{low:g}, {middle:g}, {high:g}", expected="> 0")
    sd = np.log(high / low) / 2 / special.ndtri((1 + level) / 2)
    return np.asarray(middle * np.exp(sd * rng.standard_normal(draws)))


def net_benefit(saving: ArrayLike, investment: ArrayLike, refunded: ArrayLike = 0.0) -> Floats:
    """What is left a year: the saving less the share of it that the state would have refunded, less the investment."""
    return np.asarray(np.asarray(saving) * (1 - np.asarray(refunded)) - np.asarray(investment))


def moved_value(places: ArrayLike, price_left: ArrayLike, price_moved_to: ArrayLike, marginal: ArrayLike) -> Floats:
    """What places given up are worth: the place left costs ``marginal`` times the average of its kind."""
    return np.asarray(np.asarray(places) * (np.asarray(marginal) * np.asarray(price_left) - np.asarray(price_moved_to)))


def discounted(amounts: ArrayLike, years: ArrayLike, rate: float) -> Floats:
    """Amounts (..., Y) at the value of year 0: divided by (1 + rate) ** years."""
    return np.asarray(np.asarray(amounts, dtype=float) / (1 + rate) ** np.asarray(years, dtype=float))


def paid_back(net: ArrayLike, starts: list[date], ends: list[date]) -> date | None:
    """The day on which the sum of the discounted amounts (Y,) is no longer negative and stays so; None before that.

    Within a period the amount comes evenly. A programme that never owed anything has paid for itself at its start.
    """
    amounts = np.asarray(net, dtype=float)
    after = np.cumsum(amounts)
    owed = np.flatnonzero(after < 0)
    if after[-1] < 0:
        return None
    if owed.size == 0:
        return starts[0]
    at = int(owed[-1]) + 1
    share = -after[at - 1] / amounts[at]
    return starts[at] + timedelta(days=round(share * (ends[at] - starts[at]).days))


def spending_noise(sd: float, persistence: float, periods: int, rng: np.random.Generator, draws: int) -> Floats:
    """What spending swings by from year to year when nothing happens, (draws, periods): normal with ``sd``, a share
    ``persistence`` of which belongs to children who are placed in the next year too."""
    if not 0 <= persistence < 1:
        raise refuse("out_of_range", name="persistence", found=f"{persistence:g}", expected="0 <= persistence < 1")
    steps = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    root = np.linalg.cholesky(np.asarray(persistence, dtype=float) ** steps + 1e-12 * np.eye(periods))
    return np.asarray(sd * rng.standard_normal((draws, periods)) @ root.T)


def _amounts(values: ArrayLike) -> Floats:
    found = np.asarray(values, dtype=float)
    if not np.isfinite(found).all():
        raise refuse("cells_not_finite")
    if (found < 0).any():
        raise refuse("amounts_negative", found=f"{found.min():g}", expected=">= 0")
    return found
