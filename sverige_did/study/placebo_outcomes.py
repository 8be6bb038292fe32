"""Outcomes that a programme could not have moved: if they move as the others do, something else moved both."""

from __future__ import annotations

from sverige_did.study.blocks import Bilingual, Name, Plan


class PlaceboOutcome(Plan):
    """An outcome of the catalogue that somebody else decides, such as courts, held against the answers ``beside``.

    It need not be an outcome of the plan: it is estimated by the same rule and has no verdict. Without ``beside`` it is
    held against every outcome that has one.
    """

    outcome: Name
    reason: Bilingual
    beside: tuple[Name, ...] = ()
