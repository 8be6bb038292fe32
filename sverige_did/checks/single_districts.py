"""The change of each treated district by itself: does it go the way of the whole in all of them?

A single district's numbers must not leave, so it is told in how many districts, and of none by how much.
"""

from __future__ import annotations

import numpy as np

from sverige_did.inference.districts import Floats
from sverige_did.results.estimates import CheckResult


def single_districts(effects: Floats, whole: float, outcome: str, *, scale: str) -> CheckResult:
    """``effects`` (K,): the change of each treated district less that of the controls it is held against."""
    turned = int((np.sign(effects) != np.sign(whole)).sum())
    return CheckResult(
        check="single_districts",
        outcome=outcome,
        scale=scale,
        key="turned" if turned else "alike",
        numbers={"effect": whole, "districts": float(effects.size), "turned": float(turned)},
    )
