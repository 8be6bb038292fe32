"""Many municipalities and millions of spells, one municipality in memory at a time: for tests of speed and memory.

The same model and the same careers as a single modelled municipality, with the registers that person-years need:
districts, children and placements, as Parquet with a row group a municipality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from sverige_did.files import write_text
from sverige_did.sources.files.synthetic_mark import MARK_FILE, MARK_METADATA, PSEUDONYM
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.careers import IN_INSTITUTION, History, Route, follow, opening, usual_habits
from sverige_did.synthetic.child_registers import Setting, codes_of, seen, with_measure
from sverige_did.synthetic.counterfactual import Size, day_of, joined
from sverige_did.synthetic.model import Model, draw_stocks
from sverige_did.synthetic.municipality import draw_children, draw_districts
from sverige_did.synthetic.writing import NOTICE

PILOT: Final = 20_000.0
"""Residents of a district large enough that its spells per resident are nearly those of all others."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows of placements, and by how many children the programme changed the number in institutions
    in the treated districts, summed over the half-year ends after its start."""

    spells: int
    institution_att: int


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One municipality: its number, who lives there, and the careers."""

    number: int
    setting: Setting
    stays: History
    institution_att: int


def write_many(folder: Path, model: Model, seed: int, municipalities: int, size: Size, spells: int) -> Written:
    """About ``spells`` placement spells, spread evenly over the municipalities, into three Parquet files.

    Each municipality is as large as those before it suggest, so that the number written misses what was asked for by
    the luck of a single one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / MARK_FILE, NOTICE)
    rngs = np.random.default_rng(seed).spawn(municipalities + 1)
    pilot = _draw(model, Size(districts=size.treated + 1, treated=size.treated), PILOT, 0, rngs[-1])
    per_resident = _spells(pilot) / _residents(pilot)
    count = att = lived = 0
    writers: dict[str, pyarrow.parquet.ParquetWriter] = {}
    try:
        for number, rng in enumerate(rngs[:-1], 1):
            left = max(spells - count, 1) / (municipalities - number + 1)
            part = _draw(model, size, left / size.districts / per_resident, number, rng)
            for name, table in _tables(part, size):
                marked = table.replace_schema_metadata(dict([MARK_METADATA]))
                if name not in writers:
                    writers[name] = pyarrow.parquet.ParquetWriter(folder / f"{name}.parquet", marked.schema)
                writers[name].write_table(marked)
                count += len(table) if name == "placements" else 0
            att, lived = att + part.institution_att, lived + _residents(part)
            per_resident = count / lived
    finally:
        for writer in writers.values():
            writer.close()
    return Written(count, att)


def _spells(part: _Part) -> int:
    return int(with_measure(part.stays, part.setting).sum())


def _residents(part: _Part) -> int:
    return int(part.setting.districts.residents[:, 0].sum())


def _draw(model: Model, size: Size, residents: float, number: int, rng: np.random.Generator) -> _Part:
    """One municipality with the programme, and what the programme changed in it."""
    districts = draw_districts(size.districts, size.treated, size.windows, rng, mean_residents=residents)
    days = size.windows.bounds - 1
    there = np.concatenate([districts.residents[:, :1], districts.residents], axis=1)
    without, with_it = draw_stocks(model, there, size.treated, days, day_of(size.go_live), rng)
    careers = [_career(days, stocks, rng) for stocks in with_it]
    children = np.array([one.children for one in careers])
    history = joined(careers, children)
    homes = np.repeat(np.arange(size.districts), children)
    begin, end = int(size.windows.bounds[0]), int(size.windows.bounds[-1])
    group = (np.arange(size.districts) >= size.treated).astype(np.int64)
    setting = Setting(districts, draw_children((history,), homes, group, end, rng), begin, end, day_of(size.go_live))
    att = (with_it - without)[..., list(IN_INSTITUTION)].sum()
    return _Part(number, setting, seen(history, setting), int(att))


def _career(days: IntArray, stocks: IntArray, rng: np.random.Generator) -> History:
    habits = usual_habits()
    start = opening(int(days[0]), stocks[0], habits, rng)
    return follow(start, int(days[0]), Route(days[1:], stocks[1:], [None] * (len(days) - 1)), habits, rng)


def _tables(part: _Part, size: Size) -> Iterator[tuple[str, pa.Table]]:
    """The three registers of one municipality, as Arrow tables."""
    setting, stays = part.setting, part.stays
    names = np.array([f"K{part.number:03d} {name}" for name in setting.districts.names])
    districts = setting.districts.register(np.datetime64(size.go_live))
    yield (
        "districts",
        pa.Table.from_pandas(
            districts.assign(district=np.repeat(names, len(districts) // len(names))), preserve_index=False
        ),
    )
    known = np.unique(stays.child)
    month = setting.children.birth[known].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    year, half = pa.array(1970 + month // 12).cast(pa.string()), pa.array(1 + month % 12 // 6).cast(pa.string())
    yield (
        "children",
        pa.table(
            {
                "child": _pseudonyms(part.number, known),
                "birth_half_year": pc.binary_join_element_wise(year, half, "H"),
                "sex": pa.array(np.where(setting.children.girl[known], "girl", "boy")),
                "district": pa.array(names).take(pa.array(setting.children.district[known])),
            }
        ),
    )
    rows = np.flatnonzero(with_measure(stays, setting))
    yield (
        "placements",
        pa.table(
            {
                "child": _pseudonyms(part.number, stays.child[rows]),
                "measure": pa.array(codes_of(stays, setting)[rows]),
                "start": pa.array(stays.start[rows].astype("datetime64[D]")),
                "end": pa.array(stays.stop[rows].astype("datetime64[D]"), mask=stays.stop[rows] == OPEN),
            }
        ),
    )


def _pseudonyms(municipality: int, child: IntArray) -> pa.Array:
    number = pc.utf8_lpad(pa.array(child + 1).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise(f"{PSEUDONYM}{municipality:03d}-B", number, "")
