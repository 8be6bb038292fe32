"""How the treated districts of a plan were chosen, and what that leaves of a verdict.

Unless they were drawn by lot, a finding is supported only if it stands beside the level before as well; where they were
chosen because they had just risen it is not called so at all, for no comparison of these data tells what falls back by
itself from an effect (docs/size.md).
"""

from __future__ import annotations

import numpy as np

from sverige_did.errors import RefusedError
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.level_choice import Choice, RuleP, apart, beside_level
from sverige_did.results.estimates import Estimate, Remark, remarks_of
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.studies.panel.index_models import as_ratio
from sverige_did.studies.panel.outcome_data import OutcomeData


def of_choice(
    data: OutcomeData, record: MethodsRecord, first: Estimate, sample: Districts, level: Floats
) -> tuple[MethodsRecord, tuple[Estimate, ...]]:
    """The record with the verdict that the plan's choice of districts leaves, and the finding beside the level before.

    ``first`` is the first estimate of the methods table, ``level`` (G,) that of the sample's districts before go-live,
    on the scale of their changes.
    """
    alpha = 1 - data.study.level
    return beside_choice(record, first, sample, level, chosen=data.study.chosen, alpha=alpha, rng=data.rng())


def beside_choice(
    record: MethodsRecord,
    first: Estimate,
    sample: Districts,
    level: Floats,
    *,
    chosen: Choice,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[MethodsRecord, tuple[Estimate, ...]]:
    """The same of any sample whose treated districts were ``chosen`` in that way."""
    if record.verdict == "refused" or chosen == "random":
        return record, ()
    try:
        found = beside_level(sample, level, rng=rng, alpha=alpha)
    except RefusedError as refusal:
        return _left_open(record, remarks_of(refusal.problems)), ()
    made = () if found is None else (_estimate(first, found),)
    if record.verdict != "supported":
        return record, made
    if chosen == "rise":
        key = "chosen_by_rise"
    elif found is None:
        key = "level_tells_all"
    elif found.p_value > alpha:
        key = "level_explains"
    else:
        key = "level_beyond" if apart(level, sample.treated) else "level_beside"
    values = {} if found is None else {"p": f"{max(found.p_value, 1e-4):.4f}"}
    remarks = (Remark(key=f"inference.note.{key}", values=values),)
    if key in {"level_beside", "level_beyond"}:
        return record.model_copy(update={"remarks": (*record.remarks, *remarks)}), made
    return _left_open(record, remarks), made


def _left_open(record: MethodsRecord, why: tuple[Remark, ...]) -> MethodsRecord:
    """The record without its support, and why; any other as it is."""
    if record.verdict != "supported":
        return record
    return record.model_copy(update={"verdict": "inconclusive", "remarks": (*record.remarks, *why)})


def _estimate(first: Estimate, found: RuleP) -> Estimate:
    return row_beside(first, found.test, found.p_value, "level_adjusted", "level_tells_the_choice")


def row_beside(first: Estimate, test: TTest, p_value: float, inference: str, *assumes: str) -> Estimate:
    """A test as one more row of the table, in the unit of its ``first`` estimate."""
    made = first.model_copy(
        update={
            "inference": inference,
            "estimate": test.estimate,
            "lower": test.lower,
            "upper": test.upper,
            "std_error": test.std_error,
            "p_value": p_value,
            "assumptions": (*first.assumptions, *assumes),
            "notes": (),
        }
    )
    return as_ratio(made) if first.scale == "ratio" else made
