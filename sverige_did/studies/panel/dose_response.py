"""Did districts change more that were given more of what the programme consists in? Described, and never an effect.

What was done (outcomes of the role ``implementation``) against the primary outcome, one change a district each, over
the same windows and with the outcome's own weights. Among all districts the slope mostly repeats the difference
between treated and controls; within the two groups it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from sverige_did.did.collapse import Collapsed, collapse
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.dose_response import dose_slope
from sverige_did.inference.dose_response import slope_factors as factors_of
from sverige_did.panel import Panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.doses import DoseResponse
from sverige_did.results.estimates import remarks_of
from sverige_did.studies.panel.outcome_data import OutcomeData, outcome_data_of
from sverige_did.study.study import PanelStudy

Among = Literal["all", "within"]
Floats = NDArray[np.float64]


def dose_responses(panel: Panel, study: PanelStudy, designs: Sequence[OutcomeDesign]) -> tuple[DoseResponse, ...]:
    """Every outcome that says what was done, against the primary outcome; nothing where the plan lacks either."""
    every = list(outcome_data_of(panel, study, designs))
    primary = next((one for one in every if one.wanted.role == "primary"), None)
    return () if primary is None else tuple(_of(primary, [one for one in every if one.is_what_was_done]))


def _of(primary: OutcomeData, doses: list[OutcomeData]) -> Iterator[DoseResponse]:
    for data in doses:
        for among in get_args(Among):
            kind = {"dose": data.wanted.outcome, "outcome": primary.wanted.outcome, "among": among}
            try:
                yield DoseResponse.model_validate(kind | _slope(primary, data, among))
            except RefusedError as refusal:
                yield DoseResponse.model_validate(kind | {"why": remarks_of(refusal.problems)[0]})


def slope_factors(
    panel: Panel, study: PanelStudy, designs: Sequence[OutcomeDesign], shown: DoseResponse
) -> dict[str, float]:
    """By district, what its change is multiplied by in a slope that was computed."""
    every = {one.wanted.outcome: one for one in outcome_data_of(panel, study, designs)}
    change, dose, labels = _both(every[shown.outcome], every[shown.dose], shown.among)
    return dict(zip(labels, factors_of(dose.x, change.weights, dose.arm).tolist(), strict=True))


class _Doses(NamedTuple):
    """(G,) of the districts that both are known of: how much more each was given, and among whom it may move."""

    x: Floats
    arm: NDArray[np.int64]


class _Changes(NamedTuple):
    """(G,) changes of the same districts, with their weights."""

    y: Floats
    weights: Floats


def _both(primary: OutcomeData, data: OutcomeData, among: Among) -> tuple[_Changes, _Doses, list[str]]:
    (change, labels), (dose, dose_labels) = (_changes(one) for one in (primary, data))
    common = [name for name in labels if name in set(dose_labels)]
    at, of = ([names.index(name) for name in common] for names in (labels, dose_labels))
    arm = change.treated[at].astype(np.int64) if among == "within" else np.zeros(len(at), dtype=np.int64)
    return _Changes(change.change[at], change.weights[at]), _Doses(dose.change[of], arm), common


def _slope(primary: OutcomeData, data: OutcomeData, among: Among) -> dict[str, object]:
    """The slope over the districts that both are known of."""
    if "D1" not in {data.design_class} & {primary.design_class}:
        raise refuse("dose_no_districts")
    change, dose, common = _both(primary, data, among)
    found = dose_slope(change.y, dose.x, change.weights, dose.arm, rng=data.rng())
    return {"districts": len(common), "slope": found.slope, "p": found.p, "enumerated": found.enumerated}


def _changes(data: OutcomeData) -> tuple[Collapsed, list[str]]:
    """One change a district, and the districts' names."""
    panel = data.arrays(data.partial)
    found = collapse(panel, data.window(), data.weighting)
    return found, [panel.labels[unit] for unit in found.unit]
