from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import small_registers as small

from sverige_did import sources, words
from sverige_did.errors import Problem
from sverige_did.sources.registers.validate import read_folder
from sverige_did.study.study import Study

SOUND = {
    "distrikter.csv": "distrikt;periode;elever;indbyggere_0_17;indsats_fra\n"
    "Avlum;2013H1;100;200;01-08-2013\nAvlum;2013H2;100;200;01-08-2013\n"
    "Sønder Felding;2013H1;90;180;\nSønder Felding;2013H2;90;180;\n",
    "børn.csv": "barn;fødselshalvår;køn;distrikt\nB1;2005H1;pige;Avlum\nB2;2006H2;dreng;Sønder Felding\n",
    "anbringelser.csv": "barn;foranstaltning;startdato;slutdato;døgnpris\n"
    "B1;SEL 66.1.6;01-02-2013;01-09-2013;2345,5\nB1;SEL 66.1.1;01-09-2013;;987,2\nB2;SEL 66.1.3;15-03-2013;;\n",
    "sdq.csv": "barn;dato;informant;" + ";".join(f"spm{item}" for item in range(1, 4)) + "\n"
    "B1;01-03-2013;forælder;" + ";".join(["1"] * 3) + "\n",
    "regnskab.csv": "år;funktion;gruppe;brutto\n2013;5.28.23;indsats;1234567\n2013;5.28.23;øvrige;2345678\n",
}


@pytest.fixture
def study() -> Study:
    one = {"label": small.both("One"), "districts": 1}
    return small.study(treated=one, control=one)


@pytest.fixture
def found(tmp_path: Path, study: Study) -> Callable[..., list[Problem]]:
    """Check the sound folder with some files changed: ``old`` becomes ``new`` in the named file."""

    def check(changes: dict[str, tuple[str, str]] | None = None, files: dict[str, str] | None = None) -> list[Problem]:
        for name, text in (SOUND | (files or {})).items():
            old, new = (changes or {}).get(name, ("", ""))
            assert old in text, f"{old!r} is not in {name}"
            (tmp_path / name).write_text(text.replace(old, new) if old else text, "utf-8")
        return list(read_folder(tmp_path, study).checked.problems)

    return check


Found = Callable[..., list[Problem]]


def told(problems: list[Problem]) -> list[tuple[str, str | None, int | None]]:
    return [(one.key, one.file, one.row) for one in problems]


def test_a_sound_folder_has_no_problem(found: Found) -> None:
    assert found() == []


