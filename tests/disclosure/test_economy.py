"""What of a net benefit and of targets stays inside: few children, what they could be worked out from, other plans."""

from __future__ import annotations

from datetime import date

import pytest
from small_economy import panel, plan

from sverige_did.design import designs
from sverige_did.disclosure.economy import economy_findings, released_economy, released_targets
from sverige_did.disclosure.registers import release_registers
from sverige_did.errors import InputError
from sverige_did.panel import Panel
from sverige_did.results.economy import EconomyRecord
from sverige_did.results.targets import TargetMoment, TargetRecord, TargetRecords
from sverige_did.studies.panel.economy import economy


@pytest.fixture(scope="module")
def record() -> EconomyRecord:
    found = economy(panel(taken=0.5), plan())
    assert found is not None
    return found


def target(*fewest: float, outcome: str = "institution_share") -> TargetRecord:
    names = ("before", "mid_term", "final")[: len(fewest)]
    moments = tuple(
        TargetMoment(moment=name, day=date(2013 + at, 12, 31), status="computed", registered=20.0, meets=True,
                     probability=0.9, middle=21.0, lower=10.0, upper=30.0)
        for at, name in enumerate(names)
    )  # fmt: skip
    return TargetRecord(key="one", outcome=outcome, met_before=True, moments=moments, alone=0.8, fewest=fewest)


def test_numbers_of_children_never_leave(record: EconomyRecord) -> None:
    released = released_economy(record, (), 5)
    assert released.benefits == record.benefits
    assert released.moved == record.moved
    assert (released.fewest, released.fewest_in_kind) == (None, None)


@pytest.mark.parametrize("few", [1, 4])
def test_places_of_few_children_stay_inside_and_the_rest_leaves(record: EconomyRecord, few: int) -> None:
    released = released_economy(record.model_copy(update={"fewest_in_kind": few}), (), 5)
    assert released.moved is None
    assert not released.marginal
    assert released.benefits


@pytest.mark.parametrize("change", [{"fewest": 3}, {"fewest": None}])
def test_amounts_of_few_children_stay_inside(record: EconomyRecord, change: dict[str, int | None]) -> None:
    released = released_economy(record.model_copy(update=change), (), 5)
    assert not released.benefits
    assert not released.years
    assert released.paid_on is None
    assert not list(economy_findings(plan(), designs(panel(), plan()), released))


def test_a_withheld_outcome_takes_its_net_benefit_with_it(record: EconomyRecord) -> None:
    assert not released_economy(record, ("placement_cost",), 5).benefits
    assert released_economy(None, (), 5) is None


def test_a_moment_of_few_is_hidden_with_all_that_follows() -> None:
    (shut,) = released_targets([target(12, 3, 20)], (), 5)
    assert [one.status for one in shut.moments] == ["computed", "hidden", "hidden"]
    for one in shut.moments[1:]:
        assert {one.registered, one.meets, one.probability, one.middle, one.lower, one.upper} == {None}
    assert shut.alone is None, "it is of the last figures"
    assert shut.met_before
    assert shut.fewest == ()


def test_a_hidden_start_does_not_say_whether_it_was_met() -> None:
    (shut,) = released_targets([target(2, 12)], (), 5)
    assert shut.met_before is None
    assert {one.status for one in shut.moments} == {"hidden"}


def test_nobody_is_no_few_and_a_withheld_outcome_says_nothing() -> None:
    (kept,) = released_targets([target(12, 0, 20)], (), 5)
    assert {one.status for one in kept.moments} == {"computed"}
    (shut,) = released_targets([target(12, 12)], ("institution_share",), 5)
    assert {one.status for one in shut.moments} == {"hidden"}


def test_the_release_holds_them_and_refuses_those_of_another_plan(record: EconomyRecord) -> None:
    found, study = panel(taken=0.5), plan()
    common = {"panel": found, "designs": designs(found, study), "findings": (), "methods_tables": (), "coverage": ()}
    held = TargetRecords(plan_sha256=study.sha256, targets=(target(12, 3),))
    release = release_registers(study=study, economy=record, targets=held, **common)
    assert release.targets[0].moments[1].status == "hidden"
    rows = [one for one in release.findings if one.result.estimand == "net_benefit"]
    assert {one.outcome for one in rows} == {"placement_cost", "placement_spending"}
    assert {one.verdict for one in rows} == {"inconclusive", "conditional"}
    for wrong in (
        {"economy": record.model_copy(update={"plan_sha256": "0"})},
        {"targets": held.model_copy(update={"plan_sha256": "0"})},
    ):
        with pytest.raises(InputError):
            release_registers(study=study, **common, **wrong)


def test_of_a_group_of_two_districts_neither_money_nor_targets_leave(record: EconomyRecord) -> None:
    """Also where the plan asks for none of the outcomes that they are made of."""
    cells = panel(taken=0.5).cells
    two = Panel.of(cells[~cells["unit"].isin(["D0", "D1"])], synthetic=True)
    study = plan(outcomes=[one for one in plan().model_dump()["outcomes"] if one["outcome"] == "institution_per_1000"])
    held = TargetRecords(plan_sha256=study.sha256, targets=(target(12, 30),))
    release = release_registers(
        study=study, panel=two, designs=designs(two, study), findings=(), methods_tables=(), coverage=(),
        economy=record.model_copy(update={"plan_sha256": study.sha256}), targets=held,
    )  # fmt: skip
    assert release.economy is not None
    assert (release.economy.benefits, release.economy.years, release.economy.moved) == ((), (), None)
    assert {one.status for one in release.targets[0].moments} == {"hidden"}
    assert not [one for one in release.findings if one.result.scale == "mio_dkk"]
