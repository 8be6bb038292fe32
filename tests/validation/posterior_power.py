"""Whether the posterior that is computed at once for many studies is that of real fits.

    python tests/validation/posterior_power.py

writes tests/validation/recorded/posterior_power.csv, in some three minutes on one core: for studies of
design_analysis.py the probability that the effect is negative, by the fast computation and by a sampled fit of the full
model of districts under the same priors (its correlation of shocks fixed near none, a common effect).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from design_analysis import CHILDREN, GROUPS, TREATED, Cell, counts, priors
from recording import record
from scipy import special

from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.models.many_posteriors import Windows, probability_below
from sverige_did.bayes.priors import Beta, HalfNormal, Normal
from sverige_did.bayes.sampling.sample import Settings, compile_model, sample

SEED, EACH = 2016, 6
CELLS = (Cell(0.13, 0.2), Cell(0.13, 0.6), Cell(0.25, 0.4), Cell(0.09, 0.2))
SETTINGS = Settings(draws=1_000, tune=700, chains=2, cores=1, target_accept=0.95)
RECORDED = Path(__file__).parent / "recorded" / "posterior_power.csv"
HEADER = f"# python tests/validation/posterior_power.py: seed [{SEED}, cell], {EACH} fits a cell\n"
COLUMNS = ("after", "shock", "study", "fast", "sampled")
UNIT, WHY = "log_odds", "priors.plan"


def model_priors() -> PanelPriors:
    """Those of the fast computation, as the full model takes them."""
    return PanelPriors(
        level=Normal(float(special.logit(0.22)), 0.5, UNIT, WHY),
        effect=Normal(0.0, 1.0, UNIT, WHY),
        persistence=Beta(1.0, 60.0, "ratio", WHY),
        effect_sd=HalfNormal(0.001, UNIT, WHY),
    )


def cells_of(y: np.ndarray) -> Cells:
    """One study's counts (G, 2) as the model takes them."""
    district, period = (at.ravel() for at in np.indices((GROUPS, 2)))
    treated = np.arange(GROUPS) < TREATED
    values = y.ravel().astype(float)
    dose = (treated[district] & (period == 1)).astype(float)
    return Cells(district, period, treated, dose, values, values, CHILDREN[district].astype(float))


def rows() -> Iterator[tuple[object, ...]]:
    """A row a study."""
    compiled = None
    for at, cell in enumerate(CELLS):
        y = counts(cell, EACH, np.random.default_rng([SEED, at]))
        n = np.broadcast_to(CHILDREN[:, None, None], y.shape).astype(float)
        windows = Windows(y, n, np.arange(GROUPS) < TREATED, np.ones(2))
        fast = probability_below(windows, (0.0,), priors(cell))[0]
        for study in range(EACH):
            model = build_binomial(cells_of(y[:, :, study]), model_priors())
            compiled = compiled or compile_model(model)
            fit = sample(
                model, seed=SEED + study, settings=SETTINGS, criteria=None, compiled=compiled, progress=False
            )  # fmt: skip
            tau = fit.values("tau")
            yield cell.after, cell.shock, study, round(float(fast[study]), 4), round(float((tau < 0).mean()), 4)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    record(RECORDED, HEADER, COLUMNS, rows(), lambda: "")
