"""The annex: everything that a release can tell, in one self-contained HTML file a language, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from inspect import signature
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sverige_did import words
from sverige_did.report import (
    claims,
    district_inference,
    economy,
    economy_notes,
    headlines,
    implementation,
    labels,
    ladder,
    multiverse,
    numbers,
    overview,
    posterior_sentences,
    posteriors,
    priors,
    provenance,
    sections,
    sensitivity,
    spending,
    tables,
    targets,
    unanswered,
    voices,
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
    """The annex as text: CSS and figures inline, no script, nothing fetched.

    Raises KeyError where the release carries a key that the language files do not know.
    """
    with words.naming(release.study.named_unit):
        return environment().get_template("page.html.j2").render(context(release, language))


def context(release: Release, language: Language) -> dict[str, Any]:
    """What the templates of both pages of a study see."""
    other: Language = "en" if language == "da" else "da"
    css = files("sverige_did.report").joinpath("static/report.css").read_text("utf-8")
    seen = {
        "language": language,
        "other": other,
        "sibling": annex_name(release, other),
        "front": file_name(release, language),
        "annex": annex_name(release, language),
        "doubt": doubt_name(release, language),
        "script_source": "",
        "t": partial(_text, language),
        "css": Markup(css),  # noqa: S704 (a file of this package)
        "release": release,
        "study": release.study,
        "standings": headlines.STANDINGS,
        "shortest_first": partial(sorted, key=len),
        "tables_shown": sensitivity.TABLES_SHOWN,
    }
    return seen | {function.__name__: _bound(function, release, language) for function in TEMPLATE_FUNCTIONS}


def file_name(release: Release, language: Language) -> str:
    """The name of the answer page, under which the others link to it."""
    return f"{release.study.study}.{language}.html"


def annex_name(release: Release, language: Language) -> str:
    """The name of the annex."""
    return f"{release.study.study}.annex.{language}.html"


def doubt_name(release: Release, language: Language) -> str:
    """The name of the page on what could overturn the answers."""
    return f"{release.study.study}.doubt.{language}.html"


def _text(language: Language, key: str, **values: object) -> str:
    return words.text(key, language, **values)


def _bound(function: Callable[..., Any], release: Release, language: Language) -> Callable[..., Any]:
    """The function without the release and the language: on one page they are always the same."""
    names = signature(function).parameters
    bound = {"language": language} if "language" in names else {}
    return partial(function, release, **bound) if "release" in names else partial(function, **bound)


def answer(release: Release, language: Language) -> str:
    """The one sentence about all questions; that p-values were adjusted for many outcomes is a part of it."""
    key, counts = "answer_adjusted" if headlines.adjusted(release) else "answer", headlines.tally(release)
    said = words.text(f"report.{key}", language, **counts)
    return f"{said} {words.text('report.answer_done', language, **counts)}" if counts["implementation"] else said


def overview_figure(release: Release, language: Language) -> tuple[Shapes, Table] | None:
    """The first figure with its numbers; None where no outcome can stand in it."""
    shown = headlines.rows(release)
    if not shown:
        return None
    with_posteriors = any(row.bayes for row in shown)
    title = labels.caption(release, "overview" if with_posteriors else "overview_without_posteriors", language)
    draw = partial(overview.overview, shown, language, title=title, mark=labels.mark(release, language))
    rows = tuple(
        (
            overview.row_name(row, language),
            words.text(f"design.class.{row.design_class}.name", language),
            *(overview.cell(item, language) for item in (row.raw, row.did, row.bayes, row.level)),
        )
        for row in shown
    )
    columns = heads(("outcome", "design", "raw", "did", "bayes", "level"), language)
    return Shapes(draw("wide"), draw("narrow")), Table(title, columns, rows, frozenset(range(2, 6)))


TEMPLATE_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    answer, overview_figure, numbers.day, claims.claim, tables.estimates, spending.spending, sensitivity.sensitivity,
    multiverse.multiverse,
    headlines.design_of, headlines.off_scale, headlines.question_standing, headlines.standing,
    labels.in_language, labels.reading, labels.short_name,
    sections.figure, sections.given, sections.notes, sections.number, sections.other_numbers,
    sections.remarks, sections.reported, sections.source_href,
    sensitivity.fact_said, sensitivity.feasible_intervals, sensitivity.feasible_tables,
    priors.belief_figure, priors.diagnostics, priors.diagnostics_sentence, priors.priors,
    provenance.assumptions, provenance.deviations, provenance.limits, provenance.needed, provenance.needs,
    provenance.plan_text, provenance.sources, provenance.versions,
    district_inference.coverage, district_inference.levels, district_inference.methods_table_figures,
    district_inference.methods_table_remarks, district_inference.said, district_inference.max_t_adjustment,
    district_inference.withheld,
    economy_notes.economy_notes, economy.economy_sentences, economy.economy_tables, economy.waterfall,
    targets.target_figure, targets.target_moves, targets.target_notes, targets.target_sentences, targets.target_table,
    ladder.ladder_record, ladder.ladder_remarks, ladder.ladder_lead, ladder.ladder_figures, ladder.ladder_sentences,
    ladder.ladder_tables, ladder.early_help, ladder.printed_rungs, ladder.printed_lead,
    implementation.what_was_done, implementation.done_figure, implementation.done_said, implementation.done_reported,
    implementation.done_briefly,
    implementation.doses_said,
    posterior_sentences.sentences, posteriors.densities, posteriors.learned, posteriors.misfit, posteriors.posteriors,
    posteriors.scales, posteriors.alternative_prior_table, posteriors.alternative_priors,
    unanswered.unanswered,
    voices.heard, voices.statements_table,
)  # fmt: skip
"""What the templates ask, each by its own name."""
