"""Find every table that fits the published figures, in each reading."""

from __future__ import annotations

from sverige_did import words
from sverige_did.errors import Problem
from sverige_did.files import read_model, read_models, write_models
from sverige_did.results.published import Feasible, Reported
from sverige_did.studies.published.group_tables import all_tables, every_reading
from sverige_did.studies.published.printed_counts import PRINTED
from sverige_did.study.study import PublishedStudy
from sverige_did.tasks import File, Filled


def run(plan: File, reported: File, feasible: File, out: File) -> Filled:
    """Write the enumerations and the tables; the number of tables, and of contradictions found."""
    study, facts = read_model(plan, PublishedStudy), read_models(reported, Reported)
    found = every_reading(study, facts)
    tables = all_tables(study, facts, found)
    write_models(feasible, found)
    write_models(out, tables)
    _contradictions(study, facts, found)
    return {"tables": len(tables), "conflicts": len({conflict for item in found for conflict in item.conflicts})}


def _contradictions(study: PublishedStudy, facts: tuple[Reported, ...], found: tuple[Feasible, ...]) -> None:
    """What contradicts what in the study's own printed counts, where it stands, and what to do.

    Contradictions within a reading of damaged tables are what the reading is made to show: they stand on the page.
    """
    known = {fact.fact_id: fact for fact in facts}
    for item in found:
        for conflict in item.conflicts if item.reading in PRINTED.values() else ():
            shown = [f"{_finding(known[key])} ({key}, {known[key].place})" for key in conflict]
            values: dict[str, object] = {"outcome": words.text(f"outcomes.{item.outcome}.short")}
            problem = Problem("figures_contradict", file=study.input, found="; ".join(shown), values=values)
            print(problem.say())  # noqa: T201 - what was found belongs on the screen


def _finding(fact: Reported) -> str:
    return fact.finding_da if words.default_language() == "da" else fact.finding_en
