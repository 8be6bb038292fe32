"""What many areas say of one study: how they change where nothing is done, and where its own difference lies in that.

The numbers of the areas are read once, by ``sverige-did calibrate``; what the plan keeps of them (study/areas.py) is
all that a run needs.
"""

from __future__ import annotations

import zlib
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.checks.placebo_areas import CHECK, SmallGroups, area_differences, placebo_areas, quantiles
from sverige_did.checks.placebo_groups import THIRDS, Counts, shock
from sverige_did.errors import refuse
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import COUNTED, PRESENT
from sverige_did.results.estimates import CheckResult
from sverige_did.study.areas import AreaGroups, Areas, AreaShock

NORMAL_QUARTILE = 0.6745
"""The median of a half-normal is so many times its sd."""

ALIKE = 1.25
"""Groups are those that were imitated where no district has more than this many times the cases, or fewer."""


class Compared(NamedTuple):
    """One outcome of the study: its groups, and its difference-in-differences in log-odds or logarithms."""

    outcome: str
    groups: SmallGroups
    effect: float
    reading: str = "all"


def calibrated(cells: pd.DataFrame, outcome: str, groups: SmallGroups, *, draws: int, seed: int) -> AreaShock:
    """How the areas that never begin change, for one outcome of a study with these ``groups``; ``cells`` are of one
    outcome of the areas. Where they have fewer years than the study, its window before is shortened.

    Raises RefusedError: ``areas_not_counted`` where they are no counts with denominators, and those of
    :func:`~sverige_did.checks.placebo_areas.area_differences`.
    """
    never = cells[cells["group"] == "control"]
    if never.empty or not never["kind"].isin(COUNTED).all() or never["denominator"].isna().all():
        raise refuse("areas_not_counted", found=outcome)
    counts, when = _whole(never, share=CATALOGUE[outcome].family == "share")
    groups = groups._replace(before=max(1, min(groups.before, groups.before + counts.y.shape[1] - groups.years)))
    stays = bool(never["kind"].isin(PRESENT).all())
    rng = np.random.default_rng([seed, zlib.crc32(outcome.encode())])
    kinds = {"fresh": False} | ({"staying": True} if stays else {})
    kept = {
        name: tuple(round(one, 4) for one in quantiles(
            area_differences(counts, groups, staying=staying, draws=draws, rng=rng)))
        for name, staying in kinds.items()
    }  # fmt: skip
    lag = min(counts.y.shape[1] - 1, max(1, round(groups.apart + (groups.before + groups.after) / 2 - 1)))
    size = counts.n.mean(axis=1)
    every, small = (shock(counts, lag, chosen) for chosen in (None, size <= np.quantile(size, 1 / THIRDS)))
    if every is None or small is None:
        raise refuse("areas_not_counted", found=outcome)
    return AreaShock(
        outcome=outcome,
        areas=len(counts.y),
        first=when[0],
        last=when[-1],
        shock=_ends(every),
        shock_small=_ends(small),
        prior_sd=round(small.high / NORMAL_QUARTILE, 2),
        groups=AreaGroups(**groups._asdict()),
        draws=draws,
        **kept,
    )


def compared(areas: Areas | None, own: Compared) -> CheckResult | None:
    """The study's own difference among those of the areas; why that could not be said; None where they lack it."""
    if areas is None:
        return _cannot(own, "none_to_compare")
    known = areas.of(own.outcome)
    if not known:
        return None
    kept = next((one for one in known if alike(one.groups, own.groups)), None)
    if kept is None:
        return _cannot(own, "other_groups")
    cases = kept.groups.cases
    facts = {
        "areas": float(kept.areas), "treated": float(kept.groups.treated), "control": float(kept.groups.control),
        "cases_treated": cases[0], "cases_control": cases[1], "before": float(kept.groups.before),
        "after": float(kept.groups.after), "apart": float(kept.groups.apart), "shock_low": kept.shock[0],
        "shock_high": kept.shock[1], "small_high": kept.shock_small[1], "prior_sd": kept.prior_sd,
    }  # fmt: skip
    return placebo_areas(
        kept.fresh, kept.staying, own.effect, own.outcome, share=CATALOGUE[own.outcome].family == "share",
        draws=kept.draws, facts=facts, reading=own.reading,
    )  # fmt: skip


def alike(kept: AreaGroups | SmallGroups, own: SmallGroups) -> bool:
    """Whether the groups that were imitated are the study's: as many districts and years, and about as many cases.

    The window before may be shorter than the study's, where the areas have no more years.
    """
    same = all(getattr(kept, name) == getattr(own, name) for name in ("treated", "control", "after", "apart"))
    return (
        same
        and kept.before <= own.before
        and all(1 / ALIKE <= mine / theirs <= ALIKE for mine, theirs in zip(own.cases, kept.cases, strict=True))
    )


def _cannot(own: Compared, key: str) -> CheckResult:
    return CheckResult(check=CHECK, outcome=own.outcome, reading=own.reading, status="could_not_run", key=key)


def _whole(cells: pd.DataFrame, *, share: bool) -> tuple[Counts, list[date]]:
    """The areas that have every year, in the order of their own numbers, and the days on which their years end."""
    y, n = (
        cells.pivot_table(index="unit", columns="end", values=name, dropna=False) for name in ("value", "denominator")
    )
    whole = (y.notna() & (n > 0)).all(axis=1)
    values, sizes = y[whole].to_numpy(dtype=float), n[whole].to_numpy(dtype=float)
    rows = np.lexsort((*sizes.T, *values.T))
    return Counts(np.rint(values[rows]), sizes[rows], 1.0, share), [pd.Timestamp(day).date() for day in y.columns]


def _ends(found: tuple[float, float]) -> tuple[float, float]:
    return round(found[0], 3), round(found[1], 3)
