"""Spending: printed changes of two groups of different size, put on the treated group's size and net of investments."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sverige_did.did import costs
from sverige_did.results.estimates import Estimate
from sverige_did.studies.published.estimators import before_after, bounded
from sverige_did.studies.published.evidence import Evidence, Printed
from sverige_did.studies.published.plan_parts import assumed, spread
from sverige_did.studies.published.unit_prices import spending_before
from sverige_did.study.study import Outcome


def estimates(evidence: Evidence, outcome: Outcome) -> Iterator[tuple[str, Estimate]]:
    """Raw and scaled difference-in-differences, then what is left after the investments, and break-even."""
    treated, control = (evidence.change(outcome.outcome, group) for group in ("treated", "control"))
    if control is None:
        return
    if treated is None:
        # Only the direction is printed: "not risen".
        treated = Printed(0.0, -math.inf, 0.0)
    else:
        yield "all", before_after(0.0, treated.point, "mio_dkk")
    size = assumed(evidence.study, "control_to_treated")
    yield "all", _did(treated, control, 1.0, (1.0, 1.0), "did", evidence)
    if size is None:
        return  # two groups of unknown size: the changes cannot be put on one footing
    sizes = spread(size)
    scaled = _did(treated, control, 1 / size.value, (1 / sizes[1], 1 / sizes[0]), "did_scaled", evidence)
    yield "all", scaled
    if "ratio" in outcome.scales:
        yield from _net(evidence, scaled)
        yield from _relative(evidence, treated, scaled)


def _did(
    treated: Printed, control: Printed, ratio: float, ratios: tuple[float, float], estimator: str, evidence: Evidence
) -> Estimate:
    low, high = costs.change_did_range(treated.range, control.range, ratios)
    assumptions = ("parallel_trends", "rounding_only", *(("control_size_assumed",) if ratios != (1.0, 1.0) else ()))
    point = costs.change_did(treated.point, control.point, ratio)
    kind = {"estimator": estimator, "assumptions": assumptions}
    return bounded(point, (low, high), "mio_dkk", evidence.study.level, **kind)


def investment(evidence: Evidence) -> Printed:
    """All investments that the sources name, a year: added up, with the range of the unpriced leadership time."""
    amounts = list(evidence.select("investment", "amount", "treated"))
    scale = {fact.fact_id: 1e-6 if fact.unit == "dkk" else 1.0 for fact in amounts}
    leaders = assumed(evidence.study, "leadership_cost")
    least, most = spread(leaders) if leaders else (0.0, 0.0)
    total = sum(fact.number * scale[fact.fact_id] for fact in amounts)
    low = sum(fact.low * scale[fact.fact_id] for fact in amounts) + least
    high = sum(fact.high * scale[fact.fact_id] for fact in amounts) + most
    return Printed(total + (leaders.value if leaders else 0.0), low, high)


def _net(evidence: Evidence, scaled: Estimate) -> Iterator[tuple[str, Estimate]]:
    """Change in spending plus the investment (negative is money saved), and the institution-years that would pay it."""
    spent = investment(evidence)
    low, high = scaled.lower, scaled.upper
    if low is None or high is None or not evidence.select("investment", "amount", "treated"):
        return
    yield (
        "all",
        scaled.model_copy(
            update={
                "estimate": scaled.estimate + spent.point,
                "lower": low + spent.low,
                "upper": high + spent.high,
                "estimand": "net_of_investment",
                "estimator": "net_cost",
                "assumptions": (*scaled.assumptions, "investment_as_named"),
            }
        ),
    )
    institution, family = (assumed(evidence.study, f"price_{kind}") for kind in ("institution", "family"))
    if institution is None or family is None:
        return
    dear, cheap = spread(institution), spread(family)
    limits = costs.break_even(spent.low, dear[1], cheap[0]), costs.break_even(spent.high, dear[0], cheap[1])
    point = costs.break_even(spent.point, institution.value, family.value)
    kind = {"estimand": "break_even", "estimator": "break_even", "inference": "assumption", "n_units": 1}
    prices = ("unit_prices_assumed", "investment_as_named")
    yield "all", bounded(point, limits, "institution_years", evidence.study.level, assumptions=prices, **kind)


def _relative(evidence: Evidence, treated: Printed, scaled: Estimate) -> Iterator[tuple[str, Estimate]]:
    """The same as ratios, which needs a level before that the source has lost."""
    base = spending_before(evidence)
    if base is None or scaled.lower is None or scaled.upper is None:
        return
    lost = ("unit_prices_assumed",)
    raw = before_after(base, base + treated.point, "ratio")
    yield "all", raw.model_copy(update={"assumptions": (*raw.assumptions, *lost)})
    yield (
        "all",
        scaled.model_copy(
            update={
                "estimate": 1 + scaled.estimate / base,
                "lower": 1 + scaled.lower / base,
                "upper": 1 + scaled.upper / base,
                "scale": "ratio",
                "estimator": "did",
                "assumptions": (*scaled.assumptions, *lost),
            }
        ),
    )
