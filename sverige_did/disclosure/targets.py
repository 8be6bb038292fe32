"""Targets as they leave: worked out again from the rounded numbers, so that they say nothing that those do not say.

A probability, a middle and two limits are four numbers of one count, and of a count of twelve each of them tells it.
They are therefore those of the count as it leaves, in the same steps as levels are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sverige_did.disclosure.coarse import Steps
from sverige_did.disclosure.levels import Cell, Levels
from sverige_did.disclosure.money import OF_AN_AMOUNT
from sverige_did.disclosure.rounding import down, nice_below, share_to_step, to_step, up
from sverige_did.errors import RefusedError
from sverige_did.panel import Panel
from sverige_did.results.targets import TargetCount, TargetMoment, TargetRecord
from sverige_did.studies.panel.targets import by_counts
from sverige_did.study.study import PanelStudy

DIGITS = 6
"""Decimals of a rounded number of children: the same number over periods of unlike lengths is the same."""

Said = dict[tuple[str, tuple[TargetCount, ...]], dict[str, object]]
"""What a target says by its key and by what was counted."""


class CoarseTargets(NamedTuple):
    """The targets to be released, and the cells whose rounded numbers they are made of."""

    records: tuple[TargetRecord, ...]
    cells: tuple[Cell, ...]


def coarse_targets(
    records: Sequence[TargetRecord],
    panel: Panel,
    study: PanelStudy,
    levels: Levels,
    shut: Collection[tuple[object, ...]],
    steps: Steps,
    said: Said,
) -> CoarseTargets:
    """Every target from rounded numbers; one whose number is hidden counts as few from there on (``fewest`` of 1).

    ``said`` is what targets said before by what was counted: looked up, and added to.
    """
    places = {(cell.outcome, cell.label): cell for cell in levels.cells if cell.group == "treated"}
    planned = {target.key: target for target in study.targets}
    made, shown = [], []
    for record in records:
        if not record.counts:
            made.append(_money(record, steps))
            continue
        cells = [places.get((record.outcome, one.period)) for one in record.counts]
        out = [cell is not None and cell.key in levels.hidden | set(shut) for cell in cells]
        counts = tuple(_rounded(one, cell, study) for one, cell in zip(record.counts, cells, strict=True))
        fewest = tuple(1.0 if gone else few for gone, few in zip(out, record.fewest, strict=True))
        try:
            if (record.key, counts) not in said:
                said[record.key, counts] = by_counts(panel, study, planned[record.key], counts)
            update = said[record.key, counts]
        except RefusedError:
            fewest, update = (1.0,) * len(fewest), {}
        made.append(record.model_copy(update=update | {"fewest": fewest}))
        shown += [cell for cell, gone in zip(cells, out, strict=True) if cell is not None and not gone]
    return CoarseTargets(tuple(_with_steps(one) for one in made), tuple(shown))


def _rounded(one: TargetCount, cell: Cell | None, study: PanelStudy) -> TargetCount:
    """The numbers as a level of that period shows them, or rounded to as many children."""
    base = float(study.register_rules.base)
    if cell is None:
        events, total = to_step(one.events, base), None if one.total is None else to_step(one.total, base)
    else:
        length = cell.found.length if cell.found.kind != "events" else 1.0
        events = round(cell.numerator / length, DIGITS)
        total = None if one.total is None else round(cell.denominator / length, DIGITS)
    return one.model_copy(update={"events": events if total is None else min(events, total), "total": total})


def _with_steps(record: TargetRecord) -> TargetRecord:
    """Probabilities in whole per cent, and three significant figures of the rest: digits of rounded numbers."""
    alone = None if record.alone is None else share_to_step(record.alone)
    return record.model_copy(update={"moments": tuple(_figures(record)), "alone": alone})


def _figures(record: TargetRecord) -> Iterator[TargetMoment]:
    for one in record.moments:
        names = ("registered", "middle", "lower", "upper")
        rounded = {name: float(f"{value:.3g}") for name in names if (value := getattr(one, name)) is not None}
        probability = None if one.probability is None else share_to_step(one.probability)
        yield one.model_copy(update=rounded | {"probability": probability})


def _money(record: TargetRecord, steps: Steps) -> TargetRecord:
    """Amounts in the steps of the outcome's estimates, limits outwards."""
    largest = max((abs(one.registered) for one in record.moments if one.registered is not None), default=0.0)
    step = steps.of.get((record.outcome, "mio_dkk"), nice_below(largest / OF_AN_AMOUNT) if largest > 0 else 1.0)
    made = []
    for one in record.moments:
        update: dict[str, object] = {}
        for name, rounded in (("registered", to_step), ("middle", to_step), ("lower", down), ("upper", up)):
            value = getattr(one, name)
            if value is not None:
                update[name] = rounded(value, step)
        made.append(one.model_copy(update=update))
    return record.model_copy(update={"moments": tuple(made)})
