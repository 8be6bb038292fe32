"""A design before there are any data: as many districts, children and periods as somebody means to have."""

from __future__ import annotations

import numpy as np

from sverige_did.errors import option, refuse
from sverige_did.inference.districts import Districts
from sverige_did.inference.simulated.design import Family, OwnData, OwnDesign, Scale

SCALES: dict[Family, Scale] = {"normal": "own", "binomial": "log_odds", "poisson": "ratio"}
"""The scale on which a planned outcome is compared: points, odds or rates."""


def planned_design(
    *,
    districts: int,
    treated: int,
    before: int,
    after: int,
    family: Family,
    level: float,
    children: float,
    shock: float,
    memory: float = 0.0,
    between: float = 0.0,
    child_sd: float = 0.0,
    stays: bool = False,
    response: float = 1.0,
    retest: float | None = None,
) -> OwnDesign:
    """``treated`` of ``districts``, observed in so many periods ``before`` and ``after``.

    ``level``: the share (``binomial``), events a child and period (``poisson``) or mean (``normal``) if there is no
    programme · ``children``: in each district and period; those placed, for a share of the placed · ``shock``: sd of a
    district's own swings from period to period, as a share of the level · ``memory``: their AR(1) coefficient ·
    ``between``: sd of districts' levels, as a share of the level, spread evenly over the districts · ``child_sd``: of
    one child, for ``normal`` · ``stays``: whether those counted are there from period to period, and not events ·
    ``response``: the share of the children who are rated each time, whoever they are, for ``normal`` · ``retest``: the
    correlation of one child's score with its score at any other time; where None they remember as shocks do.

    Raises RefusedError ``out_of_range`` for what no design can have.

    >>> planned = planned_design(
    ...     districts=20, treated=4, before=8, after=4, family="binomial", level=0.25, children=18, shock=0.15
    ... )
    >>> planned.sample.treated.sum(), planned.data.y.shape
    (np.int64(4), (20, 12))
    """
    option("family", family, Family)
    _check(districts, treated, before, after, family, level, children, shock, memory, between, child_sd)
    _refuse_outside(
        {
            "response": (0 < response <= 1, response, "0 < response <= 1"),
            "retest": (retest is None or 0 <= retest < 1, retest or 0, "0 <= retest < 1"),
        }
    )
    rated = children * response if family == "normal" else children
    at = np.arange(districts)
    # Treated districts stand evenly among the others, so that their levels are spread as those are.
    is_treated = np.isin(at, np.floor((np.arange(treated) + 0.5) * districts / treated).astype(int))
    spread = np.linspace(-1, 1, districts) * np.sqrt(3) * between
    rate = level * np.exp(spread - np.log(np.exp(spread).mean()))
    if family == "binomial":
        rate = np.minimum(rate, 0.99)
    table = np.ones((districts, before + after))
    side = 1 - level if family == "binomial" else 1.0
    in_logs = float(np.sqrt(np.log1p(shock**2))) / side if family != "normal" else shock * abs(level)
    data = OwnData(
        Districts(at.astype(float), is_treated, np.ones(districts), np.zeros(districts, dtype=np.int64),
                  np.empty((districts, 0))),
        y=table * (rate * rated)[:, None],
        children=table * (np.maximum(np.rint(rated), 1.0) if family == "binomial" else rated),
        before=np.arange(before + after) < before,
        family=family,
        scale=SCALES[family],
        stays=stays,
    )  # fmt: skip
    # Who is rated now is rated another time with that probability: the means have so much less in common.
    again = None if retest is None and response == 1 else (memory if retest is None else retest) * response
    return OwnDesign(data, np.column_stack([rate, rate]), in_logs, memory, child_sd, retest=again)


def _check(
    districts: int, treated: int, before: int, after: int, family: Family, level: float, children: float,
    shock: float, memory: float, between: float, child_sd: float,
) -> None:  # fmt: skip
    share = family == "binomial"
    still = family == "normal" and not child_sd and not shock
    _refuse_outside({
        "districts": (districts >= 3, districts, "districts >= 3"),
        "treated": (1 <= treated <= districts - 2, treated, f"1 <= treated <= {districts - 2}"),
        "before": (before >= 1, before, "before >= 1"),
        "after": (after >= 1, after, "after >= 1"),
        "level": (0 < level < 1 if share else level > 0, level, "0 < level < 1" if share else "level > 0"),
        "children": (children > 0, children, "children > 0"),
        "shock": (0 <= shock < 2, shock, "0 <= shock < 2"),
        "memory": (0 <= memory < 1, memory, "0 <= memory < 1"),
        "between": (0 <= between < 2, between, "0 <= between < 2"),
        "child_sd": (child_sd >= 0 and not still, child_sd, "child_sd + shock > 0" if still else "child_sd >= 0"),
    })  # fmt: skip


def _refuse_outside(held: dict[str, tuple[bool, float, str]]) -> None:
    """Each number by its name: whether it is within its range, what it is and what it may be."""
    for name, (ok, found, expected) in held.items():
        if not (ok and np.isfinite(found)):
            raise refuse("out_of_range", name=name, found=f"{found:g}", expected=expected)
