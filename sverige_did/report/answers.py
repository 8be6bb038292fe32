"""The sentences of a page for the index of studies: one for each outcome, and one for each section that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import labels
from sverige_did.report.claims import claim
from sverige_did.report.doubt.security import security
from sverige_did.report.economy import economy_sentences
from sverige_did.report.front.first_screen import lead, main_outcome, tally_said
from sverige_did.report.headlines import design_of, standing
from sverige_did.report.pages import annex_name, doubt_name, file_name
from sverige_did.report.targets import target_moves, target_sentences
from sverige_did.report.voices import heard
from sverige_did.results.answers import Answer, StudyAnswers

SENTENCES = 2
"""Of a section that has several, so many are told."""

ON_THE_ANSWER_PAGE = frozenset({"voices", "economy", "targets"})
"""The sections that the answer page has; the others stand in the annex."""

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language


def study_answers(release: Release, language: Language) -> StudyAnswers:
    """All that the page of a release answers, in the words that stand on it."""
    with words.naming(release.study.named_unit):
        return _answers(release, language)


def _answers(release: Release, language: Language) -> StudyAnswers:
    study, main = release.study, main_outcome(release)
    outcomes = (
        Answer(
            anchor=f"outcome-{item.outcome}",
            sentence=claim(release, item.outcome, language),
            standing=standing(release, item.outcome),
            security=_dots(release, item.outcome),
        )
        for item in study.outcomes
    )
    return StudyAnswers(
        study=study.study,
        language=language,
        title=labels.in_language(study.title, language),
        question=labels.in_language(study.question, language),
        page=file_name(release, language),
        synthetic=release.synthetic,
        sentence=" ".join(said for said in (lead(release, language), tally_said(release, language)) if said),
        security=_dots(release, main),
        doubt=f"{doubt_name(release, language)}#outcome-{main}",
        answers=(*outcomes, *_placed(release, language)),
    )


def _dots(release: Release, outcome: str) -> int | None:
    rating = security(release, outcome)
    return None if rating is None else rating.dots


def _placed(release: Release, language: Language) -> Iterator[Answer]:
    for one in _sections(release, language):
        on_it = one.anchor in ON_THE_ANSWER_PAGE
        yield one if on_it else one.model_copy(update={"page": annex_name(release, language)})


def _sections(release: Release, language: Language) -> Iterator[Answer]:
    """The sections that answer something by themselves, where the page has them."""
    if rows := heard(release, language):
        ways = [row.together for row in rows]
        yield _section("voices", language, statements=len(release.statements), questions=len(ways),
                       same=ways.count("same_way") + ways.count("agree"),
                       other=ways.count("other_way") + ways.count("disagree"))  # fmt: skip
    if (record := release.ladder) is not None and (record.cells or record.printed):
        shown = sum(one.status == "shown" for one in record.cells) + len(record.printed)
        yield _section("ladder", language, shown=shown, hidden=sum(one.status == "hidden" for one in record.cells))
    for anchor, sentences in (
        ("targets", target_sentences(release, language)),
        ("targets-moved", target_moves(release, language)),
        ("economy", economy_sentences(release, language)),
    ):
        if sentences:
            yield Answer(anchor=anchor, sentence=" ".join(sentences[:SENTENCES]))
    if release.coverage:
        sources = {one.source for one in release.coverage if one.source}
        effects = sum(design_of(release, item.outcome).may_say_effect for item in release.study.outcomes)
        yield _section("coverage", language, files=len(sources), outcomes=len(release.study.outcomes), effects=effects)
    if release.feasible:
        own = {found.reading: found for found in reversed(release.feasible)}  # a reading's first enumeration is its own
        fitting = sum(found.consistent for found in own.values())
        yield _section("damaged", language, readings=len(own), consistent=fitting,
                       figures=len(release.reported))  # fmt: skip


def _section(anchor: str, language: Language, **values: object) -> Answer:
    return Answer(anchor=anchor, sentence=words.text(f"index.section.{anchor}", language, **values))
