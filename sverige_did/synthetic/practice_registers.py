"""From made-up careers to the registers about practice: caseworkers, follow-ups, complaints, wellbeing, accounts."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.sdq.scores import ITEMS, REVERSED, score
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.careers import ASSUMED, PLACED, FloatArray, Step
from sverige_did.synthetic.child_registers import (
    Population,
    case_bounds,
    case_names,
    codes_of,
    day_prices,
    with_measure,
)
from sverige_did.synthetic.municipality import as_dates, day_of

TREATED_TEAM: Final = "Sverigesteamet"
TEAMS: Final = (TREATED_TEAM, "Børneteamet", "Ungeteamet", "Modtagelsen")
_INTAKE_DAYS = 60
_TEENAGER = 13 * 365.25
QUESTIONS: Final = [f"q{item}" for item in range(1, 26)]
SDQ_DAYS: Final = (date(2013, 6, 15), date(2014, 6, 15), date(2015, 6, 15))
DETAILS_FROM: Final = day_of(date(2013, 1, 1))
"""Follow-ups are registered from this day on."""


def teams_of(child: IntArray, opened: IntArray, day: IntArray | int, population: Population) -> np.ndarray:
    """The number in :data:`TEAMS` of the team that has each case on the day; treated districts have one of their own
    from the beginning and no intake."""
    teenager = day - population.children.birth[child] > _TEENAGER
    team = np.where(day - opened < _INTAKE_DAYS, 3, np.where(teenager, 2, 1))
    return np.where(population.treated[child], 0, team)


def caseworkers_register(population: Population) -> pd.DataFrame:
    """Open cases on the last day of each month, and full-time caseworkers, by team.

    The treated team's caseworkers before the programme and from the month after it began are those printed; without
    figures they follow from the assumed caseloads, as the other teams' do.
    """
    child, opened, closed = case_bounds(population.stays)
    months = pd.date_range(str(population.years[0]), str(population.years[-1] + 1), freq="ME")
    days = months.to_numpy().astype("datetime64[D]").astype(np.int64)
    counts = np.zeros((len(days), len(TEAMS)), dtype=np.int64)
    for at, day in enumerate(days.tolist()):
        here = (opened <= day) & (day < closed)
        counts[at] = np.bincount(teams_of(child[here], opened[here], day, population), minlength=len(TEAMS))
    caseload = np.full(counts.shape, float(population.printed.caseload if population.printed else ASSUMED["caseload"]))
    after = days - 31 >= population.go_live
    caseload[after, 0] = ASSUMED["caseload_programme"]
    fte = np.maximum(np.rint(2 * counts / caseload) / 2, 0.5)
    if population.printed:
        before, since = population.printed.caseworkers
        fte[:, 0] = np.where(after, since, before)
    return pd.DataFrame(
        {
            "team": np.tile(TEAMS, len(days)),
            "period": np.repeat(months.strftime("%Y-%m"), len(TEAMS)),
            "open_cases": counts.ravel(),
            "fte": fte.ravel(),
        }
    )


def follow_ups_register(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Follow-ups that fell due, done a little before or after, or not at all.

    By the law until the programme begins, and by its goals in the treated districts after that.
    """
    stays = population.stays
    measure = np.flatnonzero(with_measure(population) & (stays.step != Step.CLARIFICATION))
    treated = population.treated[stays.child[measure]]
    start, stop = stays.start[measure], np.minimum(stays.stop[measure], population.end)
    by_goal = 1 + np.isin(stays.step[measure], PLACED)
    parts = (
        _due(start, np.where(treated, np.minimum(stop, population.go_live), stop), np.zeros_like(by_goal)),
        _due(np.where(treated, np.maximum(start, population.go_live), OPEN), stop, by_goal),
    )
    which, due, kept = (np.concatenate(part) for part in zip(*parts, strict=True))
    which, due, kept = (part[due >= DETAILS_FROM] for part in (which, due, kept))
    rows = measure[which]
    done = due + rng.integers(-12, 13, len(due))
    done = np.minimum(np.maximum(done, stays.start[rows]), population.end - 1)
    frame = pd.DataFrame(
        {
            "child": population.names(stays.child[rows]),
            "measure": codes_of(population)[rows],
            "due": as_dates(due),
            "done": as_dates(np.where(rng.random(len(due)) < kept, done, OPEN)),
        }
    )
    return frame.sort_values(["due", "child"], ignore_index=True, kind="stable")


