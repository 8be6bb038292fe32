"""Many municipalities and millions of spells, one municipality in memory at a time: for tests of speed and memory.

The same model and the same careers as a single modelled municipality, with the registers that person-years need:
districts, children and placements, as Parquet with a row group a municipality.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from sverige_did.files import write_text
from sverige_did.sources.files.synthetic_mark import MARK_FILE, MARK_METADATA, PSEUDONYM
from sverige_did.synthetic.careers import IN_INSTITUTION, through, usual_habits
from sverige_did.synthetic.child_registers import Population, children_register, codes_of, seen, with_measure
from sverige_did.synthetic.counterfactual import Size, joined
from sverige_did.synthetic.generate import drawn
from sverige_did.synthetic.model import Model
from sverige_did.synthetic.municipality import as_dates, day_of, draw_children
from sverige_did.synthetic.writing import NOTICE

PILOT: Final = 20_000.0
"""Residents of a district large enough that its spells per resident are nearly those of all others."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows of placements, and by how many children the programme changed the number in institutions
    in the treated districts, summed over the half-year ends after its start."""

    spells: int
    institution_att: int


def write_many(folder: Path, model: Model, seed: int, municipalities: int, size: Size, spells: int) -> Written:
    """About ``spells`` placement spells, spread evenly over the municipalities, into three Parquet files.

    Each municipality is as large as those before it suggest, so that the number written misses what was asked for by
    the luck of a single one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / MARK_FILE, NOTICE)
    rngs = np.random.default_rng(seed).spawn(municipalities + 1)
    pilot, _ = _draw(model, Size(size.treated + 1, size.treated, mean_residents=PILOT), 0, rngs[-1])
    per_resident = int(with_measure(pilot).sum()) / _residents(pilot)
    count = att = lived = 0
    writers: dict[str, pyarrow.parquet.ParquetWriter] = {}
    with ExitStack() as files:
        for number, rng in enumerate(rngs[:-1], 1):
            left = max(spells - count, 1) / (municipalities - number + 1)
            mean_residents = left / size.districts / per_resident
            population, change = _draw(model, replace(size, mean_residents=mean_residents), number, rng)
            for name, table in _tables(population).items():
                if name not in writers:
                    writer = pyarrow.parquet.ParquetWriter(folder / f"{name}.parquet", table.schema)
                    writers[name] = files.enter_context(writer)
                writers[name].write_table(table)
            count, att, lived = (
                count + int(with_measure(population).sum()),
                att + change,
                lived + _residents(population),
            )
            per_resident = count / lived
    return Written(count, att)


def _residents(population: Population) -> int:
    return int(population.districts.residents[:, 0].sum())


def _draw(model: Model, size: Size, number: int, rng: np.random.Generator) -> tuple[Population, int]:
    """One municipality with the programme, and what the programme changed in it."""
    districts, days, without, with_it = drawn(model, size, rng, rng)
    careers = [through(days, stocks, usual_habits(), rng) for stocks in with_it]
    children = np.array([one.children for one in careers])
    history = joined(careers, children)
    known = draw_children((history,), np.repeat(np.arange(size.districts), children), districts, rng)
    districts = replace(districts, names=tuple(f"K{number:03d} {name}" for name in districts.names))
    label = f"{PSEUDONYM}{number:03d}-B{{:07d}}"
    population = Population(districts, known, seen(history, districts), day_of(size.go_live), label=label)
    return population, int((with_it - without)[..., list(IN_INSTITUTION)].sum())


def _tables(population: Population) -> dict[str, pa.Table]:
    """The three registers of one municipality, as Arrow tables that bear the mark."""
    stays = population.stays
    placements = pd.DataFrame(
        {
            "child": population.names(stays.child),
            "measure": codes_of(population),
            "start": as_dates(stays.start),
            "end": as_dates(stays.stop),
        }
    )[with_measure(population)]
    frames = {
        "districts": population.districts.register(population.go_live),
        "children": children_register(population),
        "placements": placements,
    }
    types = {
        "placements": [("child", pa.string()), ("measure", pa.string()), ("start", pa.date32()), ("end", pa.date32())],
        "children": [(name, pa.string()) for name in frames["children"]],
    }
    tables = {
        name: pa.Table.from_pandas(frame, pa.schema(types[name]) if name in types else None, preserve_index=False)
        for name, frame in frames.items()
    }
    return {name: table.replace_schema_metadata(dict([MARK_METADATA])) for name, table in tables.items()}
