from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from sverige_did.errors import InputError
from sverige_did.panel import Panel
from sverige_did.sources.aggregates.crosswalk import Crosswalk, read_crosswalk
from sverige_did.sources.aggregates.plan import read_aggregate_plan
from sverige_did.sources.aggregates.read import read_aggregates
from sverige_did.study.aggregates import AggregatePlan

HERE = Path(__file__).parents[3] / "analyses" / "england"
ENGLAND = Path(__file__).parents[4] / "shared" / "data" / "england"

PLAN = {
    "area": "kommune",
    "period": "år",
    "signs": [
        {"sign": "x", "meaning": "suppressed", "low": 1, "high": 5, "until": 2017},
        {"sign": "x", "meaning": "not_available", "since": 2018},
        {"sign": "..", "meaning": "not_applicable"},
    ],
    "series": [
        {
            "outcome": "homes", "file": "t.csv", "kind": "stock", "rows": {"art": ["hjem"]}, "value": "antal",
            "per": {"column": "antal", "rows": {"art": ["i alt"]}, "contains": True},
            "parts": {"column": "art", "total": "i alt"}, "first": 2016, "last": 2018,
        }
    ],
    "adoption": {"file": "a.csv", "area": "kommune", "date": "start", "use": "latest"},
}  # fmt: skip
TABLE = "kommune;år;art;antal\n" + "".join(
    f"{area};{year};{kind};{number}\n"
    for area, numbers in {
        "657": [("4", "10"), ("x", "9"), ("5", "9")],
        "661": [("x", "2"), ("3", "7"), ("x", "8")],
    }.items()
    for year, (home, total) in zip((2016, 2017, 2018), numbers, strict=True)
    for kind, number in (
        ("hjem", home),
        ("pleje", "x" if "x" in home else str(int(total) - int(home))),
        ("i alt", total),
    )
)
NO_CHANGES = Crosswalk(
    pd.DataFrame({"area": pd.Series(dtype="str"), "unit": pd.Series(dtype="str"), "first": [], "last": []})
)


def read(folder: Path, table: str = TABLE, adopters: str = "657;2017\n", **changes: object) -> Panel:
    (folder / "t.csv").write_text(table)
    (folder / "a.csv").write_text("kommune;start\n" + adopters)
    return read_aggregates(folder, AggregatePlan.model_validate(PLAN | changes), NO_CHANGES)


def series(**changes: object) -> dict[str, object]:
    return {"series": [PLAN["series"][0] | changes]}  # type: ignore[index,operator]  # the plan above is a literal


def test_a_small_table_becomes_the_panel_one_expects(tmp_path: Path) -> None:
    cells = read(tmp_path).cells
    assert cells[["unit", "period", "value", "low", "high", "denominator", "status"]].fillna(
        -1
    ).to_numpy().tolist() == [
        ["657", "2016", 4, 4, 4, 10, "exact"],
        ["657", "2017", -1, 4, 5, 9, "hidden"],  # two hidden parts of at most 5 that sum to 9
        ["657", "2018", 5, 5, 5, 9, "exact"],
        ["661", "2016", -1, 1, 1, 2, "hidden"],  # two hidden parts of at least 1 that sum to 2
        ["661", "2017", 3, 3, 3, 7, "exact"],
        ["661", "2018", -1, 0, 8, 8, "missing"],  # from 2018 the same sign says that the number is not known
    ]
    assert cells["group"].tolist() == ["treated"] * 3 + ["control"] * 3
    assert cells["treated_from"].tolist()[0] == pd.Timestamp(2017, 12, 31)
    assert (cells["start"] == cells["end"]).all()


def test_the_order_of_rows_and_the_separator_do_not_matter(tmp_path: Path) -> None:
    head, *rows = TABLE.splitlines()
    turned = "\n".join([head, *reversed(rows)]).replace(";", "\t")
    assert read(tmp_path).sha256 == read(tmp_path, turned).sha256


