"""Many outcomes at once in the panel flow: against the plain method, invariances, and outcomes with few districts."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from small_district_panel import levels, panel, wanted
from small_panel_study import study
from westfall_young import westfall_young

from sverige_did import words
from sverige_did.design import designs
from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import estimates_csv
from sverige_did.disclosure.rounding import p_to_step
from sverige_did.inference.districts import districts
from sverige_did.inference.multiplicity import holm
from sverige_did.inference.permutation import PermutationP
from sverige_did.inference.simulated import vectorised
from sverige_did.panel import Panel
from sverige_did.report import district_inference
from sverige_did.results.estimates import Remark
from sverige_did.results.methods_tables import MaxTAdjustment
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.studies.panel.multiple_outcomes import Candidate, max_t_adjustment
from sverige_did.study.study import Study

NAMES = ("institution_per_1000", "family_per_1000", "network_per_1000", "home_based_per_1000")
EFFECTS = (-3.0, 0.8, 0.0, 0.3)


def three(seed: int = 1) -> dict[str, np.ndarray]:
    return {
        name: levels(seed + at, effect=effect) for at, (name, effect) in enumerate(zip(NAMES, EFFECTS, strict=True))
    }


def run(cells: Panel, plan: Study) -> Estimated:
    return estimate_panel(cells, plan, designs(cells, plan))


def by_outcome(found: Estimated) -> dict[str, MaxTAdjustment]:
    return {
        record.outcome: record.max_t_adjustment
        for record in found.methods_tables
        if record.max_t_adjustment is not None
    }


def own_p(found: Estimated, name: str) -> float:
    """The largest p-value of the tests that the verdict of an outcome asks for, off its methods table."""
    legs = ("permutation_studentised", "cr2_bell_mccaffrey", "behrens_fisher")
    rows = [f.result for f in found.findings if f.outcome == name and f.result.inference in legs]
    return max(row.p_value for row in rows[: len(legs)])


def test_it_is_westfall_young_over_the_changes_of_the_districts() -> None:
    found = run(panel(three()), study(outcomes=wanted(*NAMES)))
    changes = np.column_stack([table[:, 6:].mean(axis=1) - table[:, :5].mean(axis=1) for table in three().values()])
    single, adjusted = westfall_young(changes, np.arange(16) < 4)
    got = by_outcome(found)
    np.testing.assert_allclose([got[name].single for name in NAMES], single)
    np.testing.assert_allclose([got[name].max_t for name in NAMES], adjusted)
    verdict = [own_p(found, name) for name in NAMES]
    np.testing.assert_allclose([got[name].verdict for name in NAMES], verdict)
    np.testing.assert_allclose([got[name].holm for name in NAMES], holm(verdict))
    np.testing.assert_allclose([got[name].holm_role for name in NAMES], [verdict[0], *holm(verdict[1:])])
    _, secondary = westfall_young(changes[:, 1:], np.arange(16) < 4)
    np.testing.assert_allclose([got[name].max_t_role for name in NAMES], [single[0], *secondary])
    assert {(one.n_outcomes, one.n_together, one.n_units, one.enumerated) for one in got.values()} == {(4, 4, 16, True)}


@pytest.mark.parametrize("weights", ["districts", "children"])
def test_the_p_alone_is_that_of_the_line_up_and_no_adjusted_one_is_below(weights: str) -> None:
    found = run(panel(three()), study(outcomes=wanted(*NAMES), weights=weights))
    for name, one in by_outcome(found).items():
        first = next(f.result for f in found.findings if f.outcome == name)
        assert first.inference == "permutation_studentised"
        assert first.p_value == pytest.approx(one.single)
        assert first.p_adjusted == one.holm
        assert one.single <= one.max_t_role <= one.max_t <= one.holm + 1e-12
        assert one.single <= one.verdict <= one.holm_role <= one.holm


def test_only_the_p_that_the_verdict_asks_for_is_adjusted() -> None:
    cells, plan = panel(three()), study(outcomes=wanted(*NAMES))
    found = run(cells, plan)
    adjusted = [(f.outcome, f.result.inference) for f in found.findings if f.result.p_adjusted is not None]
    assert adjusted == [(name, "permutation_studentised") for name in NAMES]
    released = release_registers(
        study=plan, panel=cells, designs=designs(cells, plan), findings=found.findings,
        methods_tables=found.methods_tables,
        coverage=(),
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(estimates_csv(released))))
    assert float(rows[0]["p_adjusted"]) == p_to_step(by_outcome(found)[NAMES[0]].holm)


def test_the_order_of_outcomes_does_not_matter_and_a_single_one_is_not_adjusted() -> None:
    base = by_outcome(run(panel(three()), study(outcomes=wanted(*NAMES))))
    other = by_outcome(run(panel(three()), study(outcomes=wanted(NAMES[0], *reversed(NAMES[1:])))))
    assert {name: one.max_t for name, one in base.items()} == {name: one.max_t for name, one in other.items()}
    assert by_outcome(run(panel(three()), study(outcomes=wanted(NAMES[0])))) == {}


def test_an_outcome_that_lacks_districts_costs_the_others_nothing() -> None:
    """It has Holm's p on its own districts, stands outside the common choices and says so."""
    full = by_outcome(run(panel(three()), study(outcomes=wanted(*NAMES))))
    for lacking, left in ((slice(15, 16), "15"), (slice(8, 16), "8")):
        short = three()
        short[NAMES[1]][lacking] = np.nan
        found = run(panel(short), study(outcomes=wanted(*NAMES)))
        got, lone = by_outcome(found), own_p(found, NAMES[1])
        assert {one.n_outcomes for one in got.values()} == {4}
        assert (got[NAMES[1]].max_t, got[NAMES[1]].verdict) == (None, pytest.approx(lone))
        record = next(one for one in found.methods_tables if one.outcome == NAMES[1])
        assert Remark(key="methods_table.note.not_together", values={"districts": left, "most": "16"}) in record.remarks
        others = [name for name in NAMES if name != NAMES[1]]
        assert {(got[name].n_together, got[name].n_units) for name in others} == {(3, 16)}
        assert [got[name].verdict for name in others] == [full[name].verdict for name in others]
        expected = holm([own_p(found, name) for name in NAMES])
        np.testing.assert_allclose([got[name].holm for name in NAMES], expected)


