"""The catalogue of outcomes: one value each. A new outcome is one more value; its names stand in the language files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sverige_did.errors import InputError, Problem
from sverige_did.study.study import Study

Family = Literal["share", "count", "rate", "money", "score", "moves", "ladder", "duration"]
Use = Literal["effect", "dose", "fidelity", "goal"]


@dataclass(frozen=True, slots=True)
class CatalogueOutcome:
    """What one outcome measures.

    ``twin`` is the outcome per resident that must stand beside every ratio whose denominator the programme itself can
    move. ``use`` says what the outcome may serve for: a ``dose`` (caseload) or ``fidelity`` measure (follow-ups) is
    never itself an effect, and a ``goal`` is measured against a target, not against the control group. ``made_of``
    names the outcomes it is computed from where it is not observed itself: it has no stronger design than the weakest
    of them. ``different_cases`` is true where the cases before and during are not the same cases. ``most`` is
    the largest value that a child can have, where a mean at it would tell the same of every child.
    """

    key: str
    family: Family
    unit: str
    twin: str | None = None
    use: Use = "effect"
    different_cases: bool = False
    most: float | None = None
    made_of: tuple[str, ...] = ()


CATALOGUE: dict[str, CatalogueOutcome] = {
    outcome.key: outcome
    for outcome in (
        CatalogueOutcome("institution_share", "share", "percent", twin="institution_per_1000"),
        CatalogueOutcome("institution_children", "count", "children"),
        CatalogueOutcome(
            "institution_per_1000", "rate", "rate_per_1000", made_of=("institution_share", "placed_total")
        ),
        CatalogueOutcome("placed_total", "count", "person_years"),
        CatalogueOutcome("placed_per_1000", "rate", "rate_per_1000", made_of=("placed_total",)),
        CatalogueOutcome("family_share", "share", "percent", twin="family_per_1000"),
        CatalogueOutcome("family_per_1000", "rate", "rate_per_1000", made_of=("family_share", "placed_total")),
        CatalogueOutcome("foster_share", "share", "percent", twin="foster_per_1000"),
        CatalogueOutcome("foster_per_1000", "rate", "rate_per_1000", made_of=("foster_share", "placed_total")),
        CatalogueOutcome("network_share", "share", "percent", twin="network_per_1000"),
        CatalogueOutcome("network_per_1000", "rate", "rate_per_1000", made_of=("network_share", "placed_total")),
        CatalogueOutcome("home_based_share", "share", "percent", twin="home_based_per_1000"),
        CatalogueOutcome("home_based_per_1000", "rate", "rate_per_1000", made_of=("home_based_share", "placed_total")),
        CatalogueOutcome("ladder_clarification", "ladder", "cases"),
        CatalogueOutcome("ladder_prevention", "ladder", "cases"),
        CatalogueOutcome("ladder_network", "ladder", "cases"),
        CatalogueOutcome("ladder_family", "ladder", "cases"),
        CatalogueOutcome("ladder_institution_and_home", "ladder", "cases"),
        CatalogueOutcome("ladder_total", "ladder", "cases"),
        CatalogueOutcome("ladder_moves", "moves", "children"),
        CatalogueOutcome("local_ties", "moves", "children"),
        CatalogueOutcome("moved_down_share", "share", "percent", twin="moved_down_per_1000"),
        CatalogueOutcome("moved_down_per_1000", "rate", "rate_per_1000", made_of=("moved_down_share", "placed_total")),
        CatalogueOutcome("moved_up_share", "share", "percent", twin="moved_up_per_1000"),
        CatalogueOutcome("moved_up_per_1000", "rate", "rate_per_1000", made_of=("moved_up_share", "placed_total")),
        CatalogueOutcome("breakdowns", "rate", "percent", twin="breakdowns_per_1000"),
        CatalogueOutcome("breakdowns_per_1000", "rate", "rate_per_1000", made_of=("breakdowns", "placed_total")),
        CatalogueOutcome("complaints", "rate", "percent", twin="complaints_per_1000"),
        CatalogueOutcome("complaints_per_1000", "rate", "rate_per_1000", made_of=("complaints", "ladder_total")),
        CatalogueOutcome("caseload", "rate", "cases", use="dose"),
        CatalogueOutcome("follow_ups", "rate", "follow_ups", twin="follow_ups_per_1000", use="fidelity"),
        CatalogueOutcome("follow_ups_per_1000", "rate", "rate_per_1000", use="fidelity"),
        CatalogueOutcome("follow_ups_on_time", "share", "percent", use="fidelity"),
        CatalogueOutcome("placement_spending", "money", "mio_dkk"),
        CatalogueOutcome("preventive_spending", "money", "mio_dkk"),
        CatalogueOutcome("placement_cost", "money", "mio_dkk"),
        CatalogueOutcome("price_home_based", "money", "mio_dkk"),
        CatalogueOutcome("price_network", "money", "mio_dkk"),
        CatalogueOutcome("price_foster", "money", "mio_dkk"),
        CatalogueOutcome("price_institution", "money", "mio_dkk"),
        CatalogueOutcome("savings_target", "money", "mio_dkk", use="goal", made_of=("placement_spending",)),
        CatalogueOutcome("investment", "money", "mio_dkk", use="goal"),
        CatalogueOutcome("wellbeing_sdq", "score", "points"),
        CatalogueOutcome("sdq_borderline_share", "share", "percent"),
        CatalogueOutcome("sdq_abnormal_share", "share", "percent"),
        CatalogueOutcome("sdq_better_share", "share", "percent"),
        CatalogueOutcome("sdq_worse_share", "share", "percent"),
        CatalogueOutcome("sdq_added_value", "score", "points"),
        CatalogueOutcome("first_exit_time", "duration", "months", most=12.0),
        CatalogueOutcome("decision_time", "duration", "weeks", different_cases=True),
    )
}


def require_known(study: Study, file: str) -> None:
    """Raises InputError naming each outcome of the plan that the catalogue does not hold."""
    expected = ", ".join(CATALOGUE)
    unknown = [outcome.outcome for outcome in study.outcomes if outcome.outcome not in CATALOGUE]
    if unknown:
        raise InputError(
            *(Problem("plan_outcome", file=file, column="outcomes", found=key, expected=expected) for key in unknown)
        )