def test_a_flow_covers_its_year_and_a_stock_is_a_day(tmp_path: Path) -> None:
    flow = read(tmp_path, **series(kind="events"), year_ends=(3, 31)).cells
    assert flow.loc[0, ["start", "end"]].tolist() == [pd.Timestamp(2015, 4, 1), pd.Timestamp(2016, 3, 31)]
    stock = read(tmp_path, year_ends=(3, 31)).cells
    assert stock.loc[0, "start"] == stock.loc[0, "end"] == pd.Timestamp(2016, 3, 31)


def test_person_years_may_have_fractions_and_a_stock_may_not(tmp_path: Path) -> None:
    table = TABLE.replace("657;2016;hjem;4", "657;2016;hjem;4.5")
    cells = read(tmp_path, table, **series(kind="person_years", parts=None)).cells
    assert cells.loc[0, ["kind", "value"]].tolist() == ["person_years", 4.5]
    with pytest.raises(InputError) as error:
        read(tmp_path, table)
    assert [(one.key, one.row, one.found) for one in error.value.problems] == [("agg_fraction", 2, "4.5")]


@pytest.mark.parametrize(
    ("table", "adopters", "changes", "keys"),
    [
        (TABLE.replace("657;2016;hjem;4", "657;2016;hjem;u"), "657;2017\n", {}, ["agg_unexplained"]),
        (TABLE.replace("657;2018;hjem;5\n", ""), "657;2017\n", {}, ["agg_area_break"]),
        (TABLE + "657;2016;hjem;4\n", "657;2017\n", {}, ["agg_twice"]),
        (TABLE + "657;2016;i alt;10\n", "657;2017\n", {}, ["agg_twice", "agg_twice"]),
        (TABLE.replace("657;2016;i alt;10", "657;2016;i alt;u"), "657;2017\n", series(parts=None), ["agg_unexplained"]),
        (TABLE.replace("657;2016;pleje;6", "657;2016;pleje;u"), "657;2017\n", {}, ["agg_unexplained"]),
        (TABLE, "657;ukendt\n", {}, ["agg_no_date"]),
        (TABLE, "657;2017\n657;2018\n", {}, ["agg_two_dates"]),
        (TABLE, "657;2017\n", series(rows={"art": ["Hjem"]}), ["agg_no_rows"]),
        (TABLE, "657;2017\n", series(last=2019), ["agg_no_rows"]),
        (TABLE, "657;2017\n", series(value="tal"), ["missing_column"]),
        (TABLE.replace("657;2016;hjem;4", "657;2016x;hjem;4"), "657;2017\n", {}, ["reg_not_a_period"]),
        (TABLE.replace("657;2016;hjem;4", "657;2016;hjem;0101000000"), "657;2017\n", {}, ["reg_cpr"]),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, table: str, adopters: str, changes: dict[str, object], keys: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, table, adopters, **changes)
    assert [one.key for one in error.value.problems] == keys
    assert "0000" not in error.value.say("da")


def test_a_date_that_the_list_lacks_is_read_from_the_plan(tmp_path: Path) -> None:
    adoption = PLAN["adoption"] | {"instead": {"657": "2017-06-01"}}  # type: ignore[operator]  # a literal
    cells = read(tmp_path, adopters="657;ukendt\n", adoption=adoption).cells
    assert cells.loc[cells["unit"] == "657", "treated_from"].tolist()[0] == pd.Timestamp(2017, 6, 1)


BREAK = {"file": "t.csv", "after": 2016, "before": 2017, "reason": {"da": "x", "en": "x"}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"breaks": [BREAK]}, "runs over the break"),
        ({"breaks": [BREAK | {"rows": {"art": ["hjem"]}}]}, "runs over the break"),
        ({"series": PLAN["series"] * 2}, "one definition"),  # type: ignore[operator]  # the plan above is a literal
    ],
)
def test_a_series_never_chains_two_definitions(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(PLAN | changes))
    with pytest.raises(InputError, match=said):
        read_aggregate_plan(path)


