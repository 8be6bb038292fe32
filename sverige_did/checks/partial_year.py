"""The year before already held some of the programme: how large is the effect of a whole year?"""

from __future__ import annotations

from numpy.typing import ArrayLike

from sverige_did.checks.curves import EffectScale, curve, effect_axis, grid
from sverige_did.did.costs import partial_year_from_savings
from sverige_did.results.estimates import CheckResult

E = (0.0, 0.33, 0.42, 0.5)


def partial_year(
    did: float,
    outcome: str,
    *,
    reading: str = "all",
    limits: tuple[float, float] | None = None,
    e: ArrayLike = E,
    saved_before: float | None = None,
    scale: EffectScale = "mio_dkk",
) -> CheckResult:
    """tau = DiD/(1 - e) along the share e of a year's effect that the year before held.

    ``saved_before`` is an amount (positive) said to be saved already in that year: an independent answer,
    tau = DiD - saved_before, and the e that goes with it.
    """
    x = grid("e", e, 0, 1, open_high=True)
    tau = did / (1 - x)
    sides = () if limits is None else tuple(limit / (1 - x) for limit in limits)
    numbers: dict[str, float | None] = {
        "did": did,
        "e_high": float(x[-1]),
        "whole_year_high": float(tau[-1]),
        "whole_year_saved": None,
        "e_saved": None,
    }
    if saved_before is not None:
        numbers["whole_year_saved"], numbers["e_saved"] = partial_year_from_savings(did, saved_before)
    return CheckResult(
        check="partial_year",
        outcome=outcome,
        reading=reading,
        key="result" if saved_before is None else "with_savings",
        numbers=numbers,
        curves=(curve("whole_year", "e", effect_axis(scale), x, tau, *sides),),
        assumptions=("effect_constant",),
    )
