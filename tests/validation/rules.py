"""Size and power of rules for an interval around a difference of two means, computed and not simulated.

    python tests/validation/rules.py

prints the first table of docs/size.md. Districts change normally, treated ones with ``ratio`` times the sd of controls.
Given the two sample variances the estimate is normal, so what remains is a mean over two independent chi-squares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from scipy import stats

from sverige_did.inference import behrens_fisher as bf

GROUPS, ALPHA, SHIFT = 20, 0.05, 3.0
QUANTILES = (np.arange(300) + 0.5) / 300
ARMS, RATIOS = (3, 4, 6), (0.6, 1.0, 1.7, 2.0, 5.0)
Rule = Callable[[np.ndarray, tuple[float, float, float]], np.ndarray]


def fiducial(share: np.ndarray, df: tuple[float, float, float]) -> np.ndarray:
    """Behrens and Fisher's critical value: the tails of the weighted sum of two Student variables."""
    grid, other = np.linspace(1.9, 6, 160)[:, None, None], stats.t.ppf(QUANTILES, df[1])
    shares = np.linspace(0.001, 0.999, 40)[:, None]
    tail = 2 * stats.t.sf((grid - np.sqrt(1 - shares) * other) / np.sqrt(shares), df[0]).mean(axis=2)
    critical = [np.interp(-ALPHA, -tail[:, i], grid[:, 0, 0]) for i in range(len(shares))]
    return np.interp(share, shares[:, 0], critical)


RULES: dict[str, Rule] = {
    "CR2-BM": lambda share, df: np.full_like(share, stats.t.isf(ALPHA / 2, df[2])),
    "Welch": lambda share, df: stats.t.isf(ALPHA / 2, bf.welch_df(share, *df[:2])),
    "Aspin": lambda share, df: bf.aspin_critical(stats.norm.isf(ALPHA / 2), share, *df[:2]),
    "t(K-1)": lambda share, df: np.full_like(share, stats.t.isf(ALPHA / 2, min(df[:2]))),
    "fiducial": fiducial,
    "largest of the first three": lambda share, df: bf.critical_value(ALPHA, share, df),
    "the same, calibrated": lambda share, df: bf.critical_value(bf.nominal_level(ALPHA, df), share, df),
}


def chances(rule: Rule, treated: int, ratio: float) -> tuple[float, float]:
    """Size, and power where the effect is ``SHIFT`` true standard errors."""
    k, m = treated, GROUPS - treated
    alike = (1 / k + 1 / m) ** 2 / (1 / (k**2 * (k - 1)) + 1 / (m**2 * (m - 1)))
    own = ratio**2 / k * stats.chi2.ppf(QUANTILES, k - 1)[:, None] / (k - 1)
    v = own + stats.chi2.ppf(QUANTILES, m - 1) / (m - 1) / m
    c = rule(own / v, (k - 1, m - 1, alike)) * np.sqrt(v / (ratio**2 / k + 1 / m))
    size = 2 * stats.norm.sf(c)
    power = stats.norm.sf(c - SHIFT) + stats.norm.cdf(-c - SHIFT)
    return float(size.mean()), float(power.mean())


def table() -> str:
    """One row a rule, one column a design, size / power in per cent."""
    designs = [(treated, ratio) for treated in ARMS for ratio in RATIOS]
    lines = [
        "| rule | " + " | ".join(f"K={k}, h={h:g}" for k, h in designs) + " |",
        "| --- " * (len(designs) + 1) + "|",
    ]
    for name, rule in RULES.items():
        cells = (f"{100 * size:.1f} / {100 * power:.0f}" for size, power in (chances(rule, *d) for d in designs))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
