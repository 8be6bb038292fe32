"""Columns as people and tables hold them: what is read, what is refused, and by which name."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from sverige_did.did import columns
from sverige_did.did.arrays import panel_from_rows
from sverige_did.errors import RefusedError
from sverige_did.inference.districts import districts

MISSING = {
    "None": None, "nan": float("nan"), "NaT": pd.NaT, "NA": pd.NA, "numpy nan": np.float64("nan"), "blank": "",
    "spaces": "  ", "cast nan": "nan", "cast None": "None", "cast NA": "<NA>",
}  # fmt: skip

ROWS = 12
CLEAN: dict[str, list[object]] = {
    "unit": [f"u{row // 4}" for row in range(ROWS)],
    "period": [2010 + row % 4 for row in range(ROWS)],
    "treated": [row < 4 and row % 4 > 1 for row in range(ROWS)],
    "strata": ["town"] * 8 + ["land"] * 4,
}
Y = np.arange(ROWS) ** 2 / 7


def refusal(call) -> tuple[str, object, str | None]:
    with pytest.raises(RefusedError) as caught:
        call()
    (problem,) = caught.value.problems
    assert problem.say("da") != problem.say("en")
    said = dict(problem.values)
    return problem.key, said.get("column", said.get("name")), problem.found


@pytest.mark.parametrize("holder", [list, pd.Series, lambda values: np.array(values, dtype=object)])
@pytest.mark.parametrize("gone", MISSING)
@pytest.mark.parametrize("column", CLEAN)
def test_a_missing_value_is_refused_by_the_name_of_its_column(column: str, gone: str, holder) -> None:
    spoilt = CLEAN | {column: [MISSING[gone], *CLEAN[column][1:]]}
    given = {name: holder(values) for name, values in spoilt.items()}
    assert refusal(lambda: panel_from_rows(y=Y, **given)) == ("did_not_finite", column, "1")


@pytest.mark.parametrize("gone", MISSING)
@pytest.mark.parametrize("column", ["treated", "strata"])
def test_a_missing_flag_or_stratum_of_a_district_is_refused(column: str, gone: str) -> None:
    given = {"treated": [True] * 4 + [False] * 8, "strata": ["a", "b"] * 6}
    given[column] = [*given[column][:-1], MISSING[gone]]
    assert refusal(lambda: districts(Y, **given)) == ("did_not_finite", column, "1")


def test_a_list_of_names_with_a_nan_is_not_cast_to_a_district() -> None:
    """numpy makes »nan« of it, pandas a float: neither is a district."""
    broken = [float("nan"), *CLEAN["unit"][1:]]
    for values in (broken, np.array(broken), pd.array(broken, dtype="string"), pd.Categorical(broken)):
        assert refusal(lambda values=values: panel_from_rows(**CLEAN | {"unit": values}, y=Y))[0] == "did_not_finite"


def test_a_masked_value_is_a_missing_one() -> None:
    hidden = np.ma.masked_array(Y, mask=np.arange(ROWS) == 5)
    assert len(panel_from_rows(**CLEAN, y=hidden).dropped) == 1
    flags = np.ma.masked_array(np.arange(12) < 4, mask=np.arange(12) == 3)
    assert refusal(lambda: districts(Y, flags))[0] == "did_not_finite"
    assert refusal(lambda: districts(hidden, np.arange(12) < 4))[0] == "inference_not_finite"


@pytest.mark.parametrize("gone", [None, np.nan, pd.NA])
def test_an_outcome_that_is_missing_is_left_out_and_one_of_text_refused(gone: object) -> None:
    found = panel_from_rows(**CLEAN, y=[*Y[:5], gone, *Y[6:]])
    assert [one.reason for one in found.dropped] == ["outcome_missing"]
    assert refusal(lambda: panel_from_rows(**CLEAN, y=[*Y[:5], "ikke opgjort", *Y[6:]]))[:2] == ("did_not_numbers", "y")


CODINGS: dict[str, tuple[object, object]] = {
    "bool": (True, False), "numbers": (1, 0), "floats": (1.0, 0.0), "text": ("1", "0"),
    "text of floats": ("1.0", "0.0"), "words": ("true", "false"), "python's words": ("True", "False"),
    "capitals": ("YES", "NO"), "spaces": (" yes", "no "), "danish": ("ja", "nej"), "Danish": ("Ja", "Nej"),
}  # fmt: skip


@pytest.mark.parametrize("holder", [list, np.array, pd.Series, pd.Categorical])
@pytest.mark.parametrize("coding", CODINGS)
def test_treatment_is_read_in_every_usual_coding(coding: str, holder) -> None:
    treated = np.arange(12) < 4
    written = holder([CODINGS[coding][not one] for one in treated])
    assert districts(Y, written).treated.tolist() == treated.tolist()
    of_rows = [CODINGS[coding][not one] for one in CLEAN["treated"]]
    assert panel_from_rows(**CLEAN | {"treated": of_rows}, y=Y).treated_from[0] == 2012


OTHERWISE = [
    (1, 2), ("1", "2"), (0, 2), (0.5, 0.0), ("x", "y"), ("indsats", "kontrol"), ("T", "F"), (-1, 0), (True, "nan?"),
]  # fmt: skip


@pytest.mark.parametrize("values", OTHERWISE)
def test_a_coding_that_does_not_say_who_is_treated_is_named(values: tuple[object, object]) -> None:
    written = [values[0]] * 4 + [values[1]] * 8
    key, column, found = refusal(lambda: districts(Y, written))
    assert (key, column) == ("did_flags", "treated")
    assert set(found.split(", ")) == set(map(str, values))
    assert refusal(lambda: panel_from_rows(**CLEAN | {"treated": written}, y=Y))[0] == "did_flags"


PERIODS = {
    "years": (["2012", "2013", "2014", "2015"], [2012, 2013, 2014, 2015]),
    "half-years": (["2012H1", "2012H2", "2013H1", "2013H2"], [2012, 2012.5, 2013, 2013.5]),
    "Danish half-years": (["1. halvår 2012", "2. halvår 2012", "2013HÅ1", "2013 H2"], [2012, 2012.5, 2013, 2013.5]),
    "quarters": (["2012Q4", "2013Q1", "2013K2", "2013Q3"], [2012.75, 2013, 2013.25, 2013.5]),
    "months": (["2012-12", "2013-01", "2013M02", "2013-03"], [2012 + 11 / 12, 2013, 2013 + 1 / 12, 2013 + 2 / 12]),
    "dates": (["2012-07-01", "2013-01-01", "2013-07-01", "2014-01-16"], [2012.5, 2013, 2013.5, 2014 + 15 / 31 / 12]),
    "counted": ([3, 4, 5, 6], [3, 4, 5, 6]),
    "counted as text": (["8", "9", "10", "11"], [8, 9, 10, 11]),
}
FROM_PANDAS = {
    "pandas months": (pd.period_range("2012-12", periods=4, freq="M"), PERIODS["months"][1]),
    "pandas quarters": (pd.period_range("2012Q4", periods=4, freq="Q"), PERIODS["quarters"][1]),
    "pandas years": (pd.period_range("2012", periods=4, freq="Y"), PERIODS["years"][1]),
    "school years": (pd.period_range("2012", periods=4, freq="Y-JUL"), [2011 + 7 / 12 + step for step in range(4)]),
    "timestamps": (pd.to_datetime(PERIODS["dates"][0]), PERIODS["dates"][1]),
    "with a zone": (pd.to_datetime(PERIODS["dates"][0]).tz_localize("Europe/Copenhagen"), PERIODS["dates"][1]),
    "numpy days": (np.array(PERIODS["dates"][0], dtype="datetime64[D]"), PERIODS["dates"][1]),
    "numpy months": (
        np.array(["2012-12", "2013-01", "2013-02", "2013-03"], dtype="datetime64[M]"),
        PERIODS["months"][1],
    ),
    "python's dates": ([dt.date.fromisoformat(day) for day in PERIODS["dates"][0]], PERIODS["dates"][1]),
}


@pytest.mark.parametrize("name", PERIODS | FROM_PANDAS)
def test_periods_are_numbers_of_years_in_their_order(name: str) -> None:
    written, expected = (PERIODS | FROM_PANDAS)[name]
    order = np.array([2, 0, 3, 1])
    for values in (list(written), written, pd.Series(written), np.asarray(written), pd.Series(written).astype(object)):
        codes, found = columns.periods(pd.Series(values)[order])
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert codes.tolist() == order.tolist()
    panel = panel_from_rows(**CLEAN | {"period": [*written] * 3}, y=Y)
    np.testing.assert_allclose(panel.periods, expected)
    assert panel.treated_from[0] == panel.periods[2]


def test_days_of_a_year_are_in_order_and_months_begin_at_twelfths() -> None:
    days = pd.date_range("2012-01-01", "2013-12-31")
    _, found = columns.periods(days)
    assert all(a < b for a, b in pairwise(found))
    firsts = found[days.is_month_start]
    np.testing.assert_allclose(firsts, 2012 + np.arange(24) / 12, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "values", [["2013", "2013H2"], ["2013H1", "2013Q3"], ["2013-01", dt.date(2013, 2, 1)], [2013.0, "2013H2"]]
)
def test_periods_of_two_kinds_are_not_put_on_one_line(values: list[object]) -> None:
    assert refusal(lambda: columns.periods(values))[0] == "did_periods_mixed"


@pytest.mark.parametrize("value", ["engang", "2012/13", "Q1 2013", "2013-13", object(), "31-12-2013"])
def test_what_is_no_period_is_named(value: object) -> None:
    assert refusal(lambda: columns.periods(["2013", value])) == ("did_period_unknown", None, str(value))


@pytest.mark.parametrize("value", [np.inf, -np.inf, "inf"])
def test_no_period_lies_at_infinity(value: object) -> None:
    assert refusal(lambda: columns.periods([2013, value])) == ("did_not_finite", "period", "1")


def test_names_are_ordered_as_numbers_where_they_are_numbers() -> None:
    codes, labels = columns.names([10, 9, 10, 2], "unit")
    assert (codes.tolist(), labels) == ([2, 1, 2, 0], ("2", "9", "10"))
    codes, labels = columns.names(["10", 9, "9", 10], "unit")
    assert (codes.tolist(), labels) == ([0, 1, 1, 0], ("10", "9"))


@pytest.mark.parametrize("empty", [list, lambda: np.array([])])
def test_no_rows_are_refused(empty) -> None:
    assert refusal(lambda: panel_from_rows(empty(), empty(), empty(), empty()))[0] == "did_constant_outcome"


@pytest.mark.parametrize("column", ["unit", "period", "treated", "y", "weights", "exposure", "strata"])
def test_columns_of_another_length_or_shape_are_refused(column: str) -> None:
    given = CLEAN | {"y": Y, "weights": [2.0] * ROWS, "exposure": [3.0] * ROWS}
    for values in (list(given[column])[:-1], np.array([given[column], given[column]], dtype=object), 5):
        with pytest.raises(RefusedError):
            panel_from_rows(**given | {column: values})
