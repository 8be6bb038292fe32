"""Where the numbers of a specification curve are from in a study with a plan: its panel, and others beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from sverige_did.did.collapse import collapse
from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Floats
from sverige_did.panel import Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.multiverse import PLANNED_ORIGIN, Ground, Origin, frozen, specification_curve
from sverige_did.studies.panel.outcome_data import OutcomeData, children
from sverige_did.studies.panel.seen import Seen
from sverige_did.study.study import Periods
from sverige_did.windows import other_partial, to_the_stop

LEVELS = frozenset({"points", "months", "weeks"})
"""Units on which a ratio of levels means nothing: their zero is a convention, or their end."""


def multiverse_of(panel: Panel, seen: Seen[OutcomeData], others: Mapping[tuple[str, str], Panel]) -> CheckResult:
    """The curve of an outcome; ``others`` are panels by axis (``residence``, ``placement``) and option."""
    data = seen.data
    origins: list[Origin] = []
    for origin in _origins(data, others):
        origins.append(origin)
        held = frozen(origin) if "frozen" in data.study.multiverse.denominator else None
        if held is not None:
            origins.append(held)
    return specification_curve(seen, _ground(panel, seen), origins, data.study.multiverse)


def _ground(panel: Panel, seen: Seen[OutcomeData]) -> Ground:
    data, order = seen.data, seen.sample.order
    arrays = data.arrays(data.partial)
    labels = np.array(arrays.labels)[collapse(arrays, data.window(), data.weighting).unit][order]
    sizes = _sizes(panel, data, labels)
    planned = seen.sample.weights[order]
    by = np.ones(labels.size) if data.weights is not None else sizes
    weights = {"planned": planned}
    if by is not None and np.ptp(planned / by) > 1e-9 * planned.max():
        weights["other"] = by
    return Ground(
        labels=tuple(labels),
        treated=seen.sample.treated[order],
        strata=seen.sample.strata[order],
        weights=weights,
        sizes=sizes,
        scales=_scales(data),
        top=data.per if data.entry.family == "share" else 1.0,
        lottery=seen.sample.taken(order).lottery,
    )


def _sizes(panel: Panel, data: OutcomeData, labels: np.ndarray) -> Floats | None:
    """The children (G,) of each district; None where some are not known."""
    found: Floats = np.asarray(children(panel, data.name, data.study).reindex(labels), dtype=np.float64)
    return found if np.isfinite(found).all() and (found > 0).all() else None


def _scales(data: OutcomeData) -> tuple[str, ...]:
    if data.entry.unit in LEVELS:
        return ("difference",)
    return ("difference", "ratio", "odds") if data.entry.family == "share" else ("difference", "ratio")


def _origins(data: OutcomeData, others: Mapping[tuple[str, str], Panel]) -> Iterator[Origin]:
    """The plan's own numbers, first with its own window; then with another rule for the time treated in part."""
    plan, columns = data.study.multiverse, ["unit", "period", "value", "denominator"]
    sources = {("residence", "planned"): data}
    for (axis, option), panel in others.items():
        cells = panel.outcome(data.name)
        moved = not cells.empty and not _same(cells[columns], data.cells[columns])
        if option in plan.options(axis) and moved:  # type: ignore[arg-type]
            sources[axis, option] = data._replace(cells=cells)
    for (axis, option), source in sources.items():
        for partial in plan.options("partial"):
            try:
                yield _origin(source, {**PLANNED_ORIGIN, axis: option, "partial": partial})
            except _NoChoice:
                continue
            except RefusedError:
                if source is data and partial == "planned":
                    raise


class _NoChoice(Exception):  # noqa: N818 (nothing is wrong)
    """What would be an option is no other than the plan's."""


def _origin(data: OutcomeData, choices: dict[str, str]) -> Origin:
    if choices["partial"] == "other":
        other = _with(data, other_partial(data.study.periods))
        if other.window() == data.window():
            raise _NoChoice
        data = other
    stop = _with(data, to_the_stop(data.study.periods))
    return Origin(choices, data.arrays(data.partial), data.window(), stop.window().post)


def _with(data: OutcomeData, periods: Periods) -> OutcomeData:
    return data._replace(study=data.study.model_copy(update={"periods": periods}))


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.reset_index(drop=True).equals(other.reset_index(drop=True))
