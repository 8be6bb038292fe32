"""Spending on placements as the model of costs takes it: who had any in a district, and what it came to.

Each district has two cells, the time before and the time after. A child counts once in each, however long it stays, so
no child is taken for several. What the children of a cell cost together is modelled, not each child's amount: a few
days in a place are a small amount, and a normal distribution of logarithms would make too much of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.two_part_costs import Totals
from sverige_did.errors import refuse
from sverige_did.sources.panel.child_spending import spent_on_children
from sverige_did.studies.panel.frame_windows import weights_of_frame, windows_of_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.sources.panel.frame import PanelFrame
    from sverige_did.sources.panel.placements import Placements
    from sverige_did.study.blocks import Prices
    from sverige_did.study.study import PanelStudy


@dataclass(frozen=True, slots=True, eq=False)
class Spending:
    """What was spent in each district before and after, in kroner a year.

    ``amount`` (A,) is a child's, for checks alone. ``weights`` (G,) are the resident children of each district before
    go-live, or ones. ``children`` live in the treated districts: spending per child times so many is that of the
    group. ``apart`` is how many periods lie between the middles of the two windows.
    """

    totals: Totals
    amount: NDArray[np.float64]
    weights: NDArray[np.float64]
    children: float
    apart: float

    @property
    def fewest(self) -> int:
        """The smallest number of children with spending in a group and window."""
        return int(_users(self.totals.use).min())


def _users(use: Cells) -> NDArray[np.float64]:
    """Children with spending, (4,): the controls before and after, the treated before and after."""
    return np.bincount(2 * use.treated[use.district] + use.period, weights=use.low, minlength=4)


def spending(
    placed: Placements, panel_frame: PanelFrame, prices: Prices, study: PanelStudy, children: float
) -> Spending:
    """Spending before and after in the districts where every day has a price; ``children`` as in :class:`Spending`.

    Raises RefusedError: ``posterior_no_cells`` (no district has all its prices), ``costs_no_users`` (nothing was spent
    in a group before or after), those of ``Cells`` and of ``Totals``.
    """
    sides, n = windows_of_frame(panel_frame, study), panel_frame.shape[0]
    windows = (sides.before, sides.after)
    if not all(window.any() for window in windows):
        raise refuse("cells_one_period")
    found = [spent_on_children(placed, panel_frame, prices, inside=window) for window in windows]
    # Cells in the order of the windows, then of the districts.
    cell, amount = (
        np.concatenate(each)
        for each in zip(*((one.district + at * n, one.amount) for at, one in enumerate(found)), strict=True)
    )
    begun = [panel_frame.begun[:, window].any(axis=1) for window in windows]
    kept = np.concatenate([one.priced & ~gone for one, gone in zip(found, begun, strict=True)])
    if not kept.any():
        raise refuse("posterior_no_cells")
    residents = np.concatenate([np.round(panel_frame.residents[:, window].mean(axis=1)) for window in windows])
    treated = panel_frame.treated
    use = _cells(np.bincount(cell, minlength=2 * n).astype(float), residents, treated, kept)
    if (_users(use) == 0).any():
        raise refuse("costs_no_users")
    known = np.unique(np.tile(np.arange(n), 2)[kept])
    before, after = (float(np.flatnonzero(window).mean()) for window in windows)
    return Spending(
        totals=Totals(use, np.bincount(cell, weights=amount, minlength=2 * n)[kept], prices.base_year),
        amount=amount[kept[cell]],
        weights=weights_of_frame(panel_frame, study)[known],
        children=children,
        apart=after - before,
    )


def _cells(
    users: NDArray[np.float64], residents: NDArray[np.float64], treated: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> Cells:
    """The cells that are ``kept`` of all (2 D,), before and after, with districts numbered anew."""
    known, district = np.unique(np.tile(np.arange(len(treated)), 2)[kept], return_inverse=True)
    treated, period = treated[known], np.repeat([0, 1], len(treated))[kept]
    return Cells(
        district=district,
        period=period,
        treated=treated,
        dose=(treated[district] & (period == 1)).astype(float),
        low=users[kept],
        high=users[kept],
        size=residents[kept],
    )
