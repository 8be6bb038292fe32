"""What every job of finished runs took: the table from which jobs ask a cluster for memory and time.

    python benchmarks/measured.py FOLDER ...      # writes sverige_did/workflow/measured.csv anew from these runs

Each FOLDER was run by `snakemake --cores 1 all`, with `python benchmarks/peaks.py FOLDER` watching: the sizes of
`python benchmarks/national.py --keep`, which watches by itself, and a copy of this repository with its own studies.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sverige_did.workflow.resources import MEASURED, size_of

COLUMNS = ("stage", "study", "input_mb", "peak_mb", "seconds")


def jobs(folder: Path) -> Iterator[dict[str, object]]:
    """What Snakemake keeps of every job of a run: its input, and what it measured beside it."""
    file = folder / "peaks.json"
    peaks = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    records = sorted(one for one in (folder / ".snakemake" / "metadata").rglob("*") if one.is_file())
    kept = [json.loads(text) for one in records if (text := one.read_text("utf-8"))]  # empty: it runs, or was killed
    for log, record in {one["log"][0]: one for one in kept if one["log"]}.items():
        path = Path(log)
        benchmark = folder / path.parent.with_name("benchmarks") / f"{path.stem}.tsv"
        if not benchmark.is_file():
            continue
        (row,) = csv.DictReader(benchmark.read_text("utf-8").splitlines(), delimiter="\t")
        sampled = 0.0 if row["max_rss"] in {"NA", "-"} else float(row["max_rss"])
        peak, seconds = peaks.get(log, (0.0, float(row["s"])))
        yield {
            "stage": path.stem, "study": "" if path.parts[1] == "logs" else path.parts[1],
            "input_mb": round(size_of(str(folder / one) for one in record["input"]), 3),
            "peak_mb": round(max(sampled, peak)), "seconds": round(seconds, 1),
        }  # fmt: skip


def main() -> None:
    """Write the table, sorted, so that a difference is read line by line."""
    rows = [row for folder in sys.argv[1:] for row in jobs(Path(folder))]
    rows.sort(key=lambda row: (str(row["stage"]), float(str(row["input_mb"])), str(row["study"])))
    with MEASURED.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{MEASURED}: {len(rows)} jobs")


if __name__ == "__main__":
    main()
