"""How often the 95 % limits of a net benefit hold the one that was made, with few treated districts.

    python tests/validation/net_benefit_coverage.py

writes tests/validation/recorded/net_benefit.csv, in some minutes on one core.

    python tests/validation/net_benefit_coverage.py --table

prints the table of docs/methods.md from what is recorded.

Districts are of unlike size. Their spending swings by a factor of its own from before to after (``normal``), or is that
of children who stay or are replaced, each at a price of its own (``children``: one child is about a million). The
programme takes a share off the treated districts' spending; what it cost and what was refunded lie anywhere in the
ranges that the plan gives. The limits are those of studies/panel/economy.py, from the same functions.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from recording import record

from sverige_did.did.net_benefit import confidence_draws, net_benefit, ratio_changes, ratio_scaled
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.districts import districts

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SEED, GROUPS, DATA_SETS, DRAWS, TAKEN = 20136, 20, 1_000, 4_000, 0.15
RECORDED = Path(__file__).parent / "recorded" / "net_benefit.csv"
HEADER = f"# python tests/validation/net_benefit_coverage.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
INVESTED, REFUNDED = (2.0, 3.5), (0.0, 0.25)
INSTITUTION, FOSTER, VARIATION, STAY = (0.0018, 1.05), (0.0040, 0.45), 0.4, 0.7
"""Children placed per resident child with the price of a year; its coefficient of variation; who stays a year."""


class Cell(NamedTuple):
    """A law of spending, how many districts are treated, and how much more those swing than the others."""

    law: str
    treated: int
    sd_ratio: float


def cells() -> Iterator[Cell]:
    """Every cell of the study."""
    for treated in (4, 6):
        yield Cell("children", treated, 1.0)
        for ratio in (1.0, 2.0):
            yield Cell("normal", treated, ratio)


def sizes() -> Floats:
    """(G,) resident children: the same in every data set of a cell."""
    return np.round(np.geomspace(500, 2500, GROUPS)[np.random.default_rng(SEED).permutation(GROUPS)])


def spending(cell: Cell, children: Floats, is_treated: Bools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(G,) mio. kr. a year before and after, had there been no programme."""
    usual = children * (INSTITUTION[0] * INSTITUTION[1] + FOSTER[0] * FOSTER[1])
    if cell.law == "normal":
        sd = np.where(is_treated, cell.sd_ratio, 1.0) * 0.12
        before = usual * np.exp(0.2 * rng.standard_normal(GROUPS))
        return before, before * np.exp(sd * rng.standard_normal(GROUPS) + 0.02)
    before, after = np.zeros(GROUPS), np.zeros(GROUPS)
    for rate, price in (INSTITUTION, FOSTER):
        for district, expected in enumerate(children * rate):
            first = _prices(rng.poisson(expected), price, rng)
            kept = first[rng.random(first.size) < STAY]
            before[district] += first.sum()
            after[district] += kept.sum() + _prices(rng.poisson(expected * (1 - STAY)), price, rng).sum()
    return before + 1e-6, after


def _prices(count: int, price: float, rng: np.random.Generator) -> Floats:
    shape = 1 / VARIATION**2
    return rng.gamma(shape, price / shape, count)


def one(cell: Cell, rng: np.random.Generator) -> tuple[bool, bool, float]:
    """Whether the limits hold the net benefit, whether it was surely positive and is not, and how wide they are."""
    children, is_treated = sizes(), np.arange(GROUPS) < cell.treated
    before, without = spending(cell, children, is_treated, rng)
    after = np.where(is_treated, (1 - TAKEN) * without, without)
    truth = TAKEN * without[is_treated].sum() * (1 - rng.uniform(*REFUNDED)) - rng.uniform(*INVESTED)
    n = float(children[is_treated].sum())
    test = calibrated_test(districts(ratio_changes(before, after, is_treated, children), is_treated, weights=children))
    sums = [[level[arm].sum() for level in (before, after)] for arm in (is_treated, ~is_treated)]
    half = n * (test.upper - test.lower) / 2
    saved = confidence_draws(ratio_scaled(*sums).saving, half, test.df, rng, DRAWS)
    left = net_benefit(saved, rng.uniform(*INVESTED, DRAWS), rng.uniform(*REFUNDED, DRAWS))
    low, high = np.quantile(left, [0.025, 0.975])
    return bool(low <= truth <= high), bool((left > 0).mean() > 0.975 and truth <= 0), float(high - low)


def rates(number: int, cell: Cell, data_sets: int = DATA_SETS) -> tuple[float, float, float]:
    """The share of data sets whose limits hold the truth, that of false certainty, and the median width (mio. kr.)."""
    rng = np.random.default_rng([SEED, number])
    made = np.array([one(cell, rng) for _ in range(data_sets)])
    return float(made[:, 0].mean()), float(made[:, 1].mean()), float(np.median(made[:, 2]))


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """Coverage in per cent as Markdown."""
    lines = ["| spending | treated of 20 | treated swing | held, % | sure and wrong, % | median width, mio. kr. |",
             "| --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    for row in recorded():
        lines.append(
            f"| {row['law']} | {row['treated']} | ×{float(row['sd_ratio']):g} | {100 * float(row['held']):.1f} "
            f"| {100 * float(row['false_certainty']):.1f} | {float(row['width']):.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    made = ((*cell, *(f"{rate:.4f}" for rate in rates(number, cell))) for number, cell in enumerate(cells()))
    record(RECORDED, HEADER, (*Cell._fields, "held", "false_certainty", "width"), made, table)
