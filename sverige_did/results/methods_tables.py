"""All methods side by side for one outcome, and many outcomes on common assignments."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from sverige_did.results.estimates import Curve, Frozen, Probability, Remark, Verdict

PRIMARY_INTERVAL = "behrens_fisher"
"""The method whose interval stands for an outcome: the one of the verdict's two tests that holds its size whatever the
spreads of treated and control districts."""

RELATIVE_SPREAD = "relative_spread"
"""The method of one or two treated districts, whose verdict is at most ``bounded``."""


class MaxTAdjustment(Frozen):
    """One outcome's p-values among those of the ``n_outcomes`` of the plan whose design carries a verdict.

    ``single`` is the studentised permutation's own, ``verdict`` the largest that the verdict asks for, ``holm`` Holm's
    over the latter: the adjusted p-value; ``holm_role`` the same among the ``n_role`` outcomes of its role. ``max_t``
    is Westfall and Young's over permutations that the ``n_together`` outcomes of the same ``n_units`` districts share,
    which holds where districts vary alike, and ``max_t_role`` that of its role; None for an outcome of other districts.
    """

    single: Probability
    verdict: Probability
    holm: Probability
    holm_role: Probability
    n_outcomes: int
    n_role: int
    max_t: Probability | None = None
    max_t_role: Probability | None = None
    n_together: int = 0
    n_units: int | None = None
    enumerated: bool = True


More = Literal["own", "children", "periods", "districts"]
"""A design as it is, or with more children, more periods before and after, or more districts."""


MOST_TIMES = 16
"""The largest multiple of a design that is tried."""


class SmallestFound(Frozen):
    """A change that the verdict finds in four of five cases, and what it takes.

    ``change`` is a share of the level of the treated districts, in steps of .05, in the direction that counts as
    better. Of the ``own`` design it is the smallest that is found, None where not even the end of all of it, or thrice
    as much more, is. Else ``times`` says with how many times as much of what it is found, None where
    :data:`MOST_TIMES` times as much do not help.
    """

    more: More
    change: float | None
    times: int | None


class DesignSize(Frozen):
    """How often both tests of the verdict reject in ``simulations`` data sets of the outcome's own design.

    What a plan asks beside them, such as the level before, only makes a supported verdict rarer. ``size``: where
    nothing was done · ``power``: with an effect of three true standard errors; both in whole per cent, so that no
    count of children can be told from them · ``barred``: the size exceeds the level by more than two Monte Carlo
    errors, so that no verdict here is supported · ``smallest``: the smallest changes that both tests find, of the
    weightier outcomes · ``shape``: where districts begin at different dates, the share of data sets in which the shape
    of the data bars a verdict, whatever the effect, in whole per cent.
    """

    outcome: str
    size: Probability
    power: Probability
    simulations: int
    barred: bool
    smallest: tuple[SmallestFound, ...] = ()
    shape: Probability | None = None


class MethodsRecord(Frozen):
    """What stands beside the table of methods of one outcome on the scale that gives its verdict.

    ``counts`` (B,) say how many of all choices of districts give a studentised difference between ``edges`` (B + 1,);
    ``observed`` is that of the districts that were treated. ``event`` holds the effect period by period against the
    last one before the start, with limits that cover all of them at once; None where there are too few periods.
    ``max_t_adjustment`` is what is left of its p when the other outcomes are looked at too. ``size`` is that of its own
    design, None where it was not simulated. ``relative_spread``:
    how many times as much as the controls one or two treated districts may swing before the finding goes; None
    elsewhere, and where it goes at once. A table that could not be made has no counts, and ``remarks`` say why.
    """

    outcome: str
    scale: str
    verdict: Verdict
    remarks: tuple[Remark, ...] = ()
    observed: float | None = None
    smallest_p: Probability | None = None
    enumerated: bool = True
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    event: Curve | None = None
    max_t_adjustment: MaxTAdjustment | None = None
    size: DesignSize | None = None
    relative_spread: float | None = None

    @model_validator(mode="after")
    def _one_count_between_two_edges(self) -> Self:
        if self.counts and len(self.edges) != len(self.counts) + 1:
            raise ValueError(f"{self.outcome}: {len(self.counts)} counts need one edge more")
        return self
