"""How much would be needed: the smallest difference that a design could have shown with the usual power.

Smallest detectable = (z_{1-alpha/2} + z_{power}) standard errors of the design, whatever was found: a design is judged
at effects that matter, not at the estimate (Gelman & Carlin 2014).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri

from sverige_did.checks.curves import curve, ends
from sverige_did.errors import refuse
from sverige_did.results.estimates import CheckResult

POWER = 0.8


def multiplier(level: float = 0.95) -> float:
    """Standard errors between nothing and what is found with the usual power: 2.80 at 95 %."""
    return float(ndtri(POWER) - ndtri((1 - level) / 2))


def needed_share(
    share: float,
    variance: float,
    constant: float,
    outcome: str,
    *,
    reading: str = "all",
    s: ArrayLike = (0.0, 0.2, 0.4),
    level: float = 0.95,
    rises: bool = False,
) -> CheckResult:
    """The share that the treated group's would have to fall to, or to rise to, before two totals could show it.

    ``share`` is its share without an effect; ``variance`` the sampling variance of the difference-in-differences of
    log-odds; district shocks add ``constant * s**2``. In percentage points along ``s``.
    """
    if not 0 < share < 1:
        raise refuse("out_of_range", name="share", found=f"{share:g}", expected="0 < share < 1")
    x = np.sort(np.asarray(s, dtype=float))
    effect = multiplier(level) * np.sqrt(variance + constant * x**2)
    reached = 100 * expit(logit(share) + effect if rises else logit(share) - effect)
    return CheckResult(
        check="needed",
        outcome=outcome,
        reading=reading,
        key="share_rise" if rises else "share",
        numbers={"share": 100 * share} | ends(reached=reached, shock=x) | {"power": 100 * POWER},
        curves=(curve("needed", "shock_sd", "share_needed", x, reached),),
    )


def needed_points(
    children: float,
    sd: float,
    retest: float,
    outcome: str,
    *,
    grid: ArrayLike = (),
    level: float = 0.95,
) -> CheckResult:
    """The smallest difference in points of a score measured twice in both groups, ``children`` in each.

    Var(DiD) = 2 * 2 sd^2 (1 - r) / n of the change; adjusting for the first measurement instead gives
    2 sd^2 (1 - r^2) / n. Children of one district are taken as independent, which flatters the design.
    """
    if children <= 1 or sd <= 0 or not 0 <= retest < 1:
        found = f"{children:g}, {sd:g}, {retest:g}"
        raise refuse("out_of_range", name="n, sd, r", found=found, expected="n > 1, sd > 0, 0 <= r < 1")
    n = np.sort(np.asarray(grid if np.size(grid) else [children], dtype=float))
    change = multiplier(level) * np.sqrt(4 * sd**2 * (1 - retest) / n)
    return CheckResult(
        check="needed",
        outcome=outcome,
        key="points",
        numbers={
            "children": children,
            "std_error": math.sqrt(4 * sd**2 * (1 - retest) / children),
            "points": multiplier(level) * math.sqrt(4 * sd**2 * (1 - retest) / children),
            "points_adjusted": multiplier(level) * math.sqrt(2 * sd**2 * (1 - retest**2) / children),
            "power": 100 * POWER,
        },
        curves=(curve("needed", "children_per_group", "points_needed", n, change),),
    )


def needed_hazard(
    events: float, outcome: str, *, designs: ArrayLike = (1.0, 1.5, 2.2), level: float = 0.95
) -> CheckResult:
    """The smallest hazard ratio that ``events`` in two equal groups can show, for a design effect of clustering.

    Schoenfeld (1981): Var(log HR) = 4 / events, times the design effect.
    """
    if events < 4:
        raise refuse("out_of_range", name="events", found=f"{events:g}", expected=">= 4")
    x = np.sort(np.asarray(designs, dtype=float))
    ratio = np.exp(multiplier(level) * np.sqrt(4 * x / events))
    return CheckResult(
        check="needed",
        outcome=outcome,
        key="hazard",
        numbers={"events": events} | ends(ratio=ratio, design=x) | {"power": 100 * POWER},
        curves=(curve("needed", "design_effect", "ratio_needed", x, ratio),),
    )
