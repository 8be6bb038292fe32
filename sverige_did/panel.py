"""The one table between data and models: one row a cell (outcome, unit, period), with what is known about it.

A cell's value is known exactly, known to lie in an interval (rounded or hidden by disclosure control) or missing.
Hidden is never zero and never blank: ``low`` and ``high`` say what it can be.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd
import pandera.pandas as pa
import pyarrow as pa_arrow
from pyarrow import parquet

from sverige_did.errors import InputError, Problem

UNIT_KINDS = ("district", "area", "group")
KINDS = ("stock", "person_years", "events", "cases", "mean", "money", "share", "change", "ratio_change")
WHOLE = frozenset({"stock", "events", "cases"})
"""Kinds that are whole numbers."""

COUNTED = WHOLE | {"person_years"}
"""Kinds that are counted, as against means, amounts and printed figures."""

PRESENT = COUNTED - {"events"}
"""Kinds that count who is there, as against ``events``, which happen."""

STATUSES = ("exact", "interval", "hidden", "missing")

CELLS = pa.DataFrameSchema(
    {
        "outcome": pa.Column(str),
        "reading": pa.Column(str),
        "unit": pa.Column(str),
        "unit_kind": pa.Column(str, pa.Check.isin(UNIT_KINDS)),
        "group": pa.Column(str, pa.Check.isin(("treated", "control"))),
        "treated_from": pa.Column("datetime64[us]", nullable=True),
        "stratum": pa.Column(str, nullable=True),
        "period": pa.Column(str),
        "start": pa.Column("datetime64[us]"),
        "end": pa.Column("datetime64[us]"),
        "kind": pa.Column(str, pa.Check.isin(KINDS)),
        "value": pa.Column(float, nullable=True),
        "low": pa.Column(float, nullable=True),
        "high": pa.Column(float, nullable=True),
        "denominator": pa.Column(float, nullable=True),
        "denominator_low": pa.Column(float, nullable=True),
        "denominator_high": pa.Column(float, nullable=True),
        "status": pa.Column(str, pa.Check.isin(STATUSES)),
        "source": pa.Column(str),
    },
    checks=[
        pa.Check(lambda f: ~(f["low"] > f["high"]), name="low_above_high"),
        pa.Check(lambda f: ~(f["start"] > f["end"]), name="period_reversed"),
        pa.Check(lambda f: (f["status"] != "exact") | f["value"].notna(), name="exact_without_value"),
    ],
    unique=["outcome", "reading", "unit", "period", "kind"],
    strict=True,
    ordered=True,
    coerce=True,
)
"""Meaning of the columns:

``outcome`` key of the catalogue · ``reading`` which reading of damaged sources, ``all`` when there is one · ``unit``
district, area or group of districts · ``group`` treated ever, or control · ``treated_from`` first treated day, missing
for never · ``period`` its label, from ``start`` to ``end`` inclusive (equal for a stock) · ``kind`` what the number
counts; ``change`` and ``ratio_change`` run from ``start`` to ``end`` · ``value`` the numerator, mean or amount ·
``low``/``high`` what it can be · ``denominator`` exposure or population, with its own limits · ``source`` fact ids or
file.
"""


@dataclass(frozen=True)
class Panel:
    """Checked cells; ``synthetic`` travels with them and cannot be taken off by any method here."""

    cells: pd.DataFrame
    synthetic: bool

    @classmethod
    def of(cls, cells: pd.DataFrame, *, synthetic: bool, file: str | None = None) -> Self:
        """Check the cells against the schema and freeze them in canonical order.

        Raises InputError that names the rule, the column and the row of each cell at fault.
        """
        try:
            checked = CELLS.validate(cells[list(CELLS.columns)].reset_index(drop=True), lazy=True)
        except KeyError as error:
            missing = [name for name in CELLS.columns if name not in cells.columns]
            raise InputError(*(Problem("missing_column", file=file, column=name) for name in missing)) from error
        except pa.errors.SchemaErrors as error:
            raise InputError(*_problems(error, file)) from error
        order = ["outcome", "reading", "unit", "start", "end", "kind"]
        return cls(checked.sort_values(order, kind="stable", ignore_index=True), synthetic)

    def outcome(self, key: str, reading: str | None = None) -> pd.DataFrame:
        """The cells of one outcome, in one reading (its own or ``all``) when given."""
        mine = self.cells["outcome"] == key
        if reading is not None:
            mine &= self.cells["reading"].isin([reading, "all"])
        return self.cells[mine].reset_index(drop=True)

    @property
    def sha256(self) -> str:
        """Hash of the cells, independent of the order in which they came."""
        text = self.cells.to_csv(index=False, lineterminator="\n") + str(self.synthetic)
        return hashlib.sha256(text.encode()).hexdigest()


def _problems(error: pa.errors.SchemaErrors, file: str | None) -> list[Problem]:
    cases = error.failure_cases
    problems = []
    for case in cases.drop_duplicates(["column", "check", "index"]).itertuples():
        row = None if pd.isna(case.index) else int(case.index) + 2
        values: dict[str, object] = {"rule": str(case.check)}
        problems.append(Problem("panel_rule", file=file, row=row, column=str(case.column), values=values))
    return problems


def write_panel(path: Path, panel: Panel) -> None:
    """The panel as Parquet; whether it is synthetic travels in the file's own metadata."""
    table = pa_arrow.Table.from_pandas(panel.cells, preserve_index=False)
    mark = {b"synthetic": str(panel.synthetic).lower().encode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        parquet.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **mark}), unfinished)
        unfinished.replace(path)
    except BaseException:  # a full disk or an interruption must leave nothing half-written; it is passed on
        unfinished.unlink(missing_ok=True)
        raise


_DAMAGED = (pa_arrow.ArrowException, OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What pyarrow and pandas raise for a file that is damaged; bytes that are no text among them."""


def read_panel(path: Path) -> Panel:
    """A panel written by :func:`write_panel`; a file without the mark is refused."""
    try:
        table = parquet.read_table(path)
        cells = table.to_pandas()
    except FileNotFoundError:
        raise
    except _DAMAGED as error:
        raise InputError(Problem("result_unreadable", file=path.name)) from error
    mark = (table.schema.metadata or {}).get(b"synthetic")
    if mark not in {b"true", b"false"}:
        raise InputError(Problem("panel_unmarked", file=path.name))
    return Panel.of(cells, synthetic=mark == b"true", file=path.name)


def children_living(cells: pd.DataFrame) -> float:
    """The mean number of children behind denominators that are resident-years."""
    periods = cells.drop_duplicates("period")
    days = (periods["end"] - periods["start"]).dt.days + 1
    return float(cells["denominator"].sum() / (days.sum() / 365.25))
