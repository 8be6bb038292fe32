"""Make up a municipality (its registers, with faults when asked for) or a country's public tables, and the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np

from sverige_did.files import write_text
from sverige_did.sources.registers.schemas import CASE_REGISTERS
from sverige_did.synthetic.cases import CaseModel, case_registers, true_days
from sverige_did.synthetic.counterfactual import Size
from sverige_did.synthetic.faults import spoil_delivery
from sverige_did.synthetic.generate import calibrated_municipality, modelled_municipality
from sverige_did.synthetic.model import Model
from sverige_did.synthetic.public_tables import Country, effects, frames, made_tables
from sverige_did.synthetic.scale import write_many
from sverige_did.synthetic.truth import truth
from sverige_did.synthetic.unreported import without_changes
from sverige_did.synthetic.writing import write_delivery, write_tables

UNREPORTED = 1
"""Which changes are left out has randomness of its own: the municipality of a seed is the same with and without."""

HowLarge = Literal["usual", "large"]
MEAN_RESIDENTS: Mapping[HowLarge, float] = {"usual": Size().mean_residents, "large": 15_000.0}
"""Children in a district, in the mean. ``large``: with twenty districts so many that no outcome of the example's plan
must be withheld; no single Danish municipality has as many."""


def run(
    folder: Path,
    seed: int,
    districts: int,
    *,
    calibrated: bool = False,
    with_faults: bool = False,
    unreported_changes: float = 0.0,
    how_large: HowLarge = "usual",
) -> int:
    """Write the registers and ``truth.json`` (and ``faults.json``); the number of files written.

    ``calibrated``: its registers give the figures printed about Herning; otherwise it is drawn from the model.
    ``unreported_changes``: that share of the changes of placement is left out of the register; the truth is as it was.
    ``how_large``: how many children live in a district in the mean, by :data:`MEAN_RESIDENTS`.
    """
    size = Size(districts=districts, mean_residents=MEAN_RESIDENTS[how_large])
    made = calibrated_municipality(seed, size) if calibrated else modelled_municipality(Model(), seed, size)
    registers = made.delivered.registers
    head: dict[str, object] = {"synthetic": True, "seed": seed, "model": None if calibrated else asdict(Model())}
    if unreported_changes:
        rng = np.random.default_rng([seed, UNREPORTED])
        registers = without_changes(registers, unreported_changes, rng)
        head["unreported_changes"] = unreported_changes
    files = len(write_delivery(folder, registers)) + 2  # with the mark and the truth
    _write_json(folder / "truth.json", head | {"effects": [asdict(one) for one in truth(made)]})
    if with_faults:
        faults = spoil_delivery(folder, np.random.default_rng(seed))
        _write_json(folder / "faults.json", head | {"faults": [asdict(one) for one in faults]})
        files += 1
    return files


def run_many(folder: Path, seed: int, municipalities: int, districts: int, spells: int) -> int:
    """Write many modelled municipalities as Parquet with ``truth.json``; the number of files written."""
    written = write_many(folder, Model(), seed, municipalities, Size(districts=districts), spells)
    head = {"synthetic": True, "seed": seed, "model": asdict(Model()), "municipalities": municipalities}
    _write_json(folder / "truth.json", head | asdict(written))
    return len(list(folder.iterdir()))


def run_cases(folder: Path, seed: int) -> int:
    """Write made-up cases, a made-up survey and ``truth.json``; the number of files written."""
    model = CaseModel()
    made = case_registers(model, np.random.default_rng(seed))
    files = len(write_delivery(folder, made, registers_of=CASE_REGISTERS)) + 2
    head = {"synthetic": True, "seed": seed, "model": asdict(model)}
    _write_json(folder / "truth.json", head | {"days_without_measure": true_days(model)})
    return files


def run_tables(folder: Path, seed: int) -> int:
    """Write made-up public tables by municipality with ``truth.json``; the number of files written."""
    made = made_tables(seed)
    tables = frames(made)
    write_tables(folder, tables, f"sverige-did synthesize data/{folder.name} --seed {seed} --tables")
    head = {"synthetic": True, "seed": seed, "country": asdict(Country())}
    _write_json(folder / "truth.json", head | {"effects": effects(made)})
    return len(tables) + 3  # with the mark, the record and the truth


def _write_json(path: Path, value: dict[str, object]) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, default=date.isoformat) + "\n")
