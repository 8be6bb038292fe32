"""The size and power of the verdict in each outcome's own design: how often it is wrong where nothing was done.

Simulated before the estimates are made (inference/simulated/design.py): a verdict whose own design says supported too
often cannot be supported, whatever the data.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from sverige_did.did.arrays import IntArray
from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.simulated.design import OwnData, OwnDesign, Scale, own_design
from sverige_did.inference.simulated.power import fewest_times, smallest_found
from sverige_did.inference.simulated.redrawn import redrawn
from sverige_did.inference.simulated.redrawn_paths import DatedDesign, barred_by_shape
from sverige_did.inference.simulated.size import Share, verdict_size
from sverige_did.inference.verdict import refusals, told_by_one
from sverige_did.panel import COUNTED, PRESENT, Panel
from sverige_did.periods import period_number
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.estimates import DesignClass
from sverige_did.results.methods_tables import MOST_TIMES, DesignSize, More, SmallestFound
from sverige_did.studies.panel.dates_size import dated_design, dated_size, districts_needed, smallest_dated
from sverige_did.studies.panel.district_did import changes_of, sample_of
from sverige_did.studies.panel.outcome_data import OutcomeData, outcome_data_of, tried
from sverige_did.studies.panel.staggered_did import up_to_follow_up
from sverige_did.study.study import PanelStudy

SIMULATIONS = 2_000

SHIFT = 3.0
"""The effect, in true standard errors, at which a design's power is told."""

SMALLEST_SIMULATIONS, STEP = 1_000, 0.05
"""Data sets for each size of effect that is tried, and the step in which the smallest one found is told."""

HALF, TIMES = 0.5, (1, 2, 3, 4, 6, 8, 12, MOST_TIMES)
"""The change for which it is told how many times as much of a design would find it, and how many are tried."""

SMALLEST_DATES, TIMES_DATES = 1_000, TIMES
"""The same for districts that begin at different dates."""

LARGER: dict[More, tuple[str, ...]] = {
    "districts": ("districts",), "children": ("children",), "periods": ("before", "after"),
}  # fmt: skip
"""What there can be more of, and what is then multiplied."""

type Progress = Callable[[int, int, str], None]


def design_sizes(
    panel: Panel, study: PanelStudy, designs: Sequence[OutcomeDesign], progress: Progress = lambda *_: None
) -> tuple[DesignSize, ...]:
    """The size of every outcome that compares districts and has a verdict, in the plan's order."""
    every = outcome_data_of(panel, study, designs)
    able = [data for data in every if data.design_class in _SIZES and not data.is_what_was_done]
    found = []
    for at, data in enumerate(able, start=1):
        progress(at, len(able), data.wanted.outcome)
        size = _SIZES[data.design_class](data)
        found += [] if size is None else [size]
    return tuple(found)


def design_of(data: OutcomeData) -> OwnDesign | None:
    """The design of one outcome; None where it carries no verdict or cannot be read off the data."""
    try:
        design, sample = own_design_of(data)
    except RefusedError:
        return None
    carries = not (refusals(sample.treated, sample.strata, 1 - data.study.level) or told_by_one(sample))
    return design if carries else None


def own_design_of(data: OutcomeData) -> tuple[OwnDesign, Districts]:
    """The design on the scale of the verdict, and the districts with their changes, in the order of their own numbers,
    so that no name moves what is simulated. Raises what the estimate does."""
    panel = data.arrays(data.partial)
    change = changes_of(data, panel, data.window())[0][0]
    sample, unit = sample_of(data, change.collapsed), change.collapsed.unit
    by_levels = np.lexsort(panel.wide()[unit].T[::-1])  # of districts that changed alike
    order = by_levels[sample.taken(by_levels).order]
    sample = sample.ordered(order)
    return own_design(_counted(data, sample, unit[order], change.kind)), sample


def _of_changes(data: OutcomeData) -> DesignSize | None:
    design, rng, alpha = design_of(data), _rng(data), 1 - data.study.level
    if design is None:
        return None
    size, power = verdict_size(design, rng=rng, shifts=(0.0, SHIFT), simulations=SIMULATIONS, alpha=alpha)
    skewed = redrawn(design)
    if skewed is not None:
        size = max(size, *verdict_size(skewed, rng=rng, simulations=SIMULATIONS, alpha=alpha))
    return _told(data, size, power, smallest_changes(data, design))


def smallest_changes(data: OutcomeData, design: OwnDesign) -> tuple[SmallestFound, ...]:
    """What the design could find: of a primary outcome in larger designs too, of a secondary one in its own alone.

    None for outcomes that are only explored, or where neither direction counts as better.
    """
    sign, seed = _wanted(data)
    if sign is None:
        return ()
    wanted, alpha, n = data.wanted, 1 - data.study.level, SMALLEST_SIMULATIONS
    own = smallest_found(design, sign=sign, seed=seed, simulations=n, alpha=alpha)
    found = [SmallestFound(more="own", change=None if own is None else sign * _up(abs(own)), times=1)]
    for more, multiplied in LARGER.items() if wanted.role == "primary" else ():
        search = partial(fewest_times, design, multiplied, sign * HALF, TIMES, seed=seed, simulations=n, alpha=alpha)
        times = 1 if finds_half(own) else search()
        found.append(SmallestFound(more=more, change=sign * HALF, times=times))
    return tuple(found)


