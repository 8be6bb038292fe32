"""Simulation-based calibration of the models for two group totals.

Usage: python tests/validation/sbc_totals.py > tests/validation/recorded/sbc_totals.json
"""

import json

import numpy as np

from sverige_did.bayes.calibrate import calibrate, uniformity
from sverige_did.bayes.group_totals import build_group_rates, build_group_totals, districts

PLACED = np.array([[67, 58], [300, 300]])
COUNTS = np.array([[17, 8], [75, 75]])
HIDDEN = districts([1] * 4, [1] * 16)
NAMES = ("level", "gap", "drift", "tau", "s")
BUILDERS = {"binomial": build_group_totals, "poisson": build_group_rates}
EXPOSURE = {"binomial": PLACED, "poisson": PLACED / 10}


def run(family: str, replications: int, seed: int) -> dict[str, object]:
    build, sizes = BUILDERS[family], EXPOSURE[family]
    rng = np.random.default_rng(seed)
    found = calibrate(
        build(COUNTS, sizes, HIDDEN), lambda y: build(y.reshape(2, 2), sizes, HIDDEN), NAMES, replications, rng
    )
    told = uniformity(found, rng)
    return {
        "replications": replications,
        "seed": seed,
        "refused": found.refused,
        "divergences_or_rhat": found.gates_failed,
        "p_uniform": {name: round(p, 4) for name, p in told.items()},
        "mean_rank": {
            name: round(float(x) / found.size, 3) for name, x in zip(NAMES, found.ranks.mean(0), strict=True)
        },
    }


if __name__ == "__main__":
    print(json.dumps({family: run(family, 200, seed) for seed, family in enumerate(BUILDERS, start=1)}, indent=2))
