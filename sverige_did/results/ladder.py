"""The ladder of measures: where children of each rung go, how long they stay, who arrives; what printed figures say."""

from __future__ import annotations

from typing import Literal

from sverige_did.results.estimates import Frozen, Probability, Remark

Group = Literal["treated", "control"]
Moment = Literal["before", "after"]
Quantity = Literal["stay", "down", "up", "out", "of_age", "measure", "months", "arrived", "age", "known"]
SHARES: tuple[Quantity, ...] = ("stay", "down", "up", "out", "of_age")
"""Where those of a rung are a period later, in per cent; together they are everybody."""


class LadderCell(Frozen):
    """One number about those of one rung, in one group and window.

    ``quantity``: one of :data:`SHARES` in per cent · ``measure``: per cent with a measure of section 52 or a
    placement a period later · ``months`` on the rung within the record's ``time_months`` · ``arrived`` on it from
    outside, per 1,000 resident children and year · ``age`` in years and ``known``, per cent who had a measure before,
    of those who stand there. ``status``: ``nobody`` stood there · ``hidden`` by disclosure control, and neither 0 nor
    blank. ``children`` are those that the number is about and ``rest`` those who stood there besides: neither ever
    leaves (None).
    """

    rung: str
    quantity: Quantity
    group: Group
    moment: Moment
    status: Literal["shown", "hidden", "nobody"] = "shown"
    value: float | None = None
    children: int | None = None
    rest: int | None = None


class LadderContrast(Frozen):
    """The treated group's change in one number less the control group's, in its unit; no test and no verdict.

    The limits are of the jackknife over districts; None where an arm rests on fewer than two.
    """

    rung: str
    quantity: Quantity
    estimate: float
    lower: float | None = None
    upper: float | None = None


class PrintedRung(Frozen):
    """What printed figures say of leaving one rung downwards in a programme's group, in one reading of the source.

    ``before`` and ``after`` are the fewest and the most children who can have stood there on the two dates, and
    ``moved`` how many can have moved down from it at most. Then at least ``stood`` stood there at some time, and at
    most ``at_most`` per cent of all who did moved down: None where no figure says how many stood there. ``printed``
    is whether its own moves were printed, and not only those of several rungs together.
    """

    reading: str
    rung: str
    before: tuple[float, float] | None = None
    after: tuple[float, float] | None = None
    moved: int | None = None
    printed: bool = False
    stood: int | None = None
    at_most: float | None = None


class LadderRecord(Frozen):
    """All that a study can say of moves on the ladder; one of registers has cells, one of printed figures has printed.

    ``flow_months`` and ``time_months`` are how long children are followed for shares and for months on a rung.
    """

    plan_sha256: str
    flow_months: float | None = None
    time_months: float | None = None
    level: Probability | None = None
    cells: tuple[LadderCell, ...] = ()
    contrasts: tuple[LadderContrast, ...] = ()
    printed: tuple[PrintedRung, ...] = ()
    remarks: tuple[Remark, ...] = ()
