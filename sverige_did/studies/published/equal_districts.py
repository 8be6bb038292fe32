"""The districts behind the printed totals of a study, which were not published one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sverige_did.bayes.models.hidden_districts import Districts, districts

if TYPE_CHECKING:
    from sverige_did.study.study import PublishedStudy


def hidden(study: PublishedStudy) -> Districts:
    """The districts behind the totals, of equal size: their sizes were not published."""
    return districts(
        np.ones(study.treated.districts), np.ones(study.control.districts), study.sensitivity.shock_autocorrelation
    )
