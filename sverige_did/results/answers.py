"""The sentences of one study's page, each with its place on it: all that an index of studies has to know."""

from __future__ import annotations

from sverige_did.results.estimates import Frozen
from sverige_did.results.security import Dots
from sverige_did.words import Language

SECTIONS = frozenset(
    {"answer", "survey", "voices", "ladder", "targets", "targets-moved", "economy", "coverage", "damaged"}
)
"""The sections that a page can have beside its outcomes, by id; which it has, its plan and its data decide."""


class Answer(Frozen):
    """One sentence of a page: ``anchor`` is the id of its place there, ``page`` the file name where that is not the
    study's first page.

    ``standing`` is a key of ``front.verdict``, or empty where the sentence has no verdict. ``security`` is the strength
    of evidence of an outcome, None for all else.
    """

    anchor: str
    sentence: str
    standing: str = ""
    page: str = ""
    security: Dots | None = None


class StudyAnswers(Frozen):
    """What one study answers, in one language: ``page`` is its file name, ``sentence`` what stands first on it.

    ``security`` is the strength of evidence of its main outcome, and ``doubt`` the place of what lies behind it.
    """

    study: str
    language: Language
    title: str
    question: str
    page: str
    synthetic: bool
    sentence: str
    security: Dots | None = None
    doubt: str = ""
    answers: tuple[Answer, ...]
