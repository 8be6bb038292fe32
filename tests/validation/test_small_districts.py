"""The recorded coverage in small districts: what it says, that the page tells it, and how to make it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from children_generator import AFTER, BEFORE, DISTRICTS, TREATED, WORLDS, World, municipality
from small_districts import COLUMNS, LEVELS, MODELS, MUNICIPALITIES, RECORD, WAYS, many, summary

PAGE = RECORD.parents[3] / "docs" / "calibration.md"
KEY = ["world", "way", "likelihood", "level"]


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    return pd.read_csv(RECORD, comment="#")


def test_the_record_is_whole(record: pd.DataFrame) -> None:
    """But for the few municipalities with a district that never had a child in care."""
    assert tuple(record.columns) == COLUMNS
    fits = record.set_index(KEY)["fits"]
    assert set(WAYS) == set(WORLDS)
    assert set(fits.index) == {
        (w, way, m, level) for w, ways in WAYS.items() for way in ways for m in MODELS for level in LEVELS
    }
    assert fits.between(0.95 * MUNICIPALITIES, MUNICIPALITIES).all(), (
        "few have a district that never had a child in care"
    )
    assert MUNICIPALITIES >= 150


def test_intervals_hold_the_realised_effect_as_often_as_they_promise(record: pd.DataFrame) -> None:
    """Up to two standard errors, and not so wide as to say nothing where nobody stays."""
    for (world, way, _, level), row in record.set_index(KEY).iterrows():
        if way == "as_children":
            error = np.sqrt(level * (1 - level) / row["fits"])
            assert row["coverage"] >= level - 2 * error
            if world == "hardly anybody stays" and level == 0.95:
                assert row["coverage"] <= 0.98


def test_sums_at_their_face_value_promise_too_much_where_districts_are_small(record: pd.DataFrame) -> None:
    wide = record.set_index(KEY)["coverage"]
    for likelihood in MODELS:
        assert wide["small", "as_counted", likelihood, 0.95] < 0.9
        assert wide["small", "as_children", likelihood, 0.95] > wide["small", "as_counted", likelihood, 0.95]


def test_the_page_tells_how_often_each_interval_held_the_effect(record: pd.DataFrame) -> None:
    page = PAGE.read_text("utf-8").splitlines()
    for (_, _, level), rows in record.groupby(["world", "way", "level"]):
        held = [f"{100 * rate:.1f} %" for rate in rows["coverage"]]
        assert any(
            line.startswith("|") and f" {100 * float(level):.0f} % " in line and all(n in line for n in held)
            for line in page
        )


def test_made_up_children_are_as_many_and_stay_as_long_as_the_world_says() -> None:
    """Many municipalities together; the tolerances are several Monte Carlo errors."""
    world = World(level_sd=0.0, swing_sd=0.0, effect_sd=0.0)
    made = [municipality(world, np.random.default_rng([at, 8])) for at in range(60)]
    residents = sum(one.residents.sum() for one in made)
    placed, there = (sum(getattr(one, name).sum(axis=0) for one in made) for name in ("placed", "institution"))
    assert placed / residents == pytest.approx(np.full(BEFORE + AFTER, world.in_care_per_1000 / 2000), rel=0.06)
    assert there.sum() / placed.sum() == pytest.approx(world.institution, rel=0.05)


def test_the_programme_changes_nothing_but_where_the_treated_are_after_its_start() -> None:
    for world in WORLDS.values():
        for seed in range(5):
            made = municipality(world, np.random.default_rng([seed, 9]))
            moved = made.institution - made.without
            assert not moved[TREATED:].any()
            assert not moved[:, :BEFORE].any()
            assert (np.sign(made.effect) * moved >= 0).all(), "nobody is moved the other way"
            assert (made.institution <= made.placed + 1e-9).all()
            assert made.placed.shape == (DISTRICTS, BEFORE + AFTER)
            assert np.sign(made.realised()["institution_share"]) in {0.0, np.sign(made.effect)}


@pytest.mark.slow
def test_the_record_can_be_made_again_with_other_municipalities(record: pd.DataFrame) -> None:
    again = summary(many(range(7, 17), {"small": ("as_children",), "mixed": ("as_children",)})).set_index(KEY)
    before = record.set_index(KEY)
    for key, row in again.iterrows():
        expected = before.loc[key, "coverage"]
        assert abs(row["coverage"] - expected) <= 4 * np.sqrt(max(expected * (1 - expected), 0.02) / row["fits"])
        assert row["mean_width"] == pytest.approx(before.loc[key, "mean_width"], rel=0.3)
