from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from sverige_did.sources.aggregates.suppression import bound_by_total, limits
from sverige_did.study.aggregates import Sign

SIGNS = (
    Sign(sign="x", meaning="suppressed", low=1, high=5, until=2017),
    Sign(sign="x", meaning="not_available", since=2018),
    Sign(sign="c", meaning="suppressed", low=0, secondary=True),
    Sign(sign="<5", meaning="suppressed", low=0, high=4),
    Sign(sign="z", meaning="not_applicable"),
    Sign(sign="k", meaning="rounds_to_zero"),
    Sign(sign="..", meaning="not_available"),
    Sign(sign=":", meaning="not_available"),
)


@pytest.mark.parametrize(
    ("text", "year", "low", "high", "status", "exists"),
    [
        ("12", 2016, 12, 12, "exact", True),
        ("0", 2016, 0, 0, "exact", True),
        ("x", 2017, 1, 5, "hidden", True),
        ("x", 2018, 0, np.inf, "missing", True),
        ("c", 2020, 0, np.inf, "hidden", True),
        ("<5", 2020, 0, 4, "hidden", True),
        ("k", 2020, 0, 0.5, "interval", True),
        ("..", 2012, 0, np.inf, "missing", True),
        (":", 2012, 0, np.inf, "missing", True),
        ("z", 2020, np.nan, np.nan, "missing", False),
    ],
)
def test_each_sign_is_an_interval_in_its_own_years(
    text: str, year: int, low: float, high: float, status: str, exists: bool
) -> None:
    found = limits(pd.Series([text]), pd.Series([year]), SIGNS, possible=(0, np.inf))
    row = found.cells.iloc[0]
    assert found.unexplained.empty
    np.testing.assert_equal([row["low"], row["high"]], [low, high])
    assert (row["status"], row["exists"]) == (status, exists)
    assert np.isnan(row["value"]) == (status != "exact")


def test_a_mean_stays_within_its_scale() -> None:
    cells = limits(pd.Series(["c", ".."]), pd.Series([2020, 2020]), SIGNS, possible=(0, 40)).cells
    assert cells[["low", "high"]].to_numpy().tolist() == [[0, 40], [0, 40]]


def test_text_that_no_sign_explains_is_named_never_read() -> None:
    found = limits(
        pd.Series(["u", "12", ""], index=[7, 8, 9]), pd.Series(2020, index=[7, 8, 9]), SIGNS, possible=(0, 1e9)
    )
    assert found.unexplained.tolist() == [7, 9]


def enumerated(low: list[int], high: list[int], total: int) -> tuple[list[int], list[int]]:
    """The limits of each part by trying every table of whole numbers."""
    fits = [
        table for table in product(*(range(a, b + 1) for a, b in zip(low, high, strict=True))) if sum(table) == total
    ]
    columns = list(zip(*fits, strict=True))
    return [min(column) for column in columns], [max(column) for column in columns]


@pytest.mark.parametrize("seed", range(20))
def test_limits_by_a_total_are_those_of_every_table_that_adds_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 4, size=4)
    high = low + rng.integers(0, 6, size=4)
    total = int(rng.integers(low.sum(), high.sum() + 1))
    least, most = bound_by_total(
        low.astype(float),
        high.astype(float),
        np.zeros(4, dtype=np.intp),
        np.array([float(total)]),
        np.array([float(total)]),
    )
    assert (least.tolist(), most.tolist()) == enumerated(low.tolist(), high.tolist(), total)


def test_one_hidden_part_is_what_the_total_leaves_and_the_groups_do_not_mix() -> None:
    low = np.array([10.0, 0.0, 3.0, 0.0, 0.0])
    high = np.array([10.0, np.inf, 3.0, np.inf, np.inf])
    group = np.array([0, 0, 1, 1, 1])
    least, most = bound_by_total(low, high, group, np.array([14.0, 9.0]), np.array([14.0, 9.0]))
    assert least.tolist() == [10, 4, 3, 0, 0]
    assert most.tolist() == [10, 4, 3, 6, 6]
    order = np.array([4, 2, 0, 3, 1])
    again = bound_by_total(low[order], high[order], group[order], np.array([14.0, 9.0]), np.array([14.0, 9.0]))
    np.testing.assert_array_equal(again, [least[order], most[order]])


def test_slack_widens_and_a_contradicted_limit_is_left() -> None:
    zero = np.zeros(2, dtype=np.intp)
    total = np.array([14.0])
    least, most = bound_by_total(np.array([10.0, 0.0]), np.array([10.0, np.inf]), zero, total, total, slack=1)
    assert (least[1], most[1]) == (3, 5)
    least, most = bound_by_total(np.array([20.0, 1.0]), np.array([20.0, 5.0]), zero, total, total)
    assert (least[1], most[1]) == (1, 5)
