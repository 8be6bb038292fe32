"""Which doubts a study of registers can raise against itself, outcome by outcome, and which it has to name.

All but the alternatives are on the outcome's own scale; those are on the scale that gives the verdict. A check that the
data cannot carry says why. Figures are drawn for the primary outcome; the others are reported in numbers.

Every interval is the calibrated one, which the verdict asks for and the page draws, so that what a check calls lost is
what the page shows. Three checks need another test beside it. Several dates tried at once have the largest permutation
statistic (placebo_dates.py), for separate tests at 5 % would find one too often. Synthetic weights have no variance by
arm, so their p is the share of choices of districts (synthetic_did.py). And whether a finding is there to be lost to a
shared shock is what the whole rule says, its permutation included (shared_shock.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.checks.alternatives import alternative
from sverige_did.checks.scale_discrepancy import scale_discrepancy
from sverige_did.checks.spillover import spillover
from sverige_did.checks.unreported_changes import unreported_changes
from sverige_did.did.collapse import collapse
from sverige_did.did.scales import Family
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Floats
from sverige_did.panel import COUNTED, Panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.area_groups import among_areas
from sverige_did.studies.panel.array_checks import ARRAY_CHECKS
from sverige_did.studies.panel.could_not_run import BY_DISTRICT, cannot, made
from sverige_did.studies.panel.dated_checks import checks_of_dates
from sverige_did.studies.panel.district_did import changes_of, sample_of
from sverige_did.studies.panel.other_numbers import all_kinds, changed_denominators
from sverige_did.studies.panel.outcome_data import OutcomeData, children, outcome_data_of
from sverige_did.studies.panel.phase_in import share_lost, start_up
from sverige_did.studies.panel.placebo_outcomes import of_districts, placebo_outcomes
from sverige_did.studies.panel.seen import Seen, named, seen_of
from sverige_did.studies.panel.specification_origins import multiverse_of
from sverige_did.study.study import PanelStudy
from sverige_did.windows import other_partial

WORTH_TELLING = 0.01
"""Less of the programme's full strength missing than this changes no number that is reported."""


def sensitivity_analyses(
    panel: Panel,
    study: PanelStudy,
    designs: Sequence[OutcomeDesign],
    elsewhere: Panel | None = None,
    *,
    homes_unknown: bool = False,
    unreported: Mapping[float, Sequence[Panel]] | None = None,
    stayed_on: Panel | None = None,
    definitions: Mapping[str, Panel] | None = None,
) -> tuple[CheckResult, ...]:
    """Every check of every outcome that has a verdict to be doubted, in the plan's order.

    ``elsewhere`` is the same panel with children counted by the other rule of residence: where they live on each day,
    or where they lived when the plan says; None where nobody registered it (``homes_unknown``), which is then said
    once, of the first outcome. ``unreported`` are panels with a share of the changes of placement left out, by share;
    none where no register holds placements. ``stayed_on`` is the panel had nobody come of age while placed, and
    ``definitions`` are panels with other definitions of a placement, by option of the plan's ``multiverse``.
    """
    beside = _Beside(panel, elsewhere, unreported or {}, stayed_on, definitions or {})
    everything = [data for data in outcome_data_of(panel, study, designs) if not data.is_what_was_done]
    first = next((one for one in everything if one.wanted.role == "primary"), everything[0] if everything else None)
    found: list[CheckResult] = []
    for data in everything:
        own = _of_outcome(data, beside, drawn=data is first)
        found += own if data is first else (check.model_copy(update={"curves": ()}) for check in own)
        if homes_unknown and data is first:
            found.append(cannot("other_residence", data.wanted.outcome, "no_homes"))
    return tuple(found)


class _Beside(NamedTuple):
    """The panel, and what the same registers would have given otherwise."""

    panel: Panel
    elsewhere: Panel | None
    unreported: Mapping[float, Sequence[Panel]]
    stayed_on: Panel | None
    definitions: Mapping[str, Panel]

    @property
    def others(self) -> dict[tuple[str, str], Panel]:
        """The panels of a specification curve, by axis and option."""
        homes = {} if self.elsewhere is None else {("residence", "other"): self.elsewhere}
        return homes | {("placement", option): panel for option, panel in self.definitions.items()}


