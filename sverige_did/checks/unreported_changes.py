"""How would the answer have looked, had changes of placement not been reported?

Statistics Denmark says that changes of placement are underreported. A share of those that were reported is left out,
alike in both groups, in the treated one only, or in the other only, and the outcome is counted and compared anew. What
the register already lacks cannot be put back; the shift says which way it pulls and about how far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sverige_did.checks.curves import EffectScale, curve, effect_axis, grid
from sverige_did.checks.leave_one_out import excludes
from sverige_did.inference.cluster_robust import TTest
from sverige_did.results.estimates import CheckResult

WHERE = ("alike", "treated", "control")
"""In which group changes are left out: in both, in the treated one, in the other."""


class Seen(NamedTuple):
    """What one comparison says, as a mean over the draws of the changes left out."""

    estimate: float
    lower: float
    upper: float


def unreported_changes(
    planned: TTest,
    shares: Sequence[float],
    others: Mapping[str, Sequence[Sequence[TTest]]],
    outcome: str,
    *,
    scale: EffectScale,
) -> CheckResult:
    """``planned`` beside the same test with each of ``shares`` (K,) left out, for each of :data:`WHERE`.

    ``others`` has one test a share and draw of the changes, (K, draws); estimates and limits are averaged, not the
    data, for an average of data swings less than any data could. The key is ``turns`` where one of the intervals
    leaves out no difference and that of ``planned`` does not, or the other way round, or both do with other signs;
    ``percent_turns`` is then the smallest such share. The curve is that of both groups alike.

    Raises RefusedError (``out_of_range``) for a share outside 0 to 1.
    """
    x = grid("shares", shares, 0, 1)
    mean = {where: [_mean(tests) for tests in others[where]] for where in WHERE}
    turned = [share for at, share in enumerate(x) if any(_differ(planned, mean[where][at]) for where in WHERE)]
    y, low, high = np.array([(planned.estimate, planned.lower, planned.upper), *mean["alike"]]).T
    return CheckResult(
        check="unreported_changes",
        outcome=outcome,
        scale=scale,
        key="turns" if turned else "steady",
        numbers={
            "effect": planned.estimate,
            "percent_low": 100 * float(x[0]),
            "percent_high": 100 * float(x[-1]),
            "percent_turns": 100 * float(turned[0]) if turned else None,
            "effect_alike_low": mean["alike"][-1].lower,
            "effect_alike_high": mean["alike"][-1].upper,
        }
        | {f"effect_{where}": mean[where][-1].estimate for where in WHERE},
        curves=(curve("alike", "unreported", effect_axis(scale), 100 * np.append(0.0, x), y, low, high),),
    )


def _mean(tests: Sequence[TTest]) -> Seen:
    return Seen(*np.mean([(one.estimate, one.lower, one.upper) for one in tests], axis=0).tolist())


def _differ(planned: TTest, other: Seen) -> bool:
    """Whether they say different things: two estimates that may both be none do not, whatever their signs."""
    if excludes(planned) != (other.lower * other.upper > 0):
        return True
    return excludes(planned) and planned.estimate * other.estimate < 0
