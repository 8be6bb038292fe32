"""SDQ forms judged by the plan, as cells: bands of norms, change beyond measurement error, the added-value score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sverige_did.errors import InputError, Problem, refuse
from sverige_did.sources.panel.frame import FloatArray, PanelFrame, Tables
from sverige_did.sources.panel.tally import Tally, by_district
from sverige_did.sources.panel.wellbeing import FORM, Forms, mean_of_forms
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.sources.sdq.change import added_value, reliable_change, smallest_reliable_change
from sverige_did.sources.sdq.norms import ABNORMAL, BORDERLINE, NO_NORM, Band, Norm, bands, danish_parent_norms
from sverige_did.study.blocks import AddedValue, Sdq
from sverige_did.study.blocks import ReliableChange as ReliableChangeRule

MONTH = 365.25 / 12
SEX = {"girl": "girls", "boy": "boys"}


class Judged(NamedTuple):
    """What was counted; how many forms no norm was made for, how many second forms the formula does not hold for."""

    counted: list[Tally]
    without_norm: int
    without_added_value: int


NormsByInformant = Mapping[str, tuple[Norm, ...]]
"""Norms by the register's word for who answers."""


class _Pairs(NamedTuple):
    """Each form after a child's first one (``after``) beside that first one (``before``)."""

    before: Forms
    after: Forms


def judged(forms: Forms, tables: Tables, panel_frame: PanelFrame, source: str) -> Judged:
    """What the plan's block ``sdq`` asks for, and no more.

    Raises RefusedError as ``bands``, ``reliable_change`` and ``added_value`` do, and InputError
    (``panel_register_missing``) when delivered norms are asked for and there are none.
    """
    rules = panel_frame.rules.sdq or Sdq()
    counted: list[Tally] = []
    without_norm = without_added_value = 0
    if rules.norms is not None:
        found, without_norm = _in_bands(forms, rules, _norms(rules, tables), tables, panel_frame, source)
        counted.append(found)
    pairs = _pairs(forms)
    if rules.reliable_change is not None:
        counted.append(_changed(pairs, rules.reliable_change, panel_frame, source))
    if rules.added_value is not None:
        found, without_added_value = _added(pairs, rules.added_value, panel_frame, source)
        counted.append(found)
    return Judged(counted, without_norm, without_added_value)


def _norms(rules: Sdq, tables: Tables) -> NormsByInformant:
    if rules.norms == "danish_parents_5_7":
        return {"parent": danish_parent_norms()}
    if "sdq_norms" not in tables:
        raise InputError(Problem("panel_register_missing", file="sdq_norms"))
    return delivered_norms(tables["sdq_norms"])


def delivered_norms(table: RegisterTable) -> NormsByInformant:
    """The register of norms as norms; ages are written »5-7«. Raises InputError that names each row at fault."""
    norms: dict[str, tuple[Norm, ...]] = {}
    problems = []
    for row, cells in table.usable().iterrows():
        low, _, high = str(cells["age"]).replace("–", "-").partition("-")
        values = {
            "country": cells["country"],
            "informant": FORM[cells["informant"]],
            "age_from": low.strip(),
            "age_to": (high or low).strip(),
            "sex": SEX.get(cells["sex"], cells["sex"]),
            "scale": cells["scale"],
            "borderline_from": cells["borderline_from"],
            "abnormal_from": cells["abnormal_from"],
            "source": cells["source"],
        }
        try:
            norms[cells["informant"]] = (*norms.get(cells["informant"], ()), Norm.model_validate(values))
        except ValueError:
            problems.append(Problem("sdq_norm_invalid", file=table.file, row=int(str(row))))
    if problems:
        raise InputError(*problems)
    return norms


