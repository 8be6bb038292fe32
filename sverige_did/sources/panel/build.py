"""Registers to the panel: every outcome that the delivered registers can carry, and what was left out on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.panel import Panel
from sverige_did.sources.panel import events, teams_and_accounts
from sverige_did.sources.panel.first_exits import first_exits, first_stays
from sverige_did.sources.panel.frame import FloatArray, PanelFrame, Tables, make_panel_frame
from sverige_did.sources.panel.moves import count_moves, moves
from sverige_did.sources.panel.placements import (
    Placed,
    Placements,
    count_placed,
    placed_years,
    placements,
    secure_years,
    spending,
)
from sverige_did.sources.panel.posted import postings_apart, with_accounts
from sverige_did.sources.panel.reconcile import accounts_apart, counts_apart
from sverige_did.sources.panel.tally import Tally
from sverige_did.sources.panel.wellbeing import comparable_forms, wellbeing
from sverige_did.sources.panel.wellbeing_bands import judged
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.study.study import PanelStudy
from sverige_did.windows import last_start


class Built(NamedTuple):
    """The panel, and remarks on what of the registers is not in it (problems of severity ``warning``)."""

    panel: Panel
    remarks: tuple[Problem, ...]


class _Ground(NamedTuple):
    """What the outcomes share."""

    tables: Tables
    panel_frame: PanelFrame
    codes: MeasureCodes
    placements: Placements
    placed: Placed
    case_years: FloatArray | None


Part = tuple[list[Tally], list[Problem]]


def build(tables: Tables, study: PanelStudy, codes: MeasureCodes, *, stay_on: int = 0) -> Built:
    """The panel of a study of kind ``panel``.

    ``tables`` are the registers by name, each of which must be usable; one that was not delivered gives no outcomes.
    ``stay_on``: what would have been counted, had those who came of age while placed stayed so many days longer.
    Raises RefusedError and InputError as :func:`~sverige_did.sources.panel.frame.make_panel_frame` and the outcomes do:
    for what ``read_folder`` reports as errors, and for teams and account functions that nobody has explained.
    """
    panel_frame = make_panel_frame(tables, study)
    tables = with_accounts(tables, panel_frame, codes)
    spells = placements(tables["placements"], panel_frame, codes, stay_on=stay_on)
    ground = _Ground(
        tables=tables,
        panel_frame=panel_frame,
        codes=codes,
        placements=spells,
        placed=count_placed(spells.spells, panel_frame),
        case_years=events.case_years(tables, panel_frame) if "cases" in tables else None,
    )
    parts = [count(ground) for register, count in COUNTERS if register in tables]
    remarks = [*_not_yet(ground), *(one for _, said in parts for one in said)]
    cells = [one for found, _ in parts for counted in found for one in counted.cells()]
    table = pd.concat(cells, ignore_index=True)
    # What no register holds is no cell: a missing cell would say that it was registered and lost (design.py).
    # Nor is what a district that counts as a control does once it has begun.
    begins = table["unit"].map(panel_frame.units.set_index("unit")["begins"])
    known = (table["status"] != "missing") & ~((table["group"] == "control") & (table["end"] >= begins))
    panel = Panel.of(table[known], synthetic=study.synthetic)
    return Built(panel, tuple(remarks))


def _not_yet(ground: _Ground) -> Iterator[Problem]:
    table, panel_frame = ground.tables["districts"], ground.panel_frame
    dated = table.usable().dropna(subset=["treated_from"])["district"].nunique()
    if later := dated - int((panel_frame.units["group"] == "treated").sum()):
        study = panel_frame.study
        values = {"count": later, "last": last_start(study), "follow_up": study.periods.follow_up}
        yield Problem("panel_not_yet", file=table.file, severity="warning", values=values)


def _person_years(ground: _Ground) -> Part:
    file = ground.tables["placements"].file
    remarks = list(_left_out(file, "panel_no_district", ground.placed.nowhere))
    by_courts = secure_years(ground.placements, ground.panel_frame, file)
    counted = [placed_years(ground.placed, ground.panel_frame, file), *([] if by_courts is None else [by_courts])]
    return counted, remarks


def _moves(ground: _Ground) -> Part:
    file = ground.tables["placements"].file
    moved = count_moves(ground.placements.spells, ground.panel_frame)
    return [moves(moved, ground.panel_frame, file)], list(_left_out(file, "panel_no_place", moved.unknown))


def _first_exits(ground: _Ground) -> Part:
    stays = first_stays(ground.placements.spells, ground.panel_frame)
    return list(first_exits(stays, ground.panel_frame, ground.tables["placements"].file)), []


def _spending(ground: _Ground) -> Part:
    table = ground.tables["placements"]
    if table.usable()["price"].isna().all():
        return [], []
    if (prices := ground.panel_frame.rules.prices) is None:
        return [], [_remark(table.file, "panel_no_index")]
    unpriced = int(np.isnan(ground.placements.price).sum())
    spent = spending(ground.placements, ground.panel_frame, prices, table.file)
    return [spent], list(_left_out(table.file, "panel_no_price", unpriced))


def _breakdowns(ground: _Ground) -> Part:
    found = events.breakdowns(ground.tables, ground.panel_frame, ground.placed.total)
    return [] if found is None else [found], []


def _complaints(ground: _Ground) -> Part:
    tables, panel_frame = ground.tables, ground.panel_frame
    by_case = ground.case_years is not None and tables["complaints"].usable()["case"].notna().all()
    if by_case and ground.case_years is not None:
        return [events.complaints(tables, panel_frame, ground.case_years)], []
    return [teams_and_accounts.complaints(tables, panel_frame)], []


def _follow_ups(ground: _Ground) -> Part:
    if ground.case_years is None:
        return [], [_remark(ground.tables["follow_ups"].file, "panel_no_cases")]
    return events.follow_ups(ground.tables, ground.panel_frame, ground.case_years), []


def _caseload(ground: _Ground) -> Part:
    return [teams_and_accounts.caseload(ground.tables, ground.panel_frame)], []


def _accounts(ground: _Ground) -> Part:
    if (prices := ground.panel_frame.rules.prices) is None:
        return [], [_remark(ground.tables["accounts"].file, "panel_no_index")]
    outside = teams_and_accounts.years_outside(ground.tables, ground.panel_frame)
    values: dict[str, object] = {"years": ", ".join(map(str, outside)), "first": ground.panel_frame.windows.labels[0]}
    file = ground.tables["accounts"].file
    remarks = [Problem("panel_accounts_outside", file=file, severity="warning", values=values)] if outside else []
    return teams_and_accounts.accounts(ground.tables, ground.panel_frame, ground.codes, prices), remarks


def _reconciled(ground: _Ground) -> Part:
    """No number of an outcome: only how far the accounts lie from the placements."""
    apart = accounts_apart(ground.tables, ground.panel_frame, ground.codes, ground.placements)
    return [], list(apart)


def _posted(ground: _Ground) -> Part:
    """No number of an outcome: only how far the postings lie from the placements, rung by rung."""
    return [], list(postings_apart(ground.tables, ground.panel_frame, ground.codes, ground.placements))


def _counted_publicly(ground: _Ground) -> Part:
    """No number of an outcome: only how far public counts lie from the placements."""
    return [], list(counts_apart(ground.panel_frame, ground.placements, ground.tables["placements"].file))


def _wellbeing(ground: _Ground) -> Part:
    forms, file = comparable_forms(ground.tables, ground.panel_frame), ground.tables["sdq_waves"].file
    by_plan = judged(forms, ground.tables, ground.panel_frame, file)
    remarks = [
        *_left_out(file, "panel_other_informant", forms.other_informant),
        *_left_out(file, "panel_out_of_age", forms.out_of_age),
        *_left_out(file, "panel_no_total", forms.without_total),
        *_left_out(file, "panel_no_norm", by_plan.without_norm),
        *_left_out(file, "panel_no_added_value", by_plan.without_added_value),
    ]
    return [wellbeing(forms, ground.panel_frame, file), *by_plan.counted], remarks


COUNTERS: tuple[tuple[str, Callable[[_Ground], Part]], ...] = (
    ("placements", _person_years), ("placements", _moves), ("placements", _spending), ("placements", _breakdowns),
    ("complaints", _complaints), ("follow_ups", _follow_ups), ("caseworkers", _caseload), ("accounts", _accounts),
    ("sdq_waves", _wellbeing), ("placements", _first_exits), ("accounts", _reconciled),
    ("placements", _counted_publicly), ("postings", _posted),
)  # fmt: skip
"""Each register with what counts the numbers that outcomes are made of: :attr:`CatalogueOutcome.counted` names them."""


def _left_out(file: str, key: str, count: float) -> Iterator[Problem]:
    if count:
        yield Problem(key, file=file, severity="warning", values={"count": f"{count:.4g}"})


def _remark(file: str, key: str) -> Problem:
    return Problem(key, file=file, severity="warning")
