"""A recorded study as a script: its rows are written as they come, or its table is printed."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path


def record(
    path: Path, header: str, columns: Sequence[str], rows: Iterable[Sequence[object]], table: Callable[[], str]
) -> None:
    """Write ``rows`` below ``header`` and ``columns``, one by one; with ``--table`` print what is recorded already."""
    if "--table" in sys.argv:
        sys.stdout.write(table() + "\n")
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(header)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            file.flush()
