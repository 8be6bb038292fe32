"""Events and cases to cells: breakdowns, complaints, follow-ups and how many of them came in time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sverige_did.errors import refuse
from sverige_did.sources.panel.deadlines import Deadlines, deadlines, given_deadlines
from sverige_did.sources.panel.frame import FloatArray, Setting, Tables, lay, registered
from sverige_did.sources.spells.person_years import person_years
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, day_number

HALF_YEARS = 2.0
"""Half-years in a year: follow-ups are counted per case and half-year."""


def case_years(tables: Tables, setting: Setting) -> FloatArray:
    """(D, T) years that cases were open, in the district where the plan counts the child; every case of a child."""
    frame = tables["cases"].usable()
    spells = setting.spells(frame, "opened", "closed", np.zeros(len(frame), dtype=np.int64))
    D, T = setting.shape
    districts = [UNKNOWN_DISTRICT, *range(D)]
    found = person_years(spells, setting.windows, overlap="count_both", districts=districts, rungs=[0])
    return found.table["person_years"].to_numpy().reshape(D + 1, T)[1:]


def breakdown_cells(tables: Tables, setting: Setting, placed: FloatArray) -> list[pd.DataFrame]:
    """Breakdowns per placement-year and per resident child; ``placed`` (D, T) are person-years of the placed.

    From the register of breakdowns; where it was not delivered, from the placements that ended in one.
    """
    if "breakdowns" in tables:
        table, when = tables["breakdowns"], "date"
        rows = table.usable()
    else:
        table, when = tables["placements"], "end"
        rows = table.usable()
        if rows["end_reason"].isna().all():
            return []
        rows = rows[(rows["end_reason"] == "breakdown") & rows["end"].notna()]
    return _events("breakdowns", _count(rows, when, setting), setting, placed, table.file)


def complaint_cells(tables: Tables, setting: Setting, years: FloatArray) -> list[pd.DataFrame]:
    """Complaints per case-year and per resident child, where every complaint names its case."""
    rows, cases = tables["complaints"].usable(), tables["cases"].usable()
    child = rows["case"].map(cases.drop_duplicates("case").set_index("case")["child"])
    if child.isna().any():
        raise refuse("panel_complaint_case", count=int(child.isna().sum()))
    return _events(
        "complaints", _count(rows.assign(child=child), "date", setting), setting, years, tables["complaints"].file
    )


def follow_up_cells(tables: Tables, setting: Setting, years: FloatArray) -> list[pd.DataFrame]:
    """Follow-ups done per case and half-year, and per resident child; the share done in time where it can be known."""
    table = tables["follow_ups"]
    rows = table.usable()
    done = _count(rows[rows["done"].notna()], "done", setting)
    cells = _events("follow_ups", done, setting, HALF_YEARS * years, table.file)
    met = _deadlines(tables, setting)
    if met is None:
        return cells
    due = setting.count(met.child, met.day)
    in_time = setting.count(met.child[met.met], met.day[met.met])
    return [
        *cells,
        lay("follow_ups_on_time", "events", setting.units, setting.windows.labels, in_time, due, table.file),
    ]


def _deadlines(tables: Tables, setting: Setting) -> Deadlines | None:
    """The dates in the register where it has them, else those that the plan's target sets; None without either."""
    rows = tables["follow_ups"].usable()
    if rows["due"].notna().any():
        with_date = rows[rows["due"].notna()]
        return given_deadlines(
            setting.codes(with_date["child"]),
            day_number(with_date["due"].to_numpy()),
            day_number(with_date["done"].to_numpy()),
        )
    target = setting.rules.follow_up
    if target is None:
        return None
    measures = tables["placements"].usable()
    spells = setting.spells(measures, "start", "end", np.zeros(len(measures), dtype=np.int64))
    done = rows[rows["done"].notna()]
    names = pd.Index(pd.concat([measures["measure"], done["measure"]]).unique())
    assert spells.reason is not None, "setting.spells numbers them"
    return deadlines(
        spells,
        names.get_indexer(pd.Index(measures["measure"]))[spells.reason],
        setting.codes(done["child"]),
        names.get_indexer(pd.Index(done["measure"])),
        day_number(done["done"].to_numpy()),
        first_months=target.first_months,
        then_months=target.then_months,
    )


def _count(rows: pd.DataFrame, when: str, setting: Setting) -> FloatArray:
    return setting.count(setting.codes(rows["child"]), day_number(rows[when].to_numpy()))


def _events(name: str, count: FloatArray, setting: Setting, exposure: FloatArray, source: str) -> list[pd.DataFrame]:
    units, labels = setting.units, setting.windows.labels
    value = np.where(registered(count, units), count, np.nan)
    return [
        lay(name, "events", units, labels, value, exposure, source),
        lay(f"{name}_per_1000", "events", units, labels, value, setting.resident_years, source),
    ]
