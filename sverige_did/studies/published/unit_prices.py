"""What the plan's prices say about amounts that the source has lost: the level of spending, and how much it swings."""

from __future__ import annotations

from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.plan_parts import assumed


def placed_by_price(evidence: Evidence) -> tuple[tuple[float, float], ...]:
    """The treated group's children before, as (children, price of a year): in institutions, and placed elsewhere.

    From the first table of whole children that fits the published figures; empty where there is none.
    """
    tables = [table for tables in evidence.tables_of("institution_share").values() for table in tables]
    price = {kind: assumed(evidence.study, f"price_{kind}") for kind in ("institution", "family")}
    if not tables or price["institution"] is None or price["family"] is None:
        return ()
    institution, placed = tables[0].events[0][0], tables[0].totals[0][0]
    return (institution, price["institution"].value), (placed - institution, price["family"].value)


def spending_before(evidence: Evidence) -> float | None:
    """The treated group's spending before (mio. kr. a year), from its children and the plan's prices."""
    children = placed_by_price(evidence)
    return sum(count * price for count, price in children) if children else None


def spending_change_variance(evidence: Evidence) -> float | None:
    """Sampling variance of the scaled difference-in-differences of spending (mio. kr. squared).

    Compound Poisson: a year's spending varies by sum_k N_k m_k^2 (1 + CV^2), N_k children at a mean price m_k; the
    change from year to year by 2 (1 - persistence) times that; the control group, r times as large and scaled down
    by r, adds 1/r of the same. docs/methods.md, costs.
    """
    children = placed_by_price(evidence)
    keys = ("price_variation", "persistence", "control_to_treated")
    known = [found.value for key in keys if (found := assumed(evidence.study, key))]
    if not children or len(known) < len(keys):
        return None
    variation, persistence, size = known
    year = sum(count * price**2 * (1 + variation**2) for count, price in children)
    return 2 * (1 - persistence) * year * (1 + 1 / size)
