"""The exact permutation test and the wild cluster bootstrap beside StatsPAI, ritest and wildboottest, in one run;
and the whole table of methods by itself.

    python benchmarks/did.py                          # five minutes, nearly all of them StatsPAI's on one work
    python benchmarks/did.py --work wild_bootstrap

One JSON line a work: {"work", "ours", "peer", "peer_name", "ratio", "equal", "peers"}. Seconds are the median of up
to seven runs in one process after one to warm up, and ratio is ours / peer, the fastest peer, so lower is better;
``peers`` has the seconds of all. ``equal``: our p-value is that of the peers, to rounding where all assignments are
listed, and to four Monte Carlo standard errors where weights are drawn.

Data: 20 districts (4 treated) and 8 half-years; the permutation tests start from one change a district.

- permutation: all 4,845 assignments, studentised. Ours ends with the interval and its certified pieces; of the peers
  StatsPAI ends with an interval, ritest (difference in means, as it has no studentised one) with p only.
- permutation_many: the same for 24 districts, 8 treated: 735,471 assignments. StatsPAI alone can list them.
- wild_bootstrap: 9,999 restricted draws with district and period effects. Ours ends with the inverted interval,
  StatsPAI with an interval from its draws, wildboottest with p only.

The works ``table_20``, ``table_20_weighted``, ``table_98`` and ``table_2200`` have no peer: {"work", "seconds",
"peak_mb"} for every method and the verdict on 20, 98 or 2,200 districts. The aim is 0.05 s for 20 and 3 s and 300 MB
for 2,200.

``own_size`` and ``own_size_weighted`` have none either: size and power of the verdict in 2,000 data sets of one
outcome's own design, 20 districts with eight periods before and four after. The aim is 2 s.

A missing peer ends the run with exit code 1: install the dependency group ``bench``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import tracemalloc
from importlib.util import find_spec

import numpy as np
import pandas as pd

PEERS = {"StatsPAI": "statspai", "ritest-python": "ritest", "wildboottest": "wildboottest"}
WORKS = {"permutation": (20, 4), "permutation_many": (24, 8), "wild_bootstrap": (20, 4)}
TABLES = {"table_20": (20, 4), "table_20_weighted": (20, 4), "table_98": (98, 4), "table_2200": (2_200, 300)}
SIZES = {"own_size": False, "own_size_weighted": True}
PERIODS, FIRST_AFTER, DRAWS = 8, 4, 9_999
RUNS, PATIENCE = 7, 60


def make_panel(groups, n_treated, seed=20130601):
    """District and period effects, shocks, and an effect of one standard deviation."""
    rng = np.random.default_rng(seed)
    district, period = np.repeat(np.arange(groups), PERIODS), np.tile(np.arange(PERIODS), groups)
    exposed = (district < n_treated) & (period >= FIRST_AFTER)
    y = rng.normal(size=groups)[district] + rng.normal(size=PERIODS)[period] + rng.normal(size=district.size) + exposed
    columns = {"district": district, "period": period, "treated": district < n_treated, "exposed": exposed, "y": y}
    return pd.DataFrame(columns).astype({"treated": int, "exposed": float})


def collapse(panel):
    """One change a district, for everybody."""
    means = panel.assign(after=panel["period"] >= FIRST_AFTER).pivot_table(
        index="district", columns="after", values="y"
    )
    treated = panel.groupby("district")["treated"].first()
    return pd.DataFrame({"change": means[True] - means[False], "treated": treated}).reset_index()


def dummies(panel):
    """Effects of districts and periods as columns, the first of each left out."""
    effects = pd.get_dummies(panel[["district", "period"]].astype(str), drop_first=True, dtype=float)
    return pd.concat([panel[["exposed"]], effects], axis=1)


def permutation_runs(panel):
    """Callables that return p, by name."""
    # Peers are imported only for the work that they are timed in, so that a missing one is named first.
    import ritest
    import statspai

    from sverige_did.inference.districts import districts
    from sverige_did.inference.permutation import permutation_test

    listed, flat = 1_000_000, collapse(panel)

    def ours():
        sample = districts(flat["change"], flat["treated"])
        return permutation_test(sample, rng=np.random.default_rng(1)).p_value

    def stats_pai():
        found = statspai.fisher_exact(flat, "change", "treated", statistic="t", n_perm=listed, seed=1)
        return found.p_value

    def ritest_python():
        options = {"permute_var": "treated", "formula": "change ~ treated", "stat": "treated", "ci_mode": "none"}
        return ritest.ritest(df=flat, reps=DRAWS, seed=1, n_jobs=1, **options).pval

    found = {"ours": ours, "StatsPAI": stats_pai}
    return found | ({"ritest-python": ritest_python} if panel["district"].nunique() == WORKS["permutation"][0] else {})


def wild_runs(panel):
    """Callables that return p, by name."""
    import statsmodels.api as sm
    import statspai
    from wildboottest.wildboottest import wildboottest

    from sverige_did.inference.cluster_robust import least_squares
    from sverige_did.inference.wild_bootstrap import wild_bootstrap

    x = dummies(panel)
    wide = pd.concat([panel[["y", "district"]], x], axis=1)
    design = sm.add_constant(x)

    def ours():
        fit = least_squares(panel["y"], design.to_numpy(), panel["district"])
        return wild_bootstrap(fit, 1, rng=np.random.default_rng(1), draws=DRAWS).p_value

    def stats_pai():
        found = statspai.wild_cluster_bootstrap(
            wide, "y", list(x.columns), "district", test_var="exposed", n_boot=DRAWS, seed=1
        )
        return found["p_boot"]

    def wild_boot_test():
        model = sm.OLS(panel["y"], design)
        found = wildboottest(
            model, param="exposed", cluster=panel["district"], B=DRAWS, seed=1, parallel=False, show=False
        )
        return float(found["p-value"].iloc[0])

    return {"ours": ours, "StatsPAI": stats_pai, "wildboottest": wild_boot_test}


def seconds(run):
    """The median time of up to seven calls after one to warm up; fewer when they take more than a minute together."""
    run()
    times = []
    while len(times) < RUNS and sum(times) < PATIENCE:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def agrees(work, p):
    """Whether the p-values that mean the same are the same."""
    ours = p["ours"]
    if work == "wild_bootstrap":
        error = np.sqrt(2 * ours * (1 - ours) / DRAWS)
        return all(abs(value - ours) < 4 * error for value in p.values())
    return abs(p["StatsPAI"] - ours) < 1e-9


def measure_table(work):
    """The line of one table of methods; the peak is that of what Python and numpy allocate, in a run of its own."""
    from sverige_did.inference.districts import districts
    from sverige_did.inference.methods_table import Labels, methods_table

    rng = np.random.default_rng(20130601)
    groups, n_treated = TABLES[work]
    treated = np.arange(groups) < n_treated
    weights = rng.exponential(size=groups) if work.endswith("weighted") else None
    sample = districts(rng.normal(size=groups) + treated, treated, weights=weights)

    def run():
        return methods_table(sample, Labels("points", "att"), rng=np.random.default_rng(1))

    taken = seconds(run)
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"work": work, "seconds": round(taken, 4), "peak_mb": round(peak / 1e6)}


def measure_size(work):
    """The line of the size of one own design: counts read off one made-up data set, and simulated."""
    from sverige_did.inference.districts import districts
    from sverige_did.inference.simulated.design import OwnData, own_design
    from sverige_did.inference.simulated.size import verdict_size

    rng = np.random.default_rng(20130601)
    children = np.repeat(rng.integers(100, 1_000, 20)[:, None].astype(float), 12, axis=1)
    events = rng.poisson(children * 0.02 * np.exp(0.3 * rng.normal(size=children.shape))).astype(float)
    weights = children[:, 0] if SIZES[work] else None
    sample = districts(rng.normal(size=20), np.arange(20) < 4, weights=weights)

    def run():
        design = own_design(OwnData(sample, events, children, np.arange(12) < 8, "poisson", stays=True))
        return verdict_size(design, rng=np.random.default_rng(1), shifts=(0.0, 3.0))

    return {"work": work, "seconds": round(seconds(run), 4)}


def measure(work):
    """The line of one work."""
    panel = make_panel(*WORKS[work])
    runs = wild_runs(panel) if work == "wild_bootstrap" else permutation_runs(panel)
    p = {name: float(run()) for name, run in runs.items()}
    taken = {name: seconds(run) for name, run in runs.items()}
    ours = taken.pop("ours")
    fastest = min(taken, key=taken.get)
    line = {"work": work, "ours": round(ours, 4), "peer": round(taken[fastest], 4), "peer_name": fastest}
    line |= {"ratio": round(ours / taken[fastest], 4), "equal": bool(agrees(work, p))}
    return line | {"peers": {name: round(value, 4) for name, value in taken.items()}}


def main():
    """Time the works asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", choices=[*WORKS, *TABLES, *SIZES], action="append")
    requested = parser.parse_args().work or [*WORKS, *TABLES, *SIZES]
    for work in (one for one in requested if one in TABLES):
        print(json.dumps(measure_table(work)), flush=True)
    for work in (one for one in requested if one in SIZES):
        print(json.dumps(measure_size(work)), flush=True)
    requested = [work for work in requested if work in WORKS]
    missing = [name for name, module in PEERS.items() if find_spec(module) is None]
    if requested and missing:
        print(f"not installed: {', '.join(missing)}; install the dependency group bench", file=sys.stderr)
        return 1
    for work in requested:
        print(json.dumps(measure(work)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
