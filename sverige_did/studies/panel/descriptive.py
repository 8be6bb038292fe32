"""What can be said without the districts: the raw change, the difference of two totals, a difference in level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sverige_did.panel import COUNTED
from sverige_did.results.estimates import Estimate, Finding
from sverige_did.studies.panel.outcome_data import OutcomeData, bare
from sverige_did.studies.panel.window_levels import pooled_level
from sverige_did.windows import own_windows


def _levels(data: OutcomeData) -> dict[str, tuple[float, ...]]:
    """The pooled level of each group before and after; NaN where it was not registered."""
    before, after = data.before(), data.after()
    return {
        group: tuple(pooled_level(side[side["group"] == group], data.per) for side in (before, after))
        for group in ("treated", "control")
    }


def raw_change(data: OutcomeData) -> Iterator[Estimate]:
    """How the treated group changed, with nothing to hold it against."""
    yield from _change(data, *_levels(data)["treated"])


def raw_change_by_date(data: OutcomeData) -> Iterator[Estimate]:
    """The same where every district has its own date: before it, and in the periods wholly after it."""
    mine = data.cells[data.cells["group"] == "treated"]
    dated = own_windows(mine)
    yield from _change(data, *(pooled_level(mine[side], data.per) for side in (dated.before, dated.after)))


def _change(data: OutcomeData, before: float, after: float) -> Iterator[Estimate]:
    if np.isfinite(before) and np.isfinite(after):
        yield bare(after - before, data.scale, "raw_change", "before_after")
        if before > 0 and after > 0:
            yield bare(after / before, "ratio", "raw_change", "before_after")


def by_hand(data: OutcomeData) -> Iterator[Estimate]:
    """What anybody gets who adds up the children of a group: the difference between the changes of two pooled levels.

    Children who are placed in other districts than before change it too, even where no district's share changes; that
    is why the estimates weigh districts by their children before. Nothing for means and amounts.
    """
    if not data.cells["kind"].isin(COUNTED).all() or data.cells["denominator"].isna().all():
        return
    levels = _levels(data)
    did = levels["treated"][1] - levels["treated"][0] - levels["control"][1] + levels["control"][0]
    if np.isfinite(did):
        yield bare(did, data.scale, "att", "did_totals", "parallel_trends", "districts_as_placed")


def two_totals(data: OutcomeData) -> Iterator[Finding]:
    """The difference between the changes of two totals, absolute and as a ratio."""
    levels = _levels(data)
    values = np.array([levels["treated"], levels["control"]])
    if not np.isfinite(values).all():
        yield from (data.found("refused", one) for one in raw_change(data))
        return
    did = values[0, 1] - values[0, 0] - values[1, 1] + values[1, 0]
    yield data.found("conditional", bare(did, data.scale, "att", "did", "parallel_trends"))
    if (values > 0).all():
        ratio = values[0, 1] / values[0, 0] / (values[1, 1] / values[1, 0])
        yield data.found("conditional", bare(ratio, "ratio", "att", "did", "parallel_trends_log"))
    yield from (data.found("conditional", one) for one in raw_change(data))


def done(data: OutcomeData) -> Iterator[Finding]:
    """What was done, for outcomes that say so: how the treated changed, and by how much more than the controls."""
    levels = _levels(data)
    values = np.array([levels["treated"], levels["control"]])
    more = values[0, 1] - values[0, 0] - values[1, 1] + values[1, 0]
    yield from (data.found("descriptive", one) for one in raw_change(data))
    if np.isfinite(more):
        yield data.found("descriptive", bare(more, data.scale, "more_than_control", "did"))


def described(data: OutcomeData) -> Iterator[Finding]:
    """A difference in level where both groups are seen after only, else the development of the treated."""
    if data.design_class == "D2":
        levels = _levels(data)
        treated, control = levels["treated"][1], levels["control"][1]
        if np.isfinite(treated) and np.isfinite(control) and treated > 0 and control > 0:
            yield data.found("descriptive", bare(treated / control, "ratio", "level_difference", "rate_ratio"))
    else:
        yield from (data.found("descriptive", one) for one in raw_change(data))
