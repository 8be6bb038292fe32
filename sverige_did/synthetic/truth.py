"""What the programme did to the children of a made-up municipality: counted in both worlds, never the parameter.

Every number here is about the treated districts as they are (the finite population): a later look at the same data is
right when its interval covers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.sdq.scores import score
from sverige_did.synthetic.careers import IN_INSTITUTION, PLACED, Step
from sverige_did.synthetic.child_registers import Population, case_bounds
from sverige_did.synthetic.counterfactual import Municipality, World
from sverige_did.synthetic.municipality import day_of
from sverige_did.synthetic.practice_registers import QUESTIONS, TREATED_TEAM

CLEAN_YEARS: Final = (2014, 2015)
"""The years wholly after the start."""

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
    window = "–".join((f"{CLEAN_YEARS[0]}H1", f"{CLEAN_YEARS[-1]}H2"))
    found = []
    with_it, without = (_numbers(world) for world in (municipality.delivered, municipality.untreated))
    for (outcome, scale), treated in with_it.items():
        found.append(_row(outcome, scale, window, treated, without[outcome, scale]))
        if scale in {"rate_per_1000", "person_years"}:
            found.append(_row(outcome, "ratio", window, treated, without[outcome, scale]))
    # The programme also changes who is placed: the children who were asked in both worlds.
    waves = [_last_wave(municipality.delivered), _last_wave(municipality.untreated)]
    both = pd.concat(waves, axis=1, join="inner")
    same = (None, None) if both.empty else both.mean().tolist()
    return (*found, _row("wellbeing_sdq", "level_same_children", "last wave", *same))


def _row(outcome: str, scale: str, window: str, with_it: float | None, without: float | None) -> Truth:
    if with_it is None or without is None or (scale == "ratio" and without == 0):
        return Truth(outcome, scale, window, with_it, without, None)
    att = with_it / without if scale == "ratio" else with_it - without
    return Truth(outcome, scale, window, with_it, without, att)


def _person_years(population: Population, steps: tuple[Step, ...]) -> float:
    """Person-years on the steps in the treated districts and clean years; a day is 1/365 or 1/366 of its year."""
    stays = population.stays
    here = np.isin(stays.step, steps)
    total = np.zeros(len(population.districts))
    for year in CLEAN_YEARS:
        first, after = day_of(date(year, 1, 1)), day_of(date(year + 1, 1, 1))
        days = np.minimum(stays.stop, after) - np.maximum(stays.start, first)
        weight = np.where(here, np.maximum(days, 0), 0) / (after - first)
        total += np.bincount(population.children.district[stays.child], weight, minlength=len(total))
    return float(total[: population.districts.treated].sum())


def _numbers(world: World) -> dict[tuple[str, str], float | None]:
    """Every outcome of one world by outcome and scale, in the treated districts and the clean years."""
    population, districts = world.population, world.population.districts
    placed, inside = _person_years(population, PLACED), _person_years(population, IN_INSTITUTION)
    clean = [int(label[:4]) in CLEAN_YEARS for label in districts.windows.labels]
    residents = districts.residents[: districts.treated, clean].sum() / 2
    numbers: dict[tuple[str, str], float | None] = {
        ("institution_per_1000", "rate_per_1000"): 1000 * inside / residents,
        ("placed_total", "person_years"): placed,
    }
    for outcome, steps in _SHARES.items():
        numbers[outcome, "pp"] = 100 * _person_years(population, steps) / placed if placed else None
    return numbers | _events(world, placed) | _practice(world)


def _events(world: World, placed: float) -> dict[tuple[str, str], float | None]:
    """Breakdowns per 100 placement-years and complaints per 100 case-years."""
    population, registers = world.population, world.registers
    child, opened, closed = case_bounds(population.stays)
    first, after = day_of(date(CLEAN_YEARS[0], 1, 1)), day_of(date(CLEAN_YEARS[-1] + 1, 1, 1))
    open_days = np.maximum(np.minimum(closed, after) - np.maximum(opened, first), 0)[population.treated[child]].sum()
    ours = {
        "breakdowns": registers["breakdowns"]["child"].isin(_treated_names(population)),
        "complaints": registers["complaints"]["team"] == TREATED_TEAM,
    }
    counts = {
        name: int((mine & registers[name]["date"].dt.year.isin(CLEAN_YEARS)).sum()) for name, mine in ours.items()
    }
    return {
        ("breakdowns", "pp"): 100 * counts["breakdowns"] / placed if placed else None,
        ("complaints", "pp"): 100 * counts["complaints"] / (open_days / 365.25) if open_days else None,
    }


def _practice(world: World) -> dict[tuple[str, str], float | None]:
    """Spending in the clean years, the mean caseload of the first and the mean SDQ total of the last wave."""
    accounts, staff = world.registers["accounts"], world.registers["caseworkers"]
    ours = (accounts["group"] == "treated") & accounts["year"].isin(CLEAN_YEARS)
    preventive = accounts["function"] == "5.28.21"
    last = _last_wave(world)
    team = staff[(staff["team"] == TREATED_TEAM) & staff["period"].str.startswith(str(CLEAN_YEARS[0]))]
    return {
        ("placement_spending", "mio_dkk"): float(accounts["gross"][ours & ~preventive].sum() / 1e6),
        ("preventive_spending", "mio_dkk"): float(accounts["gross"][ours & preventive].sum() / 1e6),
        ("caseload", "level"): float((team["open_cases"] / team["fte"]).mean()),
        ("wellbeing_sdq", "level"): float(last.mean()) if len(last) else None,
    }


def _last_wave(world: World) -> pd.Series:
    """The SDQ total of every child of the treated districts in the last wave, by pseudonym."""
    sdq = world.registers["sdq_waves"]
    last = sdq[(sdq["date"] == sdq["date"].max()) & sdq["child"].isin(_treated_names(world.population))]
    return pd.Series(score(last[QUESTIONS].to_numpy(), "parent", 10.0).total, index=last["child"].to_numpy())


def _treated_names(population: Population) -> list[str]:
    return population.names(np.flatnonzero(population.treated))
