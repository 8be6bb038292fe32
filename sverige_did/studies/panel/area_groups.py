"""One outcome of registers as groups among many areas: as many districts, cases and years as the study has.

Its difference is that of the groups' totals and told in steps of :data:`STEP` only, so that no small number of children
can be worked out from where it lies in a distribution that everybody can see.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sverige_did.checks.placebo_areas import SmallGroups
from sverige_did.errors import refuse
from sverige_did.panel import COUNTED
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.areas import Compared, compared
from sverige_did.studies.panel.outcome_data import OutcomeData
from sverige_did.studies.panel.seen import Seen

STEP = 0.25
"""Of the difference in log-odds or logarithms."""

MANY = 1
"""So many times the smallest number that is released has each group to have a year, on either side of the count."""

DAYS = 365.25


def among_areas(seen: Seen[OutcomeData]) -> CheckResult | None:
    """The difference among those of areas; nothing to ask of what is not counted, and without areas of all but one.

    Raises RefusedError as :func:`own_groups`.
    """
    data = seen.data
    areas = data.study.areas
    if not data.cells["kind"].isin(COUNTED).all() or data.cells["denominator"].isna().any():
        return None
    if areas is None:
        return compared(None, Compared(data.name, SmallGroups(1, 1, (1, 1)), 0.0)) if seen.drawn else None
    return compared(areas, own_groups(data)) if areas.of(data.name) else None


def own_groups(data: OutcomeData) -> Compared:
    """What is imitated, and the study's own difference.

    Cases are whole ones a district and year, periods are rounded to years. Raises RefusedError ``areas_few_children``
    where a group has so few cases (or, of a share, others) in a year that its difference would tell of them.
    """
    sides = {"before": data.before(), "after": data.after()}
    share = data.entry.family == "share"
    a_year = {when: _a_year(cells) for when, cells in sides.items()}
    cases = np.array([[a_year[when].loc[group, "value"] for when in sides] for group in ("treated", "control")])
    base = np.array([[a_year[when].loc[group, "denominator"] for when in sides] for group in ("treated", "control")])
    others = base - cases if share else cases
    fewest = MANY * max(data.study.hidden_below, 1)
    if min(cases.min(), others.min()) < fewest:
        raise refuse("areas_few_children", found=data.name, expected=f">= {fewest}")
    level = np.log(cases / (others if share else base))
    effect = float((level[0, 1] - level[0, 0]) - (level[1, 1] - level[1, 0]))
    units = data.cells.groupby("group")["unit"].nunique()
    each = [max(1.0, float(round(cases[at, 0] / units[group]))) for at, group in enumerate(("treated", "control"))]
    before, after = (_years(cells) for cells in sides.values())
    donut = (sides["after"]["start"].min() - sides["before"]["end"].max()).days / DAYS
    snapshots = (data.cells["start"] == data.cells["end"]).all()
    apart = max(1, round(donut) if snapshots else 1 + int(donut))
    groups = SmallGroups(int(units["treated"]), int(units["control"]), (each[0], each[1]), before, after, apart)
    return Compared(data.name, groups, STEP * round(effect / STEP))


def _a_year(cells: pd.DataFrame) -> pd.DataFrame:
    """The mean of values and denominators of a group at any time: of person-years by their length."""
    days = (cells["end"] - cells["start"]).dt.days + 1
    length = days / DAYS if (cells["kind"] == "person_years").all() else pd.Series(1.0, index=cells.index)
    whole = cells.assign(value=cells["value"] / length, denominator=cells["denominator"] / length)
    return whole.groupby("group")[["value", "denominator"]].sum() / cells["period"].nunique()


def _years(cells: pd.DataFrame) -> int:
    """How many years the periods of a window span, at least one."""
    ends = cells["end"].drop_duplicates().sort_values()
    step = ends.diff().dt.days.median() / DAYS if len(ends) > 1 else 1.0
    return max(1, round(len(ends) * step))
