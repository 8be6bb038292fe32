"""What people said in interviews, coded: which question, who, which way, how strongly and where it stands."""

from __future__ import annotations

from typing import Literal

from sverige_did.results.estimates import Frozen

SourceGroup = Literal["caseworkers", "leaders", "professions", "providers", "families", "evaluator"]
"""Who speaks. ``professions`` are psychologists, health visitors and others beside the caseworkers; ``evaluator`` is
what the evaluator concludes of all interviews without saying whose word it is."""

Direction = Literal["better", "worse", "mixed", "unchanged"]
"""Which way the statement answers the question: for the better is what the programme wanted."""

Strength = Literal["one", "some", "most"]
"""Who shares it: one who was asked, some, or most or all of them."""


class Statement(Frozen):
    """One coded statement. ``said_da`` and ``said_en`` are the coder's own words, and empty in a study of registers."""

    statement: str
    question: str
    source_group: SourceGroup
    direction: Direction
    strength: Strength
    source: str
    place: str
    said_da: str = ""
    said_en: str = ""
