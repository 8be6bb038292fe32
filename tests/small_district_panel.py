"""A panel of districts with rates and shares, made in the tests: districts, periods and an effect of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sverige_did.panel import Panel
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.study.blocks import Grid

LABELS = windows_of(Grid(first="2011H1", last="2015H2")).labels
START = "2013-08-01"


def units(starts: Sequence[str | None]) -> pd.DataFrame:
    """One district a start; None for never."""
    side = np.where([start is None for start in starts], "control", "treated")
    since = pd.to_datetime(pd.Series(list(starts), dtype="object"))
    names = [f"d{k:02}" for k in range(len(starts))]
    return pd.DataFrame({"unit": names, "unit_kind": "district", "group": side, "treated_from": since, "stratum": None})


FOUR_OF_SIXTEEN = (START,) * 4 + (None,) * 12


def levels(
    seed: int, starts: Sequence[str | None] = FOUR_OF_SIXTEEN, *, effect: float = 0.0, noise: float = 0.5
) -> np.ndarray:
    """Levels (D, T) around 20 with district and period effects; the effect in every wholly treated period."""
    rng = np.random.default_rng(seed)
    D, T = len(starts), len(LABELS)
    begins = np.array([f"{label[:4]}-{'01' if label.endswith('H1') else '07'}-01" for label in LABELS])
    under = np.array([[start is not None and begin >= start for begin in begins] for start in starts])
    return 20 + rng.normal(0, 3, (D, 1)) + rng.normal(0, 1, (1, T)) + rng.normal(0, noise, (D, T)) + effect * under


def panel(
    outcomes: Mapping[str, np.ndarray], starts: Sequence[str | None] = FOUR_OF_SIXTEEN, *, residents: float = 1000.0
) -> Panel:
    """Cells of each outcome from its levels (D, T): per cent for shares, per 1,000 for rates; NaN rows are left out.

    ``placed_per_1000`` is always there, for the districts' children are read off it.
    """
    where = units(starts)
    people = np.full((len(starts), len(LABELS)), residents)
    made = [to_cells("placed_per_1000", "person_years", where, LABELS, people * 0.02, people, "made up")]
    for name, level in outcomes.items():
        per = 100 if name.endswith("share") else 1000
        cells = to_cells(name, "person_years", where, LABELS, np.nan_to_num(level) * people / per, people, "made up")
        gone = {(where["unit"][d], LABELS[t]) for d, t in zip(*np.nonzero(np.isnan(level)), strict=True)}
        made.append(cells[[(u, p) not in gone for u, p in zip(cells["unit"], cells["period"], strict=True)]])
    return Panel.of(pd.concat(made), synthetic=True)


def wanted(*names: str, scales: Sequence[str] = ("level",), role: str = "secondary") -> list[dict[str, object]]:
    """Outcomes for a plan, the first of them primary."""
    return [
        {"outcome": name, "question": "all", "role": "primary" if not at else role, "benefit": "lower",
         "scales": list(scales)}
        for at, name in enumerate(names)
    ]  # fmt: skip
