"""The published figures: every problem is named at once, and no figure of the file strays from its source."""

import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest

from sverige_did import words
from sverige_did.design import classify, support_of
from sverige_did.errors import InputError
from sverige_did.results.published import Reported
from sverige_did.sources.published.fact_row import COLUMNS
from sverige_did.sources.published.facts import read_facts
from sverige_did.sources.published.panel import to_panel
from sverige_did.studies.published.plan_parts import needed
from sverige_did.study.read import read_study

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "data" / "herning" / "published.csv"
REFERENCE = ROOT.parent / "shared" / "reference" / "facts.csv"
SOUND = {
    "fact_id": "F079",
    "source_file": "slides.txt",
    "place": "Herning",
    "outcome": "institution_share",
    "measure": "level",
    "unit": "percent",
    "group": "treated",
    "period_start": "2013-06-30",
    "period_end": "2013-06-30",
    "value": "25",
    "rounding": "0.5",
    "finding_da": "25 % på institution",
    "finding_en": "25 % in institutions",
    "provenance": "printed",
}


@pytest.fixture(scope="module")
def study():
    return read_study(ROOT / "analyses" / "herning" / "study.yaml")


@pytest.fixture(scope="module")
def facts(study):
    return read_facts(PUBLISHED, hard_stop=study.periods.hard_stop)


