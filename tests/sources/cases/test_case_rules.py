"""What may be wrong with registers of cases: each fault named once, with its row, and no pseudonym repeated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import small_cases as small

from sverige_did.errors import InputError
from sverige_did.sources.cases.delivery import problems_of, read_cases

Frames = dict[str, pd.DataFrame]


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


def set_cell(register: str, column: str, value: object, row: int = 0) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        frames[register].loc[row, column] = value

    return change


def first_with(frames: Frames, column: str, *, present: bool) -> int:
    cells = frames["cases"][column]
    return int(cells.index[cells.notna() == present][0])


def one_respondent(frames: Frames) -> None:
    survey = frames["survey"]
    group = (survey["municipality"] == "Gladsaxe") & (survey["wave"] == "before")
    keep = survey["respondent"] == survey["respondent"][group].iloc[0]
    frames["survey"] = survey[~group | keep].reset_index(drop=True)


def only(municipality: str) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        frames["cases"] = frames["cases"][frames["cases"]["municipality"] == municipality].reset_index(drop=True)

    return change


def only_arm(when: str) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        frames["cases"] = frames["cases"].query(f"referred {when} '2017-05-15'").reset_index(drop=True)

    return change


def without_arm(frames: Frames) -> None:
    frames["cases"] = (
        frames["cases"].query("municipality != 'Gladsaxe' or referred > '2017-05-15'").reset_index(drop=True)
    )


def twice(frames: Frames) -> None:
    frames["cases"] = pd.concat([frames["cases"], frames["cases"].head(1)], ignore_index=True)


def finished_only(frames: Frames) -> None:
    frames["cases"] = frames["cases"].dropna(subset=["measure"]).reset_index(drop=True)


def too_many(frames: Frames) -> None:
    extra = [{"respondent": f"SYN-X{n}", "municipality": "Gladsaxe", "wave": "before", "item": "time", "answer": 3.0}
             for n in range(20)]  # fmt: skip
    frames["survey"] = pd.concat([frames["survey"], pd.DataFrame(extra)], ignore_index=True)


def closed_without(frames: Frames) -> None:
    row = first_with(frames, "measure", present=True)
    frames["cases"].loc[row, ["closed", "close_reason"]] = [day("2019-03-01"), "no_measure"]


def decided_late(frames: Frames) -> None:
    """A case that was closed without a measure, and decided the day after."""
    row = first_with(frames, "measure", present=False)
    columns = ["closed", "close_reason", "decided"]
    frames["cases"].loc[row, columns] = [day("2019-03-01"), "no_measure", day("2019-03-02")]


def blank(column: str, rows: int | None = None) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        frames["cases"].loc[: None if rows is None else rows - 1, column] = None

    return change


def all_are(column: str, value: str) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        frames["cases"][column] = value

    return change


def nothing_happened(frames: Frames) -> None:
    for column in ("measure", "closed", "close_reason"):
        frames["cases"][column] = pd.NaT if column != "close_reason" else None


FAULTS: dict[str, tuple[Callable[[Frames], None], str, str]] = {
    "case_decided_first": (set_cell("cases", "decided", day("2014-01-01")), "error", "decided"),
    "case_measure_first": (set_cell("cases", "measure", day("2014-01-01")), "error", "measure"),
    "case_closed_first": (set_cell("cases", "closed", day("2014-01-01")), "error", "closed"),
    "case_after_extraction": (set_cell("cases", "measure", day("2031-01-01")), "error", "measure"),
    "case_closed_why": (set_cell("cases", "closed", day("2019-03-01")), "error", "close_reason"),
    "case_closed_when": (set_cell("cases", "close_reason", "after_measure"), "error", "closed"),
    "case_closed_without": (closed_without, "error", "close_reason"),
    "case_decided_after_closing": (decided_late, "error", "decided"),
    "case_no_measure": (nothing_happened, "error", "measure"),
    "case_exempt_partly": (blank("exempt", 2), "error", "exempt"),
    "case_caseworker_partly": (blank("caseworker", 2), "warning", "caseworker"),
    "case_none_exempt": (all_are("exempt", "no"), "error", "exempt"),
    "case_outside": (set_cell("cases", "referred", day("2013-01-01")), "warning", "referred"),
    "case_municipality": (set_cell("cases", "municipality", "Gladsakse"), "error", "municipality"),
    "case_one_municipality": (only("Gladsaxe"), "error", "municipality"),
    "case_none_before": (only_arm(">"), "error", "referred"),
    "case_none_during": (only_arm("<"), "error", "referred"),
    "case_arm_empty_before": (without_arm, "warning", "municipality"),
    "case_only_finished": (finished_only, "warning", "measure"),
    "case_caseworker_twice": (set_cell("cases", "caseworker", "SYN-R101", 5), "warning", "caseworker"),
    "reg_duplicate_key": (twice, "error", ""),
    "case_survey_one": (one_respondent, "warning", "respondent"),
    "case_survey_too_many": (too_many, "error", "respondent"),
    "case_survey_item": (set_cell("survey", "item", "tme"), "error", "item"),
    "reg_out_of_range": (set_cell("survey", "answer", 6.0), "error", "answer"),
}


def test_a_good_delivery_has_no_problem(tmp_path: Path) -> None:
    assert problems_of(small.write(tmp_path, small.delivery()), small.plan()) == ()


@pytest.mark.parametrize("key", FAULTS)
def test_each_fault_is_named_with_its_column_and_no_pseudonym(tmp_path: Path, key: str) -> None:
    change, severity, column = FAULTS[key]
    frames = small.delivery()
    # In the first row everything happened, and nothing was closed.
    done = frames["cases"]["measure"].notna() & frames["cases"]["decided"].notna()
    frames["cases"] = frames["cases"].loc[[*done.index[done], *done.index[~done]]].reset_index(drop=True)
    change(frames)
    found = [one for one in problems_of(small.write(tmp_path, frames), small.plan()) if one.key == key]
    assert found, key
    assert found[0].severity == severity
    assert (found[0].column or "") == column
    for one in found:
        for language in ("da", "en"):
            said = one.say(language)
            assert "SYN-" not in said
            assert one.mend(language) or one.expected, "a message says what to do"
    if severity == "error":
        with pytest.raises(InputError):
            read_cases(tmp_path, small.plan())


def test_a_misspelt_municipality_is_suggested(tmp_path: Path) -> None:
    frames = small.delivery()
    frames["cases"].loc[3, "municipality"] = "Gladsakse"
    (found,) = problems_of(small.write(tmp_path, frames), small.plan())
    assert (found.row, found.found, found.expected) == (5, "Gladsakse", "Gladsaxe")


def test_dates_in_the_wrong_order_are_shown_both(tmp_path: Path) -> None:
    frames = small.delivery()
    row = first_with(frames, "decided", present=True)
    frames["cases"].loc[row, "decided"] = day("2014-01-01")
    (found,) = problems_of(small.write(tmp_path, frames), small.plan())
    assert found.found == "2014-01-01"
    assert found.expected == f"≥ {frames['cases'].loc[row, 'referred']:%Y-%m-%d}"


def test_case_types_that_the_plan_does_not_use_may_be_blank(tmp_path: Path) -> None:
    frames = small.delivery()
    blank("exempt", 2)(frames)
    blank("caseworker", 2)(frames)
    assert problems_of(small.write(tmp_path, frames), small.plan(only_exempt=False, cluster="case")) == ()


@pytest.mark.parametrize("broken", ["rows", "column"])
def test_cases_that_cannot_be_read_are_not_said_to_be_missing(tmp_path: Path, broken: str) -> None:
    frames = small.delivery()
    frames["cases"] = frames["cases"].iloc[:0] if broken == "rows" else frames["cases"].drop(columns="measure")
    keys = [one.key for one in problems_of(small.write(tmp_path, frames), small.plan())]
    assert keys
    assert "case_no_cases" not in keys


def test_without_cases_there_is_no_study_and_without_answers_a_warning(tmp_path: Path) -> None:
    folder = small.write(tmp_path, small.delivery())
    (folder / "sager.csv").unlink()
    assert "case_no_cases" in {one.key for one in problems_of(folder, small.plan())}
    small.write(tmp_path, small.delivery())
    (folder / "spoergeskema.csv").unlink()
    assert [(one.key, one.severity) for one in problems_of(folder, small.plan())] == [
        ("case_survey_missing", "warning")
    ]
    assert {one.key for one in problems_of(small.write(tmp_path, small.delivery()), small.plan(survey=None))} == {
        "case_survey_unplanned"
    }


def test_made_up_data_must_be_called_so(tmp_path: Path) -> None:
    folder = small.write(tmp_path, small.delivery())
    assert [one.key for one in problems_of(folder, small.plan(synthetic=False))] == ["plan_hides_synthetic"]


def test_what_is_read_has_no_pseudonym_and_closings_after_a_measure_end_no_wait(tmp_path: Path) -> None:
    frames = small.delivery()
    row = first_with(frames, "measure", present=True)
    frames["cases"].loc[row, ["closed", "close_reason"]] = [pd.Timestamp(small.CaseModel().extracted), "after_measure"]
    data = read_cases(small.write(tmp_path, frames), small.plan())
    assert len(data.cases) == len(frames["cases"])
    assert (
        data.cases["ended"].notna().sum()
        == frames["cases"]["close_reason"].isin(["no_measure", "moved", "turned_18"]).sum()
    )
    assert "SYN" not in data.cases.to_csv() + data.survey.to_csv()
