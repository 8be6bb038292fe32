"""The words that a reader may not know, each explained where it first stands: on hover, on focus, and at the end."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from sverige_did import words

if TYPE_CHECKING:
    from sverige_did.words import Language

TERMS = (
    "did", "interval", "chance", "open", "prior", "deviation", "odds", "p", "person_years", "reading", "refusion",
    "sdq_score",
)  # fmt: skip
"""The words with an entry, in the order of the list at the end of the page; those that a page has not stand on none."""


LISTED_ONLY = frozenset({"p", "reading"})
"""Words that stand in brackets and labels, where a link would be in the way."""


def terms_in(language: Language, page: str) -> tuple[str, ...]:
    """The words with an entry that a page of HTML has in its text."""
    text = html.unescape(re.sub(r"<(script|style)[^>]*>.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))
    return tuple(term for term in TERMS if _pattern(term, language).search(text))


def _pattern(term: str, language: Language) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(form) for form in _of(term, "forms", language).split("|")), re.IGNORECASE)


class Glossary:
    """Marks the first place of each word on one page; made anew for every page, because it remembers which were met."""

    def __init__(self, language: Language) -> None:
        """``forms`` of a word are the ways in which sentences write it, the longest first."""
        self._left = {term: _pattern(term, language) for term in TERMS if term not in LISTED_ONLY}
        self._meaning = {term: _of(term, "meaning", language) for term in TERMS}

    def mark(self, text: object) -> Markup:
        """The text, escaped, with a link to its entry around the first word of each kind that was not met before."""
        said = str(escape(text))
        for term, pattern in list(self._left.items()):
            # A word within a link that was just made is no place for another.
            free = (found for found in pattern.finditer(said) if said.rfind("<a ", 0, found.start()) <= said.rfind(
                "</a>", 0, found.start()))  # fmt: skip
            if found := next(free, None):
                del self._left[term]
                link = Markup('<a class="term" href="#word-{0}" aria-describedby="word-{0}" data-tip="{1}">{2}</a>')
                shown = link.format(term, self._meaning[term], Markup(found.group()))  # noqa: S704 (escaped above)
                said = f"{said[: found.start()]}{shown}{said[found.end() :]}"
        return Markup(said)  # noqa: S704 (escaped above)


def _of(term: str, what: str, language: Language) -> str:
    return words.text(f"front.glossary.{term}.{what}", language)
