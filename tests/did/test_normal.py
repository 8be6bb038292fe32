"""Normal limits: the quantiles, and a variance that cannot be estimated."""

import pytest
from scipy.stats import norm

from sverige_did.did.normal import normal_estimate
from sverige_did.results.estimates import Estimate


def made(std_error: float, level: float = 0.95) -> Estimate:
    return normal_estimate(
        2.0,
        std_error,
        scale="pp",
        estimand="att",
        estimator="imputation",
        inference="conservative_clustered",
        level=level,
        weighting="baseline",
    )


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_the_limits_hold_the_level_of_a_normal_distribution(level: float) -> None:
    found = made(0.7, level)
    assert found.lower is not None
    assert found.upper is not None
    assert norm.cdf(found.upper, 2.0, 0.7) - norm.cdf(found.lower, 2.0, 0.7) == pytest.approx(level)
    assert found.assumptions == ("parallel_trends", "many_districts")
    assert found.weights == "baseline"


def test_an_unknown_variance_leaves_no_limits_and_a_note() -> None:
    found = made(float("nan"))
    assert (found.estimate, found.std_error, found.lower, found.upper, found.level) == (2.0, None, None, None, None)
    assert (found.inference, found.notes) == ("none", ("one_district_in_cohort",))
