"""The index: every study with its answer, and all that the sources evaluate with where it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from sverige_did import words
from sverige_did.errors import InputError, Problem
from sverige_did.report.doubt.dots import dots
from sverige_did.report.labels import in_language
from sverige_did.report.pages import environment
from sverige_did.results.answers import SECTIONS, Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sverige_did.results.answers import StudyAnswers
    from sverige_did.study.evaluations import Evaluation, Evaluations
    from sverige_did.words import Language


@dataclass(frozen=True, slots=True)
class Found:
    """One sentence that answers an evaluation, and the study on whose page it stands."""

    study: StudyAnswers
    answer: Answer


@dataclass(frozen=True, slots=True)
class Line:
    """One evaluation of the sources and its answers."""

    evaluation: Evaluation
    found: tuple[Found, ...]


def lines(studies: Iterable[StudyAnswers], evaluations: Evaluations, language: Language) -> tuple[Line, ...]:
    """Each evaluation with its answers, in the order of ``index.yaml``.

    A section that pages can have and this one has not is told in its stead: that the study cannot answer, and why.
    Raises InputError that names each study that is not there, and each place that no page of its kind could have.
    """
    known = {study.study: study for study in studies}
    problems, found = [], []
    for evaluation in evaluations.evaluations:
        answers = []
        for place in evaluation.answered:
            study = known.get(place.study)
            answer = next((one for one in study.answers if one.anchor == place.anchor), None) if study else None
            if study is None:
                problems.append(_missing("index_no_study", evaluation, place.study, sorted(known)))
            elif answer is None and place.anchor in SECTIONS:
                answers.append(Found(study, _not_answered(place.anchor, language)))
            elif answer is None:
                problems.append(_missing("index_no_place", evaluation, place.anchor, [a.anchor for a in study.answers]))
            else:
                answers.append(Found(study, answer))
        found.append(Line(evaluation, tuple(answers)))
    if problems:
        raise InputError(*problems)
    return tuple(found)


def _not_answered(section: str, language: Language) -> Answer:
    why = words.text(f"index.not_answered.{section}", language)
    return Answer(anchor="", sentence=words.text("index.not_answered.lead", language, why=why), standing="no_data")


def unnamed(studies: Iterable[StudyAnswers], evaluations: Evaluations) -> tuple[StudyAnswers, ...]:
    """The studies that no evaluation of ``index.yaml`` is answered by."""
    named = {place.study for evaluation in evaluations.evaluations for place in evaluation.answered}
    return tuple(study for study in studies if study.study not in named)


def _missing(key: str, evaluation: Evaluation, found: str, expected: list[str]) -> Problem:
    return Problem(key, file="index.yaml", column=evaluation.key, found=found, expected=", ".join(expected))


def render_index(studies: tuple[StudyAnswers, ...], evaluations: Evaluations | None, language: Language) -> str:
    """The index as one page in one language, with no script and nothing fetched."""
    other: Language = "en" if language == "da" else "da"
    css = files("sverige_did.report").joinpath("static/report.css").read_text("utf-8")
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            language=language,
            other=other,
            sibling=f"index.{other}.html",
            css=Markup(css),  # noqa: S704 (a file of this package)
            t=partial(_text, language),
            title=in_language(evaluations.title, language) if evaluations else words.text("index.title", language),
            lead=in_language(evaluations.lead, language) if evaluations else "",
            # What real figures carry stands before what made-up ones do.
            studies=sorted(studies, key=lambda study: study.synthetic),
            evaluations=lines(studies, evaluations, language) if evaluations else (),
            unnamed=unnamed(studies, evaluations) if evaluations else (),
            dots=dots,
            in_language=partial(in_language, language=language),
        )
    )


def _text(language: Language, key: str, **values: object) -> str:
    return words.text(key, language, **values)
