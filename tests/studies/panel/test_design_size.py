"""The size of an outcome's own design: what it is read off, what it bars, and what a page says of it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from small_district_panel import FOUR_OF_SIXTEEN, LABELS, levels, panel, units, wanted
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.registers import release_registers
from sverige_did.inference.simulated.design import OwnDesign
from sverige_did.inference.simulated.power import fewest_times, smallest_found
from sverige_did.panel import Panel
from sverige_did.report.district_inference import methods_table_remarks
from sverige_did.results.methods_tables import DesignSize
from sverige_did.sources.panel.frame import to_cells
from sverige_did.studies.panel.design_size import HALF, TIMES, design_of, design_sizes, finds_half
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.studies.panel.outcome_data import outcome_data_of
from sverige_did.study.study import Study

RATE, SHARE = "institution_per_1000", "institution_share"


def design(cells: Panel, plan: Study, outcome: str = RATE) -> OwnDesign | None:
    every = outcome_data_of(cells, plan, designs(cells, plan))
    return design_of(next(data for data in every if data.wanted.outcome == outcome))


def cells(outcome: str, kind: str, value: np.ndarray, children: np.ndarray) -> Panel:
    """One outcome of sixteen districts, four of them treated, and everybody who lives there."""
    where = units(FOUR_OF_SIXTEEN)
    people = np.full(value.shape, 1000.0)
    made = [
        to_cells("placed_per_1000", "person_years", where, LABELS, people * 0.02, people, "made up"),
        to_cells(outcome, kind, where, LABELS, value, children, "made up"),
    ]
    return Panel.of(pd.concat(made), synthetic=True)


def rows_in_order(table: np.ndarray) -> np.ndarray:
    return table[np.argsort(table[:, 0])]


def test_person_years_become_children_who_stay() -> None:
    """Half a year in a half-year is one child; 1,000 resident-years in it are 2,000 children."""
    found = design(panel({RATE: levels(1)}), study())
    assert found is not None
    assert (found.data.family, found.data.stays, found.data.before.tolist()) == (
        "poisson",
        True,
        [True] * 5 + [False] * 4,
    )
    np.testing.assert_allclose(found.data.children, 2_000, rtol=0.02)
    expected = np.delete(levels(1), LABELS.index("2013H2"), axis=1) / 1_000
    np.testing.assert_allclose(rows_in_order(found.data.y / found.data.children), rows_in_order(expected))
    assert found.rates[:, 0].mean() == pytest.approx(expected[:, :5].mean(), rel=0.02)


@pytest.mark.parametrize(
    ("outcome", "kind", "family", "stays"),
    [
        (SHARE, "stock", "binomial", True),
        (SHARE, "events", "binomial", False),
        (RATE, "events", "poisson", False),
        (RATE, "mean", "normal", False),
    ],
)
def test_every_kind_of_number_is_simulated_as_what_it_is(outcome: str, kind: str, family: str, stays: bool) -> None:
    rng = np.random.default_rng(2)
    children = np.repeat(rng.integers(20, 60, 16)[:, None], len(LABELS), axis=1).astype(float)
    made = cells(outcome, kind, rng.binomial(children.astype(int), 0.3).astype(float), children)
    found = design(made, study(outcomes=wanted(outcome)), outcome)
    assert found is not None
    assert (found.data.family, found.data.stays) == (family, stays)
    np.testing.assert_array_equal(np.sort(found.data.children[:, 0]), np.sort(children[:, 0]))
    assert found.data.y.shape == (16, 9)


def test_weights_and_missing_periods_are_those_of_the_estimate() -> None:
    level = levels(1)
    level[5, :3] = np.nan
    cells = panel({RATE: level})
    equal, weighted = design(cells, study()), design(cells, study(weights="children"))
    assert equal is not None
    assert weighted is not None
    (lacking,) = np.flatnonzero(np.isnan(equal.data.y).any(axis=1))
    assert np.isnan(equal.data.y[lacking, :3]).all()
    assert np.isfinite(equal.data.y).sum() == 16 * 9 - 3
    assert equal.sample.weighting == "equal"
    expected = cells.outcome("placed_per_1000").groupby("unit")["denominator"].first()
    assert weighted.sample.weights / weighted.sample.weights[0] == pytest.approx(expected / expected.iloc[0])
    table = next(one for one in estimate_panel(cells, study(), designs(cells, study())).findings)
    difference = equal.sample.shares @ equal.sample.change
    assert table.result.estimate == pytest.approx(difference)


def test_the_scale_is_that_of_the_verdict() -> None:
    found = design(panel({RATE: levels(1)}), study(scales=("ratio",)))
    assert found is not None
    assert found.data.scale == "ratio"


def test_sizes_are_those_of_the_plan_and_its_seed_in_whole_per_cent() -> None:
    made, plan = panel({RATE: levels(1), SHARE: levels(2)}), study(outcomes=wanted(RATE, SHARE))
    told: list[tuple[int, int, str]] = []
    found = design_sizes(made, plan, designs(made, plan), lambda *one: told.append(one))
    assert [one.outcome for one in found] == [RATE, SHARE]
    assert told == [(1, 2, RATE), (2, 2, SHARE)]
    assert found == design_sizes(made, plan, designs(made, plan))
    for one in found:
        assert (one.simulations, one.barred) == (2_000, False)
        assert 0 < one.size <= 0.05 < 0.4 < one.power < 0.9
        assert all(rate == round(rate, 2) for rate in (one.size, one.power))
    other = plan.model_copy(update={"outcomes": plan.outcomes[1:]})
    assert design_sizes(made, other, designs(made, other)) == found[1:]


def test_the_names_of_districts_do_not_move_what_is_simulated() -> None:
    """At the margin another name would bar a verdict or let it stand."""
    rng = np.random.default_rng(3)
    values, order = np.round(levels(4)), np.r_[rng.permutation(4), 4 + rng.permutation(12)]
    first, second = (design(panel({RATE: one}), study()) for one in (values, values[order]))
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.data.y, second.data.y)
    np.testing.assert_array_equal(first.data.sample.change, second.data.sample.change)


def test_designs_without_a_verdict_have_no_size() -> None:
    two = ("2013-08-01",) * 2 + (None,) * 12
    made = panel({RATE: levels(1, two)}, two)
    assert design(made, study()) is None
    assert design_sizes(made, study(), designs(made, study())) == ()


def rare(seed: int = 1) -> Panel:
    """Two events a year in 1,000 residents, twice as many from 2014 on everywhere; small districts are treated."""
    rng = np.random.default_rng(seed)
    people = np.repeat(np.geomspace(100, 1_000, 16)[:, None], len(LABELS), axis=1)
    rate = np.where(np.array(LABELS) < "2014H1", 0.002, 0.004)
    return cells(RATE, "events", rng.poisson(people * rate).astype(float), people)


def test_rare_events_in_small_districts_over_one_short_period_bar_the_verdict() -> None:
    periods = study().periods.model_copy(
        update={"follow_up": study().periods.follow_up.replace(year=2014, month=6, day=30)}
    )
    plan = study().model_copy(update={"periods": periods})
    (short,) = design_sizes(rare(), plan, designs(rare(), plan))
    assert short.barred
    assert short.size >= 0.06


BARRED = DesignSize(outcome=RATE, size=0.09, power=0.8, simulations=2_000, barred=True)
HOLDS = BARRED.model_copy(update={"size": 0.03, "barred": False})


def estimated(size: DesignSize) -> tuple[Panel, Study, Estimated]:
    made, plan = panel({RATE: levels(1, effect=5.0)}), study()
    return made, plan, estimate_panel(made, plan, designs(made, plan), [size])


def test_a_supported_verdict_of_a_design_that_says_so_too_often_is_inconclusive() -> None:
    (_, _, held), (_, _, barred) = estimated(HOLDS), estimated(BARRED)
    assert {one.verdict for one in held.findings} == {"supported"}
    assert {one.verdict for one in barred.findings} == {"inconclusive"}
    (record,) = barred.methods_tables
    assert (record.verdict, record.size) == ("inconclusive", BARRED)
    assert record.remarks[0].key == "methods_table.note.size_barred"
    assert record.remarks[1:] == held.methods_tables[0].remarks
    assert [one.result for one in held.findings] == [one.result for one in barred.findings]


def test_an_inconclusive_verdict_stays_as_it_is_and_a_refused_one_has_no_size() -> None:
    made, plan = panel({RATE: levels(1)}), study()
    (record,) = estimate_panel(made, plan, designs(made, plan), [BARRED]).methods_tables
    assert (record.verdict, record.size) == ("inconclusive", BARRED)
    assert all(remark.key != "methods_table.note.size_barred" for remark in record.remarks)
    two = ("2013-08-01",) * 2 + (None,) * 12
    few = panel({RATE: levels(1, two)}, two)
    (refused,) = estimate_panel(few, plan, designs(few, plan), [BARRED]).methods_tables
    assert (refused.verdict, refused.size) == ("refused", None)


@pytest.mark.parametrize("size", [HOLDS, BARRED])
def test_the_page_says_size_and_power_in_both_languages(size: DesignSize) -> None:
    made, plan, found = estimated(size)
    released = release_registers(
        study=plan, panel=made, designs=designs(made, plan), findings=found.findings, coverage=(),
        methods_tables=found.methods_tables,
    )  # fmt: skip
    (record,) = released.methods_tables
    assert record.size == size
    english, danish = (" ".join(methods_table_remarks(record, language)) for language in ("en", "da"))
    for said, thousands in ((english, "2,000"), (danish, "2.000")):
        shown = said[said.index(thousands) :]
        assert re.findall(r"(\d+) %", shown)[:2] == [f"{100 * size.size:.0f}", "80"]
    assert ("inconclusive" in english) == ("uafklaret" in danish) == size.barred


def test_the_size_of_a_skewed_mean_is_that_of_its_shape() -> None:
    """One large shock a district that stays, exponential: seen among the controls, and the verdict is barred."""
    rng = np.random.default_rng(7)
    level = (
        20
        + rng.normal(size=(16, len(LABELS)))
        + 3 * rng.exponential(size=(16, 1)) ** 1.5 * (np.array(LABELS) >= "2014H1")
    )
    made = cells(RATE, "mean", level, np.full(level.shape, 30.0))
    found = design(made, study())
    assert found is not None
    assert found.data.family == "normal"
    (size,) = design_sizes(made, study(), designs(made, study()))
    assert size.barred


@pytest.mark.parametrize("children", [8, 15, 25])
@pytest.mark.parametrize("kind", ["stock", "events"])
def test_what_finds_the_change_as_it_is_needs_no_more_and_what_does_not_needs_more(kind: str, children: int) -> None:
    """The search among larger designs is left out where the design's own smallest change answers it."""
    rng = np.random.default_rng(children)
    people = np.full((16, len(LABELS)), float(children))
    made = cells(SHARE, kind, rng.binomial(children, 0.3, people.shape).astype(float), people)
    found = design(made, study(outcomes=wanted(SHARE)), SHARE)
    assert found is not None
    own = smallest_found(found, sign=-1, seed=5, simulations=1_000)
    times = fewest_times(found, ("children",), -HALF, TIMES, seed=5, simulations=1_000)
    assert finds_half(own) is (times == 1)
