"""How often the calibrated interval holds the true effect where changes of placement were never reported.

    python tests/validation/unreported_changes.py     # writes recorded/unreported_changes.csv; some five minutes

The municipalities are those of recovery.py and so is the truth: what the world with the programme and the world without
it differ by, counted. From the register of placements a share of the changes of place is left out, alike in both groups
or in one of them only, before it is counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from recovery import OUTCOMES, covered, plan, write

from sverige_did.did.collapse import collapse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.districts import districts
from sverige_did.panel import Panel
from sverige_did.sources.panel.delivery import codes_of, tables_of
from sverige_did.sources.panel.frame import make_panel_frame
from sverige_did.sources.panel.placements import count_placed, placed_years, placements
from sverige_did.studies.panel.arrays import district_panel, study_window
from sverige_did.study.study import Study
from sverige_did.synthetic.generate import modelled_municipality
from sverige_did.synthetic.model import Model
from sverige_did.synthetic.truth import truth
from sverige_did.synthetic.unreported import unreported
from sverige_did.synthetic.writing import write_delivery

RECORD = Path(__file__).parent / "recorded" / "unreported_changes.csv"
MUNICIPALITIES, FIRST_SEED = 70, 41_000
MISSING = {
    "none": (0.0, 0.0), "alike, 10 %": (0.1, 0.1), "alike, 30 %": (0.3, 0.3), "alike, 50 %": (0.5, 0.5),
    "treated only, 50 %": (0.5, 0.0), "untreated only, 50 %": (0.0, 0.5),
}  # fmt: skip
"""The share of changes that is left out in the treated districts and in the others."""

COLUMNS = ("outcome", "missing", "municipalities", "coverage", "std_error", "mean_effect", "mean_error", "mean_width")


class Interval(NamedTuple):
    """One stated interval and the effect that it should hold."""

    outcome: str
    missing: str
    estimate: float
    lower: float
    upper: float
    true: float


def intervals(seed: int, study: Study) -> Iterator[Interval]:
    """Every interval for one municipality."""
    made = modelled_municipality(Model(), seed)
    true = {(one.outcome, one.scale): one.att for one in truth(made)}
    with tempfile.TemporaryDirectory() as folder:
        write_delivery(Path(folder), made.delivered.registers)
        tables = tables_of(Path(folder), study, ("districts", "children", "residences", "placements"))
        codes = codes_of(Path(folder), study)
    frame = make_panel_frame(tables, study)
    delivered = tables["placements"]
    treated = frame.treated[frame.home[frame.codes(delivered.frame["child"])]]
    for name, (there, elsewhere) in MISSING.items():
        left = unreported(delivered.frame, np.where(treated, there, elsewhere), np.random.default_rng([seed, 1]))
        counted = count_placed(placements(replace(delivered, frame=left), frame, codes).spells, frame)
        cells = pd.concat(placed_years(counted, frame, "made up").cells())
        panel = Panel.of(cells[cells["status"] != "missing"], synthetic=True)
        for outcome, (scale, per) in OUTCOMES.items():
            effect = true[outcome, scale]
            assert effect is not None
            yield Interval(outcome, name, *_limits(panel.outcome(outcome), study, per), float(effect))


def _limits(cells: pd.DataFrame, study: Study, per: float) -> tuple[float, float, float]:
    changes = collapse(district_panel(cells, partial="donut", per=per), study_window(cells, study.periods), "baseline")
    found = calibrated_test(districts(changes.change, changes.treated))
    return found.estimate, found.lower, found.upper


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row an outcome and way of missing."""
    by = ["outcome", "missing"]
    table = covered(found, by).rename(columns={"fits": "municipalities"})
    return table.merge(found.groupby(by)["true"].mean().rename("mean_effect").reset_index(), on=by)[list(COLUMNS)]


def many(seeds: range) -> pd.DataFrame:
    """Every interval for every seed."""
    study = plan()
    return pd.DataFrame([one for seed in seeds for one in intervals(seed, study)])


def main() -> None:
    """Run every municipality and write the record."""
    seeds = range(FIRST_SEED, FIRST_SEED + MUNICIPALITIES)
    write(
        summary(many(seeds)), RECORD, f"python tests/validation/unreported_changes.py: seeds {seeds[0]} to {seeds[-1]}"
    )


if __name__ == "__main__":
    main()
