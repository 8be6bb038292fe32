"""The ways to read Herning's damaged tables, each as unknown counts and the printed figures that bind them.

H2 reads the placed person-years as whole children, on an unknown base. H1 and H3 take the children on the steps of
Figure 1 as the placed children: in H1 its surviving middle column is kin and network care, in H3 home-based
placements. ``_0`` is mid-2013 (Figure 1: August), ``_1`` the end of 2014. Family care in all is foster care (the
step familiepleje) and network care together; home-based is what remains.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from sverige_did.errors import refuse
from sverige_did.results.published import Reported
from sverige_did.sources.published.enumeration import Constraint, Problem, Term, Unknown, Whole
from sverige_did.sources.published.facts import limits

KINDS = ("institution", "network", "foster", "home")
UPPER_STEPS = ("F062", "F058", "F046"), ("F065", "F061", "F049")
"""Cases in all, cases under clarification and cases on the step prevention, at either date: the rest is placed."""

Figures = dict[str, Reported]


def figures_of(facts: Iterable[Reported], needed: Iterable[str]) -> Figures:
    """The facts by id; raises RefusedError naming the needed ones that are not there."""
    figures = {fact.fact_id: fact for fact in facts}
    missing = sorted(set(needed) - set(figures))
    if missing:
        raise refuse(
            "figures_missing", found=", ".join(sorted(set(needed) & set(figures))), expected=", ".join(missing)
        )
    return figures


def share(kind: str, at: int, sign: int = 1) -> Term:
    """``sign`` x the per cent of the placed who are of that kind (kinds joined by +) at one of the two dates."""
    return Term(100.0 * sign, tuple(f"{part}_{at}" for part in kind.split("+")), (f"placed_{at}",))


def change(kind: str) -> tuple[Term, ...]:
    """The change of that share in percentage points."""
    return share(kind, 1), share(kind, 0, -1)


PLACED_CHANGE = (Term(100.0, ("placed_1",), ("placed_0",)), Term(-100.0, ()))
"""The relative change of the number placed, in per cent."""

SHARES: tuple[tuple[str, tuple[Term, ...]], ...] = (
    ("F077", PLACED_CHANGE),
    ("F079", (share("institution", 0),)),
    ("F080", (share("institution", 1),)),
    ("F086a", (share("network", 1),)),
    ("F084", change("network")),
)
FAMILY = ("F082", change("foster+network"))
HOME = ("F088b", change("home"))
"""“Rose markedly”, as large as the other changes imply if the shares add up."""


def rule_of(figures: Figures, fact_id: str, terms: tuple[Term, ...]) -> Constraint:
    """The constraint that one printed figure puts on the terms, with its rounding."""
    return Constraint((fact_id,), terms, *limits(figures[fact_id]))


def _quantities(family: bool) -> tuple[tuple[str, tuple[Term, ...]], ...]:
    changes = {"institution_change_pp": change("institution"), "network_change_pp": change("network")}
    changes |= {"family_change_pp": change("foster+network")} if family else {}
    return (*changes.items(), ("placed_change_percent", PLACED_CHANGE))


def upper_steps(facts: Iterable[Reported]) -> tuple[int, int]:
    """Cases above the step prevention in August 2013 and December 2014: no more children can be placed."""
    figures = figures_of(facts, (*UPPER_STEPS[0], *UPPER_STEPS[1]))
    before, after = (
        figures[in_all].number - figures[unclear].number - figures[prevention].number
        for in_all, unclear, prevention in UPPER_STEPS
    )
    return int(before), int(after)


def person_years(facts: Iterable[Reported], *, family: bool = False, cap: tuple[int, int] | None = None) -> Problem:
    """H2: shares, changes and breakdowns of the placed person-years, read as whole children on an unknown base.

    ``cap`` is the largest base at the two dates, from Figure 1 unless given. ``family`` adds the number in foster care,
    which the printed figures leave wide open. The breakdowns of 2014 are set against the placed at its end.
    """
    facts = tuple(facts)
    figures = figures_of(facts, [*(fact_id for fact_id, _ in SHARES), FAMILY[0], "F116"])
    caps = cap or upper_steps(facts)
    kinds = ("institution", "network", "foster") if family else ("institution", "network")
    unknowns = [
        Unknown(f"{name}_{at}", int(name == "placed"), caps[at]) for at in (0, 1) for name in ("placed", *kinds)
    ]
    breakdowns = (Term(100.0, ("breakdowns",), ("placed_1",)),)
    rules = [*SHARES, ("F116", breakdowns), *([FAMILY] if family else [])]
    return Problem(
        reading="H2",
        outcome="family_share" if family else "institution_share",
        unknowns=(*unknowns, Unknown("breakdowns", 0, caps[1])),
        constraints=tuple(rule_of(figures, fact_id, terms) for fact_id, terms in rules),
        wholes=(*_wholes(kinds), Whole("placed_1", ("breakdowns",))),
        quantities=_quantities(family),
    )


def stock(facts: Iterable[Reported], *, middle: str = "network") -> Problem:
    """H1 and H3: the four upper steps of Figure 1 are the placed children.

    ``middle`` is what the surviving middle column counts: ``network`` is H1, ``home`` is H3. The two lost steps are
    institution and the other of the two.
    """
    facts = tuple(facts)
    other = {"network": "home", "home": "network"}[middle]
    shown = [("F050", middle, 0), ("F054", "foster", 0), ("F053", middle, 1), ("F057", "foster", 1)]
    rest = [("F070", 0), ("F073", 1)]
    ids = [*(rule[0] for rule in (*SHARES, FAMILY, HOME)), *(row[0] for row in shown), *(row[0] for row in rest)]
    figures = figures_of(facts, [*ids, "F011", "F012", "F074"])
    caps = upper_steps(facts)
    cases = [int(figures[steps[0]].number) for steps in UPPER_STEPS]
    given = [
        *(
            Constraint(UPPER_STEPS[at], (Term(1.0, (f"placed_{at}",)),), caps[at], caps[at], given=True)
            for at in (0, 1)
        ),
        *(_count(figures, fact_id, (f"{kind}_{at}",)) for fact_id, kind, at in shown),
        *(_count(figures, fact_id, (f"institution_{at}", f"{other}_{at}")) for fact_id, at in rest),
    ]
    fall = (Term(1.0, ("institution_1",)), Term(-1.0, ("institution_0",)))
    doubted = [
        *(rule_of(figures, fact_id, terms) for fact_id, terms in (*SHARES, FAMILY, HOME)),
        Constraint(("F074",), fall, -math.inf, -1.0),
        *(Constraint((f,), (Term(1.0, (n,)),), figures[f].number, math.inf) for f, n in _RESIDENTIAL),
    ]
    return Problem(
        reading="H1" if middle == "network" else "H3",
        outcome="institution_share",
        unknowns=tuple(
            Unknown(f"{name}_{at}", int(name == "placed"), cases[at]) for at in (0, 1) for name in ("placed", *KINDS)
        ),
        constraints=(*given, *doubted),
        wholes=_wholes(KINDS),
        quantities=_quantities(family=True),
    )


_RESIDENTIAL = ("F011", "institution_0"), ("F012", "institution_1")
"""Children in residential institutions: a part of those in any institution."""


def _count(figures: Figures, fact_id: str, names: tuple[str, ...]) -> Constraint:
    count = figures[fact_id].number
    return Constraint((fact_id,), (Term(1.0, names),), count, count, given=True)


def _wholes(kinds: tuple[str, ...]) -> tuple[Whole, ...]:
    return tuple(Whole(f"placed_{at}", tuple(f"{kind}_{at}" for kind in kinds)) for at in (0, 1))


def same_numerator(facts: Iterable[Reported]) -> Problem:
    """Whether 12 -> 4 children in residential institutions can be the 25 -> 13 %: the shares with those numerators."""
    facts = tuple(facts)
    figures = figures_of(facts, ["F077", "F079", "F080", "F011", "F012"])
    caps = upper_steps(facts)
    counts = tuple(_count(figures, fact_id, (name,)) for fact_id, name in _RESIDENTIAL)
    return Problem(
        reading="H2",
        outcome="institution_children",
        unknowns=tuple(
            Unknown(f"{name}_{at}", int(name == "placed"), caps[at])
            for at in (0, 1)
            for name in ("placed", "institution")
        ),
        constraints=(*counts, *(rule_of(figures, fact_id, terms) for fact_id, terms in SHARES[:3])),
        wholes=_wholes(("institution",)),
        quantities=(("institution_change_pp", change("institution")), ("placed_change_percent", PLACED_CHANGE)),
    )