CASES = {
    "reversed": ("anbringelser.csv", ("01-09-2013;2345,5", "01-01-2013;2345,5"), "reg_spell_reversed", 2, "error"),
    "overlapping": ("anbringelser.csv", ("01-09-2013;;987,2", "01-08-2013;;987,2"), "reg_overlap", 3, "warning"),
    "unknown code": ("anbringelser.csv", ("SEL 66.1.3", "SEL 66.1.33"), "reg_unknown_code", 4, "error"),
    "before birth": ("anbringelser.csv", ("01-02-2013", "01-02-2003"), "reg_before_birth", 2, "error"),
    "duplicate key": ("regnskab.csv", ("øvrige", "indsats"), "reg_duplicate_key", 3, "error"),
    "spelling": ("børn.csv", ("Sønder Felding", "Soender felding"), "reg_unknown_district", 3, "error"),
    "item out of range": ("sdq.csv", ("forælder;1;1", "forælder;1;3"), "reg_out_of_range", 2, "error"),
    "teacher, parents' norms": ("sdq.csv", ("forælder", "lærer"), "reg_norms_informant", 2, "warning"),
    "negative amount": ("regnskab.csv", ("2345678", "-2345678"), "reg_negative_amount", 3, "error"),
    "no pupils": ("distrikter.csv", ("Felding;2013H2;90", "Felding;2013H2;0"), "reg_no_pupils", 5, "error"),
    "empty file": ("regnskab.csv", (SOUND["regnskab.csv"], ""), "reg_empty_file", None, "error"),
    "no rows": ("regnskab.csv", (SOUND["regnskab.csv"], "år;funktion;gruppe;brutto\n"), "reg_no_rows", None, "error"),
    "mixed dates": ("anbringelser.csv", ("15-03-2013", "2013-03-15"), "reg_mixed_dates", 4, "error"),
    "formula": ("regnskab.csv", ("5.28.23;øvrige", "=1+2;øvrige"), "reg_formula_cell", 3, "warning"),
    "not a code of the accounts": ("regnskab.csv", ("øvrige", "resten"), "reg_unknown_value", 3, "error"),
    "period without a row": (
        "distrikter.csv", ("Sønder Felding;2013H2;90;180;\n", ""), "reg_period_missing", None, "error",
    ),
    "after the stop": ("anbringelser.csv", ("15-03-2013", "15-03-2016"), "reg_after_stop", 4, "warning"),
    "two go-lives": ("distrikter.csv", ("Avlum;2013H2;100;200;01-08-2013", "Avlum;2013H2;100;200;"),
                     "reg_treatment_varies", None, "error"),
    "another start than the plan's": ("distrikter.csv", ("01-08-2013", "01-09-2013"), "reg_treatment_not_plan", None,
                                      "error"),
    "nobody treated": ("distrikter.csv", ("01-08-2013", ""), "reg_treated_count", None, "error"),
    "one district too many": (
        "distrikter.csv", ("distrikt;periode;elever;indbyggere_0_17;indsats_fra\n",
                           "distrikt;periode;elever;indbyggere_0_17;indsats_fra\nIkast;2013H1;9;9;\nIkast;2013H2;9;9;\n"),
        "reg_control_count", None, "error",
    ),
    "stranger": ("anbringelser.csv", ("B2", "B3"), "reg_unknown_child", 4, "error"),
    "unanswered": ("sdq.csv", ("1;1;1\n", ";;\n"), "reg_sdq_empty", 2, "error"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_fault_gives_one_problem_with_file_and_row(found: Found, case: str) -> None:
    file, change, key, row, severity = CASES[case]
    (problem,) = [one for one in found({file: change}) if one.key != "reg_district_empty"]
    assert (problem.key, problem.file, problem.row, problem.severity) == (key, file, row, severity)
    for language in ("da", "en"):
        said = problem.say(language)
        assert file in said
        assert "B1" not in said
        assert "B2" not in said


def test_a_plan_that_counts_no_districts_takes_those_of_the_register(
    found: Found, tmp_path: Path, study: Study
) -> None:
    assert found() == []
    for side, key in (("treated", "reg_treated_count"), ("control", "reg_control_count")):
        group = getattr(study, side)
        for districts, keys in ((3, [key]), (None, [])):
            other = study.model_copy(update={side: group.model_copy(update={"districts": districts})})
            assert [one.key for one in read_folder(tmp_path, other).checked.problems] == keys


def test_the_nearest_code_and_district_are_suggested(found: Found) -> None:
    problems = found(
        {"anbringelser.csv": ("SEL 66.1.3", "SEL 66.1.33"), "børn.csv": ("Sønder Felding", "S\u00c3\u00b8nder Felding")}
    )
    assert [one.expected for one in problems] == ["SEL 66.1.3", "Sønder Felding"]


def test_a_number_of_the_law_that_has_moved_is_named_with_its_new_spelling(found: Found) -> None:
    problems = found({"anbringelser.csv": ("SEL 66.1.3;15-03-2013", "SEL 66.1.3;15-03-2021")})
    (moved,) = [one for one in problems if one.key == "reg_renumbered_code"]
    assert (moved.row, moved.expected, moved.severity) == (4, "SEL2019 66.1.3", "error")


def test_two_spellings_of_a_district_in_its_own_table(found: Found) -> None:
    problems = found({"distrikter.csv": ("Sønder Felding;2013H2", "Sønder  felding;2013H2")})
    assert ("reg_two_spellings", "distrikter.csv", 5) in told(problems)


def test_a_child_in_two_districts_on_one_day(found: Found) -> None:
    residences = "barn;distrikt;startdato;slutdato\nB1;Avlum;01-01-2010;01-06-2013\nB1;Sønder Felding;{};\n"
    assert found(files={"bopæle.csv": residences.format("01-06-2013")}) == []
    problems = found(files={"bopæle.csv": residences.format("31-05-2013")})
    assert told(problems) == [("reg_two_districts", "bopæle.csv", 3)]
    twice = SOUND["børn.csv"] + "B1;2005H1;pige;Sønder Felding\n"
    keys = {key for key, _, row in told(found(files={"børn.csv": twice})) if row == 4}
    assert keys == {"reg_two_districts", "reg_duplicate_key"}


def test_a_teacher_form_is_an_error_when_the_norms_delivered_are_others(found: Found) -> None:
    norms = "land;informant;alder;køn;skala;grænse_fra;over_fra;kilde\nDK;forælder;5-7;begge;emotion;4;5;x\n"
    (problem,) = found({"sdq.csv": ("forælder", "lærer")}, {"sdq_normer.csv": norms})
    assert (problem.key, problem.severity, problem.expected) == ("reg_norms_informant", "error", "parent")
    teachers = norms + "DK;lærer;5-7;begge;emotion;4;5;x\n"
    assert found({"sdq.csv": ("forælder", "lærer")}, {"sdq_normer.csv": teachers}) == []


def test_a_cpr_number_is_all_that_is_returned(found: Found) -> None:
    problems = found({"anbringelser.csv": ("B2", "010100-0000"), "regnskab.csv": ("2345678", "-1")})
    assert told(problems) == [("reg_cpr", "anbringelser.csv", 4)]
    assert "0000" not in problems[0].say("da")


@pytest.mark.parametrize("name", ["notes.csv", "andet.csv", "placements.csv"])
def test_a_cpr_number_in_a_file_that_is_no_register_stops_too(found: Found, name: str) -> None:
    problems = found(files={name: "a;b\n1;ring 010100-0000\n"})
    assert told(problems) == [("reg_cpr", name, 2)]


def test_a_cpr_number_in_a_file_name_is_not_repeated(found: Found) -> None:
    problems = found(files={"0101000000.csv": "a;b\n1;2\n"})
    assert [one.key for one in problems] == ["reg_cpr_in_name"]
    assert "0000" not in problems[0].say("en")


def test_a_district_called_like_a_tag_is_flagged_and_kept(found: Found) -> None:
    problems = found({"distrikter.csv": ("Avlum", "<script>"), "børn.csv": ("Avlum", "<script>")})
    assert {(one.key, one.found, one.severity) for one in problems} == {("reg_markup", "<script>", "warning")}


def test_a_huge_wrong_file_is_refused_and_the_others_are_still_checked(
    found: Found, tmp_path: Path, study: Study
) -> None:
    assert found({"regnskab.csv": ("2345678", "-1")})
    with (tmp_path / "klager.csv").open("wb") as handle:
        handle.truncate(200_000_001)
    problems = list(read_folder(tmp_path, study).checked.problems)
    assert told(problems) == [("reg_too_large", "klager.csv", None), ("reg_negative_amount", "regnskab.csv", 3)]


def test_other_files_are_named(found: Found) -> None:
    problems = found(files={"notes.csv": "a;b\n", "anbringlser2.csv": "a;b\n", "placements.csv": "a;b\n"})
    assert [(one.key, one.file) for one in problems] == [
        ("reg_unknown_file", "anbringlser2.csv"),
        ("reg_unknown_file", "notes.csv"),
        ("reg_file_twice", "placements.csv"),
    ]
    assert problems[0].expected == "anbringelser"


def test_a_folder_without_registers_and_no_folder(tmp_path: Path, study: Study) -> None:
    assert [one.key for one in read_folder(tmp_path, study).checked.problems] == ["reg_no_registers"]
    assert [one.key for one in read_folder(tmp_path / "x", study).checked.problems] == ["reg_no_folder"]


def test_a_register_that_another_one_needs_is_asked_for(tmp_path: Path, study: Study) -> None:
    (tmp_path / "anbringelser.csv").write_text(SOUND["anbringelser.csv"], "utf-8")
    (problem,) = read_folder(tmp_path, study).checked.problems
    assert (problem.key, problem.expected, problem.severity) == ("reg_register_missing", "børn / children", "warning")


def test_many_of_one_fault_are_counted_not_repeated(found: Found, tmp_path: Path, study: Study) -> None:
    rows = "".join(f"{1900 + row};5.28.23;indsats;-1\n" for row in range(90, 190))
    found(files={"regnskab.csv": "år;funktion;gruppe;brutto\n" + rows})
    problems = read_folder(tmp_path, study, at_most=3).checked.problems
    assert [(one.key, one.row) for one in problems] == [
        ("reg_negative_amount", 2), ("reg_negative_amount", 3), ("reg_negative_amount", 4), ("reg_more", None),
    ]  # fmt: skip
    assert "97" in problems[-1].say("da")


def test_the_order_of_rows_changes_only_the_row_numbers(found: Found) -> None:
    head, *rows = SOUND["anbringelser.csv"].replace("SEL 66.1.3", "SEL 66.1.33").splitlines()
    before = found(files={"anbringelser.csv": "\n".join([head, *rows])})
    after = found(files={"anbringelser.csv": "\n".join([head, *reversed(rows)])})
    assert [(one.key, one.found) for one in before] == [(one.key, one.found) for one in after]
    assert (before[0].row, after[0].row) == (4, 2)


def test_every_fault_of_the_sources_has_its_sentence_and_every_sentence_its_fault() -> None:
    folder = Path(sources.__file__).parent
    used = {
        key for path in folder.rglob("*.py") for key in re.findall(r'"((?:reg|agg)_[a-z_]+)"', path.read_text("utf-8"))
    }
    for language in ("da", "en"):
        keys = {key.removeprefix("errors.") for key in words.catalogue(language)}
        said = {key for key in keys if key.startswith(("reg_", "agg_")) and not key.endswith("_mend")}
        assert said == used


def test_a_lock_file_is_passed_over_and_a_folder_with_tables_is_named(tmp_path: Path, found: Found) -> None:
    (tmp_path / "~$anbringelser.xlsx").write_bytes(b"owner")
    (tmp_path / "kopi af 2013").mkdir()
    (tmp_path / "kopi af 2013" / "børn.csv").write_text("barn\n", "utf-8")
    (tmp_path / "billeder").mkdir()
    told = [(one.key, one.file, one.severity) for one in found() if "subfolder" in one.key or "~" in str(one.file)]
    assert told == [("reg_subfolder", "kopi af 2013", "warning")]


def test_the_name_of_a_folder_is_not_repeated_where_it_is_an_identifier(tmp_path: Path, found: Found) -> None:
    (tmp_path / "010100-0000").mkdir()
    (tmp_path / "010100-0000" / "a.csv").write_text("a;b\n", "utf-8")
    problems = found()
    assert "reg_cpr_in_name" in [one.key for one in problems]
    assert all("0000" not in one.say("da") for one in problems)


def test_a_file_whose_rows_all_are_ragged_is_told_by_its_rows(tmp_path: Path, found: Found) -> None:
    problems = found(files={"børn.csv": "barn;fødselshalvår;køn;distrikt\nB1;2005H1;pige\nB2;2006H2;dreng\n"})
    assert [(one.key, one.row) for one in problems if one.file == "børn.csv"] == [
        ("reg_ragged_row", 2),
        ("reg_ragged_row", 3),
    ]
