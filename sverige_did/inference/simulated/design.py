"""The reader's own design as a simulation: its districts, sizes and periods, and how its control districts swing.

The controls are never treated, so what is left of them after district and period means is chance: shocks with memory,
and the chance of who their children are. Two moments are matched, what the means take away included:

    E sum_t r_t^2       = v tr(M R) + w (T - 1)        E sum_t r_t r_{t-1} = v tr(M R M L) + w tr(M L)

with M the centring matrix of T periods, R the correlation of an AR(1) and L the lag. For counts v is the variance that
the shocks give a rate, and w that of the count, drawn anew each period. Otherwise children are seen again and again:
v = s^2 + n^2 / (children), fitted to the districts, all of it with memory, and w = 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import optimize

from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.window import Window
from sverige_did.errors import option, refuse
from sverige_did.inference.districts import Floats
from sverige_did.inference.simulated.size import BLOCK, Outcome, Rejections, SimulatedDesign, rejection_rates

MOST_MEMORY = 0.95


class _Moments(NamedTuple):
    """Of C control districts: ``square`` and ``lagged`` (C,), the variance ``counted`` (C,) of their counts (0 where
    nothing is counted), ``children`` (C,) and the number of ``periods``."""

    square: Floats
    lagged: Floats
    counted: Floats
    children: Floats
    periods: int


def own_design(panel: DistrictPanel, window: Window, sizes: Floats, outcome: Outcome) -> SimulatedDesign:
    """The design that ``panel`` is one data set of, if the programme does nothing. ``sizes`` (U,): children a district,
    the harmonic mean where it varies.

    Treated districts swing as controls do. Districts that lack a period of the window are left out.

    Raises RefusedError ``too_few_control`` with fewer than two control districts.
    """
    option("outcome", outcome, Outcome)
    inside = np.isin(panel.periods, [*window.pre, *window.post])
    table = panel.wide()[:, inside]
    whole = np.isfinite(table).all(axis=1)
    control, treated = whole & ~panel.ever_treated, whole & panel.ever_treated
    if control.sum() < 2:
        raise refuse("too_few_control", found=str(int(control.sum())), expected=">= 2")
    everyone = np.concatenate([np.flatnonzero(treated), np.flatnonzero(control)])
    level = float(np.average(table[control].mean(axis=1), weights=sizes[control]))
    moments = _moments(table[control], sizes[control], level, outcome)
    autocorrelation = _memory(moments, outcome)
    shock_sd, level = _scales(moments, autocorrelation, level, outcome)
    return SimulatedDesign(
        groups=everyone.size,
        treated=int(treated.sum()),
        outcome=outcome,
        sizes=tuple(float(size) for size in sizes[everyone]),
        shock_sd=shock_sd,
        autocorrelation=autocorrelation,
        level=level,
        before=len(window.pre),
        after=len(window.post),
        noise_memory=autocorrelation if outcome == "normal" else 0.0,
    )


def _scales(moments: _Moments, autocorrelation: float, level: float, outcome: Outcome) -> tuple[float, float]:
    """The fields ``shock_sd`` and ``level`` of the design."""
    shocks, children = _variances(moments, autocorrelation, outcome)
    if outcome == "normal":
        return float(np.sqrt(shocks)), float(np.sqrt(children))
    if outcome == "binomial":
        return float(np.sqrt(shocks)) / (level * (1 - level)), level
    # The mean of a log-normal rate is level * exp(s^2 / 2), its variance mean^2 * (exp(s^2) - 1).
    log_variance = float(np.log1p(shocks / level**2))
    return float(np.sqrt(log_variance)), level * float(np.exp(-log_variance / 2))


def simulated_sizes(
    design: SimulatedDesign, *, rng: np.random.Generator, simulations: int, alpha: float
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


def _moments(table: Floats, children: Floats, level: float, outcome: Outcome) -> _Moments:
    r = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    share_left = 1 - 1 / len(table)
    one_child = {"normal": 0.0, "poisson": level, "binomial": level * (1 - level)}[outcome]
    return _Moments(
        square=np.square(r).sum(axis=1) / share_left,
        lagged=(r[:, 1:] * r[:, :-1]).sum(axis=1) / share_left,
        counted=one_child / children,
        children=children,
        periods=table.shape[1],
    )


def _traces(periods: int, autocorrelation: float) -> tuple[float, float]:
    """tr(M R) and tr(M R M L) for an AR(1) with this memory."""
    at = np.arange(periods)
    centred = np.eye(periods) - 1 / periods
    correlation = autocorrelation ** np.abs(at[:, None] - at)
    left = centred @ correlation @ centred
    return float(np.trace(left)), float(np.trace(left, offset=1))


def _variances(moments: _Moments, autocorrelation: float, outcome: Outcome) -> tuple[float, float]:
    """The variance of the shocks and that of one child, given the memory; never negative."""
    kept, _ = _traces(moments.periods, autocorrelation)
    if outcome == "normal":
        regressors = np.column_stack([np.ones_like(moments.children), 1 / moments.children])
        shocks, child = optimize.nnls(kept * regressors, moments.square)[0]
        return float(shocks), float(child)
    left = moments.square - moments.counted * (moments.periods - 1)
    return max(0.0, float(left.mean() / kept)), 0.0


def _memory(moments: _Moments, outcome: Outcome) -> float:
    """The memory, from 0 to ``MOST_MEMORY``, at which the lagged products are what is expected."""
    if moments.periods < 3:
        return 0.0

    def excess(autocorrelation: float) -> float:
        shocks, child = _variances(moments, autocorrelation, outcome)
        swings, counted = (_traces(moments.periods, value)[1] for value in (autocorrelation, 0.0))
        expected = (shocks + child / moments.children) * swings + moments.counted * counted
        return float((expected - moments.lagged).sum())

    if excess(0.0) >= 0:
        return 0.0
    return MOST_MEMORY if excess(MOST_MEMORY) <= 0 else float(optimize.brentq(excess, 0.0, MOST_MEMORY))
