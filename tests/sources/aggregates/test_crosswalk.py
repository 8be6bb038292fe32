from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sverige_did.errors import InputError
from sverige_did.sources.aggregates.crosswalk import Crosswalk, read_crosswalk, to_units

LINES = pd.DataFrame(
    {
        "area": ["A", "B", "AB", "old", "new", "tiny"],
        "unit": ["AB", "AB", "AB", "new", "new", None],
        "first": [np.nan, np.nan, 2016, np.nan, 2016, np.nan],
        "last": [2015, 2015, np.nan, 2015, np.nan, np.nan],
    }
)


def cells(rows: list[tuple[str, int, float]], **columns: object) -> pd.DataFrame:
    """Cells of (area, year, value), exact unless other columns are given."""
    frame = pd.DataFrame(rows, columns=["area", "year", "value"])
    frame = frame.assign(
        period=frame["year"].astype("str"), low=frame["value"], high=frame["value"], status="exact", exists=True,
        denominator=100.0, denominator_low=100.0, denominator_high=100.0,
    )  # fmt: skip
    return frame.assign(**columns)


COUNTS = [
    ("A", 2015, 10),
    ("B", 2015, 5),
    ("AB", 2016, 14),
    ("old", 2015, 3),
    ("new", 2016, 4),
    ("C", 2015, 7),
    ("C", 2016, 8),
]


def units(frame: pd.DataFrame, *, mean: bool = False) -> tuple[pd.DataFrame, list[str]]:
    merged, problems = to_units(frame, Crosswalk(LINES), mean=mean, possible=(0, np.inf), file="a.csv")
    return merged.set_index(["unit", "period"]), [problem.key for problem in problems]


def test_merged_and_recoded_areas_are_one_unit_and_nobody_is_lost() -> None:
    merged, problems = units(cells(COUNTS))
    assert problems == []
    assert merged["value"].to_dict() == {
        ("AB", "2015"): 15,
        ("AB", "2016"): 14,
        ("C", "2015"): 7,
        ("C", "2016"): 8,
        ("new", "2015"): 3,
        ("new", "2016"): 4,
    }
    assert merged.loc[("AB", "2015"), "denominator"] == 200
    by_year = pd.DataFrame(COUNTS, columns=["area", "year", "value"]).groupby("year")["value"].sum()
    assert merged["value"].groupby("period").sum().tolist() == by_year.tolist()


def test_the_order_of_rows_does_not_matter() -> None:
    merged, _ = units(cells(COUNTS))
    again, _ = units(cells(COUNTS[::-1]))
    pd.testing.assert_frame_equal(merged, again)


def test_hidden_members_make_an_interval_not_a_number() -> None:
    frame = cells(COUNTS)
    frame.loc[1, ["value", "low", "high", "status"]] = [np.nan, 1, 5, "hidden"]
    row = units(frame)[0].loc[("AB", "2015")]
    assert (row["low"], row["high"], row["status"]) == (11, 15, "hidden")
    assert np.isnan(row["value"])


def test_a_promised_member_that_is_not_there_makes_the_unit_missing() -> None:
    row = units(cells([row for row in COUNTS if row[0] != "B"]))[0].loc[("AB", "2015")]
    assert (row["low"], row["high"], row["status"]) == (10, np.inf, "missing")
    assert np.isnan(row["value"])


def test_a_mean_is_weighted_by_its_denominator() -> None:
    frame = cells(COUNTS)
    frame.loc[0, "denominator"] = 300.0
    merged = units(frame, mean=True)[0]
    assert merged.loc[("AB", "2015"), "value"] == pytest.approx((10 * 300 + 5 * 100) / 400)
    assert merged.loc[("C", "2015"), "value"] == 7


def test_a_mean_without_known_weights_lies_between_its_members() -> None:
    frame = cells(COUNTS)
    frame.loc[0, "denominator"] = np.nan
    row = units(frame, mean=True)[0].loc[("AB", "2015")]
    assert (row["low"], row["high"]) == (5, 10)
    assert np.isnan(row["value"])


def test_breaks_without_a_line_and_numbers_outside_their_line_are_problems() -> None:
    assert units(cells(COUNTS[:-1]))[1] == ["agg_area_break"]
    assert units(cells([*COUNTS, ("old", 2016, 1)]))[1] == ["agg_outside_line"]
    assert units(cells([*COUNTS, ("tiny", 2016, 1)]))[1] == []


def test_an_area_that_does_not_exist_yet_is_not_a_number() -> None:
    frame = cells([*COUNTS, ("AB", 2015, np.nan)])
    frame.loc[len(COUNTS), ["exists", "status"]] = [False, "missing"]
    merged, problems = units(frame)
    assert problems == []
    assert merged.loc[("AB", "2015"), ["value", "status"]].tolist() == [15, "exact"]


def test_a_crosswalk_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "crosswalk.csv"
    path.write_text("area;unit;name;first;last;reason;source\nA;AB;A;;2015;merged;law\nA;AB;A;2016;;merged;law\n")
    with pytest.raises(InputError) as error:
        read_crosswalk(path)
    assert [(one.key, one.row) for one in error.value.problems] == [("reg_duplicate_key", 3)]
    path.write_text("area;unit;name;first;last;reason;source\nA;;A;;;too small;law\n")
    assert read_crosswalk(path).unit_of(pd.Series(["A", "B"])).tolist()[1] == "B"
