"""Every number of a release, of every kind, is rounded by a rule: none has more digits than the rule gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import small_cases
from rounded import unrounded, unrounded_in_table
from small_economy import panel, plan

from sverige_did.design import designs
from sverige_did.disclosure.cases import release_cases
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.disclosure.release import Release, estimates_csv, findings_csv
from sverige_did.results.targets import TargetRecords
from sverige_did.sources.cases.delivery import read_cases
from sverige_did.sources.panel.coverage import coverage
from sverige_did.studies.cases.estimate import estimate_cases
from sverige_did.studies.cases.survey import answers_of
from sverige_did.studies.panel.economy import economy
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.studies.panel.targets import target_records

TARGET = {
    "key": "one", "label": {"da": "mål", "en": "target"}, "date": "2015-12-31", "source": "made up", "measure": "level",
    "direction": "at_most", "outcome": "institution_share", "value": 25,
}  # fmt: skip


@pytest.fixture(scope="module")
def release() -> Release:
    """With estimates, curves, checks, levels, a net benefit and a target."""
    cells, wanted = panel(taken=0.5), plan(targets=[TARGET])

    def nobody() -> Any:
        raise AssertionError("no rule of its own")

    found = designs(cells, wanted)
    made = estimate_panel(cells, wanted, found)
    records = target_records(cells, wanted, nobody)
    assert isinstance(records, TargetRecords)
    answers = Answers(
        found, made.findings, made.methods_tables, coverage(cells),
        checks=tuple(sensitivity_analyses(cells, wanted, found)), economy=economy(cells, wanted), targets=records,
    )  # fmt: skip
    return attacked_release(wanted, cells, answers).release


def test_no_number_of_a_release_of_registers_has_more_digits_than_its_rule(release: Release) -> None:
    assert release.findings
    assert release.levels
    assert any(one.status == "ran" for one in release.checks)
    assert any(one.event for one in release.methods_tables)
    assert release.economy is not None
    assert release.economy.benefits
    assert release.targets[0].moments
    assert unrounded(release.model_dump_json()) == {}
    assert unrounded_in_table(estimates_csv(release)) == {}


def test_a_number_that_is_not_rounded_is_found(release: Release) -> None:
    tree = json.loads(release.model_dump_json())
    tree["findings"][0]["result"]["std_error"] = 1.2345678
    tree["economy"]["years"][0]["investment"] = 1.0004459130985008
    assert set(unrounded(json.dumps(tree))) == {"findings.result.std_error", "economy.years.investment"}


def test_no_number_of_a_release_of_cases_has_more_digits_than_its_rule(tmp_path: Path) -> None:
    wanted = small_cases.plan()
    data = read_cases(small_cases.write(tmp_path, small_cases.delivery()), wanted)
    shown = release_cases(wanted, estimate_cases(data, wanted), [], answers_of(data, wanted))
    counts = {
        name: value for check in shown.checks for name, value in check.numbers.items() if name.startswith("cases_")
    }
    assert counts
    assert all(value is None or value % wanted.hidden_below == 0 for value in counts.values()), "as those beside them"
    assert unrounded(shown.model_dump_json()) == {}
    assert unrounded_in_table(findings_csv(shown.findings, synthetic=True)) == {}
