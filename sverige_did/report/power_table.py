"""Power, exaggeration and wrong signs by the size of the effect, as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table as RichTable

from sverige_did import words
from sverige_did.report import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sverige_did.results.power import PosteriorFound, Power
    from sverige_did.words import Language


def power_table(tallies: Sequence[Power], language: Language) -> RichTable:
    """One row an effect: in how many of 100 it is found, with the Monte Carlo error, and what is then said of it."""
    table = RichTable()
    for name in ("change", "found", "type_m", "type_s"):
        table.add_column(words.text(f"power.column.{name}", language), justify="right")
    for one in tallies:
        found = numbers.decimal(100 * one.power, language, 0)
        error = numbers.decimal(100 * one.standard_error, language, 1)
        times = "–" if one.type_m is None else numbers.decimal(one.type_m, language, 1)
        wrong = "–" if one.type_s is None else numbers.decimal(100 * one.type_s, language, 1)
        change = words.text("labels.percent", language, value=numbers.decimal(100 * one.change, language, 0))
        table.add_row(change, f"{found} (±{error})", times, wrong)
    return table


def posterior_table(found: Sequence[PosteriorFound], language: Language) -> RichTable:
    """One row an effect: of 100 studies, those whose posterior excludes no effect, is sure, and holds the truth."""
    table = RichTable()
    for name in ("change", "excludes", "sure", "covers"):
        table.add_column(words.text(f"power.column.{name}", language), justify="right")
    for one in found:
        change = words.text("labels.percent", language, value=numbers.decimal(100 * one.change, language, 0))
        told = ("–" if share is None else numbers.decimal(100 * share, language, 0)
                for share in (one.excludes, one.sure, one.covers))  # fmt: skip
        table.add_row(change, *told)
    return table


def said_of_swings(shocks: Mapping[str, float], language: Language) -> str:
    """What moves a district, as shares of its level: ``shock`` and ``chance``, or the two ``together``."""
    told = {
        name: words.text("labels.percent", language, value=numbers.percent(value, language))
        for name, value in shocks.items()
        if name in {"shock", "chance", "together"}
    }
    return words.text(f"power.swings.{'together' if 'together' in told else 'apart'}", language, **told)


def said_of(counts: Mapping[str, int], shocks: Mapping[str, float], outcome: str, language: Language) -> str:
    """The design that was simulated, in a sentence.

    ``counts``: treated, groups, before and after · ``shocks``: as :func:`said_of_swings` takes them, and memory.
    """
    return words.text(
        "power.design", language, outcome=outcome, **counts, swings=said_of_swings(shocks, language),
        memory=numbers.decimal(shocks["memory"], language, 2),
    )  # fmt: skip
