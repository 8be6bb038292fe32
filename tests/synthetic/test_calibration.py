"""Every printed figure is counted again from the files that are written, with the package's own readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from herning import enumerated

from sverige_did.errors import RefusedError
from sverige_did.results.published import Reported
from sverige_did.sources.published.facts import limits, read_facts
from sverige_did.sources.registers.codes import Ladder, standard_codes
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.tables import read_register
from sverige_did.synthetic.calibration import targets
from sverige_did.synthetic.careers import PLACED, Step
from sverige_did.synthetic.child_registers import EARLY_HELP
from sverige_did.synthetic.counterfactual import Size
from sverige_did.synthetic.generate import calibrated_municipality
from sverige_did.synthetic.writing import file_stem, write_delivery

ROOT = Path(__file__).parents[2]
BEFORE, AFTER = pd.Timestamp("2013-06-30"), pd.Timestamp("2014-12-31")
FIGURE_1 = [pd.Timestamp(day) for day in ("2013-08-31", "2013-12-31", "2014-08-31", "2014-12-31")]


@pytest.fixture(scope="module")
def facts() -> dict[str, Reported]:
    return {fact.fact_id: fact for fact in read_facts(ROOT / "data" / "herning" / "published.csv")}


class Delivery(NamedTuple):
    """The registers as read back from a folder, and which children are treated."""

    tables: dict[str, pd.DataFrame]
    treated: set[str]
    spells: dict[Ladder, pd.DataFrame]

    def on(self, day: pd.Timestamp, *, treated: bool = True, ladder: Ladder = "kora") -> pd.DataFrame:
        frame = self.spells[ladder]
        running = (frame["start"] <= day) & ~(frame["end"] <= day)
        return frame[running & (frame["ours"] == treated)]

    def placed(self, day: pd.Timestamp, *, treated: bool = True) -> pd.DataFrame:
        frame = self.on(day, treated=treated)
        return frame[frame["placed"].astype(bool)]

    def share(self, day: pd.Timestamp, rungs: set[int], *, treated: bool) -> float:
        frame = self.placed(day, treated=treated)
        return 100 * float(frame["rung"].isin(rungs).mean())

    def change(self, rungs: set[int], *, treated: bool) -> float:
        return self.share(AFTER, rungs, treated=treated) - self.share(BEFORE, rungs, treated=treated)

    def cases(self, *, treated: bool) -> pd.DataFrame:
        frame = self.tables["cases"]
        return frame[frame["child"].isin(self.treated) == treated]

    def ladder(self, day: pd.Timestamp) -> dict[str, int]:
        """Figure 1: open cases of the treated districts by the step that the child is on."""
        cases = self.cases(treated=True)
        open_cases = cases[(cases["opened"] <= day) & ~(cases["closed"] <= day)]
        rung = self.on(day, ladder="support").set_index("child")["rung"]
        step = open_cases["child"].map(rung).fillna(1).astype(int)
        counts = {number: int((step == number).sum()) for number in range(1, 7)}
        return {
            "total": len(open_cases), "clarification": counts[1], "prevention": counts[2],
            "network": counts[4], "foster": counts[5], "rest": counts[3] + counts[6],
        }  # fmt: skip

    def ladder_moves(self) -> pd.DataFrame:
        """Figure 2: children who went from one step to another from August 2013 to December 2014."""
        spells = self.spells["support"].query("ours and rung >= 2").sort_values(["child", "start"])
        later = spells.groupby("child")[["rung", "start"]].shift(-1)
        moved = (later["start"] == spells["end"]) & (later["rung"] != spells["rung"])
        during = (spells["end"] > FIGURE_1[0]) & (spells["end"] <= AFTER)
        return pd.DataFrame({"origin": spells["rung"], "target": later["rung"]})[moved & during].astype(int)

    def spending(self, functions: set[str], group: str, year: int) -> float:
        frame = self.tables["accounts"]
        mine = frame["function"].isin(functions) & (frame["group"] == group) & (frame["year"] == year)
        return float(frame["gross"][mine].sum() / 1e6)


def read(folder: Path) -> Delivery:
    tables = {
        register.name: read_register(folder / f"{file_stem(register, 'da')}.csv", register).usable()
        for register in REGISTERS
        if register.name != "postings"  # accounts are made up, and no postings behind them
    }
    districts = tables["districts"]
    ours = set(districts["district"][districts["treated_from"].notna()])
    children = tables["children"]
    treated = set(children["child"][children["district"].isin(ours)])
    placements = tables["placements"].assign(ours=tables["placements"]["child"].isin(treated))
    ladders: tuple[Ladder, ...] = ("kora", "support")
    spells = {
        ladder: placements.join(standard_codes().place(placements["measure"], ladder=ladder)[["rung", "placed"]])[
            placements["measure"] != EARLY_HELP["code"]  # Figure 1 counts section 11 among those under clarification
        ]
        for ladder in ladders
    }
    return Delivery(tables, treated, spells)


@pytest.fixture(scope="module", params=["example", 1, 2])
def delivery(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    if request.param == "example":
        return read(ROOT / "data" / "example")
    folder = tmp_path_factory.mktemp("delivery")
    write_delivery(folder, calibrated_municipality(request.param).delivered.registers)
    return read(folder)


def ratio(d: Delivery, *, treated: bool) -> float:
    return 100 * (len(d.placed(AFTER, treated=treated)) / len(d.placed(BEFORE, treated=treated)) - 1)


def residential(d: Delivery, day: pd.Timestamp, *, treated: bool) -> int:
    return int((d.placed(day, treated=treated)["measure"] == "SEL 66.1.6").sum())


def breakdowns(d: Delivery, *, treated: bool) -> float:
    frame = d.tables["breakdowns"]
    mine = (frame["child"].isin(d.treated) == treated) & (frame["date"].dt.year == 2014)
    return 100 * int(mine.sum()) / len(d.placed(AFTER, treated=treated))


def complaints(d: Delivery) -> float:
    frame, cases = d.tables["complaints"], d.cases(treated=True)
    in_2014 = frame[(frame["date"].dt.year == 2014) & frame["case"].isin(cases["case"])]
    open_in_2014 = (cases["opened"] < "2015-01-01") & ~(cases["closed"] <= "2014-01-01")
    return 100 * len(in_2014) / int(open_in_2014.sum())


def caseload(d: Delivery, team: str, period: str) -> float:
    frame = d.tables["caseworkers"]
    mine = frame[(frame["team"] == team) & frame["period"].str.startswith(period)]
    return float((mine["open_cases"] / mine["fte"]).mean())


def rung_moves(d: Delivery, which: Callable[[pd.DataFrame], pd.Series[bool]]) -> int:
    return int(which(d.ladder_moves()).sum())


GIVEN_UP = {"F053", "F073"}
"""Steps of Figure 1 that contradict the 7 % of 45 placed (F086a): see calibration.yaml."""
HIGH, LOW = {5, 6}, {3, 4}
PLACEMENTS = {"5.28.20", "5.28.23"}
FIGURES: dict[str, Callable[[Delivery], float]] = {
    "F077": lambda d: ratio(d, treated=True),
    "F078": lambda d: ratio(d, treated=False),
    "F079": lambda d: d.share(BEFORE, {6}, treated=True),
    "F080": lambda d: d.share(AFTER, {6}, treated=True),
    "F011": lambda d: residential(d, BEFORE, treated=True),
    "F012": lambda d: residential(d, AFTER, treated=True),
    "F013": lambda d: residential(d, AFTER, treated=False) - residential(d, BEFORE, treated=False),
    "E05": lambda d: int((d.placed(pd.Timestamp("2015-12-31"))["rung"] == 6).sum()),
    "F082": lambda d: d.change({4, 5}, treated=True),
    "F083": lambda d: d.change({4, 5}, treated=False),
    "F084": lambda d: d.change({4}, treated=True),
    "F085": lambda d: d.change({4}, treated=False),
    "F086a": lambda d: d.share(AFTER, {4}, treated=True),
    "F086b": lambda d: d.share(BEFORE, {4}, treated=True),
    "F087a": lambda d: d.share(AFTER, {4}, treated=False),
    "F087b": lambda d: d.share(BEFORE, {4}, treated=False),
    "F088b": lambda d: d.change({3}, treated=True),
    "F089b": lambda d: d.change({3}, treated=False),
    **{
        f"F{first + at:03d}": (lambda d, day=day, column=column: d.ladder(day)[column])
        for first, column in ((46, "prevention"), (50, "network"), (54, "foster"), (58, "clarification"),
                              (62, "total"), (70, "rest"))
        for at, day in enumerate(FIGURE_1)
    },
    "F090": lambda d: rung_moves(d, lambda m: m["target"] < m["origin"]),
    "F091": lambda d: rung_moves(d, lambda m: m["target"] > m["origin"]),
    "F092": lambda d: rung_moves(d, lambda m: (m["target"] < m["origin"]) & (m["origin"] == 6)),
    "F098": lambda d: rung_moves(d, lambda m: m["origin"].isin(HIGH) & m["target"].isin(LOW)),
    "F099": lambda d: rung_moves(d, lambda m: m["origin"].isin(LOW) & m["target"].isin(HIGH)),
    "F116": lambda d: breakdowns(d, treated=True),
    "F117": lambda d: breakdowns(d, treated=False),
    "F118": complaints,
    "F004": lambda d: caseload(d, "Sverigesteamet", "2014"),
    "F005": lambda d: caseload(d, "Børneteamet", "2014"),
    "F017b": lambda d: caseload(d, "Sverigesteamet", "2013-08"),
    "F016b": lambda d: caseload(d, "Sverigesteamet", "2014-12"),
    "F125": lambda d: d.spending(PLACEMENTS, "treated", 2014) - d.spending(PLACEMENTS, "treated", 2013),
    "F126": lambda d: d.spending(PLACEMENTS, "control", 2014) - d.spending(PLACEMENTS, "control", 2013),
    "E01": lambda d: d.spending(PLACEMENTS, "treated", 2015) - d.spending(PLACEMENTS, "treated", 2013),
    "F129": lambda d: d.spending({"5.28.21"}, "control", 2014) - d.spending({"5.28.21"}, "control", 2013),
    "F135": lambda d: d.spending({"5.28.21"}, "control", 2014) - d.spending({"5.28.21"}, "control", 2013),
}  # fmt: skip


@pytest.mark.parametrize("fact_id", sorted(set(FIGURES) - set(GIVEN_UP)))
def test_every_printed_figure_is_counted_again(delivery: Delivery, facts: dict[str, Reported], fact_id: str) -> None:
    low, high = limits(facts[fact_id])
    assert low - 1e-4 <= FIGURES[fact_id](delivery) <= high + 1e-4  # amounts are rounded to whole kroner


@pytest.mark.parametrize("fact_id", sorted(GIVEN_UP))
def test_a_figure_given_up_is_truly_missed(delivery: Delivery, facts: dict[str, Reported], fact_id: str) -> None:
    low, high = limits(facts[fact_id])
    assert not low <= FIGURES[fact_id](delivery) <= high


def test_figures_without_a_number_hold_too(delivery: Delivery) -> None:
    assert abs(delivery.change({6}, treated=False)) <= 1.0  # F081: practically unchanged
    prevention = [delivery.spending({"5.28.21"}, "treated", year) for year in (2013, 2014)]
    assert prevention[1] <= prevention[0] + 1e-5  # F128: has not risen
    frame = delivery.tables["complaints"].query("date.dt.year == 2014")
    teams = frame["team"].value_counts()
    assert set(teams.index) <= {"Sverigesteamet", "Børneteamet", "Ungeteamet", "Modtagelsen"}  # F120
    control = delivery.cases(treated=False)
    open_in_2014 = (control["opened"] < "2015-01-01") & ~(control["closed"] <= "2014-01-01")
    share = 100 * (teams["Børneteamet"] + teams["Ungeteamet"]) / int(open_in_2014.sum())
    assert share > complaints(delivery)  # F119, although intake's cases stand in the denominator too


def test_the_treated_have_a_fifth_of_the_pupils_and_the_higher_rate(
    delivery: Delivery, facts: dict[str, Reported]
) -> None:
    districts = delivery.tables["districts"]
    mine = districts["treated_from"].notna()
    for period, here in districts.groupby("period"):
        pupils = 100 * here["pupils"][mine].sum() / here["pupils"].sum()
        residents = 100 * here["residents_0_17"][mine].sum() / here["residents_0_17"].sum()
        for fact_id, share in (("F010", pupils), ("F044", pupils), ("F033", residents)):
            low, high = limits(facts[fact_id])
            assert low <= share <= high, (period, fact_id)
    now = districts[districts["period"] == "2013H1"]
    placed = [len(delivery.placed(BEFORE, treated=treated)) for treated in (True, False)]
    pupils = [now["pupils"][mine].sum(), now["pupils"][~mine].sum()]
    z = np.log(placed[0] / pupils[0] * pupils[1] / placed[1]) / np.sqrt(1 / placed[0] + 1 / placed[1])
    assert z > 1.9  # F043; the pupils are whole children, so not exactly 1.96


def test_follow_ups_of_placements_rise_and_those_of_prevention_miss_the_goal(delivery: Delivery) -> None:
    frame = delivery.tables["follow_ups"]
    mine = frame[frame["child"].isin(delivery.treated)]
    placed = mine["measure"].str.startswith("SEL 66")
    done = mine["done"].notna()
    halves = [(mine["due"] >= start) & (mine["due"] < stop)
              for start, stop in (("2013-01-01", "2013-07-01"), ("2014-07-01", "2015-01-01"))]  # fmt: skip
    before, after = (int((placed & done & half).sum()) for half in halves)
    assert after > 1.5 * before  # F111
    kept = [float(done[halves[1] & (placed == kind)].mean()) for kind in (True, False)]
    assert kept[0] > 0.85 > 0.7 > kept[1]  # F028 met, F027 not met


def test_the_moves_that_were_chosen_add_up_to_those_printed(facts: dict[str, Reported]) -> None:
    total = sum(targets().moves)
    down, up = np.tril(total, -1).sum(), np.triu(total, 1).sum()
    assert (down, up) == (facts["F090"].number, facts["F091"].number)
    assert np.tril(total, -1)[[Step.RESIDENTIAL_HOME, Step.INSTITUTION]].sum() == facts["F092"].number


def test_the_placed_are_the_table_of_the_person_year_reading_nearest_to_figure_1(facts: dict[str, Reported]) -> None:
    (found,) = [item for item in enumerated() if (item.reading, item.outcome) == ("H2", "family_share")]
    tables = [dict(zip(found.unknowns, table, strict=True)) for table in found.tables]
    nearest = min(tables, key=lambda table: abs(table["foster_1"] - facts["F057"].number))
    aims = targets()
    for at, row in ((0, aims.treated[0]), (1, aims.treated[aims.anchors.index(date(2014, 12, 31))])):
        assert row[list(PLACED)].sum() == nearest[f"placed_{at}"]
        assert row[Step.NETWORK] == nearest[f"network_{at}"]
        assert row[Step.FOSTER] == nearest[f"foster_{at}"]
        assert row[[Step.RESIDENTIAL_HOME, Step.INSTITUTION]].sum() == nearest[f"institution_{at}"]
    assert aims.breakdowns["treated"] == nearest["breakdowns"]


def test_the_control_group_has_a_rate_that_is_lower_by_more_than_chance_and_the_shares_that_were_assumed() -> None:
    aims, q = targets(), targets().pupil_share
    placed, base = (side[0, list(PLACED)].sum() for side in (aims.treated, aims.control))
    z = np.log(placed / q * (1 - q) / base) / np.sqrt(1 / placed + 1 / base)
    assert z >= 1.96  # F043
    assert aims.control[0, [Step.RESIDENTIAL_HOME, Step.INSTITUTION]].sum() == round(base / 4)
    assert aims.control[0, Step.HOME] == round(base / 20)


def test_the_world_without_the_programme_follows_the_control_group() -> None:
    aims = targets()
    placed = list(PLACED)
    scale = aims.treated[0, placed].sum() / aims.control[0, placed].sum()
    change = aims.untreated - aims.untreated[0]
    np.testing.assert_array_less(np.abs(change - scale * (aims.control - aims.control[0])), 0.5001)
    assert (aims.untreated[0] == aims.treated[0]).all()
    assert aims.untreated[-1, Step.INSTITUTION] > aims.treated[-1, Step.INSTITUTION]


def test_a_size_that_is_not_that_of_the_figures_is_refused() -> None:
    with pytest.raises(RefusedError, match="four"):
        calibrated_municipality(1, replace(Size(), go_live=date(2014, 1, 1)))
