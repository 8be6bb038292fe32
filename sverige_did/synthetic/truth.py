"""What the programme did to the children of a made-up municipality: counted in both worlds, never the parameter.

Every number here is about the treated districts as they are (the finite population): a later look at the same data is
right when its interval covers it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.sdq.scores import score
from sverige_did.synthetic.careers import IN_INSTITUTION, PLACED, Step
from sverige_did.synthetic.counterfactual import Municipality, World, day_of
from sverige_did.synthetic.practice_registers import TREATED_TEAM, case_bounds

CLEAN_WINDOW: Final = ("2014H1", "2015H2")
"""The half-years wholly after the start."""

_SHARES: Final = {
    "institution_share": IN_INSTITUTION,
    "family_share": (Step.NETWORK, Step.FOSTER),
    "network_share": (Step.NETWORK,),
    "home_based_share": (Step.HOME,),
}


@dataclass(frozen=True, slots=True)
class Truth:
    """One outcome in the treated districts over ``window``: with the programme, without it, and the difference.

    ``att`` is on ``scale``: a difference in the outcome's unit, or for ``ratio`` the ratio of the two. None where a
    world has nothing to divide by.
    """

    outcome: str
    scale: str
    window: str
    treated: float | None
    untreated: float | None
    att: float | None


def truth(municipality: Municipality) -> tuple[Truth, ...]:
    """The effects that were put in, by outcome and scale."""
    window = "–".join(CLEAN_WINDOW)
    found = []
    worlds = [_numbers(world) for world in (municipality.delivered, municipality.untreated)]
    for (outcome, scale), with_it in worlds[0].items():
        without = worlds[1][outcome, scale]
        found.append(_row(outcome, scale, window, with_it, without))
        if scale in {"rate_per_1000", "person_years"}:
            found.append(_row(outcome, "ratio", window, with_it, without))
    same = _sdq_of_the_same(municipality)
    return (*found, _row("wellbeing_sdq", "level_same_children", "last wave", *same))


def _row(outcome: str, scale: str, window: str, with_it: float | None, without: float | None) -> Truth:
    if with_it is None or without is None or (scale == "ratio" and without == 0):
        return Truth(outcome, scale, window, with_it, without, None)
    att = with_it / without if scale == "ratio" else with_it - without
    return Truth(outcome, scale, window, with_it, without, att)


def person_years_of(world: World, steps: Iterable[Step], first: int, after: int) -> np.ndarray:
    """Person-years on the steps in each district, (D,), between two days; a day is 1/365 or 1/366 of its year."""
    stays, setting = world.stays, world.setting
    here = np.isin(stays.step, list(steps))
    total = np.zeros(len(setting.districts))
    for year in range(*(1970 + np.array([first, after - 1]).astype("datetime64[D]").astype("datetime64[Y]").astype(int)
                        + [0, 1])):  # fmt: skip
        begins, ends = day_of(date(year, 1, 1)), day_of(date(year + 1, 1, 1))
        days = np.minimum(stays.stop, min(after, ends)) - np.maximum(stays.start, max(first, begins))
        weight = np.where(here, np.maximum(days, 0), 0) / (ends - begins)
        total += np.bincount(setting.children.district[stays.child], weight, minlength=len(total))
    return total


def _numbers(world: World) -> dict[tuple[str, str], float | None]:
    """Every outcome of one world by outcome and scale, in the treated districts and the clean window."""
    districts = world.setting.districts
    labels = districts.windows.labels
    one, last = labels.index(CLEAN_WINDOW[0]), labels.index(CLEAN_WINDOW[1])
    first, after = int(districts.windows.bounds[one]), int(districts.windows.bounds[last + 1])
    treated = slice(None, districts.treated)

    def years_on(steps: Iterable[Step]) -> float:
        return float(person_years_of(world, steps, first, after)[treated].sum())

    placed, inside = years_on(PLACED), years_on(IN_INSTITUTION)
    residents = districts.residents[treated, one : last + 1].sum() / 2
    numbers: dict[tuple[str, str], float | None] = {
        ("institution_per_1000", "rate_per_1000"): 1000 * inside / residents,
        ("placed_total", "person_years"): placed,
    }
    for outcome, steps in _SHARES.items():
        numbers[outcome, "pp"] = 100 * years_on(steps) / placed if placed else None
    return numbers | _events(world, placed, first, after) | _practice(world)


def _events(world: World, placed: float, first: int, after: int) -> dict[tuple[str, str], float | None]:
    """Breakdowns per 100 placement-years and complaints per 100 case-years."""
    stays, treated = world.stays, world.setting.treated
    child, opened, closed = case_bounds(stays)
    open_days = np.maximum(np.minimum(closed, after) - np.maximum(opened, first), 0)[treated[child]].sum()
    names = {name for name, ours in _named(world) if ours}
    counts = {}
    for register in ("breakdowns", "complaints"):
        frame = world.registers[register]
        day = frame["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
        whom = frame["child"].isin(names) if register == "breakdowns" else frame["team"] == TREATED_TEAM
        counts[register] = int((whom.to_numpy() & (day >= first) & (day < after)).sum())
    return {
        ("breakdowns", "pp"): 100 * counts["breakdowns"] / placed if placed else None,
        ("complaints", "pp"): 100 * counts["complaints"] / (open_days / 365.25) if open_days else None,
    }


def _practice(world: World) -> dict[tuple[str, str], float | None]:
    """Spending in the two years, the mean caseload of 2014 and the mean SDQ total of the last wave."""
    accounts, staff = world.registers["accounts"], world.registers["caseworkers"]
    ours = (accounts["group"] == "treated") & accounts["year"].isin([2014, 2015])
    preventive = accounts["function"] == "5.28.21"
    last = _last_wave(world)
    team = staff[(staff["team"] == TREATED_TEAM) & staff["period"].str.startswith("2014")]
    return {
        ("placement_spending", "mio_dkk"): float(accounts["gross"][ours & ~preventive].sum() / 1e6),
        ("preventive_spending", "mio_dkk"): float(accounts["gross"][ours & preventive].sum() / 1e6),
        ("caseload", "level"): float((team["open_cases"] / team["fte"]).mean()),
        ("wellbeing_sdq", "level"): float(last.mean()) if len(last) else None,
    }


def _last_wave(world: World) -> pd.Series:
    """The SDQ total of every child of the treated districts in the last wave, by pseudonym."""
    sdq = world.registers["sdq_waves"]
    ours = {name for name, treated in _named(world) if treated}
    last = sdq[(sdq["date"] == sdq["date"].max()) & sdq["child"].isin(ours)]
    totals = score(last[[f"q{item}" for item in range(1, 26)]].to_numpy(), "parent", 10.0).total
    return pd.Series(totals, index=last["child"].to_numpy())


def _sdq_of_the_same(municipality: Municipality) -> tuple[float | None, float | None]:
    """The mean total of the children who were asked in both worlds: the programme also changes who is placed."""
    both = pd.concat([_last_wave(municipality.delivered), _last_wave(municipality.untreated)], axis=1, join="inner")
    if both.empty:
        return None, None
    with_it, without = both.mean().tolist()
    return with_it, without


def _named(world: World) -> Iterable[tuple[str, bool]]:
    treated = world.setting.treated
    return zip(world.setting.names(np.arange(len(treated))), treated.tolist(), strict=True)
