"""What is wrong with a table is told in the caller's own words: which column, which rows by unit and period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frames import small, study

import sverige_did as sd
from sverige_did import words
from sverige_did.words import LANGUAGES


def put(frame: pd.DataFrame, row: int, column: str, value: Any) -> pd.DataFrame:
    """The frame with one cell changed, whatever the type of its column."""
    changed = frame.copy()
    values = changed[column].astype(object).tolist()
    values[row] = value
    changed[column] = pd.Series(values, index=changed.index).infer_objects()
    return changed


def of(change: Callable[[pd.DataFrame], pd.DataFrame], **said: Any) -> Callable[[], sd.Study]:
    return lambda: study(change(small()), **said)


COUNTS = {"y": None, "events": "events", "exposure": "children"}
FLAGS = {"treated_from": None, "treated": "treated"}

CASES: dict[str, tuple[Callable[[], object], str, tuple[str, ...]]] = {
    "no table": (lambda: study(3), "frame_no_table", ("int",)),  # type: ignore[arg-type]
    "columns of unlike length": (
        lambda: sd.did({"a": [1, 2], "b": [1]}, unit="a", time="b", y="b", treated="b"),
        "frame_no_table",
        ("a: 2", "b: 1"),
    ),
    "an empty table": (of(lambda f: f.iloc[:0]), "frame_no_table", ("(0,",)),
    "no outcome after the start": (
        of(lambda f: f.assign(y=f["y"].where(~f["treated"]))),
        "frame_unseen_treated",
        ("y",),
    ),
    "no outcome of the others": (
        of(lambda f: f.assign(y=f["y"].where(f["start"].notna() | (f["period"] < 6)))),
        "frame_unseen_control",
        ("6",),
    ),
    "a column that is not there": (of(lambda f: f, y="rate"), "frame_column", ("rate",)),
    "two columns of one name": (of(lambda f: pd.concat([f, f["y"]], axis=1)), "frame_column", ("y",)),
    "no outcome": (of(lambda f: f, y=None), "frame_outcome", ("–",)),
    "two outcomes": (of(lambda f: f, events="events"), "frame_outcome", ("y, events",)),
    "events without exposure": (of(lambda f: f, y=None, events="events"), "frame_outcome", ("events",)),
    "no treatment": (of(lambda f: f, treated_from=None), "frame_treatment", ("–",)),
    "two kinds of treatment": (of(lambda f: f, treated="treated"), "frame_treatment", ("treated_from, treated",)),
    "a missing unit": (of(lambda f: put(f, 7, "district", None)), "frame_missing", ("7",)),
    "a unit called nan": (of(lambda f: put(f, 7, "district", "nan")), "frame_missing", ("7",)),
    "a missing period": (of(lambda f: put(f, 7, "period", None)), "frame_missing", ("7",)),
    "a missing flag": (of(lambda f: put(f, 7, "treated", None), **FLAGS), "frame_missing", ("7",)),
    "an odd flag": (of(lambda f: put(f, 7, "treated", "maybe"), **FLAGS), "did_flags", ("maybe",)),
    "a row twice": (of(lambda f: pd.concat([f, f.iloc[[3]]])), "frame_duplicates", ("district 01 4",)),
    "words in the outcome": (of(lambda f: put(f, 3, "y", "high")), "frame_numbers", ("district 01 4 (high)",)),
    "an infinite outcome": (of(lambda f: put(f, 3, "y", np.inf)), "frame_numbers", ("district 01 4 (inf)",)),
    "a decimal comma": (of(lambda f: put(f, 3, "y", "3,5")), "frame_numbers", ("3,5",)),
    "dates as the outcome": (of(lambda f: f.assign(y=pd.Timestamp("2013-01-01"))), "frame_numbers", ("district 01 1",)),
    "complex numbers": (of(lambda f: f.assign(y=f["y"].astype(complex))), "frame_numbers", ("district 01 1",)),
    "no outcome before the start": (
        of(lambda f: f.assign(y=f["y"].where((f["district"] != "district 02") | (f["period"] > 3)))),
        "frame_no_before",
        ("district 02", "y"),
    ),
    "negative events": (of(lambda f: put(f, 3, "events", -1), **COUNTS), "frame_negative", ("district 01 4 (-1",)),
    "events out of none": (of(lambda f: put(f, 3, "children", 0), **COUNTS), "frame_exposure", ("district 01 4 (0",)),
    "a missing denominator": (
        of(lambda f: put(f, 3, "children", None), **COUNTS),
        "frame_exposure",
        ("district 01 4",),
    ),
    "two starts of one unit": (of(lambda f: put(f, 3, "start", 5)), "frame_varies", ("district 01",)),
    "a start in some rows only": (of(lambda f: put(f, 3, "start", pd.NA)), "frame_varies", ("district 01",)),
    "two strata of one unit": (
        of(lambda f: put(f, 3, "stratum", 7), strata="stratum"),
        "frame_varies",
        ("district 01",),
    ),
    "a unit without a stratum": (
        of(lambda f: f.assign(stratum=f["stratum"].where(f["district"] != "district 02")), strata="stratum"),
        "frame_missing",
        ("6",),
    ),
    "treatment that ends": (
        of(lambda f: put(f, 5, "treated", False), **FLAGS),
        "frame_switches_off",
        ("district 01 6",),
    ),
    "a group that is flagged": (
        of(lambda f: f.assign(treated=f["start"].notna()), **FLAGS),
        "frame_always",
        ("district 01", "district 04"),
    ),
    "treated from the first period": (
        of(lambda f: f.assign(start=f["start"].mask(f["district"] == "district 03", 1))),
        "frame_no_before",
        ("district 03",),
    ),
    "nobody treated": (of(lambda f: f.assign(start=None)), "frame_no_treated", ("1 – 6",)),
    "starts in another count of time": (
        of(lambda f: f.assign(start=f["start"] + 2000)),
        "frame_no_treated",
        ("1 – 6",),
    ),
    "everybody treated": (of(lambda f: f.assign(start=f["start"].fillna(5))), "frame_no_control", ("5",)),
    "a start inside a period": (
        of(
            lambda f: f.assign(begins=f["begins"].where(f["begins"].isna(), "2012-08-01")),
            time="half",
            treated_from="begins",
        ),
        "frame_start_inside",
        ("district 01 (2012-08-01)",),
    ),
    "a start whose row before is missing": (
        of(lambda f: f.drop(2), **FLAGS),
        "frame_start_unseen",
        ("district 01",),
    ),
    "half-years among years": (
        of(lambda f: f.assign(period=f["half"].where(f.index > 0, "2011"))),
        "did_periods_mixed",
        ("2011",),
    ),
    "a period that is none": (of(lambda f: f.assign(period="spring")), "did_period_unknown", ("spring",)),
    "a weight of nothing": (
        of(lambda f: f.assign(children=f["children"].where(f["district"] != "district 05", 0)), weight="children"),
        "frame_weight",
        ("district 05",),
    ),
    "a covariate that a unit lacks": (
        of(lambda f: f.assign(children=f["children"].where(f["district"] != "district 05")), covariates="children"),
        "frame_missing",
        ("district 05",),
    ),
    "a cluster that starts apart": (
        of(lambda f: f.assign(team="one"), cluster="team"),
        "frame_cluster",
        ("district 01",),
    ),
    "a window that is not there": (of(lambda f: f, before=(1, 9)), "frame_window", ("9",)),
    "a window on the wrong side": (of(lambda f: f, before=(1, 5)), "frame_window", ("< 4",)),
    "windows where starts differ": (
        of(lambda f: f.assign(start=f["start"].mask(f["district"] == "district 03", 5)), before=(1, 2)),
        "frame_window_staggered",
        ("4, 5",),
    ),
    "a level that is none": (of(lambda f: f, level=95), "frame_between", ("95",)),
    "a scale that is none": (of(lambda f: f, scale="log"), "unknown_option", ("'log'",)),
    "a choice that is none": (of(lambda f: f, chosen="lot"), "unknown_option", ("'lot'",)),
    "an average that is none": (lambda: study().att_gt().aggregate("dynamic"), "unknown_option", ("'dynamic'",)),  # type: ignore[arg-type]
    "a check that is none": (lambda: study().sensitivity(["honest"]), "unknown_option", ("'honest'",)),
    "two-way effects of dates": (
        lambda: study(sd.datasets.simulate(starts=(5, 7))).twfe(),
        "did_staggered",
        ("5, 7",),
    ),
    "covariates in a method that knows none": (
        lambda: study(covariates="children").imputation(),
        "frame_covariates_here",
        ("imputation", "att_gt"),
    ),
    "checks of one treated unit": (lambda: study(small(treated=1)).sensitivity(), "frame_no_verdict", ("1",)),
    "the size of one treated unit": (lambda: study(small(treated=1)).size(), "frame_no_verdict", ("1",)),
    "the size of dates that nobody drew": (
        lambda: study(sd.datasets.simulate(starts=(5, 7)), chosen="level").size(),
        "frame_dates_not_by_lot",
        ("level",),
    ),
    "weights from too few periods": (lambda: study().synthetic(), "did_too_few_pre_periods", ("3",)),
    "nothing to compare": (lambda: sd.compare([]), "frame_nothing_to_compare", ()),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_told_by_column_unit_and_period(case: str) -> None:
    ask, key, named = CASES[case]
    with pytest.raises(sd.SverigeDidError) as refused:
        ask()
    problem = refused.value.problems[0]
    assert problem.key == key
    for language in LANGUAGES:
        told = refused.value.say(language)
        assert all(name in told for name in named), told
        assert words.has(f"errors.{key}_mend", language)  # type: ignore[arg-type]


def test_of_many_rows_the_first_are_named_and_the_others_counted() -> None:
    frame = small()
    with pytest.raises(sd.InputError, match=r"district 01 6 .*… \(\+6\)"):
        study(frame.assign(y=frame["y"].where(frame.index >= 12, np.inf)))


@pytest.mark.parametrize("blank", [None, np.nan, "", "nan", 0, np.inf, pd.NA])
def test_never_may_be_written_in_many_ways(blank: object) -> None:
    frame = small()
    starts = [blank if pd.isna(one) else one for one in frame["start"]]
    again = study(frame.assign(start=pd.Series(starts, dtype=object)))
    assert again.twfe().estimate == study().twfe().estimate


def test_an_outcome_that_is_missing_is_left_out_and_named() -> None:
    found = study(put(small(), 3, "y", None))
    assert found.left_out == ("district 01 4",)
    assert "rows without an outcome, left out: 1" in str(found)
    assert found.verdict().verdict == "supported"


def test_a_row_with_neither_events_nor_anybody_at_risk_is_left_out() -> None:
    frame = put(put(small(), 3, "events", 0), 3, "children", 0)
    assert study(frame, **COUNTS).left_out == ("district 01 4",)


def test_blanks_around_a_name_make_no_other_unit_and_are_told() -> None:
    found = study(put(small(), 3, "district", " district 01"))
    assert found.context.n_units == 12
    assert found.twfe().estimate == study().twfe().estimate
    assert "Blanks around names were taken away: district 01." in found.twfe().notes("en")


def test_of_people_it_is_told_how_many_were_added_up() -> None:
    frame = small()
    twice = study(pd.concat([frame, frame]), rows="people")
    assert "144 rows, a person each, were added up to 72 units in a period." in " ".join(twice.verdict().notes("en"))
    assert "weights" in " ".join(study(frame, rows="people", weight="children").twfe().notes("en"))


def of_children(*, whole: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [(f"s{u:02}", t, n, rng.binomial(n, 0.4), 2005 if u < 6 else None)
            for u in range(16) for t in range(2001, 2009) for n in (int(rng.integers(5, 12)),)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["school", "year", "children", "placed", "start"])
    frame.loc[10, ["children", "placed"]] = (5, 7)  # s01 in 2003
    return frame if whole else frame.assign(children=frame["children"] + 0.5)


def counted(frame: pd.DataFrame, **more: object) -> sd.Study:
    return sd.did(
        frame, unit="school", time="year", events="placed", exposure="children", treated_from="start", **more
    )  # fmt: skip


@pytest.mark.parametrize(("language", "said"), [("en", "larger than “children”"), ("da", "større end »children«")])
def test_more_events_than_there_are_children_is_told_by_unit_and_period(language: str, said: str) -> None:
    notes = counted(of_children(), per=100).verdict().notes(language)
    assert any(said in note and "s01 2003 (7)" in note for note in notes)
    right = of_children()
    right.loc[10, "placed"] = 5
    assert not any(said in note for note in counted(right).verdict().notes(language))


def test_odds_of_more_than_all_are_refused_and_rates_are_not_remarked() -> None:
    with pytest.raises(sd.InputError, match=r"s01 2003 \(7\)"):
        counted(of_children(), scale="log_odds")
    with pytest.raises(sd.InputError, match="s01 2003"):
        counted(of_children(whole=False), scale="log_odds")
    often = of_children().assign(placed=lambda frame: frame["placed"] + 20)  # several visits each
    for frame in (of_children(whole=False), often):
        assert not any("larger than" in note for note in counted(frame).verdict().notes("en"))
