"""The rule beside the level, data set for data set and in its size."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from sverige_did.inference.districts import Districts, Floats, districts
from sverige_did.inference.level_choice import beside_level
from sverige_did.inference.simulated.beside_level import stands_beside, verdict_size_beside_level
from sverige_did.inference.simulated.size import verdict_size

K, G = 3, 10


@dataclass(frozen=True)
class Regressing:
    """Levels that a change falls back from, or none that it knows of."""

    back: float
    treated_above: float = 0.0

    @property
    def sample(self) -> Districts:
        return districts(np.arange(G), np.arange(G) < K, smallest_arm=1)

    @property
    def children(self) -> Floats:
        return np.ones(G)

    @property
    def periods(self) -> int:
        return 2

    def changes_and_levels(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        level = rng.standard_normal((G, n)) + self.treated_above * (np.arange(G) < K)[:, None]
        return 0.5 * rng.standard_normal((G, n)) - self.back * level, level

    def changes(self, n: int, rng: np.random.Generator) -> Floats:
        return self.changes_and_levels(n, rng)[0]


@pytest.mark.parametrize("weights", [None, np.linspace(1, 3, G)])
def test_one_solution_serves_every_effect(weights: Floats | None) -> None:
    rng = np.random.default_rng(3)
    effects = np.array([-4.0, -1.0, 0.0, 0.7, 1.5, 3.0, 5.0])
    said = 0
    for _ in range(8):
        sample = districts(rng.standard_normal(G), np.arange(G) < K, weights=weights, smallest_arm=1)
        level = rng.standard_normal(G)
        found = stands_beside(sample, level, effects, alpha=0.05, draws=4_999, rng=np.random.default_rng(1))
        for effect, one in zip(effects, found, strict=True):
            moved = replace(sample, change=sample.change + effect * sample.treated)
            alone = beside_level(moved, level, rng=np.random.default_rng(1))
            assert alone is not None
            if abs(alone.p_value - 0.05) > 0.004:
                assert one == (alone.p_value <= 0.05)
        said += found.sum()
    assert 0 < said < 8 * effects.size


def test_a_level_that_treated_districts_lie_above_costs_power_and_one_that_falls_back_no_longer_errs() -> None:
    lone = Regressing(0.0, treated_above=2.0)
    bare = verdict_size(lone, rng=np.random.default_rng(1), shifts=(4.0,), simulations=300)[0].share
    beside = verdict_size_beside_level(lone, rng=np.random.default_rng(1), shifts=(4.0,), simulations=300)[0].share
    assert beside < bare - 0.2
    falling = Regressing(1.0, treated_above=2.0)
    bare = verdict_size(falling, rng=np.random.default_rng(1), simulations=300)[0].share
    beside = verdict_size_beside_level(falling, rng=np.random.default_rng(1), simulations=300)[0].share
    assert beside < 0.05 < bare
