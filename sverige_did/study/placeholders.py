"""Texts that a new plan is laid out with to be replaced: one that is left in would stand on the page."""

from __future__ import annotations

from collections.abc import Iterator

from sverige_did.errors import Problem
from sverige_did.study.study import AnyPlan

PLACEHOLDERS = ("Skriv her", "Write here", "Skriv hvorfor", "Write why", "navnet på indekset", "hvor det er læst")
"""How they begin; the plans that are laid out have no others."""


def left_in(plan: AnyPlan, file: str) -> Iterator[Problem]:
    """A warning that names the fields whose text is still one of them; none where every text is the study's own."""
    fields = [field for field, text in _texts(plan.model_dump(mode="json"), "") if text.startswith(PLACEHOLDERS)]
    if fields:
        yield Problem("plan_placeholder", file=file, found=", ".join(fields), severity="warning")


def _texts(tree: object, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield field, tree
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, part in parts:
        yield from _texts(part, f"{field}.{name}".lstrip("."))
