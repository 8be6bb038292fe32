"""What caseworkers answered, by municipality and wave: shares, response, weights, and what silence could hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did.results.cases import ALL, SurveyAnswers, SurveyGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sverige_did.results.cases import Arm
    from sverige_did.sources.cases.delivery import CaseData
    from sverige_did.study.cases import CaseStudy, Survey

WAVES: tuple[Arm, ...] = ("before", "during")


def answers_of(data: CaseData, study: CaseStudy) -> SurveyAnswers:
    """Every group of the plan's survey, for each statement; none without a survey."""
    groups = () if study.survey is None else tuple(_groups(data.survey, study.survey, study))
    return SurveyAnswers(plan_sha256=study.sha256, groups=groups)


def _groups(answers: pd.DataFrame, survey: Survey, study: CaseStudy) -> Iterator[SurveyGroup]:
    invited = {(one.municipality, one.wave): one.number for one in survey.invited}
    for item in survey.items:
        mine = answers[answers["item"] == item.key]
        for wave in WAVES:
            parts = [
                _group(mine, survey, item.key, one.key, wave, invited[one.key, wave])
                for one in study.municipalities
                if (one.key, wave) in invited
            ]
            yield from parts
            if len(parts) > 1:
                yield together(parts)


def _group(answers: pd.DataFrame, survey: Survey, item: str, place: str, wave: Arm, invited: int) -> SurveyGroup:
    here = answers[(answers["municipality"] == place) & (answers["wave"] == wave)]
    respondents, agreeing = len(here), int((here["answer"] >= survey.agree_from).sum())
    return SurveyGroup(
        item=item,
        municipality=place,
        wave=wave,
        invited=invited,
        respondents=respondents,
        agreeing=agreeing,
        agree=agreeing / respondents if respondents else None,
        lowest=agreeing / invited,
        highest=(agreeing + max(invited - respondents, 0)) / invited,
    )


def together(parts: list[SurveyGroup]) -> SurveyGroup:
    """All municipalities in one wave: each respondent weighs as many as were invited for one answer there.

    A municipality where nobody answered has no weight, and the others stand for theirs alone.
    """
    answered = [one for one in parts if one.agree is not None]
    weight = sum(one.invited for one in answered)
    invited = sum(one.invited for one in parts)
    agreeing = sum(one.agreeing or 0 for one in parts)
    respondents = sum(one.respondents or 0 for one in parts)
    return SurveyGroup(
        item=parts[0].item,
        municipality=ALL,
        wave=parts[0].wave,
        invited=invited,
        respondents=respondents,
        agreeing=agreeing,
        agree=sum(one.invited * (one.agree or 0.0) for one in answered) / weight if weight else None,
        lowest=agreeing / invited,
        highest=(agreeing + max(invited - respondents, 0)) / invited,
    )
