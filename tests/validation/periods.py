"""How often the test with variances from the periods before rejects, beside the verdict.

    python tests/validation/periods.py

writes tests/validation/recorded/periods.csv, in some minutes on one core.

    python tests/validation/periods.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sverige_did.inference.arm_variances import ArmVariances
from sverige_did.inference.behrens_fisher import critical_value, nominal_level
from sverige_did.inference.districts import Bools, Floats, districts
from sverige_did.inference.period_variances import Ratio, pooled, ratio_before
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.verdict import supported

SEED, GROUPS, DATA_SETS, DRAWS, ALPHA, STEP = 20136, 20, 8_000, 299, 0.05, 0.25
RECORDED = Path(__file__).parent / "recorded" / "periods.csv"
HEADER = f"# python tests/validation/periods.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
LAWS = ("normal", "exponential", "t(3)", "districts unlike", "random walk", "treated last longer", "effects differ")
METHODS = ("size_verdict", "size_periods", "power_verdict", "power_periods")


class Cell(NamedTuple):
    """One design: who is treated and how much they vary, how long shocks last, and what they are."""

    law: str
    before: int
    after: int
    treated: int
    sd_ratio: float
    memory: float


def cells() -> Iterator[Cell]:
    """Every cell of the study."""
    for before, after in ((4, 1), (4, 4), (8, 4), (9, 1)):
        for treated in (3, 4, 6):
            for ratio in (0.6, 1.0, 2.0, 3.0):
                for memory in (0.0, 0.5, 0.9):
                    yield Cell("normal", before, after, treated, ratio, memory)
                    if ratio >= 1 and memory != 0.5:
                        yield Cell("exponential", before, after, treated, ratio, memory)
            if (before, after) in {(4, 1), (8, 4)}:
                yield from (Cell(law, before, after, treated, 1.0, 0.5) for law in LAWS[2:])


def levels(cell: Cell, data_sets: int, rng: np.random.Generator) -> Floats:
    """Shocks (n, G, T) without an effect; in ``effects differ`` they are drawn around zero."""
    shape = data_sets, GROUPS, cell.before + cell.after
    e = rng.standard_normal(shape)
    if cell.law == "exponential":
        e = rng.exponential(size=shape) - 1
    elif cell.law == "t(3)":
        e = rng.standard_t(3, shape)
    is_treated = np.arange(GROUPS) < cell.treated
    if cell.law == "random walk":
        y = e.cumsum(axis=-1)
    else:
        memory = np.where(is_treated, 0.9, 0.0) if cell.law == "treated last longer" else np.full(GROUPS, cell.memory)
        y = e.copy()
        for t in range(1, shape[-1]):
            y[..., t] = memory * y[..., t - 1] + np.sqrt(1 - memory**2) * e[..., t]
    if cell.law == "districts unlike":
        y *= rng.lognormal(0, 1, (data_sets, GROUPS, 1))
    y *= np.where(is_treated, cell.sd_ratio, 1.0)[:, None]
    if cell.law == "effects differ":
        y[:, is_treated, cell.before :] += 2 * rng.standard_normal((data_sets, cell.treated, 1))
    return y


def rejected(change: Floats, before: Floats, is_treated: Bools) -> Bools:
    """Whether the test rejects (n,), for changes (n, G) and levels before (n, G, P). Degrees of freedom are rounded
    down to quarters, so that levels are calibrated once for many data sets."""
    arms = is_treated, ~is_treated
    k, m = (int(arm.sum()) for arm in arms)
    treated, control = (change[:, arm].var(axis=1, ddof=1) / arm.sum() for arm in arms)
    found = Ratio(*ratio_before(*(before[:, arm] for arm in arms)))
    v = pooled(ArmVariances(treated, control, k - 1, m - 1, np.nan), found, (1 / k, 1 / m))
    total, share = v.treated + v.control, v.treated / (v.treated + v.control)
    t = np.abs(change[:, is_treated].mean(axis=1) - change[:, ~is_treated].mean(axis=1)) / np.sqrt(total)
    df = np.floor(np.stack([v.df_treated, v.df_alike], axis=1) / STEP) * STEP
    out = np.zeros(len(t), dtype=bool)
    for row in np.unique(df, axis=0):
        mine, one = (df == row).all(axis=1), (float(row[0]), float(m - 1), float(row[1]))
        out[mine] = t[mine] > critical_value(nominal_level(ALPHA, one), share[mine], one)
    return out


def rates(number: int, cell: Cell, data_sets: int = DATA_SETS) -> tuple[float, ...]:
    """Size of the verdict and of the test; power of both at three true standard errors."""
    rng = np.random.default_rng([SEED, number])
    y, is_treated = levels(cell, data_sets, rng), np.arange(GROUPS) < cell.treated
    before = y[..., : cell.before]
    change = y[..., cell.before :].mean(axis=-1) - before.mean(axis=-1)
    effect = change[:, is_treated].mean(axis=1) - change[:, ~is_treated].mean(axis=1)
    sample = districts(np.arange(float(GROUPS)), is_treated)
    found = []
    for shift in (0.0, 3 * effect.std()):
        moved = change + shift * is_treated
        calibrated = vectorised.behrens_fisher(moved.T, sample)
        kept = np.flatnonzero(calibrated <= ALPHA)  # the permutation can only take back
        studentised = vectorised.both_permutations(moved[kept].T, sample, DRAWS, rng)[0]
        verdict = supported(studentised, calibrated[kept], ALPHA).sum() / data_sets
        found.append((float(verdict), float(rejected(moved, before, is_treated).mean())))
    (size, size_periods), (power, power_periods) = found
    return size, size_periods, power, power_periods


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """Size of the test and power of verdict and test, in per cent, as Markdown: the largest size, the mean powers."""
    columns = [(treated, periods) for periods in ("4 + 1", "4 + 4", "8 + 4", "9 + 1") for treated in (3, 4, 6)]
    head = ["shocks", "h", *(f"{periods}, K={treated}" for treated, periods in columns)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    rows = recorded()
    for law, ratio in dict.fromkeys((row["law"], row["sd_ratio"]) for row in rows):
        told = []
        for treated, periods in columns:
            mine = [
                [100 * float(row[name]) for name in METHODS]
                for row in rows
                if (row["law"], row["sd_ratio"]) == (law, ratio)
                and (int(row["treated"]), f"{row['before']} + {row['after']}") == (treated, periods)
            ]
            size, power = np.array(mine).T[1:2].ravel(), np.array(mine).T[2:]
            told.append(f"{size.max():.1f} / {power[1].mean():.0f} ({power[0].mean():.0f})" if mine else "–")
        lines.append("| " + " | ".join((law, ratio, *told)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the recorded output, row by row; or print it as a table."""
    if "--table" in sys.argv:
        sys.stdout.write(table() + "\n")
        return
    with RECORDED.open("w", newline="", encoding="utf-8") as file:
        file.write(HEADER)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*Cell._fields, *METHODS))
        for number, cell in enumerate(cells()):
            writer.writerow((*cell, *(f"{rate:.4f}" for rate in rates(number, cell))))
            file.flush()


if __name__ == "__main__":
    main()
