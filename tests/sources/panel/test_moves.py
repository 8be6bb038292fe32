"""Moves on the ladder: counted in the head, and by a slow count child by child and day by day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_registers as small

from sverige_did.panel import Panel
from sverige_did.sources.panel.build import Built, build
from sverige_did.sources.panel.frame import make_panel_frame, windows_of
from sverige_did.sources.panel.moves import OF_AGE, OUT_OF_CARE, Moved, count_moves, rungs_of
from sverige_did.sources.panel.placements import placements
from sverige_did.sources.registers.codes import Ladder, Rung, standard_codes
from sverige_did.study.blocks import Grid

INSTITUTION, FOSTER, KIN, OWN_ROOM, NOWHERE_KNOWN = "ANBAAR 9", "ANBAAR 24", "ANBAAR 1", "ANBAAR 6", "SEL 58"
COLUMNS = ["child", "measure", "start", "end", "end_reason", "price"]


def spell(child: str, measure: str, start: str, end: str | None = None) -> tuple[Any, ...]:
    return (child, measure, start, end, None, None)


def frame(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def tables(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    usual = small.delivery()
    return small.tables(folder, {name: usual[name] for name in ("districts", "children")} | {"placements": rows})


def moved(folder: Path, rows: pd.DataFrame, **rules: object) -> Moved:
    study = small.study(registers=rules)
    found = tables(folder, rows)
    panel_frame = make_panel_frame(found, study)
    return count_moves(placements(found["placements"], panel_frame, standard_codes()).spells, panel_frame)


def built(folder: Path, rows: pd.DataFrame) -> Built:
    return build(tables(folder, rows), small.study(), standard_codes())


def cell(panel: Panel, outcome: str, unit: str, period: str) -> tuple[float, float]:
    rows = panel.outcome(outcome)
    row = rows[(rows["unit"] == unit) & (rows["period"] == period)]
    return float(row["value"].item()), float(row["denominator"].item())


def test_moves_counted_in_the_head(tmp_path: Path) -> None:
    rows = frame(
        spell("c0", INSTITUTION, "2012-01-01", "2013-03-31"), spell("c0", FOSTER, "2013-04-01"),  # A: down in 2013H1
        spell("c6", FOSTER, "2012-01-01", "2013-06-30"), spell("c6", INSTITUTION, "2013-07-01"),  # A: up on 1 July
        spell("c90", INSTITUTION, "2012-01-01"),  # A: of age on 1 October 2013
        spell("c1", INSTITUTION, "2012-01-01", "2014-02-01"),  # B: leaves care in 2014H1
        spell("c7", FOSTER, "2012-01-01", "2013-02-01"), spell("c7", INSTITUTION, "2013-02-02", "2013-05-01"),
        spell("c7", FOSTER, "2013-05-02"),  # B: up and down again within 2013H1
    )  # fmt: skip
    found = built(tmp_path, rows)
    assert found.remarks == ()
    panel = found.panel
    assert cell(panel, "moved_down_share", "A", "2013H1") == (1, 3)
    assert cell(panel, "moved_up_share", "A", "2013H1") == (0, 3)
    assert cell(panel, "moved_up_share", "A", "2013H2") == (1, 3), "a move on the first day belongs to the period"
    assert cell(panel, "moved_down_share", "A", "2013H2") == (0, 3), "turning 18 is no move and stays in the count"
    assert cell(panel, "moved_down_share", "A", "2014H1") == (0, 2)
    assert cell(panel, "moved_down_share", "B", "2013H1") == (0, 2), "there and back again is no move"
    assert cell(panel, "moved_down_share", "B", "2014H1") == (0, 2), "leaving care is no move and stays in the count"
    assert cell(panel, "moved_down_share", "B", "2014H2") == (0, 1)
    assert cell(panel, "moved_down_share", "C", "2013H1") == (0, 0)
    assert cell(panel, "moved_up_per_1000", "A", "2013H2") == (1, pytest.approx(1000 * 184 / 365))
    assert set(panel.outcome("moved_down_share")["kind"]) == {"events"}


def test_exits_stand_apart_from_the_rungs(tmp_path: Path) -> None:
    found = moved(
        tmp_path, frame(spell("c90", INSTITUTION, "2012-01-01"), spell("c1", FOSTER, "2012-01-01", "2014-02-01"))
    )
    top, foster, rungs = 3, 2, 4
    assert found.counts[0, :, top, rungs + OF_AGE].tolist() == [0, 1, 0, 0]
    assert found.counts[1, :, foster, rungs + OUT_OF_CARE].tolist() == [0, 0, 1, 0]
    assert found.counts.sum() == 1 + 1 + 2 + 1


def test_a_place_that_nobody_knows_is_no_rung_to_move_to_or_from(tmp_path: Path) -> None:
    rows = frame(spell("c5", NOWHERE_KNOWN, "2012-01-01", "2013-06-30"), spell("c5", FOSTER, "2013-07-01"),
                 spell("c2", FOSTER, "2012-01-01", "2013-08-01"), spell("c2", NOWHERE_KNOWN, "2013-08-02"))  # fmt: skip
    found = built(tmp_path, rows)
    (told,) = [one.say("en") for one in found.remarks if one.key == "panel_no_place"]
    assert "1 times the rung of a placed child" in told
    assert cell(found.panel, "moved_down_share", "F", "2013H2") == (0, 0)
    assert cell(found.panel, "moved_up_share", "F", "2014H1") == (0, 1)
    assert cell(found.panel, "moved_up_share", "C", "2013H1") == (0, 1)
    assert cell(found.panel, "moved_up_share", "C", "2013H2") == (0, 0)


def test_a_register_that_begins_within_the_grid_has_no_moves_in_its_first_period(tmp_path: Path) -> None:
    panel = built(tmp_path, frame(spell("c0", INSTITUTION, "2013-01-01"), spell("c1", FOSTER, "2013-03-01"))).panel
    assert set(panel.outcome("moved_down_share")["period"]) == {"2013H2", "2014H1", "2014H2"}


def test_nothing_moves_where_nobody_is_placed(tmp_path: Path) -> None:
    found = moved(tmp_path, frame(spell("c0", "SEL 52.3.3", "2013-01-01")))
    assert found.counts.sum() == 0


def test_rungs_are_those_of_the_plans_ladder() -> None:
    assert rungs_of("kora") == (Rung.HOME_BASED, Rung.NETWORK, Rung.FOSTER, Rung.INSTITUTION)
    assert rungs_of("support") == (Rung.NETWORK, Rung.FOSTER, Rung.INSTITUTION)


def many(seed: int) -> pd.DataFrame:
    """Forty spells of twelve children that overlap, have gaps and end in every month, and the child who turns 18."""
    rng = np.random.default_rng(seed)
    measures = (INSTITUTION, FOSTER, KIN, OWN_ROOM, NOWHERE_KNOWN)
    rows = []
    for child in [*(f"c{k}" for k in range(12)), "c90"] * 3:
        start = date(2012, 6, 1) + timedelta(days=int(rng.integers(0, 850)))
        end = start + timedelta(days=int(rng.integers(0, 500)))
        measure = str(rng.choice(measures, p=[0.3, 0.3, 0.15, 0.15, 0.1]))
        rows.append(spell(child, measure, str(start), str(end) if rng.random() < 0.8 else None))
    return frame(*rows).drop_duplicates(["child", "measure", "start"])


def slowly(rows: pd.DataFrame, ladder: Ladder, last_day_counts: bool) -> tuple[np.ndarray, int]:
    """The same counts, child by child: where it is on every evening, by the register's own dates."""
    children = small.children().set_index("child")
    rungs = list(rungs_of(ladder))
    place = standard_codes().place(rows["measure"], ladder=ladder)
    rows = rows.assign(rung=place["rung"].fillna(0), placed=place["placed"].astype(bool))
    windows = windows_of(Grid(first="2013H1", last="2014H2"))
    counts = np.zeros((6, 4, len(rungs), len(rungs) + 2), dtype=int)
    unknown = 0
    eighteen = {"c90": date(2013, 10, 1)}  # the middle of the second half of 1995, 18 years on

    def where(child: str, evening: date) -> int | None:
        """A rung, 0 for a place that is not known, or None for no placement."""
        if child in eighteen and evening >= eighteen[child]:
            return None
        found = []
        for row in rows[(rows["child"] == child) & rows["placed"]].itertuples():
            last = date.max if pd.isna(row.end) else date.fromisoformat(str(row.end))
            inside = evening <= last if last_day_counts else evening < last
            if date.fromisoformat(str(row.start)) <= evening and inside:
                found.append(int(row.rung))
        return max(found) if found else None

    for child in children.index:
        d = small.DISTRICTS.index(children.loc[child, "district"])
        for t in range(4):
            first, after = (date(1970, 1, 1) + timedelta(days=int(windows.bounds[k])) for k in (t, t + 1))
            start, end = (where(child, day - timedelta(days=1)) for day in (first, after))
            if start is None or start not in rungs:
                continue
            if end == 0 or (end is not None and end not in rungs):
                unknown += 1
                continue
            gone = OF_AGE if child in eighteen and after > eighteen[child] else OUT_OF_CARE
            k = len(rungs) + gone if end is None else rungs.index(Rung(end))
            counts[d, t, rungs.index(Rung(start)), k] += 1
    return counts, unknown


