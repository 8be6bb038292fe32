"""What the printed design of Herning could find: 20 districts, 4 treated, two snapshots, by every kind of test.

    python tests/validation/design_analysis.py

writes tests/validation/recorded/design_analysis.csv, in some two minutes on one core.

    python tests/validation/design_analysis.py --table

prints the table of docs/methods.md from what is recorded. The generator: districts whose log-odds differ with sd .4
about 25 per cent, a shock of sd s in every district and snapshot, 70 placed children in the treated districts and 300
in the others, drawn anew at each snapshot; the treated move to another share. Designs of more periods have half-years
before and after with shocks that remember (AR .5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from recording import record
from scipy import special

from sverige_did.bayes.models.closed_form import NormalPrior
from sverige_did.bayes.models.many_posteriors import WindowPriors, Windows, posterior_power
from sverige_did.inference.districts import Districts, Floats, districts
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.simulated.size import remembering
from sverige_did.inference.wild_bootstrap import drawn_weights

SEED, DATA_SETS, ALPHA = 2015, 2_000, 0.05
GROUPS, TREATED = 20, 4
CHILDREN = np.array([18, 18, 17, 17] + [19] * 12 + [18] * 4)
"""Placed children of each district: 70 and 300."""

BEFORE, SIGMA = 0.25, 0.4
SHOCKS = (0.0, 0.2, 0.4, 0.6)

RECORDED = Path(__file__).parent / "recorded" / "design_analysis.csv"
HEADER = f"# python tests/validation/design_analysis.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
COLUMNS = ("after", "shock", "periods_before", "periods_after", "prior", "permutation", "permutation_studentised",
           "cr2", "wild", "logit", "excludes", "sure", "covers", "type_m", "type_s", "verdict")  # fmt: skip


class Cell(NamedTuple):
    """The treated share ``after``, the sd of ``shock``, periods, and the scale of the prior of shocks."""

    after: float
    shock: float
    before: int = 1
    later: int = 1
    prior: float = 0.3


def cells() -> Iterator[Cell]:
    """Every cell of the study: the main table, its sizes, other priors, other effects, and more periods."""
    yield from (Cell(after, shock) for after in (0.13, 0.25) for shock in SHOCKS)
    yield from (Cell(after, 0.4, prior=prior) for prior in (0.001, 0.15, 0.6, 1.0) for after in (0.13, 0.25))
    yield Cell(0.25, 0.6, prior=0.001)
    yield from (Cell(after, 0.2) for after in (0.21, 0.17, 0.09, 0.05, 0.02, 0.005))
    yield from (Cell(after, 0.2, 4, later) for later in (3, 5) for after in (0.13, 0.09))
    yield from (Cell(after, 0.4, 4, 5) for after in (0.13, 0.09))


def sample() -> Districts:
    """The districts as the methods take them; their changes are none of any data set."""
    return districts(np.arange(GROUPS), np.arange(GROUPS) < TREATED)


def counts(cell: Cell, n: int, rng: np.random.Generator) -> Floats:
    """Children in institutions (G, T, n)."""
    periods = cell.before + cell.later
    alpha = SIGMA * rng.standard_normal((GROUPS, 1, n))
    memory = 0.5 if periods > 2 else 0.0
    shock = cell.shock * remembering(rng.standard_normal((GROUPS, periods, n)), memory)
    effect = np.zeros((GROUPS, periods, 1))
    effect[:TREATED, cell.before :] = special.logit(cell.after) - special.logit(BEFORE)
    chance = special.expit(special.logit(BEFORE) + alpha + shock + effect)
    return rng.binomial(CHILDREN[:, None, None], chance).astype(float)


def answers(cell: Cell, rng: np.random.Generator, n: int = DATA_SETS) -> dict[str, float]:
    """What every method says of ``n`` data sets of a cell."""
    y = counts(cell, n, rng)
    windows = np.stack([y[:, : cell.before].sum(axis=1), y[:, cell.before :].sum(axis=1)], axis=1)
    total = CHILDREN[:, None, None] * np.array([cell.before, cell.later])[None, :, None]
    level = windows / total
    change, own = level[:, 1] - level[:, 0], sample()
    studentised, bare = vectorised.both_permutations(change, own, 9_999, rng)
    wild = vectorised.wild_restricted(change, own, drawn_weights(GROUPS, 999, rng))
    groups = np.stack([windows[:TREATED].sum(axis=0), windows[TREATED:].sum(axis=0)])
    whole = np.broadcast_to(np.stack([total[:TREATED].sum(axis=0), total[TREATED:].sum(axis=0)]), groups.shape)
    theta, variance = log_contrast(groups, np.asarray(whole, dtype=float))
    truth = float(special.logit(cell.after) - special.logit(BEFORE))
    windowed = Windows(windows, np.broadcast_to(total, windows.shape).astype(float), own.treated, np.ones(2))
    bayes = posterior_power(windowed, truth, priors(cell))
    weighted = groups / whole
    pp = (weighted[0, 1] - weighted[0, 0]) - (weighted[1, 1] - weighted[1, 0])
    said, true = studentised <= ALPHA, cell.after - BEFORE
    return {
        "permutation": float((bare <= ALPHA).mean()),
        "permutation_studentised": float(said.mean()),
        "cr2": float((vectorised.cr2(change, own) <= ALPHA).mean()),
        "wild": float((wild <= ALPHA).mean()),
        "logit": float((np.abs(theta) / np.sqrt(variance) > special.ndtri(1 - ALPHA / 2)).mean()),
        "excludes": bayes.excludes, "sure": bayes.sure, "covers": bayes.covers,
        "type_m": float(np.abs(pp[said] / true).mean()) if true and said.any() else float("nan"),
        "type_s": float((pp[said] * true < 0).mean()) if true and said.any() else float("nan"),
        "verdict": float(vectorised.verdicts(change, own, ALPHA, 9_999, rng).mean()),
    }  # fmt: skip


def log_contrast(y: Floats, n: Floats) -> tuple[Floats, Floats]:
    """The difference of log-odds (S,) of studies with events ``y`` and totals ``n`` (2, 2, S), and its variance without
    shocks; half a child is added to all cells of a study with an empty one."""
    empty = ((y <= 0) | (y >= n)).any(axis=(0, 1))
    y, n = np.where(empty, y + 0.5, y), np.where(empty, n + 1.0, n)
    odds = np.log(y / (n - y))
    return (odds[0, 1] - odds[0, 0]) - (odds[1, 1] - odds[1, 0]), (1 / y + 1 / (n - y)).sum(axis=(0, 1))


def priors(cell: Cell) -> WindowPriors:
    """Those of the design analysis: a wide prior of the effect, and shocks of two snapshots that do not remember."""
    return WindowPriors(NormalPrior(float(special.logit(0.22)), 0.5), NormalPrior(0.0, 1.0), shock=cell.prior, rho=0.0)


def rows() -> Iterator[tuple[object, ...]]:
    """A row a cell."""
    for at, cell in enumerate(cells()):
        found = answers(cell, np.random.default_rng([SEED, at]))
        yield (cell.after, cell.shock, cell.before, cell.later, cell.prior, *(round(one, 4) for one in found.values()))


def table() -> str:
    """The rows of the main table as Markdown, power with the size in parentheses."""
    every = pd.read_csv(RECORDED, comment="#")
    two = every[(every["periods_after"] == 1) & (every["prior"] == 0.3)]
    names = ("permutation", "permutation_studentised", "cr2", "wild", "verdict", "logit", "excludes", "sure")
    lines = [
        "| s | bare permutation | studentised | CR2 | wild | verdict | logit without shocks | 95 % of the posterior |"
        " P > .95 | exaggerates | wrong sign |",
        "| --- " + "| ---: " * 10 + "|",
    ]
    for shock in SHOCKS:
        power, size = (two[(two["after"] == after) & (two["shock"] == shock)].iloc[0] for after in (0.13, 0.25))
        told = [f"{100 * power[name]:.0f} ({100 * size[name]:.0f})" for name in names]
        lines.append(f"| {shock:g} | {' | '.join(told)} | {power['type_m']:.1f} | {100 * power['type_s']:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, rows(), table)