def _of_outcome(data: OutcomeData, beside: _Beside, *, drawn: bool) -> list[CheckResult]:
    name = data.wanted.outcome
    if data.design_class in {"D2", "D3", "D4"}:
        return []
    if data.design_class == "D5":
        return checks_of_dates(data, drawn=drawn, panel=beside.panel) + _not_by_date(data, beside)
    if data.design_class == "D1g":
        return [cannot(check, name, "no_districts") for check in BY_DISTRICT]
    try:
        seen = seen_of(data, drawn=drawn)
    except RefusedError as refusal:
        few = refusal.problems[0].key.startswith("too_few")
        return [cannot(check, name, "few_districts" if few else "refused") for check in BY_DISTRICT]
    ran = [made(check, name, partial(run, seen)) for check, run in _CHECKS.items()]
    ran += [made(check, name, partial(run, beside.panel, seen)) for check, run in _OTHER.items()]
    if beside.elsewhere is not None:
        ran.append(made("other_residence", name, partial(_other_residence, beside.elsewhere, seen)))
    if beside.unreported:
        ran.append(made("unreported_changes", name, partial(_unreported, beside.unreported, seen)))
    if beside.stayed_on is not None:
        ran.append(made("ageing_out", name, partial(_ageing_out, beside.stayed_on, seen)))
    ran += placebo_outcomes(beside.panel, data, of_districts, first=drawn)
    ran.append(made("multiverse", name, partial(multiverse_of, beside.panel, seen, beside.others)))
    return [check for check in ran if check is not None]


def _not_by_date(data: OutcomeData, beside: _Beside) -> list[CheckResult]:
    """What is asked of one common start and of no others yet: named, for a doubt that nobody looked at is not ruled
    out."""
    asked = {
        "changed_denominator": bool(data.cells["kind"].isin(COUNTED).all() and data.cells["denominator"].notna().all()),
        "other_residence": beside.elsewhere is not None,
        "unreported_changes": bool(beside.unreported),
        "ageing_out": beside.stayed_on is not None,
    }
    return [cannot(check, data.wanted.outcome, "dates_apart") for check in ONE_START if asked.get(check, True)]


ONE_START = (
    "regression_to_mean", "regression_after_rise", "spillover", "changed_denominator", "other_weights",
    "other_residence", "unreported_changes", "ageing_out", "multiverse",
)  # fmt: skip
"""The doubts that have a check where all districts begin together, and none where they do not."""


def _spillover(seen: Seen[OutcomeData]) -> CheckResult:
    test, kappa = seen.test, seen.data.study.sensitivity.spillover_kappa
    limits = (test.lower, test.upper)
    found = spillover(test.estimate, seen.data.wanted.outcome, limits=limits, kappa=kappa, scale=seen.axis)
    return found.model_copy(update={"scale": seen.data.scale})


def _start_up(seen: Seen[OutcomeData]) -> CheckResult | None:
    lost = share_lost(seen.data.after(), seen.data.study.periods)
    return start_up(seen.test.estimate, lost, **named(seen)) if lost >= WORTH_TELLING else None


def _scales(seen: Seen[OutcomeData]) -> CheckResult | None:
    """Of shares, and of rates per resident child; means and amounts have one scale or none to compare. In numbers."""
    entry = seen.data.entry
    family: Family | None = (
        "binomial" if entry.family == "share" else "poisson" if entry.unit == "rate_per_1000" else None
    )
    if family is None:
        return None
    periods = [side["period"].nunique() for side in (seen.data.before(), seen.data.after())]
    y, n = (total / periods for total in seen.data.totals())
    return scale_discrepancy(y, n, entry.key, family=family).model_copy(update={"curves": ()})


_CHECKS: dict[str, Callable[[Seen[OutcomeData]], CheckResult | None]] = {
    **ARRAY_CHECKS,
    "spillover": _spillover,
    "partial_year": _start_up,
    "scale_discrepancy": _scales,
    "changed_denominator": changed_denominators,
    "placebo_areas": among_areas,
}