@pytest.mark.parametrize(
    "changes",
    [{"breaks": [BREAK | {"rows": {"art": ["pleje"]}}]}, {"breaks": [BREAK | {"after": 2018, "before": 2019}]}],
)
def test_a_break_elsewhere_does_not_matter(changes: dict[str, object]) -> None:
    assert AggregatePlan.model_validate(PLAN | changes).breaks


@pytest.fixture(scope="module")
def england() -> Panel:
    if not ENGLAND.is_dir():
        pytest.skip("the English tables are not part of this repository and are not beside it")
    return read_aggregates(ENGLAND, read_aggregate_plan(HERE / "tables.yaml"), read_crosswalk(HERE / "crosswalk.csv"))


def test_the_english_tables_are_one_panel_of_the_same_areas(england: Panel) -> None:
    cells = england.cells
    years = {"homes_old": 7, "homes": 6, "homes_per_cent": 6, "three_placements": 8, "same_carer": 6, "sdq_mean": 9,
             "looked_after": 7, "starts": 7}  # fmt: skip
    assert cells.groupby("outcome").size().to_dict() == {key: 139 * number for key, number in years.items()}
    assert (cells["value"].notna() == (cells["status"] == "exact")).all()
    assert cells.loc[cells["status"] == "hidden", ["low", "high"]].notna().all(axis=None)
    assert cells.loc[cells["group"] == "treated", "unit"].nunique() == 24


def test_english_areas_that_were_reorganised_keep_all_their_children(england: Panel) -> None:
    """The unit's numbers are the sums of the published rows of its members, read again without this package."""
    raw = pd.read_csv(ENGLAND / "rates.csv", dtype=str, keep_default_na=False)
    raw = raw[raw["population_count"].str.contains("looked after (?:at|on) 31 March")]
    members = {
        "Northamptonshire": ["E10000021", "E06000061", "E06000062"],
        "Cumbria": ["E10000006", "E06000063", "E06000064"],
        "Dorset and Bournemouth": ["E10000009", "E06000028", "E06000029", "E06000058", "E06000059"],
    }
    ours = england.outcome("looked_after").set_index(["unit", "period"])["value"]
    for unit, codes in members.items():
        mine = raw[raw["area_code"].isin(codes)].assign(
            number=lambda rows: pd.to_numeric(rows["number"], errors="coerce")
        )
        theirs = mine.groupby("year")["number"].sum().loc["2019":"2025"]
        np.testing.assert_array_equal(ours[unit].to_numpy(), theirs.to_numpy())


def test_hidden_english_numbers_are_what_their_totals_leave(england: Panel) -> None:
    """2011-17: with h hidden kinds in an area and year, each at least 1, worked out again row by row.

    The parts miss the printed totals by up to 1, so the remainder is known to within 1.
    """
    raw = pd.read_csv(ENGLAND / "cla_by_placement.csv", dtype=str, keep_default_na=False)
    raw = raw[raw["year"] <= "2017"]
    hidden = england.outcome("homes_old").query("status == 'hidden' and unit.str.startswith('E')")
    assert len(hidden) == 36
    for cell in hidden.itertuples():
        rows = raw[(raw["area_code"] == cell.unit) & (raw["year"] == cell.period)].set_index("placement")["number"]
        parts = rows.drop("Total")
        rest = int(rows["Total"]) - sum(int(number) for number in parts[parts != "x"])
        others = int((parts == "x").sum()) - 1
        assert (cell.low, cell.high) == (max(1, rest - 1) if others == 0 else 1, rest + 1 - others)


def test_later_english_zeros_may_be_hidden_too(england: Panel) -> None:
    later = england.outcome("homes").query("status == 'hidden'")
    assert len(later) == 11
    assert (later["low"] == 0).all()
    assert (later["high"] < later["denominator"]).all()


