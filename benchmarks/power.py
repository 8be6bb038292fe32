"""The power of the verdict beside a plain vectorised t test of the same simulated studies, in one run.

    python benchmarks/power.py

One JSON line a work: {"work", "ours", "peer", "peer_name", "ratio", "equal", "studies_a_minute"}. Seconds are the
median of five runs after one to warm up, for 20,000 simulated studies; ``peer`` draws the same changes and tests each
by scipy's two-sample t test with unequal variances, on all at once. ``equal``: where both arms have ten districts that
swing alike, our power is at most that of the t test and at most six points below it, because the verdict wants a
permutation test to agree. The aim is 100,000 studies a minute on two cores, and so 50,000 on one.

Works: 20 districts, 4 treated, in eight periods before and four after; shares, rates and points; and points in ten
against ten districts.
"""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import replace

import numpy as np
from scipy import stats

from sverige_did.inference.simulated.planned import planned_design
from sverige_did.inference.simulated.power import power

STUDIES, CHANGE, RUNS = 20_000, -0.3, 5

WORKS = {
    "shares": {"family": "binomial", "level": 0.25, "children": 18, "shock": 0.15, "treated": 4},
    "rates": {"family": "poisson", "level": 0.01, "children": 500, "shock": 0.15, "treated": 4},
    "points": {"family": "normal", "level": 14.0, "children": 15, "shock": 0.15, "child_sd": 6.0, "treated": 4},
    "points_ten_of_twenty": {
        "family": "normal", "level": 14.0, "children": 15, "shock": 0.4, "child_sd": 6.0, "treated": 10,
    },
}  # fmt: skip


def timed(work):
    """The median seconds, and what came out."""
    found = work()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), found


def t_test(design):
    """The share of studies that the plain test calls significant."""
    found, treated = 0, design.sample.treated
    for block in range(STUDIES // 1_000):
        change = replace(design, effect=CHANGE).changes(1_000, np.random.default_rng([1, block]))
        found += int((stats.ttest_ind(change[treated], change[~treated], equal_var=False).pvalue <= 0.05).sum())
    return found / STUDIES


def main():
    """Time every work and print its line."""
    for name, asked in WORKS.items():
        design = planned_design(districts=20, before=8, after=4, **asked)
        ours, (tally,) = timed(lambda design=design: power(design, [CHANGE], seed=1, simulations=STUDIES))
        peer, plain = timed(lambda design=design: t_test(design))
        alike = name.endswith("ten_of_twenty")
        print(json.dumps({
            "work": name, "ours": round(ours, 3), "peer": round(peer, 3), "peer_name": "scipy ttest_ind",
            "ratio": round(ours / peer, 2), "power": tally.power, "power_peer": plain,
            "equal": plain - 0.06 <= tally.power <= plain + 0.01 if alike else None,
            "studies_a_minute": int(60 * STUDIES / ours),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
