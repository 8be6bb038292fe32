"""Would the periods before have shown a drift that matters, and what if they did not? (Roth 2022)

A look that finds nothing is no proof of parallel trends. So: the drift that it finds half of the time and four times
out of five, the drift that would be all of the finding, by how much the finding is off when that drift went unseen,
and how much likelier the periods before are without it than with it.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from sverige_did.inference.event_effects import Estimated
from sverige_did.inference.pretest import Pretest
from sverige_did.results.estimates import CheckResult

LARGEST_RATIO = 1000.0
"""A likelihood ratio above this is told as this: it rests on the tail of a normal distribution."""


def pretest_power(
    found: Estimated, outcome: str, *, scale: str, rng: np.random.Generator, years: float = 1.0
) -> CheckResult:
    """Slopes and bias of drift in a straight line, in a period of ``years``; a look at effects one at a time.

    Normal draws with the smooth covariance, for the look's critical value is the page's and effects before are many
    beside few treated districts. The bias is None where the drift is hardly ever missed.
    """
    normal = float(special.ndtri(1 - found.test.alpha / 2))
    smooth = found.effects._replace(covariance=found.pooled() / found.stretch**2)
    look = Pretest(smooth, found.stretch * normal, rng=rng)
    erases = found.test.estimate / float(found.load @ found.effects.after)
    ratio = look.log_likelihood_ratio(erases)
    return CheckResult(
        check="pretest_power",
        outcome=outcome,
        scale=scale,
        key="without" if ratio >= 0 else "with_drift",
        numbers={
            "size_half": look.slope(0.5) / years,
            "size_often": look.slope(0.8) / years,
            "effect_erases": erases / years,
            "power": 100 * look.power(erases),
            "effect_bias": look.bias(erases, found.load),
            "ratio": min(math.exp(min(abs(ratio), 50.0)), LARGEST_RATIO),
        },
    )
