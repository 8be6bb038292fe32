"""The language files of the report: the same keys, fields and numbers in both, none missing, none idle."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args

import pytest

from sverige_did import report, words
from sverige_did.disclosure.release import Policy
from sverige_did.outcomes import CATALOGUE, Use
from sverige_did.report.headlines import STANDINGS, OffScale
from sverige_did.results.estimates import ALLOWED_VERDICTS

OURS = ("report", "design", "outcomes", "labels")
CAUSAL = re.compile(r"effekt|effect|virkning|impact|påvirk", re.IGNORECASE)  # codespell:ignore effekt
LOCKED = re.compile(r"design\.((class|claim)\.D[234]|reservation|direction)\.|design\.claim\.level$")
"""Every sentence, and every part of one, that may be said of an outcome that identifies no effect."""

FOLDER = Path(report.__file__).parent
SOURCE = "\n".join(
    path.read_text("utf-8")
    for path in sorted(FOLDER.rglob("*"))
    if path.suffix in {".py", ".j2"}
) + (FOLDER.parent / "design.py").read_text("utf-8")  # fmt: skip


def own_keys(language: words.Language) -> dict[str, str]:
    return {key: text for key, text in words.catalogue(language).items() if key.split(".")[0] in OURS}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_fields_and_numbers() -> None:
    danish, english = own_keys("da"), own_keys("en")
    assert danish.keys() == english.keys()
    for key, text in danish.items():
        assert fields(text) == fields(english[key]), key
        assert re.findall(r"\d+", text) == re.findall(r"\d+", english[key]), key


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_permitted_verdict_has_its_sentence(language: words.Language) -> None:
    permitted = {
        f"design.claim.{kind}.{verdict}" for kind, verdicts in ALLOWED_VERDICTS.items() for verdict in verdicts
    }
    written = {key for key in own_keys(language) if key.startswith("design.claim.") and key.count(".") == 3}
    assert written == permitted


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_identifies_no_effect_is_never_told_as_one(language: words.Language) -> None:
    locked = [key for key in own_keys(language) if LOCKED.match(key)]
    assert sum(key.startswith("design.cl") for key in locked) == 3 * 4 + 1
    for key in locked:
        assert not CAUSAL.search(words.text(key, language, **dict.fromkeys(fields(own_keys(language)[key]), ""))), key


def test_the_permitted_verbs_are_used() -> None:
    for kind in ("D1", "D5"):
        sentence = words.catalogue("da")[f"design.claim.{kind}.supported"]
        assert "tyder på en effekt" in sentence  # codespell:ignore effekt
    for kind, verdicts in ALLOWED_VERDICTS.items():
        for verdict in verdicts:
            sentence = words.catalogue("da")[f"design.claim.{kind}.{verdict}"]
            if kind in {"D1", "D1g", "D5"} and verdict == "descriptive":
                assert sentence.endswith("Det beskrives og prøves ikke.")
                assert not CAUSAL.search(sentence)
            elif kind in {"D1", "D1g", "D5"} and verdict != "supported":
                assert sentence.startswith("Om der var en effekt på {outcome}, ")  # codespell:ignore effekt
                assert re.search("kan ikke|med et forbehold|rækker .* ikke", sentence)
            if kind in {"D3", "D4"} and verdict == "descriptive":
                assert "kan ikke tilskrives" in sentence


def test_nothing_is_said_to_be_shown() -> None:
    for text in own_keys("da").values():
        assert "viser, at" not in text.lower()
    for text in own_keys("en").values():
        assert not re.search(r"\b(shows?|proves?) that\b", text.lower())


CLOSED: dict[str, set[str]] = {
    "labels.verdict": set(STANDINGS),
    "labels.verdict_meaning": set(STANDINGS),
    "labels.role": {"primary", "secondary", "exploratory", "implementation"},
    "labels.benefit": {"lower", "higher", "none"},
    "labels.provenance": {"printed", "derived", "inferred", "external"},
    "labels.prior_family": {"normal", "half_normal", "beta"},
    "design.class": {"none", *ALLOWED_VERDICTS},
    "design.claim": {"none", "level", "contradicted", "not_computed", *ALLOWED_VERDICTS},
    "design.reservation": {"includes", "excludes", "bounds", "no_interval"},
    "design.side": {"better", "worse", "neither"},
    "design.direction": {"lower", "higher", "same"},
    "outcomes": set(CATALOGUE),
    "report.off_scale": set(get_args(OffScale)),
    "report.span": {"both", "at_most", "at_least", "any"},
    "report.policy": set(get_args(Policy)),
    "report.use": set(get_args(Use)) - {"effect"},
}
"""Families of keys that are put together while the page is made, with every member that can be asked for."""


@pytest.mark.parametrize("family", sorted(CLOSED))
def test_every_member_of_a_family_has_words_and_no_other_has(family: str) -> None:
    depth = family.count(".") + 1
    assert {key.split(".")[depth] for key in own_keys("da") if key.startswith(f"{family}.")} == CLOSED[family]


def test_every_unit_of_the_catalogue_has_words() -> None:
    for entry in CATALOGUE.values():
        assert words.has(f"labels.unit.{entry.unit}", "da")


def test_no_key_is_idle() -> None:
    """Each key stands in the source in full, or belongs to a family whose stem is filled in there.

    Captions and column heads are asked for by their last part.
    """
    whole = set(re.findall(r"[\"']((?:report|design|outcomes|labels)\.[a-z_.]+[a-z_])[\"'{]", SOURCE))
    stems = set(re.findall(r"[\"']((?:report|design|outcomes|labels)[a-z_.]*)\.(?:\{|[\"'] ~)", SOURCE))
    names = set(re.findall(r'"([a-z_]+)"', re.sub(r'class="[^"]*"', "", SOURCE)))
    for key in own_keys("da"):
        stem, last = key.rsplit(".", 1)
        parents = {key.rsplit(".", count)[0] for count in range(1, key.count(".") + 1)}
        if stem in {"report.captions", "report.columns"}:
            assert last in names or key in whole, key
        else:
            assert key in whole or parents & stems or key.removesuffix("_short") in whole, key


BANNED = {
    "da": (
        "a posteriori", "begejstret", "grøn bund", "forenelige? med", "parallelle forinden", "lukket form", "eftersyn",
        r"dom(men|me)?\b", r"svinger med (1|\{shock_high)", "bunker sager", "uden nogen, den kan",
        "tallet er den midterstes",
    ),
    "en": ("put down to", r"nought\b", "green ground", "piles of cases", "foretold", r"swing by (1|\{shock_high)",
           "how surely"),
}  # fmt: skip
"""Words that readers did not understand when they read the pages aloud."""


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_word_that_did_not_work_comes_back(language: words.Language) -> None:
    for key, text in words.catalogue(language).items():
        if not key.startswith(("errors.", "cli.")):
            for banned in BANNED[language]:
                assert not re.search(rf"\b{banned}", text, re.IGNORECASE), key


def test_no_key_stands_twice() -> None:
    """YAML takes the last of two and says nothing."""
    for path in sorted((FOLDER.parent / "words").rglob("*.yaml")):
        seen: set[str] = set()
        above: list[str] = []
        for line in path.read_text("utf-8").splitlines():
            found = re.match(r"( *)([\w-]+):", line)
            if found:
                above[len(found[1]) // 2 :] = [found[2]]
                assert ".".join(above) not in seen, (path.name, above)
                seen.add(".".join(above))
