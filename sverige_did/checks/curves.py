"""What the checks share: a curve from arrays, the name of an axis, and cells that have odds."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from sverige_did.did.scales import Cells, checked_cells, told
from sverige_did.errors import option, refuse
from sverige_did.results.estimates import CheckResult, Curve

Floats = NDArray[np.float64]
EffectScale = Literal["pp", "log_odds", "log_ratio", "rate_per_1000", "mio_dkk", "points", "level"]
"""Scales on which no effect is 0, so that a bias can be added and an error is symmetric."""


def effect_axis(scale: EffectScale, parameter: str = "scale") -> str:
    """The name of the axis that shows an effect on that scale; refused where the ``parameter`` holds no such scale."""
    option(parameter, scale, EffectScale)
    return f"effect_{scale}"


def curve(
    name: str, x_name: str, y_name: str, x: Floats, y: Floats, lower: Floats | None = None, upper: Floats | None = None
) -> Curve:
    """A curve from arrays; the names of its axes are keys below ``checks.axis`` in the language files."""
    limits = {"lower": lower, "upper": upper}
    return Curve(
        name=name,
        x_name=f"checks.axis.{x_name}",
        y_name=f"checks.axis.{y_name}",
        x=tuple(map(float, x)),
        y=tuple(map(float, y)),
        **{side: tuple(map(float, values)) for side, values in limits.items() if values is not None},
    )


def grid(name: str, values: ArrayLike, low: float, high: float, *, open_high: bool = False) -> Floats:
    """The values of an assumption as an ascending array within its range; refused with ``out_of_range`` if not."""
    x = np.sort(np.asarray(values, dtype=float))
    inside = (x >= low) & ((x < high) if open_high else (x <= high))
    if x.ndim != 1 or len(x) == 0 or not inside.all():
        raise refuse(
            "out_of_range",
            name=name,
            found=", ".join(f"{value:g}" for value in x.ravel()),
            expected=told(name, low, high, open_high=open_high),
        )
    return x


def wald_lines(theta: float, se: Floats, z: float) -> tuple[Floats, Floats, Floats]:
    """Lower limits, upper limits and two-sided p of one estimate under each standard error."""
    return theta - z * se, theta + z * se, 2 * ndtr(-abs(theta) / se)


def ends(**along: Floats) -> dict[str, float | None]:
    """The first and last value of each, as ``<name>_low`` and ``<name>_high``: what a sentence says of a curve."""
    return {f"{name}_{end}": float(x[at]) for name, x in along.items() for end, at in (("low", 0), ("high", -1))}


def of_odds(
    check: str, outcome: str, reading: str, name: str, x: Floats, theta: float, se: Floats, z: float
) -> CheckResult:
    """A difference-in-differences of log-odds with the standard error that each value ``x`` of ``name`` gives it."""
    lower, upper, p = wald_lines(theta, se, z)
    return CheckResult(
        check=check,
        outcome=outcome,
        reading=reading,
        numbers={"estimate": theta} | ends(**{name: x, "p": p}),
        curves=(
            curve("interval", name, effect_axis("log_odds"), x, np.full_like(x, theta), lower, upper),
            curve("p_value", name, "p_value", x, p),
        ),
    )


def cells_with_odds(events: ArrayLike, totals: ArrayLike) -> tuple[Cells, Cells, tuple[str, ...]]:
    """The four cells, half an event and half a non-event more in each if any is empty or full; the assumption made."""
    y, n = checked_cells(events, totals)
    if (y == 0).any() or (y == n).any():
        return y + 0.5, n + 1, ("no_district_shocks", "half_added")
    return y, n, ("no_district_shocks",)
