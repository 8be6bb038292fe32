"""The list of accepted codes leaves none out, in either language."""

from __future__ import annotations

import pytest

from sverige_did.sources.registers.codes import standard_codes
from sverige_did.sources.registers.codes_page import codes_section
from sverige_did.words import Language


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_code_and_every_function_is_listed(language: Language) -> None:
    codes = standard_codes()
    text = codes_section(codes, language)
    named = [code for measure in codes.measures for code in measure.codes]
    assert all(f"`{name}`" in text for name in (*named, *(one.function for one in codes.functions)))
    assert text.count("2023-12-31") == 2
    assert "None" not in text
