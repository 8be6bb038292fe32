"""The page of a study of cases begun before and during a trial, made from its release and nothing else."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from inspect import signature
from typing import TYPE_CHECKING, Any

import yaml
from markupsafe import Markup

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.case_figures import bias_figure, curves, held_figure, main_figure, ratio_figure, survey_figure
from sverige_did.report.case_names import headline
from sverige_did.report.case_sentences import answer, held, limits, posterior_said, remarks, survey_said
from sverige_did.report.case_tables import (
    deviations,
    estimates,
    groups,
    other_priors,
    spent,
    survey_tables,
    versions,
)
from sverige_did.report.labels import in_language
from sverige_did.report.pages import environment
from sverige_did.results.answers import Answer, StudyAnswers
from sverige_did.results.cases import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from sverige_did.disclosure.cases import CaseRelease
    from sverige_did.words import Language


def render(release: CaseRelease, language: Language) -> str:
    """The whole page as text: CSS and figures inline, no script, nothing fetched."""
    other: Language = "en" if language == "da" else "da"
    css = files("sverige_did.report").joinpath("static/report.css").read_text("utf-8")
    context: dict[str, Any] = {
        "language": language,
        "other": other,
        "sibling": f"{release.study.study}.{other}.html",
        "t": lambda key, **values: words.text(key, language, **values),
        "css": Markup(css),  # noqa: S704 (a file of this package)
        "release": release,
        "study": release.study,
        "in_language": partial(in_language, language=language),
        "day": partial(numbers.day, language=language),
        "plan_text": partial(plan_text, release),
    }
    context |= {function.__name__: _bound(function, release, language) for function in ASKED}
    return environment().get_template("cases.html.j2").render(context)


def case_answers(release: CaseRelease, language: Language) -> StudyAnswers:
    """What the page answers, for the index of studies: the difference with its limit, and the survey."""
    told = answer(release, language)
    # The interval that so few municipalities allow goes along: the other alone would promise too much.
    sentence = " ".join(told[: 3 if headline(release, ALL, "municipalities") else 2])
    survey = " ".join(survey_said(release, language))
    return StudyAnswers(
        study=release.study.study,
        language=language,
        title=in_language(release.study.title, language),
        question=in_language(release.study.question, language),
        page=f"{release.study.study}.{language}.html",
        synthetic=release.synthetic,
        sentence=sentence,
        answers=(
            Answer(anchor="answer", sentence=sentence, standing="descriptive"),
            Answer(anchor="survey", sentence=survey, standing="descriptive"),
        ),
    )


def plan_text(release: CaseRelease) -> str:
    """The whole plan as YAML."""
    return yaml.safe_dump(release.study.model_dump(mode="json"), allow_unicode=True, sort_keys=False, width=100)


def _bound(function: Callable[..., Any], release: CaseRelease, language: Language) -> Callable[..., Any]:
    assert list(signature(function).parameters)[:2] == ["release", "language"]
    return partial(function, release, language)


ASKED: tuple[Callable[..., Any], ...] = (
    answer, held, limits, posterior_said, remarks, survey_said,
    bias_figure, curves, held_figure, main_figure, ratio_figure, survey_figure,
    deviations, estimates, groups, other_priors, spent, survey_tables, versions,
)  # fmt: skip
"""What the template asks, each by its own name."""
