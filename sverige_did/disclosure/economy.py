"""What of a net benefit and of targets may leave, and the same as findings for the table of estimates.

A number behind which there are few children stays inside with all that it could be worked out from; for a target that
is the number, its probability and the limits of its level. A later date's answer starts from an earlier one's, so that
the later stays inside with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sverige_did.disclosure.small_counts import is_small
from sverige_did.errors import InputError, Problem
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.economy import Benefit, EconomyRecord
from sverige_did.results.estimates import DesignClass, Estimate, Finding, Verdict
from sverige_did.results.targets import TargetMoment, TargetRecord, TargetRecords
from sverige_did.study.study import Study

VERDICT: dict[DesignClass, Verdict] = {"D1": "inconclusive", "D1g": "conditional", "D3": "descriptive"}
"""What may be said of a net benefit: no rule of the plan is about it."""

HIDDEN: dict[str, object] = {
    "status": "hidden",
    **dict.fromkeys(("registered", "meets", "probability", "middle", "lower", "upper")),
}
"""What is left of a moment that stays inside."""


def of_this_plan(study: Study, economy: EconomyRecord | None, targets: TargetRecords | None) -> None:
    """Raises InputError where a net benefit or targets were made from another plan."""
    made = [one for one in (economy, targets) if one is not None]
    if any(one.plan_sha256 != study.sha256 for one in made):
        raise InputError(Problem("other_plan"))


def released_economy(record: EconomyRecord | None, withheld: Collection[str], threshold: int) -> EconomyRecord | None:
    """The net benefit without what rests on few children; without anything where its outcome is withheld."""
    if record is None:
        return None
    bare: dict[str, object] = {"fewest": None, "fewest_in_kind": None}
    if record.fewest_in_kind is None or is_small(record.fewest_in_kind, threshold):
        bare |= {"moved": None, "marginal": ()}
    few = record.fewest is None or is_small(record.fewest, threshold)
    if few or set(record.outcomes) & set(withheld):
        bare |= {"benefits": (), "years": (), "paid_on": None, "moved": None, "marginal": ()}
    return record.model_copy(update=bare)


def released_targets(
    records: Sequence[TargetRecord], withheld: Collection[str], threshold: int
) -> tuple[TargetRecord, ...]:
    """The targets with every moment hidden that rests on few, and those after it."""
    return tuple(
        _released(record, withheld, threshold).model_copy(update={"counts": (), "fewest": ()}) for record in records
    )


def _released(record: TargetRecord, withheld: Collection[str], threshold: int) -> TargetRecord:
    if not record.fewest:
        shut = record.outcome in withheld
        kept = tuple(one.model_copy(update=HIDDEN) if shut else one for one in record.moments)
        return record.model_copy(update={"moments": kept})
    moments: list[TargetMoment] = []
    hidden = record.outcome in withheld
    for one, number in zip(record.moments, record.fewest, strict=True):
        hidden = hidden or is_small(number, threshold)
        moments.append(one.model_copy(update=HIDDEN) if hidden else one)
    first = moments[0].moment == "before" and moments[0].status == "hidden"
    return record.model_copy(
        update={
            "moments": tuple(moments),
            "fewest": (),
            "alone": None if hidden else record.alone,
            "met_before": None if first else record.met_before,
        }
    )


def economy_findings(study: Study, designs: Sequence[OutcomeDesign], record: EconomyRecord | None) -> Iterator[Finding]:
    """Savings and net benefits as rows of the table of estimates; positive is money saved or left."""
    if record is None:
        return
    classes = {design.outcome: design.design_class for design in designs}
    for benefit in record.benefits:
        outcome = record.outcomes[-1 if benefit.basis == "booked" else 0]
        design_class = classes.get(outcome)
        if design_class is None or design_class not in VERDICT:
            continue
        for result in _estimates(benefit, study.level):
            yield Finding(
                study=study.study,
                outcome=outcome,
                reading="all",
                design_class=design_class,
                verdict=VERDICT[design_class],
                plan_sha256=study.sha256,
                result=result,
            )


def _estimates(benefit: Benefit, level: float) -> Iterator[Estimate]:
    scaling, amounts = benefit.scaling, {"saving": benefit.saving, "net_benefit": benefit.net}
    for estimand, amount in amounts.items():
        if amount is not None:
            limited = amount.lower is not None
            yield Estimate(
                estimate=amount.value,
                scale="mio_dkk",
                estimand=f"{estimand}_at_end" if benefit.moment == "final" else estimand,
                estimator=f"benefit_{scaling}",
                inference="benefit_draws" if limited else "none",
                lower=amount.lower,
                upper=amount.upper,
                level=level if limited else None,
                prob_benefit=benefit.prob_positive if estimand == "net_benefit" else None,
                assumptions=benefit.assumptions,
            )
