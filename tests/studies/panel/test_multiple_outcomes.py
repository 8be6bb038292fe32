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
from sverige_did.errors import refuse
from sverige_did.inference.multiplicity import holm
from sverige_did.inference.permutation import PermutationP
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
    assert {(one.n_outcomes, one.n_units, one.enumerated) for one in got.values()} == {(4, 16, True)}


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


def test_an_outcome_that_lacks_a_district_is_tested_on_those_that_all_have() -> None:
    short = three()
    short[NAMES[1]][15] = np.nan
    found = by_outcome(run(panel(short), study(outcomes=wanted(*NAMES))))
    without = {name: table[:15] for name, table in three().items()}
    expected = by_outcome(run(panel(without, (("2013-08-01",) * 4 + (None,) * 11)), study(outcomes=wanted(*NAMES))))
    assert {one.n_units for one in found.values()} == {15}
    assert found[NAMES[0]].max_t == pytest.approx(expected[NAMES[0]].max_t)


def test_an_outcome_with_few_districts_stands_outside_and_says_so() -> None:
    short = three()
    short[NAMES[2]][8:] = np.nan
    found = run(panel(short), study(outcomes=wanted(*NAMES)))
    assert set(by_outcome(found)) == set(NAMES) - {NAMES[2]}
    record = next(one for one in found.methods_tables if one.outcome == NAMES[2])
    assert Remark(key="methods_table.note.not_together", values={"districts": "8", "most": "16"}) in record.remarks
    assert {one.n_units for one in by_outcome(found).values()} == {16}


def test_the_poorest_goes_first_when_the_common_districts_carry_no_verdict() -> None:
    def tested(name: str, units: str) -> Candidate:
        def test(kept: frozenset[str]) -> PermutationP:
            if len(kept) < 9:
                raise refuse("too_few_control", found=str(len(kept)))
            return PermutationP(2.0, 0.5, 0.25, np.array([2.0, -2.5, 1.0, 0.5]), enumerated=True)

        return Candidate(name, "secondary", frozenset(units), test)

    found = max_t_adjustment([tested("a", "abcdefghij"), tested("b", "bcdefghij"), tested("c", "abcdefgh")])
    assert found["c"] == Remark(key="methods_table.note.not_together", values={"districts": "8", "most": "10"})
    assert isinstance(found["a"], MaxTAdjustment)
    assert found["a"].n_units == 9


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
    assert english[1] == (words.text("methods_table.max_t_adjustment.all", "en", outcomes=4, districts=16),)
    shut = released.model_copy(update={"methods_tables": released.methods_tables[:3]})
    some = district_inference.max_t_adjustment(shut, "en")
    assert some is not None
    assert some[1][1] == words.text("methods_table.max_t_adjustment.withheld", "en", count=1)
