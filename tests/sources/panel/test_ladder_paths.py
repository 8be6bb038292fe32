"""Paths on the ladder, by hand: every state and every way out, and registers as they come on bad days."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_registers as small

from sverige_did.errors import RefusedError
from sverige_did.sources.panel.frame import make_panel_frame
from sverige_did.sources.panel.ladder_paths import LOST, STATES, Paths, ladder_paths
from sverige_did.sources.registers.codes import standard_codes

INSTITUTION, FOSTER, EARLY, EXAMINATION, SUPPORT, NOWHERE_KNOWN = (
    "ANBAAR 9", "ANBAAR 24", "SEL 11.3.2", "SEL 50", "SEL 52.3.3", "SEL 58",
)  # fmt: skip


def row(child: str, measure: str, start: str, end: str | None = None, why: str | None = None) -> tuple[Any, ...]:
    return (child, measure, start, end, why, None)


def paths(
    folder: Path, *rows: tuple[Any, ...], cases: tuple[tuple[str, str, str | None], ...] = (), **rules: object
) -> Paths:
    """``rows`` are placements, ``cases`` (child, opened, closed); an end is the first day without."""
    usual = small.delivery()
    frames = {name: usual[name] for name in ("districts", "children")}
    columns = ["child", "measure", "start", "end", "end_reason", "price"]
    frames["placements"] = pd.DataFrame(list(rows), columns=columns)
    if cases:
        made = [(f"s{k}", child, "A", opened, closed) for k, (child, opened, closed) in enumerate(cases)]
        frames["cases"] = pd.DataFrame(made, columns=["case", "child", "district", "opened", "closed"])
    study = small.study(registers={"last_day_counts": False} | rules)
    tables = small.tables(folder, frames)
    return ladder_paths(tables, make_panel_frame(tables, study), standard_codes())


def told(found: Paths) -> list[tuple[str, str, str, str]]:
    """State, first day, the day it ends and what comes then, in the order of children and days."""

    def day(number: int) -> str:
        return "open" if number > 10**6 else str(np.datetime64(int(number), "D"))

    names = [*STATES, "lost"]
    return [
        (names[state], day(start), day(stop), names[after])
        for state, start, stop, after in zip(found.state, found.start, found.stop, found.after, strict=True)
    ]


def test_from_clarification_by_early_help_to_an_institution_and_home(tmp_path: Path) -> None:
    found = paths(
        tmp_path,
        row("c0", EARLY, "2013-02-01", "2013-03-01"),
        row("c0", SUPPORT, "2013-04-01", "2013-06-01"),
        row("c0", INSTITUTION, "2013-06-01", "2014-01-01", "planned"),
        cases=(("c0", "2013-01-01", "2014-01-01"),),
    )
    assert told(found) == [
        ("clarification", "2013-01-01", "2013-02-01", "early_help"),
        ("early_help", "2013-02-01", "2013-03-01", "clarification"),
        ("clarification", "2013-03-01", "2013-04-01", "prevention"),
        ("prevention", "2013-04-01", "2013-06-01", "institution"),
        ("institution", "2013-06-01", "2014-01-01", "out"),
        ("out", "2014-01-01", "open", "lost"),
    ]
    assert found.remarks == ()


def test_an_examination_is_clarification_without_any_case(tmp_path: Path) -> None:
    assert told(paths(tmp_path, row("c0", EXAMINATION, "2013-01-01", "2013-05-01")))[0][0] == "clarification"


def test_early_help_is_a_state_of_its_own_on_either_ladder(tmp_path: Path) -> None:
    for ladder in ("kora", "support"):
        assert (
            told(paths(tmp_path, row("c0", EARLY, "2013-01-01", "2013-05-01"), home_based=ladder))[0][0] == "early_help"
        )


def test_turning_18_is_no_way_home_and_neither_is_moving_away(tmp_path: Path) -> None:
    """c90 turns 18 about 1 October 2013 by its half-year of birth; the register's own word counts as well."""
    by_birth = told(paths(tmp_path, row("c90", INSTITUTION, "2013-01-01")))
    assert [one[3] for one in by_birth] == ["of_age", "lost"]
    assert by_birth[0][2] == "2013-10-01"
    by_word = told(paths(tmp_path, row("c90", INSTITUTION, "2013-01-01", "2013-08-20", "aged_out")))
    assert [one[3] for one in by_word] == ["of_age", "lost"]
    away = told(paths(tmp_path, row("c0", FOSTER, "2013-01-01", "2013-08-20", "left_area")))
    assert away == [("foster", "2013-01-01", "2013-08-20", "lost")]