def test_years_in_which_a_source_lacks_a_member_are_missing_not_smaller(england: Panel) -> None:
    homes = england.outcome("homes").set_index(["unit", "period"])
    absent = homes[homes["status"] == "missing"]
    assert sorted(absent.index) == [("Cumbria", f"{year}") for year in range(2020, 2024)] + [
        ("Northamptonshire", "2020"), ("Northamptonshire", "2021"),
    ]  # fmt: skip
    assert absent["value"].isna().all()


def test_without_its_crosswalk_every_reorganisation_is_a_problem(england: Panel) -> None:
    with pytest.raises(InputError) as error:
        read_aggregates(ENGLAND, read_aggregate_plan(HERE / "tables.yaml"), NO_CHANGES)
    broken = {str(one.found).split(":")[0] for one in error.value.problems if one.key == "agg_area_break"}
    lines = pd.read_csv(HERE / "crosswalk.csv", dtype=str)
    assert {"E10000009", "E06000059", "E10000021", "E06000061", "E10000006", "E06000063", "E06000065"} <= broken
    assert broken <= set(lines["area"])


ADDED = "kommune;år;art;antal\n" + "".join(
    f"{area};{year};{kind};{number}\n"
    for area, numbers in {"657": ("4", "3", "10"), "661": ("2", "..", "9"), "665": ("1", "1", "20")}.items()
    for year in (2016, 2017, 2018)
    for kind, number in zip(("hjem", "sikret", "i alt"), numbers, strict=True)
)
PEOPLE = "kommune;år;alder;antal\n" + "".join(
    f"{area};{year};{age};{10 * (age + 1)}\n"
    for area in ("657", "661", "665")
    for year in (2016, 2017, 2018)
    for age in (0, 1)
)
SIGNS = {"signs": [{"sign": "..", "meaning": "not_available"}], "not_areas": ["000"]}


def adding(
    folder: Path, table: str = ADDED, people: str = PEOPLE, adopters: str = "657;2017\n", **more: object
) -> Panel:
    (folder / "p.csv").write_text(people)
    changes = {"rows": {"art": ["hjem", "sikret"]}, "adds": ["art"], "parts": None} | more
    return read(folder, table, adopters, **series(**changes), **SIGNS)


def test_rows_that_add_up_are_one_number_known_as_well_as_the_worst_known(tmp_path: Path) -> None:
    cells = adding(tmp_path).cells
    assert cells["value"].fillna(-1).tolist() == [7] * 3 + [-1] * 3 + [2] * 3
    assert cells["status"].tolist() == ["exact"] * 3 + ["missing"] * 3 + ["exact"] * 3
    assert cells["denominator"].tolist() == [10] * 3 + [9] * 3 + [20] * 3


