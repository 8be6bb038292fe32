"""Fetch a study's tables from StatBank: the one command that uses the network."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sverige_did import words
from sverige_did.errors import InputError, Problem
from sverige_did.sources.statbank.cache import Cache
from sverige_did.sources.statbank.client import StatBank
from sverige_did.sources.statbank.fetch import fetch
from sverige_did.sources.statbank.recipe import RECIPE, read_recipe
from sverige_did.workflow.discover import find_studies


def run(study: str, folder: Path, address: str, cache: Path | None) -> int:
    """Put the tables that the study's statbank.yaml asks for into its data folder; the number of files written."""
    files = find_studies(folder).get(study)
    if files is None:
        known = ", ".join(find_studies(folder)) or "–"
        raise InputError(Problem("sb_no_study", file=str(folder), found=study, expected=known))
    plan = (folder / files.plan).parent
    if not (plan / RECIPE).is_file():
        raise InputError(Problem("sb_no_recipe", file=str(files.plan.parent / RECIPE)))
    with StatBank(address, cache=Cache(cache) if cache else None, told=_tell) as bank:
        return fetch(
            bank,
            read_recipe(plan),
            plan,
            folder / files.data,
            date.today(),
            _tell,
            command=f"sverige-did statbank fetch {study}",
        )


def _tell(key: str, **values: object) -> None:
    print("  " + words.text(key, **values), flush=True)  # noqa: T201 - progress belongs on the screen
