"""Made-up municipalities of 4 to 40 districts, released and attacked: what is recovered, how wide hidden numbers stay.

Children, placements and kinds of place are drawn anew in each; nobody in it exists. Run:
``python tests/validation/disclosed.py [how many]``, or with ``--table`` to print what is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from recording import record
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.attack import feasible_range
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.errors import InputError
from sverige_did.panel import Panel
from sverige_did.sources.panel.coverage import coverage
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Study

RECORDED = Path(__file__).parent / "recorded" / "disclosed.csv"
HEADER = "# Synthetic municipalities, by python tests/validation/disclosed.py: no child in them exists.\n"
COLUMNS = (
    "municipality", "districts", "treated", "released", "hidden", "recovered", "narrowest", "median", "levels",
    "levels_shown", "estimates", "estimates_shown",
)  # fmt: skip
PARTS = ("home_based", "network", "foster", "institution")
SHARES = (0.05, 0.08, 0.65, 0.22)
WANTED = ("institution_per_1000", "institution_share", "placed_total")


def requested(treated: int, control: int) -> Study:
    """A plan of three outcomes that count the same children."""
    outcomes = [
        {"outcome": name, "question": "all", "role": "exploratory", "benefit": "lower", "scales": [scale]}
        for name, scale in zip(WANTED, ("rate_per_1000", "pp", "ratio"), strict=True)
    ]
    label = {"da": "x", "en": "x"}
    sides = {"treated": {"label": label, "districts": treated}, "control": {"label": label, "districts": control}}
    return study(outcomes=outcomes, **sides)


def municipality(seed: int) -> tuple[Panel, int, int]:
    """Districts with spells of whole days: child-days of every kind, some kinds with next to nobody."""
    rng = np.random.default_rng([20260131, seed])
    total = int(rng.integers(4, 41))
    treated = int(np.clip(rng.integers(3, max(4, total // 3 + 1)), 1, total - 1))
    labels = windows_of(Grid(first="2011H1", last="2015H2")).labels
    side = np.array(["treated"] * treated + ["control"] * (total - treated))
    since = pd.to_datetime(pd.Series(np.where(side == "treated", "2013-08-01", None)))
    units = pd.DataFrame(
        {"unit": [f"d{k:02}" for k in range(total)], "unit_kind": "district", "group": side, "treated_from": since,
         "stratum": None}
    )  # fmt: skip
    living = rng.integers(300, 1500, total)[:, None] * np.ones(len(labels))
    children = rng.poisson(living[None] * 0.008 * np.array(SHARES)[:, None, None])
    days = children * 181 - rng.binomial(children * 181, 0.1)
    years = dict(zip(PARTS, days / 365.0, strict=True))
    placed, residents = sum(years.values()), living / 2
    cells = [
        to_cells("placed_total", "person_years", units, labels, placed, None, "f"),
        to_cells("placed_per_1000", "person_years", units, labels, placed, residents, "f"),
    ]
    for name, value in years.items():
        cells.append(to_cells(f"{name}_per_1000", "person_years", units, labels, value, residents, "f"))
        cells.append(to_cells(f"{name}_share", "person_years", units, labels, value, placed, "f"))
    return Panel.of(pd.concat(cells), synthetic=True), treated, total


def attacked(seed: int) -> tuple[object, ...]:
    """One municipality: its release, and the range of every hidden number of a group."""
    panel, treated, total = municipality(seed)
    plan = requested(treated, total - treated)
    found = designs(panel, plan)
    made = estimate_panel(panel, plan, found)
    answers = Answers(found, made.findings, made.methods_tables, coverage(panel))
    try:
        release, known, _ = attacked_release(plan, panel, answers)
    except InputError:
        return (seed, total, treated, 0, "", "", "", "", "", 0, len(made.findings), 0)
    widths = []
    for part in known.components():
        for at, name in enumerate(part.names):
            if name.split("|")[1] in {"treated", "control"}:
                target = np.asarray(part.targets[[at]].toarray()[0])
                widths.append(feasible_range(part.relations, target, part.truth).width / part.needed[at])
    shown = sum(level.status == "shown" for level in release.levels)
    ends = (round(min(widths), 2), round(float(np.median(widths)), 2)) if widths else ("", "")
    return (
        seed, total, treated, 1, len(widths), sum(one < 1 / 5 for one in widths), *ends, len(release.levels), shown,
        len(made.findings), len(release.findings),
    )  # fmt: skip


def rows(number: int) -> Iterator[tuple[object, ...]]:
    """As many municipalities."""
    yield from (attacked(seed) for seed in range(number))


def table() -> str:
    """What is recorded, in one line."""
    found = pd.read_csv(RECORDED, comment="#")
    widths = found["narrowest"].dropna()
    return (
        f"{len(found)} municipalities of {found['districts'].min()} to {found['districts'].max()} districts, "
        f"{found['released'].sum()} released; {found['hidden'].sum():.0f} hidden numbers, "
        f"{found['recovered'].sum():.0f} recovered; the narrowest range is {widths.min():.2f} times what is needed; "
        f"{100 * found['levels_shown'].sum() / found['levels'].sum():.0f} % of levels and "
        f"{100 * found['estimates_shown'].sum() / found['estimates'].sum():.0f} % of estimates shown"
    )


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    record(RECORDED, HEADER, COLUMNS, rows(numbers[0] if numbers else 200), table)
