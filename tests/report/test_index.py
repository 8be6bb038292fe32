"""The index of studies: every evaluation of the sources has its answer, and what is missing is told by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_release import make_release

from sverige_did import words
from sverige_did.errors import InputError
from sverige_did.report import render
from sverige_did.report.answers import study_answers
from sverige_did.report.index import lines, render_index
from sverige_did.results.answers import SECTIONS
from sverige_did.study.evaluations import Evaluations, read_evaluations
from sverige_did.workflow.discover import find_studies

ROOT = Path(__file__).parents[2]


def both(text: str) -> dict[str, str]:
    return {"da": f"{text} (da)", "en": f"{text} (en)"}


def evaluations(*places: tuple[str, str]) -> Evaluations:
    answered = [{"study": study, "anchor": anchor} for study, anchor in places]
    return Evaluations.model_validate(
        {
            "title": both("All"),
            "lead": both("What can be answered"),
            "evaluations": [{"key": "S1", "name": both("Something <new>"), "answered": answered}],
        }
    )


def test_an_evaluation_is_answered_in_the_words_of_the_page_and_linked() -> None:
    release = make_release()
    for language in words.LANGUAGES:
        study = study_answers(release, language)
        page = render_index((study,), evaluations(("small", "outcome-breakdowns")), language)
        told = {answer.anchor: answer for answer in study.answers}["outcome-breakdowns"]
        assert f'href="small.{language}.html#outcome-breakdowns"' in page
        assert f"Something &lt;new&gt; ({language})" in page
        assert words.text(f"front.verdict.{told.standing}", language) in page
        assert words.text("report.synthetic.mark", language) in page


def test_every_sentence_of_the_index_stands_at_its_place_on_the_page() -> None:
    release = make_release()
    for language in words.LANGUAGES:
        page = render(release, language)
        assert all(f'id="{answer.anchor}"' in page for answer in study_answers(release, language).answers)


def test_a_folder_without_a_list_tells_its_studies_alone() -> None:
    page = render_index((study_answers(make_release(), "en"),), None, "en")
    assert words.text("index.title", "en") in page
    assert "evaluations-heading" not in page


def test_a_study_or_place_that_is_not_there_is_named() -> None:
    study = study_answers(make_release(), "en")
    with pytest.raises(InputError) as refusal:
        lines((study,), evaluations(("elsewhere", "voices"), ("small", "outcome-weather")), "en")
    assert [(one.key, one.column, one.found) for one in refusal.value.problems] == [
        ("index_no_study", "S1", "elsewhere"),
        ("index_no_place", "S1", "outcome-weather"),
    ]
    assert "outcome-breakdowns" in refusal.value.say("da")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_an_answer_that_a_study_cannot_give_is_said_plainly_and_links_to_its_page(language: words.Language) -> None:
    study = study_answers(make_release(), language)
    assert "voices" not in {answer.anchor for answer in study.answers}
    page = render_index((study,), evaluations(("small", "voices")), language)
    why = words.text("index.not_answered.voices", language)
    assert words.text("index.not_answered.lead", language, why=why) in page
    assert words.text("front.verdict.no_data", language) in page
    assert f'href="small.{language}.html"' in page
    assert "#voices" not in page


def test_every_section_has_its_reason_and_no_other() -> None:
    for language in words.LANGUAGES:
        keys = {key.split(".")[-1] for key in words.catalogue(language) if key.startswith("index.not_answered.")}
        assert keys == {*SECTIONS, "lead"}


def test_a_study_that_no_question_points_to_is_named_and_linked_all_the_same() -> None:
    study = study_answers(make_release(), "en")
    other = study.model_copy(update={"study": "sixth", "title": "A sixth study", "page": "sixth.en.html"})
    page = render_index((study, other), evaluations(("small", "outcome-breakdowns")), "en")
    assert f'{words.text("index.unnamed", "en")} <a href="sixth.en.html">A sixth study</a>' in page


def test_the_list_knows_every_study_of_the_collection() -> None:
    listed = read_evaluations(ROOT / "analyses" / "index.yaml").evaluations
    named = {place.study for one in listed for place in one.answered}
    assert named == set(find_studies(ROOT))


def test_everything_that_the_sources_evaluate_is_in_the_list() -> None:
    listed = [one.key for one in read_evaluations(ROOT / "analyses" / "index.yaml").evaluations]
    assert listed == [f"S{number}" for number in range(1, 19)]
