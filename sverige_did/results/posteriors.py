"""What is kept of a posterior: the effect, what it rests on, and whether the model's data look like the real ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sverige_did.results.estimates import Curve, Estimate, Frozen, Probability, Remark


class PosteriorScale(Frozen):
    """The posterior of one effect on one scale.

    ``intervals`` are equal-tailed, one (lower, upper) a level of ``levels``. ``prob_beyond`` is the probability of a
    change in the wished direction of at least ``threshold``, ``rope_mass`` of one within ``rope`` of none: both None
    on scales for which the plan names no such size, as is ``prob_benefit`` where no direction is better. ``median`` and
    ``intervals`` are multiples of ``step`` where there is one.
    """

    estimand: str
    scale: str
    median: float
    levels: tuple[Probability, ...]
    intervals: tuple[tuple[float, float], ...]
    prob_benefit: Probability | None = None
    threshold: float | None = None
    prob_beyond: Probability | None = None
    rope: float | None = None
    rope_mass: Probability | None = None
    step: float | None = None


class AlternativePrior(Frozen):
    """The effect on the treated, as a ratio, under another prior: of the effect itself, or of districts' own swings.

    ``prior`` is the key of the prior; ``value`` is the sd tried for the swings. ``sampled`` is false where the draws of
    the main fit were reweighted, which ``pareto_k`` below 0.7 allows.
    """

    kind: Literal["effect", "shock"]
    prior: str
    value: float | None = None
    median: float
    lower: float
    upper: float
    prob_benefit: Probability | None = None
    sampled: bool
    pareto_k: float | None = None


class Learned(Frozen):
    """One parameter before and after: medians, shrinkage 1 - Var(post)/Var(prior), and common area of the densities."""

    parameter: str
    prior_median: float
    posterior_median: float
    shrinkage: float
    overlap: Probability


class PredictiveCheck(Frozen):
    """Whether data drawn from the model look like the data: a statistic, and the two-sided p-value of the misfit.

    ``side`` is whether the data show more or less of it than the model's middle. ``observed`` and the 95 % range of the
    replications are None in a release where they would tell of single districts.
    """

    check: str
    p: Probability
    side: Literal["more", "less"]
    observed: float | None = None
    low: float | None = None
    high: float | None = None


class LeftOut(Frozen):
    """What each district says when the others speak for it.

    ``lowest`` and ``highest`` are the smallest and largest effect, as a ratio, when one district is left out; ``gain``
    is how much better the left-out districts are predicted with a programme effect than without, in log density, with
    its standard error. ``refitted`` districts of ``districts`` had weights too uneven to use and were sampled anew.
    """

    districts: int
    refitted: int
    lowest: float
    highest: float
    gain: float | None = None
    gain_error: float | None = None


class NonResponse(Frozen):
    """What if the children who were not rated again fare worse than the model says.

    ``median`` and ``prob_benefit`` are of the effect on all treated children, rated again or not, when those who were
    not are ``delta`` points worse than the model says, one a value of ``delta``; the first is zero. ``reference`` is
    the median when they fare as if there had been no programme. ``tipping`` is the smallest delta at which a benefit is
    no longer more likely than none: None where no delta on the scale is, zero where it is not to begin with. The
    numbers of questionnaires that are ``answered`` and not are None, and all else empty, where disclosure control hid
    them.
    """

    answered: int | None = None
    unanswered: int | None = None
    delta: tuple[float, ...] = ()
    median: tuple[float, ...] = ()
    prob_benefit: tuple[Probability, ...] = ()
    reference: float | None = None
    tipping: float | None = None


class SpendingParts(Frozen):
    """Where an effect on spending comes from, on the outcome's own scale.

    ``by_use`` is what comes from fewer or more children with spending, ``by_amount`` what from less or more on each;
    draw by draw they add up to the effect. ``children`` is the smallest number of children with spending in a group
    and window: it never leaves, and where it is small nothing else does.
    """

    children: int | None = None
    by_use: PosteriorScale | None = None
    by_amount: PosteriorScale | None = None


class PosteriorRecord(Frozen):
    """The posterior of one outcome of a panel by one likelihood, with all that speaks for and against it.

    ``densities`` are the prior and the posterior of the effect on the link's scale. ``prior_level`` is the 2.5 %, 50 %
    and 97.5 % point of the level that the prior alone believes in, in the outcome's unit, and ``prior_share`` the share
    of it that the plan calls admissible. ``power`` holds the power-scaling sensitivity of the effect to each prior and
    to the likelihood. An outcome that could not be modelled has ``remarks`` and nothing else.
    """

    outcome: str
    likelihood: str
    remarks: tuple[Remark, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    scales: tuple[PosteriorScale, ...] = ()
    densities: tuple[Curve, ...] = ()
    alternative_priors: tuple[AlternativePrior, ...] = ()
    learned: tuple[Learned, ...] = ()
    power: dict[str, float] = Field(default_factory=dict)
    prior_level: tuple[float, float, float] | None = None
    prior_share: Probability | None = None
    checks: tuple[PredictiveCheck, ...] = ()
    left_out: LeftOut | None = None
    non_response: NonResponse | None = None
    spending: SpendingParts | None = None

    @property
    def refused(self) -> bool:
        """Whether there is no posterior."""
        return not self.estimates


class SampledPosteriors(Frozen):
    """What one model said about the outcomes of one plan, as a file keeps it: it must not be told of another plan."""

    plan_sha256: str
    records: tuple[PosteriorRecord, ...]
