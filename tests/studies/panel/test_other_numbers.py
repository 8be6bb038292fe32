"""What else could have moved an outcome: what others decide, denominators, coming of age, and where children belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_registers as small
from small_district_panel import LABELS, levels, panel, wanted
from small_panel_study import both, study

from sverige_did.design import designs
from sverige_did.disclosure.known import Known
from sverige_did.disclosure.registers import release_registers
from sverige_did.errors import RefusedError
from sverige_did.panel import Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.sources.panel.build import build
from sverige_did.sources.panel.placements import OF_AGE
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.studies.panel.other_numbers import all_kinds, changed_denominators
from sverige_did.studies.panel.outcome_data import OutcomeData, outcome_data_of
from sverige_did.studies.panel.placebo_outcomes import of_districts, placebo_outcomes
from sverige_did.studies.panel.seen import Seen, seen_of
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.study.study import Study

RATE, SECURE = "institution_per_1000", "secure_per_1000"
DATES = ("2013-01-01",) * 3 + ("2014-01-01",) * 3 + (None,) * 10


def checks(cells: Panel, requested: Study, **more: Any) -> dict[str, CheckResult]:
    found = sensitivity_analyses(cells, requested, designs(cells, requested), **more)
    return {one.check: one for one in found if one.outcome == requested.outcomes[0].outcome}


def seen(cells: Panel, requested: Study) -> Seen[OutcomeData]:
    return seen_of(next(outcome_data_of(cells, requested, designs(cells, requested))))


def beside(cells: Panel, requested: Study) -> list[CheckResult]:
    """What others decide, beside every outcome of the plan in turn."""
    every = enumerate(outcome_data_of(cells, requested, designs(cells, requested)))
    return [one for at, data in every for one in placebo_outcomes(cells, data, of_districts, first=at == 0)]


def plan(*names: str, **changes: Any) -> Study:
    return study(outcomes=wanted(*(names or (RATE,)), scales=("level",)), **changes)


@pytest.mark.parametrize("starts", [None, DATES])
def test_what_courts_decide_is_tried_by_default_and_told_apart(starts: Any) -> None:
    """It moved with the programme's districts, it stayed, and it swings too much to be told."""
    how = {} if starts is None else {"starts": starts}
    answer = levels(1, effect=-6.0, **how)
    for effect, noise, key in ((-6.0, 0.5, "moved"), (0.0, 0.5, "still"), (0.0, 14.0, "cannot_tell")):
        other = np.clip(levels(2, effect=effect, noise=noise, **how), 0, None)
        cells = panel({RATE: answer, SECURE: other}, **how)
        (found,) = beside(cells, plan()) if starts is None else [checks(cells, plan())["placebo_outcome"]]
        assert (found.key, found.about) == (key, SECURE)


def test_a_plan_says_which_outcome_and_for_which_answers() -> None:
    cells = panel({RATE: levels(1, effect=-6.0), SECURE: levels(2), "family_per_1000": levels(3)})
    named = {"outcome": "family_per_1000", "reason": both("not moved"), "beside": [RATE]}
    requested = plan(RATE, SECURE, placebo_outcomes=[named])
    assert [(one.outcome, one.about) for one in beside(cells, requested)] == [(RATE, "family_per_1000")]
    with pytest.raises(ValueError, match="no family_per_1000 among"):
        plan(placebo_outcomes=[named | {"beside": ["family_per_1000"]}])
    with pytest.raises(ValueError, match="named twice"):
        plan(placebo_outcomes=[named, named])


def test_one_that_is_not_there_says_so_once() -> None:
    cells = panel({RATE: levels(1), "family_per_1000": levels(3)})
    requested = plan(RATE, "family_per_1000")
    assert [(one.outcome, one.key) for one in beside(cells, requested)] == [(RATE, "no_placebo")]
    named = {"outcome": "foster_per_1000", "reason": both("not moved")}
    assert [one.key for one in beside(cells, plan(placebo_outcomes=[named]))] == ["not_registered"]


