"""Leaving a rung by printed figures: hand-checked limits, and nothing where nothing is printed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from herning import evidence

from sverige_did.results.ladder import LadderRecord, PrintedRung
from sverige_did.studies.published.ladder import ladder


@pytest.fixture(scope="module")
def record() -> LadderRecord:
    found = ladder(evidence())
    assert found is not None
    return found


def one(record: LadderRecord, rung: str, reading: str = "all") -> PrintedRung:
    (found,) = [row for row in record.printed if (row.rung, row.reading) == (rung, reading)]
    return found


def test_the_top_rung_in_every_reading(record: LadderRecord) -> None:
    """H2: 12 stood there, 13 moved down and 6 stand there at the end. So 19 at least have, and 13 of 19 are 68 %."""
    h2 = one(record, "institution", "H2")
    assert (h2.before, h2.after, h2.moved, h2.printed, h2.stood) == ((12, 12), (6, 6), 13, True, 19)
    assert h2.at_most == pytest.approx(100 * 13 / 19)
    h3 = one(record, "institution", "H3")
    assert (h3.before, h3.after, h3.stood) == ((17, 17), (15, 15), 28)
    h1 = one(record, "institution", "H1")
    assert h1.after == (7, 8)
    assert h1.stood == 20, "of two tables the one that leaves more open"


def test_the_other_rungs_share_the_moves_that_are_left(record: LadderRecord) -> None:
    """21 down without the 13 from institutions are 8, and nobody printed from which rung."""
    family = one(record, "family")
    assert (family.before, family.after, family.moved, family.printed) == ((36, 36), (34, 34), 8, False)
    assert family.at_most == pytest.approx(100 * 8 / 42)
    assert {row.rung for row in record.printed} == {"clarification", "prevention", "network", "family", "institution"}


def test_a_limit_grows_with_the_moves_and_never_passes_all_of_them(record: LadderRecord) -> None:
    for row in record.printed:
        assert row.stood is not None
        assert row.moved is not None
        assert row.stood >= row.moved
        assert 0 < (row.at_most or 0) <= 100


def without(*outcomes: str) -> LadderRecord | None:
    whole = evidence()
    return ladder(replace(whole, facts=tuple(fact for fact in whole.facts if fact.outcome not in outcomes)))


def test_no_moves_no_ladder_and_no_stock_no_limit() -> None:
    assert without("ladder_moves.down") is None
    bare = without("ladder_family")
    assert bare is not None
    assert "family" not in {row.rung for row in bare.printed}
    no_tables = ladder(replace(evidence(), feasible=()))
    assert no_tables is not None
    top = one(no_tables, "institution")
    assert (top.moved, top.stood, top.at_most) == (13, None, None)


def test_without_the_moves_of_the_top_they_are_all_shared() -> None:
    shared = without("ladder_moves.from_institution")
    assert shared is not None
    assert one(shared, "family").moved == 21
    assert not one(shared, "institution", "H2").printed
