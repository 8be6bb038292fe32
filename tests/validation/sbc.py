"""Simulation-based calibration of every Bayesian model, each in a small design of its own (sbc_models.py).

    python tests/validation/sbc.py --model binomial      # writes recorded/sbc_binomial.csv; some ten minutes a model

A record holds the ranks themselves, a row a data set; its header says how they came about. Data sets are drawn from
the models' own priors. What is ranked: the effect, every sd, the persistence of shocks, the likelihood's own
parameters, and the effect on the treated by g-computation (``att``).
"""

from __future__ import annotations

import argparse
import csv
import os
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sbc_models import MODELS
from sbc_ranks import Ranks, calibrate

from sverige_did.bayes.sampling.sample import Settings

REPLICATIONS, SEED, RANKED = 500, 20133, 100
"""Data sets a model, the seed, and the draws that a truth is ranked among."""
TUNE = 500
RECORDED = Path(__file__).parent / "recorded"
VERSIONS = ("numpy", "pymc", "pytensor", "nutpie", "numba")


def ranks(model: str, replications: int, seed: int) -> Ranks:
    """Ranks for one model."""
    number, case_of = MODELS[model]
    case, rng = case_of(), np.random.default_rng([seed, number])
    settings = Settings(RANKED * case.thin, TUNE, chains=1, cores=1, target_accept=case.target)
    return calibrate(case.simulator, case.build, case.names, replications, rng, settings, case.thin, case.derived)


def _path(model: str) -> Path:
    return RECORDED / f"sbc_{model}.csv"


def record(model: str) -> None:
    """Write the record of one model."""
    found = ranks(model, REPLICATIONS, SEED)
    number, case_of = MODELS[model]
    case, versions = case_of(), ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    header = (
        f"python tests/validation/sbc.py --model {model}: seed [{SEED}, {number}]",
        f"{RANKED * case.thin} draws after {TUNE}, every {case.thin}th ranked, target acceptance {case.target}; "
        f"{os.cpu_count()} cores; {versions}",
        f"size {found.size}, drawn {found.drawn}, refused {found.refused}, diverged {found.diverged}",
    )
    with _path(model).open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {line}\n" for line in header)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(found.names)
        writer.writerows(found.ranks.tolist())


def done() -> tuple[str, ...]:
    """The models that have a record."""
    return tuple(model for model in MODELS if _path(model).exists())


def recorded(model: str) -> Ranks:
    """The record of one model."""
    path = _path(model)
    with path.open(encoding="utf-8") as file:
        header = "".join(next(file) for _ in range(3))
    told = {word: int(number) for word, number in re.findall(r"(size|drawn|refused|diverged) (\d+)", header)}
    table = pd.read_csv(path, comment="#")
    return Ranks(tuple(table.columns), table.to_numpy(), told["size"], told["drawn"], told["refused"], told["diverged"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, action="append")
    for name in parser.parse_args().model or MODELS:
        record(name)
