"""The page of a study of cases: what it says first, that nothing is called an effect, and that hidden is a word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import small_cases as small

from sverige_did import words
from sverige_did.disclosure.cases import CaseRelease, release_cases
from sverige_did.report.case_names import chance
from sverige_did.report.case_sentences import answer, survey_said
from sverige_did.report.cases import case_answers, render
from sverige_did.results.cases import CasePosterior, OtherPrior, PosteriorRatio
from sverige_did.results.estimates import Curve, Remark
from sverige_did.sources.cases.delivery import read_cases
from sverige_did.studies.cases.checks import CHECKS
from sverige_did.studies.cases.estimate import estimate_cases
from sverige_did.studies.cases.survey import answers_of
from sverige_did.words import Language

LANGUAGES = get_args(Language)


def ratio(subject: str, place: str) -> PosteriorRatio:
    return PosteriorRatio(subject=subject, municipality=place, median=1.4, lower=0.9, upper=2.1, prob_above=0.93)


def posteriors(sha: str) -> tuple[CasePosterior, ...]:
    return (
        CasePosterior(
            model="waits", plan_sha256=sha, spread_prior=0.2, spread=0.21,
            ratios=tuple(
                ratio("hazard", place) for place in ("gladsaxe", "guldborgsund", "ikast-brande", "all", "new")
            ),
            other_priors=(OtherPrior(prior="beta", sd=1.0, median=1.5, lower=0.9, upper=2.3, prob_above=0.95,
                                     pareto_k=0.1),),
            bias=Curve(name="trial", x_name="bias_sd", y_name="prob_faster", x=(0.0, 0.3), y=(0.97, 0.85)),
        ),
        CasePosterior(model="survey", plan_sha256=sha, ratios=(ratio("time.change", "all"),)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> CaseRelease:
    study = small.plan()
    data = read_cases(small.write(tmp_path_factory.mktemp("cases"), small.delivery()), study)
    return release_cases(study, estimate_cases(data, study), posteriors(study.sha256), answers_of(data, study))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_the_page_can_be_taken_for_an_effect(release: CaseRelease, language: Language) -> None:
    page = re.sub(r"<style>.*?</style>|<pre.*?</pre>", "", render(release, language), flags=re.S)
    assert not re.search(r"effe[ck]t|virkning|impact|causal|kausal", page, re.I)
    said = [text for key, text in words.catalogue(language).items() if key.startswith("cases.")]
    assert not re.search(r"effe[ck]t|virkning|impact|caused", " ".join(said), re.I)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_probability_from_draws_is_told_as_certain(language: Language) -> None:
    assert {chance(one, language)[-4:].strip("\u00a0 %") for one in (0.9951, 0.9999, 1.0)} == {"99"}
    assert {chance(one, language).split()[0] for one in (0.0, 0.004)} == {"under"}
    assert chance(0.994, language).startswith("99")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_is_told_the_interval_of_so_few_municipalities_and_what_was_answered(
    release: CaseRelease, language: Language
) -> None:
    told = {one.anchor: one.sentence for one in case_answers(release, language).answers}
    assert all(sentence in told["answer"] for sentence in answer(release, language)[:3])
    said = words.text("cases.survey.changed", language, clear=0, count=1)
    assert said in told["survey"]
    assert said in survey_said(release, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_respondent_a_group_is_held_back_and_never_nought(
    tmp_path: Path, release: CaseRelease, language: Language
) -> None:
    frames, study = small.delivery(), small.plan()
    answers = frames["survey"]
    first = answers.groupby(["municipality", "wave"])["respondent"].transform("first")
    frames["survey"] = answers[answers["respondent"] == first].reset_index(drop=True)
    data = read_cases(small.write(tmp_path, frames), study)
    few = release_cases(study, estimate_cases(data, study), posteriors(study.sha256), answers_of(data, study))
    assert survey_said(few, language)[0] == words.text("cases.survey.lead_few", language, below=5)
    section = render(few, language).split('id="survey"')[1].split("</section>")[0]
    assert not re.search(r"\b0\s*%|[0-9]+ / 32", section)
    assert "<svg" not in section, "neither shares nor a posterior of three answers"


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_many_answered_is_told_by_the_statement_that_most_answered(
    release: CaseRelease, language: Language
) -> None:
    """A caseworker who left the first statement out answered all the same."""
    most = tuple(
        one.model_copy(update={"respondents": one.respondents - 9}) if one.item == "time" and one.respondents else one
        for one in release.survey
    )
    fewer = release.model_copy(update={"survey": most})
    assert survey_said(fewer, language)[0] == survey_said(release, language)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_screen_has_the_difference_and_its_limit(release: CaseRelease, language: Language) -> None:
    first = render(release, language).split("<figure>")[0]
    for key in ("limit",):
        assert words.text(f"cases.answer.{key}", language) in first
    assert first.count('class="answer"') == 2
    assert "180" in first
    assert words.text("report.synthetic.banner", language) in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_made_up_data_is_marked(release: CaseRelease, language: Language) -> None:
    page = render(release, language)
    figures = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(figures) >= 9
    assert all(words.text("report.synthetic.mark", language) in figure for figure in figures)


def test_what_is_hidden_is_said_and_no_name_stands_where_it_must_not(release: CaseRelease) -> None:
    few = release.model_copy(
        update={
            "withheld": ("gladsaxe", "guldborgsund"),
            "findings": tuple(one for one in release.findings if one.reading in {"all", "ikast-brande"}),
            "curves": (),
            "silent": ("gladsaxe", "guldborgsund"),
            "remarks": (Remark(key="errors.not_followed", values={
                "arm": "during", "municipality": "Gladsaxe", "outcome": "decision_to_measure"}),),
        }
    )  # fmt: skip
    page = render(few, "en")
    assert words.text("cases.withheld", "en", names="Gladsaxe, Guldborgsund") in page
    assert words.text("cases.survey.silent", "en", names="Gladsaxe, Guldborgsund") in page
    assert "Decision to first measure, Gladsaxe: No case during the trial was followed" in page


def test_a_release_without_anything_is_told_too(release: CaseRelease) -> None:
    sha = release.plan_sha256
    refused = (Remark(key="errors.no_events"),)
    empty = release.model_copy(
        update={
            "findings": (), "groups": (), "days": (), "curves": (), "survey": (),
            "posteriors": tuple(
                CasePosterior(model=name, plan_sha256=sha, remarks=refused) for name in ("waits", "survey")
            ),
            "checks": tuple(one.model_copy(update={"status": "could_not_run", "key": "no_events", "numbers": {}})
                            for one in release.checks),
        }
    )  # fmt: skip
    for language in LANGUAGES:
        page = render(empty, language)
        assert words.text("cases.answer.none", language) in page
        assert words.text("cases.answer.limit", language) in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_has_its_name_and_sentence(language: Language) -> None:
    for name in CHECKS:
        assert words.has(f"cases.held.{name}.name", language)
        assert any(
            key.startswith(f"cases.held.{name}.") and not key.endswith(".name") for key in words.catalogue(language)
        )


def test_the_two_pages_link_to_each_other(release: CaseRelease) -> None:
    assert 'href="small.en.html"' in render(release, "da")
    assert 'href="small.da.html"' in render(release, "en")
