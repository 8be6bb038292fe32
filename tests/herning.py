"""The published study, led through the rooms in memory: what the tests of several layers start from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sverige_did.design import designs
from sverige_did.results.published import Feasible
from sverige_did.sources.published.facts import read_facts
from sverige_did.sources.published.panel import to_panel
from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.group_tables import all_tables, every_reading
from sverige_did.study.read import read_study
from sverige_did.study.study import Study

ROOT = Path(__file__).parents[1]
PLAN = ROOT / "analyses" / "herning" / "study.yaml"
DATA = ROOT / "data" / "herning" / "published.csv"


@cache
def plan() -> Study:
    return read_study(PLAN)


@cache
def enumerated() -> tuple[Feasible, ...]:
    return every_reading(plan(), read_facts(DATA))


@cache
def evidence() -> Evidence:
    study, facts = plan(), read_facts(DATA, hard_stop=plan().periods.hard_stop)
    return Evidence(
        study, facts, designs(to_panel(facts, study), study), all_tables(study, facts, enumerated()), enumerated()
    )
