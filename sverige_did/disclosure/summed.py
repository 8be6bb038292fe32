"""Which cells of an outcome are added up into a number that would leave: what is looked at for few children."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sverige_did.checks.just_before import without_last
from sverige_did.checks.placebo_dates import splits
from sverige_did.checks.regression_after_rise import FEWEST, halves
from sverige_did.disclosure.sums import Matrix
from sverige_did.inference.districts import Ints
from sverige_did.inference.event_effects import periods_of_a_step, steps_before
from sverige_did.study.study import Periods
from sverige_did.windows import (
    Bools,
    cells_after,
    cells_before,
    other_partial,
    own_windows,
    to_the_stop,
    up_to,
    windows_of,
)

DAYS_OF_A_YEAR = 365.25

QUESTION = "multiverse question."
"""Beside a specification curve: its lines of an axis of other questions have windows of their own."""


def years_of_a_period(cells: Matrix) -> float:
    """The usual length of a period."""
    return float(np.median((cells.end - cells.start) / np.timedelta64(1, "D")) + 1) / DAYS_OF_A_YEAR


def _by_parts(cells: Matrix, before: Ints, after: Bools) -> Iterator[tuple[str, Bools]]:
    """The parts of the windows that a check looks at alone, and what they leave."""
    every, years = np.arange(after.size), years_of_a_period(cells)
    if before.size > 1:
        yield from (("just_before", np.isin(every, part)) for part in without_last(before, years))
    if before.size >= FEWEST:
        yield from (("regression_after_rise", np.isin(every, before[part])) for part in halves(before.size))
        yield from (("multiverse", np.isin(every, before[part])) for part in halves(before.size))
    year = max(1, round(1 / years))
    yield from (("multiverse", np.isin(every, part)) for part in (before[-year:], before[:-year]) if part.size)
    last = np.flatnonzero(after)
    yield from ((f"{QUESTION}after", np.isin(every, part)) for part in (last[-year:], last[:-year]) if part.size)


def by_estimates(cells: pd.DataFrame, when: Periods) -> Iterator[pd.DataFrame]:
    """The cells of each window of estimates and posteriors; also of each unit's own, where units begin apart."""
    yield from (cells_before(cells, when), cells_after(cells, when))
    if cells["treated_from"].dropna().unique().size > 1:
        seen = up_to(cells, when.follow_up)
        own = own_windows(seen)
        yield from (seen[own.before], seen[own.after])


BY_STEPS = ("relative_magnitudes", "equivalence", "permuted_magnitudes")


def drift_steps(cells: Matrix, before: Ints) -> list[Ints]:
    """The periods before in the blocks whose steps a drift is made of."""
    return steps_before(before, periods_of_a_step(years_of_a_period(cells), before.size))


def by_checks(cells: Matrix, when: Periods) -> Iterator[tuple[str, Bools]]:
    """The periods (T,) of each window that only a check has, with its name.

    Beside the estimate, a check of a wider window tells what the two differ by: that is looked at too.
    """
    planned, other = (windows_of(cells.start, cells.end, one) for one in (when, other_partial(when)))
    stop = windows_of(cells.start, cells.end, to_the_stop(when))
    for check in ("other_window", f"{QUESTION}partial"):
        yield from ((check, window) for window in (other.after, other.after ^ planned.after))
    yield (f"{QUESTION}after", stop.after ^ planned.after)
    before = np.flatnonzero(planned.before)
    every = np.arange(planned.before.size)
    # Their weights may rest on any single period before.
    single = ("synthetic_did", "smoothness", "pretest_power")
    yield from ((check, every == period) for check in single for period in before)
    # They tell the largest step, which may be that into or out of any block.
    blocks = drift_steps(cells, before)
    yield from ((check, np.isin(every, block)) for check in BY_STEPS for block in blocks)
    yield from _by_parts(cells, before, planned.after)
    for cut in splits(np.arange(before.size)):
        yield from (("placebo_dates", np.isin(every, before[part])) for part in cut)
