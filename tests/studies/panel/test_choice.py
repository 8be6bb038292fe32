"""What the plan says of the choice of districts decides what may be called supported."""

from __future__ import annotations

import numpy as np
import pytest
from small_district_panel import levels, panel, wanted
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.report.district_inference import said
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.studies.panel.sensitivity import sensitivity_analyses

RATE = "institution_per_1000"


def run(table: np.ndarray, chosen: str, scales: tuple[str, ...] = ("rate_per_1000",)) -> Estimated:
    data = panel({RATE: table})
    plan = study(outcomes=wanted(RATE, scales=scales), chosen=chosen)
    return estimate_panel(data, plan, designs(data, plan))


def falling_back() -> np.ndarray:
    """The four districts that happened to lie highest in the periods before, with nothing lasting about it."""
    rng = np.random.default_rng(3)
    table = 20 + rng.normal(0, 0.2, (16, 10))
    luck = -np.sort(-rng.normal(0, 3, 16))
    table[:, :5] += luck[:, None]
    return table


@pytest.mark.parametrize(
    ("chosen", "verdict", "key"),
    [
        ("random", "supported", None),
        ("level", "supported", "level_beside"),
        ("will", "supported", "level_beside"),
        ("unknown", "supported", "level_beside"),
        ("rise", "inconclusive", "chosen_by_rise"),
    ],
)
@pytest.mark.parametrize("scales", [("rate_per_1000",), ("ratio",)])
def test_a_clear_effect_stands_unless_the_treated_had_just_risen(
    chosen: str, verdict: str, key: str | None, scales: tuple[str, ...]
) -> None:
    found = run(levels(2, effect=-6.0), chosen, scales)
    assert {one.verdict for one in found.findings} == {verdict} == {found.methods_tables[0].verdict}
    keys = {remark.key.removeprefix("inference.note.") for remark in found.methods_tables[0].remarks}
    assert keys & {"level_beside", "level_beyond", "level_explains", "level_tells_all", "chosen_by_rise"} == (
        {key} if key else set()
    )
    beside = [one.result for one in found.findings if one.result.inference == "level_adjusted"]
    assert len(beside) == (chosen != "random")
    for one in beside:
        assert one.lower < one.estimate < one.upper
        assert one.scale == found.methods_tables[0].scale
    for remark in found.methods_tables[0].remarks:
        assert all(said(remark, language) for language in ("en", "da"))


def test_a_finding_that_rests_on_a_line_through_the_levels_says_so() -> None:
    table = levels(2, effect=-6.0)
    table[:4] += 40
    record = run(table, "level").methods_tables[0]
    assert record.verdict == "supported"
    assert "inference.note.level_beyond" in {remark.key for remark in record.remarks}
    (remark,) = (one for one in record.remarks if one.key == "inference.note.level_beyond")
    assert "(p 0,0" in said(remark, "da")
    assert "(p 0.0" in said(remark, "en")


def test_what_falls_back_by_itself_is_supported_only_of_districts_drawn_by_lot() -> None:
    assert run(falling_back(), "random").methods_tables[0].verdict == "supported"
    found = run(falling_back(), "level").methods_tables[0]
    assert found.verdict == "inconclusive"
    assert {"inference.note.level_explains", "inference.note.level_tells_all"} & {one.key for one in found.remarks}


def test_the_same_choice_elsewhere_is_told_unless_it_was_by_lot() -> None:
    data = panel({RATE: levels(5)})
    for chosen in ("random", "level", "rise"):
        plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)), chosen=chosen)
        made = {one.check: one for one in sensitivity_analyses(data, plan, designs(data, plan))}
        if chosen == "random":
            assert "placebo_choice" not in made
            continue
        one = made["placebo_choice"]
        assert (one.key, one.numbers["districts"]) == (chosen, 4.0)
        assert 0 <= one.numbers["called"] <= one.numbers["tried"] == {"level": 4, "rise": 3}[chosen]