@pytest.mark.parametrize(("level", "key"), [(20.0, "still"), (0.4, "few_children")])
def test_few_children_behind_the_other_outcome_hide_the_check(level: float, key: str) -> None:
    """In one district of a thousand children 0.4 per 1,000 are half a child a period, in four districts under five."""
    other = np.full((16, len(LABELS)), level) + np.random.default_rng(1).normal(0, 0.02, (16, len(LABELS)))
    cells, requested = panel({RATE: levels(1, effect=-6.0), SECURE: other}), plan()
    made = tuple(beside(cells, requested))
    release = release_registers(
        study=requested, panel=cells, designs=designs(cells, requested), findings=(), methods_tables=(), coverage=(),
        checks=made,
    )  # fmt: skip
    (shown,) = [one for one in release.checks if one.check == "placebo_outcome"]
    assert shown.key == key
    assert bool(shown.numbers) == (key == "still")


def test_a_part_of_a_number_tells_the_attack_how_small_the_whole_can_be() -> None:
    known = Known(panel({RATE: levels(1), SECURE: levels(2) / 4}), plan())
    parts = [row for row in known.rows if row.factor.tolist() == [1.0, -1.0]]
    assert len(parts) == 16 * len(LABELS)
    assert all(abs(row.low) < 1e-5 and row.high == np.inf for row in parts)
    assert all(float(row.factor @ known.truth[row.at]) > 0 for row in parts)
    elsewhere = Known(panel({RATE: levels(1), SECURE: levels(2) * 4}), plan())
    assert not [row for row in elsewhere.rows if row.factor.tolist() == [1.0, -1.0]]


def with_residents(cells: Panel, factor: np.ndarray) -> Panel:
    """The same numerators, with other denominators (D, T)."""
    frame = cells.cells.copy()
    mine = frame["outcome"] == RATE
    unit = frame.loc[mine, "unit"].str[1:].astype(int).to_numpy()
    time = frame.loc[mine, "period"].map(LABELS.index).to_numpy()
    for name in ("denominator", "denominator_low", "denominator_high"):
        frame.loc[mine, name] *= factor[unit, time]
    return Panel.of(frame, synthetic=True)


def test_numerator_and_denominator_apart() -> None:
    """The treated districts grew by a tenth after the start, and nobody more was placed there."""
    grown = 1 + 0.1 * np.outer(np.arange(16) < 4, np.arange(len(LABELS)) > 5)
    grown *= 1 + 0.002 * np.random.default_rng(3).normal(size=grown.shape)
    found = changed_denominators(seen(with_residents(panel({RATE: levels(4, noise=0.1)}), grown), plan()))
    assert found is not None
    assert found.key == "moved_turns"
    assert found.numbers["percent_denominator"] == pytest.approx(10, abs=0.5)
    assert found.numbers["effect"] == pytest.approx(-20 * 0.1 / 1.1, abs=0.5)
    assert abs(found.numbers["effect_other"] or 0) < 0.3
    assert changed_denominators(seen(panel({RATE: levels(4)}), plan())) is None


def test_all_kinds_together_are_asked_of_each_of_them() -> None:
    kinds = ("institution_share", "home_based_share", "network_share", "foster_share")
    flat = {name: np.full((16, len(LABELS)), 25.0) + np.random.default_rng(at).normal(0, 0.5, (16, len(LABELS)))
            for at, name in enumerate(kinds)}  # fmt: skip

    def asked(tables: dict[str, np.ndarray]) -> CheckResult:
        cells = panel(tables)
        found = all_kinds(cells, seen(cells, plan("institution_share")))
        assert found is not None
        return found

    assert asked(flat).key == "possible"
    fallen = flat["institution_share"].copy()
    fallen[:4] -= 20
    fallen[4:, LABELS.index("2013H2") :] -= 12
    risen = flat["foster_share"].copy()
    risen[:4] += 20
    risen[4:, LABELS.index("2013H2") :] += 12
    found = asked(flat | {"institution_share": fallen, "foster_share": risen})
    assert (found.key, found.numbers) == ("impossible", {"kinds": 4.0, "outside": 1.0})
    with pytest.raises(RefusedError) as refusal:
        asked({"institution_share": flat["institution_share"]})
    assert refusal.value.problems[0].key == "kinds_missing"


