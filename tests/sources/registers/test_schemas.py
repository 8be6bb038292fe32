from __future__ import annotations

from pathlib import Path

import pytest

from sverige_did import words
from sverige_did.sources.registers.headers import fold
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.schema_page import schema_page
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.words import Language

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("language", "name"), [("en", "schemas.md"), ("da", "schemas.da.md")])
def test_the_page_in_docs_is_the_one_made_from_the_schemas(language: Language, name: str) -> None:
    """Write schema_page(language) to the file when a schema or its words have changed."""
    assert (ROOT / "docs" / name).read_text("utf-8") == schema_page(language)


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.name)
def test_every_name_means_one_column(register: Register) -> None:
    owners: dict[str, set[str]] = {}
    for column in register.columns:
        for name in column.names:
            owners.setdefault(fold(name), set()).add(column.name)
    assert {name: columns for name, columns in owners.items() if len(columns) > 1} == {}


def test_every_file_name_means_one_register() -> None:
    stems = [fold(stem) for register in REGISTERS for stem in {fold(stem) for stem in register.stems}]
    assert len(stems) == len(set(stems))


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.name)
def test_keys_are_columns_and_optional_columns_may_be_blank(register: Register) -> None:
    names = [column.name for column in register.columns]
    assert set(register.key) <= set(names)
    assert all(column.missing != "refused" for column in register.columns if column.optional)
    for column in register.columns:
        spellings = [fold(name) for value in column.allowed for name in {fold(value.name), fold(value.da)}]
        assert len(spellings) == len(set(spellings))


def test_both_languages_describe_the_same() -> None:
    keys = [{key for key in words.catalogue(language) if key.startswith("schemas.")} for language in ("da", "en")]
    assert keys[0] == keys[1]
