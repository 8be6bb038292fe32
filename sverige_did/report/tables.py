"""Tables as values: plain ones, and the estimates by method and reading, in groups and below a common head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.headlines import ALL_READINGS, findings_of, told
from sverige_did.report.labels import assumption, caption, mark, reading, short_name
from sverige_did.results.estimates import WITHOUT_LEVEL

if TYPE_CHECKING:
    from markupsafe import Markup

    from sverige_did.disclosure.release import Release
    from sverige_did.report.svg import Paint
    from sverige_did.results.estimates import Estimate, Finding
    from sverige_did.words import Language


WIDTH = 400.0
"""Of a painted figure in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table for a page: the first cell of each row is its heading; ``numeric`` columns are set flush right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class GroupedTable:
    """Rows in groups, each with its heading; the columns ``below`` come last and stand below ``spanner``.

    The first cell of each row is its heading. A line of a cell is a line on the page.
    """

    caption: str
    stub: str
    alone: tuple[str, ...]
    spanner: str
    below: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure, and the numbers behind it as a table that also carries the caption."""

    svg: Markup
    table: Table


def heads(names: tuple[str, ...], language: Language, subject: str = "report.columns") -> tuple[str, ...]:
    """The column heads ``<subject>.<name>``."""
    return tuple(words.text(f"{subject}.{name}", language) for name in names)


def painted(release: Release, name: str, height: float, paint: Paint, table: Table, language: Language) -> FigureView:
    """A figure as it stands in a row of others, with its table, whose caption names both; cf. :func:`svg.draw`."""
    return FigureView(svg.draw(name, WIDTH, height, paint, title=table.caption, mark=mark(release, language)), table)


def estimate_cell(result: Estimate, language: Language) -> str:
    """Estimate, interval, p-value and probability, a line each; what was not computed is not mentioned."""
    lines = [numbers.value_on(result.scale, result.estimate, language, result.step)]
    if result.lower is not None and result.upper is not None:
        ends = (result.lower, result.upper)
        low, high = (numbers.value_on(result.scale, end, language, result.step) for end in ends)
        lines.append(words.text("report.cell.interval", language, lower=low, upper=high))
    if result.p_value is not None:
        lines.append(words.text("report.cell.p", language, p=numbers.p_value(result.p_value, language)))
    if result.prob_benefit is not None:
        share = numbers.percent(result.prob_benefit, language)
        lines.append(words.text("report.cell.benefit", language, value=share))
    return "\n".join(lines)


def method_label(result: Estimate, language: Language) -> str:
    """Estimator, inference and level in words."""
    parts = [words.text(f"labels.estimator.{result.estimator}", language)]
    if result.inference != "none":
        parts.append(words.text(f"labels.inference.{result.inference}", language))
    if result.level is not None and result.inference not in WITHOUT_LEVEL:
        parts.append(words.text("labels.percent", language, value=numbers.percent(result.level, language)))
    return "\n".join((parts[0], ", ".join(parts[1:]))).strip()


def estimates(release: Release, outcome: str, language: Language) -> GroupedTable:
    """Every finding of an outcome: a row for each method, a column for each reading, grouped by scale.

    Methods that differ only in what they assume are told apart by their assumptions. Several readings stand below
    one head; what belongs to all of them has a column of its own.
    """
    findings = findings_of(release, outcome)
    order = [item.key for item in release.study.readings]
    used = sorted({item.reading for item in findings}, key=lambda key: order.index(key) if key in order else -1)
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for finding, apart in zip(findings, distinctions(release, findings, language), strict=True):
        scale = words.text(f"labels.scale.{finding.result.scale}", language)
        label = "\n".join(part for part in (method_label(told(finding), language), apart) if part)
        cells = groups.setdefault(scale, {}).setdefault(label, dict.fromkeys(used, ""))
        cells[finding.reading] = f"{cells[finding.reading]}\n{estimate_cell(told(finding), language)}".strip()
    readings = [key for key in used if key != ALL_READINGS]
    below = readings if len(readings) > 1 else []
    return GroupedTable(
        caption=caption(release, "estimates", language, outcome=short_name(outcome, language)),
        stub=words.text("report.columns.method", language),
        alone=tuple(reading(release, key, language) for key in used if key not in below),
        spanner=words.text("report.columns.readings", language),
        below=tuple(reading(release, key, language) for key in below),
        groups=tuple(
            (scale, tuple((label, *cells.values()) for label, cells in rows.items())) for scale, rows in groups.items()
        ),
    )


def distinctions(release: Release, findings: tuple[Finding, ...], language: Language) -> list[str]:
    """For each finding what sets it apart from others by the same method; empty where the method alone does.

    That is what is estimated, where the others estimate something else, and every assumption that not all share.
    """
    alike: dict[tuple[str, ...], list[Estimate]] = {}
    for finding in findings:
        alike.setdefault(_method(finding.result), []).append(finding.result)
    return [_distinction(release, finding.result, alike[_method(finding.result)], language) for finding in findings]


def _method(result: Estimate) -> tuple[str, ...]:
    return result.scale, result.estimator, result.inference, str(result.level)


def _distinction(release: Release, result: Estimate, others: list[Estimate], language: Language) -> str:
    shown = []
    if len({other.estimand for other in others}) > 1:
        shown.append(words.text(f"labels.estimand.{result.estimand}", language))
    shared = set.intersection(*(set(other.assumptions) for other in others))
    shown += [assumption(release, key, language) for key in result.assumptions if key not in shared]
    return "; ".join(shown)
