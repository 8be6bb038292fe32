"""What the programme did to spending, compared with a group of another size, and what is left after investments.

Amounts are in one unit of money in fixed prices (mio. kr. in the examples); a negative difference is money saved.
No uncertainty is attached: accounts of two groups in two years carry none of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.did.bounds import Range
from sverige_did.errors import refuse

Floats = NDArray[np.float64]


def change_did(treated_change: float, control_change: float, treated_per_control: float = 1.0) -> float:
    """The treated group's change less the control group's, scaled to the treated group's size.

    ``treated_per_control`` is 1 for the raw difference (which compares groups of different size), the ratio of their
    spending before for parallel *relative* trends, or the ratio of their resident children for parallel trends
    *per child*.
    """
    return treated_change - _positive("treated_per_control", treated_per_control) * control_change


def change_did_range(treated_change: Range, control_change: Range, treated_per_control: Range = (1.0, 1.0)) -> Range:
    """:func:`change_did` when only ranges are known ("at most zero", "a little over 6"); limits may be infinite."""
    for name, (low, high) in (("treated_change", treated_change), ("control_change", control_change)):
        if not low <= high:
            raise refuse("range_reversed", found=f"{name}: {low:g}, {high:g}")
    ratios = [_positive("treated_per_control", ratio) for ratio in treated_per_control]
    scaled = [ratio * change for ratio in ratios for change in control_change]
    return treated_change[0] - max(scaled), treated_change[1] - min(scaled)


def partial_year_from_savings(did: float, before: float) -> tuple[float, float]:
    """The effect of a whole year, tau = DiD / (1 - e), and e, its share in the year before, when that share is known
    in money: tau = DiD - before, ``before`` the positive amount already saved.
    """
    tau = did - before
    if before < 0 or tau >= 0:
        raise refuse("no_saving", found=f"{did:g}, {before:g}")
    return tau, -before / tau


def break_even(investment: float, price_left: float, price_moved_to: float) -> float:
    """How many institution-years must be replaced in a year to pay for the investment.

    ``price_left`` and ``price_moved_to`` are the marginal prices of a year in the place left and the one moved to.
    """
    saved = price_left - price_moved_to
    if saved <= 0:
        raise refuse("no_saving", found=f"{price_left:g}, {price_moved_to:g}")
    return investment / saved


@dataclass(frozen=True, slots=True)
class PriceMixVolume:
    """An additive decomposition of a change in spending: one amount for each placement type, ``(K,)`` each."""

    price: Floats
    mix: Floats
    volume: Floats

    @property
    def total(self) -> float:
        """The whole change: the three parts of all types added up."""
        return float(self.price.sum() + self.mix.sum() + self.volume.sum())


def lmdi(price: ArrayLike, quantity: ArrayLike) -> PriceMixVolume:
    """Split the change in sum_k P_k s_k Q into price, mix (s_k = q_k/Q) and volume (Q), exactly.

    ``price`` and ``quantity`` are ``(2, K)``, rows before, after; a price may be NaN where nothing was bought.
    Each part is L(C_k1, C_k0) ln(x1/x0) with the logarithmic mean L(a, b) = (a - b)/ln(a/b); where a type is new or
    gone the limit of that as the zero is approached: the change belongs to the factors that are zero, in equal parts.
    Raises ``price_missing`` for a bought type without a price. Source: Ang (2005), Energy Policy 33:867; zero
    limits: Ang & Liu (2007), Energy Policy 35:238.
    """
    P, q = np.asarray(price, dtype=float), np.asarray(quantity, dtype=float)
    _check_prices(P, q)
    Q = np.broadcast_to(q.sum(axis=1, keepdims=True), q.shape)
    s = np.divide(q, Q, out=np.full_like(q, np.nan), where=Q > 0)
    factors = np.stack([_filled(P), _filled(s), Q])  # (3, 2, K)
    cost = np.where(q > 0, np.nan_to_num(P) * q, 0.0)
    change = cost[1] - cost[0]
    both = (cost > 0).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.log(factors[:, 1] / factors[:, 0])
    smooth = log_mean(cost[1], cost[0]) * np.where(both, ratios, 0.0)
    empty = np.where(cost[0] > 0, factors[:, 1] == 0, factors[:, 0] == 0)  # what makes the type absent, (3, K)
    limit = change * empty / np.maximum(empty.sum(axis=0), 1)
    parts = np.where(both, smooth, limit)
    return PriceMixVolume(*parts)


def lmdi_did(treated: PriceMixVolume, control: PriceMixVolume) -> PriceMixVolume:
    """The difference-in-differences of each part, where both groups are taken for as many children."""
    return PriceMixVolume(
        price=treated.price - control.price, mix=treated.mix - control.mix, volume=treated.volume - control.volume
    )


def _check_prices(P: Floats, q: Floats) -> None:
    if P.ndim != 2 or P.shape[0] != 2 or P.shape != q.shape:
        raise refuse("prices_shape", found=f"{P.shape}, {q.shape}", expected="(2, K)")
    if not np.isfinite(q).all():
        raise refuse("cells_not_finite")
    if (q < 0).any() or (P < 0).any():
        raise refuse("cells_negative", expected=">= 0")
    if not np.isfinite(P[q > 0]).all():
        raise refuse("price_missing")


def _filled(x: Floats) -> Floats:
    """An undefined factor takes the other period's value (it then explains nothing), or 1 when both are undefined."""
    return np.where(np.isnan(x), np.where(np.isnan(x[::-1]), 1.0, x[::-1]), x)


def log_mean(a: Floats, b: Floats) -> Floats:
    """(a - b)/ln(a/b), with its limits a for a = b and 0 when either is 0."""
    both = (a > 0) & (b > 0)
    d = np.log(np.where(both, a, 1.0)) - np.log(np.where(both, b, 1.0))
    # b (e^d - 1)/d with d = ln(a/b) stays accurate when the two nearly agree.
    mean: Floats = np.where(both, b, 0.0) * np.divide(np.expm1(d), d, out=np.ones_like(d), where=d != 0)
    return mean


def _positive(name: str, value: float) -> float:
    if not (value > 0 and np.isfinite(value)):
        raise refuse("out_of_range", name=name, found=f"{value:g}", expected="> 0")
    return value
