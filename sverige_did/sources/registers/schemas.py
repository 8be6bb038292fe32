"""The registers a municipality can deliver, each described once in ``schemas.yaml`` or ``case_schemas.yaml``.

The pandera schemas, the messages about a bad file and docs/schemas.md are all made from these values.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import yaml
from pydantic import TypeAdapter

from sverige_did.sources.registers.register import Register

ITEMS = 25
"""How many items an SDQ form has."""


def _read(name: str) -> tuple[Register, ...]:
    source = (files("sverige_did.sources.registers") / name).read_text("utf-8")
    described = yaml.load(source, Loader=yaml.CSafeLoader)
    return tuple(_with_all_items(one) for one in TypeAdapter(tuple[Register, ...]).validate_python(described))


def _with_all_items(register: Register) -> Register:
    """The register with q1 to q25 where the description has the first of them."""
    columns = [
        replace(column, name=f"q{item}", da=f"spm{item}") if column.note == "item" else column
        for column in register.columns
        for item in range(1, 1 + (ITEMS if column.note == "item" else 1))
    ]
    return replace(register, columns=tuple(columns))


REGISTERS = _read("schemas.yaml")
(
    DISTRICTS, CHILDREN, RESIDENCES, PLACEMENTS, CASES, CASEWORKERS, FOLLOW_UPS, BREAKDOWNS, COMPLAINTS, SDQ_WAVES,
    SDQ_NORMS, ACCOUNTS, POSTINGS,
) = REGISTERS  # fmt: skip

CASE_REGISTERS = _read("case_schemas.yaml")
"""The registers of a study of cases: the cases, and the answers of the caseworkers where they were asked."""
