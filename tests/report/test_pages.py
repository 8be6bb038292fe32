"""The page as text: what it must hold, what it must never do."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from page_outline import outline
from small_release import finding, make_release, make_study

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import annex_name, file_name, render, svg
from sverige_did.report.claims import claim
from sverige_did.report.pages import doubt_name
from sverige_did.results.estimates import Estimate

CAUSAL = re.compile(r"effekt|effect|virkning|impact|påvirk", re.IGNORECASE)  # codespell:ignore effekt


@pytest.fixture(scope="module")
def pages(release: Release) -> dict[words.Language, str]:
    return {language: render(release, language) for language in words.LANGUAGES}


def test_the_page_is_well_formed(pages: dict[words.Language, str]) -> None:
    for page in pages.values():
        assert page.lstrip().startswith("<!DOCTYPE html>")
        found = outline(page)
        assert found.open == []
        assert len(found.ids) == len(set(found.ids))


def test_headings_descend_one_step_at_a_time(pages: dict[words.Language, str]) -> None:
    for page in pages.values():
        levels = outline(page).headings
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_link_leads_somewhere_and_nothing_is_fetched(pages: dict[words.Language, str], release: Release) -> None:
    for language, page in pages.items():
        found = outline(page)
        other: words.Language = "en" if language == "da" else "da"
        for target in found.targets:
            beside = {annex_name(release, other), file_name(release, language)}
            beside |= {f"{doubt_name(release, language)}#outcome-{one.outcome}" for one in release.study.outcomes}
            assert target in beside or target.removeprefix("#") in found.ids
        assert not {"script", "img", "iframe", "object", "embed"} & set(found.seen)
        assert not re.search(r"@import|url\((?!#)", page)
        for name, value in found.attributes:
            if name in {"src", "href", "xlink:href", "action"} and value:
                assert not re.match(r"[a-z]+://|//", value), value


def test_what_looks_like_markup_shows_as_text(pages: dict[words.Language, str]) -> None:
    for page in pages.values():
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "Table &lt;b&gt;4&lt;/b&gt;" in page


def test_tables_have_captions_and_scoped_heads(pages: dict[words.Language, str]) -> None:
    page = pages["da"]
    tables = re.findall(r"<table.*?</table>", page, flags=re.DOTALL)
    assert len(tables) > 5
    for table in tables:
        assert "<caption>" in table
        assert all("scope=" in head for head in re.findall(r"<th[ >][^>]*>?", table))


def test_figures_are_images_with_a_name_and_a_table(pages: dict[words.Language, str]) -> None:
    page = pages["en"]
    figures = re.findall(r"<figure.*?</figure>", page, flags=re.DOTALL)
    assert figures
    for figure in figures:
        assert "<figcaption>" in figure
        for drawn in re.findall(r"<svg.*?</svg>", figure, flags=re.DOTALL):
            root = ElementTree.fromstring(drawn)
            assert root.get("role") == "img"
            title = root.find("{http://www.w3.org/2000/svg}title")
            assert title is not None
            assert title.text
            assert title.get("id") == root.get("aria-labelledby")


def test_made_up_data_are_marked_on_the_page_in_every_figure_and_on_every_table(
    pages: dict[words.Language, str],
) -> None:
    for language, page in pages.items():
        mark = words.text("report.synthetic.mark", language)
        assert words.text("report.synthetic.banner", language) in page
        marked = re.findall(r"<svg.*?</svg>|<caption>.*?</caption>", page, flags=re.DOTALL)
        assert len(marked) > 10
        assert all(mark in part for part in marked)


def test_real_data_carry_no_such_mark() -> None:
    page = render(make_release(make_study(synthetic=False)), "da")
    assert words.text("report.synthetic.mark", "da") not in page
    assert words.text("report.synthetic.banner", "da") not in page


NUMBER = re.compile(r"(?<![\w.#-])[−+]?\d+(?:[.,]\d+)*")


def visible(page: str) -> str:
    """The text a reader sees, without the plan, which is the same file in both."""
    body = re.sub(r"<style.*?</style>|<pre.*?</pre>|<title.*?</title>", " ", page, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", body)


def test_both_languages_tell_the_same_numbers(pages: dict[words.Language, str]) -> None:
    swap = str.maketrans(".,", ",.")
    english = NUMBER.findall(visible(pages["en"]))
    dates = re.compile(r"(\d+)\. (?=januar|februar|august)")  # codespell:ignore januar,februar
    danish = [number.translate(swap) for number in NUMBER.findall(dates.sub(r"\1 ", visible(pages["da"])))]
    assert len(english) > 200
    assert danish == english


def test_numbers_reach_the_page(pages: dict[words.Language, str]) -> None:
    """6 of 58 after 17 of 67, with unchanged controls, is the change that both pages tell."""
    expected = round(100 * ((6 / 58) / (17 / 67) - 1))
    assert f"−{-expected}\N{NO-BREAK SPACE}%" in pages["da"]
    assert f"−{-expected}%" in pages["en"]
    assert "1.234" in pages["da"]


def test_the_claim_is_the_only_one_its_class_allows(release: Release) -> None:
    told = claim(release, "breakdowns", "da")
    assert "er lavere i" in told
    assert "effekt" not in told  # codespell:ignore effekt
    assert claim(release, "institution_share", "da").startswith("Om der var en effekt på ")  # codespell:ignore effekt
    assert (
        claim(release, "wellbeing_sdq", "en") == "There are no figures about the children’s wellbeing measured by SDQ."
    )


@pytest.mark.parametrize("outcome", ["breakdowns", "ladder_moves", "decision_time", "caseload"])
def test_nothing_but_an_effect_is_told_as_one(release: Release, outcome: str) -> None:
    for language in words.LANGUAGES:
        assert not CAUSAL.search(claim(release, outcome, language))


def test_direction_follows_the_number() -> None:
    study = make_study()

    def told(ratio: float) -> str:
        rate = Estimate(estimate=ratio, scale="ratio", estimator="rate_ratio", inference="none", estimand="ratio")
        return claim(make_release(study, findings=(finding(study, "breakdowns", "all", rate),)), "breakdowns", "en")

    assert "is lower in" in told(0.5)
    assert "is higher in" in told(2.0)
    assert "is no different in" in told(1.0)


def test_the_whole_plan_and_both_hashes_are_there(pages: dict[words.Language, str], release: Release) -> None:
    for page in pages.values():
        assert release.plan_sha256 in page
        assert release.data_sha256 in page
        assert "target_accept: 0.95" in page


@pytest.mark.parametrize(
    ("field", "unknown"), [("estimator", "crystal_ball"), ("inference", "hunch"), ("scale", "furlongs")]
)
def test_a_key_without_words_stops_the_report(release: Release, field: str, unknown: str) -> None:
    odd = release.findings[0].model_copy(
        update={"result": release.findings[0].result.model_copy(update={field: unknown})}
    )
    with pytest.raises(KeyError, match=unknown):
        render(release.model_copy(update={"findings": (odd, *release.findings[1:])}), "da")


def test_the_same_release_gives_the_same_page(release: Release, pages: dict[words.Language, str]) -> None:
    assert render(release, "da") == pages["da"]


def test_a_release_survives_its_file(release: Release, pages: dict[words.Language, str]) -> None:
    assert render(Release.model_validate_json(release.model_dump_json()), "en") == pages["en"]


def test_a_release_with_next_to_nothing_still_makes_a_page() -> None:
    study = make_study(priors=[], assumptions=[], deviations=[])
    bare = make_release(study, findings=(), checks=(), reported=(), feasible=(), diagnostics=())
    page = render(bare, "en")
    assert outline(page).open == []
    assert words.text("report.beliefs.nothing", "en") in page
    assert words.text("report.diagnostics.nothing", "en") in page


def test_a_prior_of_the_package_is_told_with_the_packages_reason() -> None:
    bare = {"key": "effect", "family": "normal", "sd": 0.75, "unit": "log_odds"}
    for language in words.LANGUAGES:
        assert words.text("priors.neutral", language) in render(make_release(make_study(priors=[bare])), language)


def test_a_level_of_one_group_is_never_told_as_a_difference() -> None:
    study = make_study()
    level = Estimate(estimate=0.014, scale="share", estimator="proportion", inference="none", estimand="level")
    alone = make_release(study, findings=(finding(study, "breakdowns", "all", level),))
    told = claim(alone, "breakdowns", "da")
    assert "1,4\N{NO-BREAK SPACE}%" in told
    assert "er højere" not in told
    assert "er lavere" not in told


def test_an_infinite_limit_is_told_in_words() -> None:
    study = make_study()
    bound = Estimate(
        estimate=-1.6, scale="mio_dkk", estimator="did_scaled", inference="bounds", estimand="att",
        lower=float("-inf"), upper=-1.4, level=0.95,
    )  # fmt: skip
    told = claim(make_release(study, findings=(finding(study, "family_share", "all", bound),)), "family_share", "da")
    assert "mulige værdier højst −1,4 mio.\N{NO-BREAK SPACE}kr." in told
    assert "∞" not in told


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` or ``#rgb`` (WCAG 2.2)."""
    digits = colour.removeprefix("#")
    whole = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, ground: str) -> float:
    low, high = sorted((luminance(ink), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


def test_text_can_be_read_against_its_ground(pages: dict[words.Language, str]) -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    css = pages["da"].split("<style>", 1)[1].split("</style>", 1)[0]
    named = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", css))
    pairs = [(named[ink], named[ground]) for ink in ("ink", "muted", "accent") for ground in ("ground", "soft")]
    pairs += [(named["ground"], named["warning"])]
    pairs += re.findall(r"{ color: (#[0-9a-f]{3,6}); background: (#[0-9a-f]{3,6});", css)
    pairs += [
        (ink, ground) for ink in (svg.INK, svg.MUTED, svg.ACCENT, svg.WARNING) for ground in ("#ffffff", svg.TINT)
    ]
    assert len(pairs) > 12
    for ink, ground in pairs:
        assert contrast(ink, ground) >= 4.5, (ink, ground)
