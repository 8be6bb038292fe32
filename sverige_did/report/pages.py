"""The page: one self-contained HTML file a language, made from one release and nothing else."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sverige_did import words
from sverige_did.report import (
    district_inference,
    headlines,
    labels,
    numbers,
    overview,
    posteriors,
    priors,
    provenance,
    sections,
    sensitivity,
)
from sverige_did.report.forest import Shapes
from sverige_did.report.tables import Table, heads

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language


def environment() -> Environment:
    """The templates: everything is escaped, and a name that does not exist is an error."""
    loader = PackageLoader("sverige_did.report")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(release: Release, language: Language) -> str:
    """The whole page as text: CSS and figures inline, no script, nothing fetched.

    Raises KeyError where the release carries a key that the language files do not know.
    """
    context = _frame(release, language) | _findings(release, language) | _record(release, language)
    context |= _registers(release, language)
    return environment().get_template("page.html.j2").render(context)


def file_name(release: Release, language: Language) -> str:
    """The name under which the two pages link to each other."""
    return f"{release.study.study}.{language}.html"


def _frame(release: Release, language: Language) -> dict[str, Any]:
    other: Language = "en" if language == "da" else "da"
    css = files("sverige_did.report").joinpath("static/report.css").read_text("utf-8")
    return {
        "language": language,
        "other": other,
        "sibling": file_name(release, other),
        "t": partial(_text, language),
        "say": partial(labels.in_language, language=language),
        "day": partial(numbers.day, language=language),
        "css": Markup(css),  # noqa: S704 (a file of this package)
        "release": release,
        "study": release.study,
    }


def _text(language: Language, key: str, **values: object) -> str:
    return words.text(key, language, **values)


def _findings(release: Release, language: Language) -> dict[str, Any]:
    shown = headlines.rows(release)
    title = labels.caption(release, "overview", language)
    draw = partial(overview.overview, shown, language, title=title, mark=labels.mark(release, language))
    return {
        "answer": words.text("report.answer", language, **headlines.tally(release)),
        "overview": Shapes(draw("wide"), draw("narrow")) if shown else None,
        "overview_table": _overview_table(shown, title, language),
        "off_scale": headlines.off_scale(release),
        "main_reading": labels.reading(release, release.main_reading, language),
        "standings": headlines.STANDINGS,
        "questions": sections.questions(release, language),
        "readings": sensitivity.readings(release, language),
        "reading_definitions": sensitivity.reading_definitions(release, language),
        "sensitivity": sensitivity.sensitivity(release, language),
    }


def _overview_table(shown: tuple[headlines.Row, ...], caption: str, language: Language) -> Table:
    rows = tuple(
        (
            overview.row_name(row, language),
            row.design_class,
            *(overview.cell(item, language) for item in (row.raw, row.did, row.bayes, row.level)),
        )
        for row in shown
    )
    columns = heads(("outcome", "design", "raw", "did", "bayes", "level"), language)
    return Table(caption, columns, rows, frozenset(range(2, 6)))


def _record(release: Release, language: Language) -> dict[str, Any]:
    return {
        "priors": priors.priors(release, language),
        "beliefs": priors.belief_figure(release, language),
        "diagnostics": priors.diagnostics(release, language),
        "diagnostics_sentence": priors.diagnostics_sentence(release, language),
        "assumptions": provenance.assumptions(release, language),
        "deviations": provenance.deviations(release, language),
        "versions": provenance.versions(release, language),
        "reported": provenance.reported(release, language),
        "needed": provenance.needed(release, language),
        "limits": provenance.limits(release),
        "plan": provenance.plan_text(release),
    }


def _registers(release: Release, language: Language) -> dict[str, Any]:
    return {
        "lineups": district_inference.lineups(release, language),
        "together": district_inference.together(release, language),
        "levels": district_inference.levels(release, language),
        "coverage": district_inference.coverage(release, language),
        "withheld": district_inference.withheld(release, language),
        "posteriors": posteriors.posteriors(release, language),
        "left_out": tuple(district_inference.said(remark, language) for remark in release.left_out),
    }
