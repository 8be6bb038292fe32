"""Many outcomes of one panel at once: what is left of each p-value when all of them are looked at.

The adjusted p-value is Holm's over the verdict's own, the largest of the p-values that the verdict asks for. It keeps
the chance of any false claim at the level wherever the verdict keeps its own, also where treated districts vary more
than controls. Westfall and Young's maximum of the permutation statistics does not: six true nulls gave a false claim in
11 to 25 % at two and three times the spread (docs/size.md). It stands beside.

Westfall and Young's keeps the dependence between outcomes exactly only if every choice of districts is the same choice
for all of them. So they are tested on the districts that all of them have. An outcome that lacks many districts would
cost the others theirs: it is left out and told so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Floats
from sverige_did.inference.multiplicity import holm, step_down
from sverige_did.inference.permutation import PermutationP
from sverige_did.results.estimates import Remark
from sverige_did.results.methods_tables import MaxTAdjustment

FEWEST = 0.8
"""An outcome seen in less than this share of the districts of the fullest one is left out."""


class Candidate(NamedTuple):
    """One outcome with a verdict: the districts it is seen in, and its permutation test on any of them.

    ``test`` takes the names of the districts to keep and raises RefusedError where they cannot carry a verdict. Two
    outcomes with the same ``dates`` that are tested on the same districts must go through the same choices in the same
    order. ``dates`` are the dates of go-live that change places; none where it is the treated districts that do.
    ``others`` gives the largest p-value of the verdict's other tests on the same districts.
    """

    outcome: str
    role: str
    units: frozenset[str]
    test: Callable[[frozenset[str]], PermutationP]
    dates: tuple[float, ...] = ()
    others: Callable[[frozenset[str]], float] = lambda _: 0.0


def max_t_adjustment(tested: Sequence[Candidate]) -> dict[str, MaxTAdjustment | Remark]:
    """What is left of each p-value when all are looked at, or why an outcome is not among them.

    Nothing for a single outcome: its p is its own. Outcomes with other dates are looked at apart.
    """
    found: dict[str, MaxTAdjustment | Remark] = {}
    for dates in dict.fromkeys(one.dates for one in tested):
        found |= _together([one for one in tested if one.dates == dates])
    return found


def _together(tested: list[Candidate]) -> dict[str, MaxTAdjustment | Remark]:
    most = max((len(one.units) for one in tested), default=0)
    found: dict[str, MaxTAdjustment | Remark] = {
        one.outcome: _left_out(one, most) for one in tested if len(one.units) < FEWEST * most
    }
    kept = [one for one in tested if one.outcome not in found]
    while len(kept) > 1:
        common = frozenset.intersection(*(one.units for one in kept))
        try:
            tests, others = [one.test(common) for one in kept], [one.others(common) for one in kept]
            return found | _adjusted(kept, tests, np.array(others), len(common))
        except RefusedError:
            poorest = min(kept, key=lambda one: len(one.units))
            found[poorest.outcome] = _left_out(poorest, most)
            kept.remove(poorest)
    return found


def _left_out(one: Candidate, most: int) -> Remark:
    return Remark(key="methods_table.note.not_together", values={"districts": str(len(one.units)), "most": str(most)})


def _adjusted(
    kept: list[Candidate], tests: list[PermutationP], others: Floats, units: int
) -> dict[str, MaxTAdjustment | Remark]:
    statistics = np.column_stack([test.reference for test in tests])
    observed = np.array([test.observed for test in tests])
    enumerated = all(test.enumerated for test in tests)
    everything = step_down(statistics, observed)
    verdict = np.maximum(everything.single, others)
    roles = np.array([one.role for one in kept])
    max_t_role, holm_role = np.empty((2, len(kept)))
    for role in np.unique(roles):
        own = roles == role
        max_t_role[own] = step_down(statistics[:, own], observed[own]).adjusted
        holm_role[own] = holm(verdict[own])
    by_holm = holm(verdict)
    return {
        one.outcome: MaxTAdjustment(
            single=everything.single[at],
            verdict=verdict[at],
            max_t=everything.adjusted[at],
            holm=by_holm[at],
            max_t_role=max_t_role[at],
            holm_role=holm_role[at],
            n_outcomes=len(kept),
            n_role=int((roles == one.role).sum()),
            n_units=units,
            enumerated=enumerated,
        )
        for at, one in enumerate(kept)
    }
