"""The priors of a plan, and those that the models of districts use where a plan names none."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Bilingual, Name, Plan, Positive, UnitName

SHOCK, SHOCK_OF_AREAS = "shock_sd", "shock_sd_areas"
"""The keys of the prior of districts' own shocks, and of that of other areas, which may stand beside it."""


class PriorSpec(Plan):
    """A prior with its unit and a reason. ``sd`` is the scale of a half-normal; a beta has ``a`` and ``b``.

    Only a prior that is the package's own needs no reason: the package gives one.
    """

    key: Name
    family: Literal["normal", "half_normal", "beta"]
    mean: float = 0.0
    sd: Positive | None = None
    a: Positive | None = None
    b: Positive | None = None
    unit: UnitName
    reason: Bilingual | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        has_beta = self.a is not None and self.b is not None
        if (self.family == "beta") != has_beta or (self.family == "beta") == (self.sd is not None):
            raise PydanticCustomError(
                "prior_complete", "a normal or half_normal prior needs sd, a beta prior needs a and b"
            )
        return self


PACKAGE = {
    one.key: one
    for one in (
        PriorSpec(key="effect", family="normal", sd=0.75, unit="log_odds"),
        PriorSpec(key="shock_sd", family="half_normal", sd=0.3, unit="log_odds"),
        PriorSpec(key="effect_sceptical", family="normal", sd=0.35, unit="log_odds"),
        PriorSpec(key="effect_enthusiastic", family="normal", mean=-0.8, sd=0.5, unit="log_odds"),
        PriorSpec(key="effect_sd", family="half_normal", sd=0.25, unit="log_odds"),
        PriorSpec(key="group_gap", family="normal", sd=0.5, unit="log_odds"),
        PriorSpec(key="district_sd", family="half_normal", sd=0.5, unit="log_odds"),
        PriorSpec(key="period_sd", family="half_normal", sd=0.2, unit="log_odds"),
        PriorSpec(key="shock_persistence", family="beta", a=4.0, b=2.0, unit="ratio"),
        PriorSpec(key="clustering", family="half_normal", sd=0.5, unit="ratio"),
    )
}
"""What the models of districts share, by the key that a plan would use; a test holds them to the models' own."""

PACKAGE_REASON = {
    "effect": "neutral",
    "shock_sd": "shock",
    "effect_sceptical": "sceptical",
    "effect_enthusiastic": "enthusiastic",
    "effect_sd": "panel_variation",
    "group_gap": "panel_gap",
    "district_sd": "panel_district",
    "period_sd": "panel_drift",
    "shock_persistence": "panel_persistence",
    "clustering": "clustering",
}
"""Where ``words/*/priors.yaml`` gives the reason of each."""
