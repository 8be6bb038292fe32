"""The periods that an estimate compares: those before and those after, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sverige_did.did.arrays import BoolArray, DistrictPanel
from sverige_did.errors import refuse


@dataclass(frozen=True, slots=True)
class Window:
    """The periods that count as before and as after; what lies in neither is left out (the donut)."""

    pre: tuple[float, ...]
    post: tuple[float, ...]

    def sides(self, panel: DistrictPanel) -> tuple[BoolArray, BoolArray]:
        """Which of the panel's periods are before and which after, (T,) each.

        Raises RefusedError ``did_window``: a side is empty, unknown to the panel or on the wrong side of a go-live.
        """
        pre, post = (np.isin(panel.periods, side) for side in (self.pre, self.post))
        starts = panel.treated_from[panel.ever_treated]
        known = int(pre.sum()) == len(self.pre) and int(post.sum()) == len(self.post)
        if not (known and pre.any() and post.any()):
            raise refuse("did_window", found=f"{self.pre} / {self.post}")
        if panel.periods[pre].max() >= starts.min() or panel.periods[post].min() < starts.max():
            expected = f"{starts.min():g} / {starts.max():g}"
            raise refuse("did_window", found=f"{self.pre} / {self.post}", expected=expected)
        return pre, post


def around(panel: DistrictPanel) -> Window:
    """All periods before and after the one go-live; ``did_staggered`` is refused where districts begin apart."""
    begun = panel.periods >= panel.go_live()
    return Window(tuple(panel.periods[~begun].tolist()), tuple(panel.periods[begun].tolist()))
