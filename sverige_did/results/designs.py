"""What the data of each outcome can identify, with the support and the coverage that say so."""

from __future__ import annotations

from typing import Literal

from sverige_did.results.estimates import EFFECT_CLASSES, DesignClass, Frozen


class Support(Frozen):
    """Which groups are seen when, for one outcome. A change that spans the start counts as before and after.

    ``*_lost`` is true where the group was registered in that period but the number did not survive.
    """

    outcome: str
    unit_kind: str
    treated_before: bool
    treated_after: bool
    control_before: bool
    control_after: bool
    treated_dates: int
    control_dates: int
    treated_units: int
    control_units: int
    adoption_dates: int
    numbers_lost: bool
    different_cases: bool


class Coverage(Frozen):
    """Which source covers one outcome in one group, and how many of its districts or areas in each period.

    ``periods`` and ``units_seen`` have the same length; ``units`` is how many the group has in the panel at all.
    """

    outcome: str
    group: Literal["treated", "control"]
    source: str
    unit_kind: str
    units: int
    periods: tuple[str, ...]
    units_seen: tuple[int, ...]


class OutcomeDesign(Frozen):
    """The design class of one outcome, with the support it was derived from; None where no data exist."""

    outcome: str
    design_class: DesignClass | None
    support: Support

    @property
    def may_say_effect(self) -> bool:
        """Whether a contrast of this outcome may be called an effect at all."""
        return self.design_class in EFFECT_CLASSES