def _verdict_test(data: OutcomeData) -> tuple[TTest, str]:
    """The calibrated test on the scale that gives the verdict; of a ratio, of its logarithm."""
    change = changes_of(data, data.arrays(data.partial), data.window())[0][0]
    test = calibrated_test(sample_of(data, change.collapsed), 1 - data.study.level)
    return test, data.scale if change.kind == "own" else change.kind


def _beside(check: str, planned: OutcomeData, other: OutcomeData, key: str = "result") -> CheckResult:
    (mine, scale), (theirs, _) = _verdict_test(planned), _verdict_test(other)
    return alternative(check, mine, theirs, planned.wanted.outcome, scale=scale, key=key)


def _other_weights(panel: Panel, seen: Seen[OutcomeData]) -> CheckResult:
    equal = seen.data.weights is None
    weights = children(panel, seen.data.wanted.outcome, seen.data.study) if equal else None
    return _beside("other_weights", seen.data, seen.data._replace(weights=weights), "children" if equal else "equal")


def _other_window(_: Panel, seen: Seen[OutcomeData]) -> CheckResult | None:
    """With the period that is treated in part counted whole where the plan leaves it out, or the other way round."""
    data = seen.data
    when = other_partial(data.study.periods)
    other = data._replace(study=data.study.model_copy(update={"periods": when}))
    return None if other.window() == data.window() else _beside("other_window", data, other, other.partial)


_OTHER: dict[str, Callable[[Panel, Seen[OutcomeData]], CheckResult | None]] = {
    "other_weights": _other_weights,
    "other_window": _other_window,
    "kinds_in_parallel": all_kinds,
}


def _other_residence(elsewhere: Panel, seen: Seen[OutcomeData]) -> CheckResult | None:
    """With children counted by the other rule of residence; None where that moves no number of this outcome."""
    rules = seen.data.study.registers
    key = "result" if rules is None or rules.residence.rule == "baseline" else "held"
    return _with_cells("other_residence", elsewhere, seen, key)


def _ageing_out(stayed_on: Panel, seen: Seen[OutcomeData]) -> CheckResult | None:
    """Had nobody left because they came of age; None where nobody did."""
    return _with_cells("ageing_out", stayed_on, seen, "result")


def _with_cells(check: str, other: Panel, seen: Seen[OutcomeData], key: str) -> CheckResult | None:
    """The test with the cells of another panel; None where it has none. Of the same cells too: that no child was
    counted elsewhere is a number of children, and a check that is missing would tell it.
    """
    cells = other.outcome(seen.data.name)
    if cells.empty:
        return None
    return _beside(check, seen.data, seen.data._replace(cells=cells), key)


def _unreported(panels: Mapping[float, Sequence[Panel]], seen: Seen[OutcomeData]) -> CheckResult | None:
    """With changes of placement left out of one group or both; None where no share of them moves this outcome."""
    mine = seen.data.cells.set_index(["unit", "period", "kind"])
    thinned = {
        share: [
            panel.outcome(seen.data.wanted.outcome).set_index(mine.index.names).reindex(mine.index) for panel in drawn
        ]
        for share, drawn in sorted(panels.items())
    }
    every = [cells for drawn in thinned.values() for cells in drawn]
    numbers = ["value", "denominator"]
    if any((cells["value"].isna() & mine["value"].notna()).any() for cells in every):
        return None  # no register of placements holds it
    if all(np.allclose(cells[numbers], mine[numbers], equal_nan=True) for cells in every):
        return None
    changes = [[_change(seen, cells) for cells in drawn] for drawn in thinned.values()]
    whose = {
        "alike": np.ones_like(seen.sample.treated),
        "treated": seen.sample.treated,
        "control": ~seen.sample.treated,
    }
    tests = {
        where: [[seen.contrast(np.where(there, one, seen.sample.change)) for one in drawn] for drawn in changes]
        for where, there in whose.items()
    }
    return unreported_changes(seen.test, list(thinned), tests, scale=seen.axis, outcome=seen.data.wanted.outcome)


def _change(seen: Seen[OutcomeData], cells: pd.DataFrame) -> Floats:
    """The change (G,) of each district of the sample with other cells."""
    data = seen.data._replace(cells=cells.reset_index()[seen.data.cells.columns])
    return sample_of(data, collapse(data.arrays(data.partial), data.window(), data.weighting)).change
