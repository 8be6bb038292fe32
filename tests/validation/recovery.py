"""How often stated intervals hold the true effect: made-up municipalities, from their registers to the interval.

    python tests/validation/recovery.py     # writes recorded/recovery.csv; some ten minutes

Each municipality is drawn from the model of synthetic/model.py, and nothing in it is calibrated to printed
figures: twenty districts, four treated. Its registers are written, read and counted as those of a real one. The true
effect is what the world with the programme and the world without it differ by in the treated districts, counted, over
2014-2015.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.did.collapse import Collapsed, collapse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import cr2_test, of_districts
from sverige_did.inference.districts import districts
from sverige_did.inference.permutation import permutation_test
from sverige_did.panel import Panel
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.studies.panel.arrays import district_panel, study_window
from sverige_did.study.read import read_study
from sverige_did.study.study import Study
from sverige_did.synthetic.generate import modelled_municipality
from sverige_did.synthetic.model import Model
from sverige_did.synthetic.truth import truth
from sverige_did.synthetic.writing import write_delivery

RECORD = Path(__file__).parent / "recorded" / "recovery.csv"
PLAN = Path(__file__).parents[2] / "analyses" / "example" / "study.yaml"
MUNICIPALITIES, FIRST_SEED = 200, 41_000
OUTCOMES = {"institution_per_1000": ("rate_per_1000", 1000.0), "institution_share": ("pp", 100.0)}
"""Outcome: the scale of its truth, and the unit of its denominator."""

COLUMNS = ("outcome", "weights", "method", "municipalities", "coverage", "std_error", "mean_error", "mean_width")


class Interval(NamedTuple):
    """One stated interval and the effect that it should hold."""

    outcome: str
    weights: str
    method: str
    estimate: float
    lower: float
    upper: float
    true: float


def plan() -> Study:
    """The plan of the example, with both years of the programme as the time after."""
    study = read_study(PLAN)
    return study.model_copy(update={"periods": study.periods.model_copy(update={"follow_up": date(2015, 12, 31)})})


def intervals(seed: int, study: Study) -> Iterator[Interval]:
    """Every interval for one municipality."""
    made = modelled_municipality(Model(), seed)
    true = {(one.outcome, one.scale): one.att for one in truth(made)}
    with tempfile.TemporaryDirectory() as folder:
        write_delivery(Path(folder), made.delivered.registers)
        panel = panel_of(Path(folder), study).panel
    children = _children(panel, study)
    for outcome, (scale, per) in OUTCOMES.items():
        cells = panel.outcome(outcome)
        arrays = district_panel(cells, partial="donut", per=per, weights=children)
        effect = true[outcome, scale]
        assert effect is not None
        changes = collapse(arrays, study_window(cells, study.periods), "baseline")
        for weights in ("children", "districts"):
            for method, found in _limits(changes, weights, np.random.default_rng(seed)).items():
                yield Interval(outcome, weights, method, *found, float(effect))


def _children(panel: Panel, study: Study) -> pd.Series[float]:
    cells = panel.outcome("placed_per_1000")
    return cells[cells["end"] <= pd.Timestamp(study.periods.baseline)].groupby("unit")["denominator"].mean()


def _limits(changes: Collapsed, weights: str, rng: np.random.Generator) -> dict[str, tuple[float, float, float]]:
    sample = districts(changes.change, changes.treated, weights=changes.weights if weights == "children" else None)
    fit = of_districts(sample)
    cr2 = cr2_test(fit, 1)
    calibrated = calibrated_test(sample)
    exact = permutation_test(sample, rng=rng)
    return {
        "permutation_studentised": (exact.estimate, exact.region.lower, exact.region.upper),
        "cr2_bell_mccaffrey": (cr2.estimate, cr2.lower, cr2.upper),
        "behrens_fisher": (cr2.estimate, calibrated.lower, calibrated.upper),
    }


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row an outcome, weighting and method."""
    return covered(found, ["outcome", "weights", "method"]).rename(columns={"fits": "municipalities"})[list(COLUMNS)]


def covered(found: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """How often ``lower`` to ``upper`` held ``true``, with its standard error; mean error of ``estimate``, mean width.

    One row for each combination of the columns ``by``, in the order in which they come; ``fits`` counts intervals.
    """
    counted = found.assign(
        held=(found["lower"] <= found["true"]) & (found["true"] <= found["upper"]),
        error=found["estimate"] - found["true"],
        width=found["upper"] - found["lower"],
    )
    table = counted.groupby(by, sort=False).agg(
        fits=("held", "size"),
        coverage=("held", "mean"),
        mean_error=("error", "mean"),
        mean_width=("width", "mean"),
    )
    table["std_error"] = np.sqrt(table["coverage"] * (1 - table["coverage"]) / table["fits"])
    return table.reset_index()


def write(table: pd.DataFrame, path: Path, *header: str) -> None:
    """The table as CSV below comments that say how it was made."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"# {line}\n" for line in header)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        for row in table.itertuples(index=False):
            writer.writerow([f"{value:.4f}" if isinstance(value, float) else value for value in row])


def many(seeds: range) -> pd.DataFrame:
    """Every interval for every seed."""
    study = plan()
    return pd.DataFrame([one for seed in seeds for one in intervals(seed, study)])


def main() -> None:
    """Write the record."""
    last = FIRST_SEED + MUNICIPALITIES - 1
    table = summary(many(range(FIRST_SEED, last + 1)))
    write(table, RECORD, f"python tests/validation/recovery.py: seeds {FIRST_SEED} to {last}")


if __name__ == "__main__":
    main()
