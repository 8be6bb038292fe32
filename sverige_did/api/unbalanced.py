"""Which units lack a period, where a method needs every unit in every one."""

from __future__ import annotations

import numpy as np

from sverige_did.api.given import listed
from sverige_did.api.setting import Setting
from sverige_did.errors import RefusedError, refuse

UNBALANCED = "did_unbalanced"


def with_the_incomplete(setting: Setting, refusal: RefusedError) -> RefusedError:
    """The refusal of a study whose units lack periods with their names in it, by which to leave them out; any other as
    it is."""
    if refusal.problems[0].key != UNBALANCED:
        return refusal
    panel, window = setting.panel, setting.window
    used = np.ones(panel.periods.size, dtype=bool)
    if window is not None:
        used = np.logical_or(*window.sides(panel))
    lacking = ~np.isfinite(panel.wide()[:, used])
    periods = np.array(setting.times.labels)[used]
    each = (
        f"{panel.labels[at]} ({listed(periods[lacking[at]], shown=3)})" for at in np.flatnonzero(lacking.any(axis=1))
    )
    return refuse("did_unbalanced", found=listed(each))
