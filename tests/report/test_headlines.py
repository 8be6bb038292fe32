"""What is told first follows from the release by rule."""

from __future__ import annotations

import pytest
from small_release import finding, make_release, make_study

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import headlines, pages
from sverige_did.report.claims import claim
from sverige_did.report.headlines import BAYES, headline, kind_of, rows, standing
from sverige_did.report.pages import overview_figure
from sverige_did.report.sections import number
from sverige_did.results.estimates import Estimate, Remark
from sverige_did.results.methods_tables import MethodsRecord


def test_every_question_is_counted_once(release: Release) -> None:
    counted = headlines.tally(release)
    assert counted == {"total": 6, "implementation": 1, "supported": 0, "open": 2, "descriptive": 3, "unanswered": 1}
    answers = sum(count for key, count in counted.items() if key not in {"total", "implementation"})
    assert counted["total"] == answers == len(release.study.questions) - 1


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
    assert sorted([*shown, *absent]) == sorted(
        item.outcome for item in release.study.outcomes if item.role != "implementation"
    )
    assert absent == {
        "family_share": "level_lost",
        "ladder_moves": "other_scale",
        "decision_time": "other_scale",
        "wellbeing_sdq": "no_data",
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


def test_the_interval_that_is_drawn_is_that_of_the_calibrated_test() -> None:
    """Of a methods table on its first scale, in whatever order; the first row where the calibrated test has none."""
    study = make_study()
    rows = [
        Estimate(
            estimate=estimate, lower=estimate - width, upper=estimate + width, level=0.95, p_value=0.2,
            scale=scale, estimand="att", estimator=estimator, inference=inference,
        )
        for scale, estimator, estimate in (("ratio", "did_log", 0.8), ("pp", "collapse", -4.0))
        for inference, width in (("permutation_studentised", 0.1), ("cr2_bell_mccaffrey", 0.2), ("behrens_fisher", 0.3))
    ]  # fmt: skip
    record = MethodsRecord(outcome="institution_share", scale="ratio", verdict="inconclusive")

    def told(shown: list[Estimate]) -> Estimate:
        findings = tuple(finding(study, "institution_share", "all", one) for one in shown)
        main = headlines.headline(make_release(study, findings=findings, methods_tables=(record,)), "institution_share")
        assert main is not None
        return main.result

    assert told(rows) == rows[2]
    assert told([rows[1], rows[2], rows[0], *rows[3:]]) == rows[2]
    assert told([one for one in rows if one.inference != "behrens_fisher"]) == rows[0]
    release = make_release(study, findings=tuple(finding(study, "institution_share", "all", one) for one in rows))
    drawn = headlines.pick(release, "institution_share", ("did_log", "did"), "ratio")
    assert drawn is not None
    assert drawn.result == rows[2]


def test_an_outcome_whose_figures_cannot_be_true_has_no_headline_and_says_so_whatever_findings_stand_there(
    release: Release,
) -> None:
    outcome = next(item.outcome for item in release.study.outcomes if headline(release, item.outcome) is not None)
    torn = release.model_copy(update={"contradicted": (outcome,)})
    assert headline(torn, outcome) is None
    for language, said in (("en", "cannot all be true, so nothing is computed"), ("da", "kan ikke alle være rigtige")):
        assert said in claim(torn, outcome, language)
        assert said not in claim(release, outcome, language)


def refused(release: Release, *keys: str) -> tuple[Release, str]:
    """One outcome with a methods table that gives no verdict, for reasons, and a posterior as its only finding."""
    found = next(item for item in release.findings if kind_of(item) in BAYES)
    remarks = tuple(Remark(key=key, values={"found": "2", "needed": "3"}) for key in keys)
    record = MethodsRecord(outcome=found.outcome, scale="pp", verdict="refused", remarks=remarks)
    designs = tuple(
        one.model_copy(update={"design_class": "D1"}) if one.outcome == found.outcome else one
        for one in release.designs
    )
    update = {"methods_tables": (record,), "findings": (found,), "designs": designs}
    return release.model_copy(update=update), found.outcome


def test_a_posterior_is_never_the_main_number_of_an_outcome_that_could_not_be_computed(release: Release) -> None:
    made, outcome = refused(release, "errors.did_one_pre_period")
    assert headline(made, outcome) is None
    assert (standing(made, outcome), number(made, outcome, "en")) == ("refused", "–")


@pytest.mark.parametrize(
    ("keys", "few"),
    [
        (("inference.note.few_treated",), True),
        (("inference.note.exchangeable", "inference.note.few_assignments"), True),
        (("errors.too_few_control",), True),
        (("errors.did_go_live_unknown",), False),
        ((), False),
    ],
)
def test_few_districts_are_the_reason_only_where_they_are(release: Release, keys: tuple[str, ...], few: bool) -> None:
    made, outcome = refused(release, *keys)
    assert ("so few districts" in claim(made, outcome, "en")) == few
    assert ("så få distrikter" in claim(made, outcome, "da")) == few


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_first_figure_names_posteriors_only_where_it_has_one(release: Release, language: str) -> None:
    without = release.model_copy(
        update={"findings": tuple(item for item in release.findings if kind_of(item) not in BAYES)}
    )
    for made, there in ((release, True), (without, False)):
        assert any(row.bayes for row in rows(made)) == there
        found = overview_figure(made, language)  # type: ignore[arg-type]
        assert found is not None
        assert (words.text("report.captions.overview", language) in found[1].caption) == there


def test_the_first_sentence_counts_what_stands_when_all_outcomes_are_looked_at() -> None:
    """A supported outcome counts only with an adjusted p at the level; without adjusted p-values its verdict counts."""
    release = make_release()
    supported = [
        one.model_copy(update={"verdict": "supported"}) if one.outcome == "breakdowns" else one
        for one in release.findings
    ]
    main = headlines.headline(release.model_copy(update={"findings": tuple(supported)}), "breakdowns")
    assert main is not None
    # The adjusted p stands with the test that it adjusts; the row whose interval is drawn has none.
    test = main.result.model_copy(update={"inference": "permutation_studentised", "level": 0.95})
    counts = {}
    for p in (None, 0.04, 0.06):
        beside = main.model_copy(update={"result": test.model_copy(update={"p_adjusted": p})})
        turned = release.model_copy(update={"findings": (*supported, beside)})
        counts[p] = headlines.tally(turned)["supported"]
        key = "answer" if p is None else "answer_adjusted"
        for language in words.LANGUAGES:
            assert pages.answer(turned, language) == " ".join(
                words.text(f"report.{name}", language, **headlines.tally(turned)) for name in (key, "answer_done")
            )
    assert counts == {None: 1, 0.04: 1, 0.06: 0}
