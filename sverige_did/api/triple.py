"""Triple differences: the outcome less the same of those whom nothing was done for, in every unit and period.

What moves both parts of the treated units alike, and of the others, is taken away before anything is compared. The
difference is one level a unit and period, so all that is known of few treated units holds for it as it stands.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sverige_did.api.setting import Setting
from sverige_did.did.arrays import DistrictPanel, Dropped
from sverige_did.errors import InputError, Problem
from sverige_did.results.estimates import Remark


def apart(touched: Setting, untouched: Setting) -> Setting:
    """The study of the difference; weights, strata, clusters, covariates and windows are those of ``touched``.

    Raises RefusedError ``frame_scale_here`` on another scale than the outcome's own, and InputError ``frame_not_alike``
    where units, periods or starts differ.
    """
    for one in (touched, untouched):
        one.on_own_scale("triple")
    ours, theirs = touched.panel, untouched.panel
    for name, same in (
        ("unit", ours.labels == theirs.labels),
        ("time", np.array_equal(ours.periods, theirs.periods)),
        ("treated_from", np.array_equal(_starts(ours), _starts(theirs))),
        ("per", touched.per == untouched.per),
    ):
        if not same:
            raise InputError(Problem("frame_not_alike", found=name))
    mine, other = ours.wide(), theirs.wide()
    unit, time = np.nonzero(np.isfinite(mine - other))
    lacking = zip(*np.nonzero(~np.isfinite(mine - other)), strict=True)
    panel = DistrictPanel(
        unit=unit,
        time=time,
        y=(mine - other)[unit, time],
        periods=ours.periods,
        labels=ours.labels,
        treated_from=ours.treated_from,
        weights=ours.weights,
        strata=ours.strata,
        dropped=tuple(Dropped(ours.labels[u], float(ours.periods[t]), "outcome_missing") for u, t in lacking),
    )
    context = touched.context
    name = f"{context.outcome} − {untouched.context.outcome}"
    remark = Remark(key="notebook.note.triple", values={"touched": context.outcome, "other": untouched.context.outcome})
    return replace(
        touched,
        panel=panel,
        per=1.0,
        context=context.model_copy(update={"outcome": name, "left_out": max(len(panel.dropped) - context.starting, 0)}),
        remarks=(*touched.remarks, remark),
    )


def _starts(panel: DistrictPanel) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.where(panel.ever_treated, panel.treated_from, np.inf)
