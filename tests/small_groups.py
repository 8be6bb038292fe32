"""Four treated and twelve control districts with children placed in four kinds of place; no child in them exists."""

from __future__ import annotations

import numpy as np
import pandas as pd
from small_panel_study import study

from sverige_did.panel import Panel
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Study

LABELS = windows_of(Grid(first="2011H1", last="2015H2")).labels
PARTS = ("home_based", "network", "foster", "institution")
WANTED = (
    "family_share",
    "institution_per_1000",
    "institution_share",
    "network_per_1000",
    "network_share",
    "placed_per_1000",
)


def plan(hidden_below: int = 5) -> Study:
    outcomes = [
        {"outcome": name, "question": "all", "role": "exploratory", "benefit": "lower", "scales": ["level"]}
        for name in WANTED
    ]
    rules = study().registers
    assert rules is not None
    return study(outcomes=outcomes, registers=rules.model_dump() | {"hidden_below": hidden_below})


def panel(treated: dict[str, float], seed: int = 4) -> Panel:
    """4 treated and 12 control districts; ``treated`` children of each kind in the treated group, in any half-year."""
    rng = np.random.default_rng(seed)
    side = np.array(["treated"] * 4 + ["control"] * 12)
    since = pd.to_datetime(pd.Series(np.where(side == "treated", "2013-08-01", None)))
    units = pd.DataFrame(
        {"unit": [f"distrikt-{k:02}" for k in range(16)], "unit_kind": "district", "group": side,
         "treated_from": since, "stratum": None}
    )  # fmt: skip
    share = rng.dirichlet(np.full(4, 8.0), len(LABELS)).T
    years = {}
    for name in PARTS:
        control = rng.uniform(2, 4, (12, len(LABELS)))
        years[name] = np.vstack([treated[name] * share, control]) / 2
    placed, residents = sum(years.values()), np.full((16, len(LABELS)), 500.0)
    cells = [
        to_cells("placed_total", "person_years", units, LABELS, placed, None, "f"),
        to_cells("placed_per_1000", "person_years", units, LABELS, placed, residents, "f"),
    ]
    for name, value in years.items():
        cells.append(to_cells(f"{name}_per_1000", "person_years", units, LABELS, value, residents, "f"))
        cells.append(to_cells(f"{name}_share", "person_years", units, LABELS, value, placed, "f"))
    family = years["network"] + years["foster"]
    cells.append(to_cells("family_share", "person_years", units, LABELS, family, placed, "f"))
    return Panel.of(pd.concat(cells), synthetic=True)


MANY = {"home_based": 12.0, "network": 14.0, "foster": 30.0, "institution": 20.0}
