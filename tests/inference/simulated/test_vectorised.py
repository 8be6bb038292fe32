"""The closed forms for many data sets against the methods for one."""

import numpy as np
import pytest

from sverige_did.inference.assignments import all_assignments
from sverige_did.inference.behrens_fisher import arm_variances, behrens_fisher_test
from sverige_did.inference.cluster_robust import cr1_test, cr2_test, cr3_test, of_districts
from sverige_did.inference.conley_taber import conley_taber
from sverige_did.inference.districts import districts
from sverige_did.inference.donald_lang import donald_lang
from sverige_did.inference.ferman_pinto import ferman_pinto
from sverige_did.inference.ibragimov_mueller import ibragimov_mueller
from sverige_did.inference.permutation import permutation_test
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.wild_bootstrap import drawn_weights, wild_bootstrap

TREATED = np.arange(13) < 4
CHANGES = np.random.default_rng(1).standard_normal((13, 6)) * np.where(TREATED, 1.7, 1.0)[:, None] + TREATED[:, None]
SAMPLES = [districts(column, TREATED) for column in CHANGES.T]
SIZES = np.random.default_rng(2).integers(8, 80, 13)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


SINGLE = {
    "cr1": lambda s: cr1_test(of_districts(s), 1),
    "cr2_bell_mccaffrey": lambda s: cr2_test(of_districts(s), 1),
    "cr3_jackknife": lambda s: cr3_test(of_districts(s), 1),
    "behrens_fisher": lambda s: behrens_fisher_test(
        arm_variances(of_districts(s), 1, TREATED), float(of_districts(s).coefficients[1])
    ),
    "donald_lang": donald_lang,
    "ibragimov_mueller": ibragimov_mueller,
}


@pytest.mark.parametrize("method", vectorised.MOMENTS)
def test_moments_give_the_p_of_the_single_method(method: str) -> None:
    found = vectorised.MOMENTS[method](vectorised.arms(CHANGES, TREATED))
    interpolated = 1e-4 if method == "behrens_fisher" else 1e-9
    np.testing.assert_allclose(found, [SINGLE[method](sample).p_value for sample in SAMPLES], rtol=interpolated)


def test_permutation() -> None:
    rows = all_assignments(TREATED, np.zeros(13, dtype=np.int64))
    studentised, bare = vectorised.permutation(CHANGES, TREATED, rows)
    np.testing.assert_allclose(studentised, [permutation_test(s, rng=rng()).p_value for s in SAMPLES])
    np.testing.assert_allclose(bare, [permutation_test(s, rng=rng(), studentise="none").p_value for s in SAMPLES])


def test_wild_bootstrap() -> None:
    found = vectorised.wild_restricted(CHANGES, TREATED, drawn_weights(13, 99, rng(), "webb"))
    single = [wild_bootstrap(of_districts(s), 1, rng=rng(), weights="webb", draws=99).p_value for s in SAMPLES]
    np.testing.assert_allclose(found, single)


def test_ferman_pinto() -> None:
    found = vectorised.ferman_pinto(CHANGES, TREATED, SIZES.astype(float), rng().integers(0, 13, size=(99, 13)))
    np.testing.assert_allclose(found, [ferman_pinto(s, SIZES, rng=rng(), draws=99).p_value for s in SAMPLES])


def test_conley_taber() -> None:
    tuples = all_assignments(np.arange(9) < 4, np.zeros(9, dtype=np.int64))
    found = vectorised.conley_taber(CHANGES, TREATED, tuples)
    np.testing.assert_allclose(found, [conley_taber(s, rng=rng()).p_value for s in SAMPLES])
