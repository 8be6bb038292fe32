"""The whole attack on small municipalities: what unrounded numbers tell, and that a release tells none of it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from small_groups import LABELS, MANY, PARTS, panel, plan

from sverige_did.design import designs
from sverige_did.disclosure.coarse import Steps, from_levels
from sverige_did.disclosure.known import Known
from sverige_did.disclosure.levels import Levels, counted, levels_of, released_levels
from sverige_did.disclosure.outside import AUDIT, earlier, inside, keep, outside
from sverige_did.disclosure.programme import attacked
from sverige_did.disclosure.registers import Answers, Attacked, _coarse_findings, attacked_release
from sverige_did.disclosure.release import ReleasedLevel
from sverige_did.errors import Problem
from sverige_did.files import altered, hashes, record
from sverige_did.panel import Panel
from sverige_did.results.estimates import Estimate, Finding

FEW = MANY | {"network": 3.0}


def release_of(cells: Panel, *before: Attacked) -> Attacked:
    answers = Answers(designs(cells, plan()), (), (), ())
    return attacked_release(plan(), cells, answers, tuple(one.release for one in before))


@pytest.fixture(scope="module")
def few() -> Attacked:
    return release_of(panel(FEW))


def exact(levels: Levels) -> Levels:
    """The same levels as they were before: not rounded."""
    cells = (cell._replace(step=1e-3, denominator_step=1e-3 if cell.denominator_step else 0.0) for cell in levels.cells)
    return levels._replace(cells=tuple(cells))


def test_unrounded_levels_tell_hidden_numbers_by_subtraction_and_a_release_does_not(few: Attacked) -> None:
    """The parts of the placed: the whole less the parts that are shown is the part that is hidden."""
    levels = exact(levels_of(panel(FEW), plan()))
    network = {cell.key for cell in levels.cells if counted(cell.outcome) == ("network",)}
    shown_but_one = levels._replace(hidden=frozenset(network))
    wanted = [item.outcome for item in plan().outcomes]
    other = ("home_based_share", "foster_share")
    told = released_levels(
        shown_but_one, [*wanted, *other], {counted(name): "periods" for name in [*wanted, *other]}, frozenset()
    )
    known = Known(panel(FEW), plan())
    known.levels((cell, level.status == "shown") for cell, level in told)
    exposed = {one.name.split("|")[0] for one in attacked(known)}
    assert {"network_share", "network_per_1000"} <= exposed
    assert attacked(few.known) == ()
    assert any(level.status == "hidden" for level in few.release.levels)


def test_a_difference_of_group_levels_says_only_what_the_released_levels_say() -> None:
    result = Estimate(
        estimate=-0.123456789, scale="pp", estimand="raw_change", estimator="before_after", inference="none"
    )
    finding = Finding(
        study="s", outcome="institution_share", reading="all", design_class="D1", verdict="inconclusive",
        plan_sha256="", result=result,
    )  # fmt: skip
    levels = {("treated", "before"): 25.0, ("treated", "after"): 20.0}
    again = from_levels(finding, levels, 1.0)
    assert again is not None
    assert again.result.estimate == -5.0
    assert from_levels(finding, {("treated", "before"): 25.0}, 1.0) is None, "a hidden window is not told"


def test_zero_is_hidden_like_one_to_four(few: Attacked) -> None:
    none = release_of(panel(MANY | {"network": 0.0}))
    statuses = [
        {(level.group, level.period): level.status for level in one.release.levels if level.outcome == "network_share"}
        for one in (none, few)
    ]
    assert {status for (group, _), status in statuses[0].items() if group == "treated"} == {"hidden"}
    assert {status for (group, _), status in statuses[1].items() if group == "treated"} == {"hidden"}


def test_a_group_of_two_districts_is_no_group() -> None:
    cells = panel(MANY).cells
    two = cells[(cells["group"] == "control") | cells["unit"].isin(["distrikt-00", "distrikt-01"])]
    release = release_of(Panel.of(two, synthetic=True)).release
    assert set(release.withheld) == {item.outcome for item in plan().outcomes}
    assert {one.what for one in release.given_up} == {"few_districts"}
    assert {level.status for level in release.levels if level.group == "treated"} == {"hidden"}


def test_the_numbers_of_single_districts_keep_three_candidates_in_every_period_and_window() -> None:
    """From four districts up, with kinds of place that next to nobody has."""
    rng = np.random.default_rng(8)
    for seed in range(4):
        children = {name: float(rng.uniform(2, 40)) for name in PARTS}
        made = release_of(panel(children, seed=seed))
        names = [name for part in made.known.components() for name in part.names]
        assert len([name for name in names if name.split("|")[1].startswith("distrikt")]) > 4 * len(LABELS)
        assert attacked(made.known) == ()


def test_two_releases_that_differ_by_one_child_show_the_same_levels(few: Attacked) -> None:
    cells = panel(FEW).cells
    one = (cells["unit"] == "distrikt-00") & (cells["period"] == "2012H1")
    whole = one & cells["outcome"].isin(["placed_total", "placed_per_1000", "institution_per_1000"])
    value = cells["value"].where(~whole, cells["value"] + 0.5)
    more = Panel.of(cells.assign(value=value, low=value, high=value), synthetic=True)
    first = {(one.outcome, one.group, one.period): one.level for one in (*few.release.levels, *few.release.windows)}
    second = release_of(more, few).release
    per_head = [one for one in (*second.levels, *second.windows) if one.outcome.endswith("per_1000")]
    assert per_head
    assert all(first[one.outcome, one.group, one.period] == one.level for one in per_head)


def test_nothing_that_leaves_is_a_hash_of_children_or_a_number_with_many_digits(few: Attacked) -> None:
    assert few.release.data_sha256 == ""
    for level in few.release.levels:
        assert level.level is None or level.level == float(f"{level.level:.6g}")


@pytest.mark.parametrize("key", ["release_told", "release_changed"])
def test_both_refusals_say_what_was_found_and_what_to_do_in_both_languages(key: str) -> None:
    for language in ("da", "en"):
        said = Problem(key, found="institution_share").say(language)  # type: ignore[arg-type]
        assert "institution_share" in said
        assert len(said.splitlines()) == 3


@pytest.mark.parametrize("below", [0, 1, 2])
def test_a_threshold_below_three_is_refused(below: int) -> None:
    with pytest.raises(ValidationError):
        plan(hidden_below=below)


def test_earlier_releases_are_kept_and_the_audit_names_rules_and_no_child(few: Attacked, tmp_path: Path) -> None:
    first = keep(tmp_path, few.release)
    assert keep(tmp_path, few.release) == first
    assert earlier(tmp_path) == (few.release,)
    audit = outside(few.release, {first.name: first.read_bytes()})[AUDIT].decode()
    assert '"threshold": 5' in audit
    assert "distrikt-" not in audit


def test_the_audit_inside_holds_every_hidden_number_with_what_is_left_of_it(few: Attacked) -> None:
    hidden = json.loads(inside(few.left, few.decisions))["hidden"]
    assert any(one["name"].startswith("network|distrikt-") for one in hidden)
    groups = [one for one in hidden if one["name"].split("|")[1] == "treated"]
    assert groups
    assert all(one["high"] - one["low"] >= one["needed"] - 1e-6 for one in hidden)


def test_an_altered_result_is_recognised(tmp_path: Path) -> None:
    plan_file, table = tmp_path / "plan.json", tmp_path / "panel.parquet"
    plan_file.write_text('{"hidden_below": 5}')
    pd.DataFrame({"a": [1.0]}).to_parquet(table)
    record(hashes([plan_file, table]))
    assert altered(hashes([tmp_path])) == []
    plan_file.write_text('{"hidden_below": 3}')
    flipped = bytearray(table.read_bytes())
    flipped[10] ^= 1
    table.write_bytes(bytes(flipped))
    assert set(altered(hashes([tmp_path]))) == {plan_file, table}
    assert altered(hashes([tmp_path / "reports.html"])) == []


def test_what_adds_up_over_time_is_compared_a_period() -> None:
    """Nine half-years before and two after: the total falls by four fifths where nothing changed."""
    finding = Finding(
        study="made-up", outcome="placed_total", reading="all", design_class="D1", verdict="inconclusive",
        plan_sha256="0" * 64,
        result=Estimate(estimate=0.0, scale="ratio", estimator="before_after", inference="none", estimand="raw_change"),
    )  # fmt: skip
    shown = tuple(
        (
            SimpleNamespace(resolution="windows", when=when),
            ReleasedLevel(outcome="placed_total", group="treated", period=period, status="shown", level=level),
        )
        for when, period, level in (("before", "2009H1–2013H1", 216.0), ("after", "2014H1–2014H2", 48.0))
    )
    (again,) = _coarse_findings((finding,), shown, Steps({}), {"placed_total": 1.0})
    assert again.result.estimate == 1.0
