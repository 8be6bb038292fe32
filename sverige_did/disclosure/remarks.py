"""What remarks tell of people: a small number of children, forms or placements leaves as a limit, others rounded."""

from __future__ import annotations

from sverige_did.disclosure.rounding import to_step
from sverige_did.disclosure.small_counts import is_small
from sverige_did.results.estimates import Remark, fewer_than
from sverige_did.study.study import PanelStudy

NOT_OF_PEOPLE = frozenset(
    {
        "errors.cells_one_period", "errors.log_of_nothing", "errors.moves_rung_unseen",
        "errors.panel_accounts_apart", "errors.panel_not_yet", "errors.panel_unit_cost_apart",
        "errors.parts_without_price", "errors.separation", "inference.note.stratum_without_control",
        "methods_table.note.firth",
    }
)  # fmt: skip
"""Remarks whose numbers are of districts, periods, rungs or accounts of many children. Those of every other
are of children, forms or placements.
"""

NUMBERS_OF_PEOPLE = frozenset({"count", "children"})
"""The names by which remarks give them."""

ABOUT = "≈"
"""What a number begins with that is rounded to the plan's base."""

PERSON_YEARS = frozenset({"errors.panel_no_district"})
"""Remarks that give person-years over all periods: of one child there can be as many as there are years."""

STOCKS = frozenset({"errors.panel_counts_apart"})
"""Remarks that count who is there, and not what was left out: none is then as small a number as one."""


def few_untold(remarks: tuple[Remark, ...], study: PanelStudy) -> tuple[Remark, ...]:
    """The remarks with small numbers of people as ``<5``, whatever the threshold is, and others as ``≈15``."""
    return tuple(_few_of(remark, study) for remark in remarks)


def _few_of(remark: Remark, study: PanelStudy) -> Remark:
    if remark.key in NOT_OF_PEOPLE:
        return remark
    first, last = study.grid.spans[0][0], study.grid.spans[-1][1]
    years = round((last - first).days / 365.25, 1) if remark.key in PERSON_YEARS else 1
    limit = study.hidden_below * years

    given = remark.model_dump()["values"]
    few = [name for name in NUMBERS_OF_PEOPLE & given.keys() if _is_few(remark.key, float(given[name]), limit)]
    hidden = dict.fromkeys(few, fewer_than(limit))
    base = (1 if study.tables is not None else study.register_rules.base) * years
    about = {
        name: f"{ABOUT}{to_step(float(given[name]), base):g}"
        for name in NUMBERS_OF_PEOPLE & given.keys() - hidden.keys()
    }
    return Remark(key=remark.key, values=given | about | hidden)


def _is_few(key: str, number: float, limit: float) -> bool:
    return is_small(number, limit) or (key in STOCKS and number < limit)
