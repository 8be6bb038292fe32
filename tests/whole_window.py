"""The window that uses every period of a panel."""

from collections.abc import Sequence

from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.window import Window


def around_go_live(panel: DistrictPanel, donut: Sequence[float] = ()) -> Window:
    """All periods before the one go-live, and all from it on, less those of the donut."""
    start = panel.go_live()
    kept = [float(period) for period in panel.periods if period not in donut]
    return Window(tuple(p for p in kept if p < start), tuple(p for p in kept if p >= start))
