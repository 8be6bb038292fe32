"""A plan's targets held against the registers: levels, changes, savings, and follow-ups by the rule of each target."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from sverige_did.did.net_benefit import ratio_changes, ratio_scaled
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.districts import districts
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import COUNTED, Panel
from sverige_did.results.estimates import remarks_of
from sverige_did.results.targets import TargetCount, TargetMoment, TargetRecord, TargetRecords
from sverige_did.sources.panel.events import in_time
from sverige_did.sources.panel.frame import PanelFrame, Tables
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.studies.panel.spent import children_spent
from sverige_did.studies.targets import Figure, Moment, Prior, alone, followed, on_its_side
from sverige_did.study.economy import Target
from sverige_did.study.study import PanelStudy
from sverige_did.windows import cells_before

LEVEL_SD = 1.5
"""The sd of the prior of a level: in log-odds about a half, or in logarithms about the first number."""


class Registers(NamedTuple):
    """What follow-ups are counted from by another rule than the panel's."""

    tables: Tables
    frame: PanelFrame
    codes: MeasureCodes


def target_records(panel: Panel, study: PanelStudy, registers: Callable[[], Registers]) -> TargetRecords:
    """Every target of the plan, in its order; ``registers`` is asked only where a target has a rule of its own."""
    made = [_record(panel, study, target, registers) for target in study.targets]
    return TargetRecords(plan_sha256=study.sha256, targets=tuple(made))


def _record(panel: Panel, study: PanelStudy, target: Target, registers: Callable[[], Registers]) -> TargetRecord:
    bare = TargetRecord(key=target.key, outcome=target.outcome)
    try:
        if target.measure == "saving":
            return bare.model_copy(update=_saving(panel, study, target))
        figures = list(_in_time(target, study, registers()) if target.follow_up else _figures(panel, study, target))
        if not any(figure.moment != "before" for figure in figures):
            raise refuse("target_no_figure")
        counts = [TargetCount(moment=one.moment, day=one.day, events=one.events, total=one.total) for one in figures]
        if target.follow_up is None:
            named = _periods(_treated(panel, target), study)
            counts = [one.model_copy(update={"period": named[one.moment]}) for one in counts]
        return bare.model_copy(update=by_counts(panel, study, target, tuple(counts)) | {"counts": tuple(counts)})
    except RefusedError as refusal:
        return bare.model_copy(update={"remarks": remarks_of(refusal.problems)})


def by_counts(panel: Panel, study: PanelStudy, target: Target, counts: tuple[TargetCount, ...]) -> dict[str, object]:
    """What a record says of a target when so many were counted: nothing else of the treated group goes into it but who
    lives there.
    """
    figures = [Figure(one.moment, one.day, one.events, one.total) for one in counts]
    prior = _prior(panel, study, figures[0])
    per = _per(panel, target)
    moments = followed(target, figures, prior, study.level, per)
    return {
        "moments": moments,
        "met_before": moments[0].meets if moments[0].moment == "before" and target.measure != "change" else None,
        "alone": alone(target, figures, prior, study.level, per),
        "fewest": tuple(_behind(figure) for figure in figures),
        "assumptions": ("level_is_no_effect",),
    }


def _behind(figure: Figure) -> float:
    """How many there are on the smaller side of a number; a number of all has one side."""
    return figure.events if figure.total is None else min(figure.events, figure.total - figure.events)


def _per(panel: Panel, target: Target) -> float:
    """What a number is multiplied by to be in the target's unit."""
    if target.unit != "rate_per_1000":
        return 1.0
    cells = _treated(panel, target)
    last = cells[cells["end"] == cells["end"].max()]
    return 1000.0 / float((last["denominator"] / _years(last)).sum())


def _prior(panel: Panel, study: PanelStudy, first: Figure) -> Prior:
    """The plan's priors of effect, common change and swings; the level's own is weak."""
    held = {one.key: one for one in study.priors}
    sd = {key: float(held[key].sd or 0.0) if key in held else usual for key, usual in USUAL.items()}
    mean = 0.0 if first.total is not None else math.log(max(first.events, 0.5))
    return Prior(
        mean=mean,
        sd=LEVEL_SD,
        squared_weights=_squared_weights(panel),
        swing_scale=sd["shock_sd"],
        step=math.hypot(sd["effect"], sd["period_sd"]),
    )


USUAL = {"effect": 0.75, "period_sd": 0.2, "shock_sd": 0.3}
"""The package's priors where a plan without posteriors names none (study/priors.py)."""


def _squared_weights(panel: Panel) -> float:
    """The sum of the treated districts' squared shares of the children."""
    cells = panel.cells
    mine = cells[(cells["group"] == "treated") & (cells["unit_kind"] == "district") & cells["denominator"].notna()]
    money = mine[mine["kind"] == "person_years"]
    sizes = money.groupby("unit")["denominator"].sum().to_numpy()
    return float(np.square(sizes / sizes.sum()).sum()) if sizes.sum() > 0 else 1.0 / max(mine["unit"].nunique(), 1)


