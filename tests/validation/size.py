"""Size and power of every method and of the verdict, in the designs of docs/size.md.

    python tests/validation/size.py

writes tests/validation/recorded/size.csv, in about a quarter of an hour on one core. Every cell has a seed of its
own, so that one cell can be made again without the others.

    python tests/validation/size.py --table

prints the tables of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from sverige_did.inference.simulated.size import Rejections, SimulatedDesign, rejection_rates

SEED = 20131
SIMULATIONS = {0.0: 25_000, 3.0: 10_000}
"""Data sets a cell by the shift of the treated, in standard deviations of the estimate: 0 for size, 3 for power."""

HEADER = f"# python tests/validation/size.py: seed [{SEED}, cell, shift, 1 where continued]\n"

CONTINUED = 75_000
"""Further data sets for a cell whose verdict rejects more than 5 % of true nulls: they tell luck from excess."""

RECORDED = Path(__file__).parent / "recorded" / "size.csv"
COLUMNS = (
    "cell",
    "family",
    "sizes",
    "treated",
    "sd_ratio",
    "memory",
    "method",
    "shift",
    "rate",
    "std_error",
    "data_sets",
)
SD_RATIOS = (0.6, 1.0, 1.7, 2.0)
GROUPS = 20

# Ibragimov and Mueller's and Conley and Taber's tests are not recorded here: tests/inference/test_few_treated.py.
SHOWN = {
    "verdict": "verdict",
    "permutation_studentised": "RI-t",
    "cr2_bell_mccaffrey": "CR2-BM",
    "behrens_fisher": "calibrated",
    "permutation": "RI-β",
    "ferman_pinto": "FP",
    "wild_restricted": "WCR",
    "cr3_jackknife": "CR3",
    "donald_lang": "DL",
    "cr1": "CR1",
}

SMALL_TREATED = tuple(float(m) for m in np.rint(np.geomspace(8, 80, GROUPS)))
"""Children a district, from 8 to 80: the treated districts are the smallest, or in reverse the largest."""

SIZES = {"treated_small": SMALL_TREATED, "treated_large": SMALL_TREATED[::-1]}


def cells() -> Iterator[tuple[str, str, SimulatedDesign]]:
    """Family, name of the sizes, and design of every cell, in the order of their seeds."""
    for treated in range(1, 11):
        for ratio in SD_RATIOS:
            yield "normal", "equal", SimulatedDesign(GROUPS, treated, sd_ratio=ratio)
    for treated in (3, 4, 6):
        plain = SimulatedDesign(GROUPS, treated)
        for memory in (0.5, 0.8):
            for ratio in (1.0, 2.0):
                yield "ar1", "equal", replace(plain, autocorrelation=memory, sd_ratio=ratio, before=4, after=4)
        for name, sizes in SIZES.items():
            unequal = replace(plain, sizes=sizes)
            yield "normal", name, replace(unequal, shock_sd=1.0, level=8.0)
            yield "binomial", name, replace(unequal, outcome="binomial", shock_sd=0.3, level=0.25)
            yield "poisson", name, replace(unequal, outcome="poisson", shock_sd=0.3, level=0.1)


def rows() -> Iterator[dict[str, str | int | float]]:
    """One row a cell, method and shift."""
    for cell, (family, sizes, design) in enumerate(cells()):
        yield from cell_rows(cell, family, sizes, design)


def cell_rows(cell: int, family: str, sizes: str, design: SimulatedDesign) -> Iterator[dict[str, str | int | float]]:
    """The rows of one cell."""
    for shift, simulations in SIMULATIONS.items():
        found = rejections(cell, design, shift, simulations)
        if shift == 0 and found.rates.get("verdict", 0.0) > found.alpha:
            found = pooled(found, rejections(cell, design, shift, CONTINUED, continued=True))
        for method, rate in ((method, found.rates[method]) for method in SHOWN if method in found.rates):
            numbers = (design.treated, design.sd_ratio, design.autocorrelation, method, shift, f"{rate:.4f}")
            error = (f"{found.standard_error(method):.4f}", found.simulations)
            yield dict(zip(COLUMNS, (cell, family, sizes, *numbers, *error), strict=True))


def rejections(
    cell: int, design: SimulatedDesign, shift: float, simulations: int, *, continued: bool = False
) -> Rejections:
    """What every method rejects in one cell."""
    rng = np.random.default_rng([SEED, cell, int(shift), int(continued)])
    return rejection_rates(design, rng=rng, shifts=(shift,), simulations=simulations)[0]


def pooled(first: Rejections, second: Rejections) -> Rejections:
    """Two runs of a cell as one."""
    n = first.simulations + second.simulations
    rates = {
        method: (rate * first.simulations + second.rates[method] * second.simulations) / n
        for method, rate in first.rates.items()
    }
    return Rejections(rates, n, first.alpha)


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table(shift: float) -> str:
    """Size (shift 0) or power of the methods in every cell as Markdown, in per cent."""
    lines = [
        "| outcome | sizes | K | h | ρ | " + " | ".join(SHOWN.values()) + " |",
        "| --- " * (5 + len(SHOWN)) + "|",
    ]
    by_cell: dict[str, dict[str, str]] = {}
    for row in recorded():
        if float(row["shift"]) == shift:
            first = {name: row[name] for name in ("family", "sizes", "treated", "sd_ratio", "memory")}
            by_cell.setdefault(row["cell"], first)[row["method"]] = f"{100 * float(row['rate']):.1f}"
    for cell in by_cell.values():
        numbers = (cell.get(method, "–") for method in SHOWN)
        context = (cell["family"], cell["sizes"].replace("_", " "), cell["treated"], cell["sd_ratio"], cell["memory"])
        lines.append("| " + " | ".join((*context, *numbers)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the recorded output, row by row; or print it as tables."""
    if "--table" in sys.argv:
        sys.stdout.write(f"{table(0.0)}\n\n{table(3.0)}\n")
        return
    with RECORDED.open("w", newline="", encoding="utf-8") as file:
        file.write(HEADER)
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows():
            writer.writerow(row)
            file.flush()


if __name__ == "__main__":
    main()
