"""Posteriors through disclosure control and onto the page, in both languages: no single district, no verdict."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy import stats
from small_posterior import classes, panel, plan

from sverige_did import words
from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import Release
from sverige_did.report import numbers, render
from sverige_did.report.posterior_sentences import sentences
from sverige_did.report.posteriors import alternative_prior_table, learned, misfit, posteriors
from sverige_did.results.estimates import Curve, Diagnostics, Estimate, Remark
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.results.posteriors import (
    AlternativePrior,
    Learned,
    LeftOut,
    NonResponse,
    PosteriorRecord,
    PosteriorScale,
    PredictiveCheck,
    SpendingParts,
)

MEAN, SD = -0.4, 0.25
LEVELS = (0.5, 0.89, 0.95)


def scale(name: str, null: float, **changes: object) -> PosteriorScale:
    """A normal posterior of the log ratio, told on one scale."""
    move = np.exp if name == "ratio" else (lambda x: 3 * x) if name == "rate_per_1000" else (lambda x: x)
    ends = [stats.norm(MEAN, SD).ppf([(1 - level) / 2, (1 + level) / 2]) for level in LEVELS]
    told = {
        "estimand": "att", "scale": name, "median": float(move(MEAN)), "levels": LEVELS,
        "intervals": tuple((float(move(low)), float(move(high))) for low, high in ends),
        "prob_benefit": float(stats.norm(MEAN, SD).cdf(null)),
    }  # fmt: skip
    return PosteriorScale.model_validate(told | changes)


def estimate(one: PosteriorScale) -> Estimate:
    low, high = one.intervals[-1]
    return Estimate(
        estimate=one.median, scale=one.scale, estimand="att", estimator="bayes", inference="posterior", lower=low,
        upper=high, level=0.95, prob_benefit=one.prob_benefit, assumptions=("parallel_trends_log", "prior_effect"),
    )  # fmt: skip


def alternative_prior(kind: str, prior: str, prob: float, value: float | None = None) -> AlternativePrior:
    return AlternativePrior(
        kind=kind, prior=prior, value=value, median=0.7, lower=0.4, upper=1.1, prob_benefit=prob, sampled=value == 0.6,
        pareto_k=0.9 if value == 0.6 else 0.2,
    )  # fmt: skip


def check(name: str, p: float, side: str = "more") -> PredictiveCheck:
    return PredictiveCheck(check=name, p=p, side=side, observed=1.25, low=0.5, high=1.0)


def record(**changes: object) -> PosteriorRecord:
    own = scale("rate_per_1000", 0.0, threshold=-1.0, prob_beyond=0.61, rope=0.25, rope_mass=0.07)
    scales = (own, scale("ratio", 0.0), scale("log_ratio", 0.0))
    grid = np.linspace(-3, 3, 61)
    curves = {"prior": stats.norm(0, 0.75).pdf(grid), "posterior": stats.norm(MEAN, SD).pdf(grid)}
    axes = {"x_name": "posterior.axis.log_ratio", "y_name": "posterior.axis.density", "x": tuple(grid)}
    made = {
        "outcome": "institution_per_1000", "likelihood": "poisson", "scales": scales,
        "estimates": tuple(map(estimate, scales)),
        "densities": tuple(Curve.model_validate({"name": name, "y": tuple(y)} | axes) for name, y in curves.items()),
        "alternative_priors": (
            alternative_prior("effect", "effect_sceptical", 0.91), alternative_prior("effect", "effect", 0.95),
            alternative_prior("shock", "shock_sd", 0.93, 0.1), alternative_prior("shock", "shock_sd", 0.88, 0.6),
        ),
        "learned": (Learned(parameter="tau", prior_median=0.0, posterior_median=MEAN, shrinkage=0.9, overlap=0.4),),
        "power": {"effect": 0.02, "shock_sd": 0.001, "likelihood": 0.09},
        "prior_level": (0.9, 6.0, 39.0), "prior_share": 0.997,
        "checks": (check("spread_of_changes", 0.6), check("autocorrelation", 0.001),
                   check("largest_change", 0.002, "less")),
        "left_out": LeftOut(districts=16, refitted=1, lowest=0.6, highest=0.78, gain=1.4, gain_error=0.9),
    }  # fmt: skip
    return PosteriorRecord.model_validate(made | changes)


REFUSED = PosteriorRecord(
    outcome="breakdowns", likelihood="negative_binomial", remarks=(Remark(key="errors.cells_all_zero"),)
)


GATES = Diagnostics(
    fit="institution_per_1000.poisson", chains=4, draws=1000, seed=1, r_hat_max=1.001, ess_bulk_min=900.0,
    ess_tail_min=800.0, divergences=0, bfmi_min=0.9, passed=True,
)  # fmt: skip


def released(*records: PosteriorRecord) -> Release:
    requested, cells = plan(("institution_per_1000", "breakdowns")), panel()
    return release_registers(
        study=requested, panel=cells, designs=classes(cells, requested), findings=(),
        methods_tables=(MethodsRecord(outcome="institution_per_1000", scale="ratio", verdict="inconclusive"),),
        coverage=(), posteriors=records, diagnostics=(GATES,),
    )  # fmt: skip


@pytest.fixture(scope="module")
def out() -> Release:
    return released(record(), REFUSED)


def test_estimates_become_findings_with_the_verdict_that_the_rule_gave(out: Release) -> None:
    assert {(one.outcome, one.verdict) for one in out.findings} == {("institution_per_1000", "inconclusive")}
    assert [one.result.scale for one in out.findings] == ["rate_per_1000", "ratio", "log_ratio"]


def test_nothing_observed_about_a_single_district_leaves(out: Release) -> None:
    (told, _) = out.posteriors
    seen = {one.check: (one.observed, one.low, one.high) for one in told.checks}
    assert seen["largest_change"] == (None, None, None)
    assert seen["spread_of_changes"] == (1.2, 0.5, 1.0)


def test_a_part_withheld_shuts_the_whole_composition() -> None:
    parts = [record(outcome=name, likelihood="composition") for name in ("institution_share", "network_share")]
    requested, cells = plan(("institution_share", "network_share")), panel()
    few = cells.cells["outcome"] == "network_share"
    tiny = cells.cells.assign(value=cells.cells["value"].where(~few, 0.01))
    made = release_registers(
        study=requested, panel=type(cells).of(tiny, synthetic=True), designs=classes(cells, requested), findings=(),
        methods_tables=(),
        coverage=(), posteriors=tuple(parts),
    )  # fmt: skip
    assert made.withheld == ("network_share",)
    assert made.posteriors == ()


def test_the_release_survives_json(out: Release) -> None:
    assert Release.model_validate(json.loads(out.model_dump_json())) == out


@pytest.mark.parametrize(("language", "told"), [("en", "0.9 and 39%"), ("da", "0,9 og 39\xa0%")])
def test_the_prior_of_a_share_is_told_in_per_cent_as_each_language_writes_it(
    out: Release, language: words.Language, told: str
) -> None:
    share = out.posteriors[0].model_copy(update={"outcome": "institution_share"})
    assert any(told in sentence for sentence in sentences(share, language))


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_block_says_what_a_council_needs(out: Release, language: words.Language) -> None:
    told, none = posteriors(out)
    first, second, *_ = sentences(told, language)
    assert words.text("outcomes.institution_per_1000.phrase", language) in first
    for number in ("95", "61", "7"):
        assert re.search(rf"\b{number}\b", first)
    assert "91" in second
    assert "88" in second
    _, more, less = (misfit(out, one, language) for one in told.checks)
    assert words.text("posterior.meaning.autocorrelation.more", language) in more
    assert less.endswith(words.text("posterior.meaning.largest_change.less", language))
    assert [remark.key for remark in none.remarks] == ["errors.cells_all_zero"]
    rows = alternative_prior_table(out, told, language).rows
    assert [row[-1] for row in rows].count(words.text("posterior.how.sampled", language)) == 1


UNRATED = NonResponse(
    answered=30, unanswered=46, delta=(0.0, 2.0), median=(-1.0, -0.5), prob_benefit=(0.9, 0.7), reference=-1.5,
    tipping=4.21,
)  # fmt: skip


def said_of_the_unrated(told: NonResponse, language: words.Language) -> str:
    (first, _) = posteriors(released(record(non_response=told)))
    start = words.text("posterior.non_response.hidden", language).split(",", maxsplit=1)[0]
    (sentence,) = (one for one in sentences(first, language) if "45" in one or one.startswith(start))
    return sentence


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_children_not_rated_again_are_told_with_what_it_would_take(language: words.Language) -> None:
    said = said_of_the_unrated(UNRATED, language)
    for number in ("30", "45", "1.0", "by 2: " if language == "en" else "med 2: ", "0.5", "1.5", "4.2"):
        assert number.replace(".", "," if language == "da" else ".") in said
    for key, tipping in (("never", None), ("already", 0.0)):
        other = said_of_the_unrated(UNRATED.model_copy(update={"tipping": tipping}), language)
        assert other.endswith(words.text(f"posterior.non_response.{key}", language))


@pytest.mark.parametrize("few", ["answered", "unanswered"])
def test_few_children_not_rated_again_are_hidden_with_all_that_would_tell_how_many(few: str) -> None:
    small = UNRATED.model_copy(update={few: 4})
    assert released(record(non_response=small)).posteriors[0].non_response == NonResponse()
    assert said_of_the_unrated(small, "en") == words.text("posterior.non_response.hidden", "en")


PARTS = SpendingParts(children=23, by_use=scale("rate_per_1000", 0.0), by_amount=scale("ratio", 0.0))


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_how_much_of_an_effect_on_spending_comes_from_whom_is_one_sentence(language: words.Language) -> None:
    out = released(record(spending=PARTS))
    kept = out.posteriors[0].spending
    assert kept is not None
    assert kept.children is None
    assert kept.by_use is not None
    assert kept.by_amount is not None
    assert PARTS.by_use is not None
    assert kept.by_use.median == pytest.approx(PARTS.by_use.median, abs=0.25)
    (said,) = (one for one in sentences(posteriors(out)[0], language) if one.startswith(START[language]))
    for value in (kept.by_use.median, *kept.by_use.intervals[1]):
        assert numbers.bare("rate_per_1000", value, language, kept.by_use.step) in said
    assert "23" not in said


def test_the_parts_of_spending_on_few_children_are_hidden() -> None:
    out = released(record(spending=PARTS.model_copy(update={"children": 4})))
    assert out.posteriors[0].spending == SpendingParts()
    said = list(sentences(posteriors(out)[0], "en"))
    assert words.text("posterior.spending.hidden", "en") in said
    assert not [one for one in said if one.startswith(START["en"])]


START = {"da": "Heraf kommer", "en": "Of this,"}


def test_how_many_children_are_at_the_ends_of_the_scale_does_not_leave() -> None:
    out = released(record(checks=(check("low_scores", 0.4), check("mean_change", 0.4))))
    assert [one.observed for one in out.posteriors[0].checks] == [None, 1.2]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_page_shows_it_marked_as_made_up(out: Release, language: words.Language) -> None:
    page = render(out, language)
    block = page[page.index('id="posteriors"') : page.index("</section>", page.index('id="posteriors"'))]
    assert words.text("posterior.heading", language) in block
    assert words.text("report.synthetic.mark", language) in block
    assert not re.search(r"\bnan\b", block)
    assert words.text("posterior.refused", language, why=words.text("errors.cells_all_zero", language)) in block


def test_where_no_direction_is_better_no_benefit_is_spoken_of() -> None:
    own = scale("rate_per_1000", 0.0, prob_benefit=None, rope=0.25, rope_mass=0.07)
    neutral = tuple(one.model_copy(update={"prob_benefit": None}) for one in record().alternative_priors)
    (told, _) = posteriors(released(record(scales=(own,), alternative_priors=neutral)))
    assert "favourable" not in " ".join(sentences(told, "en"))


@pytest.mark.parametrize(
    ("power", "key"),
    [((0.02, 0.09), "little"), ((0.2, 0.02), "prior"), ((0.2, 0.2), "conflict")],
)
def test_how_far_the_answer_rests_on_the_prior_is_said(power: tuple[float, float], key: str) -> None:
    told = record(power={"effect": power[0], "shock_sd": 0.0, "likelihood": power[1]})
    (first, _) = posteriors(released(told))
    start = words.text(f"posterior.power.{key}", "en", effect="@", likelihood="@", limit="@").split("@")[0]
    assert any(sentence.startswith(start) for sentence in sentences(first, "en"))


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(
    ("shrinkage", "overlap", "alone"), [(0.02, 0.97, True), (-0.03, 0.96, True), (0.5, 0.95, False), (0.05, 0.7, False)]
)
def test_what_comes_of_the_assumption_alone_is_said_beside_its_number(
    shrinkage: float, overlap: float, alone: bool, language: words.Language
) -> None:
    one = Learned(parameter="sigma_tau", prior_median=0.17, posterior_median=0.18, shrinkage=shrinkage, overlap=overlap)
    told = record(learned=(one,))
    ((_, before, after, *_),) = learned(released(told), told, language).rows
    value = numbers.significant(0.18, language)
    assert after == (words.text("posterior.assumed_alone", language, value=value) if alone else value)
    assert before == numbers.significant(0.17, language)


def test_every_other_outcome_of_the_plan_is_told_why_it_has_none() -> None:
    (first, other) = released(record()).posteriors
    assert (first.outcome, first.refused) == ("institution_per_1000", False)
    assert (other.outcome, other.likelihood, other.remarks[0].key) == (
        "breakdowns",
        "none",
        "errors.posterior_not_sampled",
    )


def test_a_plan_that_asks_for_no_posteriors_gets_no_list_of_refusals() -> None:
    requested, cells = plan(("breakdowns",), posterior=None), panel()
    made = release_registers(
        study=requested, panel=cells, designs=classes(cells, requested), findings=(),
        methods_tables=(), coverage=(),
        posteriors=(REFUSED,),
    )  # fmt: skip
    assert made.posteriors == ()


def test_a_study_without_posteriors_has_no_section(release: Release) -> None:
    assert 'id="posteriors"' not in render(release, "en")
