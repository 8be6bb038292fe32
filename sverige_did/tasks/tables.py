"""Find every table that fits the published figures, in each reading."""

from __future__ import annotations

from pathlib import Path

from sverige_did.files import read_model, read_models, write_models
from sverige_did.results.published import Reported
from sverige_did.studies.published.group_tables import all_tables, every_reading
from sverige_did.study.study import Study


def run(plan: Path, reported: Path, feasible: Path, out: Path) -> tuple[int, int]:
    """Write the enumerations and the tables; the number of tables, and of contradictions found."""
    study, facts = read_model(plan, Study), read_models(reported, Reported)
    found = every_reading(study, facts)
    tables = all_tables(study, facts, found)
    write_models(feasible, found)
    write_models(out, tables)
    return len(tables), len({conflict for item in found for conflict in item.conflicts})