@pytest.mark.parametrize("last_day_counts", [True, False])
@pytest.mark.parametrize("ladder", ["kora", "support"])
def test_counts_are_those_of_a_slow_count_child_by_child(tmp_path: Path, ladder: Ladder, last_day_counts: bool) -> None:
    rows = many(seed=4)
    found = moved(tmp_path, rows, home_based=ladder, last_day_counts=last_day_counts)
    counts, unknown = slowly(rows, ladder, last_day_counts)
    assert found.counts.tolist() == counts.tolist()
    assert found.unknown == unknown
    rungs = range(len(rungs_of(ladder)))
    down = sum(counts[:, :, o, k] for o in rungs for k in rungs if k < o)
    up = sum(counts[:, :, o, k] for o in rungs for k in rungs if k > o)
    assert found.down.tolist() == down.tolist()
    assert found.up.tolist() == up.tolist()
    assert min(found.down.sum(), found.up.sum()) > 0


def test_order_of_rows_does_not_matter_and_two_places_at_once_are_the_higher(tmp_path: Path) -> None:
    rows = many(seed=4)
    first = moved(tmp_path, rows, overlap="count_both")
    again = moved(tmp_path, rows.iloc[np.random.default_rng(1).permutation(len(rows))], overlap="count_both")
    assert first.counts.tolist() == again.counts.tolist()
    assert first.counts.tolist() == slowly(rows, "kora", True)[0].tolist()