def test_who_came_of_age_is_put_back_and_moves_the_finding() -> None:
    """All that the treated lost were children who came of age: with them the finding is gone."""
    table = levels(5, effect=-4.0)
    back = table + 4.0 * np.outer(np.arange(16) < 4, np.arange(len(LABELS)) > 5)
    found = checks(panel({RATE: table}), plan(), stayed_on=panel({RATE: back}))["ageing_out"]
    assert found.key == "result_turns"
    assert found.numbers["effect_other"] == pytest.approx(0, abs=0.5)
    nobody = checks(panel({RATE: table}), plan(), stayed_on=panel({RATE: table}))["ageing_out"]
    assert nobody.numbers["effect_other"] == nobody.numbers["effect"], "that nobody did is not told by its absence"


def test_children_are_held_to_their_first_district_where_the_plan_moves_them() -> None:
    rules = {"grid": {"first": "2011H1", "last": "2015H2"}, "residence": {"rule": "on_the_day", "date": "2013-06-01"}}
    table = levels(5, effect=-3.0)
    held = table + 0.5 * np.outer(np.arange(16) < 4, np.arange(len(LABELS)) > 5)
    found = checks(panel({RATE: table}), plan(registers=rules), elsewhere=panel({RATE: held}))["other_residence"]
    assert found.key == "held"
    assert found.numbers["effect_other"] - found.numbers["effect"] == pytest.approx(0.5)


def counted(folder: Path, rows: pd.DataFrame, **how: int) -> Panel:
    folder.mkdir()
    tables = small.tables(folder, small.delivery() | {"placements": rows})
    return build(tables, small.study(), standard_codes(), **how).panel


def value(cells: Panel, outcome: str, unit: str = "A") -> list[float]:
    mine = cells.outcome(outcome)
    return mine[mine["unit"] == unit].sort_values("start")["value"].round(3).tolist()


def test_a_child_that_came_of_age_stays_so_many_days_longer_and_nobody_else_does(tmp_path: Path) -> None:
    """c90 turns 18 in the middle of the second half of 2013: half a year more fills it and reaches into the next."""
    rows = small.placements()
    plain, longer = counted(tmp_path / "a", rows), counted(tmp_path / "b", rows, stay_on=184)
    before, after = (np.array(value(cells, "institution_per_1000")) for cells in (plain, longer))
    assert after - before == pytest.approx([0, 0.252, 0.252, 0], abs=0.002)
    for unit in "BCDEF":
        assert value(plain, "institution_per_1000", unit) == value(longer, "institution_per_1000", unit)
    told, grown = rows.copy(), rows["child"] == "c90"
    told.loc[grown, ["end", "end_reason"]] = ["2013-06-01", OF_AGE]
    early = counted(tmp_path / "c", told, stay_on=184)
    assert np.array(value(early, "institution_per_1000")).sum() > before.sum()


def test_secure_institutions_are_counted_where_a_code_says_so_and_only_there(tmp_path: Path) -> None:
    rows = small.placements()
    assert counted(tmp_path / "a", rows).outcome(SECURE).empty
    secure = rows.assign(measure=rows["measure"].where(rows["child"] != "c1", "ANBAAR 8"))
    cells = counted(tmp_path / "b", secure)
    assert value(cells, SECURE, "B") == pytest.approx([0.496, 0.504, 0.496, 0.504], abs=0.01)
    assert value(cells, SECURE, "A") == [0.0] * 4
    assert value(cells, "institution_per_1000", "B") == value(
        counted(tmp_path / "c", rows), "institution_per_1000", "B"
    )


def test_the_last_period_before_is_left_out_where_districts_begin_apart() -> None:
    """Each district was out of line in the period just before its own start, and nothing happened after it."""
    begins = ["2013H1"] * 3 + ["2014H1"] * 3
    table = levels(6, DATES, noise=0.3)
    for at, label in enumerate(begins):
        table[at, LABELS.index(label) - 1] += 5
    cells = panel({RATE: table}, DATES)
    found = checks(cells, plan())["just_before"]
    assert found.numbers["effect"] == pytest.approx(-5, abs=0.7)
    assert found.numbers["effect_other"] == pytest.approx(0, abs=0.7)
    assert found.key == "result_turns"
