"""Spells to person-days (district x half-year x rung) beside DuckDB and Polars, in one run.

    python benchmarks/person_years.py                 # 0.5, 1, 2 and 5 million spells; a few minutes
    python benchmarks/person_years.py --millions 0.5

One JSON line per work and peer: {"work", "peer", "ours", "theirs", "ratio", "equal", "peak_mb", "peer_peak_mb"};
seconds are the best of three runs after one to warm up (the least disturbed by other work on the machine), ratio is
ours / theirs, peaks are of the whole process.
Every engine runs in a process of its own and starts from its own form of the table in memory. Peers get all their
threads, the join on overlapping dates that a reader would write, and the counting of starts and ends that we use.

Works: "every spell" counts overlapping spells of a child each; "highest rung" gives each day to the most intrusive
one, and ours also reports the overlaps and makes the table of person-years.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

FIRST_YEAR, LAST_YEAR, DISTRICTS, RUNGS, SPELLS_PER_CHILD = 2008, 2021, 98, 6, 2.5
COLUMNS = ("child", "rung", "district", "start", "stop")
RUNS = 3
ENGINES = {
    "every spell": ("ours", "duckdb join", "duckdb counting", "polars counting"),
    "highest rung": ("ours", "duckdb counting", "polars counting"),
}


def half_year_bounds():
    """The first days of the half-years, and the day after the last."""
    months = np.arange((FIRST_YEAR - 1970) * 12, (LAST_YEAR + 1 - 1970) * 12 + 1, 6)
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def write_spells(folder, n, seed=20130601):
    """Spells in no order; children live in one district, and some of their spells overlap."""
    rng = np.random.default_rng(seed)
    bounds = half_year_bounds()
    children = int(n / SPELLS_PER_CHILD)
    child = rng.integers(0, children, n)
    start = rng.integers(bounds[0] - 200, bounds[-1], n)
    stop = np.minimum(start + 1 + rng.gamma(1.5, 200.0, n).astype(np.int64), bounds[-1])
    stop = np.maximum(stop, start)
    home = rng.integers(0, DISTRICTS, children)
    for name, values in zip(COLUMNS, (child, rng.integers(0, RUNGS, n), home[child], start, stop), strict=True):
        np.save(folder / f"{name}.npy", values)


def ours(work, columns, bounds):
    """Our run, as a function of nothing that returns days (district, half-year, rung)."""
    # An engine is imported by the process that runs it, so that no peak holds two of them.
    from sverige_did.sources.spells.overlaps import resolve_overlaps
    from sverige_did.sources.spells.person_years import person_days
    from sverige_did.sources.spells.spells import make_spells

    child, rung, district, start, stop = (columns[name] for name in COLUMNS)
    spells = make_spells(child, rung, district, start, stop, end_inclusive=False, censored_on=int(bounds[-1]))
    districts, rungs = np.arange(DISTRICTS), np.arange(RUNGS)
    rule = "count_both" if work == "every spell" else "highest_rung"

    def counted():
        pieces = resolve_overlaps(spells, rule)
        return person_days(pieces, bounds, districts=districts, rungs=rungs).transpose(0, 2, 1)

    return counted


SEGMENTS = """
    with edges as (select child, start as d from spells union select child, stop from spells),
    parts as (select child, d as start, lead(d) over (partition by child order by d) as stop from edges)
    select any_value(s.district) as district, max(s.rung) as rung, p.start, p.stop
    from parts p join spells s on s.child = p.child and s.start <= p.start and s.stop >= p.stop
    where p.stop is not null group by p.child, p.start, p.stop
"""
JOIN = """
    select district, w, rung, sum(least(stop, hi) - greatest(start, lo))::bigint as days
    from spells join windows on start < hi and stop > lo group by all
"""
COUNTING = """
    with {pieces} events as (select district, rung, greatest(start, {low}) as d, 1 as s from {table} where stop > {low}
                    union all select district, rung, stop, -1 from {table} where stop > {low} and stop < {high}),
    tallies as (select district, rung, w, sum(s) as later, sum(s * (hi - d)) as remaining, any_value(hi - lo) as width
                from events join calendar using (d) group by all),
    grid as (select district, rung, windows.w, hi - lo as width
             from (select distinct district, rung from tallies), windows)
    select district, w, rung, (coalesce(remaining, 0) + grid.width * coalesce(sum(later) over (
           partition by district, rung order by w rows between unbounded preceding and 1 preceding), 0))::bigint as days
    from grid left join tallies using (district, rung, w)
