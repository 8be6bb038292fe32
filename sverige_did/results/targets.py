"""Whether a programme met its targets: what was registered at each date, and how sure the level behind it is."""

from __future__ import annotations

from datetime import date
from typing import Literal

from sverige_did.results.estimates import Frozen, Probability, Remark

Status = Literal["computed", "in_words", "no_figure", "not_due", "hidden"]
"""computed: a probability · in_words: the source says so without a number · no_figure · not_due: an amount of another
year than the target's is not held against it · hidden: too few children."""


class TargetMoment(Frozen):
    """One target at one date: before, at the mid-term evaluation, or at the final one.

    ``registered`` is the number itself in the target's unit and ``meets`` whether it is on the target's side, by the
    number or by the source's words. ``probability`` is that of the level behind it; the middle and the limits are those
    of the same belief.
    """

    moment: Literal["before", "mid_term", "final"]
    day: date
    status: Status
    registered: float | None = None
    meets: bool | None = None
    probability: Probability | None = None
    middle: float | None = None
    lower: float | None = None
    upper: float | None = None
    facts: tuple[str, ...] = ()


class TargetCount(Frozen):
    """What was counted at one date: ``events``, of a ``total`` where it is a share, in a ``period`` of the panel, or by
    a rule of the target's own (empty).
    """

    moment: Literal["before", "mid_term", "final"]
    day: date
    events: float
    total: float | None = None
    period: str = ""


class TargetRecord(Frozen):
    """One target of a plan, in one reading, from date to date.

    ``met_before``: the level before the programme was already on the target's side. ``alone`` is the probability at the
    final date had the mid-term figures not been known. ``fewest`` is the smallest number of children or events on
    either side behind each moment, in their order, and ``counts`` what was counted at each: they never leave.
    """

    key: str
    outcome: str
    reading: str = "all"
    met_before: bool | None = None
    moments: tuple[TargetMoment, ...] = ()
    alone: Probability | None = None
    fewest: tuple[float, ...] = ()
    counts: tuple[TargetCount, ...] = ()
    assumptions: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def last(self) -> TargetMoment | None:
        """The last moment at which anything can be said, by number or in words."""
        said = [one for one in self.moments if one.status in {"computed", "in_words"} and one.moment != "before"]
        return said[-1] if said else None


class TargetRecords(Frozen):
    """All targets of one plan, as a file keeps them: they must not be told of another plan."""

    plan_sha256: str
    targets: tuple[TargetRecord, ...] = ()
