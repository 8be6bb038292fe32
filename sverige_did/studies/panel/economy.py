"""From a panel's spending to a net benefit a year: by the prices of children's places, and by the accounts.

The saving by the children's prices is compared district by district, so that it has an interval; the accounts are two
totals and have none. What stands beside them is the same for both: investments, refusion, and what places are worth.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sverige_did.did.net_benefit import (
    Counterfactual,
    additive,
    confidence_draws,
    discounted,
    net_benefit,
    paid_back,
    ratio_changes,
    ratio_scaled,
)
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import districts
from sverige_did.outcomes import CATALOGUE, economic, parts_of
from sverige_did.panel import Panel
from sverige_did.results.economy import Amount, Basis, Benefit, EconomyRecord, Scaling, YearOfBenefit
from sverige_did.results.estimates import Remark, remarks_of
from sverige_did.studies.benefits import DRAWS, amount, benefit, item_draws, marginal
from sverige_did.studies.panel.spent import Spent, children_spent, groups_spent, has, spent_of
from sverige_did.study.economy import Economy
from sverige_did.study.study import PanelStudy

Floats = NDArray[np.float64]


class _Costs(NamedTuple):
    """What stands against the savings: draws (draws,) of the investment a year and of the share refunded, or None."""

    investment: Floats | None
    refunded: Floats | None


def economy(panel: Panel, study: PanelStudy) -> EconomyRecord | None:
    """The net benefit of a plan that asks for it (``economy``); None where it does not.

    What cannot be computed is a remark of the record, and never stops the rest.
    """
    plan = study.economy
    if plan is None:
        return None
    rng = np.random.default_rng([study.sampling.seed, zlib.crc32(b"economy")])
    index = study.registers.prices if study.registers else None
    record = EconomyRecord(
        plan_sha256=study.sha256,
        price_year=index.base_year if index else None,
        price_index=f"{index.name} ({index.source})" if index else "",
        discount_rate=plan.discount_rate,
    )
    remarks: list[Remark] = []

    def tried[T](make: Callable[[], T]) -> T | None:
        try:
            return make()
        except RefusedError as refusal:
            remarks.extend(remarks_of(refusal.problems))
            return None

    accounts = tried(lambda: groups_spent(panel, study, "booked"))
    net = tried(lambda: groups_spent(panel, study, "net")) if has(panel, "net") else None
    invested = _invested(panel)
    costs = _costs(plan, study, invested, accounts, net, rng)
    remarks += _not_given(costs)
    children = tried(lambda: children_spent(panel, study))
    test = tried(lambda: _tested(children, study)) if children else None
    benefits = [
        *(_benefits(children, "children", costs, test, rng) if children else ()),
        *(_benefits(accounts, "booked", costs, None, rng) if accounts else ()),
    ]
    update: dict[str, object] = {"benefits": tuple(benefits), "outcomes": _named(panel)}
    if children and test:
        years = tried(lambda: _years(children, study, plan, invested, costs, rng))
        update |= dict(years or {})
    update |= tried(lambda: _places(panel, study, plan, costs)) or {}
    update["fewest"] = _fewest(panel)
    once = {one.model_dump_json(): one for one in remarks}
    return record.model_copy(update=update | {"remarks": tuple(once.values())})


def _named(panel: Panel) -> tuple[str, ...]:
    return tuple(key for part in ("children", "booked") if has(panel, part) and (key := economic(part)))


def _invested(panel: Panel) -> dict[int, float]:
    """The treated group's investments in the accounts by year, mio. kr.; a year in which none is written has none."""
    key = economic("investment")
    cells = panel.outcome(key) if key else panel.cells.head(0)
    mine = cells[cells["group"] == "treated"]
    return {int(period): float(value) for period, value in zip(mine["period"], mine["value"], strict=True)}


def _costs(
    plan: Economy,
    study: PanelStudy,
    invested: dict[int, float],
    accounts: Spent | None,
    net: Spent | None,
    rng: np.random.Generator,
) -> _Costs:
    """The investment a year in the window after, and what share of a saving the state would have refunded."""
    after = [year for year in invested if study.periods.treatment_start.year < year <= study.periods.follow_up.year]
    by_accounts = float(np.mean([invested[year] for year in after])) if after else 0.0
    rates = item_draws(plan.investments, rng, DRAWS)
    investment = None if rates is None and not after else by_accounts + (0.0 if rates is None else rates)
    refunded: Floats | None = None
    if accounts is not None and net is not None:
        gross, less = (ratio_scaled(*one.pairs).saving for one in (accounts, net))
        refunded = None if gross == 0 else np.full(DRAWS, 1 - less / gross)
    elif plan.refusion is not None:
        refunded = rng.uniform(plan.refusion.low, plan.refusion.high, DRAWS)
    return _Costs(None if investment is None else np.broadcast_to(np.asarray(investment), DRAWS), refunded)