def test_an_outcome_that_is_refused_counts_as_one_that_might_have_been_claimed() -> None:
    """It was declared: what becomes of it must not decide what the others pay."""
    short = three()
    short[NAMES[2]][2:] = np.nan  # two treated districts, no control
    short[NAMES[2]][5] = three()[NAMES[2]][5]
    found = run(panel(short), study(outcomes=wanted(*NAMES)))
    records = {one.outcome: one for one in found.methods_tables}
    assert (records[NAMES[2]].verdict, records[NAMES[2]].max_t_adjustment) == ("refused", None)
    got = by_outcome(found)
    assert {(one.n_outcomes, one.n_together) for one in got.values()} == {(4, 3)}
    tested = [name for name in NAMES if name != NAMES[2]]
    expected = holm([*(own_p(found, name) for name in tested), 1.0])[:3]
    np.testing.assert_allclose([got[name].holm for name in tested], expected)


def test_no_false_claim_of_a_family_is_made_more_often_than_the_level() -> None:
    """Six true nulls, one of which is seen in fewer districts and one refused; the treated vary twice as much."""
    rng, rounds = np.random.default_rng(31), 2_000
    p = {}
    for at, groups in enumerate((20, 20, 20, 20, 17)):
        treated = np.arange(groups) < 4
        changes = rng.standard_normal((groups, rounds)) * np.where(treated, 2.0, 1.0)[:, None]
        sample = districts(np.arange(float(groups)), treated)
        single = vectorised.both_permutations(changes, sample, 499, rng)[0]
        names = tuple(f"d{d:02}" for d in range(groups))
        p[f"o{at}"] = names, np.maximum(single, vectorised.behrens_fisher(changes, sample))
    smallest = 6 * np.min([rule for _, rule in p.values()], axis=0)
    assert (smallest <= 0.05).mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / rounds)
    declared = {f"o{at}": "secondary" for at in range(6)}
    for at in np.argsort(smallest)[:4]:
        tested = [
            Candidate(name, "secondary", names, rule[at], rule[at], lambda _: NO_CHOICES)
            for name, (names, rule) in p.items()
        ]
        found = max_t_adjustment(tested, declared)
        assert min(one.holm for one, _ in found.values()) == pytest.approx(smallest[at])


NO_CHOICES = PermutationP(2.0, 0.5, 0.25, np.array([2.0, -2.5, 1.0, 0.5]), enumerated=True)


@pytest.mark.parametrize("weights", ["districts", "children"])
def test_names_of_districts_move_no_p_of_the_family(weights: str) -> None:
    rng, plan = np.random.default_rng(32), study(outcomes=wanted(*NAMES[:2]), weights=weights)
    cells = panel(three()).cells
    size = dict(zip(cells["unit"].unique(), rng.uniform(0.5, 3, 16), strict=True))
    numbers = ["value", "low", "high", "denominator", "denominator_low", "denominator_high"]
    cells = cells.assign(**{name: cells[name] * cells["unit"].map(size) for name in numbers})
    other = dict(zip(size, rng.permutation([f"x{at:02}" for at in range(16)]), strict=True))
    renamed = cells.assign(unit=cells["unit"].map(other)).sort_values(["outcome", "unit", "period"], kind="stable")
    first, second = (by_outcome(run(Panel.of(one, synthetic=True), plan)) for one in (cells, renamed))
    for name in NAMES[:2]:
        assert first[name].enumerated == (weights == "districts")
        for p in ("single", "verdict", "holm", "max_t"):
            assert getattr(first[name], p) == pytest.approx(getattr(second[name], p), rel=1e-9), p


def test_the_table_tells_the_same_p_in_both_languages() -> None:
    cells, plan = panel(three()), study(outcomes=wanted(*NAMES))
    found = run(cells, plan)
    released = release_registers(
        study=plan, panel=cells, designs=designs(cells, plan), findings=found.findings,
        methods_tables=found.methods_tables,
        coverage=(),
    )  # fmt: skip
    english, danish = (district_inference.max_t_adjustment(released, language) for language in ("en", "da"))
    assert english is not None
    assert danish is not None
    assert len(english[0].rows) == len(NAMES)
    for one, other in zip(english[0].rows, danish[0].rows, strict=True):
        assert [cell.replace(".", ",") for cell in one[2:]] == list(other[2:])
    together = words.text("methods_table.max_t_adjustment.together", "en", outcomes=4, districts=16)
    assert english[1] == (words.text("methods_table.max_t_adjustment.all", "en", outcomes=4), together)
    shut = released.model_copy(update={"methods_tables": released.methods_tables[:3]})
    some = district_inference.max_t_adjustment(shut, "en")
    assert some is not None
    assert some[1][1] == words.text("methods_table.max_t_adjustment.withheld", "en", count=1)
