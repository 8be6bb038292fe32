"""What districts do to children's SDQ scores, so that treated and control districts are compared as elsewhere here.

    a_i ~ N(level + b_age (age_i - mean) + b_girl (girl_i - mean) + gamma D_d + alpha_d, sd_child)
    w_dt = s_dt + lambda_t,   alpha_d ~ N(0, sigma_alpha), s_dt ~ N(0, sigma_s)

The children of the treated districts may score otherwise from the start (gamma), and the children of a district may all
change for reasons of its own (s_dt): without that, ten children of one school would count as ten answers to what the
programme did. lambda_t is what is common to all beyond the straight line of the growth model; of two periods the line
says it all, and there is no lambda.

A child belongs to the district of its first questionnaire (intention to treat).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm

from sverige_did.bayes.models.district_effects import BASELINE_DIFFERENCE, DISTRICT, PERIOD_WALK
from sverige_did.bayes.priors import SHOCK, HalfNormal, Normal
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Built, Prior

Tensor = Any


@dataclass(frozen=True, slots=True, eq=False)
class ScoreDistricts:
    """``district`` (C,) of each child and ``period`` (N,) of each questionnaire, codes from 0; ``treated`` (G,) is True
    for the districts that get the programme. Raises RefusedError: ``cells_lengths``, ``cells_no_control``.
    """

    district: NDArray[np.int64]
    period: NDArray[np.int64]
    treated: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if len(self.district) == 0 or len(self.period) == 0:
            raise refuse("cells_lengths")
        if min(self.district.min(), self.period.min()) < 0 or self.district.max() >= len(self.treated):
            raise refuse("cells_lengths")
        if self.treated[self.district].all():
            raise refuse("cells_no_control")

    @property
    def n_periods(self) -> int:
        """T, counting every period up to the last one with a questionnaire."""
        return int(self.period.max()) + 1


@dataclass(frozen=True, slots=True)
class DistrictPriors:
    """Priors of gamma and of the sds of alpha, s and lambda, on the log-odds scale of the share of the 40 points."""

    baseline_difference: Normal = BASELINE_DIFFERENCE
    district: HalfNormal = DISTRICT
    shock: HalfNormal = SHOCK
    period_sd: HalfNormal = PERIOD_WALK

    def named(self, places: ScoreDistricts) -> dict[str, Prior]:
        """The priors that these places need, by the name of the parameter."""
        found: dict[str, Prior] = {
            "gamma": self.baseline_difference,
            "sigma_alpha": self.district,
            "sigma_s": self.shock,
        }
        return found | ({"sigma_lambda": self.period_sd} if places.n_periods > 2 else {})


PLACES = DistrictPriors()
"""Where nothing else is said."""


def district_level(places: ScoreDistricts, built: Built) -> Tensor:
    """gamma D_d + alpha_d of each child's district (C,)."""
    flag = pm.Data("treated", places.treated.astype(float))
    district = built["gamma"] * flag + built.signed("sigma_alpha") * pm.Normal("alpha_z", shape=len(places.treated))
    return district[pm.Data("home", places.district)]


def district_shocks(places: ScoreDistricts, built: Built) -> Tensor:
    """w (G, T), added to the model in context as ``swing``."""
    shape = (len(places.treated), places.n_periods)
    swing = built.signed("sigma_s") * pm.Normal("shock_z", shape=shape)
    if places.n_periods > 2:
        swing = swing + built.signed("sigma_lambda") * pm.ZeroSumNormal("lambda_z", shape=shape[1])
    return pm.Deterministic("swing", swing)