def table(path: Path, *rows: dict[str, str]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(SOUND | row for row in rows)
    path.write_text(text.getvalue(), "utf-8")
    return path


def problems_of(path: Path):
    with pytest.raises(InputError) as caught:
        read_facts(path, hard_stop=date(2015, 12, 31))
    return caught.value.problems


@pytest.mark.parametrize(
    ("change", "key", "column"),
    [
        ({"value": "25,5"}, "decimal_comma", "value"),
        ({"rounding": "0,5"}, "decimal_comma", "rounding"),
        ({"value": "about 25"}, "not_a_number", "value"),
        ({"value": "nan"}, "not_a_number", "value"),
        ({"value": "125"}, "percent_range", "value"),
        ({"value": "-1"}, "percent_range", "value"),
        ({"value": "-101", "measure": "change", "unit": "pp"}, "percent_range", "value"),
        ({"value": "-101", "measure": "ratio_change"}, "percent_range", "value"),
        ({"rounding": "-0.5"}, "below_zero", "rounding"),
        ({"rounding": ""}, "rounding_missing", "rounding"),
        ({"value": ""}, "empty_cell", "value"),
        ({"fact_id": ""}, "empty_cell", "fact_id"),
        ({"finding_da": ""}, "empty_cell", "finding_da"),
        ({"period_end": ""}, "empty_cell", "period_end"),
        ({"measure": "count", "unit": "children", "value": "16.75"}, "not_whole", "value"),
        ({"measure": "count", "unit": "children", "value": "1.250"}, "thousands_point", "value"),
        ({"measure": "count", "unit": "children", "value": "-3"}, "below_zero", "value"),
        ({"outcome": "institution_shares"}, "unknown_outcome", "outcome"),
        ({"measure": "share"}, "not_in_list", "measure"),
        ({"unit": "%"}, "not_in_list", "unit"),
        ({"group": "Sverige"}, "not_in_list", "group"),
        ({"provenance": "guess"}, "not_in_list", "provenance"),
        ({"period_start": "30-06-2013"}, "not_a_date", "period_start"),
        ({"period_end": "2013-06-31"}, "not_a_date", "period_end"),
        ({"period_end": "2013-06-29"}, "period_reversed", "period_end"),
        ({"period_end": "2016-01-01"}, "after_hard_stop", "period_end"),
        ({"unit": "date", "measure": "date", "value": "summer"}, "not_a_date", "value"),
    ],
)
def test_each_fault_is_named_with_its_place(tmp_path, change, key, column):
    (problem,) = problems_of(table(tmp_path / "facts.csv", change))
    assert (problem.key, problem.column, problem.row, problem.file) == (key, column, 2, "facts.csv")


@pytest.mark.parametrize(
    "change",
    [
        {"measure": "target", "period_end": "2016-12-31"},
        {"group": "frikommuner", "period_end": "2019-10-08"},
        {"measure": "direction", "value": "", "rounding": ""},
        {"measure": "ratio_change", "value": "150"},
        {"outcome": "institution_share.boys"},
        {"outcome": "weather", "measure": "context"},
        {"unit": "mio_dkk", "measure": "change", "value": "-3.7"},
    ],
)
def test_what_is_allowed_is_read(tmp_path, change):
    (fact,) = read_facts(table(tmp_path / "facts.csv", change), hard_stop=date(2015, 12, 31))
    assert isinstance(fact, Reported)


def test_all_problems_are_told_at_once_and_in_both_languages(tmp_path):
    path = table(tmp_path / "facts.csv", {"value": "25,5", "group": "x"}, {}, {"fact_id": "F080", "value": "150"})
    found = problems_of(path)
    assert [(problem.row, problem.key) for problem in found] == [
        (2, "not_in_list"),
        (2, "decimal_comma"),
        (3, "repeated_id"),
        (4, "percent_range"),
    ]
    for problem in found:
        for language in words.LANGUAGES:
            assert problem.say(language)


def test_two_values_for_the_same_figure_contradict_each_other_unless_their_roundings_meet(tmp_path):
    money = {"measure": "change", "unit": "mio_dkk", "outcome": "placement_spending", "rounding": "0.05"}
    same = money | {"value": "-3.7"}, money | {"fact_id": "b", "unit": "dkk", "value": "-3650000", "rounding": "0"}
    assert len(read_facts(table(tmp_path / "meet.csv", *same))) == 2
    apart = money | {"value": "-3.7"}, money | {"fact_id": "b", "unit": "dkk", "value": "-3000000", "rounding": "0"}
    (problem,) = problems_of(table(tmp_path / "apart.csv", *apart))
    assert (problem.key, problem.row, problem.values) == ("contradiction", 3, {"row": 2})


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "empty_table"),
        (",".join(COLUMNS).encode() + b"\n\n", "empty_table"),
        (";".join(COLUMNS).encode() + b"\n", "semicolons"),
        (",".join(COLUMNS[:-1]).encode() + b"\nF1\n", "missing_column"),
        (",".join(COLUMNS).encode() + b"\nF1,x\n", "row_width"),
        (",".join(COLUMNS).encode() + b'\n"F1,x\n', "not_csv"),
        (",".join(COLUMNS).encode() + "\nF1,på\n".encode("latin-1"), "encoding"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, content, key):
    path = tmp_path / "facts.csv"
    path.write_bytes(content)
    (problem,) = problems_of(path)
    assert problem.key == key


def test_a_decimal_comma_that_splits_a_cell_is_told_by_the_width_of_the_row(tmp_path):
    path = table(tmp_path / "facts.csv", {})
    path.write_text(path.read_text("utf-8").replace(",25,0.5,", ",25,5,0.5,"), "utf-8")
    (problem,) = problems_of(path)
    assert (problem.key, problem.row, problem.found, problem.expected) == ("row_width", 2, "15", "14")


def test_rounding_stays_an_interval(facts):
    share = {fact.fact_id: fact for fact in facts}["F079"]
    assert (share.low, share.high) == (24.5, 25.5)


def test_a_fact_survives_json(facts):
    for fact in facts:
        assert Reported.model_validate_json(fact.model_dump_json()) == fact


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference list of facts is not beside this checkout")
def test_every_printed_figure_is_the_one_in_the_reference_list(facts):
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        reference = {row["fact_id"]: row for row in csv.DictReader(file)}
    held = 0
    for fact in facts:
        if fact.provenance == "external":
            continue
        source = reference[fact.fact_id.rstrip("abc")]
        assert fact.source_file == source["source_file"], fact.fact_id
        if fact.provenance == "printed" and isinstance(fact.value, float) and fact.rounding is not None:
            sign = -1 if "saving" in source["measure"] and fact.measure == "change" else 1  # a saving is a fall
            assert sign * fact.value in _numbers(source["value"]), fact.fact_id
            held += 1
    assert held > 40


