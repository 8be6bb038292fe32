"""Callaway & Sant'Anna's effects with clustered bootstrap bands, beside diff-diff, StatsPAI, csdid and moderndid.

    python benchmarks/did_att_gt.py                   # 100,000 districts x 10 years, and 98 x 20; some minutes
    python benchmarks/did_att_gt.py --work small

One JSON line per work and peer: {"work", "ours", "peer", "peer_name", "ratio", "equal", "error_gap", "peak_mb",
"peer_peak_mb"}. Seconds are the median of three runs after one on a small panel to compile and warm up; ratio is
ours / peer; peaks are of the whole process, imports and data included. ``equal``: all ATT(g, t) agree to 1e-9, and
no bootstrapped standard error is off by a quarter (``error_gap`` is the largest gap; between two runs of 999 draws
the gap of interquartile ranges has a sd of .05).

Everybody starts from the same data frame in memory, estimates without covariates against the never treated, draws
999 times and ends with simultaneous bands. A missing peer ends the run with exit code 1: install the dependency
group ``bench``.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

WORKS = {"large": (100_000, 10, 98), "small": (98, 20, None)}
"""Districts, years and clusters; None: every district is its own cluster."""
DRAWS, RUNS, FIRST_YEAR = 999, 3, 2010
PEERS = {"diff-diff": "diff_diff", "StatsPAI": "statspai", "csdid": "csdid", "moderndid": "moderndid"}


def make_frame(units, years, clusters, seed=20130601):
    """Four in ten never treated, the others from the fourth, sixth or eighth year; shocks shared within clusters."""
    rng = np.random.default_rng(seed)
    start = rng.choice([0, 3, 5, 7], units, p=[0.4, 0.2, 0.2, 0.2])
    start = np.where(start > 0, FIRST_YEAR + start, 0).astype(float)
    year = FIRST_YEAR + np.arange(years)
    cluster = np.arange(units) if clusters is None else rng.integers(0, clusters, units)
    y = rng.normal(size=(units, 1)) + rng.normal(size=(units, years)) + 0.3 * rng.normal(size=(units, years))[cluster]
    y += 0.5 * ((start > 0)[:, None] & (year >= start[:, None]))
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), years),
            "year": np.tile(year, units),
            "y": y.ravel(),
            "start": np.repeat(start, years),
            "cluster": np.repeat(cluster, years),
        }
    )


def ours(clustered):
    """Our run as a function of a frame that returns cohort, year, effect and standard error."""
    # An engine is imported by the process that runs it, so that no peak holds two of them.
    from sverige_did.did.aggregate import bootstrap_bands
    from sverige_did.did.arrays import panel_from_rows
    from sverige_did.did.staggered import group_time_effects

    def run(frame):
        treated = (frame["start"] > 0) & (frame["year"] >= frame["start"])
        panel = panel_from_rows(frame["unit"], frame["year"], frame["y"], treated, strata=frame["cluster"])
        found = group_time_effects(panel, cluster=panel.strata if clustered else None)
        bands = bootstrap_bands(found.estimate, found.influence, rng=np.random.default_rng(1), draws=DRAWS)
        errors = (bands.upper - bands.lower) / (2 * bands.critical)
        return found.cohort, found.period, found.estimate, errors

    return run


def diff_diff(clustered):
    """diff-diff's CallawaySantAnna."""
    from diff_diff import CallawaySantAnna

    def run(frame):
        options = {"cluster": "cluster"} if clustered else {}
        model = CallawaySantAnna(estimation_method="reg", n_bootstrap=DRAWS, seed=1, **options)
        cells = model.fit(frame, "y", "unit", "year", "start").group_time_effects
        return *zip(*cells, strict=True), [c["effect"] for c in cells.values()], [c["se"] for c in cells.values()]

    return run


