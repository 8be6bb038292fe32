"""The recorded attack on made-up municipalities says what the docs say; one is attacked anew."""

from __future__ import annotations

import disclosed
import pandas as pd


def test_nothing_was_recovered_and_every_hidden_number_stayed_as_uncertain_as_the_rule_asks() -> None:
    found = pd.read_csv(disclosed.RECORDED, comment="#")
    assert disclosed.RECORDED.read_text("utf-8").startswith("# Synthetic")
    assert found["municipality"].tolist() == list(range(200))
    assert found["districts"].between(4, 40).all()
    assert found["hidden"].sum() > 100
    assert found["recovered"].sum() == 0
    assert found["again_recovered"].sum() == 0
    assert found["narrowest"].dropna().ge(1).all()


def test_a_recorded_municipality_comes_out_again() -> None:
    recorded = pd.read_csv(disclosed.RECORDED, comment="#").iloc[0]
    row = dict(zip(disclosed.COLUMNS, disclosed.attacked(int(recorded["municipality"])), strict=True))
    assert {name: row[name] for name in ("hidden", "recovered", "levels_shown")} == {
        name: recorded[name] for name in ("hidden", "recovered", "levels_shown")
    }
