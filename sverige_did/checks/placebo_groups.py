"""Groups as small as another study's, where nothing was done: how far apart do they move by themselves?

The spread of these placebo differences-in-differences is what a small group does without any programme, and calibrates
the shock that the figures of two groups cannot show (docs/methods.md, 3.4).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.checks.curves import Floats, curve
from sverige_did.errors import refuse
from sverige_did.inference.districts import Bools, Ints
from sverige_did.results.estimates import CheckResult, Curve

BINS = 40
THIRDS = 3
FEWEST = 2
NEAR = 2.0
"""An area is about as large as another group where neither is more than this many times the other."""


class Counts(NamedTuple):
    """Of G areas that never begin and T periods: numerators ``y`` and denominators ``n`` (G, T), a level being
    ``per`` times y / n. ``share``: the numerator is a part of the denominator.
    """

    y: Floats
    n: Floats
    per: float
    share: bool


class Groups(NamedTuple):
    """How many areas make the two groups of a draw; ``size`` is the denominator that the first is to have, if any."""

    treated: int
    control: int
    size: float | None = None

    def able(self, counts: Counts) -> Bools:
        """(G,) the areas that can be in the first group: of about its size, each with its part of it."""
        mean = counts.n.mean(axis=1)
        if self.size is None:
            return np.ones(mean.size, dtype=bool)
        own = self.size / self.treated
        return np.asarray((mean >= own / NEAR) & (mean <= own * NEAR))


class Shock(NamedTuple):
    """Between what the sd of an area's own shock lies, on the log-odds scale (of a share) or the log scale.

    ``low`` takes the counts of two periods to be of different children, ``high`` of the same, who are no chance.
    """

    low: float
    high: float


def placebo_differences(
    counts: Counts, groups: Groups, apart: int, *, draws: int, rng: np.random.Generator
) -> Floats:  # fmt: skip
    """(draws,) differences-in-differences of two random groups' pooled levels, ``apart`` periods before and after.

    The areas of both groups are drawn without replacement, the period before from all that have one ``apart`` later.

    Raises RefusedError: ``placebo_groups_few`` for too few areas, areas of the size or periods.
    """
    G, T = counts.y.shape
    able = groups.able(counts)
    if groups.treated + groups.control > G or able.sum() <= groups.treated or apart >= T:
        expected = f">= {groups.treated + groups.control}, > {groups.treated}, > {apart}"
        raise refuse("placebo_groups_few", found=f"{G}, {int(able.sum())}, {T}", expected=expected)
    order = rng.random((draws, G))
    first = np.argsort(np.where(able, order, np.inf), axis=1)[:, : groups.treated]
    np.put_along_axis(order, first, np.inf, axis=1)
    others = np.argsort(order, axis=1)[:, : groups.control]
    before = rng.integers(0, T - apart, draws)[:, None]
    change = [_pooled(counts, group, before + apart) - _pooled(counts, group, before) for group in (first, others)]
    return np.asarray(counts.per * (change[0] - change[1]))


def shock(counts: Counts, apart: int, chosen: Bools | None = None) -> Shock | None:
    """By the method of moments, s^2 = half of what the changes of areas vary, less their sampling variance.

    Averaged over all pairs of periods; ``chosen`` (G,) of the areas, by default all. With independent counts the
    sampling variance is 1/y + 1/(n - y) in both periods (1/y for a rate), half a case added where a cell is empty; with
    the same children in both it is between that and none. None for fewer than two areas.
    """
    kept = np.ones(len(counts.y), dtype=bool) if chosen is None else chosen
    if kept.sum() < FEWEST:
        return None
    y, n = counts.y[kept], counts.n[kept]
    empty = (y <= 0) | (counts.share & (y >= n))
    y, n = np.where(empty, y + 0.5, y), np.where(empty, n + 1, n)
    index = np.log(y / (n - y)) if counts.share else np.log(y / n)
    sampling = 1 / y + (1 / (n - y) if counts.share else 0.0)
    seen = float((index[:, apart:] - index[:, :-apart]).var(axis=0, ddof=1).mean())
    chance = float((sampling[:, apart:] + sampling[:, :-apart]).mean())
    return Shock(float(np.sqrt(max(seen - chance, 0.0) / 2)), float(np.sqrt(seen / 2)))


def placebo_groups(
    counts: Counts,
    groups: Groups,
    outcome: str,
    *,
    scale: str,
    apart: tuple[int] | tuple[int, int],
    draws: int,
    rng: np.random.Generator,
    compared: float | None = None,
) -> CheckResult:
    """The placebo differences at one or two distances ``apart`` in periods, the shorter first, the shock behind them,
    and how many of them lie as far from none as ``compared``, another study's own difference on the same scale.

    The curves are distributions: the share of placebo groups in each of 40 bins of equal width.
    """
    found = [placebo_differences(counts, groups, gap, draws=draws, rng=rng) for gap in apart]
    size, able = counts.n.mean(axis=1), groups.able(counts)
    numbers: dict[str, float | None] = {
        "treated": float(groups.treated), "control": float(groups.control), "areas": float(size.size),
        "able": float(able.sum()), "children": float(groups.treated * size[able].mean()), "draws": float(draws),
        "effect_compared": compared,
    }  # fmt: skip
    for at, (gap, placebo) in enumerate(zip(apart, found, strict=True), start=1):
        low, high = np.quantile(placebo, [0.025, 0.975])
        numbers |= {f"apart{at}": float(gap), f"effect{at}_low": float(low), f"effect{at}_high": float(high)}
        if compared is not None:
            as_far = int((np.abs(placebo) >= abs(compared)).sum())
            numbers[f"percent{at}"] = 100 * (1 + as_far) / (1 + draws)
    third = np.searchsorted(np.quantile(size, [1 / THIRDS, 1 - 1 / THIRDS]), size)
    for name, chosen in (("shock", None), ("small", third == 0), ("large", third == THIRDS - 1)):
        own = shock(counts, apart[0], chosen)
        numbers |= {f"{name}_low": own and own.low, f"{name}_high": own and own.high}
    names = ("percent_shorter", "percent_longer") if len(apart) > 1 else ("percent_of_groups",)
    return CheckResult(
        check="placebo_groups",
        outcome=outcome,
        scale=scale,
        key=("result" if compared is None else "compared") + ("_two" if len(apart) > 1 else ""),
        numbers=numbers,
        curves=tuple(_distribution(placebo, name, scale, compared) for name, placebo in zip(names, found, strict=True)),
    )


def _pooled(counts: Counts, group: Ints, period: Ints) -> Floats:
    return np.asarray(counts.y[group, period].sum(axis=1) / counts.n[group, period].sum(axis=1))


def _distribution(placebo: Floats, name: str, scale: str, compared: float | None) -> Curve:
    reach = float(np.abs(placebo).max())
    shares, edges = np.histogram(placebo, np.linspace(-reach, reach, BINS + 1))
    middle = (edges[1:] + edges[:-1]) / 2
    drawn = curve(name, f"placebo_{scale}", name, middle, 100 * shares / placebo.size)
    return drawn.model_copy(update={"marked": compared})
