"""What the data can identify, and the words that this allows: derived from the panel before any estimator runs.

The classes are those of docs/methods.md: D1 districts with before and after, D1g two group totals, D2 after only,
D3 treated only, D4 different cases before and during, D5 many areas that adopt at different times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did.outcomes import CATALOGUE
from sverige_did.results.designs import OutcomeDesign, Support
from sverige_did.windows import widest, windows_of_cells

if TYPE_CHECKING:
    import pandas as pd

    from sverige_did.panel import Panel
    from sverige_did.results.estimates import DesignClass
    from sverige_did.study.study import Study


def support_of(panel: Panel, study: Study, outcome: str) -> Support:
    """Read off the panel which groups are seen before and after the start of treatment.

    An outcome that is not in the panel but made of others has what all of them have.
    """
    cells = panel.outcome(outcome)
    parts = CATALOGUE[outcome].made_of
    if cells.empty and parts:
        return _shared(outcome, [support_of(panel, study, part) for part in parts])
    sides = {group: cells[cells["group"] == group] for group in ("treated", "control")}
    seen = {group: _seen(side, study) for group, side in sides.items()}
    kinds = sorted(set(cells["unit_kind"]))
    return Support(
        outcome=outcome,
        unit_kind=kinds[0] if len(kinds) == 1 else "mixed" if kinds else "none",
        treated_before=seen["treated"][0],
        treated_after=seen["treated"][1],
        control_before=seen["control"][0],
        control_after=seen["control"][1],
        treated_dates=_dates(sides["treated"]),
        control_dates=_dates(sides["control"]),
        treated_units=sides["treated"]["unit"].nunique(),
        control_units=sides["control"]["unit"].nunique(),
        adoption_dates=sides["treated"]["treated_from"].nunique(),
        numbers_lost=bool(len(cells)) and bool((cells["status"] == "missing").all()),
        different_cases=CATALOGUE[outcome].different_cases,
    )


def _shared(outcome: str, parts: list[Support]) -> Support:
    kinds = {part.unit_kind for part in parts}
    seen = ("treated_before", "treated_after", "control_before", "control_after")
    counted = ("treated_dates", "control_dates", "treated_units", "control_units", "adoption_dates")
    return Support(
        outcome=outcome,
        unit_kind=kinds.pop() if len(kinds) == 1 else "mixed",
        numbers_lost=any(part.numbers_lost for part in parts),
        different_cases=any(part.different_cases for part in parts),
        **{name: all(getattr(part, name) for part in parts) for name in seen},
        **{name: min(getattr(part, name) for part in parts) for name in counted},
    )


def _spanning(side: pd.DataFrame) -> pd.Series[bool]:
    return side["kind"].isin(["change", "ratio_change"])


def _seen(side: pd.DataFrame, study: Study) -> tuple[bool, bool]:
    """Whether a group is seen before and after the start: a printed change says something of both."""
    windows, both = windows_of_cells(side, widest(study.periods)), bool(_spanning(side).any())
    return both or bool(windows.before.any()), both or bool(windows.after.any())


def _dates(side: pd.DataFrame) -> int:
    return len(set(side["end"]) | set(side.loc[_spanning(side), "start"]))


def _treated_alone(support: Support) -> Support:
    """A goal is set for the treated: how far they reached it says nothing of the control group."""
    return support.model_copy(update={"control_before": False, "control_after": False})


def classify(support: Support) -> DesignClass | None:
    """The strongest class that the support allows; None where nothing was registered."""
    if not support.treated_dates:
        return None
    if support.different_cases:
        return "D4"
    treated = support.treated_before and support.treated_after
    control = support.control_before and support.control_after
    if treated and control:
        return _with_both(support)
    if support.treated_after and support.control_after:
        return "D2"
    return "D3"


def _with_both(support: Support) -> DesignClass:
    if support.unit_kind == "group":
        return "D1g"
    return "D5" if support.adoption_dates > 1 else "D1"


def designs(panel: Panel, study: Study) -> tuple[OutcomeDesign, ...]:
    """The design of every outcome in the plan, in the plan's order."""
    found = []
    for wanted in study.outcomes:
        support = support_of(panel, study, wanted.outcome)
        if CATALOGUE[wanted.outcome].use == "goal":
            support = _treated_alone(support)
        found.append(OutcomeDesign(outcome=wanted.outcome, design_class=classify(support), support=support))
    return tuple(found)