def _not_given(costs: _Costs) -> Iterator[Remark]:
    if costs.investment is None:
        yield Remark(key="economy.remark.no_investment")
    if costs.refunded is None:
        yield Remark(key="economy.remark.no_refusion")


def _tested(spent: Spent, study: PanelStudy) -> dict[Scaling, TTest]:
    """The effect on spending a child, by both scalings, with its calibrated interval."""
    before, after = spent.a_year(spent.before), spent.a_year(spent.after)
    changes: dict[Scaling, Floats] = {
        "ratio": ratio_changes(before, after, spent.treated, spent.children),
        "additive": (after - before) / spent.children,
    }
    alpha = 1 - study.level
    return {
        scaling: calibrated_test(districts(change, spent.treated, weights=spent.children), alpha)
        for scaling, change in changes.items()
    }


def _benefits(
    spent: Spent, basis: Basis, costs: _Costs, tests: dict[Scaling, TTest] | None, rng: np.random.Generator
) -> Iterator[Benefit]:
    """Under each scaling: the ratio first."""
    treated, control = spent.pairs
    n_treated, n_control = spent.of_groups(spent.children)
    made: dict[Scaling, Counterfactual] = {"ratio": ratio_scaled(treated, control)}
    if n_control > 0:
        made["additive"] = additive(treated, control, n_treated / n_control)
    years = sorted({day.year for day, inside in zip(spent.start, spent.after, strict=True) if inside})
    label = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    for scaling, found in made.items():
        draws = None
        if tests is not None:
            test = tests[scaling]
            half = n_treated * (test.upper - test.lower) / 2
            draws = confidence_draws(found.saving, half, test.df, rng, DRAWS)
        yield benefit(found, basis, scaling, "after", label, draws, costs.investment, costs.refunded)


def amounts(spent: Spent) -> dict[str, float]:
    """Every amount of a record that is a number of spending alone, by its name: of each scaling, and of each year."""
    treated, control = spent.pairs
    n_treated, n_control = spent.of_groups(spent.children)
    found = {"ratio": ratio_scaled(treated, control)}
    if n_control > 0:
        found["additive"] = additive(treated, control, n_treated / n_control)
    made = {
        f"{scaling}.{name}": float(getattr(one, name))
        for scaling, one in found.items()
        for name in ("before", "expected", "actual", "saving")
    }
    before = spent.a_year(spent.before)
    for year in sorted({day.year for day in spent.start}):
        mine = [t for t, day in enumerate(spent.start) if day.year == year and not spent.before[t]]
        if mine:
            made[f"year.{year}"] = _saved_in(spent, before, mine)
    return made


def _saved_in(spent: Spent, before: Floats, mine: list[int]) -> float:
    """The saving of some periods (indices) against the ratio-scaled counterfactual, not by the year."""
    effect = _effect_in(spent, before, mine)
    return -float(effect[spent.treated] @ spent.children[spent.treated])


def _effect_in(spent: Spent, before: Floats, mine: list[int]) -> Floats:
    length = float(spent.length[mine].sum())
    return ratio_changes(before * length, spent.value[:, mine].sum(axis=1), spent.treated, spent.children)


