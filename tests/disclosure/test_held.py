"""What was sent out before is sent out again where it hardly moved, and made anew where it moved more."""

from __future__ import annotations

import pytest
from small_groups import MANY, panel
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.coarse import is_from_levels
from sverige_did.disclosure.held import is_near, place_of, with_held
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.disclosure.release import Release
from sverige_did.panel import Panel
from sverige_did.results.estimates import Estimate
from sverige_did.sources.panel.coverage import coverage
from sverige_did.studies.panel.estimate import estimate_panel

USUAL = {"scale": "pp", "estimand": "att", "estimator": "did", "level": 0.95, "step": 0.5}


def made(**numbers: object) -> Estimate:
    usual = {"estimate": 1.0, "lower": -1.0, "upper": 3.0, "std_error": 1.0, "p_value": 0.3, "inference": "cr1"}
    return Estimate.model_validate(USUAL | usual | numbers)


@pytest.mark.parametrize(
    ("now", "near"),
    [
        ({}, True),
        ({"estimate": 1.5}, True),
        ({"estimate": 2.0}, False),
        ({"lower": -3.0}, True),
        ({"lower": -5.0}, False),
        ({"lower": None}, False),
        ({"std_error": 1.2}, True),
        ({"std_error": 1.4}, False),
        ({"p_value": 0.4}, True),
        ({"p_value": 0.5}, False),
        ({"p_value": None}, False),
        ({"notes": ("set_has_gaps",)}, False),
        ({"step": 1.0}, False),
    ],
)
def test_a_row_is_near_where_none_of_its_numbers_moved_by_more_than_a_step(now: dict[str, object], near: bool) -> None:
    assert is_near(made(), made(**now)) is near


def released(cells: Panel, earlier: tuple[Release, ...] = ()) -> Release:
    wanted = study()
    found = designs(cells, wanted)
    made_ = estimate_panel(cells, wanted, found)
    answers = Answers(found, made_.findings, made_.methods_tables, coverage(cells))
    return attacked_release(wanted, cells, answers, earlier).release


def with_a_child_more(cells: Panel) -> Panel:
    table = cells.cells
    here = (table["unit"] == "distrikt-00") & (table["period"] == "2014H2")
    placed = ["placed_total", "placed_per_1000", "institution_per_1000", "institution_share"]
    numbers = dict.fromkeys(("value", "low", "high"), here & table["outcome"].isin(placed))
    numbers |= dict.fromkeys(
        ("denominator", "denominator_low", "denominator_high"), here & table["outcome"].str.endswith("_share")
    )
    return Panel.of(
        table.assign(**{name: table[name].where(~where, table[name] + 0.5) for name, where in numbers.items()}),
        synthetic=True,
    )


def test_a_child_more_leaves_more_of_a_second_release_as_it_was_than_of_one_made_anew() -> None:
    cells = panel(MANY)
    first, more = released(cells), with_a_child_more(cells)
    again, anew = released(more, (first,)), released(more)

    def moved(second: Release) -> int:
        before = {place_of(one): one.result for one in first.findings}
        return sum(before.get(place_of(one)) != one.result for one in second.findings if not is_from_levels(one))

    assert moved(anew) > 0
    assert moved(again) < moved(anew)
    assert released(cells, (first,)) == first, "the same data say the same"


def test_nothing_is_held_from_a_release_of_another_plan() -> None:
    first = released(panel(MANY))
    other = first.model_copy(update={"plan_sha256": "0" * 64})
    shifted = [
        one.model_copy(
            update={"result": one.result.model_copy(update={"std_error": (one.result.std_error or 0) * 1.01})}
        )
        for one in first.findings
    ]
    assert list(with_held(shifted, (other,), first.plan_sha256)) == shifted
