"""A small panel with spending: sixteen made-up districts, the prices of their places, the accounts of two groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from small_panel_study import study

from sverige_did.panel import CELLS, Panel
from sverige_did.study.study import Study

HALVES = tuple(f"{year}H{half}" for year in range(2011, 2016) for half in (1, 2))
PRICES = {"price_institution": 1.05, "price_foster": 0.45}
GO_LIVE = pd.Timestamp("2013-08-01")
ECONOMY = {
    "discount_rate": 0.035,
    "discount_source": "made up",
    "investments": [
        {"key": "team", "label": {"da": "hold", "en": "team"}, "value": 2.0, "low": 1.5, "high": 2.5, "source": "x"},
        {"key": "leaders", "label": {"da": "ledelse", "en": "leaders"}, "low": 0.0, "high": 0.5, "source": "x"},
    ],
}


def plan(**changes: Any) -> Study:
    """The plan of that panel; ``changes`` are fields that differ."""
    keys = (
        "placement_cost",
        "placement_spending",
        "institution_share",
        "placed_total",
        "institution_per_1000",
        "follow_ups",
    )
    outcomes = [
        {"outcome": key, "question": "all", "role": "exploratory", "benefit": "lower", "scales": ["level"]}
        for key in keys
    ]
    usual = {"economy": ECONOMY, "outcomes": outcomes}
    periods = {
        "baseline": "2013-06-30",
        "treatment_start": "2013-08-01",
        "follow_up": "2014-12-31",
        "hard_stop": "2015-12-31",
        "partial": "donut",
    }
    return study(**(usual | {"periods": periods} | changes))


def span(label: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last day of a half-year or a year."""
    year, half = int(label[:4]), label[4:]
    first, last = {"": ("01-01", "12-31"), "H1": ("01-01", "06-30"), "H2": ("07-01", "12-31")}[half]
    return pd.Timestamp(f"{year}-{first}"), pd.Timestamp(f"{year}-{last}")


def row(
    outcome: str, unit: str, group: str, label: str, kind: str, value: float, below: float, **more: object
) -> dict[str, Any]:
    """One cell."""
    first, last = span(label)
    known = np.isfinite(value)
    cell = dict.fromkeys(CELLS.columns) | {
        "outcome": outcome, "reading": "all", "unit": unit, "unit_kind": "district", "group": group, "period": label,
        "treated_from": GO_LIVE if group == "treated" else pd.NaT, "start": first, "end": last, "kind": kind,
        "value": value, "low": value, "high": value, "denominator": below, "denominator_low": below,
        "denominator_high": below, "status": "exact" if known else "missing", "source": "made up",
    }  # fmt: skip
    return cell | more


def panel(
    *, taken: float = 0.0, seed: int = 8, accounts: float = 1.0, without: tuple[tuple[str, str], ...] = ()
) -> Panel:
    """The programme takes the share ``taken`` off the treated districts' places in institutions from 2014 on.

    ``accounts`` is what a krone of placements is in the accounts; ``without`` are pairs of outcome and period left out.
    """
    rng = np.random.default_rng(seed)
    rows = []
    placed: dict[tuple[str, str], float] = {}
    for d in range(16):
        group, children = ("treated" if d < 4 else "control"), rng.uniform(600, 2000)
        level = {"price_institution": 0.004 * children, "price_foster": 0.008 * children}
        for label in HALVES:
            years = {key: 0.5 * mean * rng.lognormal(0, 0.08) for key, mean in level.items()}
            if group == "treated" and label >= "2014":
                years["price_institution"] *= 1 - taken
            spent = {key: years[key] * PRICES[key] for key in years}
            unit, below = f"D{d}", 0.5 * children
            rows += [row(key, unit, group, label, "money", spent[key], years[key]) for key in years]
            rows.append(row("placement_cost", unit, group, label, "money", sum(spent.values()), below))
            rows.append(row("placed_total", unit, group, label, "person_years", sum(years.values()), np.nan))
            rows.append(
                row(
                    "institution_share",
                    unit,
                    group,
                    label,
                    "person_years",
                    years["price_institution"],
                    sum(years.values()),
                )
            )
            rows.append(
                row("institution_per_1000", unit, group, label, "person_years", years["price_institution"], below)
            )
            key = (group, label[:4])
            placed[key] = placed.get(key, 0.0) + sum(spent.values())
            placed[group, "children"] = placed.get((group, "children"), 0.0) + (children if label == HALVES[0] else 0.0)
    for (group, year), amount in placed.items():
        if year != "children":
            residents = placed[group, "children"]
            rows.append(
                row("placement_spending", group, group, year, "money", accounts * amount, residents, unit_kind="group")
            )
            rows.append(
                row(
                    "placement_net_spending",
                    group,
                    group,
                    year,
                    "money",
                    0.9 * accounts * amount,
                    residents,
                    unit_kind="group",
                )
            )
    cells = pd.DataFrame(rows)
    gone = pd.Series(False, index=cells.index)
    for outcome, period in without:
        gone |= (cells["outcome"] == outcome) & cells["period"].str.startswith(period)
    return Panel.of(cells[~gone], synthetic=True)
