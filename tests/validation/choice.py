"""How often the verdict calls nothing an effect when the treated were not drawn by lot, on two real panels.

    python tests/validation/choice.py     # writes recorded/choice.csv; ten minutes on a quiet machine

Twenty areas are drawn and K of them named as treated in a year when nothing was done: by lot, as the highest before,
or as those that had risen most. The English areas (children in care, starting and ceasing per 10,000, mean SDQ score,
share in homes) are read where their tables lie (analyses/england); the wages of 545 men over eight years come with
linearmodels.
"""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from linearmodels.datasets import wage_panel

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Bools, Floats, districts
from sverige_did.inference.level_choice import beside_level
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.verdict import supported

RECORD = Path(__file__).parent / "recorded" / "choice.csv"
ENGLAND = Path(__file__).parents[2] / "analyses" / "england"
ROUNDS, SEED, GROUPS, ALPHA = 500, 20180401, 20, 0.05
CHOICES = ("random", "level", "rise")
WINDOWS = {
    "in care": ((4, 1), (2, 3), (3, 4), (6, 1)),
    "starting": ((4, 1), (3, 4), (6, 1)),
    "ceasing": ((3, 4), (6, 1)),
    "SDQ mean": ((4, 5), (8, 1)),
    "share in homes": ((3, 3), (5, 1)),
    "wages": ((5, 1), (5, 3)),
}
"""Periods before and after; where there are more, each data set starts in a year of its own."""


class Cell(NamedTuple):
    """Of ``ROUNDS`` data sets: the share that the verdict alone, and with the level before beside it, supports."""

    measure: str
    before: int
    after: int
    treated: int
    choice: str
    verdict: float
    beside_level: float


def england() -> Path | None:
    """Where the English tables lie; None where they do not."""
    if str(ENGLAND) not in sys.path:
        sys.path.insert(0, str(ENGLAND))
    found = Path(importlib.import_module("england").folder())
    return found if found.is_dir() else None


def panels(folder: Path | None) -> dict[str, pd.DataFrame]:
    """Areas by years, complete or not, of every measure that is there."""
    wages = wage_panel.load().pivot_table(index="nr", columns="year", values="lwage")
    if folder is None:
        return {"wages": wages}
    rates = pd.read_csv(folder / "rates.csv", dtype=str).query("year >= '2019'")
    found = {"wages": wages}
    for name, text in (("in care", "31 March"), ("starting", "starting"), ("ceasing", "ceasing")):
        rows = rates[rates["population_count"].str.contains(text)]
        found[name] = wide(rows, rows["rate_per_10000"])
    sdq = pd.read_csv(folder / "sdq.csv", dtype=str).query("measure == 'SDQ average score'")
    found["SDQ mean"] = wide(sdq, sdq["number"])
    placed = pd.read_csv(folder / "cla_by_placement.csv", dtype=str).query("year >= '2020'")
    homes, total = (
        wide(rows, rows["number"])
        for rows in (placed[placed["placement"] == name] for name in ("Secure homes and children's homes", "Total"))
    )
    return found | {"share in homes": 100 * homes / total}


def wide(rows: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """One row an area, one column a year; what is suppressed is missing."""
    numbers = rows.assign(y=pd.to_numeric(values, errors="coerce"))
    return numbers.pivot_table(index="la_code", columns="year", values="y")


def chosen(levels: Floats, treated: int, choice: str, rng: np.random.Generator) -> Bools:
    """Who of the areas (G, T before) is treated."""
    score = {
        "random": lambda: rng.random(len(levels)),
        "level": lambda: levels.mean(axis=1),
        "rise": lambda: levels[:, -1] - levels[:, :-1].mean(axis=1),
    }[choice]()
    return np.isin(np.arange(len(levels)), np.argsort(-score)[:treated])


def rates(
    table: pd.DataFrame, before: int, after: int, treated: int, choice: str, rounds: int, rng: np.random.Generator
) -> tuple[float, float]:
    """How often the verdict, and the verdict beside the level before, supports an effect."""
    change, level = np.empty((2, GROUPS, rounds))
    values = table.to_numpy()
    for at in range(rounds):
        first = rng.integers(0, table.shape[1] - before - after + 1)
        seen = values[:, first : first + before + after]
        seen = seen[np.isfinite(seen).all(axis=1)]
        y = seen[rng.choice(len(seen), GROUPS, replace=False)]
        order = np.argsort(~chosen(y[:, :before], treated, choice, rng), kind="stable")
        level[:, at] = y[order, :before].mean(axis=1)
        change[:, at] = y[order, before:].mean(axis=1) - level[:, at]
    who = np.arange(GROUPS) < treated
    sample = districts(np.arange(float(GROUPS)), who)
    p = vectorised.both_permutations(change, sample, 999, rng)[0]
    found = np.flatnonzero(supported(p, vectorised.behrens_fisher(change, sample), ALPHA))
    kept = sum(stands(change[:, at], who, level[:, at], rng) for at in found)
    return found.size / rounds, kept / rounds


def stands(change: Floats, treated: Bools, level: Floats, rng: np.random.Generator) -> bool:
    """Whether a finding stands beside the level before."""
    try:
        found = beside_level(districts(change, treated), level, rng=rng, alpha=ALPHA)
    except RefusedError:
        return False
    return found is not None and found.p_value <= ALPHA


def cells(tables: dict[str, pd.DataFrame], rounds: int, choices: tuple[str, ...] = CHOICES) -> Iterator[Cell]:
    """Every cell of the study, each with a seed of its own; a rise, which nothing mends, with four treated alone."""
    for measure, table in tables.items():
        for before, after in WINDOWS[measure]:
            for treated in (3, 4, 6):
                for choice in choices if treated == 4 else [one for one in choices if one != "rise"]:
                    seed = [SEED, before, after, treated, CHOICES.index(choice), sum(measure.encode())]
                    found = rates(table, before, after, treated, choice, rounds, np.random.default_rng(seed))
                    yield Cell(measure, before, after, treated, choice, *found)


def main() -> None:
    """Run every cell and write the record."""
    with RECORD.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# python tests/validation/choice.py: {ROUNDS} data sets a cell, 20 areas, nominal {ALPHA:g}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Cell._fields)
        for cell in cells(panels(england()), ROUNDS):
            writer.writerow([*cell[:5], f"{cell.verdict:.3f}", f"{cell.beside_level:.3f}"])
            file.flush()


if __name__ == "__main__":
    main()
