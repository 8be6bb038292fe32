"""The recorded recovery of effects by the district models: what it says, that the page tells it, and how to make it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from bayes_recovery import COLUMNS, FIRST_SEED, LEVELS, MODELS, RECORD, WORLDS, many, summary, world

PAGE = RECORD.parents[3] / "docs" / "calibration.md"
KEY = ["world", "likelihood", "level"]


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    return pd.read_csv(RECORD, comment="#")


@pytest.fixture(scope="module")
def made_of(record: pd.DataFrame) -> dict[str, int]:
    """How many municipalities of each world the record says that it was made of."""
    first = RECORD.read_text("utf-8").splitlines()[0]
    return {name: int(found[1]) for name in WORLDS if (found := re.search(rf"(\d+) {name}", first))}


def test_all_municipalities_of_each_world_are_in_the_record(record: pd.DataFrame, made_of: dict[str, int]) -> None:
    assert tuple(record.columns) == COLUMNS
    fits = record.set_index(KEY)["fits"]
    assert set(fits.index) == {(w, m, level) for w in WORLDS for m in (*MODELS, "all") for level in LEVELS}
    assert all(n == made_of[w] * (len(MODELS) if m == "all" else 1) for (w, m, _), n in fits.items())


def test_over_what_is_believed_intervals_hold_the_effect_as_often_as_they_promise(
    record: pd.DataFrame, made_of: dict[str, int]
) -> None:
    """The fits of one municipality share its data, so each stands for one municipality and no more. Narrow intervals of
    all kinds at once do not hold what they promise, and the page says so."""
    too_narrow = set()
    for (model, level), rate in record.set_index(KEY)["coverage"]["believed"].items():
        if abs(rate - level) > 2.5 * np.sqrt(level * (1 - level) / made_of["believed"]):
            too_narrow.add((model, level))
    assert too_narrow == {("composition", 0.5)}
    assert "**Intervals of all kinds at once are too narrow in the middle**" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_can_be_drawn(name: str) -> None:
    """The names of what a municipality is drawn from are others' to change, and the study runs once in a while."""
    assert world(name, FIRST_SEED) == world(name, FIRST_SEED)


def test_the_page_says_how_many_municipalities_there_were(made_of: dict[str, int]) -> None:
    page = " ".join(PAGE.read_text("utf-8").split())
    assert f"{made_of['believed']} municipalities whose effect is what the plan believes" in page
    assert f"{made_of['strong']} with the large effect" in page


def test_the_page_tells_how_often_each_interval_held_the_effect(record: pd.DataFrame) -> None:
    page = PAGE.read_text("utf-8").splitlines()
    for (_, level), rows in record.groupby(["world", "level"]):
        held = [f"{100 * rate:.1f} %" for rate in rows["coverage"]]
        assert any(
            line.startswith("|") and f" {100 * float(level):.0f} % " in line and all(n in line for n in held)
            for line in page
        )


@pytest.mark.slow
def test_the_record_can_be_made_again_with_other_municipalities(record: pd.DataFrame) -> None:
    n = 10
    again, before = (table.set_index(KEY) for table in (summary(many(dict.fromkeys(WORLDS, range(7, 7 + n)))), record))
    for key, rate in again["coverage"].items():
        expected, fits = before.loc[key, "coverage"], again.loc[key, "fits"]
        error = np.sqrt(max(expected * (1 - expected), 0.02) * (1 / fits + 1 / before.loc[key, "fits"]))
        assert abs(rate - expected) <= 4 * error
    width = again["mean_width"].drop("all", level="likelihood")
    assert width.to_dict() == pytest.approx(before["mean_width"].loc[width.index].to_dict(), rel=0.3)
