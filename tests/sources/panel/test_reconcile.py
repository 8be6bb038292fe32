"""Accounts and public counts beside the placements: what lies far apart is told by kind and year, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import small_registers as small

from sverige_did.disclosure.remarks import few_untold
from sverige_did.errors import Problem
from sverige_did.results.estimates import Remark, remarks_of
from sverige_did.sources.panel.build import build
from sverige_did.sources.panel.frame import make_panel_frame
from sverige_did.sources.panel.placements import placements
from sverige_did.sources.panel.reconcile import booked, kinds
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.study.study import PanelStudy

APART = {"panel_accounts_apart", "panel_unit_cost_apart", "panel_counts_apart"}
CHILDREN = 6
"""So many more children in institutions, the whole of both years, that no year has few."""


def frames(by_year: dict[int, float], *, price: float | None = 1000.0) -> dict[str, pd.DataFrame]:
    """Six children at 1,000 kr. a day, and accounts that are so many times what that makes, year by year."""
    made = small.delivery()
    rows = [(f"c{k}", "ANBAAR 9", "2013-01-01", None, None, price) for k in range(CHILDREN)]
    made["placements"] = pd.DataFrame(rows, columns=made["placements"].columns)
    accounts = [
        (year, function, group, CHILDREN * 365_000 * share * times / 2)
        for year, times in by_year.items()
        for function, share in (("5.28.20", 0.3), ("5.28.23", 0.7))
        for group in ("treated", "control")
    ]
    return made | {"accounts": pd.DataFrame(accounts, columns=["year", "function", "group", "gross"])}


def said(one: Problem | Remark) -> dict[str, object]:
    values = one.values  # noqa: PD011 - no data frame
    return dict(values)


def told(folder: Path, made: dict[str, pd.DataFrame], **changes: object) -> list[Problem]:
    found = build(small.tables(folder, made), small.study(**changes), standard_codes()).remarks
    return [one for one in found if one.key in APART]


def test_accounts_that_fit_the_day_prices_are_passed(tmp_path: Path) -> None:
    assert told(tmp_path, frames({2013: 1.0, 2014: 1.4})) == []


def test_a_year_far_from_the_day_prices_is_told_with_its_functions(tmp_path: Path) -> None:
    (one,) = told(tmp_path, frames({2013: 1.0, 2014: 1.62}))
    assert (one.key, one.severity) == ("panel_accounts_apart", "warning")
    assert said(one) == {"functions": "5.28.20, 5.28.23", "years": "2014 (160 %)"}
    assert "5.28.20, 5.28.23 book: 2014 (160 %)" in one.say("en")
    assert "2014 (160 %)" in one.say("da")


def test_without_prices_a_person_year_is_held_against_the_others(tmp_path: Path) -> None:
    made = frames({2013: 1.0, 2014: 4.0}, price=None)
    (one,) = told(tmp_path, made)
    assert one.key == "panel_unit_cost_apart"
    assert said(one)["years"] == "2013 (40 %), 2014 (160 %)"
    assert told(tmp_path, frames({2013: 1.0, 2014: 1.4}, price=None)) == []


def test_rows_of_the_whole_municipality_stand_for_both_groups(tmp_path: Path) -> None:
    made = frames({2013: 1.0, 2014: 1.0})
    whole = made["accounts"].assign(group="whole").groupby(["year", "function", "group"], as_index=False).sum()
    made["accounts"] = pd.concat([made["accounts"], whole], ignore_index=True)
    assert told(tmp_path, made) == []


def test_kinds_of_few_children_are_passed(tmp_path: Path) -> None:
    made = frames({2013: 1.0, 2014: 9.0})
    made["placements"] = made["placements"][:4]
    assert told(tmp_path, made) == []


def test_functions_that_share_a_rung_cannot_be_told_apart() -> None:
    after_2016 = {"5.28.20": frozenset({3, 6}), "5.28.22": frozenset({4, 5}), "5.28.23": frozenset({6})}
    assert dict(kinds(after_2016)) == {("5.28.22",): {4, 5}, ("5.28.20", "5.28.23"): {3, 6}}
    bridge = after_2016 | {"5.28.99": frozenset({5, 6})}
    assert kinds(bridge) == [(tuple(sorted(bridge)), frozenset({3, 4, 5, 6}))]


def test_amounts_and_person_years_counted_in_the_head(tmp_path: Path) -> None:
    tables, plan = small.tables(tmp_path, frames({2013: 1.0, 2014: 2.0})), small.study()
    assert isinstance(plan, PanelStudy)
    frame = make_panel_frame(tables, plan)
    spells = placements(tables["placements"], frame, standard_codes())
    found = list(booked(tables, frame, standard_codes(), spells))
    assert [one.year for one in found] == [2013, 2014]
    assert [one.years for one in found] == pytest.approx([CHILDREN, CHILDREN])
    assert [one.priced for one in found] == pytest.approx([CHILDREN * 365_000] * 2)
    assert [one.amount for one in found] == pytest.approx([CHILDREN * 365_000, CHILDREN * 730_000])


def test_a_public_count_far_from_the_register_is_told_and_few_children_are_hidden(tmp_path: Path) -> None:
    def counts(kind: str, children: int) -> dict[str, object]:
        one = {"on": "2013-12-31", "kind": kind, "children": children, "source": "made up"}
        return {"public_counts": [one]}

    made = frames({2013: 1.0})
    assert told(tmp_path, made, registers=counts("placed", CHILDREN)) == []
    assert told(tmp_path, made, registers=counts("institution", CHILDREN)) == []
    (one,) = told(tmp_path, made, registers=counts("placed", 12))
    assert (said(one)["children"], said(one)["public"]) == (CHILDREN, 12)
    (none,) = told(tmp_path, made, registers=counts("foster", 12))
    assert said(none)["children"] == 0
    plan = small.study(registers=counts("foster", 12))
    assert isinstance(plan, PanelStudy)
    (released,) = few_untold(remarks_of([none]), plan)
    assert said(released)["children"] == "<5"


def test_a_plan_without_public_counts_keeps_its_hash() -> None:
    assert "public_counts" not in small.study().model_dump_json()
