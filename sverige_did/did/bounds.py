"""What a share among the *placed* can say, when the programme also changes who is placed.

The share in institutions conditions on being placed, and placement is itself an outcome: a lower share may come
from other children in the denominator. So the outcome is also counted per resident child, and bounds hold for the
children who would be placed either way.
"""

from __future__ import annotations

from sverige_did.did.scales import require
from sverige_did.errors import refuse

Range = tuple[float, float]


def always_placed(
    share_after: float | Range, counterfactual_share: float | Range, placed_ratio: float | Range
) -> Range:
    """Trimming bounds on the effect among the always-placed, with monotonicity: the programme only removes placements.

    ``share_after`` is the treated group's observed share, ``counterfactual_share`` S its share without the programme
    (under parallel trends), ``placed_ratio`` the ratio of placement ratios (treated after/before over control
    after/before), so q = 1 - placed_ratio is the fraction of the placed whom the programme kept out; the effect is in
    shares (not percentage points). The kept-out were all, or none, in institutions:
    S(always) lies in [(S - q)/(1 - q), S/(1 - q)], cut to [0, 1]. An input given as a range (low, high) yields the
    widest bounds over all values in it. Raises ``trimming_negative`` when a placed ratio exceeds 1.

    Source: Lee (2009), Review of Economic Studies 76:1071; principal stratum of the always-placed.
    """
    after, s, ratio = (_as_range(value) for value in (share_after, counterfactual_share, placed_ratio))
    for name, limits in (("share_after", after), ("counterfactual_share", s)):
        for limit in limits:
            require(name, limit, 0, 1)
    if ratio[1] > 1:
        raise refuse("trimming_negative", found=f"{ratio[1]:.3f}", expected="<= 1")
    if ratio[0] <= 0:
        raise refuse("out_of_range", name="placed_ratio", found=f"{ratio[0]:g}", expected="0 < placed_ratio <= 1")
    # Both bounds widen with q, so the most trimming decides; S enters both with a positive sign.
    q = 1 - ratio[0]
    lowest, highest = max(0.0, (s[0] - q) / (1 - q)), min(1.0, s[1] / (1 - q))
    return after[0] - highest, after[1] - lowest


def _as_range(value: float | Range) -> Range:
    low, high = value if isinstance(value, tuple) else (value, value)
    if not low <= high:
        raise refuse("range_reversed", found=f"{low:g}, {high:g}")
    return float(low), float(high)
