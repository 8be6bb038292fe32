"""Targets held against a panel: levels, changes and savings, each at its own date."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import small_registers
from small_economy import panel, plan

from sverige_did.errors import RefusedError
from sverige_did.results.targets import TargetRecord
from sverige_did.sources.panel.frame import make_panel_frame
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.studies.panel.targets import Registers, _in_time, target_records
from sverige_did.study.economy import Target


def target(**fields: Any) -> dict[str, Any]:
    usual = {"key": "one", "label": {"da": "mål", "en": "target"}, "date": "2015-12-31", "source": "made up"}
    return usual | {"measure": "level", "direction": "at_most", "outcome": "institution_share"} | fields


def held(taken: float = 0.5, **fields: Any) -> TargetRecord:
    study = plan(targets=[target(**fields)])

    def nobody() -> Any:
        raise AssertionError("no rule of its own")

    (record,) = target_records(panel(taken=taken), study, nobody).targets
    return record


def test_a_level_is_followed_from_before_to_the_end() -> None:
    record = held(value=25)
    assert [one.moment for one in record.moments] == ["before", "mid_term", "final"]
    assert [one.day for one in record.moments] == [date(2013, 6, 30), date(2014, 12, 31), date(2015, 12, 31)]
    assert record.met_before is False
    assert record.moments[1].registered == pytest.approx(20, abs=3), "half of a third, of five sixths"
    assert record.moments[0].probability < 0.1 < 0.5 < record.moments[1].probability < record.moments[2].probability
    assert record.alone < record.moments[2].probability, "the mid-term evaluation had said the same"
    assert all(one.lower < one.middle < one.upper for one in record.moments)


def test_the_two_sides_of_a_target_share_the_probability() -> None:
    below, above = (held(value=25, direction=side).moments[1].probability for side in ("at_most", "at_least"))
    assert below + above == pytest.approx(1)


def test_a_rate_and_a_number_agree_with_each_other() -> None:
    rate = held(outcome="institution_per_1000", unit="rate_per_1000", value=2.5).moments[1]
    assert rate.registered == pytest.approx(1000 * 0.004 * 0.5, rel=0.2)
    assert rate.lower < rate.registered < rate.upper


def test_fewer_is_held_against_the_number_before() -> None:
    record = held(outcome="placed_total", measure="change", value=0)
    before, mid, _ = record.moments
    assert before.probability is None
    assert record.met_before is None
    assert mid.registered == pytest.approx(-17, abs=6)
    assert mid.meets
    assert mid.probability > 0.6


def test_a_saving_of_another_year_is_not_held_against_a_target() -> None:
    due = held(outcome="placement_cost", measure="saving", direction="at_least", value=1.0, unit="mio_dkk")
    assert [one.status for one in due.moments] == ["not_due", "computed"]
    later = held(
        outcome="placement_cost", measure="saving", direction="at_least", value=1.0, unit="mio_dkk", date="2016-12-31"
    )
    assert {one.status for one in later.moments} == {"not_due"}
    assert {one.probability for one in later.moments} == {None}
    assert later.last is None


def test_a_larger_saving_is_less_likely_met() -> None:
    small, large = (
        held(outcome="placement_cost", measure="saving", direction="at_least", value=x, unit="mio_dkk").moments[-1]
        for x in (1.0, 8.0)
    )
    assert small.probability > large.probability
    assert small.middle == large.middle


def test_what_no_register_holds_and_what_is_no_number_are_said() -> None:
    assert held(outcome="follow_ups", measure="in_time", value=90).remarks[0].key == "errors.target_no_figure"
    assert held(outcome="placement_cost", value=3).remarks[0].key == "errors.target_kind"


@pytest.mark.parametrize(
    "fields",
    [{"outcome": "complaints", "value": 1.0}, {}, {"value": 3.0, "follow_up": {"first_months": 3, "source": "SEL"}}],
)
def test_a_target_that_does_not_hold_together_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no complaints|no outcome|needs a value|deadlines"):
        plan(targets=[target(**fields)])


def test_a_target_is_frozen() -> None:
    made = Target.model_validate(target(value=1.0))
    with pytest.raises(ValueError, match="frozen"):
        made.value = 2.0


def test_follow_ups_are_counted_by_the_rule_of_the_target(tmp_path: Path) -> None:
    """c0 is placed through 2013 and followed up on 1 March and 1 November: after 3 months, and not within 6 more."""
    frames = small_registers.delivery()
    early = pd.DataFrame([("c3", "ANBAAR 9", "2012-01-01")], columns=["child", "measure", "done"])
    frames["follow_ups"] = pd.concat([frames["follow_ups"], early])
    study = small_registers.study()
    tables = small_registers.tables(tmp_path, frames)
    found = Registers(tables, make_panel_frame(tables, study), standard_codes())
    asked = Target.model_validate(
        target(measure="in_time", value=90, of="placed", direction="at_least", outcome="follow_ups",
               follow_up={"first_months": 3, "then_months": 6, "source": "SEL § 70"})
    )  # fmt: skip
    by_law = list(_in_time(asked, study, found))
    assert by_law
    assert all(0 <= one.events <= one.total for one in by_law)
    lax = asked.model_copy(
        update={"follow_up": asked.follow_up.model_copy(update={"first_months": 12, "then_months": 12})}
    )
    assert sum(one.total for one in _in_time(lax, study, found)) < sum(one.total for one in by_law)
    with pytest.raises(RefusedError) as refusal:
        list(_in_time(asked, study, found._replace(tables={k: v for k, v in tables.items() if k != "follow_ups"})))
    assert refusal.value.problems[0].key == "target_no_follow_ups"
