"""Find every table that fits the published figures, in each reading."""

from __future__ import annotations

from sverige_did.files import read_model, read_models, write_models
from sverige_did.results.published import Reported
from sverige_did.studies.published.group_tables import all_tables, every_reading
from sverige_did.study.study import Study
from sverige_did.tasks import File, Told


def run(plan: File, reported: File, feasible: File, out: File) -> Told:
    """Write the enumerations and the tables; the number of tables, and of contradictions found."""
    facts = read_models(reported, Reported)
    found = every_reading(facts)
    tables = all_tables(read_model(plan, Study), facts, found)
    write_models(feasible, found)
    write_models(out, tables)
    return {"tables": len(tables), "conflicts": len({conflict for item in found for conflict in item.conflicts})}
