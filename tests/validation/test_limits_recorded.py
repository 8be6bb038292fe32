"""The recorded search says what the docs say; one municipality is searched anew."""

from __future__ import annotations

import limits
import pandas as pd
import pytest


def test_every_number_of_a_district_had_three_candidates_and_nearly_every_change() -> None:
    found = pd.read_csv(limits.RECORDED, comment="#")
    assert limits.RECORDED.read_text("utf-8").startswith("# Synthetic")
    assert (found["numbers_three"] == found["tried"]).all()
    assert found["changes_three"].sum() > 0.95 * found["tried"].sum()
    assert found["narrowest"].min() > 0.5


@pytest.mark.slow
def test_a_recorded_municipality_comes_out_again() -> None:
    first = pd.read_csv(limits.RECORDED, comment="#").iloc[0]
    assert list(next(limits.rows(1))) == first.tolist()
