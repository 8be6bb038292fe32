"""Every estimate that two group totals can carry, from a printed figure or from a table that fits the figures.

A printed change gives a range, no wider than its rounding. A table of whole children gives exact and approximate
intervals that hold sampling alone: they know nothing of districts, and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sverige_did.did import exact, mover, scales
from sverige_did.results.estimates import Estimate
from sverige_did.studies.published.group_tables import GroupTable, middle_table

Range = tuple[float, float]
Estimator = Callable[[GroupTable, float], Estimate]


def bounded(point: float, limits: Range, scale: str, level: float, **more: Any) -> Estimate:
    """What printed figures leave open: a point and the range from their rounding; ``more`` are fields that differ.

    ``level`` is carried for the table's sake: a range from rounding holds with certainty if the figures are right.
    """
    usual: dict[str, Any] = {
        "estimand": "att",
        "estimator": "did",
        "inference": "bounds",
        "n_units": 2,
        "n_treated": 1,
        "assumptions": ("parallel_trends", "rounding_only"),
    }
    return Estimate(estimate=point, scale=scale, lower=limits[0], upper=limits[1], level=level, **(usual | more))


def printed_difference(treated: Range, control: Range, *, point: float, level: float, scale: str) -> Estimate:
    """A difference of two printed changes, with the range that their rounding leaves open."""
    return bounded(point, (treated[0] - control[1], treated[1] - control[0]), scale, level)


def printed_ratio(treated: Range, control: Range, *, point: float, level: float) -> Estimate:
    """A ratio of two printed ratios of after to before, with the range that their rounding leaves open."""
    return bounded(point, (treated[0] / control[1], treated[1] / control[0]), "ratio", level)


def before_after(before: float, after: float, scale: str) -> Estimate:
    """The raw change of the treated group, as it was published: no control, no interval."""
    change = {"ratio": after / before if before else np.inf, "pp": 100 * (after - before)}.get(scale, after - before)
    return Estimate(
        estimate=float(change),
        scale=scale,
        estimand="raw_change",
        estimator="before_after",
        inference="none",
        n_units=1,
        n_treated=1,
        assumptions=("nothing_else_changed",),
    )


def did_pp(table: GroupTable, level: float) -> Estimate:
    """Difference of shares in percentage points, limits by MOVER from Wilson's."""
    return mover.mover(table.events, table.totals, level=level)


def did_ratio(table: GroupTable, level: float) -> Estimate:
    """Ratio of ratios: exact for counts, by the delta method for shares."""
    if table.family == "poisson":
        return exact.poisson_did(table.events, table.totals, level=level)
    return scales.wald(table.events, table.totals, "log", level=level)


def did_log_odds(table: GroupTable, level: float) -> Estimate:
    """Log ratio of odds ratios with Zelen's exact interval."""
    return exact.zelen(table.events, table.totals, level=level)


BY_SCALE: dict[str, Estimator] = {"pp": did_pp, "ratio": did_ratio, "log_odds": did_log_odds}
"""The estimator of each scale."""


def over_tables(tables: Sequence[GroupTable], scale: str, level: float) -> Estimate:
    """One estimate for all tables that fit the figures equally well: the middle table's, with the widest limits of any.

    The p-value is the largest of any table. With one table it is that table's estimate.
    """
    made = [BY_SCALE[scale](table, level) for table in tables]
    middle = BY_SCALE[scale](middle_table(tables), level)
    notes = middle.notes if len(made) == 1 else (*middle.notes, "widest_over_tables")
    return middle.model_copy(
        update={
            "lower": _widest(min, [estimate.lower for estimate in made]),
            "upper": _widest(max, [estimate.upper for estimate in made]),
            "p_value": _widest(max, [estimate.p_value for estimate in made]),
            "assumptions": _all_assumptions(middle, tables),
            "n_units": 2,
            "n_treated": 1,
            "notes": notes,
        }
    )


def _widest(pick: Callable[[list[float]], float], values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return pick(known) if known else None


def _all_assumptions(middle: Estimate, tables: Sequence[GroupTable]) -> tuple[str, ...]:
    made = [*middle.assumptions, "parallel_trends", *(key for table in tables for key in table.assumptions)]
    return tuple(dict.fromkeys(made))
