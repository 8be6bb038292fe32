"""Events of placements to spells, as readable tables; every child and every event is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from sverige_did.sources.exports.events import spells_of
from sverige_did.sources.exports.formats import PLACEMENT_EVENTS
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.sources.registers.tables import read_register

HEAD = "syntetisk;barn;hændelsesdato;hændelse;anbringelsessted;hjemmel"


def read(tmp_path: Path, rows: str) -> tuple[list[tuple[str, ...]], list[tuple[str, int | None, str]]]:
    """The spells and the problems of rows that are written without their first columns: day, event, place, basis."""
    path = tmp_path / "hændelser.csv"
    lines = [f"ja;SYN-1;{one.strip()}" for one in rows.strip().splitlines()]
    path.write_text("\n".join([HEAD, *lines]) + "\n", "utf-8")
    table = read_register(path, PLACEMENT_EVENTS)
    frame, problems, _ = spells_of(table, standard_codes())
    spells = [
        (str(one["measure"]), f"{one['start']:%Y-%m-%d}", "" if one["end"] != one["end"] else f"{one['end']:%Y-%m-%d}")
        for _, one in frame.iterrows()
    ]
    said = [*table.problems, *problems]
    for language in ("da", "en"):
        assert "SYN-1" not in "".join(one.say(language) for one in said)
    return spells, [(one.key, one.row, one.severity) for one in said]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Decided, started in a foster family, moved to an institution, another basis, sent home.
        ("2014-01-10;afgørelse;;SEL 52.3.7\n2014-02-01;0;21;SEL 52.3.7\n2014-06-01;1;9;\n2014-07-01;2;;SEL 52.3.7\n"
         "2014-12-31;5;;",
         [("ANBAAR 21", "2014-02-01", "2014-05-31"), ("ANBAAR 9", "2014-06-01", "2014-12-31")]),
        # Still running; continued at 18 in the same place, then in another.
        ("2014-02-01;0;21;\n2015-03-01;7;;", [("ANBAAR 21", "2014-02-01", "")]),
        ("2014-02-01;0;21;\n2015-03-01;7;6;",
         [("ANBAAR 21", "2014-02-01", "2015-02-28"), ("ANBAAR 6", "2015-03-01", "")]),
        # Home again, and placed again by a continuation.
        ("2014-02-01;0;21;\n2014-03-01;5;;\n2015-03-01;7;21;",
         [("ANBAAR 21", "2014-02-01", "2014-03-01"), ("ANBAAR 21", "2015-03-01", "")]),
        # Out of one place and into another on one day: no day counts twice.
        ("2014-02-01;0;21;\n2014-03-01;5;;\n2014-03-01;0;9;",
         [("ANBAAR 21", "2014-02-01", "2014-02-28"), ("ANBAAR 9", "2014-03-01", "")]),
        # A single day; an unknown place is told by its basis; codes of the law stay as they are; any order.
        ("2014-02-01;5;;\n2014-02-01;0;21;", [("ANBAAR 21", "2014-02-01", "2014-02-01")]),
        ("2014-02-01;0;99;SEL 58", [("SEL 58", "2014-02-01", "")]),
        ("2014-06-01;hjemgivelse;;\n2014-02-01;Iværksættelse af anbringelse;SEL 66.1.6;",
         [("SEL 66.1.6", "2014-02-01", "2014-06-01")]),
        # The same row twice counts once.
        ("2014-02-01;0;21;\n2014-02-01;0;21;", [("ANBAAR 21", "2014-02-01", "")]),
    ],
)  # fmt: skip
def test_spells_follow_from_events(tmp_path: Path, rows: str, expected: list[tuple[str, ...]]) -> None:
    spells, problems = read(tmp_path, rows)
    assert spells == expected
    assert [key for key, _, severity in problems if severity == "error"] == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("2014-02-01;1;21;", [("event_before_start", 2)]),
        ("2014-02-01;2;;SEL 58", [("event_before_start", 2)]),
        ("2014-02-01;5;;", [("event_end_without_start", 2)]),
        ("2014-02-01;0;21;\n2014-01-01;5;;", [("event_end_without_start", 3)]),
        ("2014-02-01;0;21;\n2014-06-01;0;9;", [("event_still_open", 3)]),
        ("2014-02-01;0;21;\n2014-02-01;0;9;", [("event_twice_a_day", 3)]),
        ("2014-02-01;0;21;\n2014-06-01;1;9;\n2014-06-01;1;27;", [("event_two_places", 4)]),
        ("2014-02-01;0;;", [("event_no_place", 2)]),
        ("2014-02-01;0;98;", [("reg_unknown_code", 2), ("event_no_place", 2)]),
        ("2014-02-01;8;21;", [("reg_unknown_value", 2)]),
        ("2014-02-01;0.2;21;", [("reg_unknown_value", 2)]),
        ("31-02-2014;0;21;", [("reg_not_a_date", 2)]),
    ],
)
def test_what_does_not_follow_is_named_by_its_row(tmp_path: Path, rows: str, expected: list[tuple[str, int]]) -> None:
    _, problems = read(tmp_path, rows)
    assert [(key, row) for key, row, severity in problems if severity == "error"] == expected


def test_a_change_of_place_on_the_day_of_the_start_is_told_and_the_last_place_counts(tmp_path: Path) -> None:
    spells, problems = read(tmp_path, "2014-02-01;0;21;\n2014-02-01;1;9;")
    assert spells == [("ANBAAR 9", "2014-02-01", "")]
    assert [one[0] for one in problems if one[0].startswith("event")] == ["event_same_day"]
