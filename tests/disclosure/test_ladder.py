"""What of the ladder may leave: nothing about few children, nothing that gives them away, and no count of any."""

from __future__ import annotations

import numpy as np
import pytest
from small_panel_study import study

from sverige_did.disclosure.ladder import hidden_cells, release_ladder
from sverige_did.results.ladder import SHARES, LadderCell, LadderContrast, LadderRecord, Quantity
from sverige_did.study.study import PanelStudy

FIVE = 5
RUNGS = ("clarification", "early_help", "prevention", "home_based", "network", "foster", "institution")


def row(rung: str, counts: dict[Quantity, int], **place: str) -> list[LadderCell]:
    """The cells of one rung from how many children are where: as if nobody were in two places."""
    total = sum(counts.values())
    side = {"group": "treated", "moment": "before"} | place
    return [
        LadderCell.model_validate(
            {
                "rung": rung,
                "quantity": quantity,
                "value": 100 * count / total,
                "children": count,
                "rest": total - count,
            }
            | side
        )
        for quantity, count in counts.items()
    ]


def hidden(*cells: LadderCell, threshold: int = FIVE) -> set[tuple[str, Quantity]]:
    return hidden_cells(list(cells), threshold)


def test_many_children_everywhere_are_all_shown() -> None:
    assert hidden(*row("foster", {"stay": 50, "down": 9, "up": 6, "out": 12, "of_age": 7})) == set()


def test_a_small_share_is_never_hidden_alone() -> None:
    """Of age are 2: shares add up to 100, so another one goes, the smallest, until five children are hidden."""
    found = hidden(*row("prevention", {"stay": 50, "down": 0, "up": 7, "out": 30, "of_age": 2}))
    assert found == {("prevention", "of_age"), ("prevention", "down"), ("prevention", "up")}


def test_few_who_stand_there_leave_nothing() -> None:
    found = hidden(*row("network", {"stay": 2, "down": 0, "up": 0, "out": 2, "of_age": 0}))
    assert found == {("network", quantity) for quantity in SHARES}


def test_all_of_them_in_one_place_are_not_told_as_everybody() -> None:
    assert ("foster", "stay") in hidden(*row("foster", {"stay": 40, "down": 0, "up": 0, "out": 0, "of_age": 0}))


def test_moves_down_of_one_placed_rung_are_not_the_rest_of_those_that_are_told() -> None:
    many: dict[Quantity, int] = {"stay": 50, "down": 9, "up": 20, "out": 12, "of_age": 7}
    few = many | {"down": 2}
    cells = [
        *row("foster", many),
        *row("network", few),
        *row("institution", {k: v for k, v in many.items() if k != "up"}),
    ]
    downs = {place for place in hidden(*cells) if place[1] == "down"}
    assert len(downs) >= 2
    assert ("network", "down") in downs


def cell(rung: str, quantity: Quantity, children: int, rest: int | None) -> LadderCell:
    return LadderCell(
        rung=rung, quantity=quantity, group="treated", moment="before", value=1.0, children=children, rest=rest
    )


STANDING = row("clarification", {"stay": 50, "up": 22, "out": 12, "of_age": 7})


@pytest.mark.parametrize(
    ("one", "out"),
    [
        (cell("clarification", "months", 40, 20), False),
        (cell("clarification", "months", 3, 57), True),
        (cell("clarification", "months", 0, 60), True),  # at the most there is, it tells of each of them
        (cell("clarification", "months", 57, 3), True),
        (cell("clarification", "arrived", 4, None), True),
        (cell("clarification", "arrived", 0, None), False),
        (cell("clarification", "age", 60, None), False),
        (cell("clarification", "known", 2, 58), True),
        (cell("clarification", "measure", 15, 76), False),
        (cell("clarification", "measure", 19, 72), True),  # three went up to early help: the difference would tell
    ],
)
def test_what_stands_beside_the_shares(one: LadderCell, out: bool) -> None:
    assert ((one.rung, one.quantity) in hidden(*STANDING, one)) == out


def test_no_count_leaves_and_a_difference_only_with_all_four_of_its_numbers() -> None:
    plan = PanelStudy.model_validate(study().model_dump())
    many: dict[Quantity, int] = {"stay": 50, "down": 9, "up": 6, "out": 12, "of_age": 7}
    sides = [{"group": group, "moment": moment} for group in ("treated", "control") for moment in ("before", "after")]
    cells = [one for side in sides for one in row("foster", many, **side)]
    cells += [one for side in sides[:3] for one in row("prevention", many, **side)]
    cells += row("prevention", {"stay": 3, "down": 0, "up": 0, "out": 1, "of_age": 0}, **sides[3])
    contrasts = tuple(
        LadderContrast(rung=rung, quantity="stay", estimate=1.23456, lower=-1.0, upper=2.0)
        for rung in ("foster", "prevention")
    )
    made = LadderRecord(plan_sha256=plan.sha256, cells=tuple(cells), contrasts=contrasts)
    found = release_ladder(made, plan)
    assert found is not None
    assert all(one.children is None and one.rest is None for one in found.cells)
    assert all((one.value is None) == (one.status == "hidden") for one in found.cells)
    assert [one.rung for one in found.contrasts] == ["foster"]
    (contrast,) = found.contrasts
    assert (contrast.estimate, contrast.lower, contrast.upper) == (0.0, -5.0, 5.0), "of the four numbers as shown"
    assert release_ladder(None, plan) is None


def test_nobody_can_work_out_a_small_number_from_the_shares_that_are_shown() -> None:
    """Whatever the counts, a row hides nothing, or at least two shares with five children, or all of it."""
    rng = np.random.default_rng(7)
    for _ in range(300):
        cells, counts = [], {}
        for rung in RUNGS:
            made = {quantity: int(rng.poisson(rng.choice([0.5, 3, 15]))) for quantity in SHARES}
            if sum(made.values()):
                counts[rung] = made
                cells += row(rung, made)
        found = hidden(*cells)
        for rung, made in counts.items():
            mine = [quantity for quantity in SHARES if (rung, quantity) in found]
            small = [quantity for quantity in SHARES if 0 < made[quantity] < FIVE]
            assert set(small) <= set(mine)
            enough = len(mine) >= 2 and sum(made[quantity] for quantity in mine) >= FIVE
            assert not mine or enough or len(mine) == len(SHARES)
