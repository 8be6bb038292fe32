"""A study's own design as a simulation: its districts and their children, weights, strata, periods and swings.

What no programme can have touched tells how districts swing: all of them before go-live where there are three periods,
else the controls in all periods. Two moments of what district and period means leave are matched:

    E sum_t r_t^2       = v tr(M R) + w (T - 1)        E sum_t r_t r_{t-1} = v tr(M R M L) + w tr(M L)

with M the centring matrix of T periods, R the correlation of an AR(1) and L the lag; v has memory, w is drawn anew. The
variance of a rate is that of its shocks, (rate s)^2, and of its count, rate / children: events happen anew (w),
children who are there stay (v). What is not counted has v = s^2 + c^2 / children, fitted to the districts.

A district's own rate is drawn towards that of its arm as far as chance in its count demands (James and Stein).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy import optimize, special

from sverige_did.errors import option, refuse
from sverige_did.inference.districts import Bools, Districts, Floats
from sverige_did.inference.simulated.size import BLOCK, Design, Rejections, rejection_rates, remembering

Family = Literal["normal", "binomial", "poisson"]
Scale = Literal["own", "ratio", "log_odds"]

MOST_MEMORY = 0.95
FEWEST_BEFORE = 3
"""Periods before go-live from which shocks and their memory are told."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnData:
    """What a design is read off.

    ``sample``: the G districts as the methods take them · ``y`` (G, T): counts, or levels where ``family`` is normal ·
    ``children`` (G, T): what counts are divided by; both nan where a district lacks a period · ``before`` (T,) ·
    ``scale``: on which the changes are taken · ``stays``: whether those who are counted are there, and not events.
    """

    sample: Districts
    y: Floats
    children: Floats
    before: Bools
    family: Family
    scale: Scale = "own"
    stays: bool = False

    def __post_init__(self) -> None:
        option("family", self.family, Family)
        option("scale", self.scale, Scale)


