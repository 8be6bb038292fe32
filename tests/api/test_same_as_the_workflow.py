"""What a notebook gets is what the workflow gets: the same districts, the same numbers to the last digits."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from small_district_panel import levels, panel
from small_panel_study import study as plan_of

import sverige_did as sd
from sverige_did.design import designs
from sverige_did.panel import Panel
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.study.read import read_study

ROOT = Path(__file__).parents[2]
RATE = "institution_per_1000"
NUMBERS = ("estimate", "std_error", "lower", "upper", "p_value")


def rows_of(
    cells: Panel, plan: object, outcome: str, scale: str, *, tests: bool = False
) -> dict[str, tuple[float | None, ...]]:
    """The rows of the methods table in the workflow, by method, or by inference where all are ``tests`` of one."""
    found = estimate_panel(cells, plan, designs(cells, plan))  # type: ignore[arg-type]
    estimates = [one.result for one in found.findings if one.outcome == outcome and one.result.scale == scale]
    of_table = [one for one in estimates if one.estimator not in {"before_after", "did_totals"}]
    return {
        one.inference if tests else sd.Row.of(one).method: tuple(getattr(one, name) for name in NUMBERS)
        for one in reversed(of_table)
    }


def same(mine: sd.Methods, theirs: dict[str, tuple[float | None, ...]], fewest: int) -> None:
    compared = 0
    for row in mine.rows:
        key = row.method
        if key not in theirs:
            continue
        got = tuple(getattr(row, name) for name in NUMBERS)
        assert [one is None for one in got] == [one is None for one in theirs[key]], row.method
        assert [one for one in got if one is not None] == pytest.approx(
            [one for one in theirs[key] if one is not None], rel=1e-12, abs=1e-12
        ), row.method
        compared += 1
    assert compared >= fewest


@pytest.fixture(scope="module")
def example() -> tuple[Panel, object]:
    plan = read_study(ROOT / "analyses" / "example" / "study.yaml")
    return panel_of(ROOT / "data" / "example", plan).panel, plan


@pytest.mark.parametrize(
    ("outcome", "per", "scale", "told", "fewest"),
    [
        (RATE, 1000, "own", "rate_per_1000", 14),
        ("institution_share", 100, "own", "pp", 14),
        ("institution_share", 100, "log_odds", "log_odds", 12),
        ("placed_per_1000", 1000, "ratio", "ratio", 13),
    ],
)
def test_the_examples_districts(
    example: tuple[Panel, object], outcome: str, per: float, scale: str, told: str, fewest: int
) -> None:
    cells, plan = example
    frame = cells.outcome(outcome)[["unit", "period", "value", "denominator", "treated_from"]]
    wanted = plan.outcomes[0].model_copy(update={"outcome": outcome, "scales": (told,)})  # type: ignore[attr-defined]
    alone = plan.model_copy(update={"outcomes": (wanted,)})  # type: ignore[attr-defined]
    study = sd.did(
        frame.rename(columns={"value": outcome}), unit="unit", time="period", events=outcome, exposure="denominator",
        per=per, treated_from="treated_from", weight="denominator", partial="left_out", scale=scale,  # type: ignore[arg-type]
        before=("2009H1", "2013H1"), after=("2014H1", "2014H2"), seed=plan.sampling.seed,  # type: ignore[attr-defined]
    )  # fmt: skip
    same(study.methods(), rows_of(cells, alone, outcome, told), fewest)
    found = estimate_panel(cells, alone, designs(cells, alone)).methods_tables[0]  # type: ignore[arg-type]
    mine = study.verdict()
    assert (mine.verdict, mine.counts) == (found.verdict, found.counts)
    assert mine.observed == pytest.approx(found.observed, rel=1e-12)


def test_the_examples_checks(example: tuple[Panel, object]) -> None:
    cells, plan = example
    frame = cells.outcome(RATE)[["unit", "period", "value", "denominator", "treated_from"]]
    alone = plan.model_copy(update={"outcomes": plan.outcomes[:1]})  # type: ignore[attr-defined]
    theirs = {
        one.check: one
        for one in sensitivity_analyses(cells, alone, designs(cells, alone))  # type: ignore[arg-type]
        if one.status == "ran"
    }
    study = sd.did(
        frame.rename(columns={"value": RATE}), unit="unit", time="period", events=RATE, exposure="denominator",
        per=1000, treated_from="treated_from", weight="denominator", partial="left_out",
        before=("2009H1", "2013H1"), after=("2014H1", "2014H2"), seed=plan.sampling.seed,  # type: ignore[attr-defined]
    )  # fmt: skip
    compared = 0
    for one in study.sensitivity().checks:
        if (
            one.status == "ran" and one.check != "placebo_dates"
        ):  # the workflow's permutations are those of all outcomes
            assert one.key == theirs[one.check].key
            assert one.numbers == pytest.approx(theirs[one.check].numbers, rel=1e-12, abs=1e-12)
            compared += 1
    assert compared >= 13
    (curve,) = study.multiverse().checks
    names = ("effect", "effect_median", "effect_low", "effect_high", "pooled", "percent_same_sign", "percent_beyond")
    told = {name: theirs["multiverse"].numbers[name] for name in names}
    assert {name: curve.numbers[name] for name in names} == pytest.approx(told, rel=1e-9)
    assert curve.curves[0].y == pytest.approx(theirs["multiverse"].curves[0].y, rel=1e-9)


def test_districts_that_start_at_different_dates() -> None:
    starts = ("2013-01-01",) * 3 + ("2014-01-01",) * 3 + (None,) * 8
    cells = panel({RATE: levels(1, starts, effect=-6.0)}, starts)
    periods = plan_of().periods.model_dump() | {"treatment_start": "2012-10-01", "baseline": "2012-06-30"}
    plan = plan_of(periods=periods, chosen="random")
    frame = cells.outcome(RATE)
    study = sd.did(
        frame, unit="unit", time="period", events="value", exposure="denominator", per=1000,
        treated_from="treated_from", chosen="random",
    )  # fmt: skip
    same(study.methods(), rows_of(cells, plan, RATE, "rate_per_1000", tests=True), 3)
    found = estimate_panel(cells, plan, designs(cells, plan)).methods_tables[0]
    mine = study.verdict()
    assert (mine.verdict, mine.counts, mine.edges) == (found.verdict, found.counts, found.edges)
    curve, event = found.event, study.event_study().to_frame()
    assert curve is not None
    pd.testing.assert_series_equal(event["estimate"], pd.Series(curve.y), check_names=False, rtol=1e-12)