def _numbers(text: str) -> set[float]:
    """The numbers in a reference value; “no change” is a change of zero."""
    return {0.0} if text == "no change" else {float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)}


def test_derived_steps_of_the_ladder_add_up(facts):
    held = {(fact.outcome, fact.period_end): fact.number for fact in facts if fact.outcome.startswith("ladder_t")}
    steps = {
        key: [fact.number for fact in facts if fact.unit == "cases" and fact.period_end == key[1] and _is_step(fact)]
        for key in held
    }
    assert len(steps) == 4
    for key, total in held.items():
        assert sum(steps[key]) == total
        assert len(steps[key]) == 5


def _is_step(fact: Reported) -> bool:
    return fact.outcome.startswith("ladder_") and fact.measure == "count"


def test_the_panel_carries_limits_and_never_a_count_from_a_percentage(facts, study):
    panel = to_panel(facts, study)
    share = panel.outcome("institution_share").set_index(["group", "period"])
    assert tuple(share.loc[("treated", "2013-06-30"), ["kind", "low", "high", "status"]]) == (
        "share",
        24.5,
        25.5,
        "interval",
    )
    assert panel.cells["denominator"].isna().all()
    assert set(panel.outcome("wellbeing_sdq")["status"]) == {"missing"}


def test_a_direction_takes_the_limits_that_the_plan_gives_it(facts, study):
    control = to_panel(facts, study).outcome("institution_share").query("group == 'control'").iloc[0]
    allowed = needed(study, "control_unchanged_pp").value
    assert (control["low"], control["high"], control["source"]) == (-allowed, allowed, "F081")
    silent = study.model_copy(update={"assumptions": ()})
    untold = to_panel(facts, silent).outcome("institution_share").query("group == 'control'").iloc[0]
    assert untold["status"] == "missing"


def test_two_figures_about_one_cell_leave_what_both_allow(facts, study):
    cell = to_panel(facts, study).outcome("preventive_spending").query("group == 'control'").iloc[0]
    assert (cell["low"], cell["high"], cell["source"]) == (6.0, 6.5, "F129;F135")


def test_the_panel_does_not_depend_on_the_order_of_the_figures(facts, study):
    assert to_panel(reversed(facts), study).sha256 == to_panel(facts, study).sha256


def test_a_total_beside_a_count_is_what_it_is_among(facts, study):
    stock = next(fact for fact in facts if fact.fact_id == "F011")
    total = stock.model_copy(update={"fact_id": "X", "measure": "total", "value": 48.0, "rounding": 2.0})
    (cell,) = to_panel((total, stock), study).cells.to_dict("records")
    assert (cell["value"], cell["denominator_low"], cell["denominator_high"]) == (12, 46, 50)
    assert cell["source"] == "F011;X"


def test_figures_about_one_cell_may_not_exclude_each_other(facts, study):
    stock = next(fact for fact in facts if fact.fact_id == "F011")
    other = stock.model_copy(update={"fact_id": "X", "value": 13.0})
    with pytest.raises(InputError) as caught:
        to_panel((stock, other), study)
    assert caught.value.problems[0].key == "exclude_each_other"
    assert "F011, X" in caught.value.say("da")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("institution_share", "D1g"),
        ("placed_total", "D1g"),
        ("placement_spending", "D1g"),
        ("breakdowns", "D2"),
        ("complaints", "D2"),
        ("ladder_moves", "D3"),
        ("follow_ups", "D3"),
        ("wellbeing_sdq", "D3"),
        ("decision_time", "D4"),
    ],
)
def test_the_figures_support_the_design_class_of_each_outcome(facts, study, outcome, expected):
    assert classify(support_of(to_panel(facts, study), study, outcome)) == expected
