"""Why spending on placements changed: what a place costs, which kinds of place are used, and how many are placed.

Three parts that add up to the whole change, for the treated, for the control group and for the difference between
them. They are described and not tested: no verdict rests on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.did.costs import PriceMixVolume, lmdi, lmdi_did
from sverige_did.did.net_benefit import lmdi_ratio_did
from sverige_did.errors import refuse
from sverige_did.outcomes import parts_of
from sverige_did.panel import Panel
from sverige_did.results.estimates import DesignClass, Finding, Verdict
from sverige_did.studies.panel.outcome_data import OutcomeData, bare
from sverige_did.study.study import PanelStudy
from sverige_did.windows import cells_after, cells_before

VERDICT: dict[DesignClass, Verdict] = {"D1": "inconclusive", "D1g": "conditional", "D3": "descriptive"}
"""What may be said of the parts. Staggered starts (D5) have no one before and after, levels (D2) no change."""

NO_YEARS = 1e-9
"""Person-years below this are rounding error: the remainder of a sum."""


class _Windows(NamedTuple):
    """One group before and after: mio. kr. and person-years (2, K) by kind of place, resident-years (2,)."""

    cost: NDArray[np.float64]
    years: NDArray[np.float64]
    residents: NDArray[np.float64]


Names = tuple[str, ...]
"""The outcomes that are split: an amount, the number of those it is spent on, and its parts, with the person-years
there as denominators."""


def spending_parts(data: OutcomeData, panel: Panel) -> Iterator[Finding]:
    """The split of an amount that the catalogue has parts of into price, mix and volume, in mio. kr. a year.

    Everything is for as many children as live in the treated districts, so that the control group's parts taken
    from the treated group's give the difference-in-differences of each part; last comes the split of what was spent
    against the control group's factor. Both groups must be seen before and
    after for it; else the treated group stands alone. Raises ``parts_without_price`` when some day of a placement has
    no price, for then nobody knows whether prices or numbers changed. Source: Ang (2005), as in did/costs.py.
    """
    verdict, entry = VERDICT.get(data.design_class), data.entry
    prices = tuple(part.key for part in parts_of(entry.key))
    if verdict is None or not (entry.of_the_group and entry.about and prices):
        return
    names = (entry.key, entry.about, *prices)
    found = _windows(panel, data.study, "treated", names)
    treated = _split(found, data.per)
    yield from _told(data, verdict, "lmdi_treated", treated)
    if data.design_class == "D3":
        return
    other = _windows(panel, data.study, "control", names)
    control = _split(other, data.per)
    yield from _told(data, verdict, "lmdi_control", control)
    yield from _told(data, verdict, "lmdi_did", lmdi_did(treated, control), "parallel_parts")
    spent = _spent_a_child(found, data.per), _spent_a_child(other, data.per)
    yield from _told(data, verdict, "lmdi_ratio_did", lmdi_ratio_did(treated, control, spent), "parallel_trends_log")


def _windows(panel: Panel, study: PanelStudy, group: str, names: Names) -> _Windows:
    cells = panel.cells
    mine = cells[(cells["group"] == group) & cells["outcome"].isin(names)]
    sides = [_sums(side(mine, study.periods), names) for side in (cells_before, cells_after)]
    return _Windows(*(np.stack(one) for one in zip(*sides, strict=True)))


def _sums(side: pd.DataFrame, names: Names) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Sums over districts and periods; the last kind is what is placed where nobody has written down."""
    value, below = (_by_outcome(side, name, names) for name in ("value", "denominator"))
    if value.empty or value.isna().to_numpy().any():
        raise refuse("parts_without_price", count=int(value.isna().any(axis=1).sum()))
    spending, placed, *prices = names
    cost, years = value[prices].sum().to_numpy(), below[prices].sum().to_numpy()
    cost = np.append(cost, value[spending].sum() - cost.sum())
    years = np.append(years, value[placed].sum() - years.sum())
    somewhere = years > NO_YEARS
    return np.where(somewhere, cost, 0.0), np.where(somewhere, years, 0.0), float(below[spending].sum())


def _by_outcome(side: pd.DataFrame, name: str, names: Names) -> pd.DataFrame:
    """A row for each district and period, a column for each outcome; NaN where the panel has no cell."""
    wide = side.pivot_table(index=["unit", "period"], columns="outcome", values=name, aggfunc="first")
    return wide.reindex(columns=list(names))


def _split(found: _Windows, children: float) -> PriceMixVolume:
    price = np.divide(found.cost, found.years, out=np.full_like(found.cost, np.nan), where=found.years > 0)
    return lmdi(price, children * found.years / found.residents[:, None])


def _spent_a_child(found: _Windows, children: float) -> NDArray[np.float64]:
    """(2,) a group's spending before and after, for as many children as live in the treated districts."""
    spent: NDArray[np.float64] = children * found.cost.sum(axis=1) / found.residents
    return spent


def _told(
    data: OutcomeData, verdict: Verdict, estimator: str, parts: PriceMixVolume, *assumptions: str
) -> Iterator[Finding]:
    sums = {
        "price_part": parts.price.sum(),
        "mix_part": parts.mix.sum(),
        "volume_part": parts.volume.sum(),
        "all_parts": parts.total,
    }
    for estimand, amount in sums.items():
        yield data.found(verdict, bare(amount, "mio_dkk", estimand, estimator, *assumptions))