def test_who_comes_back_was_out_meanwhile(tmp_path: Path) -> None:
    found = paths(
        tmp_path, row("c0", FOSTER, "2013-01-01", "2013-03-01"), row("c0", SUPPORT, "2013-05-01", "2013-06-01")
    )
    assert [one[0] for one in told(found)] == ["foster", "out", "prevention", "out"]
    assert told(found)[1] == ("out", "2013-03-01", "2013-05-01", "prevention")


def test_the_end_of_the_grid_is_not_the_end_of_a_measure(tmp_path: Path) -> None:
    assert told(paths(tmp_path, row("c0", FOSTER, "2014-10-01"))) == [("foster", "2014-10-01", "2015-01-01", "lost")]


def test_a_place_that_nobody_knows_is_out_of_sight_and_no_arrival(tmp_path: Path) -> None:
    found = paths(
        tmp_path,
        row("c0", FOSTER, "2013-01-01", "2013-03-01"),
        row("c0", NOWHERE_KNOWN, "2013-03-01", "2013-05-01"),
        row("c0", INSTITUTION, "2013-05-01", "2014-01-01"),
    )
    assert [(one[0], one[3]) for one in told(found)] == [("foster", "lost"), ("institution", "out"), ("out", "lost")]
    assert found.known.tolist() == [True, False, True]
    (remark,) = found.remarks
    assert remark.key == "ladder_no_place"
    assert "1 placements" in remark.say("en")


def test_bad_days_are_told_and_settled(tmp_path: Path) -> None:
    """Two measures that begin on the same day, one within another, and one without a day."""
    found = paths(
        tmp_path,
        row("c0", FOSTER, "2013-01-01", "2013-06-01"),
        row("c0", SUPPORT, "2013-01-01", "2013-06-01"),
        row("c0", INSTITUTION, "2013-03-01", "2013-04-01"),
        row("c1", FOSTER, "2013-02-01", "2013-02-01"),
    )
    assert [one[:3] for one in told(found)] == [
        ("foster", "2013-01-01", "2013-03-01"),
        ("institution", "2013-03-01", "2013-04-01"),
        ("foster", "2013-04-01", "2013-06-01"),
        ("out", "2013-06-01", "open"),
    ]
    counts = {one.key: dict(one.values)["count"] for one in found.remarks}
    assert counts == {"ladder_no_day": "1", "ladder_two_at_once": "2"}
    for remark in found.remarks:
        assert remark.say("da")
        assert "c0" not in remark.say("en")


def test_a_case_around_its_measures_is_no_second_measure(tmp_path: Path) -> None:
    found = paths(tmp_path, row("c0", FOSTER, "2013-02-01", "2013-06-01"), cases=(("c0", "2013-01-01", None),))
    assert found.remarks == ()
    assert [one[0] for one in told(found)] == ["clarification", "foster", "clarification"]


def test_an_unknown_code_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        paths(tmp_path, row("c0", "SEL 99.9", "2013-01-01"))
    assert caught.value.problems[0].key == "reg_unknown_code"
    assert "SEL 99.9" in caught.value.say("en")


def test_nothing_is_a_path_where_nobody_has_anything(tmp_path: Path) -> None:
    found = paths(tmp_path, row("c0", FOSTER, "2016-01-01", "2016-02-01"))
    assert len(found.child) == 0


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [
        row("c0", FOSTER, "2013-01-01", "2013-06-01", "moved"),
        row("c0", INSTITUTION, "2013-06-01", "2014-02-01", "planned"),
        row("c1", EARLY, "2013-05-01", "2014-02-01"),
        row("c1", SUPPORT, "2013-08-01", "2013-12-01"),
        row("c2", FOSTER, "2013-01-01"),
    ]
    usual = told(paths(tmp_path, *rows))
    assert told(paths(tmp_path, *rows[::-1])) == usual
    assert LOST not in range(len(STATES))
