"""How often 95% intervals of the difference between cases before and during hold what they are about, by simulation.

    python tests/validation/case_coverage.py            # some minutes
    python tests/validation/case_coverage.py --table

Cases are drawn from ``sverige_did/synthetic/cases.py`` in designs with more or less alike caseworkers, fewer cases, and
municipalities that change by themselves. ``these`` is the difference of the three municipalities drawn, ``all`` what
municipalities like them have on average. Each design's truth is integrated, not simulated.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import small_cases as small
from recording import record

from sverige_did.errors import RefusedError
from sverige_did.results.cases import PRIMARY
from sverige_did.studies.cases.waits import waits_of
from sverige_did.survival.completed import completed
from sverige_did.survival.restricted_mean import Difference, over_municipalities, pooled, restricted_mean
from sverige_did.synthetic.cases import CaseModel, case_registers, true_days

RECORD = Path(__file__).parent / "recorded" / "case_coverage.csv"
HEADER = "# Made by: python tests/validation/case_coverage.py\n"
COLUMNS = ("design", "method", "about", "simulations", "refused", "mean_error", "coverage")
SIMULATIONS, SEED, HORIZON = 1000, 20191008, 90
PLAIN = CaseModel(other_cases=0, respondents=((0, 0),) * 3)
DESIGNS: dict[str, tuple[CaseModel, float]] = {
    "alike": (replace(PLAIN, caseworker_sd=0.0), 0.0),
    "caseworkers_differ": (replace(PLAIN, caseworker_sd=0.4), 0.0),
    "fifteen_cases": (replace(PLAIN, exempt_cases=15, caseworker_sd=0.2), 0.0),
    "municipalities_change": (replace(PLAIN, caseworker_sd=0.2, change=(0.0,) * 3), 0.4),
}
"""Each with the sd of municipalities' own changes, as log hazard ratios."""


def drawn(model: CaseModel, own_sd: float, rng: np.random.Generator) -> tuple[CaseModel, dict[str, list[Difference]]]:
    """The model with its municipalities' own changes, and the differences that every method finds."""
    own = tuple(one + rng.normal(0, own_sd) for one in model.change) if own_sd else model.change
    model = replace(model, change=own)
    frame = case_registers(model, rng)["cases"]
    waits = waits_of(
        frame.assign(
            municipality=frame["municipality"].str.casefold(),
            during=frame["referred"] > "2017-06-01",
            ended=frame["closed"],
            caseworker=np.unique(frame["caseworker"], return_inverse=True)[1].astype(float),
        ),
        small.plan(),
        PRIMARY,
    )
    parts = {"caseworker": [], "case": []}
    for place in waits.places:
        mine = waits.of(waits.place == place)
        parts["caseworker"].append(restricted_mean(mine.waits, mine.during, HORIZON, mine.worker))
        parts["case"].append(restricted_mean(mine.waits, mine.during, HORIZON))
    return model, {
        "caseworker_jackknife": [pooled(parts["caseworker"])],
        "case_jackknife": [pooled(parts["case"])],
        "municipalities": [over_municipalities(parts["case"])],
        "only_completed": [completed(waits.waits, waits.during).difference],
    }


def expected(model: CaseModel, own_sd: float) -> float:
    """The difference that municipalities have on average over their own changes."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(9 if own_sd else 1)
    days = [
        true_days(replace(model, change=tuple(one + own_sd * float(z) for one in model.change)), (HORIZON,))["all"]
        for z in nodes
    ]
    return float(np.average([one[f"{HORIZON}"] for one in days], weights=weights))


def design_rows(name: str, simulations: int = SIMULATIONS, seed: int = SEED) -> Iterator[tuple[object, ...]]:
    """Mean error in days and coverage of every method in one design."""
    base, own_sd = DESIGNS[name]
    errors: dict[tuple[str, str], list[float]] = {}
    inside: dict[tuple[str, str], list[bool]] = {}
    overall = expected(base, own_sd)
    refused = 0
    for number in range(simulations):
        rng = np.random.default_rng([seed, number])
        try:
            model, found = drawn(base, own_sd, rng)
        except RefusedError:  # nobody in an arm was seen as long as the horizon
            refused += 1
            continue
        truths = {"these": true_days(model, (HORIZON,))["all"][f"{HORIZON}"] if own_sd else overall, "all": overall}
        for method, (one,) in found.items():
            low, high = one.interval(0.95) or (-np.inf, np.inf)
            for about, truth in truths.items():
                errors.setdefault((method, about), []).append(one.estimate - truth)
                inside.setdefault((method, about), []).append(low <= truth <= high)
    for method, about in errors:
        if own_sd or about == "these":
            yield (
                name, method, about, simulations, refused,
                f"{np.mean(errors[method, about]):.2f}", f"{np.mean(inside[method, about]):.3f}",
            )  # fmt: skip


def table() -> str:
    """What is recorded, as Markdown."""
    with RECORD.open(encoding="utf-8") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


if __name__ == "__main__":
    record(RECORD, HEADER, COLUMNS, (row for name in DESIGNS for row in design_rows(name)), table)
