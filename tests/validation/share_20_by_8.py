"""Do the defaults converge at the first try, and how long does it take? Shares of 20 units in 8 periods, made up.

    python tests/validation/share_20_by_8.py

writes ``recorded/share_20_by_8.csv``: one row a data set, with what the units swing by and how many are counted in
each. Seconds are of a processor, with the model compiled: two of them take half as long by the clock.
"""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

import sverige_did as sd
from sverige_did.api.posterior_models import modelled
from sverige_did.bayes.sampling.sample import compile_model, sample

RECORD = Path(__file__).parent / "recorded" / "share_20_by_8.csv"
DESIGNS = [(shock, counted) for shock in (0.05, 0.15, 0.3, 0.5) for counted in (50, 200, 800)]


def shares(seed: int, shock: float, counted: int, units: int = 20, treated: int = 4, periods: int = 8) -> pd.DataFrame:
    """Shares of about a quarter, an effect of -.4 on the log-odds from the middle on in the first units."""
    rng = np.random.default_rng(seed)
    unit, period = np.divmod(np.arange(units * periods), periods)
    under = (unit < treated) & (period >= periods // 2)
    size = rng.integers(counted // 2, 2 * counted, units)[unit]
    eta = -1.2 + rng.normal(0, 0.4, units)[unit] + rng.normal(0, 0.1, periods)[period]
    eta += rng.normal(0, shock, unit.size) - 0.4 * under
    frame = pd.DataFrame({"unit": unit, "period": period, "under": under, "placed": rng.binomial(size, expit(eta))})
    frame["children"] = size
    frame.attrs["synthetic"] = True
    return frame


def main() -> None:
    """Sample once in every design, and write what came of it."""
    compiled, rows = None, []
    for seed, (shock, counted) in enumerate(DESIGNS, start=1):
        study = sd.did(
            shares(seed, shock, counted), unit="unit", time="period", events="placed", exposure="children", per=100,
            treated="under",
        )  # fmt: skip
        made = modelled(study.setting, "binomial", None)
        model = made.model()
        compiled = compiled or compile_model(model)
        started = time.process_time()
        fit = sample(model, seed=seed, settings=replace(made.settings, cores=2), criteria=None, compiled=compiled,
                     progress=False)  # fmt: skip
        seconds, report = time.process_time() - started, fit.report
        rows.append(
            {
                "seed": seed, "shock": shock, "counted": counted, "rhat": round(report.rhat, 4),
                "ess_bulk": round(report.ess_bulk), "ess_tail": round(report.ess_tail), "bfmi": round(report.bfmi, 2),
                "divergences": report.divergences, "met": not report.failed, "cpu_seconds": round(seconds, 1),
            }
        )  # fmt: skip
    with RECORD.open("w", encoding="utf-8", newline="") as file:
        file.write("# python tests/validation/share_20_by_8.py; synthetic data\n")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
