"""Events and cases to cells: breakdowns, complaints, follow-ups and how many of them came in time."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.errors import refuse
from sverige_did.sources.panel.deadlines import DAYS_IN_MONTH, Deadlines, deadlines, given_deadlines
from sverige_did.sources.panel.frame import FloatArray, PanelFrame, Tables, registered
from sverige_did.sources.panel.tally import Tally, by_district
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.spells.person_years import person_years
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, BoolArray, day_number
from sverige_did.study.blocks import FollowUpTarget

HALF_YEARS = 2.0
"""Half-years in a year: follow-ups are counted per case and half-year."""


def case_years(tables: Tables, panel_frame: PanelFrame) -> FloatArray:
    """(D, T) years that cases were open, in the district where the plan counts the child; every case of a child."""
    frame = tables["cases"].usable()
    spells = panel_frame.spells(frame, "opened", "closed", np.zeros(len(frame), dtype=np.int64))
    districts = [UNKNOWN_DISTRICT, *range(panel_frame.shape[0])]
    return person_years(spells, panel_frame.windows, districts=districts, rungs=[0])[1:, 0]


def breakdowns(tables: Tables, panel_frame: PanelFrame, placed: FloatArray) -> Tally | None:
    """``breakdowns``, over placement-years (``placed``, (D, T)).

    From the register of breakdowns; where it was not delivered, from the placements that ended in one.
    """
    if "breakdowns" in tables:
        table, when = tables["breakdowns"], "date"
        rows = table.usable()
    else:
        table, when = tables["placements"], "end"
        rows = table.usable()
        if rows["end_reason"].isna().all():
            return None
        rows = rows[(rows["end_reason"] == "breakdown") & rows["end"].notna()]
    return _events("breakdowns", _count(rows, when, panel_frame), panel_frame, table.file, placed=placed)


def complaints(tables: Tables, panel_frame: PanelFrame, years: FloatArray) -> Tally:
    """``complaints``, over ``case_years``, where every complaint names its case."""
    rows, cases = tables["complaints"].usable(), tables["cases"].usable()
    child = rows["case"].map(cases.drop_duplicates("case").set_index("case")["child"])
    if child.isna().any():
        raise refuse("panel_complaint_case", count=int(child.isna().sum()))
    count = _count(rows.assign(child=child), "date", panel_frame)
    return _events("complaints", count, panel_frame, tables["complaints"].file, case_years=years)


def follow_ups(tables: Tables, panel_frame: PanelFrame, years: FloatArray) -> list[Tally]:
    """``follow_ups`` done, over ``case_half_years``; those ``in_time`` over those ``due`` where it can be known."""
    table = tables["follow_ups"]
    rows = table.usable()
    done = _count(rows[rows["done"].notna()], "done", panel_frame)
    made = _events("follow_ups", done, panel_frame, table.file, case_half_years=HALF_YEARS * years)
    met = _deadlines(tables, panel_frame)
    if met is None:
        return [made]
    in_time = {"in_time": panel_frame.count(met.child[met.met], met.day[met.met])}
    return [made, by_district(panel_frame, "events", table.file, in_time, due=panel_frame.count(met.child, met.day))]


def _deadlines(tables: Tables, panel_frame: PanelFrame) -> Deadlines | None:
    """The dates in the register where it has them, else those that the plan's target sets; None without either."""
    rows = tables["follow_ups"].usable()
    if rows["due"].notna().any():
        with_date = rows[rows["due"].notna()]
        return given_deadlines(
            panel_frame.codes(with_date["child"]),
            day_number(with_date["due"].to_numpy()),
            day_number(with_date["done"].to_numpy()),
        )
    target = panel_frame.rules.follow_up
    return None if target is None else by_rule(tables, panel_frame, target)


def by_rule(
    tables: Tables, panel_frame: PanelFrame, target: FollowUpTarget, which: BoolArray | None = None
) -> Deadlines:
    """The deadlines that a rule sets for the measures of the register of placements, or ``which`` of its rows."""
    rows, measures = tables["follow_ups"].usable(), tables["placements"].usable()
    measures = measures if which is None else measures[which]
    spells = panel_frame.spells(measures, "start", "end", np.zeros(len(measures), dtype=np.int64))
    done = rows[rows["done"].notna()]
    names = pd.Index(pd.concat([measures["measure"], done["measure"]]).unique())
    assert spells.row is not None, "make_spells numbers them"
    return deadlines(
        spells,
        names.get_indexer(pd.Index(measures["measure"]))[spells.row],
        panel_frame.codes(done["child"]),
        names.get_indexer(pd.Index(done["measure"])),
        day_number(done["done"].to_numpy()),
        first_months=target.first_months,
        then_months=target.then_months,
    )


FOLLOWED = frozenset({"districts", "children", "residences", "placements", "follow_ups"})
"""The registers that follow-ups are counted from by a rule."""


class InTime(NamedTuple):
    """Deadlines of a rule in the treated districts by period (T,): those ``met`` and all that were ``due``.

    Periods from ``kept`` on: what was due soon after the register began may have been done before it did.
    """

    met: FloatArray
    due: FloatArray
    kept: pd.Timestamp


def in_time(
    tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes, target: FollowUpTarget,
    of: Literal["all", "placed", "preventive"],
) -> InTime:  # fmt: skip
    """Deadlines that a rule of its own sets for some of the measures.

    Raises RefusedError ``target_no_follow_ups`` where the register was not delivered.
    """
    if "follow_ups" not in tables:
        raise refuse("target_no_follow_ups")
    measures = tables["placements"].usable()["measure"]
    placed = codes.place(measures, ladder=panel_frame.rules.home_based)["placed"].to_numpy(dtype=bool)
    found = by_rule(
        tables, panel_frame, target, {"all": np.ones_like(placed), "placed": placed, "preventive": ~placed}[of]
    )
    met, due = (
        panel_frame.count(found.child[rows], found.day[rows])[panel_frame.treated].sum(axis=0)
        for rows in (found.met, np.ones_like(found.met))
    )
    rows = tables["follow_ups"].usable()
    first = rows["done"].min() if rows["due"].isna().all() else min(rows["done"].min(), rows["due"].min())
    longest = max(target.first_months, target.then_months or 0.0)
    return InTime(met, due, first + pd.Timedelta(days=longest * DAYS_IN_MONTH))


def _count(rows: pd.DataFrame, when: str, panel_frame: PanelFrame) -> FloatArray:
    return panel_frame.count(panel_frame.codes(rows["child"]), day_number(rows[when].to_numpy()))


def _events(name: str, count: FloatArray, panel_frame: PanelFrame, source: str, **over: FloatArray) -> Tally:
    value = np.where(registered(count, panel_frame.units), count, np.nan)
    return by_district(panel_frame, "events", source, {name: value}, **over)
