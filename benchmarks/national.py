"""The whole workflow at national size: 98 municipalities of 13 or 14 districts, 28 half-years, five million spells.

    python benchmarks/national.py                    # an eighth, a quarter, a half and the whole
    python benchmarks/national.py --parts 16 8       # so many parts of it
    python benchmarks/national.py --keep FOLDER      # leave what was made

Each size is made up anew (no child in it exists), and `snakemake all` runs two studies of it: one in which four
districts of each municipality start on the same day, with a hierarchical model over all districts, and one in which
municipalities start in five different years. One JSON line for the machine, one a size and stage ({"parts",
"study", "stage", "seconds", "cpu", "peak_mb"}) and one a size for all stages, the largest memory of a single job and
the most that jobs held together at one moment; last one a stage with its growth exponent. benchmarks/scale_page.py
makes docs/scale.md of them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import yaml
from peaks import TOGETHER, watched
from scale_page import stages as stages_of

from sverige_did.synthetic.counterfactual import Size
from sverige_did.synthetic.model import Model
from sverige_did.synthetic.scale import write_many

ROOT = Path(__file__).parents[1]
MUNICIPALITIES, DISTRICTS, SPELLS, FIRST_YEAR = 98, 13, 5_000_000, 2002
OUTCOMES = (
    "institution_per_1000",
    "institution_share",
    "placed_total",
    "family_share",
    "network_share",
    "home_based_share",
)
MODELLED = "placed_total"
STARTS = ("2009-01-01", "2010-01-01", "2011-01-01", "2012-01-01", "2013-01-01")


def plan(name: str, districts: int, treated: int, *, together: bool) -> dict[str, object]:
    """The example's plan with what the three registers of children can answer, and the size of the study."""
    found = yaml.safe_load((ROOT / "analyses" / "example" / "study.yaml").read_text("utf-8"))
    thresholds = [one for one in found["posterior"]["decision_thresholds"] if one["outcome"] == MODELLED]
    outcomes = [one for one in found["outcomes"] if one["outcome"] in OUTCOMES]
    found |= {"study": name, "outcomes": outcomes}
    found["questions"] = [one for one in found["questions"] if one["key"] in {item["question"] for item in outcomes}]
    found["treated"]["districts"], found["control"]["districts"] = treated, districts - treated
    found["registers"]["grid"]["first"] = f"{FIRST_YEAR}H1"
    for gone in ("teams", "prices", "follow_up", "sdq"):
        found["registers"].pop(gone, None)
    for gone in ("economy", "targets"):
        found.pop(gone, None)
    if together:
        found["posterior"] |= {"decision_thresholds": thresholds, "shock_prior_sd": [0.15, 0.6]}
    else:
        found.pop("posterior")
        found["periods"] |= {"baseline": "2008-12-31", "treatment_start": STARTS[0], "follow_up": "2015-12-31"}
        found["registers"]["residence"]["date"] = "2008-12-31"
    return found


def apart(data: Path) -> int:
    """Let municipalities start in different years, and half of them never; the number of districts that start."""
    file = data / "districts.parquet"
    table = pyarrow.parquet.read_table(file)
    districts = table.column("district").to_pandas()
    municipality = districts.str.split(" ").str[0]
    starts = {one: STARTS[at // 2 % len(STARTS)] if at % 2 else None for at, one in enumerate(municipality.unique())}
    starting = pa.array(pd.to_datetime(municipality.map(starts)).dt.date, pa.date32())
    place = table.schema.get_field_index("treated_from")
    named = table.schema.field(place).name
    table = table.set_column(place, named, starting).replace_schema_metadata(table.schema.metadata)
    file.unlink()  # it may be the same file as that of the other study
    pyarrow.parquet.write_table(table, file)
    return districts[municipality.map(starts).notna()].nunique()


def folder(place: Path, parts: int) -> None:
    """Two studies of one made-up country, a part of the whole in size."""
    municipalities = max(round(MUNICIPALITIES / parts), 4)
    size = Size(districts=DISTRICTS, first_year=FIRST_YEAR)
    together, staggered = place / "data" / "together", place / "data" / "staggered"
    write_many(together, Model(), parts, municipalities, size, SPELLS // parts)
    shutil.copytree(together, staggered, copy_function=os.link)
    districts = municipalities * DISTRICTS
    starting = apart(staggered)
    treated = {"together": municipalities * size.treated, "staggered": starting}
    for name, many in treated.items():
        analyses = place / "analyses" / name
        analyses.mkdir(parents=True)
        written = plan(name, districts, many, together=name == "together")
        (analyses / "study.yaml").write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), "utf-8")


def stages(place: Path) -> list[dict[str, object]]:
    """What was measured of every job: by Snakemake, and its memory by who watched it."""
    found, peaks = [], json.loads((place / "peaks.json").read_text("utf-8"))
    for file in sorted((place / "results").glob("*/benchmarks/*.tsv")):
        row = pd.read_csv(file, sep="\t", na_values="-").iloc[0]
        log = (file.parents[1] / "logs" / f"{file.stem}.log").relative_to(place)
        peak, cpu = peaks.get(str(log), (row["max_rss"], row["cpu_time"]))
        used = {"seconds": round(float(row["s"]), 1), "cpu": float(cpu), "peak_mb": float(peak)}
        found.append({"study": file.parts[-3], "stage": file.stem, **used})
    return found


def run(parts: int, place: Path, cores: int) -> list[dict[str, object]]:
    """Make a size up, run it, and print what every stage took."""
    began = time.perf_counter()
    folder(place, parts)
    made = time.perf_counter()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(place)]
    with watched(place):
        done = subprocess.run([*command, "--cores", str(cores), "all"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-3000:] + done.stderr[-3000:])
    found = [{"parts": parts, **one} for one in stages(place)]
    whole = {
        "cores": cores,
        "seconds": round(time.perf_counter() - made, 1),
        "peak_mb": max(one["peak_mb"] for one in found),
        "together_mb": json.loads((place / "peaks.json").read_text("utf-8"))[TOGETHER][0],
    }
    for one in (*found, {"parts": parts, "stage": "all", **whole, "made_up_in": round(made - began, 1)}):
        print(json.dumps(one), flush=True)
    return found


def machine() -> str:
    """What it ran on (Linux)."""
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    name = cpu.partition(":")[2].strip()
    return f"{os.cpu_count()} cores ({name}), {memory:.0f} GB, Python {platform.python_version()}, {platform.system()}"


def main() -> None:
    """Run every size, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[8, 4, 2, 1])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    print(json.dumps({"machine": machine()}), flush=True)
    found: list[dict[str, object]] = []
    for parts in sorted(asked.parts, reverse=True):
        with tempfile.TemporaryDirectory() as made:
            place = asked.keep / str(parts) if asked.keep else Path(made)
            found += run(parts, place, asked.cores)
    for one in stages_of(found):
        print(json.dumps({"study": one.study, "stage": one.stage, "exponent": round(one.exponent, 2)}))


if __name__ == "__main__":
    main()
