"""How much more a district changed that was given more of the programme: described, and not an effect."""

from __future__ import annotations

from typing import Literal

from sverige_did.results.estimates import Frozen, Probability, Remark


class DoseResponse(Frozen):
    """The change of one outcome for each unit of a district's change in what was done, over ``districts`` of them.

    ``slope`` is in the outcome's unit by the dose's own; ``p`` is the share of permutations of the doses, among all
    districts or ``within`` the treated and the control group, with a slope as far from 0. ``slope`` and ``p`` are None
    where it could not be computed, and ``why`` says so.
    """

    dose: str
    outcome: str
    among: Literal["all", "within"]
    districts: int = 0
    slope: float | None = None
    p: Probability | None = None
    enumerated: bool = False
    why: Remark | None = None