@dataclass(frozen=True, slots=True, eq=False)
class OwnDesign:
    """The design that ``data`` are one data set of, if the programme does nothing.

    ``rates`` (G, 2): of every district before and after · ``shock_sd``: of one district in one period, in logs, in
    log-odds for ``binomial``, in the unit of the outcome for ``normal`` · ``child_sd``: of one child, for ``normal`` ·
    ``memory``: AR(1) coefficient of shocks, and of who is there · ``effect``: what the programme does after all, as a
    share of the level of the treated districts after; nothing unless power is asked for · ``retest``: the part of
    the variance of a district's children that lasts over all periods, for ``normal``; a memory instead where None.
    """

    data: OwnData
    rates: Floats
    shock_sd: float
    memory: float
    child_sd: float = 0.0
    effect: float = 0.0
    retest: float | None = None

    @property
    def sample(self) -> Districts:
        """The districts as the methods take them; their changes are none of any data set."""
        return self.data.sample

    @property
    def children(self) -> Floats:
        """Children of every district (G,): the mean over the periods that it has."""
        return np.asarray(np.nanmean(self.data.children, axis=1))

    @property
    def periods(self) -> int:
        """Periods before and after."""
        return int(self.data.y.shape[1])

    @property
    def relative_shock(self) -> float:
        """How a control district swings by itself in a period, as a share of the level of the controls.

        By :attr:`relative_chance` it swings besides.
        """
        if self.data.family == "poisson":
            return float(np.sqrt(np.expm1(self.shock_sd**2)))
        if self.data.family == "binomial":
            return float(np.sqrt(np.expm1((self.shock_sd * (1 - self._level)) ** 2)))
        return self.shock_sd / abs(self._level)

    @property
    def relative_chance(self) -> float:
        """How the chance of its children moves a control district of middling size, as a share of the same level."""
        one = {"poisson": self._level, "binomial": self._level * (1 - self._level), "normal": self.child_sd**2}
        return float(np.sqrt(one[self.data.family] / np.median(self.children)) / abs(self._level))

    @property
    def _level(self) -> float:
        return float(self.rates[~self.sample.treated, 0].mean())

    def changes(self, n: int, rng: np.random.Generator) -> Floats:
        """Changes (G, n) of n data sets with the :attr:`effect` and no other, on the scale of the data.

        Where a window of a district is empty there is no logarithm: that data set is compared on the outcome's own
        scale, as a share of its level, and one in log-odds with half an event added to every window, as estimates are.
        """
        return self.changes_and_levels(n, rng)[0]

    def changes_and_levels(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """:meth:`changes` with the levels before (G, n) of the same data sets, in logarithms for a ratio."""
        windows = self._normal(n, rng) if self.data.family == "normal" else self._counts(n, rng)
        total = self._by_window(self._counts_by[:, :, None])
        before, after = windows / total
        own = after - before - (self.rates[:, 1] - self.rates[:, 0])[:, None]
        if self.data.scale == "own":
            return own, before
        if self.data.scale == "ratio":
            whole = (np.minimum(before, after) > 0).all(axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                change = np.where(whole, np.log(after / before), own / self.rates.mean())
                return change, np.where(whole, np.log(before), before)
        others = np.maximum(total - windows, 0)
        added = np.where((np.minimum(windows, others) > 0).all(axis=(0, 1)), 0.0, 0.5)
        odds = np.log((windows + added) / (others + added))
        return odds[1] - odds[0], before

    def windows(self, n: int, rng: np.random.Generator) -> Floats:
        """Counts of n data sets summed over the windows (2, G, n), of what is counted."""
        return self._counts(n, rng)

    @property
    def _counts_by(self) -> Floats:
        """What the sum over a window is divided by (G, T): children, or periods where nothing is counted."""
        return np.ones_like(self.data.y) if self.data.family == "normal" else self.data.children

    def _shocks(self, n: int, rng: np.random.Generator) -> Floats:
        shape = (*self.data.y.shape, n)
        return self.shock_sd * remembering(rng.standard_normal(shape), self.memory) if self.shock_sd else np.zeros(1)

    def _normal(self, n: int, rng: np.random.Generator) -> Floats:
        """Sums of levels over the windows (2, G, n)."""
        noise = rng.standard_normal((*self.data.y.shape, n))
        # What lasts of a child is the same before and after, and leaves the change.
        noise = remembering(noise, self.memory) if self.retest is None else noise * np.sqrt(1 - self.retest)
        sd = self.child_sd / np.sqrt(self.data.children)
        return self._by_window(self._by_period[:, :, None] + self._shocks(n, rng) + sd[:, :, None] * noise)

    def _counts(self, n: int, rng: np.random.Generator) -> Floats:
        """Counts of the windows (2, G, n)."""
        shocks, rate = self._shocks(n, rng), self._by_period[:, :, None]
        m = np.nan_to_num(self.data.children)[:, :, None]
        if self.data.family == "binomial":
            # Shocks leave the mean about where it is, exactly where it is near 0 or 1.
            chance = special.expit(special.logit(rate) + shocks - (1 - 2 * rate) * self.shock_sd**2 / 2)
            return self._by_window(_stayers(rng, np.rint(m).astype(np.int64), chance, self._stay, n))
        mean = np.broadcast_to(m * rate * np.exp(shocks - self.shock_sd**2 / 2), (*m.shape[:2], n))
        if self._stay:
            return self._by_window(_present(rng, mean, self._stay))
        # A sum of Poisson counts is one.
        return np.asarray(rng.poisson(self._by_window(mean)), dtype=float)

    @property
    def _stay(self) -> float:
        return self.memory if self.data.stays else 0.0

    @property
    def _by_period(self) -> Floats:
        after = np.where(self.sample.treated, self.moved_by(self.effect), self.rates[:, 1])
        return np.where(self.data.before, self.rates[:, :1], after[:, None])

    def moved_by(self, change: float) -> Floats:
        """The rates after (G,) if they were moved by a share of themselves; no share of children is above one."""
        moved = self.rates[:, 1] * (1 + change)
        return np.minimum(moved, 1.0) if self.data.family == "binomial" else moved

    def _by_window(self, values: Floats) -> Floats:
        seen = np.isfinite(self.data.y)[:, :, None]
        return np.array([
            np.where(seen[:, side], values[:, side], 0.0).sum(axis=1) for side in (self.data.before, ~self.data.before)
        ])  # fmt: skip


def _present(rng: np.random.Generator, mean: Floats, stay: float) -> Floats:
    """Poisson counts with these means (G, T, n), of whom a share ``stay`` is still there in the next period."""
    y = np.empty(mean.shape)
    y[:, 0] = rng.poisson(mean[:, 0])
    for t in range(1, mean.shape[1]):
        kept = np.minimum(stay, mean[:, t] / np.maximum(mean[:, t - 1], 1e-300))
        kept = np.where(mean[:, t - 1] > 0, kept, 0.0)
        left = rng.binomial(y[:, t - 1].astype(np.int64), kept)
        y[:, t] = left + rng.poisson(np.maximum(mean[:, t] - kept * mean[:, t - 1], 0))
    return y


def _stayers(rng: np.random.Generator, m: np.ndarray, chance: Floats, stay: float, n: int) -> Floats:
    """Binomial counts of ``m`` (G, T, 1) with these chances; children stay what they are with the memory ``stay``."""
    chance = np.broadcast_to(chance, (*m.shape[:2], n))
    if not stay:
        return np.asarray(rng.binomial(m, chance), dtype=float)
    y = np.empty(chance.shape)
    y[:, 0] = rng.binomial(m[:, 0], chance[:, 0])
    for t in range(1, m.shape[1]):
        p, now = chance[:, t - 1], chance[:, t]
        kept = np.minimum(now + stay * (1 - now), np.divide(now, p, out=np.ones_like(now), where=p > 0))
        come = np.clip(np.divide(now - kept * p, 1 - p, out=np.zeros_like(now), where=p < 1), 0, 1)
        before = np.minimum(y[:, t - 1].astype(np.int64), m[:, t])
        y[:, t] = rng.binomial(before, np.clip(kept, 0, 1)) + rng.binomial(m[:, t] - before, come)
    return y


class _Moments(NamedTuple):
    """Of D untouched districts: ``square`` and ``lagged`` (D,), the variance ``counted`` (D,) of their counts (0 where
    nothing is counted), ``slope`` (D,) by which shocks move a rate, ``children`` (D,), how much a district counts
    (``weight``, the less the more chance is in its rate), the number of ``periods``, and the variance of one child
    where it is ``known``.
    """

    square: Floats
    lagged: Floats
    counted: Floats
    slope: Floats
    children: Floats
    weight: Floats
    periods: int
    known: float | None = None


def own_design(data: OwnData, child_sd: float | None = None) -> OwnDesign:
    """Read the design off its data: rates, shocks and memory. Treated districts swing as controls do.

    ``child_sd``: what is known of one child, where nothing is counted; else it is fitted to the districts, which cannot
    tell it from their own shocks where all have about as many children.

    Raises RefusedError ``too_few_control`` where fewer than two districts have all periods that tell of shocks, and
    ``no_variation_within`` where levels do not vary in them.
    """
    rates = _levels(data) if data.family == "normal" else _rates(data)
    moments = _moments(data, rates[:, 0])
    if child_sd is not None:
        moments = moments._replace(known=child_sd**2)
    memory = _memory(moments, data)
    shocks, child = _variances(moments, memory, data)
    if data.family == "normal" and shocks + child <= 0:
        raise refuse("no_variation_within")
    if data.family != "normal":
        # The variance of a log-normal rate is mean^2 (exp(s^2) - 1), and a small share is a rate.
        side = 1 - float(rates[:, 0].mean()) if data.family == "binomial" else 1.0
        shocks = float(np.log1p(shocks * side**2)) / side**2 if side > 0 else 0.0
    return OwnDesign(data, rates, float(np.sqrt(shocks)), memory, float(np.sqrt(child)))


def _levels(data: OwnData) -> Floats:
    """(G, 2) the mean of every district before, shifted by the mean change of the controls."""
    before, after = (np.nanmean(data.y[:, side], axis=1) for side in (data.before, ~data.before))
    control = ~data.sample.treated
    return _moved(before, float(before[control].mean()), float(after[control].mean()), data)


def _rates(data: OwnData) -> Floats:
    """(G, 2) the rate of every district before, drawn towards that of its arm, moved as the controls together moved."""
    sides = data.before, ~data.before
    events, children = (
        np.array([np.nansum(values[:, side], axis=1) for side in sides]) for values in (data.y, data.children)
    )
    own, control = np.empty(len(data.y)), ~data.sample.treated
    for arm in (data.sample.treated, control):
        own[arm] = _shrunk(events[0, arm], children[0, arm], data.family)
    before, after = (float(y[control].sum() / m[control].sum()) for y, m in zip(events, children, strict=True))
    return _moved(own, before, after, data)


def _shrunk(events: Floats, children: Floats, family: Family) -> Floats:
    rate, own = float(events.sum() / children.sum()), events / children
    one = rate * (1 - rate) if family == "binomial" else rate
    if children.size < 2 or one <= 0:
        return np.full(children.size, rate)
    between = float((children * (own - rate) ** 2).sum()) - (children.size - 1) * one
    spread = max(0.0, between / float(children.sum() - (children**2).sum() / children.sum()))
    return np.asarray(rate + spread / (spread + one / children) * (own - rate))


def _moved(own: Floats, before: float, after: float, data: OwnData) -> Floats:
    """Rates (G, 2) whose change is that of the controls on the scale of the data: no effect there."""
    if data.scale == "ratio" and min(before, after) > 0:
        return np.column_stack([own, own * after / before])
    if data.scale == "log_odds" and min(before, after) > 0 and max(before, after) < 1:
        return np.column_stack([own, special.expit(special.logit(own) + special.logit(after) - special.logit(before))])
    moved = own + after - before
    if data.family != "normal":
        moved = np.clip(moved, 0, 1 if data.family == "binomial" else np.inf)
    return np.column_stack([own, moved])


def _moments(data: OwnData, rate: Floats) -> _Moments:
    early = data.before.sum() >= FEWEST_BEFORE
    periods = data.before if early else np.ones_like(data.before)
    level = data.y if data.family == "normal" else data.y / data.children
    whole = np.isfinite(level[:, periods]).all(axis=1) & (early | ~data.sample.treated)
    if whole.sum() < 2:
        raise refuse("too_few_control", found=str(int(whole.sum())), expected=">= 2")
    table, rate = level[whole][:, periods], rate[whole]
    children = 1 / (1 / data.children[whole][:, periods]).mean(axis=1)
    r = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    share_left = 1 - 1 / len(table)
    slope = {"normal": np.ones_like(rate), "poisson": rate, "binomial": rate * (1 - rate)}[data.family]
    return _Moments(
        square=np.square(r).sum(axis=1) / share_left,
        lagged=(r[:, 1:] * r[:, :-1]).sum(axis=1) / share_left,
        counted=np.zeros_like(rate) if data.family == "normal" else slope / children,
        slope=slope,
        children=children,
        weight=np.ones_like(children) if data.family == "normal" else children,
        periods=table.shape[1],
    )


def _traces(periods: int, memory: float) -> tuple[float, float]:
    """tr(M R) and tr(M R M L) for an AR(1) with this memory."""
    at = np.arange(periods)
    centred = np.eye(periods) - 1 / periods
    left = centred @ memory ** np.abs(at[:, None] - at) @ centred
    return float(np.trace(left)), float(np.trace(left, offset=1))


def _variances(moments: _Moments, memory: float, data: OwnData) -> tuple[float, float]:
    """The variance of the shocks and that of one child, given the memory; never negative."""
    kept, _ = _traces(moments.periods, memory)
    if moments.known is not None:
        left = moments.square / kept - moments.known / moments.children
        return max(0.0, float(left.mean())), moments.known
    if data.family == "normal":
        regressors = np.column_stack([np.ones_like(moments.children), 1 / moments.children])
        shocks, child = optimize.nnls(kept * regressors, moments.square)[0]
        return float(shocks), float(child)
    left = moments.square - moments.counted * (kept if data.stays else moments.periods - 1)
    explained = kept * float(moments.weight @ moments.slope**2)
    return max(0.0, float(moments.weight @ left) / explained) if explained > 0 else 0.0, 0.0


def _memory(moments: _Moments, data: OwnData) -> float:
    """The memory, from 0 to ``MOST_MEMORY``, at which the lagged products are what is expected."""
    if moments.periods < FEWEST_BEFORE:
        return 0.0

    def excess(memory: float) -> float:
        shocks, child = _variances(moments, memory, data)
        swings, counted = _traces(moments.periods, memory)[1], _traces(moments.periods, 0.0)[1]
        v = shocks * moments.slope**2 + child / moments.children
        expected = v * swings + moments.counted * (swings if data.stays else counted)
        return float(moments.weight @ (expected - moments.lagged))

    if excess(0.0) >= 0:
        return 0.0
    return MOST_MEMORY if excess(MOST_MEMORY) <= 0 else float(optimize.brentq(excess, 0.0, MOST_MEMORY))


def simulated_sizes(
    design: Design, *, rng: np.random.Generator, simulations: int, alpha: float
) -> Iterator[Rejections]:
    """Rejection rates of a true null after every block of data sets, each over all data sets so far."""
    hits: dict[str, float] = {}
    done = 0
    while done < simulations:
        size = min(BLOCK, simulations - done)
        found = rejection_rates(design, rng=rng, simulations=size, alpha=alpha)[0]
        done += size
        hits = {name: hits.get(name, 0.0) + rate * size for name, rate in found.rates.items()}
        yield Rejections({name: count / done for name, count in hits.items()}, done, alpha)
