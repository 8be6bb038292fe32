"""Registers to the panel: cells counted by hand, a slow count day by day, and what must not change them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_registers as small

from sverige_did.errors import RefusedError, SverigeDidError
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import Panel
from sverige_did.sources.panel.build import Built, build
from sverige_did.sources.panel.frame import children_by_number
from sverige_did.sources.registers.codes import standard_codes


def built(folder: Path, frames: dict[str, pd.DataFrame] | None = None, **changes: object) -> Built:
    return build(small.tables(folder, frames or small.delivery()), small.study(**changes), standard_codes())


def table(panel: Panel, outcome: str, column: str = "value") -> pd.DataFrame:
    return panel.outcome(outcome).pivot(index="unit", columns="period", values=column)  # noqa: PD010


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return built(tmp_path_factory.mktemp("delivery")).panel


HALF = {"2013H1": 181 / 365, "2013H2": 184 / 365, "2014H1": 181 / 365, "2014H2": 184 / 365}


def test_person_years_in_institutions_counted_in_the_head(panel: Panel) -> None:
    found = table(panel, "institution_per_1000")
    # c0 through 2013, c6 nowhere, c90 until it turns 18 in the middle of its half-year of birth (1 October 2013).
    until_18 = (date(2013, 10, 1) - date(2013, 7, 1)).days / 365
    assert found.loc["A", "2013H1"] == pytest.approx(2 * HALF["2013H1"])
    assert found.loc["A", "2013H2"] == pytest.approx(HALF["2013H2"] + until_18)
    assert found.loc["A", ["2014H1", "2014H2"]].tolist() == [0, 0]
    # c7 lives in B and is in an institution and a foster family at once: the higher rung counts.
    assert found.loc["B", "2014H1"] == pytest.approx(2 * HALF["2014H1"])
    assert table(panel, "family_per_1000").loc["B"].sum() == 0
    assert table(panel, "institution_per_1000", "denominator").loc["F", "2014H2"] == pytest.approx(
        1000 * HALF["2014H2"]
    )


def test_a_placement_without_a_place_is_placed_and_on_no_rung(panel: Panel) -> None:
    assert table(panel, "placed_per_1000").loc["F", "2013H1"] == pytest.approx(HALF["2013H1"])
    rungs = [table(panel, f"{name}_per_1000") for name in ("home_based", "network", "foster", "institution")]
    assert sum(rung.loc["F"].sum() for rung in rungs) == 0


def test_the_composition_adds_up(panel: Panel) -> None:
    rungs = [table(panel, f"{name}_share") for name in ("home_based", "network", "foster", "institution")]
    placed = table(panel, "placed_total")
    known_place = placed.drop(index="F")
    np.testing.assert_allclose(sum(rungs).drop(index="F"), known_place)
    np.testing.assert_allclose(table(panel, "institution_share", "denominator"), placed)


def test_family_care_is_foster_care_with_kin_and_network_as_in_the_published_table(panel: Panel) -> None:
    for view in ("share", "per_1000"):
        both = table(panel, f"foster_{view}") + table(panel, f"network_{view}")
        np.testing.assert_allclose(table(panel, f"family_{view}"), both)
    assert table(panel, "network_share").to_numpy().sum() > 0


@pytest.mark.parametrize(
    ("rule", "institution", "family"),
    [("highest_rung", 1, 0), ("count_both", 1, 1)],
)
def test_the_plan_decides_which_of_two_placements_counts(
    tmp_path: Path, rule: str, institution: int, family: int
) -> None:
    panel = built(tmp_path, registers={"overlap": rule}).panel
    half = HALF["2014H1"]
    assert table(panel, "institution_per_1000").loc["B", "2014H1"] == pytest.approx((1 + institution) * half)
    assert table(panel, "family_per_1000").loc["B", "2014H1"] == pytest.approx(family * half)


def test_spending_is_days_times_price_in_prices_of_the_base_year(panel: Panel) -> None:
    cost = table(panel, "placement_cost")
    assert cost.loc["B", "2013H1"] == pytest.approx(181 * 1000 * 1.10 / 1e6)
    assert cost.loc["B", "2014H1"] == pytest.approx(2 * 181 * 1000 / 1e6)
    per_year = table(panel, "price_network") / table(panel, "price_network", "denominator")
    assert per_year.loc["E", "2014H1"] == pytest.approx(200 * 365 / 1e6)


def test_an_unknown_price_makes_the_amount_missing_and_not_smaller(tmp_path: Path) -> None:
    frames = small.delivery()
    frames["placements"].loc[frames["placements"]["child"] == "c4", "price"] = None
    found = built(tmp_path, frames)
    cost = table(found.panel, "placement_cost")
    assert cost.loc["E"].isna().tolist() == [False, True, True, False]
    assert cost.drop(index="E").notna().all(axis=None)
    (said,) = [remark.say("en") for remark in found.remarks if remark.key == "panel_no_price"]
    assert said.startswith("placements.csv: 1 placements have no price a day")


def test_breakdowns_by_placement_year_and_by_resident(tmp_path: Path, panel: Panel) -> None:
    assert set(panel.outcome("breakdowns")["group"]) == {"control"}, "no district of the other group has any"
    assert table(panel, "breakdowns").loc["E"].to_dict() == {"2014H1": 1}
    assert table(panel, "breakdowns", "denominator").loc["E", "2014H1"] == pytest.approx(HALF["2014H1"])
    own = small.delivery() | {
        "breakdowns": pd.DataFrame(
            [("c1", "ANBAAR 9", "2014-10-01", "municipality's own")], columns=["child", "measure", "date", "definition"]
        )
    }
    assert table(built(tmp_path, own).panel, "breakdowns").sum().sum() == 1, "the register goes before end reasons"


def test_complaints_follow_the_case_where_every_complaint_has_one(tmp_path: Path, panel: Panel) -> None:
    # The first complaint is from the second half of 2013: before it, no complaints were registered.
    assert table(panel, "complaints").loc["D"].to_dict() == {"2013H2": 1, "2014H1": 0, "2014H2": 1}
    assert table(panel, "complaints", "denominator").loc["D", "2013H2"] == pytest.approx(HALF["2013H2"])
    frames = small.delivery()
    frames["complaints"]["case"] = None
    by_team = table(built(tmp_path, frames).panel, "complaints")
    assert by_team.loc["treated"].tolist() == [0, 1, 0]
    assert by_team.loc["control"].tolist() == [1, 0, 1]


def test_caseload_is_open_cases_by_full_time_caseworkers(panel: Panel) -> None:
    ratio = table(panel, "caseload") / table(panel, "caseload", "denominator")
    assert ratio.loc["treated"].tolist() == [24.0] * 4
    assert ratio.loc["control"].tolist() == [48.0] * 4


def test_accounts_in_fixed_prices_by_group(panel: Panel) -> None:
    spending = table(panel, "placement_spending")
    assert spending.loc["treated"].tolist() == pytest.approx([6 * 1.1, 6.0])
    assert spending.loc["control"].tolist() == pytest.approx([8 * 1.1, 8.0])
    assert table(panel, "preventive_spending").loc["treated"].tolist() == pytest.approx([1.1, 1.0])
    assert table(panel, "placement_spending", "denominator").loc["treated"].tolist() == pytest.approx([3000, 3000])


def test_refusion_is_taken_off_where_every_account_of_the_year_gives_it(tmp_path: Path) -> None:
    frames = small.delivery()
    accounts = frames["accounts"].assign(refusion=0.1 * frames["accounts"]["gross"])
    blank = (accounts["year"] == 2014) & (accounts["function"] == "5.28.20") & (accounts["group"] == "treated")
    frames["accounts"] = accounts.assign(refusion=accounts["refusion"].mask(blank))
    net = table(built(tmp_path, frames).panel, "placement_net_spending")
    assert net.loc["control"].tolist() == pytest.approx([0.9 * 8 * 1.1, 0.9 * 8.0])
    assert net.loc["treated", "2013"] == pytest.approx(0.9 * 6 * 1.1)
    assert "2014" not in net.loc["treated"].dropna(), "blank is not nought"


def test_accounts_without_refusion_have_no_net_spending(panel: Panel) -> None:
    assert panel.outcome("placement_net_spending").empty


def test_wellbeing_by_the_informant_of_the_first_form(tmp_path: Path) -> None:
    found = built(tmp_path)
    wellbeing = table(found.panel, "wellbeing_sdq")
    assert wellbeing.loc["A", ["2013H1", "2014H1"]].tolist() == [14, 12]
    assert wellbeing.drop(index="A").isna().all(axis=None)
    said = [(problem.key, problem.say("en")) for problem in found.remarks]
    assert [key for key, _ in said] == ["panel_other_informant", "panel_out_of_age"]
    assert all("1 SDQ forms" in sentence for _, sentence in said)


def test_every_ratio_has_its_twin_per_resident_child(panel: Panel) -> None:
    present = set(panel.cells["outcome"])
    ratios = {key for key in present if CATALOGUE[key].twin}
    assert ratios >= {"institution_share", "family_share", "network_share", "breakdowns", "complaints", "follow_ups"}
    for key in ratios:
        twin = CATALOGUE[key].twin
        assert twin in present
        np.testing.assert_array_equal(panel.outcome(twin)["value"], panel.outcome(key)["value"])
        assert (panel.outcome(twin)["denominator"] > 100).all(), "children who live there"


def test_without_a_register_there_are_no_outcomes_of_it(tmp_path: Path) -> None:
    frames = {name: small.delivery()[name] for name in ("districts", "children", "placements")}
    found = built(tmp_path, frames)
    assert set(found.panel.cells["outcome"]).isdisjoint({"complaints", "caseload", "wellbeing_sdq", "follow_ups"})
    assert found.panel.synthetic


def test_the_order_of_rows_and_the_names_of_children_change_nothing(tmp_path: Path, panel: Panel) -> None:
    frames = {name: frame.iloc[::-1] for name, frame in small.delivery().items()}
    for frame in frames.values():
        if "child" in frame:
            frame["child"] = "x" + frame["child"].str[::-1]
    assert built(tmp_path, frames).panel.sha256 == panel.sha256


def test_children_as_numbers_have_the_same_panel(tmp_path: Path, panel: Panel) -> None:
    tables = small.tables(tmp_path, small.delivery())
    numbered = children_by_number(tables)
    assert numbered.keys() == tables.keys()
    assert all(np.issubdtype(one.frame["child"].dtype, np.integer) for one in numbered.values() if "child" in one.frame)
    assert build(numbered, small.study(), standard_codes()).panel.sha256 == panel.sha256


def random_placements(rng: np.random.Generator, children: pd.DataFrame) -> pd.DataFrame:
    """Spells of any length, some open, some before and some past the grid, many overlapping."""
    n = 150
    start = pd.Timestamp("2012-06-01") + pd.to_timedelta(rng.integers(0, 1000, n), "D")
    end = start + pd.to_timedelta(rng.integers(0, 500, n), "D")
    codes = np.array(["ANBAAR 9", "ANBAAR 24", "ANBAAR 1", "ANBAAR 11", "SEL 58", "SEL 52.3.3"])
    frame = pd.DataFrame(
        {
            "child": rng.choice(children["child"], n),
            "measure": rng.choice(codes, n),
            "start": start.strftime("%Y-%m-%d"),
            "end": end.strftime("%Y-%m-%d").where(pd.Series(rng.random(n) < 0.8), None),
            "end_reason": None,
            "price": 100.0,
        }
    )
    return frame.drop_duplicates(["child", "measure", "start"])


RUNG_OF = {"ANBAAR 9": 6, "ANBAAR 24": 5, "ANBAAR 1": 4, "ANBAAR 11": 3, "SEL 58": 0}


def by_day(placements: pd.DataFrame, children: pd.DataFrame) -> dict[tuple[str, str, int], float]:
    """Person-years by district, period and rung, one child and one day at a time."""
    born = {"2004H1": date(2004, 4, 1), "1995H2": date(1995, 10, 1)}
    found: dict[tuple[str, str, int], float] = {}
    for child in children.itertuples():
        mine = list(placements[placements["child"] == child.child].itertuples())
        day = date(2013, 1, 1)
        while day <= date(2014, 12, 31):
            today = day.isoformat()
            on = [RUNG_OF[row.measure] for row in mine if row.measure in RUNG_OF and row.start <= today <= row.end]
            birth = born[child.birth_half_year]
            if on and day < date(birth.year + 18, birth.month, birth.day):
                key = (child.district, f"{day.year}H{1 if day.month < 7 else 2}", max(on))
                found[key] = found.get(key, 0.0) + 1 / 365
            day += timedelta(days=1)
    return found


def test_the_panel_agrees_with_a_count_day_by_day(tmp_path: Path) -> None:
    children = small.children()
    placements = random_placements(np.random.default_rng(3), children)
    frames = {"districts": small.districts(), "children": children, "placements": placements}
    panel = built(tmp_path, frames).panel
    slow = by_day(placements.assign(end=placements["end"].fillna("9999")), children)
    for name, rung in (("home_based", 3), ("network", 4), ("foster", 5), ("institution", 6)):
        for (unit, period), cell in panel.outcome(f"{name}_per_1000").set_index(["unit", "period"])["value"].items():
            assert cell == pytest.approx(slow.get((unit, period, rung), 0.0), abs=1e-9)
    assert table(panel, "placed_total").sum().sum() == pytest.approx(sum(slow.values()))


def test_children_can_be_followed_to_where_they_live(tmp_path: Path) -> None:
    frames = small.delivery()
    moves = [("c1", "B", "2010-01-01", "2013-12-31"), ("c1", "F", "2014-01-01", None)]
    stays = [(child, home, "2000-01-01", None) for child, home in small.children()[["child", "district"]].to_numpy()]
    residences = pd.DataFrame(
        [*moves, *(row for row in stays if row[0] != "c1")], columns=["child", "district", "start", "end"]
    )
    frames["residences"] = residences
    by_plan = {"rule": "on_the_day", "date": "2013-06-01"}
    there = table(built(tmp_path, frames, registers={"residence": by_plan}).panel, "institution_per_1000")
    assert there.loc["F", ["2013H2", "2014H1"]].tolist() == pytest.approx([0, HALF["2014H1"]])
    at_baseline = table(built(tmp_path, frames).panel, "institution_per_1000")
    assert at_baseline.loc["F"].tolist() == [0, 0, 0, 0]
    assert at_baseline.sum().sum() == pytest.approx(there.sum().sum())


def without_a_period(frames: dict[str, pd.DataFrame]) -> None:
    frames["districts"] = frames["districts"].query("period != '2014H1'")


def without_a_child(frames: dict[str, pd.DataFrame]) -> None:
    frames["children"] = frames["children"].query("child != 'c1'")


def another_case(frames: dict[str, pd.DataFrame]) -> None:
    frames["complaints"]["case"] = "s9"


def another_team(frames: dict[str, pd.DataFrame]) -> None:
    frames["caseworkers"] = frames["caseworkers"].replace({"team": {"South": "East"}})


def another_function(frames: dict[str, pd.DataFrame]) -> None:
    frames["accounts"] = frames["accounts"].replace({"function": {"5.28.20": "5.25.10"}})


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda frames: frames.pop("placements"), "panel_register_missing"),
        (without_a_period, "panel_residents"),
        (without_a_child, "panel_unknown_child"),
        (another_case, "panel_complaint_case"),
        (another_team, "panel_teams"),
        (another_function, "panel_function"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    tmp_path: Path, change: Callable[[dict[str, pd.DataFrame]], object], key: str
) -> None:
    frames = small.delivery()
    change(frames)
    with pytest.raises(SverigeDidError) as caught:
        built(tmp_path, frames)
    assert caught.value.problems[0].key == key
    for language in ("da", "en"):
        assert "c1" not in caught.value.say(language)


def test_on_the_day_needs_the_residences(tmp_path: Path) -> None:
    with pytest.raises(SverigeDidError) as caught:
        built(tmp_path, registers={"residence": {"rule": "on_the_day", "date": "2013-06-01"}})
    assert caught.value.problems[0].file == "residences"


def test_strata_must_be_known_where_the_plan_uses_them(tmp_path: Path) -> None:
    frames = small.delivery()
    panel = built(tmp_path, frames, registers={"strata": True}).panel
    assert set(panel.cells.loc[panel.cells["unit_kind"] == "district", "stratum"]) == {"town", "country"}
    frames["districts"]["stratum"] = None
    with pytest.raises(RefusedError) as caught:
        built(tmp_path, frames, registers={"strata": True})
    (problem,) = caught.value.problems
    assert problem.key == "panel_strata"
    assert problem.found is not None
    assert problem.found in problem.say("da")
    assert problem.found in problem.say("en")


def test_years_of_accounts_outside_the_grid_are_left_out_and_told(tmp_path: Path) -> None:
    """Their amounts would be kept and their children lost, so that spending would seem to fall by far more."""
    frames = small.delivery()
    accounts = frames["accounts"]
    early = accounts[accounts["year"] == 2013]
    frames["accounts"] = pd.concat([early.assign(year=2011), early.assign(year=2012), accounts], ignore_index=True)
    found = built(tmp_path, frames)
    (remark,) = [one for one in found.remarks if one.key == "panel_accounts_outside"]
    assert "2011, 2012" in remark.say("da")
    cells = found.panel.outcome("placement_spending")
    assert set(cells["period"]) == {"2013", "2014"}
    assert cells["denominator"].notna().all()


def test_placements_of_nobody_under_18_are_no_person_years(tmp_path: Path) -> None:
    frames = small.delivery()
    frames["children"]["birth_half_year"] = "1985H1"
    assert table(built(tmp_path, frames).panel, "placed_total").to_numpy().sum() == 0