def _in_bands(
    forms: Forms, rules: Sdq, norms: NormsByInformant, tables: Tables, panel_frame: PanelFrame, source: str
) -> tuple[Tally, int]:
    """Forms in the two upper bands of the total over those ``sdq_judged``, and how many forms were left out: those of
    children whom no norm fits by age, or by sex where the norms differ by sex."""
    band = _bands(forms, rules, norms, sex_of(tables, panel_frame)[forms.child])
    fits = band != NO_NORM
    found = band[fits]
    values, number = _some(
        forms.rows(fits), panel_frame, sdq_borderline=found == BORDERLINE, sdq_abnormal=found == ABNORMAL
    )
    return by_district(panel_frame, "cases", source, values, sdq_judged=number), int((~fits).sum())


def _bands(forms: Forms, rules: Sdq, norms: NormsByInformant, sex: NDArray[np.str_]) -> Band:
    """The band of each form by the norms of its own informant, else of whoever the form is made for (staff fill in the
    teacher's). Raises ``sdq_no_norm`` for an informant with neither."""
    band = np.full(len(forms.child), NO_NORM)
    for informant in np.unique(forms.informant):
        mine = np.flatnonzero(forms.informant == informant)
        own = norms.get(informant) or norms.get(FORM[informant])
        if own is None:
            raise refuse(
                "sdq_no_norm", found=str(informant), expected=", ".join(norms) or None, count=len(mine), scale="total"
            )
        band[mine] = bands(
            forms.scores.take(mine), "total", own, population=rules.population, sex=sex[mine],
            accept_foreign=rules.accept_foreign_norms,
        )  # fmt: skip
    return band


def sex_of(tables: Tables, panel_frame: PanelFrame) -> NDArray[np.str_]:
    """(C,) ``girls``, ``boys`` or ``unknown`` for every child of the setting."""
    children = tables["children"].usable().drop_duplicates("child").set_index("child")["sex"]
    sex: NDArray[np.str_] = children.reindex(panel_frame.children).map(SEX).fillna("unknown").to_numpy(dtype=np.str_)
    return sex


def _some(
    forms: Forms, panel_frame: PanelFrame, **among: NDArray[np.bool_]
) -> tuple[dict[str, FloatArray], FloatArray]:
    """(D, T) how many forms are among those marked (n,), NaN where there is none at all; and how many there are."""
    number = panel_frame.count(forms.child, forms.day)
    counts = {name: panel_frame.count(forms.child[of], forms.day[of]) for name, of in among.items()}
    return {name: np.where(number > 0, count, np.nan) for name, count in counts.items()}, number


def _pairs(forms: Forms) -> _Pairs:
    """Forms are in the order of child and day, so the first of each child comes first."""
    _, first, child = np.unique(forms.child, return_index=True, return_inverse=True)
    again = np.arange(len(forms.child)) != first[child]
    return _Pairs(forms.rows(first[child][again]), forms.rows(again))


def _changed(pairs: _Pairs, rule: ReliableChangeRule, panel_frame: PanelFrame, source: str) -> Tally:
    """Later forms whose total is reliably lower or higher than the child's first one, over all of them
    (``sdq_again``)."""
    smallest = smallest_reliable_change(sd=rule.sd, reliability=rule.reliability)
    found = reliable_change(pairs.before.scores, pairs.after.scores, "total", smallest)
    values, number = _some(pairs.after, panel_frame, sdq_better=found == -1, sdq_worse=found == 1)
    return by_district(panel_frame, "cases", source, values, sdq_again=number)


def _added(pairs: _Pairs, rule: AddedValue, panel_frame: PanelFrame, source: str) -> tuple[Tally, int]:
    """The mean added-value score of the second forms that the formula holds for."""
    months: FloatArray = (pairs.after.day - pairs.before.day) / MONTH
    holds = (pairs.after.scores.informant == "parent") & ~np.isnan(pairs.before.impact)
    holds &= (months >= rule.months[0]) & (months <= rule.months[1])
    before, after = pairs.before.rows(holds), pairs.after.rows(holds)
    value = added_value(before.scores, before.impact, after.scores, months[holds], rule)
    mean, number = mean_of_forms(panel_frame, after.child, after.day, value)
    counted = by_district(panel_frame, "mean", source, {"sdq_added": mean}, sdq_added_forms=number)
    return counted, int((~holds).sum())
