"""What a study of cases finds: counts, days, curves, posteriors and answers of groups, before anything is hidden."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sverige_did.results.estimates import CheckResult, Curve, Diagnostics, Finding, Frozen, Probability, Remark

Arm = Literal["before", "during"]
PRIMARY = "referral_to_measure"
"""The outcome of the headline: the days from the referral to the first measure."""

ALL = "all"
"""Stands for all municipalities together where one could be named."""


class CaseGroup(Frozen):
    """The cases of one municipality in one arm: how many, and how their first ``horizon`` days ended.

    A number that is hidden is None: neither 0 nor unknown. ``others`` are cases of types that the exemption does not
    cover, counted apart.
    """

    municipality: str
    arm: Arm
    cases: int | None
    measures: int | None
    exits: int | None
    waiting: int | None
    others: int | None = None


class CaseDays(Frozen):
    """How the first ``horizon`` days of a case are spent on average: waiting, after an exit, or with a measure.

    They add up to the horizon. None where it is hidden. ``cases`` and ``measures``, how many it is about and how many
    of them had a measure by then, are what the release is made by.
    """

    municipality: str
    arm: Arm
    horizon: int
    waiting: float | None
    after_exit: float | None
    with_measure: float | None
    cases: int | None = None
    measures: int | None = None


class CaseCurve(Frozen):
    """The share of cases whose first measure has begun, at the end of so many days.

    ``events`` are how many that is since the point before and ``left`` how many cases have none by then: what the
    release is made by, and never itself released. ``ends`` says why a released curve stops before the horizon: its next
    step would be about few cases.
    """

    municipality: str
    arm: Arm
    days: tuple[int, ...]
    share: tuple[float, ...]
    events: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    ends: bool = False


class CaseEstimates(Frozen):
    """Everything that is estimated of cases without a prior, with why anything is missing.

    ``fewest`` is the smallest number of cases of an arm that got what an outcome waits for within the shortest horizon.
    """

    plan_sha256: str
    data_sha256: str
    findings: tuple[Finding, ...]
    groups: tuple[CaseGroup, ...]
    days: tuple[CaseDays, ...]
    curves: tuple[CaseCurve, ...]
    checks: tuple[CheckResult, ...]
    fewest: dict[str, int]
    remarks: tuple[Remark, ...] = ()


class PosteriorRatio(Frozen):
    """A posterior ratio: of hazards or of odds, of one municipality, all of them, or one not seen (``new``)."""

    subject: str
    municipality: str
    median: float
    lower: float
    upper: float
    prob_above: Probability


class OtherPrior(Frozen):
    """The ratio of all municipalities under another prior of the parameter ``prior`` with standard deviation ``sd``."""

    prior: str
    sd: float
    median: float
    lower: float
    upper: float
    prob_above: Probability
    pareto_k: float


class CasePosterior(Frozen):
    """What one posterior model of a study of cases says, or why it does not.

    ``spread_prior`` and ``spread`` are the median of the sd between municipalities before and after the data: alike
    where the data cannot say. ``bias`` is the probability of a ratio above 1 along the sd of what else changed.
    """

    model: Literal["waits", "survey"]
    plan_sha256: str
    ratios: tuple[PosteriorRatio, ...] = ()
    other_priors: tuple[OtherPrior, ...] = ()
    spread_prior: float | None = None
    spread: float | None = None
    bias: Curve | None = None
    diagnostics: Diagnostics | None = None
    remarks: tuple[Remark, ...] = ()


class SurveyGroup(Frozen):
    """The answers of one municipality in one wave to one statement; ``municipality`` may be ``all``.

    ``agree`` is the share who agree, ``lowest`` and ``highest`` what it is when all who did not answer disagree, or
    agree. For all municipalities they are weighted so that every invited caseworker counts alike.
    """

    item: str
    municipality: str
    wave: Arm
    invited: int
    respondents: int | None
    agreeing: int | None
    agree: float | None
    lowest: float | None
    highest: float | None


class SurveyAnswers(Frozen):
    """All groups of a survey."""

    plan_sha256: str
    groups: tuple[SurveyGroup, ...] = ()
    remarks: tuple[Remark, ...] = Field(default=())
