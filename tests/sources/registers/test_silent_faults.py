"""Faults that no schema sees: each is put into a sound delivery, and found with its file, its row and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import small_registers as small

from sverige_did.errors import Problem
from sverige_did.sources.registers.validate import read_folder
from sverige_did.study.study import PanelStudy

Frames = dict[str, pd.DataFrame]
DISTRICTS = ("A", "B", "C", "D")
TREATED = ("A", "B")
YEARS = range(2011, 2015)
HALVES = [f"{year}H{half}" for year in YEARS for half in (1, 2)]
START = "2013-01-01"


def study(**changes: Any) -> PanelStudy:
    rules: dict[str, Any] = {
        "grid": {"step": "half_year", "first": "2011H1", "last": "2014H2"},
        "residence": {"rule": "baseline", "date": "2012-06-01"},
        "teams": [{"team": "North", "group": "treated"}, {"team": "South", "group": "control"}],
        "prices": {"name": "made up", "source": "made up", "base_year": 2014,
                   "levels": [{"year": year, "level": 100} for year in YEARS]},
    }  # fmt: skip
    two = {"label": small.both("Two"), "districts": 2}
    periods = {"baseline": "2012-12-31", "treatment_start": START, "follow_up": "2014-12-31",
               "hard_stop": "2014-12-31", "partial": "donut"}  # fmt: skip
    rules |= changes.pop("registers", {})
    periods |= changes.pop("periods", {})
    made = small.study(treated=two, control=two, periods=periods, registers=rules, **changes)
    assert isinstance(made, PanelStudy)
    return made


def sound() -> Frames:
    """Four districts and eighty children: one placement each, begun from 2009 on, one in four still running."""
    children = pd.DataFrame(
        {"child": [f"c{k}" for k in range(80)], "birth_half_year": "2004H1", "sex": "girl",
         "district": [DISTRICTS[k % 4] for k in range(80)]}
    )  # fmt: skip
    starts = pd.date_range("2009-01-05", "2014-12-01", periods=80)
    placements = pd.DataFrame(
        {"child": children["child"], "measure": "SEL 66.1.6", "start": starts.strftime("%Y-%m-%d"),
         "end": [None if k % 4 == 3 else (day + pd.Timedelta(days=500)).strftime("%Y-%m-%d")
                 for k, day in enumerate(starts)],
         "price": [2000.0 + k for k in range(80)]}
    )  # fmt: skip
    events = pd.date_range("2011-01-10", "2014-12-10", periods=40)
    return {
        "districts": pd.DataFrame(
            [(name, half, 400 + at, 1000 + at, START if name in TREATED else None)
             for at, name in enumerate(DISTRICTS) for half in HALVES],
            columns=["district", "period", "pupils", "residents_0_17", "treated_from"],
        ),
        "children": children,
        "placements": placements,
        "cases": pd.DataFrame(
            {"case": [f"s{k}" for k in range(80)], "child": children["child"], "district": children["district"],
             "opened": placements["start"], "closed": placements["end"]}
        ),
        "caseworkers": pd.DataFrame(
            [(team, half, 60.0 + at, 3.0) for at, team in enumerate(("North", "South")) for half in HALVES],
            columns=["team", "period", "open_cases", "fte"],
        ),
        "complaints": pd.DataFrame(
            {"team": ["North", "South"] * 20, "date": events.strftime("%Y-%m-%d"), "case": [f"s{k}" for k in range(40)]}
        ),
        "sdq_waves": pd.DataFrame(
            {"child": ["c0", "c1"], "date": "2012-03-01", "informant": "parent", "age": [8, 7], "q1": [1, 1]}
        ),
        "accounts": pd.DataFrame(
            [(year, function, group, gross)
             for year in YEARS for function, gross in (("5.28.23", 9e6), ("5.28.20", 4e6))
             for group in ("treated", "control")],
            columns=["year", "function", "group", "gross"],
        ),
    }  # fmt: skip


def check(folder: Path, frames: Frames, plan: PanelStudy | None = None) -> list[Problem]:
    small.write(folder, frames)
    return list(read_folder(folder, plan or study()).checked.problems)


def test_a_sound_delivery_has_no_problem(tmp_path: Path) -> None:
    assert check(tmp_path, sound()) == []


Change = Callable[[Frames], None]


def add(register: str, **cells: object) -> Change:
    def change(frames: Frames) -> None:
        frames[register] = pd.concat([frames[register], pd.DataFrame([cells])], ignore_index=True)

    return change


def put(register: str, row: int, column: str, value: object) -> Change:
    """``row`` as the spreadsheet counts it."""

    def change(frames: Frames) -> None:
        frames[register] = frames[register].astype({column: object})
        frames[register].loc[row - 2, column] = value

    return change


def keep(register: str, rows: Callable[[pd.DataFrame], Any]) -> Change:
    def change(frames: Frames) -> None:
        frames[register] = frames[register][rows(frames[register])]

    return change


def every(register: str, **columns: Callable[[pd.DataFrame], Any] | object) -> Change:
    def change(frames: Frames) -> None:
        frames[register] = frames[register].assign(**columns)

    return change


def in_all_halves(*names: str) -> Change:
    """One more district in every half-year, with the sums of the others."""

    def change(frames: Frames) -> None:
        sums = frames["districts"].groupby("period", as_index=False)[["pupils", "residents_0_17"]].sum()
        more = [sums.assign(district=name, treated_from=None) for name in names]
        frames["districts"] = pd.concat([frames["districts"], *more], ignore_index=True)

    return change


def another_year(year: int, factor: float) -> Change:
    def change(frames: Frames) -> None:
        frame = frames["accounts"]
        frame.loc[frame["year"] == year, "gross"] *= factor

    return change


FAULTS: dict[str, tuple[Change, str, str, int | None]] = {
    "a total by its name": (add("caseworkers", team="I alt", period="2011H1", open_cases=121, fte=6),
                            "reg_total_row", "caseworkers.csv", 18),
    "a total below the spells": (add("placements", child="Total", measure="SEL 66.1.6", start="2012-01-01"),
                                 "reg_total_row", "placements.csv", 82),
    "a total by its numbers": (in_all_halves("Kommunen"), "reg_total_row", "districts.csv", 34),
    "the whole country": (in_all_halves("Hele landet"), "reg_total_row", "districts.csv", 34),
    "a group's year": (keep("accounts", lambda f: ~((f["year"] == 2012) & (f["group"] == "control"))),
                       "reg_year_missing", "accounts.csv", None),
    "a function's year": (keep("accounts", lambda f: f.index != 5), "reg_account_missing", "accounts.csv", None),
    "one year in 1,000 kr.": (another_year(2012, 0.001), "reg_out_of_line", "accounts.csv", 6),
    "all years in 1,000 kr.": (every("accounts", gross=lambda f: f["gross"] / 1000), "reg_in_thousands",
                               "accounts.csv", 2),
    "hours": (every("caseworkers", fte=lambda f: f["fte"] * 37), "reg_hours", "caseworkers.csv", 2),
    "hours in one period": (put("caseworkers", 4, "fte", 111), "reg_out_of_line", "caseworkers.csv", 4),
    "a zero too many": (put("districts", 7, "residents_0_17", 10000), "reg_out_of_line", "districts.csv", 7),
    "a zero too few": (put("districts", 7, "pupils", 40), "reg_out_of_line", "districts.csv", 7),
    "a price with a zero too many": (put("placements", 9, "price", 20000), "reg_out_of_line", "placements.csv", 9),
    "begins late": (keep("placements", lambda f: f["start"] >= "2011"), "reg_begins_late", "placements.csv", None),
    "ends early": (keep("placements", lambda f: f["start"] < "2013-10"), "reg_ends_early", "placements.csv", None),
    "closed only": (keep("cases", lambda f: f["closed"].notna() & (f["closed"] < "2015")), "reg_only_closed",
                    "cases.csv", None),
    "events begin late": (keep("complaints", lambda f: f["date"] >= "2012-09"), "reg_events_cover", "complaints.csv",
                          None),
    "a form before birth": (put("sdq_waves", 2, "date", "2003-03-01"), "reg_before_birth", "sdq_waves.csv", 2),
    "grown up": (put("children", 4, "birth_half_year", "1980H1"), "reg_grown_up", "placements.csv", 4),
    "another age": (put("sdq_waves", 3, "age", 12), "reg_age_differs", "sdq_waves.csv", 3),
    "all are adults": (every("children", birth_half_year="1985H1"), "reg_no_minors", "children.csv", None),
    "born after the plan": (add("children", child="x", birth_half_year="2016H1", sex="boy", district="A"),
                            "reg_born_after", "children.csv", 82),
    "a law before its time": (put("placements", 5, "measure", "BL 43.1.6"), "reg_not_in_force", "placements.csv", 5),
    "an account nobody knows": (put("accounts", 3, "function", "5.28.99"), "reg_unknown_function", "accounts.csv", 3),
    "a case nobody knows": (put("complaints", 6, "case", "s999"), "reg_unknown_case", "complaints.csv", 6),
    "a district without children": (every("children", district=lambda f: f["district"].replace("D", "C")),
                                    "reg_district_empty", "districts.csv", 26),
    "pasted twice": (lambda frames: add("complaints", **frames["complaints"].iloc[0].to_dict())(frames),
                     "reg_repeated_row", "complaints.csv", 42),
    "several dates, not the plan's first": (
        every("districts", treated_from=lambda f: f["district"].map({"A": "2013-07-01", "B": "2014-01-01"})),
        "reg_treatment_not_first", "districts.csv", None),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_silent_fault_is_told_with_file_row_and_mend_in_both_languages(tmp_path: Path, fault: str) -> None:
    change, key, file, row = FAULTS[fault]
    frames = sound()
    change(frames)
    found = [one for one in check(tmp_path, frames) if one.key == key]
    assert (found[0].file, found[0].row) == (file, row)
    for language in ("da", "en"):
        assert found[0].mend(language)
        assert file in found[0].say(language)


PLANS: dict[str, tuple[dict[str, Any], str]] = {
    "no period before": ({"periods": {"baseline": "2010-12-31"}}, "plan_no_before"),
    "no period after": ({"registers": {"grid": {"step": "half_year", "first": "2011H1", "last": "2012H2"}}},
                        "plan_no_after"),
    "compares beyond the grid": ({"registers": {"grid": {"step": "half_year", "first": "2011H1", "last": "2013H2"}}},
                                 "plan_after_grid"),
    "homes after the start": ({"registers": {"residence": {"rule": "baseline", "date": "2014-06-01"}}},
                              "plan_residence_late"),
    "a team misspelt": ({"registers": {"teams": [{"team": "Nord", "group": "treated"},
                                                 {"team": "South", "group": "control"}]}}, "plan_team_unknown"),
    "another number of controls": ({"control": {"label": small.both("Three"), "districts": 3}}, "reg_control_count"),
    "another start": ({"periods": {"treatment_start": "2013-02-01"}}, "reg_treatment_not_plan"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_that_its_data_contradict_is_told(tmp_path: Path, case: str) -> None:
    changes, key = PLANS[case]
    two = {"label": small.both("Two"), "districts": 2}
    control = changes.get("control", two)
    plan = study(**{name: value for name, value in changes.items() if name != "control"})
    plan = plan.model_copy(update={"control": type(plan.control).model_validate(control)})
    (found,) = [one for one in check(tmp_path, sound(), plan) if one.key == key]
    for language in ("da", "en"):
        assert found.mend(language)


def test_a_team_has_one_side() -> None:
    both = [{"team": "North", "group": "treated"}, {"team": "North", "group": "control"}]
    with pytest.raises(ValueError, match="North"):
        study(registers={"teams": both})
