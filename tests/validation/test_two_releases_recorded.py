"""The recorded pairs of releases say what the docs say."""

from __future__ import annotations

import pandas as pd
import two_releases


def test_no_hidden_number_comes_out_of_two_releases_and_few_numbers_differ() -> None:
    found = pd.read_csv(two_releases.RECORDED, comment="#")
    assert two_releases.RECORDED.read_text("utf-8").startswith("# Synthetic")
    assert len(found) >= 10
    assert found["recovered"].sum() == 0
    assert found["levels_moved"].sum() < 0.02 * found["levels"].sum()
    assert found["numbers_moved"].sum() < 0.1 * found["numbers"].sum()


def test_a_place_for_the_child_moves_the_numbers_of_its_district_and_half_year_only() -> None:
    before, after = two_releases.municipality(0)[0], two_releases.with_child(0, 1)
    keys = ["outcome", "unit", "period"]
    pair = before.cells.merge(after.cells, on=keys, suffixes=("", "_after"))
    moved = pair[(pair["value"] != pair["value_after"]) & pair["value"].notna()]
    assert set(moved["outcome"]) == {"placed_total", "placed_per_1000", "institution_per_1000", "institution_share"}
    assert len(moved[["unit", "period"]].drop_duplicates()) == 1
