"""``lottery.yaml`` beside a plan, and the test of a study that goes through its sets and no others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from pydantic import ValidationError
from small_district_panel import levels, panel, wanted
from small_panel_study import study

from sverige_did.checks.placebo_units import placebo_units
from sverige_did.design import designs
from sverige_did.errors import RefusedError
from sverige_did.inference.districts import districts
from sverige_did.studies.panel.design_size import own_design_of
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.outcome_data import OutcomeData, outcome_data_of
from sverige_did.studies.panel.seen import seen_of
from sverige_did.studies.panel.specification_origins import multiverse_of
from sverige_did.study.lottery import Lottery

RATE = "institution_per_1000"
NAMES = tuple(f"d{at:02}" for at in range(16))
SETS = tuple(one for one in combinations(range(1, 17), 4) if sum(one) % 5 == 0)


def lottery(**changes: object) -> Lottery:
    fields = {
        "made_by": "a test", "seed": 1, "looked_at": 1820, "every": True, "balanced_on": ("children",), "limit": 1.0,
        "districts": NAMES, "sets": SETS, "drawn": SETS.index((1, 2, 3, 4)) + 1,
    }  # fmt: skip
    return Lottery.model_validate(fields | changes)


def data_of(plan: object, level: np.ndarray) -> OutcomeData:
    every = panel({RATE: level})
    (data,) = outcome_data_of(every, plan, designs(every, plan))
    return data


def planned(**changes: object) -> object:
    outcomes = wanted(RATE, scales=("rate_per_1000",))
    return study(outcomes=outcomes, chosen="random", lottery=lottery(**changes).model_dump(mode="json"))


def test_the_p_value_of_a_study_is_over_the_sets_of_its_lottery() -> None:
    level = levels(3, effect=-0.3)
    plan = planned()
    every = panel({RATE: level})
    found = estimate_panel(every, plan, designs(every, plan))
    p = {one.result.inference: one.result.p_value for one in found.findings if one.result.scale == "rate_per_1000"}
    change = own_design_of(data_of(plan, level))[1]
    t = []
    for one in change.lottery:
        a, b = change.change[one], change.change[~one]
        t.append(abs(a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / 4 + b.var(ddof=1) / 12))
    own = t[int(np.flatnonzero((change.lottery == change.treated).all(axis=1))[0])]
    assert p["permutation_studentised"] == pytest.approx(np.mean(np.array(t) >= own - 1e-9))
    assert len(t) == len(SETS)


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"districts": (*NAMES[:-1], "another")}, "lottery_districts"), ({"drawn": 1}, "lottery_not_drawn")],
)
def test_registers_that_the_lottery_does_not_fit_are_refused(changes: dict[str, object], key: str) -> None:
    changes = {"drawn": 2} if changes.get("drawn") == 1 and SETS[0] == (1, 2, 3, 4) else changes
    with pytest.raises(RefusedError) as refusal:
        own_design_of(data_of(planned(**changes), levels(3)))
    assert refusal.value.problems[0].key == key


def test_a_plan_with_a_lottery_says_that_it_was_drawn() -> None:
    with pytest.raises(ValidationError, match="chosen: random"):
        study(outcomes=wanted(RATE), chosen="unknown", lottery=lottery().model_dump(mode="json"))


@pytest.mark.parametrize(
    "changes",
    [{"districts": ("d00", *NAMES[:-1])}, {"sets": ((4, 3, 2, 1), *SETS)}, {"sets": (*SETS, (1, 2))},
     {"sets": (SETS[0], *SETS)}, {"sets": (*SETS, (1, 2, 3, 17))}, {"drawn": 5_000}, {"sets": SETS[:10]}],
)  # fmt: skip
def test_a_faulty_lottery_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        lottery(**changes)


def test_doubts_go_through_the_sets_of_the_lottery_too() -> None:
    """By hand: the share of the sets that move the median as far, and of those without anybody who was treated."""
    plan, level = planned(), levels(3, effect=-6.0)
    data = data_of(plan, level)
    seen = seen_of(data)
    curve = multiverse_of(panel({RATE: level}), seen, {})
    assert curve.numbers["tried"] == len(SETS)
    assert curve.numbers["p_median"] == pytest.approx(1 / len(SETS))
    others = np.array([one for one in SETS if not {1, 2, 3, 4} & set(one)]) - 1
    mine = seen.sample.change
    controls = np.flatnonzero(~seen.sample.treated)
    made = [mine[one].mean() - mine[np.setdiff1d(controls, one)].mean() for one in others]
    placebo = placebo_units(seen.sample, -0.5, RATE, scale="rate_per_1000", rng=np.random.default_rng(0))
    assert placebo.numbers["tried"] == len(others)
    assert placebo.numbers["p"] == pytest.approx((1 + (np.abs(made) >= 0.5).sum()) / (1 + len(others)))


def test_a_lottery_with_few_sets_among_the_controls_has_no_placebo() -> None:
    rows = np.zeros((30, 16), dtype=bool)
    for at, one in enumerate(combinations(range(16), 4)):
        if at < len(rows):
            rows[at, list(one)] = True
    sample = districts(np.arange(16.0), rows[0], lottery=rows)
    with pytest.raises(RefusedError) as refusal:
        placebo_units(sample, 1.0, RATE, scale="rate_per_1000", rng=np.random.default_rng(0))
    assert refusal.value.problems[0].key == "placebo_groups_few"