def test_a_sum_that_lacks_a_row_is_no_sum(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        adding(tmp_path, ADDED.replace("661;2017;sikret;..\n", ""))
    assert [(one.key, one.found) for one in error.value.problems] == [("agg_part_missing", "661, 2017")]


def test_a_denominator_may_stand_in_another_file_and_add_up_there(tmp_path: Path) -> None:
    per = {"file": "p.csv", "column": "antal", "rows": {"alder": ["0", "1"]}, "adds": ["alder"]}
    assert adding(tmp_path, per=per).cells["denominator"].tolist() == [30] * 9
    with pytest.raises(InputError) as error:
        adding(tmp_path, people=PEOPLE.replace("661;2017;1;20\n", ""), per=per)
    assert [(one.key, one.file) for one in error.value.problems] == [("agg_part_missing", "p.csv")]
    with pytest.raises(InputError) as error:
        adding(tmp_path, people=PEOPLE.replace("alder", "age"), per=per)
    assert [(one.key, one.column) for one in error.value.problems] == [("missing_column", "alder")]


def test_money_is_in_its_own_unit_and_the_prices_of_one_year(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("år;antal\n2016;100\n2017;110\n2018;121\n")
    plan = series(kind="money", rows={"art": ["hjem"]}, parts=None, unit=0.001)
    prices = {"file": "i.csv", "value": "antal", "base_year": 2018}
    cells = read(tmp_path, ADDED, **plan, **SIGNS, prices=prices).cells
    assert cells["value"].tolist()[:3] == pytest.approx([0.004 * 1.21, 0.004 * 1.1, 0.004])
    with pytest.raises(InputError) as error:
        read(tmp_path, ADDED, **plan, **SIGNS, prices=prices | {"base_year": 2020})
    assert [(one.key, one.expected) for one in error.value.problems] == [("agg_no_price", "2020")]


@pytest.mark.parametrize(
    "total", [{"hjem": "7", "sikret": "6", "i alt": "39"}, {"hjem": "7", "sikret": "4", "i alt": "39"}]
)
def test_a_total_among_its_areas_is_no_area(tmp_path: Path, total: dict[str, str]) -> None:
    rows = "".join(f"000;{year};{kind};{number}\n" for year in (2016, 2017, 2018) for kind, number in total.items())
    only = {"rows": {"art": ["hjem"]}, "adds": [], "parts": None}
    assert "000" not in set(adding(tmp_path, ADDED + rows, **only).cells["unit"])  # the plan names it
    with pytest.raises(InputError) as error:
        read(tmp_path, ADDED + rows, **series(**only), signs=SIGNS["signs"])
    assert [(one.key, one.found) for one in error.value.problems] == [("agg_total_row", "000")]


@pytest.mark.parametrize("name", ["6577", "Herning", "657 Herning"])
def test_an_adopter_in_no_table_is_named_and_is_no_control(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, adopters=f"{name};2017\n")
    assert [(one.key, one.row, one.found) for one in error.value.problems] == [("agg_adopter_unknown", 2, name)]


def test_a_danish_number_and_a_sign_for_thousands(tmp_path: Path) -> None:
    table = TABLE.replace("657;2016;hjem;4\n", "657;2016;hjem;4,5\n")
    cells = read(tmp_path, table, **series(kind="person_years", parts=None), decimal=",").cells
    assert cells.loc[0, "value"] == 4.5
    for decimal, written in ((".", "1.000"), (",", "1,000")):
        with pytest.raises(InputError) as error:
            read(tmp_path, TABLE.replace("657;2018;i alt;9", f"657;2018;i alt;{written}"), decimal=decimal)
        assert {one.key for one in error.value.problems} == {"agg_thousands"}


def test_a_part_that_is_more_than_the_whole_is_refused_by_area_and_period(tmp_path: Path) -> None:
    table = TABLE.replace("657;2016;hjem;4\n", "657;2016;hjem;12\n")
    with pytest.raises(InputError) as error:
        read(tmp_path, table, **series(parts=None))
    (problem,) = error.value.problems
    assert (problem.key, problem.found, problem.expected) == ("agg_more_than_all", "657, 2016: 12", "<= 10")
    assert problem.row is not None
    whole = {"column": "antal", "rows": {"art": ["i alt"]}}
    assert read(tmp_path, table, **series(parts=None, per=whole)).cells.loc[0, "value"] == 12


def test_the_mark_of_made_up_data_stays_on_the_panel(tmp_path: Path) -> None:
    assert not read(tmp_path).synthetic
    (tmp_path / "SYNTHETIC.txt").write_text("made up\n")
    assert read(tmp_path).synthetic


@pytest.mark.parametrize(
    "changes",
    [{"adds": ["køn"]}, {"adds": ["art"]}, {"parts": None, "per": {"column": "antal", "adds": ["alder"]}}],
)
def test_what_adds_up_must_be_listed_and_be_no_part(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"adds|listed"):
        AggregatePlan.model_validate(PLAN | series(**changes))
