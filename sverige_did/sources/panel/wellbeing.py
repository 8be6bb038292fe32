"""SDQ forms that can be compared, and the mean of their total difficulties by district and period.

Who answers moves the score, and the programme changes who can answer: a child that leaves an institution is no longer
rated by its staff. So a child counts by the kind of informant of its first form only. Where several answered on that
first day, the parents come before those whom a placement or the programme can replace: the order of :data:`FORM`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.sources.panel.frame import FloatArray, PanelFrame, Tables
from sverige_did.sources.panel.tally import Tally, by_district
from sverige_did.sources.sdq.scores import AGES, ITEMS, Informant, SdqScores, score
from sverige_did.sources.spells.spells import IntArray, day_number

FORM: dict[str, Informant] = {
    "parent": "parent",
    "foster_parent": "parent",
    "teacher": "teacher",
    "staff": "teacher",
    "self": "self",
}
"""The form that each informant fills in, in the order of who counts of several on one day; the scoring of a form is
the same whoever fills it in."""

_ITEMS = [f"q{item}" for item in range(1, 26)]


class Forms(NamedTuple):
    """Forms of the informant who answered first, with a total; (n,) each, in the order of child and day.

    ``informant`` is the register's word for who answered, ``scores.informant`` the form that it is (:data:`FORM`).
    ``impact`` is NaN where the supplement was not delivered. The counts say how many forms were left out: by another
    informant than first, with no form for the age, without a total.
    """

    child: IntArray
    day: IntArray
    informant: NDArray[np.str_]
    scores: SdqScores
    impact: FloatArray
    other_informant: int
    out_of_age: int
    without_total: int

    def rows(self, kept: NDArray[np.bool_] | IntArray) -> Forms:
        """Some of the forms, by number or by a mask."""
        return self._replace(
            child=self.child[kept],
            day=self.day[kept],
            informant=self.informant[kept],
            scores=self.scores.take(kept),
            impact=self.impact[kept],
        )


def comparable_forms(tables: Tables, panel_frame: PanelFrame) -> Forms:
    """The forms of the register that may stand beside each other."""
    rows = _in_order(tables["sdq_waves"].usable())
    same = rows["informant"] == rows.groupby("child")["informant"].transform("first")
    kept = rows[same]
    day = day_number(kept["date"].to_numpy())
    age = _ages(kept, day, panel_frame)
    of_age = _has_form(kept["informant"], age)
    kept, day, age = kept[of_age], day[of_age], age[of_age]
    scores = _scores(kept, age)
    forms = Forms(
        child=panel_frame.codes(kept["child"]),
        day=day,
        informant=kept["informant"].to_numpy(dtype=np.str_),
        scores=scores,
        impact=kept["impact"].to_numpy(dtype=np.float64),
        other_informant=int((~same).sum()),
        out_of_age=int((~of_age).sum()),
        without_total=int(np.isnan(scores.total).sum()),
    )
    return forms.rows(~np.isnan(scores.total))


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """By child, day and informant, of whom the register has one form a day: however the rows were delivered."""
    rank = rows["informant"].map({name: at for at, name in enumerate(FORM)})
    return rows.assign(rank=rank).sort_values(["child", "date", "rank"], kind="stable").drop(columns="rank")


def wellbeing(forms: Forms, panel_frame: PanelFrame, source: str) -> Tally:
    """Mean total difficulties (``sdq_total``: 0-40, higher is worse) of so many ``sdq_forms``."""
    mean, number = mean_of_forms(panel_frame, forms.child, forms.day, forms.scores.total)
    return by_district(panel_frame, "mean", source, {"sdq_total": mean}, sdq_forms=number)


def mean_of_forms(
    panel_frame: PanelFrame, child: IntArray, day: IntArray, value: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(D, T) the mean of one number a form, NaN where there is none, and how many forms there are.

    Each distinct number is counted like an event, times its size.
    """
    number, sums = panel_frame.count(child, day), np.zeros(panel_frame.shape)
    for points in np.unique(value):
        mine = value == points
        sums += points * panel_frame.count(child[mine], day[mine])
    return np.divide(sums, number, out=np.full_like(sums, np.nan), where=number > 0), number


def _ages(rows: pd.DataFrame, day: IntArray, panel_frame: PanelFrame) -> FloatArray:
    """The age in the form, else the one that follows from the half-year of birth."""
    reckoned = np.floor((day - panel_frame.born[panel_frame.codes(rows["child"])]) / 365.25)
    written = rows["age"].to_numpy(dtype=np.float64)
    return np.where(np.isnan(written), reckoned, written)


def _has_form(informant: pd.Series[str], age: FloatArray) -> NDArray[np.bool_]:
    limits = np.array([AGES[FORM[name]] for name in informant]).reshape(len(informant), 2)
    fits: NDArray[np.bool_] = (age >= limits[:, 0]) & (age <= limits[:, 1])
    return fits


def _scores(rows: pd.DataFrame, age: FloatArray) -> SdqScores:
    """The scores from the items; from the delivered scales where a form has no items."""
    items = rows[_ITEMS].to_numpy(dtype=np.float64).reshape(len(rows), len(_ITEMS))
    scored = score(items, rows["informant"].map(FORM).to_numpy(dtype=np.str_), age)
    bare = np.isnan(items).all(axis=1)
    scales = {name: np.where(bare, rows[name].to_numpy(dtype=np.float64), scored.scale(name)) for name in ITEMS}
    return replace(scored, **scales)
