"""Part of the time that counts as after, the programme was still starting: how large is it at full strength?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sverige_did.results.estimates import CheckResult

if TYPE_CHECKING:
    from sverige_did.study.study import Periods

DAYS_A_MONTH = 365.25 / 12


def share_lost(after: pd.DataFrame, when: Periods) -> float:
    """The share of full strength missing over the periods of ``after``: 0 before the start, then the plan's ramp up."""
    spans = after.drop_duplicates("period")
    days = np.concatenate(
        [pd.date_range(start, end).to_numpy() for start, end in zip(spans["start"], spans["end"], strict=True)]
    )
    since = (days - np.datetime64(when.treatment_start)) / np.timedelta64(1, "D") + 1
    ramp = when.ramp_months * DAYS_A_MONTH
    strength = np.clip(since / ramp, 0, 1) if ramp > 0 else (since > 0).astype(float)
    return float(1 - strength.mean())


def start_up(effect: float, lost: float, outcome: str, *, scale: str) -> CheckResult:
    """tau = effect / (1 - e), where ``lost`` (e) is the share of full strength that the time after lacks."""
    return CheckResult(
        check="partial_year",
        outcome=outcome,
        scale=scale,
        key="start_up",
        numbers={"effect": effect, "percent": 100 * lost, "effect_full": effect / (1 - lost)},
        assumptions=("effect_by_strength",),
    )
