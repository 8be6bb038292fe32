"""Groups as small as the study's own, made of large areas where nothing was done: how far apart do they move?

As many areas as the study has districts are drawn, and of each so many children that a drawn district has as many cases
as one of the study's. The levels of the two groups are compared between two windows as long as the study's, in log-odds
for shares and in logarithms for rates, so that areas with another level stand for it too.

Totals do not say whether the children of one year are those of the next, and chance depends on it. So there are two
distributions: ``fresh`` draws the children of every year anew, which is too much chance; ``staying`` keeps whom it drew
as long as the totals allow, which is too little. What large areas do by themselves is less than what districts do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.checks.curves import Floats, curve
from sverige_did.checks.placebo_groups import Counts
from sverige_did.errors import refuse
from sverige_did.inference.districts import Bools, Ints
from sverige_did.results.estimates import CheckResult

CHECK = "placebo_areas"

_TAIL = (0.001, 0.0025, 0.005, 0.0075, *(round(0.01 * at, 2) for at in range(1, 11)))
LEVELS = (0.0, *_TAIL, *(round(0.025 * at, 3) for at in range(5, 36)), *(round(1 - at, 4) for at in _TAIL[::-1]), 1.0)
"""The shares of placebo differences at which their distribution is kept."""

BLOCK = 1_000
"""Draws that are made together."""

BINS = 40


class SmallGroups(NamedTuple):
    """The study whose groups are imitated.

    ``treated`` and ``control``: districts in its groups · ``cases`` (2,): of each in a year, in the two groups, the
    numerator · ``before`` and ``after``: how many years long the windows are · ``apart``: years from the last before to
    the first after.
    """

    treated: int
    control: int
    cases: tuple[float, float]
    before: int = 1
    after: int = 1
    apart: int = 1

    @property
    def years(self) -> int:
        """From the first year to the last."""
        return self.before + self.after + self.apart - 1

    def able(self, counts: Counts) -> tuple[Bools, Bools]:
        """(A,) the areas with enough cases in every year to stand for a district of either group."""
        fewest = counts.y.min(axis=1)
        return fewest >= self.cases[0], fewest >= self.cases[1]


def area_differences(
    counts: Counts, groups: SmallGroups, *, staying: bool, draws: int, rng: np.random.Generator
) -> Floats:  # fmt: skip
    """(draws,) differences-in-differences of two random groups, in log-odds (of shares) or logarithms (of rates).

    ``counts`` must be of whole numbers. Half a case is added to every window where one is empty.

    Raises RefusedError ``placebo_groups_few`` for too few areas with so many cases, or too few years.
    """
    able = groups.able(counts)
    wanted, areas = groups.treated + groups.control, able[0] & able[1]
    if int(areas.sum()) <= wanted or groups.years > counts.y.shape[1]:
        found = f"{int(areas.sum())}, {counts.y.shape[1]}"
        raise refuse("placebo_groups_few", found=found, expected=f"> {wanted}, >= {groups.years}")
    kept = counts._replace(y=counts.y[areas], n=counts.n[areas])
    steps = (min(BLOCK, draws - done) for done in range(0, draws, BLOCK))
    return np.concatenate([_block(kept, groups, staying, step, rng) for step in steps])


def quantiles(found: Floats) -> tuple[float, ...]:
    """The distribution at :data:`LEVELS`."""
    return tuple(float(value) for value in np.quantile(found, LEVELS))


def share_as_far(kept: tuple[float, ...], effect: float, draws: int) -> float:
    """How many of the placebo differences lie as far from none as ``effect``, the observed one counted as one more.

    >>> share_as_far(tuple(np.linspace(-1, 1, len(LEVELS))), 5.0, 999)
    0.001
    """
    return (1 + draws * (_below(kept, -abs(effect)) + 1 - _below(kept, abs(effect)))) / (1 + draws)


def placebo_areas(
    fresh: tuple[float, ...],
    staying: tuple[float, ...] | None,
    effect: float,
    outcome: str,
    *,
    share: bool,
    draws: int,
    facts: dict[str, float],
    reading: str = "all",
) -> CheckResult:
    """The study's own difference in the distributions that :func:`quantiles` kept; ``facts`` go into the sentence.

    ``staying`` is None for events, which happen anew. ``effect`` is in log-odds for a ``share``, else a logarithm.
    Numbers that begin with ``percent`` are changes of odds, or of rates, in per cent.
    """
    kinds = {"fresh": fresh, "staying": staying}
    told = {name: kept for name, kept in kinds.items() if kept is not None}
    numbers: dict[str, float | None] = {"own": _in_percent(effect), "draws": float(draws), **facts}
    for name, kept in told.items():
        low, high = np.interp([0.025, 0.975], LEVELS, kept)
        numbers |= {
            f"{name}_low": _in_percent(low), f"{name}_high": _in_percent(high),
            f"p_{name}": share_as_far(kept, effect, draws),
        }  # fmt: skip
    reach = max(abs(effect), *(abs(end) for kept in told.values() for end in (kept[1], kept[-2]))) * 1.02
    return CheckResult(
        check=CHECK,
        outcome=outcome,
        reading=reading,
        key=("share" if share else "rate") + ("" if staying is not None else "_events"),
        numbers=numbers,
        curves=tuple(
            curve(f"areas_{name}", "placebo_log_odds" if share else "placebo_log_ratio", f"percent_{name}",
                  *_distribution(kept, reach)).model_copy(update={"marked": effect})
            for name, kept in told.items()
        ),
    )  # fmt: skip


def _in_percent(effect: float) -> float:
    return float(100 * np.expm1(effect))


def _below(kept: tuple[float, ...], value: float) -> float:
    """The share of the distribution below a value."""
    return float(np.interp(value, kept, LEVELS, left=0.0, right=1.0))


def _distribution(kept: tuple[float, ...], reach: float) -> tuple[Floats, Floats]:
    edges = np.linspace(-reach, reach, BINS + 1)
    shares = np.diff([_below(kept, edge) for edge in edges])
    return (edges[1:] + edges[:-1]) / 2, 100 * shares


def _block(counts: Counts, groups: SmallGroups, staying: bool, draws: int, rng: np.random.Generator) -> Floats:
    areas, years = counts.y.shape
    order = np.argsort(rng.random((draws, areas)), axis=1)[:, : groups.treated + groups.control]
    first = rng.integers(0, years - groups.years + 1, draws)
    at = first[:, None] + np.arange(groups.years)
    cases = np.repeat(groups.cases, (groups.treated, groups.control))
    taken = cases[None, :, None] / counts.y[order].mean(axis=2, keepdims=True)
    whole, n = _at(counts.y, order, at), _at(counts.n, order, at)
    y = _thinned(whole, taken, staying, rng)
    rest = _thinned(n - whole, taken, staying, rng) if counts.share else n * taken
    change = [
        _index(y[:, side], rest[:, side], groups) for side in (slice(0, groups.treated), slice(groups.treated, None))
    ]
    return np.asarray(change[0] - change[1])


def _at(values: Floats, order: Ints, at: Ints) -> Floats:
    return np.asarray(values[order[:, :, None], at[:, None, :]])


def _thinned(total: Floats, taken: Floats, staying: bool, rng: np.random.Generator) -> Floats:
    """Of ``total`` (draws, districts, years) children a share ``taken`` (draws, districts, 1) at random."""
    whole = np.rint(total).astype(np.int64)
    if not staying:
        return rng.binomial(whole, np.minimum(taken, 1.0)).astype(float)
    found = np.empty(total.shape)
    found[:, :, 0] = rng.binomial(whole[:, :, 0], np.minimum(taken[:, :, 0], 1.0))
    for t in range(1, total.shape[2]):
        before, now = whole[:, :, t - 1], whole[:, :, t]
        there = np.minimum(before, now)
        stay = np.divide(there, before, out=np.zeros(there.shape), where=before > 0)
        found[:, :, t] = rng.binomial(found[:, :, t - 1].astype(np.int64), stay)
        found[:, :, t] += rng.binomial(now - there, np.minimum(taken[:, :, 0], 1.0))
    return found


def _index(y: Floats, rest: Floats, groups: SmallGroups) -> Floats:
    """The change (draws,) of one group's log-odds or log rate from the years before to those after."""
    windows = slice(0, groups.before), slice(groups.years - groups.after, None)
    cases, others = (np.array([part[:, :, when].sum(axis=(1, 2)) for when in windows]) for part in (y, rest))
    added = np.where((np.minimum(cases, others) > 0).all(axis=0), 0.0, 0.5)
    level = np.log((cases + added) / (others + added))
    return np.asarray(level[1] - level[0])
