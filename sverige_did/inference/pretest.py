"""What a look at the periods before can tell, and what it does to the estimate (Roth 2022, AER: Insights 4:305).

The usual look passes if no effect before the start is significant by itself. Under a straight line of drift with a
slope g the effects are normal with mean g t; how likely the look is to see it, and by how much the estimate is off
once it has not, are read off draws from that normal distribution. A look that is passed is no evidence by itself: the
likelihood ratio says how much likelier the effects before were without drift than with that line.
"""

from __future__ import annotations

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.districts import Floats
from sverige_did.inference.relative_magnitudes import EventEffects

DRAWS = 10_000
_DOUBLINGS = 60
_BISECTIONS = 14


class Pretest:
    """The look at the effects before the start, with its draws: every question is answered by the same ones.

    ``critical``: how many standard errors from none an effect is significant.

    >>> from sverige_did.inference.relative_magnitudes import EventEffects
    >>> before, after = np.array([-1.0]), np.array([1.0])
    >>> look = Pretest(EventEffects(before, after, np.zeros(2), np.eye(2)), 1.96, rng=np.random.default_rng(1))
    >>> round(look.power(0.0), 2), round(look.slope(0.5), 1)
    (0.05, 2.0)
    """

    def __init__(self, effects: EventEffects, critical: float, *, rng: np.random.Generator, draws: int = DRAWS) -> None:
        self.effects, self.critical = effects, critical
        P = effects.before.size
        self._sd = np.sqrt(np.diag(effects.covariance)[:P])
        values, vectors = np.linalg.eigh(effects.covariance[:P, :P])
        half = rng.standard_normal((draws // 2, P))
        normal = np.concatenate([half, -half])
        self._noise: Floats = normal @ (vectors * np.sqrt(np.clip(values, 0.0, None))).T

    def _passes(self, slope: float) -> np.ndarray:
        found = self._noise + slope * self.effects.before
        return np.asarray((np.abs(found) <= self.critical * self._sd).all(axis=1))

    def power(self, slope: float) -> float:
        """How likely a drift of ``slope`` a period is to make an effect before the start significant, in [0, 1]."""
        return float(1 - self._passes(slope).mean())

    def slope(self, power: float) -> float:
        """The smallest drift a period, as an amount, that the look sees with this probability; 0 where chance alone
        makes it as likely.

        Raises RefusedError ``out_of_range`` for a probability outside (0, 1).
        """
        if not 0 < power < 1:
            raise refuse("out_of_range", name="power", found=f"{power:g}", expected="0 < power < 1")
        low, high = 0.0, float(self._sd.max())
        if self.power(0.0) >= power:
            return 0.0
        for _ in range(_DOUBLINGS):
            if self.power(high) >= power:
                break
            high *= 2
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.power(middle) >= power else (middle, high)
        return high

    def bias(self, slope: float, load: Floats) -> float | None:
        """By how much l'beta is off on average when the drift was ``slope`` a period and the look was passed; None
        where hardly any draw passes it.
        """
        P = self.effects.before.size
        kept = self._noise[self._passes(slope)]
        if len(kept) < 100:
            return None
        covariance = self.effects.covariance
        moved = kept.mean(axis=0)
        shifted = np.linalg.lstsq(covariance[:P, :P], moved, rcond=1e-10)[0] @ covariance[:P, P:]
        return float(load @ (slope * self.effects.after + shifted))

    def log_likelihood_ratio(self, slope: float) -> float:
        """The logarithm of how much likelier the effects before are without drift than with ``slope`` a period."""
        P = self.effects.before.size
        inverse = np.linalg.pinv(self.effects.covariance[:P, :P], rcond=1e-10, hermitian=True)
        line = slope * self.effects.before
        found = self.effects.estimate[:P]
        return float((found - line) @ inverse @ (found - line) - found @ inverse @ found) / 2