def finds_half(own: float | None) -> bool:
    """Whether a design whose smallest change found is ``own`` finds the one for which more is sought.

    Then nothing larger is simulated, which of a whole country would be twenty thousand districts.
    """
    return own is not None and abs(own) <= HALF


def _up(size: float) -> float:
    """To the next step, a fall to nothing at most: what is told is found at least as often."""
    return round(STEP * float(np.ceil(round(size / STEP, 6))), 2)


def _of_dates(data: OutcomeData) -> DesignSize | None:
    design, _ = tried(lambda: dated_design(up_to_follow_up(data)))
    if design is None:
        return None
    found = dated_size(design, rng=_rng(data), shift=SHIFT, simulations=SIMULATIONS, alpha=1 - data.study.level)
    shape = barred_by_shape(design, seed=_wanted(data)[1], simulations=SIMULATIONS)
    told = _told(data, *found, smallest_of_dates(data, design))
    return told.model_copy(update={"shape": round(shape.share, 2)})


def smallest_of_dates(data: OutcomeData, design: DatedDesign) -> tuple[SmallestFound, ...]:
    """The same of districts that begin at different dates; of a primary outcome with more districts too, which alone
    there can be more of where the paths are those that were seen."""
    sign, seed = _wanted(data)
    if sign is None:
        return ()
    alpha, n = 1 - data.study.level, SMALLEST_DATES
    own = smallest_dated(design, sign=sign, seed=seed, simulations=n, alpha=alpha)
    found = [SmallestFound(more="own", change=None if own is None else sign * _up(abs(own)), times=1)]
    if data.wanted.role == "primary":
        search = partial(districts_needed, design, sign * HALF, TIMES_DATES, seed=seed, simulations=n, alpha=alpha)
        times = 1 if finds_half(own) else search()
        found.append(SmallestFound(more="districts", change=sign * HALF, times=times))
    return tuple(found)


def _wanted(data: OutcomeData) -> tuple[int | None, int]:
    """The sign of a good effect, None where none is asked for, and the seed of the search."""
    wanted = data.wanted
    asked = wanted.benefit != "none" and wanted.role in {"primary", "secondary"}
    seed = zlib.crc32(f"{data.study.sampling.seed}.{wanted.outcome}.smallest".encode())
    return (-1 if wanted.benefit == "lower" else 1) if asked else None, seed


_SIZES: dict[DesignClass, Callable[[OutcomeData], DesignSize | None]] = {"D1": _of_changes, "D5": _of_dates}
"""The classes with a verdict that can be supported, and how their size is simulated."""


def _rng(data: OutcomeData) -> np.random.Generator:
    return np.random.default_rng([data.study.sampling.seed, zlib.crc32(data.wanted.outcome.encode()), SIMULATIONS])


def _told(data: OutcomeData, size: Share, power: Share, smallest: tuple[SmallestFound, ...] = ()) -> DesignSize:
    return DesignSize(
        outcome=data.wanted.outcome,
        size=round(size.share, 2),
        power=round(power.share, 2),
        simulations=SIMULATIONS,
        barred=size.exceeds(1 - data.study.level),
        smallest=smallest,
    )


def _counted(data: OutcomeData, sample: Districts, unit: IntArray, scale: Scale) -> OwnData:
    """The cells of districts ``unit`` (G,) and the periods that are compared, as counts where the outcome is one."""
    window, cells = data.window(), data.cells
    counted = bool(cells["kind"].isin(COUNTED).all())
    panel = data.arrays(data.partial, per=1.0)
    periods = np.array(sorted([*window.pre, *window.post]))
    level = panel.wide()[unit][:, np.isin(panel.periods, periods)]

    def table(values: pd.Series[float]) -> Floats:
        rows = cells.assign(number=cells["period"].map(period_number), shown=values)
        wide = rows.pivot_table(index="unit", columns="number", values="shown", dropna=False)
        return wide.reindex(index=[panel.labels[at] for at in unit], columns=periods).to_numpy(dtype=float)

    lacking = np.where(np.isfinite(level), 0.0, np.nan)
    children = table(cells["denominator"] / _years(cells))
    if not (children[np.isfinite(level)] > 0).all():
        children = np.ones_like(level)
    share = counted and data.entry.family == "share"
    return OwnData(
        sample,
        y=(table(cells["value"] / _years(cells)) if counted else level) + lacking,
        children=(np.maximum(np.rint(children), 1.0) if share else children) + lacking,
        before=np.isin(periods, window.pre),
        family="binomial" if share else "poisson" if counted else "normal",
        scale=scale,
        # Those who are there are counted again in the next period; events are not.
        stays=bool(cells["kind"].isin(PRESENT).all()),
    )


def _years(cells: pd.DataFrame) -> pd.Series[float] | float:
    """The length of a period in years where person-years are counted: what a child adds who is there all the time."""
    if not (cells["kind"] == "person_years").all():
        return 1.0
    return (cells["end"] - cells["start"]).dt.days / 365.25