"""


def duckdb(query, work, columns, bounds):
    """The same from a table inside DuckDB."""
    import duckdb as engine
    import pandas as pd

    con = engine.connect()
    frames = {
        "spells": pd.DataFrame(columns),
        "windows": pd.DataFrame({"w": np.arange(len(bounds) - 1), "lo": bounds[:-1], "hi": bounds[1:]}),
    }
    for name, frame in frames.items():
        con.register("incoming", frame)
        con.execute(f"create table {name} as select * from incoming")
        con.unregister("incoming")
    con.execute("create table calendar as select unnest(range(lo, hi)) as d, w, lo, hi from windows")
    low, high = int(bounds[0]), int(bounds[-1])
    named = {"table": "spells", "pieces": ""}
    if work == "highest rung":
        named = {"table": "pieces", "pieces": f"pieces as materialized ({SEGMENTS}),"}
    requested = query.format(low=low, high=high, **named)
    return lambda: dense(con.execute(requested).fetchnumpy(), len(bounds) - 1)


def polars(work, columns, bounds):
    """The same from a Polars frame, by counting (its join on overlapping dates is some thirty times slower)."""
    import polars as pl

    spells = pl.DataFrame(columns)
    windows = pl.DataFrame({"w": np.arange(len(bounds) - 1), "lo": bounds[:-1], "hi": bounds[1:]})
    low, high = int(bounds[0]), int(bounds[-1])
    calendar = windows.with_columns(d=pl.int_ranges("lo", "hi")).explode("d")

    def segments():
        rows = spells.lazy().filter(pl.col("start") < pl.col("stop"))
        edges = pl.concat([rows.select("child", d="start"), rows.select("child", d="stop")]).unique().sort("child", "d")
        parts = edges.with_columns(to=pl.col("d").shift(-1).over("child")).drop_nulls()
        met = parts.join(rows, on="child").filter((pl.col("start") <= pl.col("d")) & (pl.col("stop") >= pl.col("to")))
        best = met.group_by("child", "d", "to").agg(pl.col("district").first(), pl.col("rung").max())
        return best.select("district", "rung", start="d", stop="to").collect()

    def counting():
        rows = (spells if work == "every spell" else segments()).lazy().filter(pl.col("stop") > low)
        begin = rows.select("district", "rung", d=pl.col("start").clip(low), s=pl.lit(1))
        finish = rows.filter(pl.col("stop") < high).select("district", "rung", d="stop", s=pl.lit(-1))
        events = pl.concat([begin, finish]).join(calendar.lazy(), on="d")
        sums = [pl.col("s").sum().alias("later"), (pl.col("s") * (pl.col("hi") - pl.col("d"))).sum().alias("remaining")]
        tallies = events.group_by("district", "rung", "w").agg(sums)
        grid = tallies.select("district", "rung").unique().join(windows.lazy(), how="cross")
        whole = grid.join(tallies, on=["district", "rung", "w"], how="left").fill_null(0).sort("district", "rung", "w")
        before = (pl.col("later").cum_sum() - pl.col("later")).over("district", "rung")
        return whole.with_columns(days=pl.col("remaining") + (pl.col("hi") - pl.col("lo")) * before).collect()

    return lambda: dense(counting().to_dict(), len(bounds) - 1)


def dense(table, windows):
    """A long table as an array (district, half-year, rung), 0 where it has no row."""
    days = np.zeros((DISTRICTS, windows, RUNGS), dtype=np.int64)
    days[table["district"], table["w"], table["rung"]] = table["days"]
    return days


def run_one(folder, engine, work):
    """One engine in this process: prints its seconds and peak, saves its panel."""
    columns = {name: np.load(folder / f"{name}.npy") for name in COLUMNS}
    bounds = half_year_bounds()
    jobs = {
        "ours": lambda: ours(work, columns, bounds),
        "duckdb join": lambda: duckdb(JOIN, work, columns, bounds),
        "duckdb counting": lambda: duckdb(COUNTING, work, columns, bounds),
        "polars counting": lambda: polars(work, columns, bounds),
    }
    run = jobs[engine]()
    run()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        panel = run()
        seconds.append(time.perf_counter() - began)
    np.save(folder / "panel.npy", panel)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(seconds), "peak_mb": round(peak)}))


def compare(folder, work, millions):
    """One process an engine, one line a peer."""
    results, panels = {}, {}
    for engine in ENGINES[work]:
        command = [sys.executable, __file__, "--folder", str(folder), "--engine", engine, "--work", work]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        results[engine] = json.loads(printed.splitlines()[-1])
        panels[engine] = np.load(folder / "panel.npy")
    mine = results.pop("ours")
    for engine, theirs in results.items():
        line = {
            "work": f"{work}, {millions:g} million spells",
            "peer": engine,
            "ours": round(mine["seconds"], 4),
            "theirs": round(theirs["seconds"], 4),
            "ratio": round(mine["seconds"] / theirs["seconds"], 3),
            "equal": bool(np.array_equal(panels["ours"], panels[engine])),
            "peak_mb": mine["peak_mb"],
            "peer_peak_mb": theirs["peak_mb"],
        }
        print(json.dumps(line), flush=True)


def main():
    """Parse what was asked, and run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, nargs="+", default=[0.5, 1, 2, 5])
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    requested = parser.parse_args()
    if requested.engine:
        run_one(requested.folder, requested.engine, requested.work)
        return
    for millions in requested.millions:
        with tempfile.TemporaryDirectory() as folder:
            write_spells(Path(folder), int(millions * 1e6))
            for work in ENGINES:
                compare(Path(folder), work, millions)


if __name__ == "__main__":
    main()
