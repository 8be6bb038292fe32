"""The size of every method beside its p-value, as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table as RichTable

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.power_table import said_of_swings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sverige_did.words import Language


def size_table(rates: Mapping[str, float], p: Mapping[str, float], alpha: float, language: Language) -> RichTable:
    """One row a method, in the order of ``p``, the verdict last; a size above ``alpha`` stands out.

    ``rates``: by method, the share of data sets without an effect in which it rejected. ``p``: on the data at hand.
    """
    table = RichTable()
    for name in ("method", "p", "size"):
        table.add_column(words.text(f"size.column.{name}", language), justify="left" if name == "method" else "right")
    for method in [*p, "verdict"]:
        if method in rates:
            shown = numbers.significant(p[method], language) if method in p else ""
            size = words.text("labels.percent", language, value=numbers.percent(rates[method], language))
            table.add_row(_name(method, language), shown, size, style="yellow" if rates[method] > alpha else None)
    return table


def with_notes(
    outcome: str, counts: Mapping[str, int], shocks: Mapping[str, float], alpha: float, language: Language
) -> tuple[str, str]:
    """What stands above and below the table: the design that was simulated, and how.

    ``counts``: treated, groups, before, after and simulations · ``shocks``: as
    :func:`~sverige_did.report.power_table.said_of_swings` takes them, and autocorrelation.
    """
    shown = {name: numbers.decimal(value, language, 0) for name, value in counts.items()}
    shown |= {"swings": said_of_swings(shocks, language)}
    shown |= {"autocorrelation": numbers.decimal(shocks["autocorrelation"], language, 2)}
    phrase = words.text(f"outcomes.{outcome}.short", language)
    above = words.text("size.design", language, outcome=phrase, **shown)
    return above, words.text("size.caption", language, alpha=numbers.significant(alpha, language), **shown)


def _name(method: str, language: Language) -> str:
    return words.text("size.verdict" if method == "verdict" else f"labels.inference.{method}", language)
