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
