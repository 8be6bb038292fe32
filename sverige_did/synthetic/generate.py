"""A made-up municipality, either calibrated to printed figures or drawn from a model with known effects.

Two worlds are simulated with one past. The delivery is the world with the programme; what the programme did is the
difference between the two, counted, never the parameter that was typed.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np

from sverige_did.errors import refuse
from sverige_did.sources.spells.spells import IntArray
from sverige_did.synthetic.calibration import Targets, routes, targets
from sverige_did.synthetic.careers import FloatArray, History, Step, follow, free, through, usual_habits
from sverige_did.synthetic.counterfactual import Municipality, Size, joined, municipality
from sverige_did.synthetic.model import Model, draw_stocks
from sverige_did.synthetic.municipality import Districts, day_of, draw_districts

COMMON_SD: Final = 0.02
"""Of the common development from half-year to half-year before the programme, on the log scale."""


def calibrated_municipality(seed: int, size: Size | None = None) -> Municipality:
    """A municipality whose registers give the printed figures within their rounding.

    Raises RefusedError when the size is not that of the figures.
    """
    size = size or Size()
    if (size.treated, size.go_live, size.first_year, size.last_year) != (4, date(2013, 8, 1), 2009, 2015):
        raise refuse("synth_size", found=f"{size.treated}, {size.go_live}, {size.first_year}-{size.last_year}")
    rngs = np.random.default_rng(seed).spawn(6)
    aims = targets()
    districts = draw_districts(
        size.districts,
        size.treated,
        size.windows,
        rngs[0],
        pupil_share=aims.pupil_share,
        mean_residents=size.mean_residents,
    )
    habits, split, route = usual_habits(), day_of(aims.anchors[0]), routes(aims)
    common = _common(len(size.windows.labels), rngs[1])
    days = size.windows.bounds - 1
    days = days[days <= split]
    treated_past, control_past = (
        through(days, np.rint(stock * common[-len(days) :, None]).astype(np.int64), habits, rngs[2])
        for stock in (aims.treated[0], aims.control[0])
    )
    treated = follow(treated_past, split, route["treated"], habits, rngs[3])
    treated = _enough_cases(treated, aims, rngs[3])
    untreated = follow(treated_past, split, route["untreated"], habits, rngs[3])
    control = follow(control_past, split, route["control"], habits, rngs[3])
    children = np.array([max(treated.children, untreated.children), control.children])
    worlds = joined((treated, control), children), joined((untreated, control), children)
    return municipality(worlds, _homes(children, districts, rngs[4]), districts, size, rngs[5], aims)


def modelled_municipality(model: Model, seed: int, size: Size | None = None) -> Municipality:
    """A municipality drawn from a model; nothing in it is calibrated."""
    size = size or Size()
    rngs = np.random.default_rng(seed).spawn(4)
    districts, days, without, with_it = drawn(model, size, rngs[0], rngs[1])
    split = int(np.searchsorted(days, day_of(size.go_live))) - 1
    careers = [
        careers_of(days, (with_it[d], without[d]), split, seed)
        for d, seed in enumerate(rngs[2].integers(2**62, size=size.districts).tolist())
    ]
    children = np.array([max(one.children for one in pair) for pair in careers])
    worlds = joined([one for one, _ in careers], children), joined([other for _, other in careers], children)
    return municipality(worlds, np.repeat(np.arange(size.districts), children), districts, size, rngs[3])


def drawn(
    model: Model, size: Size, places: np.random.Generator, stocks: np.random.Generator
) -> tuple[Districts, IntArray, IntArray, IntArray]:
    """Districts, the last days of their half-years (T,) with the day before the first, and the children on each step
    on these days without and with the programme, (D, T, STEPS) each."""
    districts = draw_districts(size.districts, size.treated, size.windows, places, mean_residents=size.mean_residents)
    days = size.windows.bounds - 1
    residents = np.concatenate([districts.residents[:, :1], districts.residents], axis=1)
    return districts, days, *draw_stocks(model, residents, size.treated, days, day_of(size.go_live), stocks)


def careers_of(days: IntArray, stocks: tuple[IntArray, IntArray], split: int, seed: int) -> tuple[History, History]:
    """One district's two histories through its ``stocks`` (T, STEPS) on the ``days``, one up to day ``split``.

    After that each takes the same draws, so that they differ no more than their stocks make them.
    """
    rng, habits = np.random.default_rng(seed), usual_habits()
    past = through(days[: split + 1], stocks[0][: split + 1], habits, rng)
    after = int(rng.integers(2**62))
    routes_after = (free(days[split + 1 :], mine[split + 1 :]) for mine in stocks)
    first, second = (
        follow(past, int(days[split]), route, habits, np.random.default_rng(after)) for route in routes_after
    )
    return first, second


def _common(periods: int, rng: np.random.Generator) -> FloatArray:
    """The common development up to the baseline, as a factor that is 1 there, (periods + 1,)."""
    steps = rng.normal(-0.005, COMMON_SD, periods)
    to_come = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    return np.exp(-to_come)


def _enough_cases(history: History, aims: Targets, rng: np.random.Generator) -> History:
    """The treated group with as many more short cases in 2014 as the printed share of complaints needs.

    k complaints among n cases open in the year: k is the smallest number that can be that share, n grows until it is.
    None of the added cases is open at the end of a month, so that no other figure changes.
    """
    first, after = day_of(date(2014, 1, 1)), day_of(date(2015, 1, 1))
    cases = len(np.unique(history.child[(history.start < after) & (history.stop > first)]))
    low, high = (share / 100 for share in aims.complaints)
    more = max(0, int(np.ceil(np.ceil(low * cases) / high)) - cases)
    month = np.arange("2014-01", "2015-01", dtype="datetime64[M]")[rng.integers(0, 12, more)]
    start = month.astype("datetime64[D]").astype(np.int64) + rng.integers(1, 8, more)
    return History(
        np.append(history.child, history.children + np.arange(more)),
        np.append(history.step, np.full(more, int(Step.CLARIFICATION))),
        np.append(history.start, start),
        np.append(history.stop, start + rng.integers(5, 19, more)),
        history.children + more,
    )


def _homes(children: IntArray, districts: Districts, rng: np.random.Generator) -> IntArray:
    """A district for each child of the two groups, more often a large one, or one with more need than others."""
    need = districts.residents[:, 0] * rng.gamma(8.0, 1 / 8.0, len(districts))
    homes = []
    for count, members in zip(children.tolist(), np.split(np.arange(len(districts)), [districts.treated]), strict=True):
        homes.append(rng.choice(members, count, p=need[members] / need[members].sum()))
    return np.concatenate(homes)
