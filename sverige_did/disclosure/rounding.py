"""How released values are rounded: by rules of steps, before anything is drawn or said of them.

A step is 1, 2 or 5 times a power of ten. An estimate's step comes from the width of its interval, and is never finer
than what about one child makes of it; both limits of an interval go outwards, so that it never claims more.
"""

from __future__ import annotations

import math

STEPS_OF_AN_INTERVAL = 20
"""An interval is at least so many steps wide: what is finer says nothing."""

NICE = (1.0, 2.0, 5.0, 10.0)
FINE_P = (0.001, 0.002, 0.005, *(k / 100 for k in range(1, 11)), *(k / 20 for k in range(3, 21)))
ROUGH_P = (0.01, 0.05, *(k / 10 for k in range(1, 11)))
"""The limits that p-values are rounded up to."""

DIGITS = 12
"""Significant digits at which a multiple of a step is written."""


def nice_below(value: float) -> float:
    """The largest step that is no larger than ``value`` > 0.

    >>> nice_below(0.37)
    0.2
    """
    power = 10.0 ** math.floor(math.log10(value))
    found = max((one * power for one in NICE if one * power <= value * (1 + 1e-9)), default=power)
    return float(f"{found:.6g}")


def nice_above(value: float) -> float:
    """The smallest step that is no smaller than ``value`` > 0.

    >>> nice_above(0.37)
    0.5
    """
    power = 10.0 ** math.floor(math.log10(value))
    found = min(one * power for one in NICE if one * power >= value * (1 - 1e-9))
    return float(f"{found:.6g}")


def _written(value: float) -> float:
    return float(f"{value:.{DIGITS}g}") + 0.0


def to_step(value: float, step: float) -> float:
    """The nearest multiple of ``step``, a half upwards.

    >>> to_step(7.4, 5)
    5.0
    """
    return _written(math.floor(value / step + 0.5) * step) if math.isfinite(value) else value


def down(value: float, step: float) -> float:
    """The multiple of ``step`` at or below ``value``."""
    return _written(math.floor(value / step + 1e-9) * step) if math.isfinite(value) else value


def up(value: float, step: float) -> float:
    """The multiple of ``step`` at or above ``value``."""
    return _written(math.ceil(value / step - 1e-9) * step) if math.isfinite(value) else value


def to_figures(value: float, figures: int = 2) -> float:
    """So many significant figures.

    >>> to_figures(0.01234)
    0.012
    """
    return float(f"{value:.{figures}g}") if math.isfinite(value) else value


def last_figure(value: float, figures: int = 2) -> float | None:
    """The power of ten of the last of so many significant figures; None for 0.

    >>> last_figure(0.012), last_figure(340.0)
    (0.001, 10.0)
    """
    return 10.0 ** (math.floor(math.log10(abs(value))) - figures + 1) if value and math.isfinite(value) else None


def p_to_step(p: float, *, rough: bool = False) -> float:
    """The smallest of the limits of p-values that is no smaller: at most 0.05 stays so, and nothing claims more.

    ``rough``: of a table of methods all but the two of the verdict, for each is another statistic of the same few
    districts.

    >>> p_to_step(0.0367), p_to_step(0.3678)
    (0.04, 0.4)
    >>> p_to_step(0.0367, rough=True)
    0.05
    """
    return next((limit for limit in (ROUGH_P if rough else FINE_P) if p <= limit + 1e-9), 1.0)


def share_to_step(share: float) -> float:
    """A probability in whole per cent, three decimals below 1 % and above 99 %.

    >>> share_to_step(0.3678), share_to_step(0.0012)
    (0.37, 0.001)
    """
    return round(share, 2 if 0.01 <= share <= 0.99 else 3)