def _treated(panel: Panel, target: Target) -> pd.DataFrame:
    cells = panel.outcome(target.outcome)
    mine = cells[cells["group"] == "treated"]
    if mine.empty or mine["value"].isna().any():
        raise refuse("target_no_figure")
    if not mine["kind"].isin(COUNTED).all():
        raise refuse("target_kind", found=str(mine["kind"].iloc[0]))
    return mine


def _years(cells: pd.DataFrame) -> pd.Series:
    days = (cells["end"] - cells["start"]).dt.days + 1
    return days / np.where(cells["start"].dt.is_leap_year, 366.0, 365.0)


def _figures(panel: Panel, study: PanelStudy, target: Target) -> Iterator[Figure]:
    """The last period before, at the main follow-up, and at the end of the figures, in children."""
    mine = _treated(panel, target)
    present = mine["kind"].iloc[0] != "events"
    share = CATALOGUE[target.outcome].family == "share"
    for moment, period in _periods(mine, study).items():
        here = mine[mine["period"] == period]
        length = _years(here) if present else 1.0
        below = float((here["denominator"] / length).sum()) if share else None
        yield Figure(moment, here["end"].iloc[0].date(), float((here["value"] / length).sum()), below)


def _periods(cells: pd.DataFrame, study: PanelStudy) -> dict[Moment, str]:
    """The period that stands for each moment."""
    periods = cells.drop_duplicates("period").sort_values("end")
    found: dict[Moment, str] = {}
    before = cells_before(periods, study.periods)
    if not before.empty:
        found["before"] = str(before["period"].iloc[-1])
    ends = periods["end"].dt.date
    after = periods[(ends > study.periods.baseline) & (ends <= study.periods.follow_up)]
    if not after.empty:
        found["mid_term"] = str(after["period"].iloc[-1])
    later = periods[(ends > study.periods.follow_up) & (ends <= study.periods.hard_stop)]
    if not later.empty:
        found["final"] = str(later["period"].iloc[-1])
    return found


def _in_time(target: Target, study: PanelStudy, registers: Registers) -> Iterator[Figure]:
    """Deadlines of the target's rule that were met, of all that were settled in a period, in the treated districts."""
    tables, frame, codes = registers
    assert target.follow_up is not None, "it has a rule of its own"
    found = in_time(tables, frame, codes, target.follow_up, target.of)
    starts, ends = (pd.to_datetime(list(days)) for days in zip(*study.grid.spans, strict=True))
    table = pd.DataFrame(
        {"period": frame.windows.labels, "start": starts, "end": ends, "met": found.met, "due": found.due}
    )
    kept = table[(table["due"] > 0) & (table["start"] >= found.kept)]
    for moment, period in _periods(kept, study).items():
        row = kept[kept["period"] == period].iloc[0]
        yield Figure(moment, row["end"].date(), float(row["met"]), float(row["due"]))


def _saving(panel: Panel, study: PanelStudy, target: Target) -> dict[str, object]:
    """The saving of a calendar year against the ratio-scaled counterfactual, district by district.

    A year that ends before the target's date is not held against it. The probability is that of a confidence
    distribution: there is no prior, and what one year said is no prior of the next.
    """
    spent = children_spent(panel, study)
    before, children = spent.a_year(spent.before), spent.children
    n = float(children[spent.treated].sum())
    moments: list[TargetMoment] = []
    days: dict[Moment, date] = {"mid_term": study.periods.follow_up, "final": study.periods.hard_stop}
    for moment, day in days.items():
        mine = np.array([start.year == day.year for start in spent.start])
        if not mine.any() or (moments and day == moments[-1].day):
            continue
        after = spent.a_year(mine)
        found = ratio_scaled(*zip(spent.of_groups(before), spent.of_groups(after), strict=True)).saving
        one = TargetMoment(moment=moment, day=day, status="not_due", registered=found)
        if day.year >= target.date.year and target.value is not None:
            test = calibrated_test(
                districts(ratio_changes(before, after, spent.treated, children), spent.treated, weights=children),
                1 - study.level,
            )
            half = n * (test.upper - test.lower) / 2
            scale = half / special.stdtrit(test.df, (1 + study.level) / 2)
            above = float(special.stdtr(test.df, -(target.value - found) / scale))
            one = one.model_copy(
                update={
                    "status": "computed",
                    "meets": on_its_side(target, found),
                    "probability": above if target.direction == "at_least" else 1 - above,
                    "middle": found,
                    "lower": found - half,
                    "upper": found + half,
                }
            )
        moments.append(one)
    return {"moments": tuple(moments), "assumptions": ("parallel_trends_log", "confidence_distribution")}