def _due(begins: IntArray, lasts: IntArray, plan: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """The measure, the day and the share kept of every follow-up that falls due from one day of each measure up to
    another, by its plan; none where the first is not before the second."""
    here = np.flatnonzero(begins < lasts)
    plans = pd.DataFrame(ASSUMED["follow_ups"].values()).iloc[plan[here]]
    first, then, kept = (plans[name].to_numpy() for name in ("first", "then", "kept"))
    n = np.maximum((lasts[here] - 1 - begins[here] - first) // then + 1, 0)
    number = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    return np.repeat(here, n), np.repeat(begins[here] + first, n) + number * np.repeat(then, n), np.repeat(kept, n)


def complaints_register(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Complaints in the years observed: each case draws its own, in treated districts, under the programme, as seldom
    as in intake. Of the treated in 2014 there are the smallest number whose share of their cases was printed."""
    child, opened, closed = case_bounds(population.stays)
    treated = population.treated[child]
    parts = []
    for year in population.years:
        first, after = day_of(date(year, 1, 1)), day_of(date(year + 1, 1, 1))
        start, stop = np.maximum(opened, first), np.minimum(np.minimum(closed, after), population.end)
        there = np.flatnonzero(start < stop)
        quiet = treated[there] & (first >= population.go_live)
        rate = np.where(quiet, ASSUMED["complaint_rate_programme"], ASSUMED["complaint_rate"])
        mine = there[rng.random(len(there)) < rate * (stop - start)[there] / 365.25]
        if population.printed and year == 2014 and population.go_live != OPEN:
            pool = there[treated[there]]
            count = int(np.ceil(population.printed.complaints[0] / 100 * len(pool)))
            mine = np.concatenate([mine[~treated[mine]], rng.choice(pool, count, replace=False)])
        day = start[mine] + ((stop - start)[mine] * rng.random(len(mine))).astype(np.int64)
        parts.append(np.stack([mine, day]))
    case, day = np.concatenate(parts, axis=1)
    frame = pd.DataFrame(
        {
            "team": np.array(TEAMS)[teams_of(child[case], opened[case], day, population)],
            "date": as_dates(day),
            "case": case_names(child[case]),
            "upheld": rng.choice(["yes", "no"], len(case), p=[0.2, 0.8]),
        }
    )
    return frame.sort_values(["date", "case"], ignore_index=True)


_INFORMANTS = {Step.FOSTER: "foster_parent", Step.RESIDENTIAL_HOME: "staff", Step.INSTITUTION: "staff"}
_THRESHOLDS = np.array([0.1, 0.95])
"""Where the latent answer passes from 0 to 1 and from 1 to 2; they give a total near 13 with a sd near 6.5."""


def sdq_register(population: Population, noise: FloatArray) -> pd.DataFrame:
    """One row a placed child of 4 to 17 years and day: 25 items by their numbers, without any wording.

    ``noise`` (C, len(SDQ_DAYS), 25) are standard normals of each child, day and item: handed in, so that a child
    answers alike in every world but for the effect. One in five is not asked.
    """
    stays, loading, per_item = population.stays, 0.45, 0.9
    turned = np.isin(np.arange(1, 26), [*ITEMS["prosocial"], *REVERSED])
    waves = []
    for at, wave in enumerate(SDQ_DAYS):
        day = day_of(wave)
        here = np.flatnonzero((stays.start <= day) & (day < stays.stop) & np.isin(stays.step, PLACED))
        age = (day - population.children.birth[stays.child[here]]) / 365.25
        requested = (age >= 4) & (noise[stays.child[here], at, 0] < 0.84)
        child = stays.child[here[requested]]
        helped = population.treated[child] & (day >= population.go_live)
        latent = loading * population.children.need[child] + ASSUMED["sdq_effect"] * helped
        items = np.searchsorted(_THRESHOLDS, latent[:, None] + per_item * noise[child, at])
        about = {
            "child": population.names(child),
            "date": np.datetime64(wave, "us"),
            "informant": [_INFORMANTS.get(Step(step), "parent") for step in stays.step[here[requested]].tolist()],
            "age": age[requested].astype(np.int64),
        }
        answers = pd.DataFrame(np.where(turned, 2 - items, items), columns=QUESTIONS)
        waves.append(pd.concat([pd.DataFrame(about, index=answers.index), answers], axis=1))
    return pd.concat(waves, ignore_index=True)


def sdq_norms_register(sdq: pd.DataFrame) -> pd.DataFrame:
    """Limits for each informant: the 80th and 90th percentile of these made-up children. They are no real norms."""
    rows = []
    for informant, answers in sdq[QUESTIONS].groupby(sdq["informant"]):
        scores = score(answers.to_numpy(), "parent", 10.0)
        for scale in ("emotion", "conduct", "hyper", "peer", "total"):
            borderline, abnormal = np.ceil(np.quantile(scores.scale(scale), [0.8, 0.9]))
            rows.append((informant, scale, int(borderline), int(max(abnormal, borderline + 1))))
    frame = pd.DataFrame(rows, columns=["informant", "scale", "borderline_from", "abnormal_from"])
    return frame.assign(country="DK", age="4-17", sex="both", source="syntetisk")


def accounts_register(population: Population) -> pd.DataFrame:
    """Gross spending in DKK by year, account function and group: days of each stay in the year times its price.

    Where figures are printed, one factor a group, kind and year makes each printed change from 2013 come out. The
    programme's own cost stands as investment beside prevention.
    """
    stays, price = population.stays, day_prices(population)
    treated = population.treated[stays.child]
    rows = []
    for year in population.years:
        first, after = day_of(date(year, 1, 1)), min(day_of(date(year + 1, 1, 1)), population.end)
        days = np.maximum(np.minimum(stays.stop, after) - np.maximum(stays.start, first), 0)
        for function, steps in ASSUMED["functions"].items():
            cost = days * price * np.isin(stays.step, [Step[step.upper()] for step in steps])
            rows += [
                (year, function, "treated", cost[treated].sum()),
                (year, function, "control", cost[~treated].sum()),
            ]
    frame = pd.DataFrame(rows, columns=["year", "function", "group", "gross"])
    prevention, treated_group = frame["function"] == "5.28.21", frame["group"] == "treated"
    frame["investment"] = np.nan
    if population.printed:
        for (group, kind, year), change in population.printed.spending.items():
            if group == "control" or population.go_live != OPEN:
                mine = (prevention == (kind == "prevention")) & (frame["group"] == group)
                before, now = (frame["gross"][mine & (frame["year"] == one)].sum() for one in (2013, year))
                frame.loc[mine & (frame["year"] == year), "gross"] *= (before + change) / now
        if population.go_live != OPEN:
            cost = frame["year"].map(population.printed.investment).round()
            frame["investment"] = cost.where(prevention & treated_group)
    return frame.assign(gross=frame["gross"].round().astype(np.int64), refusion=np.nan)
