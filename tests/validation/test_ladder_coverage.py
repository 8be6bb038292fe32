"""The recorded coverage of the ladder's limits: what it says, that the page tells it, and a small part made anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from ladder_coverage import COLUMNS, LEVEL, RECORD, REPLICATIONS, WORLDS, World, episodes, one, table, value

from sverige_did.did.occupation import follow

PAGE = RECORD.parents[3] / "docs" / "methods.md"


@pytest.fixture(scope="module")
def seen() -> pd.DataFrame:
    return pd.read_csv(RECORD, comment="#")


def test_the_record_is_whole(seen: pd.DataFrame) -> None:
    assert tuple(seen.columns) == COLUMNS
    assert set(zip(seen["world"], seen["quantity"], strict=True)) == {
        (w, q) for w in WORLDS for q in ("months", "stay")
    }
    assert (seen["intervals"] + seen["without"] == REPLICATIONS).all()


def test_limits_hold_the_truth_as_often_as_they_promise_and_welchs_do_not_always(seen: pd.DataFrame) -> None:
    assert (seen["coverage"] >= LEVEL - 2 * np.sqrt(LEVEL * (1 - LEVEL) / REPLICATIONS)).all()
    assert (seen["coverage"] <= 0.99).all(), "and are not so wide as to say nothing"
    assert seen["welch"].min() < 0.93


def test_the_page_tells_what_is_recorded() -> None:
    page = PAGE.read_text("utf-8")
    assert all(line in page for line in table().splitlines())


def test_a_rate_that_is_known_is_found() -> None:
    """Without any swings half of those on a rung leave within 52 weeks at a yearly rate of log 2."""
    world = World(30, rate=float(np.log(2)), level=0.0, swing=0.0)
    stays, of = episodes(world, np.random.default_rng(1), districts=60)
    found = follow(stays, (0,), 0, lambda who, _: of[who], 60, 52)
    months, share = value((found.at_risk, found.moves), np.ones(60, dtype=bool))
    assert share == pytest.approx(50, abs=4)
    assert months == pytest.approx(12 * 0.5 / np.log(2), abs=0.3)


def test_one_replication_can_be_made_anew() -> None:
    first, again = (one(WORLDS["swings"], np.random.default_rng([1, 2])) for _ in range(2))
    assert first == again
    assert first[0][1] < first[0][0] < first[0][2]
