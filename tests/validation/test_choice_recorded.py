"""How often nothing is called an effect when the treated were not drawn by lot: the record, its page, a part anew."""

from __future__ import annotations

from pathlib import Path

import choice as study
import numpy as np
import pytest

ROWS = study.recorded()
LIMIT = study.ALPHA + 2 * np.sqrt(study.ALPHA * (1 - study.ALPHA) / study.ROUNDS)


def test_beside_the_level_no_choice_by_lot_or_by_level_exceeds_the_level() -> None:
    held = [row for row in ROWS if row.choice in {"random", "level"}]
    assert len(held) == 2 * 3 * sum(map(len, study.WINDOWS.values()))
    assert max(row.beside_level for row in held) <= LIMIT
    assert max(row.verdict for row in held if row.choice == "level") > 0.2, "alone the verdict does"


def test_a_choice_by_a_rise_is_not_mended_by_the_level() -> None:
    """Which is why nothing is called supported then."""
    assert max(row.beside_level for row in ROWS if row.choice == "rise") > 0.15


def test_the_page_shows_the_record() -> None:
    page = Path(__file__).parents[2] / "docs" / "size.md"
    assert study.page(ROWS) in page.read_text("utf-8")


@pytest.mark.slow
def test_wages_can_be_made_again() -> None:
    tables = {"wages": study.panels(None)["wages"]}
    for cell in study.cells(tables, 100, ("level",)):
        (kept,) = (row for row in ROWS if row[:5] == cell[:5])
        for new, old in ((cell.verdict, kept.verdict), (cell.beside_level, kept.beside_level)):
            assert abs(new - old) <= 3.5 * np.sqrt(max(old * (1 - old), 0.01) / 100)
