"""The closed forms for many data sets against the methods for one."""

import numpy as np
import pytest

from sverige_did.inference.assignments import all_assignments, reference_moves
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import cr1_test, cr2_test, cr3_test, of_districts
from sverige_did.inference.conley_taber import conley_taber
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.donald_lang import donald_lang
from sverige_did.inference.ferman_pinto import ferman_pinto
from sverige_did.inference.ibragimov_mueller import ibragimov_mueller
from sverige_did.inference.permutation import permutation_test
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.wild_bootstrap import drawn_weights, wild_bootstrap

TREATED = np.arange(13) < 4
CHANGES = np.random.default_rng(1).standard_normal((13, 6)) * np.where(TREATED, 1.7, 1.0)[:, None] + TREATED[:, None]
SIZES = np.random.default_rng(2).integers(8, 80, 13)
WEIGHTS, STRATA = np.random.default_rng(3).uniform(0.5, 4, 13), np.array([0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1])
DESIGNS = {
    "plain": {},
    "weights": {"weights": WEIGHTS},
    "strata": {"strata": STRATA},
    "weights and strata": {"weights": WEIGHTS, "strata": STRATA},
    "one treated a stratum": {"strata": np.r_[0, 1, 2, 3, np.arange(9) % 4]},
}


@pytest.fixture(params=DESIGNS)
def samples(request: pytest.FixtureRequest) -> list[Districts]:
    """The six data sets in one design."""
    return [districts(column, TREATED, **DESIGNS[request.param]) for column in CHANGES.T]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


SINGLE = {
    "cr1": lambda s: cr1_test(of_districts(s), 1),
    "cr2_bell_mccaffrey": lambda s: cr2_test(of_districts(s), 1),
    "cr3_jackknife": lambda s: cr3_test(of_districts(s), 1),
    "behrens_fisher": calibrated_test,
    "donald_lang": donald_lang,
    "ibragimov_mueller": ibragimov_mueller,
}


@pytest.mark.parametrize("method", vectorised.MOMENTS)
def test_many_data_sets_have_the_p_of_the_single_method(method: str, samples: list[Districts]) -> None:
    found = vectorised.MOMENTS[method](CHANGES, samples[0])
    interpolated = 1e-4 if method == "behrens_fisher" else 1e-9
    np.testing.assert_allclose(found, [SINGLE[method](sample).p_value for sample in samples], rtol=interpolated)


def test_permutation(samples: list[Districts]) -> None:
    """Listed where the weights are equal; drawn, and the same draws, where they are not."""
    options = {"draws": 499, "limit": 1_000_000}
    studentised, bare = permutations_of(samples[0], **options)
    np.testing.assert_allclose(studentised, [permutation_test(s, rng=rng(), **options).p_value for s in samples])
    options["studentise"] = "none"
    np.testing.assert_allclose(bare, [permutation_test(s, rng=rng(), **options).p_value for s in samples])


def permutations_of(sample: Districts, draws: int, limit: int) -> tuple[np.ndarray, np.ndarray]:
    if sample.plain:
        return vectorised.permutation(CHANGES, TREATED, all_assignments(TREATED, sample.strata))
    moves = reference_moves(TREATED, sample.weights, sample.strata, draws=draws, rng=rng(), limit=limit)
    return vectorised.permutation_of_moves(CHANGES, sample, moves.rows)


def test_wild_bootstrap(samples: list[Districts]) -> None:
    found = vectorised.wild_restricted(CHANGES, samples[0], drawn_weights(13, 99, rng(), "webb"))
    single = [wild_bootstrap(of_districts(s), 1, rng=rng(), weights="webb", draws=99).p_value for s in samples]
    np.testing.assert_allclose(found, single)


def test_ferman_pinto(samples: list[Districts]) -> None:
    found = vectorised.ferman_pinto(CHANGES, samples[0], SIZES.astype(float), rng().integers(0, 13, size=(99, 13)))
    np.testing.assert_allclose(found, [ferman_pinto(s, SIZES, rng=rng(), draws=99).p_value for s in samples])


def test_conley_taber(samples: list[Districts]) -> None:
    tuples = all_assignments(np.arange(9) < 4, np.zeros(9, dtype=np.int64))
    found = vectorised.conley_taber(CHANGES, samples[0], tuples)
    np.testing.assert_allclose(found, [conley_taber(s, rng=rng()).p_value for s in samples])
