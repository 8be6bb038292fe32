"""What is told first follows from the release by rule."""

from __future__ import annotations

from small_release import finding, make_release, make_study

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import headlines, pages
from sverige_did.results.estimates import Estimate


def test_every_question_is_counted_once(release: Release) -> None:
    counted = headlines.tally(release)
    assert counted == {"total": 7, "supported": 0, "open": 2, "descriptive": 3, "unanswered": 2}
    assert counted["total"] == sum(count for key, count in counted.items() if key != "total")


def test_the_first_figure_shows_the_main_reading(release: Release) -> None:
    shown = {row.outcome: row for row in headlines.rows(release)}
    assert set(shown) == {"institution_share", "breakdowns"}
    row = shown["institution_share"]
    assert [item and item.reading for item in (row.raw, row.did, row.bayes, row.level)] == ["H2", "H2", "H2", None]
    level = shown["breakdowns"]
    assert level.level is not None
    assert level.raw is level.did is level.bayes is None


def test_every_outcome_is_either_in_the_first_figure_or_has_a_reason(release: Release) -> None:
    shown = [row.outcome for row in headlines.rows(release)]
    absent = dict(headlines.off_scale(release))
    assert sorted([*shown, *absent]) == sorted(item.outcome for item in release.study.outcomes)
    assert absent == {
        "family_share": "level_lost",
        "ladder_moves": "other_scale",
        "decision_time": "other_scale",
        "wellbeing_sdq": "no_data",
        "caseload": "numbers_lost",
    }


def test_the_order_of_findings_does_not_matter(release: Release) -> None:
    turned = release.model_copy(update={"findings": release.findings[::-1]})
    assert headlines.rows(turned) == headlines.rows(release)
    assert headlines.tally(turned) == headlines.tally(release)


def test_the_treated_districts_go_before_a_new_one_and_spending_stands_beside_shares() -> None:
    study = make_study()
    own = Estimate(
        estimate=0.8,
        lower=0.5,
        upper=1.2,
        level=0.95,
        scale="ratio",
        estimator="bayes_costs",
        inference="posterior",
        estimand="att",
    )
    new = own.model_copy(update={"estimate": 0.9, "estimand": "new_district"})
    for told in ((own, new), (new, own)):
        release = make_release(study, findings=tuple(finding(study, "institution_share", "all", one) for one in told))
        (row,) = (one for one in headlines.rows(release) if one.outcome == "institution_share")
        assert row.bayes is not None
        assert row.bayes.result == own


def test_a_break_even_never_speaks_for_an_outcome() -> None:
    study = make_study()
    alone = Estimate(
        estimate=23.0, scale="institution_years", estimator="break_even", inference="assumption", estimand="break_even"
    )
    release = make_release(study, findings=(finding(study, "family_share", "all", alone),))
    assert headlines.headline(release, "family_share") is None
    assert headlines.standing(release, "family_share") == "refused"


def test_a_finding_with_an_interval_goes_before_one_without(release: Release) -> None:
    study = release.study
    bare = Estimate(estimate=0.4, scale="ratio", estimator="rate_ratio", inference="none", estimand="ratio")
    first = release.model_copy(update={"findings": (finding(study, "breakdowns", "all", bare), *release.findings)})
    told = headlines.headline(first, "breakdowns")
    assert told is not None
    assert told.result.lower is not None


def test_no_reading_is_chosen_away(release: Release) -> None:
    told = headlines.headline(release, "institution_share")
    others = headlines.elsewhere(release, "institution_share")
    assert told is not None
    assert [item.reading for item in others] == ["H1"]
    assert {(item.result.estimator, item.result.scale) for item in others} == {
        (told.result.estimator, told.result.scale)
    }
    assert others[0].result.estimate != told.result.estimate


def test_a_posterior_under_the_main_prior_goes_before_one_under_another(release: Release) -> None:
    told = headlines.headline(release, "institution_share")
    assert told is not None
    priors = {"prior_effect": told.result.estimate, "prior_effect_sceptical": 0.9}
    versions = [
        told.model_copy(update={"result": told.result.model_copy(update={"estimate": value, "assumptions": (key,)})})
        for key, value in priors.items()
    ]
    doubted = release.model_copy(update={"findings": tuple(versions[::-1])})
    chosen = headlines.headline(doubted, "institution_share")
    assert chosen is not None
    assert "prior_effect" in chosen.result.assumptions
    assert headlines.elsewhere(doubted, "institution_share") == ()


def test_the_first_sentence_counts_what_stands_when_all_outcomes_are_looked_at() -> None:
    """A supported outcome counts only with an adjusted p at the level; without adjusted p-values its verdict counts."""
    release = make_release()
    supported = [
        one.model_copy(update={"verdict": "supported"}) if one.outcome == "breakdowns" else one
        for one in release.findings
    ]
    main = headlines.headline(release.model_copy(update={"findings": tuple(supported)}), "breakdowns")
    assert main is not None
    counts = {}
    for p in (None, 0.04, 0.06):
        told = [
            one.model_copy(update={"result": one.result.model_copy(update={"p_adjusted": p, "level": 0.95})})
            if one == main
            else one
            for one in supported
        ]
        turned = release.model_copy(update={"findings": tuple(told)})
        counts[p] = headlines.tally(turned)["supported"]
        key = "answer" if p is None else "answer_adjusted"
        for language in words.LANGUAGES:
            assert pages.answer(turned, language) == words.text(f"report.{key}", language, **headlines.tally(turned))
    assert counts == {None: 1, 0.04: 1, 0.06: 0}
