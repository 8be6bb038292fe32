"""Made-up cases begun before and during a trial, and a made-up survey of caseworkers, from a model that is known.

A case waits for its first measure with a hazard that is constant in time,

    lambda_m exp(drift years + change_m [during and of an exempt type] + u_caseworker)

and leaves otherwise with a hazard of its own. The decision comes part of the way to the measure: earlier in the trial,
whatever the wait, for then no examination has to come before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from sverige_did.sources.files.synthetic_mark import PSEUDONYM

ITEMS = ("time", "family", "faster", "paperwork")


@dataclass(frozen=True, slots=True)
class CaseModel:
    """The model's numbers. Tuples are one a municipality; hazards are a day; ``change`` and ``drift`` are log hazards,
    drift a year. Survey numbers are in log-odds of agreeing more.
    """

    names: tuple[str, ...] = ("Gladsaxe", "Guldborgsund", "Ikast-Brande")
    before: tuple[date, date] = (date(2014, 11, 1), date(2017, 4, 30))
    during: tuple[date, date] = (date(2017, 7, 1), date(2019, 2, 28))
    extracted: date = date(2019, 3, 31)
    exempt_cases: int = 25
    other_cases: int = 10
    caseworkers: int = 6
    hazard: tuple[float, ...] = (1 / 150, 1 / 135, 1 / 165)
    change: tuple[float, ...] = (0.45, 0.3, 0.35)
    drift: float = 0.04
    caseworker_sd: float = 0.2
    exits: float = 1 / 900
    decided_at: tuple[float, float] = (0.75, 0.4)
    respondents: tuple[tuple[int, int], ...] = ((24, 26), (19, 21), (16, 15))
    person_sd: float = 1.0
    survey_level: tuple[float, ...] = (-0.4, 0.3, -0.2, 0.6)
    survey_change: tuple[float, ...] = (1.0, 0.7, 0.5, -0.3)
    survey_places: tuple[float, ...] = (0.2, 0.0, -0.2)
    cuts: tuple[float, ...] = (-2.2, -0.8, 0.4, 2.0)


def case_registers(model: CaseModel, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The registers ``cases`` and ``survey`` as read, with made-up pseudonyms."""
    return {"cases": _cases(model, rng), "survey": _survey(model, rng)}


def _cases(model: CaseModel, rng: np.random.Generator) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(model.names):
        speed = rng.normal(0, model.caseworker_sd, model.caseworkers)
        for during, window in ((False, model.before), (True, model.during)):
            for exempt, number in ((True, model.exempt_cases), (False, model.other_cases)):
                for _ in range(number):
                    worker = int(rng.integers(model.caseworkers))
                    rows.append(_case(model, rng, place, window, during, exempt, float(speed[worker])) | {
                        "municipality": name, "caseworker": f"{PSEUDONYM}R{place + 1}{worker + 1:02d}",
                    })  # fmt: skip
    frame = pd.DataFrame(rows).sort_values("referred", kind="stable").reset_index(drop=True)
    return frame.assign(case=[f"{PSEUDONYM}S{number:04d}" for number in 1 + rng.permutation(len(frame))])


def _case(
    model: CaseModel, rng: np.random.Generator, place: int, window: tuple[date, date], during: bool, exempt: bool,
    speed: float,
) -> dict[str, Any]:  # fmt: skip
    begun = window[0].toordinal() + int(rng.integers((window[1] - window[0]).days + 1))
    hazard = model.hazard[place] * np.exp(speed + log_hazard(model, place, begun, during=during, exempt=exempt))
    wait, leave = rng.exponential(1 / hazard), rng.exponential(1 / model.exits)
    share = np.clip(rng.normal(model.decided_at[int(during and exempt)], 0.12), 0.05, 0.98)
    last = model.extracted.toordinal() - begun

    def day(after: float) -> pd.Timestamp | None:
        known = after <= min(last, leave)
        return pd.Timestamp(date.fromordinal(begun + int(after))) if known else None

    measure = day(wait)
    left = measure is None and leave < last
    reason = rng.choice(["no_measure", "moved", "turned_18"], p=[0.6, 0.3, 0.1])
    return {
        "exempt": "yes" if exempt else "no",
        "referred": pd.Timestamp(date.fromordinal(begun)),
        "decided": day(share * wait),
        "measure": measure,
        "closed": day(leave) if left else None,
        "close_reason": reason if left else None,
    }


def log_hazard(model: CaseModel, place: int, begun: float, *, during: bool, exempt: bool) -> float:
    """What multiplies the municipality's hazard of a case begun on that day (an ordinal), as a logarithm."""
    years = (begun - model.before[0].toordinal()) / 365.25
    return model.drift * years + (model.change[place] if during and exempt else 0.0)


def true_days(model: CaseModel, horizons: tuple[int, ...] = (90, 180)) -> dict[str, dict[str, float]]:
    """The true difference, during less before, in days without a measure, by municipality and together, by horizon.

    Of an exempt case of a middling caseworker begun evenly over its window: integrated, not simulated. ``trial`` is the
    part that goes when the change is taken out and the drift is left: what nobody who has no control group can see.
    """
    found: dict[str, dict[str, float]] = {}
    spread = np.polynomial.hermite_e.hermegauss(21)
    speeds, weights = model.caseworker_sd * spread[0], spread[1] / spread[1].sum()

    def without(place: int, window: tuple[date, date], horizon: int, *, changed: bool) -> float:
        days = np.arange(window[0].toordinal(), window[1].toordinal() + 1)
        logs = np.array([log_hazard(model, place, day, during=changed, exempt=True) for day in days.tolist()])
        rate = model.hazard[place] * np.exp(logs[:, None] + speeds)
        whole = rate + model.exits
        # With two constant hazards the area above the cumulative incidence has a closed form.
        area = horizon - rate / whole * (horizon - (1 - np.exp(-whole * horizon)) / whole)
        return float(area.mean(axis=0) @ weights)

    for place, name in enumerate(model.names):
        found[name] = {}
        for horizon in horizons:
            seen = without(place, model.during, horizon, changed=True)
            found[name][f"{horizon}"] = round(seen - without(place, model.before, horizon, changed=False), 2)
            found[name][f"{horizon}_trial"] = round(seen - without(place, model.during, horizon, changed=False), 2)
    keys = found[model.names[0]]
    found["all"] = {key: round(float(np.mean([found[name][key] for name in model.names])), 2) for key in keys}
    return found


def _survey(model: CaseModel, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(model.names):
        for wave, number in zip(("before", "during"), model.respondents[place], strict=True):
            for person in range(number):
                own = rng.normal(0, model.person_sd) + model.survey_places[place]
                for at, item in enumerate(ITEMS):
                    later = model.survey_change[at] if wave == "during" else 0.0
                    felt = own + model.survey_level[at] + later + rng.logistic()
                    if rng.random() < 0.97:  # now and then a statement is left out
                        rows.append({
                            "respondent": f"{PSEUDONYM}{'AB'[wave == 'during']}{place + 1}{person + 1:02d}",
                            "municipality": name, "wave": wave, "item": item,
                            "answer": 1.0 + float(np.searchsorted(model.cuts, felt)),
                        })  # fmt: skip
    return pd.DataFrame(rows)
