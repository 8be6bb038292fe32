from __future__ import annotations

import pytest

from sverige_did.sources.registers.headers import fold, match_headers, nearest, repair
from sverige_did.sources.registers.schemas import DISTRICTS, PLACEMENTS


def test_one_spelling_for_danish_letters_case_spaces_and_broken_encoding() -> None:
    spellings = ["Sønder Felding", "SOENDER-FELDING", "sønder_felding", "Sønder Felding".encode().decode("cp1252")]
    assert {fold(name) for name in spellings} == {"soenderfelding"}


def test_repair_leaves_sound_text_alone() -> None:
    assert repair("Sønder") == "Sønder"
    assert repair("Ørre") == "Ørre"
    assert repair("S\u00c3\u00b8nder") == "Sønder"


@pytest.mark.parametrize(
    ("name", "found"), [("Aulum", "Avlum"), ("avlum ", "Avlum"), ("Kibaek", "Kibæk"), ("København", None)]
)
def test_the_nearest_name_is_a_suggestion_only_when_near(name: str, found: str | None) -> None:
    assert nearest(name, ["Avlum", "Kibæk", "Sunds"]) == found


@pytest.mark.parametrize(
    "headers",
    [
        ["child", "measure", "start", "end"],
        ["Barn", "Foranstaltning", "Startdato", "Slutdato"],
        ["BARN ID", "foranstaltningskode", "Fra dato", "Til_dato"],
    ],
)
def test_danish_and_english_headers_mean_the_same(headers: list[str]) -> None:
    match = match_headers(headers, PLACEMENTS)
    assert list(match.known.values()) == ["child", "measure", "start", "end"]
    assert not match.missing
    assert not match.unknown
    assert not match.twice


def test_missing_unknown_and_doubled_headers_are_named() -> None:
    match = match_headers(["distrikt", "skoledistrikt", "periode", "elver", "fodnote"], DISTRICTS)
    assert match.twice == ("district",)
    assert match.unknown == (("elver", "pupils"), ("fodnote", None))
    assert match.missing == ("pupils", "residents_0_17", "treated_from")
