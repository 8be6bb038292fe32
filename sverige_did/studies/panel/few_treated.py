"""One or two treated districts: how much more than the others they may swing before a finding goes.

Where they were drawn by lot and the finding stands if they swing as the others do, the verdict is ``bounded`` and names
the bound. Where they were not, it stays refused: with three districts or more the level before can be asked too, with
one or two it tells nothing, and the highest of twenty-two areas came out as an effect in up to 62 % of draws, beside
the level still in up to 33 %
(docs/size.md).
"""

from __future__ import annotations

from math import floor

import numpy as np

from sverige_did.inference.districts import Districts, comparable
from sverige_did.inference.level_choice import Choice
from sverige_did.inference.relative_spread import RelativeSpread, relative_spread
from sverige_did.inference.verdict import SMALLEST_ARM
from sverige_did.results.estimates import Estimate, Remark
from sverige_did.results.methods_tables import RELATIVE_SPREAD, MethodsRecord
from sverige_did.studies.panel.choice import row_beside
from sverige_did.studies.panel.outcome_data import OutcomeData, tried


def of_few(
    data: OutcomeData, record: MethodsRecord, first: Estimate, sample: Districts
) -> tuple[MethodsRecord, tuple[Estimate, ...]]:
    """The record with the bound and what it says, and its row; as it is with more treated districts, or few controls.

    ``first`` is the first estimate of the methods table, without limits. The row has limits where the verdict is
    ``bounded``: those of treated districts that swing as the controls do.
    """
    plan = data.study
    return bound_of_few(record, first, sample, chosen=plan.chosen, level=plan.level, rng=data.rng())


def bound_of_few(
    record: MethodsRecord, first: Estimate, sample: Districts, *, chosen: Choice, level: float, rng: np.random.Generator
) -> tuple[MethodsRecord, tuple[Estimate, ...]]:
    """The same of any sample whose treated districts were ``chosen`` in that way, at the ``level`` of its limits."""
    compared = comparable(sample.treated, sample.strata)
    if not _few(int((sample.treated & compared).sum()), int((~sample.treated & compared).sum())):
        return record, ()
    found, why = tried(lambda: relative_spread(sample, rng=rng, alpha=1 - level))
    if found is None:
        return record.model_copy(update={"remarks": (*record.remarks, *why)}), ()
    row = _row(first, sample, found, level)
    remark = _said(found, chosen, level)
    record = record.model_copy(update={"remarks": (*record.remarks, remark)})
    if remark.key != "inference.note.spread_holds":
        return record, (row.model_copy(update={"lower": None, "upper": None}),)
    return record.model_copy(update={"verdict": "bounded", "relative_spread": _shown(found)}), (row,)


def _row(first: Estimate, sample: Districts, found: RelativeSpread, level: float) -> Estimate:
    row = row_beside(first, found.test, found.test.p_value, RELATIVE_SPREAD, "districts_vary_alike")
    counted = {"n_units": sample.change.size, "n_treated": int(sample.treated.sum()), "weights": sample.weighting}
    return row.model_copy(update={"level": level, **counted})


def _few(treated: int, control: int) -> bool:
    return 0 < treated < SMALLEST_ARM <= control


def _said(found: RelativeSpread, chosen: Choice, level: float) -> Remark:
    if found.largest is None:
        return Remark(key="inference.note.spread_none", values={"p": f"{found.test.p_value:.3f}"})
    values = {"times": f"{_shown(found):.1f}"}
    if chosen != "random":
        return Remark(key="inference.note.spread_not_by_lot", values=values)
    return Remark(key="inference.note.spread_holds", values=values | {"alpha": f"{1 - level:g}"})


def _shown(found: RelativeSpread) -> float:
    """The bound in tenths, never more than was found."""
    return floor(10 * (found.largest or np.nan)) / 10
