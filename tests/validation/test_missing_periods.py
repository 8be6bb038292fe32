"""How often the verdict finds an effect where nothing was done and districts lack periods."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.did.arrays import panel_from_rows
from sverige_did.did.collapse import collapse
from sverige_did.did.window import around
from sverige_did.inference.districts import districts
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.verdict import supported

G, BEFORE, AFTER = 20, 8, 4
SETS = 10_000
PATTERNS = ("half", "three quarters", "half, half of the treated", "three quarters, half of the treated", "at random")
"""Of the periods before, what the treated lack; at random, 30 % of all cells."""


def masks(pattern: str, treated: int) -> np.ndarray:
    missing = np.zeros((G, BEFORE + AFTER), dtype=bool)
    if pattern == "at random":
        return np.random.default_rng(3).random(missing.shape) < 0.3
    late = {"half": BEFORE // 2, "three quarters": 3 * BEFORE // 4}[pattern.removesuffix(", half of the treated")]
    missing[: treated // 2 if pattern.endswith("treated") else treated, :late] = True
    return missing


def linear(missing: np.ndarray, treated: int) -> np.ndarray:
    """(G, G T) the changes as weights of the cells: they are linear, so that one call a cell serves all data sets."""
    unit, time = (axis.ravel() for axis in np.indices(missing.shape))

    def change(y: np.ndarray) -> np.ndarray:
        rows = np.where(missing.ravel(), np.nan, y)
        panel = panel_from_rows(unit, time, rows, (unit < treated) & (time >= BEFORE))
        return collapse(panel, around(panel)).change

    seen = np.flatnonzero(~missing.ravel())
    found = np.zeros((G, missing.size))
    found[:, seen] = np.column_stack([change(np.eye(1, missing.size, at)[0]) for at in seen])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.0, 0.6])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("treated", [4, 10])
@pytest.mark.parametrize(
    "pattern",
    ["half", "three quarters", "at random", "half, half of the treated", "three quarters, half of the treated"],
)
def test_the_verdict_holds_its_size_where_periods_are_missing(
    pattern: str, treated: int, ratio: float, memory: float
) -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((SETS, G, BEFORE + AFTER))
    for t in range(1, BEFORE + AFTER):
        noise[:, :, t] = memory * noise[:, :, t - 1] + np.sqrt(1 - memory**2) * noise[:, :, t]
    noise[:, :treated] *= ratio
    change = linear(masks(pattern, treated), treated) @ noise.reshape(SETS, -1).T
    chosen = np.arange(G) < treated
    sample = districts(change[:, 0], chosen)
    p = vectorised.permutation(change, chosen, vectorised.reference_rows(chosen, 999, rng))[0]
    rate = supported(p, vectorised.behrens_fisher(change, sample), 0.05).mean()
    assert rate <= 0.057
