"""Printed changes beside the printed figures that they are changes of: what rounding does not bring together.

A change in percentage points goes with two percentages, one in children or kroner with two numbers of these, and a
relative change with any two alike. Both have an interval, from the rounding of each figure; where the two intervals do
not meet, the three figures cannot all be true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations, product

from sverige_did.results.published import Reported
from sverige_did.sources.published.facts import TIE, limits

Range = tuple[float, float]

STATES = frozenset({"count", "level", "amount"})
"""The measures of which a change can be printed."""


def contradicted_changes(facts: Sequence[Reported]) -> Iterator[tuple[str, ...]]:
    """The fact ids of each change, and of the figures before and after, that cannot all be true.

    ``facts`` are about one outcome in one group. A change goes from the figure that begins with it to the one that ends
    with it.
    """
    numbers = [fact for fact in facts if isinstance(fact.value, float)]
    states = [fact for fact in numbers if fact.measure in STATES]
    changes = [fact for fact in numbers if fact.measure in _LEFT_OPEN]
    for change, (before, after) in product(changes, permutations(states, 2)):
        if _belong(change, before, after):
            low, high = _LEFT_OPEN[change.measure](limits(before), limits(after))
            printed = limits(change)
            if low > printed[1] + TIE or high < printed[0] - TIE:
                yield tuple(sorted((change.fact_id, before.fact_id, after.fact_id)))


def _belong(change: Reported, before: Reported, after: Reported) -> bool:
    """Whether it is their change: two figures of one kind, whose dates are the ends of the change."""
    alike = before.measure == after.measure and _unit(before) == _unit(after)
    dated = before.period_start == change.period_start and after.period_end == change.period_end
    apart = before.period_end < after.period_end and before.period_start < after.period_start
    units = {_unit(before).replace("percent", "pp")} if change.measure == "change" else {"percent"}
    return alike and dated and apart and _unit(change) in units


def _unit(fact: Reported) -> str:
    return "mio_dkk" if fact.unit == "dkk" else fact.unit


def _difference(before: Range, after: Range) -> Range:
    return after[0] - before[1], after[1] - before[0]


def _relative(before: Range, after: Range) -> Range:
    """In per cent; without an upper end where nothing may have been there before."""
    lowest, highest = (
        100 * (now / then - 1) if then > 0 else math.inf for now, then in zip(after, before[::-1], strict=True)
    )
    return (lowest, highest) if before[1] > 0 else (-math.inf, math.inf)


_LEFT_OPEN: dict[str, Callable[[Range, Range], Range]] = {"change": _difference, "ratio_change": _relative}
"""What the figures before and after leave open for each measure of change."""
