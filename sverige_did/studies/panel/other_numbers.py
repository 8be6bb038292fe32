"""What else could have moved an outcome of registers: its denominators, the kinds of placement, and who came of age."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.checks.changed_denominator import changed_denominator
from sverige_did.checks.kinds_in_parallel import kinds_in_parallel
from sverige_did.did.missing_periods import filled
from sverige_did.errors import refuse
from sverige_did.inference.districts import Floats
from sverige_did.outcomes import CATALOGUE, parts_of
from sverige_did.panel import COUNTED, Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.outcome_data import OutcomeData
from sverige_did.studies.panel.seen import Seen, named
from sverige_did.study.study import Periods
from sverige_did.windows import cells_after, cells_before


def changed_denominators(seen: Seen[OutcomeData]) -> CheckResult | None:
    """Numerator and denominator apart; nothing to ask of what is divided by nothing, or is no count."""
    data = seen.data
    panel = data.arrays(data.partial)
    if panel.exposure is None or not data.cells["kind"].isin(COUNTED).all():
        return None
    whole = filled(panel, data.window())
    y, n = (whole.panel.wide(values) for values in (whole.panel.y, np.asarray(whole.panel.exposure)))
    sides = whole.window.sides(whole.panel)
    (y0, n0), (y1, n1) = ((_a_period(y, whole.weight, at), _a_period(n, whole.weight, at)) for at in sides)
    if (n0 <= 0).any() or (n1 <= 0).any():
        raise refuse("did_exposure", found="0", expected="> 0")
    numerator = seen.contrast((y1 - y0) / n0)
    logs = np.log(n1 / n0)
    if np.ptp(logs) <= 1e-9:
        return None
    return changed_denominator(seen.test, numerator, seen.contrast(logs), **named(seen))


def _a_period(values: np.ndarray, weight: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The mean (G,) of a window's periods, each by how much it counts."""
    return np.asarray(values[:, side] @ weight[side] / weight[side].sum())


def all_kinds(panel: Panel, seen: Seen[OutcomeData]) -> CheckResult | None:
    """Whether all kinds can have moved in parallel, asked of an outcome that is one of them."""
    whole = CATALOGUE[seen.data.name].part_of
    if whole is None or seen.data.entry.family != "share":
        return None
    names = [one.key for one in parts_of(whole)]
    if any(panel.outcome(name).empty for name in names):
        raise refuse("kinds_missing")
    when = seen.data.study.periods
    made = [_implied(panel.outcome(name), when) for name in names]
    before, after = (np.array([one.shares[side] for one in made]).T for side in range(2))
    error, alpha = np.array([one.error for one in made]), 1 - seen.data.study.level
    return kinds_in_parallel(before, after, error, min(one.df for one in made), seen.data.name, alpha=alpha)


class _Implied(NamedTuple):
    """The ``shares`` (2, 2) of a kind, before and after by treated and control; the standard ``error`` of the share of
    the treated that parallel trends imply, by how districts differ, and its degrees of freedom."""

    shares: Floats
    error: float
    df: float


def _implied(cells: pd.DataFrame, when: Periods) -> _Implied:
    """Shares are ratios of sums over districts, and so is their linearised error."""
    found = {
        (side, group): _ratio(of(cells, when), group)
        for side, of in enumerate((cells_before, cells_after))
        for group in ("treated", "control")
    }
    moved = found[1, "control"].own.sub(found[0, "control"].own, fill_value=0.0)
    variance = [_variance(one) for one in (found[0, "treated"].own, moved)]
    shares = np.array([[found[side, group].share for group in ("treated", "control")] for side in range(2)])
    return _Implied(shares, float(np.sqrt(sum(variance))), min(len(found[0, "treated"].own), len(moved)) - 1)


class _Ratio(NamedTuple):
    """A share, and what each district adds to its error."""

    share: float
    own: pd.Series[float]


def _ratio(cells: pd.DataFrame, group: str) -> _Ratio:
    mine = cells[cells["group"] == group].groupby("unit")[["value", "denominator"]].sum()
    total = float(mine["denominator"].sum())
    share = float(mine["value"].sum()) / total if total > 0 else float("nan")
    return _Ratio(share, (mine["value"] - share * mine["denominator"]) / total)


def _variance(own: pd.Series[float]) -> float:
    """Of a sum over districts; nan of a single one."""
    return float((own**2).sum()) * own.size / (own.size - 1) if own.size > 1 else float("nan")
