"""A plan of published tables from a YAML file of its own."""

from __future__ import annotations

from pathlib import Path

from sverige_did.sources.files.plan_files import parse_plan
from sverige_did.study.aggregates import AggregatePlan
from sverige_did.study.read import read_text


def read_aggregate_plan(path: Path) -> AggregatePlan:
    """Read and check a plan. Raises InputError that names the field."""
    return parse_plan(AggregatePlan, read_text(path), path.name)
