"""The English areas: against a computation that shares no code with the package, and the page against the numbers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import collapse
from sverige_did.did.window import Window
from sverige_did.inference.cluster_robust import cr2_test, of_districts
from sverige_did.inference.districts import districts
from sverige_did.inference.permutation import permutation_test

ANALYSIS = Path(__file__).parents[2] / "analyses" / "england"
HOMES = "Secure homes and children's homes"
ADOPTERS = {"Middlesbrough", "Rochdale", "Norfolk", "Redcar and Cleveland", "Warrington"}
YEARS = ("2020", "2023", "2024", "2025")


def load(name: str) -> ModuleType:
    """A file of the analysis, which is a folder of scripts and not a package."""
    if str(ANALYSIS) not in sys.path:
        sys.path.insert(0, str(ANALYSIS))
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def england() -> ModuleType:
    module = load("england")
    if not module.folder().is_dir():
        pytest.skip("the English tables are not part of this repository and are not beside it")
    return module


@pytest.fixture(scope="module")
def shares(england: ModuleType) -> pd.DataFrame:
    """Per cent in homes by area and year, read with pandas alone: areas whose four numbers are all printed.

    Areas outside the five that ever took up No Wrong Door are in neither group.
    """
    raw = pd.read_csv(england.folder() / "cla_by_placement.csv", dtype=str, keep_default_na=False)
    raw = raw[raw["year"].isin(YEARS)]
    wide = raw.pivot_table(
        index=["area_code", "area_name", "year"], columns="placement", values="number", aggfunc="first"
    )
    numbers = wide[[HOMES, "Total"]].apply(pd.to_numeric, errors="coerce")
    share = (100 * numbers[HOMES] / numbers["Total"]).rename("y").reset_index()
    share = share.pivot_table(index="area_code", columns="year", values="y")
    listed = pd.read_csv(england.folder() / "adoption.csv", dtype=str, keep_default_na=False)
    listed = listed[listed["model"] == "No Wrong Door"].set_index("area_code")["area_name"]
    share = share.dropna()[lambda rows: ~rows.index.isin(listed.index[~listed.isin(ADOPTERS)])]
    return share.assign(treated=share.index.isin(listed.index))


def test_the_collapsed_share_in_homes_is_that_of_an_independent_computation(shares: pd.DataFrame) -> None:
    """Five adopters, 130 others: +0.02 pp, standard error 0.78, permutation p 0.99."""
    change = shares[list(YEARS[1:])].mean(axis=1) - shares["2020"]
    arms = [change[shares["treated"]], change[~shares["treated"]]]
    by_hand = arms[0].mean() - arms[1].mean()
    error = np.sqrt(sum(arm.var() / arm.size for arm in arms))
    assert ([arm.size for arm in arms], round(by_hand, 2), round(error, 2)) == ([5, 130], 0.02, 0.78)

    long = shares.drop(columns="treated").reset_index().melt("area_code", var_name="year", value_name="y")
    treated = long["area_code"].map(shares["treated"]) & (long["year"] > "2020")
    panel = panel_from_rows(long["area_code"], long["year"].astype(float), long["y"], treated)
    found = collapse(panel, Window((2020.0,), (2023.0, 2024.0, 2025.0)))
    sample = districts(found.change, found.treated)
    cr2 = cr2_test(of_districts(sample), 1)
    assert (cr2.estimate, cr2.std_error) == pytest.approx((by_hand, error))
    test = permutation_test(sample, rng=np.random.default_rng(1), draws=20_000)
    assert test.p_value == pytest.approx(0.99, abs=0.01)


def test_hidden_areas_enter_at_both_ends_and_the_printed_ones_lie_between(
    england: ModuleType, shares: pd.DataFrame
) -> None:
    plan = england.settings()
    measure = next(one for one in plan.outcomes if one.key == "homes_share")
    contrast = next(one for one in plan.contrasts if one.key == "no_wrong_door_all")
    found = england.answer(measure, contrast, plan)
    change = shares[list(YEARS[1:])].mean(axis=1) - shares["2020"]
    printed = change[shares["treated"]].mean() - change[~shares["treated"]].mean()
    assert found.collapsed.hidden == 11
    assert found.collapsed.lower < printed < found.collapsed.upper
    assert {"E06000017", "E09000026", "E09000020"} <= set(found.panel.labels)
    assert found.left_out == {"begun": ("E06000065",), "lacking": ("Cumbria", "Northamptonshire")}
    # Rutland alone: its four hidden numbers by hand, over the 131 controls.
    raw = pd.read_csv(england.folder() / "cla_by_placement.csv", dtype=str, keep_default_na=False)
    totals = (
        raw[(raw["area_code"] == "E06000017") & (raw["placement"] == "Total")].set_index("year")["number"].astype(int)
    )
    cells = england.panel().outcome("homes").query("unit == 'E06000017'").set_index("period")
    after = ["2023", "2024", "2025"]
    swing = 100 * cells["high"]["2020"] / totals["2020"] + 100 * cells["high"][after].sum() / totals[after].sum()
    redbridge = england.panel().outcome("homes").query("unit == 'E09000026'").set_index("period")
    top, size = redbridge["high"], redbridge["denominator"]
    swing += 100 * top["2020"] / size["2020"] + 100 * top["2023"] / size[after].sum()
    assert found.collapsed.upper - found.collapsed.lower == pytest.approx(swing / 131)


def test_an_area_that_had_begun_has_no_year_before(england: ModuleType) -> None:
    plan = england.settings()
    for measure in plan.outcomes:
        for contrast in plan.contrasts:
            cells, left_out = england.cells_of(measure, contrast)
            assert not set(cells["unit"]) & {area for areas in left_out.values() for area in areas}
            assert "E06000065" in left_out["begun"]  # North Yorkshire, 2015


@pytest.mark.slow
def test_the_page_holds_these_numbers_and_what_it_says_of_them(england: ModuleType) -> None:
    write = load("write")
    answers = england.answers()
    assert write.PAGE.read_text("utf-8") == write.page_text(load("page").numbers(answers))
    for one in answers:
        assert all(methods_table.verdict == "inconclusive" for methods_table in one.methods_tables)
        assert all(0.0 in test.region for test in one.exchanged)
        assert all(
            row.lower < 0 < row.upper for methods_table in one.methods_tables for row in methods_table.estimates[:2]
        )
    homes: DistrictPanel = answers[0].panel
    assert homes.level.mean() == pytest.approx(10, abs=1.5)