def _years(
    spent: Spent, study: PanelStudy, plan: Economy, invested: dict[int, float], costs: _Costs,
    rng: np.random.Generator,
) -> dict[str, object]:  # fmt: skip
    """Year by year since the start: savings, investments, and the discounted sum with its own interval."""
    start = study.periods.treatment_start
    periods = [t for t in range(len(spent.start)) if spent.end[t] >= start and not spent.before[t]]
    before, children = spent.a_year(spent.before), spent.children
    n_treated = float(children[spent.treated].sum())
    rates = item_draws(plan.investments, rng, DRAWS)
    given = rates is not None or bool(invested)
    running = 0.0 if rates is None else rates
    change, paid = np.zeros_like(children), np.zeros(DRAWS)
    rows: list[YearOfBenefit] = []
    flows: list[float] = []
    share = float(np.mean(costs.refunded)) if costs.refunded is not None else 0.0
    for year in sorted({spent.start[t].year for t in periods}):
        mine = [t for t in periods if spent.start[t].year == year]
        since = max(year + 0.5 - (start.year + (start - date(start.year, 1, 1)).days / 365), 0.0)
        weight = float(discounted(1.0, since, plan.discount_rate))
        effect, saving = _effect_in(spent, before, mine), _saved_in(spent, before, mine)
        on = _part_of_year(start, spent.start[mine[0]], spent.end[mine[-1]])
        cost = invested.get(year, 0.0) + running * on
        change, paid = change + weight * effect, paid + weight * cost
        flows.append(weight * ((1 - share) * saving - float(np.mean(cost))))
        test = calibrated_test(districts(change, spent.treated, weights=children), 1 - study.level)
        point = -n_treated * test.estimate
        half = n_treated * (test.upper - test.lower) / 2
        draws = net_benefit(confidence_draws(point, half, test.df, rng, DRAWS), paid, share)
        rows.append(
            YearOfBenefit(
                year=year,
                saving=saving,
                investment=float(np.mean(cost)),
                cumulative=amount(sum(flows), draws),
                prob_paid=float((draws >= 0).mean()) if given else None,
            )
        )
    if not given:
        return {}
    ends = [date(row.year, 12, 31) for row in rows]
    starts = [max(start, date(row.year, 1, 1)) for row in rows]
    return {"years": tuple(rows), "paid_on": paid_back(flows, starts, ends)}


def _part_of_year(start: date, first: date, last: date) -> float:
    """How much of a year lies between two days and after the programme's start."""
    return max(((last - max(first, start)).days + 1) / 365.25, 0.0)


class _Kinds(NamedTuple):
    """By kind of place (K,): what a year costs on average, and person-years by district and period."""

    keys: tuple[str, ...]
    price: Floats
    years: list[Spent]


def _kinds(panel: Panel, study: PanelStudy) -> _Kinds:
    keys, price, years = [], [], []
    for part in parts_of(str(economic("children"))):
        cells = panel.outcome(part.key)
        spent, there = float(cells["value"].sum()), float(cells["denominator"].sum())
        if there > 0:
            keys.append(part.key)
            price.append(spent / there)
            years.append(spent_of(cells.assign(value=cells["denominator"]), study))
    if len(keys) < 2:
        raise refuse("economy_one_kind", found=", ".join(keys))
    return _Kinds(tuple(keys), np.array(price), years)


def _places(panel: Panel, study: PanelStudy, plan: Economy, costs: _Costs) -> dict[str, object]:
    """The places of the dearest kind that were given up, what they are worth, and how many would pay."""
    if not has(panel, "children"):
        return {}
    kinds = _kinds(panel, study)
    k = int(np.argmax(kinds.price))
    dear = kinds.years[k]
    others = [j for j in range(len(kinds.keys)) if j != k]
    there = np.array([kinds.years[j].value.sum() for j in others])
    cheap = float(np.average(kinds.price[others], weights=there))
    moved = ratio_scaled(*dear.pairs).saving
    before, after = dear.a_year(dear.before), dear.a_year(dear.after)
    residents = children_spent(panel, study).children
    test = calibrated_test(
        districts(ratio_changes(before, after, dear.treated, residents), dear.treated, weights=residents),
        1 - study.level,
    )
    half = float(residents[dear.treated].sum()) * (test.upper - test.lower) / 2
    gone = Amount(value=moved, lower=moved - half, upper=moved + half)
    low, high = plan.marginal_price
    multiples = [low, (low + high) / 2, high] if low < high else [low]
    return {
        "moved": gone,
        "marginal": tuple(marginal(gone, costs.investment, kinds.price[k], cheap, each) for each in multiples),
        "fewest_in_kind": int(min(_present(dear, window) for window in (dear.before, dear.after))),
    }


def _present(years: Spent, window: NDArray[np.bool_]) -> int:
    """The fewest children of a group who can have these person-years in a window: none at all counts as nobody's."""
    both = [value for value in years.of_groups(years.a_year(window)) if value > 0]
    return int(np.ceil(min(both))) if both else 10**6


def _fewest(panel: Panel) -> int | None:
    """The fewest placed children of a group in any year from the start of the figures on."""
    about = CATALOGUE[str(economic("children"))].about
    placed = panel.outcome(str(about))
    if placed.empty:
        return None
    of_year = placed.assign(year=placed["period"].str[:4]).groupby(["group", "year"])["value"].sum()
    some = of_year[of_year > 0]
    return int(np.ceil(some.min())) if not some.empty else None