def statspai(clustered):
    """StatsPAI's callaway_santanna."""
    import statspai as sp

    def run(frame):
        options = {"clustervars": "cluster"} if clustered else {}
        options |= {"bstrap": True, "cband": True, "biters": DRAWS, "random_state": 1, "base_period": "varying"}
        found = sp.callaway_santanna(frame, "y", "start", "year", "unit", estimator="reg", **options).detail
        return found["group"], found["time"], found["att"], found["se"]

    return run


def csdid(clustered):
    """csdid's ATTgt."""
    from csdid.att_gt import ATTgt

    def run(frame):
        columns = {"yname": "y", "tname": "year", "idname": "unit", "gname": "start"}
        options = {"clustervar": "cluster"} if clustered else {}
        model = ATTgt(data=frame, control_group=["nevertreated"], biters=DRAWS, cband=True, **columns, **options)
        found = model.fit(est_method="reg", bstrap=True).results
        return found["group"], found["year"], found["att"], found["se"]

    return run


def moderndid(clustered):
    """moderndid's att_gt."""
    import moderndid as engine

    def run(frame):
        columns = {"yname": "y", "tname": "year", "idname": "unit", "gname": "start"}
        options = {"clustervars": ["cluster"]} if clustered else {}
        found = engine.att_gt(frame, est_method="reg", boot=True, biters=DRAWS, random_state=1, **columns, **options)
        return found.groups, found.times, found.att_gt, found.se_gt

    return run


ENGINES = {"ours": ours, "diff-diff": diff_diff, "StatsPAI": statspai, "csdid": csdid, "moderndid": moderndid}


def run_one(folder, engine, work):
    """One engine in this process: prints its seconds and peak, saves its effects by cohort and year."""
    units, years, clusters = WORKS[work]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers' own
        run = ENGINES[engine](clusters is not None)
        run(make_frame(400, years, None if clusters is None else 20))
        frame, seconds = make_frame(units, years, clusters), []
        for _ in range(RUNS):
            began = time.perf_counter()
            found = run(frame)
            seconds.append(time.perf_counter() - began)
    table = np.column_stack([np.asarray(part, dtype=float) for part in found])
    np.save(folder / "effects.npy", table[np.lexsort((table[:, 1], table[:, 0]))])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": statistics.median(seconds), "peak_mb": round(peak)}))


def compare(folder, work):
    """One process an engine, one line a peer."""
    results, effects = {}, {}
    for engine in ENGINES:
        command = [sys.executable, __file__, "--folder", str(folder), "--engine", engine, "--work", work]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        results[engine] = json.loads(printed.splitlines()[-1])
        effects[engine] = np.load(folder / "effects.npy")
    mine, (units, years, clusters) = results.pop("ours"), WORKS[work]
    for engine, theirs in results.items():
        gap = np.abs(effects["ours"][:, 3] / effects[engine][:, 3] - 1).max()
        same = np.allclose(effects["ours"][:, :3], effects[engine][:, :3], rtol=0, atol=1e-9)
        line = {
            "work": f"att_gt {units} x {years}, {clusters or units} clusters, {DRAWS} draws",
            "ours": round(mine["seconds"], 4),
            "peer": round(theirs["seconds"], 4),
            "peer_name": engine,
            "ratio": round(mine["seconds"] / theirs["seconds"], 3),
            "equal": bool(same and gap < 0.25),
            "error_gap": round(float(gap), 3),
            "peak_mb": mine["peak_mb"],
            "peer_peak_mb": theirs["peak_mb"],
        }
        print(json.dumps(line), flush=True)


def main():
    """Parse what was asked, and run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", choices=WORKS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    requested = parser.parse_args()
    if requested.engine:
        run_one(requested.folder, requested.engine, requested.work)
        return
    missing = [name for name, module in PEERS.items() if find_spec(module) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; install the dependency group `bench`")
    for work in [requested.work] if requested.work else WORKS:
        with tempfile.TemporaryDirectory() as folder:
            compare(Path(folder), work)


if __name__ == "__main__":
    main()
