"""Sentences are written of districts and told of what a study compares: whole words, their grammar, and no others."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from sverige_did import words
from sverige_did.words.units import Told, told_of

DISTRICT = re.compile(r"(?<![{\w.])(indsats|kontrol)?(distrikt|district)(?!rib)", re.IGNORECASE)
NEUTER = re.compile(r"\b(et|ét|hvert|intet|nyt|hvilket|andet) (\w+ )?(indsats|kontrol)?kommunes?\b", re.IGNORECASE)


def told(sentence: str, unit: Told, language: words.Language) -> str:
    return told_of(unit, words.catalogue(language))(sentence)


@pytest.mark.parametrize(
    ("written", "municipality", "area"),
    [
        ("pr. barn i området, SDQ i grænseområdet", "pr. barn i kommunen, SDQ i grænseområdet",
         "pr. barn i området, SDQ i grænseområdet"),
        ("Hvert distrikt tæller", "Hver kommune tæller", "Hvert område tæller"),
        ("et nyt distrikt af samme slags", "en ny kommune af samme slags", "et nyt område af samme slags"),
        ("mest det distrikts eget", "mest den kommunes eget", "mest det områdes eget"),
        ("Indsatsdistrikternes udsving", "Indsatskommunernes udsving", "Indsatsområdernes udsving"),
        ("intet kontroldistrikt", "ingen kontrolkommune", "intet kontrolområde"),
        ("distriktsgennemsnit", "kommunegennemsnit", "områdegennemsnit"),
        ("{districts} skoledistrikter", "{districts} skoledistrikter", "{districts} skoledistrikter"),
    ],
)  # fmt: skip
def test_danish_keeps_its_grammar(written: str, municipality: str, area: str) -> None:
    assert told(written, "municipality", "da") == municipality
    assert told(written, "area", "da") == area


@pytest.mark.parametrize(
    ("written", "municipality", "area"),
    [
        ("A district’s own start", "A municipality’s own start", "An area’s own start"),
        ("the districts’ changes", "the municipalities’ changes", "the areas’ changes"),
        ("{districts} of the districts", "{districts} of the municipalities", "{districts} of the areas"),
        ("correct control.districts, a distribution", "correct control.districts, a distribution",
         "correct control.districts, a distribution"),
    ],
)  # fmt: skip
def test_english_keeps_its_grammar(written: str, municipality: str, area: str) -> None:
    assert told(written, "municipality", "en") == municipality
    assert told(written, "area", "en") == area


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("unit", [unit for unit in get_args(Told) if unit != "district"])
def test_no_sentence_of_a_page_is_left_behind(unit: Told, language: words.Language) -> None:
    with words.naming(unit):
        texts = words.catalogue(language)
    left = {key: text for key, text in texts.items() if DISTRICT.search(text)}
    assert {key for key in left if not key.startswith(("units.", "schemas."))} == set()
    if (unit, language) == ("municipality", "da"):
        assert [text for text in texts.values() if NEUTER.search(text)] == []


def test_the_name_holds_within_the_page_alone() -> None:
    key = "labels.check.leave_one_out"
    with words.naming("municipality"):
        assert words.text(key, "en") == "Leaving out one municipality"
    assert words.text(key, "en") == "Leaving out one district"
