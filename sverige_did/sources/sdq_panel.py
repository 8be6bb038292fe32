"""The total difficulties score of the SDQ to cells: means by district and period, of forms that can be compared.

Who answers moves the score, and the programme changes who can answer: a child that leaves an institution is no longer
rated by its staff. So a child counts by the kind of informant of its first form only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.sources.panel_frame import FloatArray, Setting, Tables, lay
from sverige_did.sources.sdq import AGES, Informant, score
from sverige_did.sources.spells import IntArray, day_number

FORM: dict[str, Informant] = {
    "parent": "parent",
    "foster_parent": "parent",
    "teacher": "teacher",
    "staff": "teacher",
    "self": "self",
}
"""The form that each informant fills in; the scoring of a form is the same whoever fills it in."""

_ITEMS = [f"q{item}" for item in range(1, 26)]
_DIFFICULTIES = ["emotion", "conduct", "hyper", "peer"]


class SdqCells(NamedTuple):
    """The cells, and how many forms were left out: another informant than first, no form for the age, no total."""

    cells: list[pd.DataFrame]
    other_informant: int
    out_of_age: int
    without_total: int


def sdq_cells(tables: Tables, setting: Setting) -> SdqCells:
    """Mean total difficulties (0-40, higher is worse); the denominator of a cell is its number of forms."""
    table = tables["sdq_waves"]
    rows = table.usable().sort_values(["child", "date"], kind="stable")
    first = rows.groupby("child")["informant"].transform("first")
    same = rows["informant"] == first
    kept = rows[same]
    day = day_number(kept["date"].to_numpy())
    age = _ages(kept, day, setting)
    of_age = _has_form(kept["informant"], age)
    kept, day, age = kept[of_age], day[of_age], age[of_age]
    total = _totals(kept, age)
    known = ~np.isnan(total)
    child = setting.codes(kept["child"])[known]
    forms, sums = setting.count(child, day[known]), _sums(setting, child, day[known], total[known])
    mean = np.divide(sums, forms, out=np.full_like(sums, np.nan), where=forms > 0)
    cells = lay("wellbeing_sdq", "mean", setting.units, setting.windows.labels, mean, forms, table.file)
    return SdqCells([cells], int((~same).sum()), int((~of_age).sum()), int((~known).sum()))


def _sums(setting: Setting, child: IntArray, day: IntArray, total: FloatArray) -> FloatArray:
    """(D, T) sums of whole scores: each distinct score is counted like an event, times its size."""
    sums = np.zeros(setting.shape)
    for points in np.unique(total):
        mine = total == points
        sums += points * setting.count(child[mine], day[mine])
    return sums


def _ages(rows: pd.DataFrame, day: IntArray, setting: Setting) -> FloatArray:
    """The age in the form, else the one that follows from the half-year of birth."""
    reckoned = np.floor((day - setting.born[setting.codes(rows["child"])]) / 365.25)
    written = rows["age"].to_numpy(dtype=np.float64)
    return np.where(np.isnan(written), reckoned, written)


def _has_form(informant: pd.Series[str], age: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    limits = np.array([AGES[FORM[name]] for name in informant]).reshape(len(informant), 2)
    fits: np.ndarray[tuple[int], np.dtype[np.bool_]] = (age >= limits[:, 0]) & (age <= limits[:, 1])
    return fits


def _totals(rows: pd.DataFrame, age: FloatArray) -> FloatArray:
    """The total from the items; from the four scales of difficulties where a form has no items."""
    delivered = rows[_DIFFICULTIES].sum(axis=1, skipna=False).to_numpy(dtype=np.float64)
    items = rows[_ITEMS].to_numpy(dtype=np.float64)
    if not len(rows):
        return delivered
    forms = rows["informant"].map(FORM).to_numpy(dtype=np.str_)
    scored = score(items, forms, age).total
    return np.where(np.isnan(items).all(axis=1), delivered, scored)
