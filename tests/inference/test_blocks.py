"""How many draws are looked at together is a matter of memory: in however many blocks, the answer is the same."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from drifting import dated

from sverige_did.bayes.models import many_posteriors
from sverige_did.bayes.models.closed_form import NormalPrior
from sverige_did.did.aggregate import aggregate
from sverige_did.did.staggered import group_time_effects
from sverige_did.inference import assignment_statistics, assignments, specifications, staggered
from sverige_did.inference.districts import districts
from sverige_did.inference.permutation import permutation_test
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.inference.simulated.power import block_of_power, pooled
from sverige_did.inference.simulated.size import SimulatedDesign, blocks_of
from sverige_did.inference.staggered import staggered_permutation_test

G, DRAWS = 40, 420
TREATED = np.arange(G) % 5 == 1
STRATA = np.arange(G) % 3


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def districts_of(seed: int, weights: np.ndarray | None = None, covariates: np.ndarray | None = None):
    y = np.random.default_rng(seed).standard_normal(G) + 0.4 * TREATED
    return districts(y, TREATED, weights=weights, strata=STRATA, covariates=covariates)


def drawn() -> list[np.ndarray]:
    rows = assignments.draw_assignments(TREATED, np.zeros(G, dtype=np.int64), DRAWS, rng())
    return [rows, assignments.sums_over(rows, np.arange(G, dtype=float)[:, None])]


def permuted(kind: str) -> list[np.ndarray]:
    given = {
        "plain": districts_of(1),
        "weighted": districts_of(2, weights=rng().lognormal(size=G)),
        "adjusted": districts_of(3, covariates=rng().standard_normal((G, 1))),
    }
    found = permutation_test(given[kind], rng=rng(), draws=DRAWS, limit=10)
    return [np.array([found.p_value]), found.reference, np.array(found.region.pieces)]


def exchanged() -> list[np.ndarray]:
    found = staggered_permutation_test(
        dated(), lambda panel: aggregate(group_time_effects(panel, "never"), "simple").overall,
        rng=rng(), draws=DRAWS, limit=10,
    )  # fmt: skip
    return [np.array([found.p_value]), found.reference]


def multiverse() -> list[np.ndarray]:
    before, after = rng().uniform(20, 60, (2, G))
    places = specifications.comparison(TREATED, rng().lognormal(size=G), STRATA)
    every = [specifications.Specification(before, after, places, by_level=one) for one in (False, True)]
    rows = np.array([rng().permutation(G) for _ in range(DRAWS)])
    return list(specifications.reassigned(every, rows))


def posteriors() -> list[np.ndarray]:
    n = np.full((G, 2, DRAWS), 50.0)
    y = rng().binomial(50, 0.3, n.shape).astype(float)
    windows = many_posteriors.Windows(y, n, TREATED, np.ones(2), "binomial")
    priors = many_posteriors.WindowPriors(NormalPrior(-1.0, 0.5), NormalPrior(0.0, 0.75))
    return [many_posteriors.probability_below(windows, (0.0, -0.3), priors)]


CASES: dict[str, tuple[ModuleType, str, int, Callable[[], list[np.ndarray]]]] = {
    "drawn assignments": (assignments, "_CELLS", G * (1 + DRAWS), drawn),
    "permuted districts": (assignments, "_CELLS", G * (1 + DRAWS), lambda: permuted("plain")),
    "permuted with weights": (assignment_statistics, "_CELLS", G * (1 + DRAWS), lambda: permuted("weighted")),
    "permuted with covariates": (assignment_statistics, "_CELLS", G * (1 + DRAWS), lambda: permuted("adjusted")),
    "exchanged dates": (staggered, "_BLOCK", 1 + DRAWS, exchanged),
    "all choices at once": (specifications, "_CELLS", 2 * G * DRAWS, multiverse),
    "many posteriors": (many_posteriors, "BLOCK", DRAWS, posteriors),
}
"""Where the size of a block stands, what one block for all of it would be, and what is computed."""


@pytest.mark.parametrize("case", CASES)
def test_the_number_of_blocks_changes_no_answer(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, constant, whole, compute = CASES[case]
    answers = []
    for blocks in (1, 2, 3, 7):
        monkeypatch.setattr(module, constant, -(-whole // blocks))
        answers.append(compute())
    for found in answers[1:]:
        for one, other in zip(answers[0], found, strict=True):
            # A product of matrices adds up in another order where it has other rows.
            np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-12)
            assert one.ndim > 1 or one.size > 1 or (one == other).all()


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_blocks_of_simulations_pool_to_the_same_whoever_drew_which(workers: int) -> None:
    design = planned_design(
        districts=12, treated=4, before=2, after=2, family="binomial", level=0.3, children=20, shock=0.1
    )
    drawn = {
        block: block_of_power(design, [0.0, -0.4], seed=3, block=block, size=200)
        for worker in range(workers)
        for block in reversed(range(worker, 7, workers))
    }
    assert pooled(drawn[block] for block in sorted(drawn)) == pooled(
        block_of_power(design, [0.0, -0.4], seed=3, block=block, size=200) for block in range(7)
    )


@pytest.mark.parametrize(
    ("districts", "periods", "together"), [(20, 28, 1000), (320, 28, 1000), (1274, 28, 392), (1274, 448, 35)]
)
def test_a_country_is_simulated_in_blocks_that_fit_into_memory(districts: int, periods: int, together: int) -> None:
    """Designs of the usual size, and sixteen times as many districts, in blocks as large as ever."""
    design = SimulatedDesign(groups=districts, treated=4, before=periods // 2, after=periods // 2)
    blocks = list(blocks_of(design, 2_000))
    assert blocks[0] == together
    assert sum(blocks) == 2_000
    assert districts * periods * max(blocks) <= 20_000_000
