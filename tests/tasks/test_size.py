"""The size of every method in a study's own design: read from its results, shown beside its p-values."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.design import designs
from sverige_did.did.collapse import collapse
from sverige_did.errors import SverigeDidError
from sverige_did.files import write_model, write_models
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.districts import districts
from sverige_did.panel import Panel, write_panel
from sverige_did.periods import period_days
from sverige_did.report.size_table import size_table
from sverige_did.studies.panel.arrays import district_panel, study_window
from sverige_did.study.read import read_study
from sverige_did.study.study import Study
from sverige_did.tasks.size import run

PLAN = Path(__file__).parents[2] / "analyses" / "example" / "study.yaml"
OUTCOME = "institution_per_1000"


def cells(kind: str = "person_years") -> pd.DataFrame:
    """Twenty made-up districts, four of them treated from August 2013, in the half-years of 2010 to 2014."""
    rng = np.random.default_rng(8)
    rows = []
    for d in range(20):
        children = 300.0 + 60 * d
        for year in range(2010, 2015):
            for half in ("H1", "H2"):
                start, end = period_days(f"{year}{half}")
                value = float(rng.poisson(0.01 * children))
                rows.append({
                    "outcome": OUTCOME, "reading": "all", "unit": f"d{d:02d}", "unit_kind": "district",
                    "group": "treated" if d < 4 else "control", "stratum": None, "period": f"{year}{half}",
                    "treated_from": pd.Timestamp(2013, 8, 1) if d < 4 else pd.NaT, "start": pd.Timestamp(start),
                    "end": pd.Timestamp(end), "kind": kind, "value": value, "low": value, "high": value,
                    "denominator": children, "denominator_low": children, "denominator_high": children,
                    "status": "exact", "source": "made up",
                })  # fmt: skip
    return pd.DataFrame(rows).astype({"stratum": "str"})


@pytest.fixture
def study() -> Study:
    return read_study(PLAN)


@pytest.fixture
def results(tmp_path: Path, study: Study) -> Path:
    panel = Panel.of(cells(), synthetic=True)
    folder = tmp_path / "example"
    write_model(folder / "plan.json", study)
    write_panel(folder / "panel.parquet", panel)
    write_models(folder / "designs.json", designs(panel, study))
    return folder


def test_the_design_is_that_of_the_study_and_the_p_values_are_those_of_its_changes(results: Path, study: Study) -> None:
    own = run(results)
    assert own.outcome == OUTCOME
    assert own.counts == {"treated": 4, "groups": 20, "before": 7, "after": 2}  # without 2013H2, treated in part
    assert (own.design.data.family, own.design.data.stays) == ("poisson", True)
    # Half a year each: 300 resident-years in a half-year are of 600 children.
    assert own.design.children[:4] == pytest.approx([600, 720, 840, 960], rel=0.02)
    panel = district_panel(cells(), partial="donut")
    changes = collapse(panel, study_window(cells(), study.periods))
    sample = districts(changes.change, changes.treated, weights=300.0 + 60 * np.arange(20))
    assert study.weights == "children"
    assert own.p["behrens_fisher"] == pytest.approx(calibrated_test(sample).p_value)
    assert own.design.rates[4:, 0].mean() == pytest.approx(0.01, rel=0.1)
    assert 0 <= own.shocks["shock"] < 0.3
    assert 0 <= own.shocks["autocorrelation"] <= 0.95


def test_counts_are_simulated_as_counts(results: Path) -> None:
    for kind, expected in (("events", ("poisson", False)), ("stock", ("poisson", True))):
        write_panel(results / "panel.parquet", Panel.of(cells(kind), synthetic=True))
        data = run(results).design.data
        assert (data.family, data.stays) == expected


@pytest.mark.parametrize(
    ("outcome", "broken", "key"),
    [("wellbeing_sdq", None, "size_no_districts"), (None, "designs.json", "study_not_run")],
)
def test_what_cannot_be_simulated_is_refused(results: Path, outcome: str | None, broken: str | None, key: str) -> None:
    if broken:
        (results / broken).unlink()
    with pytest.raises(SverigeDidError) as error:
        run(results, outcome)
    assert error.value.problems[0].key == key


def test_the_table_shows_methods_in_order_and_the_verdict_last() -> None:
    table = size_table({"cr1": 0.11, "verdict": 0.03, "other": 0.5}, {"cr1": 0.2}, 0.05, "da")
    assert [row.style for row in table.rows] == ["yellow", None]
    console = Console(width=100, file=io.StringIO())
    with console.capture() as shown:
        console.print(table)
    said = shown.get()
    assert said.index("CR1") < said.index("konklusionen")
    assert "0,2" in said
    assert "11\u00a0%" in said


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_command_prints_sizes_beside_p_values(results: Path, language: str) -> None:
    data = ["-l", language, "size", "example", "--results", str(results.parent), "--simulations", "1000"]
    found = CliRunner().invoke(app, data)
    assert found.exit_code == 0, found.output
    assert ("verdict" if language == "en" else "konklusionen") in found.output
    assert "CR1" in found.output
    assert ("1,000" if language == "en" else "1.000") in found.output
