"""Many outcomes of one panel at once: what is left of each p-value when all of them are looked at.

The family is declared before anything is looked at: every outcome of the plan whose design carries a verdict. Not
those that came out. An outcome that is refused in the end counts as one that might have been claimed, with a p of 1,
and one that disclosure control withholds counts with its own p: both were asked for. Whether an outcome is refused can
depend on its data; were it then left out, the number of outcomes that the others pay for would depend on them too.

The adjusted p-value is Holm's over the verdict's own, the largest of the p-values that the verdict asks for, each on
the districts that its outcome has. It keeps the chance of any false claim at the level wherever the verdict keeps its
own, also where treated districts vary more than controls, whatever goes together (docs/size.md); and no outcome costs
another one districts. Westfall and Young's maximum of the permutation statistics does not hold there: six true nulls
gave a false claim in 11 to 25 % at two and three times the spread. It stands beside.

Westfall and Young's keeps the dependence between outcomes exactly only if every choice of districts is the same choice
for all of them. So it is made of the outcomes that are seen in the same districts as the fullest one; another has
Holm's p and is told to stand outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sverige_did.inference.multiplicity import holm, step_down
from sverige_did.inference.permutation import PermutationP
from sverige_did.results.estimates import Remark
from sverige_did.results.methods_tables import MaxTAdjustment


class Candidate(NamedTuple):
    """One outcome that was tested: the districts it is seen in, its p-values, and its permutation test.

    ``districts`` stand in an order that their names do not decide; ``single`` is the p-value of the permutation,
    ``verdict`` the largest that the verdict asks for. ``test`` takes the same districts in another order and goes
    through the choices that all outcomes share: two outcomes with the same ``dates`` and districts must go through the
    same choices in the same order. ``dates`` are the dates of go-live that change places; none where it is the treated
    districts that do.
    """

    outcome: str
    role: str
    districts: tuple[str, ...]
    single: float
    verdict: float
    test: Callable[[tuple[str, ...]], PermutationP]
    dates: tuple[float, ...] = ()


class _Together(NamedTuple):
    """Westfall and Young's p of one outcome, among all that go through the same choices and among those of its role."""

    max_t: float
    max_t_role: float
    n_together: int
    n_units: int
    enumerated: bool


def max_t_adjustment(
    tested: Sequence[Candidate], declared: Mapping[str, str]
) -> dict[str, tuple[MaxTAdjustment, tuple[Remark, ...]]]:
    """What is left of each p-value when all are looked at, and the reason where it is not among the common choices.

    ``declared``: the role of every outcome of the family, tested or not. Nothing where it is a single one: its p is its
    own.
    """
    if len(declared) < 2:
        return {}
    roles = np.array(list(declared.values()))
    p_of = {one.outcome: one.verdict for one in tested}
    p = np.array([p_of.get(outcome, 1.0) for outcome in declared])
    by_holm, by_role = holm(p), np.empty(p.size)
    for role in np.unique(roles):
        by_role[roles == role] = holm(p[roles == role])
    at = {outcome: place for place, outcome in enumerate(declared)}
    found: dict[str, tuple[MaxTAdjustment, tuple[Remark, ...]]] = {}
    together, outside = _together_by_date(tested)
    for one in tested:
        place = at[one.outcome]
        among = together.get(one.outcome)
        adjustment = MaxTAdjustment(
            single=one.single,
            verdict=one.verdict,
            holm=by_holm[place],
            holm_role=by_role[place],
            n_outcomes=len(declared),
            n_role=int((roles == one.role).sum()),
            **({} if among is None else among._asdict()),
        )
        found[one.outcome] = adjustment, outside.get(one.outcome, ())
    return found


def _together_by_date(tested: Sequence[Candidate]) -> tuple[dict[str, _Together], dict[str, tuple[Remark, ...]]]:
    found: dict[str, _Together] = {}
    outside: dict[str, tuple[Remark, ...]] = {}
    for dates in dict.fromkeys(one.dates for one in tested):
        group = [one for one in tested if one.dates == dates]
        counted = Counter(frozenset(one.districts) for one in group)
        fullest = max(counted, key=lambda units: (len(units), counted[units]))
        kept = [one for one in group if frozenset(one.districts) == fullest]
        if len(kept) > 1:
            found |= _together(kept)
        for one in group:
            if one not in kept:
                values = {"districts": str(len(one.districts)), "most": str(len(fullest))}
                outside[one.outcome] = (Remark(key="methods_table.note.not_together", values=values),)
    return found, outside


def _together(kept: list[Candidate]) -> dict[str, _Together]:
    """The step-down over common choices, drawn over the districts in the order of the first outcome by name."""
    order = min(kept, key=lambda one: one.outcome).districts
    tests = [one.test(order) for one in kept]
    statistics = np.column_stack([test.reference for test in tests])
    observed = np.array([test.observed for test in tests])
    everything = step_down(statistics, observed).adjusted
    roles = np.array([one.role for one in kept])
    by_role = np.empty(len(kept))
    for role in np.unique(roles):
        own = roles == role
        by_role[own] = step_down(statistics[:, own], observed[own]).adjusted
    enumerated = all(test.enumerated for test in tests)
    return {
        one.outcome: _Together(everything[at], by_role[at], len(kept), len(order), enumerated)
        for at, one in enumerate(kept)
    }
