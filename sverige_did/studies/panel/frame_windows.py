"""The plan's windows and weights of the grid that a panel is laid on, for methods that follow children themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sverige_did.windows import StudyWindows, windows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.sources.panel.frame import PanelFrame
    from sverige_did.study.study import PanelStudy


def windows_of_frame(panel_frame: PanelFrame, study: PanelStudy) -> StudyWindows:
    """The plan's windows of the periods (T,) that a panel is laid on."""
    bounds = panel_frame.windows.bounds.astype("datetime64[D]")
    return windows_of(bounds[:-1], bounds[1:] - np.timedelta64(1, "D"), study.periods)


def weights_of_frame(panel_frame: PanelFrame, study: PanelStudy) -> NDArray[np.float64]:
    """What districts are weighed by (D,): mean resident-years of a period before, or ones as the plan says."""
    if study.weights == "districts":
        return np.ones(panel_frame.shape[0])
    return np.asarray(panel_frame.resident_years[:, windows_of_frame(panel_frame, study).before].mean(axis=1))
