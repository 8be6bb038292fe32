"""The control group's lost counts: how large its base can be, and the tables that fit once a base is assumed."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sverige_did.errors import refuse
from sverige_did.results.published import Reported
from sverige_did.sources.published.enumeration import Constraint, Problem, Term, Unknown, Whole
from sverige_did.sources.published.facts import limits
from sverige_did.studies.published.readings import PLACED_CHANGE, change, figures_of, rule_of, share

PUPIL_SHARE = ("F010", "F044")
PRINTED = ("F078", "F087a", "F085")


def control_base_limit(facts: Iterable[Reported], treated_placed: int) -> int:
    """The largest number of placed children in the control group.

    The treated districts have the share q of the pupils and the higher placement rate, so that
    control placed < (1 − q)/q x treated placed; q is as small as every printed figure about it allows.
    """
    figures = figures_of(facts, PUPIL_SHARE)
    q = max(limits(figures[fact_id])[0] for fact_id in PUPIL_SHARE) / 100
    return math.ceil(treated_placed * (1 - q) / q) - 1


def control_group(
    facts: Iterable[Reported], *, treated_placed: int, base: int, share_before: float, unchanged_pp: float
) -> Problem:
    """The control group's tables on an assumed base and an assumed institution share before (between 0 and 1).

    The changes of family care are left out: without a level they bind nothing. Raises RefusedError when the base
    contradicts the groups' sizes and rates.
    """
    facts = tuple(facts)
    limit = control_base_limit(facts, treated_placed)
    if base > limit:
        raise refuse("control_base_too_large", found=str(base), expected=f"<= {limit}")
    figures = figures_of(facts, [*PRINTED, "F081"])
    printed = zip(PRINTED, (PLACED_CHANGE, (share("network", 1),), change("network")), strict=True)
    count = base * share_before
    return Problem(
        reading="control",
        outcome="institution_share",
        unknowns=tuple(
            Unknown(f"{name}_{at}", base if at == 0 and name == "placed" else int(name == "placed"), base * (1 + at))
            for at in (0, 1)
            for name in ("placed", "institution", "network")
        ),
        constraints=(
            Constraint(("control_to_treated",), (Term(1.0, ("placed_0",)),), base, base, given=True),
            Constraint(
                ("control_share_level",), (Term(1.0, ("institution_0",)),), count - 0.5, count + 0.5, given=True
            ),
            Constraint(("F081",), change("institution"), -unchanged_pp, unchanged_pp),
            *(rule_of(figures, fact_id, terms) for fact_id, terms in printed),
        ),
        wholes=tuple(Whole(f"placed_{at}", (f"institution_{at}", f"network_{at}")) for at in (0, 1)),
        quantities=(("institution_change_pp", change("institution")), ("placed_change_percent", PLACED_CHANGE)),
    )
