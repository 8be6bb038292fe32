"""Tables as values, and the one table that needs spanners (estimates by method and reading) by great_tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
from great_tables import GT
from markupsafe import Markup

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.answers import ALL_READINGS, findings_of
from sverige_did.report.claims import WITHOUT_LEVEL
from sverige_did.report.labels import assumption, reading

if TYPE_CHECKING:
    from sverige_did.disclosure import Release
    from sverige_did.results import Estimate, Finding
    from sverige_did.words import Language


@dataclass(frozen=True, slots=True)
class Table:
    """A table for a page: the first cell of each row is its heading; ``numeric`` columns are set flush right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure, and the numbers behind it as a table that also carries the caption."""

    svg: Markup
    table: Table


def heads(names: tuple[str, ...], language: Language) -> tuple[str, ...]:
    """The column heads ``report.columns.<name>``."""
    return tuple(words.text(f"report.columns.{name}", language) for name in names)


def estimate_cell(result: Estimate, language: Language) -> str:
    """Estimate, interval, p-value and probability, a line each; what was not computed is not mentioned."""
    lines = [numbers.value_on(result.scale, result.estimate, language)]
    if result.lower is not None and result.upper is not None:
        low, high = (numbers.value_on(result.scale, end, language) for end in (result.lower, result.upper))
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


def estimates(release: Release, outcome: str, language: Language, *, caption: str) -> Markup:
    """Every finding of an outcome: a row for each method, a column for each reading, grouped by scale.

    Methods that differ only in what they assume are told apart by their assumptions. Cells are escaped by
    great_tables; its style sheet is left out, for the page has its own, and its missing caption is put in.
    """
    findings = findings_of(release, outcome)
    order = [item.key for item in release.study.readings]
    used = sorted({item.reading for item in findings}, key=lambda key: order.index(key) if key in order else -1)
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for finding, apart in zip(findings, distinctions(release, findings, language), strict=True):
        scale = words.text(f"labels.scale.{finding.result.scale}", language)
        label = "\n".join(part for part in (method_label(finding.result, language), apart) if part)
        cells = rows.setdefault((scale, label), dict.fromkeys(used, ""))
        cells[finding.reading] = f"{cells[finding.reading]}\n{estimate_cell(finding.result, language)}".strip()
    frame = pd.DataFrame([{"_scale": scale, "_method": label} | cells for (scale, label), cells in rows.items()])
    table = GT(frame, rowname_col="_method", groupname_col="_scale", id=f"estimates-{outcome}")
    table = table.cols_label({key: reading(release, key, language) for key in used}).cols_align("right", columns=used)
    table = table.tab_stubhead(words.text("report.columns.method", language))
    readings = [key for key in used if key != ALL_READINGS]
    if len(readings) > 1:
        table = table.tab_spanner(words.text("report.columns.readings", language), columns=readings, id="readings")
    return _dressed(table, caption)


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
    told = []
    if len({other.estimand for other in others}) > 1:
        told.append(words.text(f"labels.estimand.{result.estimand}", language))
    shared = set.intersection(*(set(other.assumptions) for other in others))
    told += [assumption(release, key, language) for key in result.assumptions if key not in shared]
    return "; ".join(told)


def _dressed(table: GT, caption: str) -> Markup:
    told = escape(caption)
    region = f'class="scroll" tabindex="0" role="region" aria-label="{told}"'
    html = re.sub(r"<style>.*?</style>", "", table.as_raw_html(), flags=re.DOTALL)
    html = re.sub(r'(<div id="[^"]*") style="[^"]*"', lambda found: f"{found[1]} {region}", html, count=1)
    html = re.sub(r"<table [^>]*>", lambda found: f"{found[0]}<caption>{told}</caption>", html, count=1)
    return Markup(html)  # noqa: S704 (cells are escaped by great_tables, the caption here)
