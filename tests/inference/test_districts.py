import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import districts, heaviest_share, leverage_share

CHANGE = np.array([1.0, 2.0, 4.0, 3.0, 0.0, 5.0])
TREATED = np.array([1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize(
    ("key", "change", "options"),
    [
        ("inference_not_finite", [1.0, np.nan, 4.0, 3.0, 0.0, 5.0], {}),
        ("inference_not_finite", [1.0, np.inf, 4.0, 3.0, 0.0, 5.0], {}),
        ("inference_not_finite", CHANGE, {"weights": [1, 1, np.nan, 1, 1, 1]}),
        ("inference_weights", CHANGE, {"weights": [1, 1, 0, 1, 1, 1]}),
        ("inference_lengths", CHANGE[:5], {}),
        ("inference_lengths", np.column_stack([CHANGE, CHANGE]), {}),
        ("inference_lengths", CHANGE, {"weights": np.ones((6, 2))}),
        ("inference_lengths", CHANGE, {"strata": [0, 1]}),
        ("constant_outcome", np.full(6, 2.0), {}),
        ("inference_collinear", CHANGE, {"covariates": TREATED * 2.0}),
        ("too_few_treated", CHANGE, {"smallest_arm": 4}),
    ],
)
def test_what_cannot_be_tested_is_refused(key: str, change: np.ndarray, options: dict) -> None:
    with pytest.raises(RefusedError) as refusal:
        districts(change, TREATED, **options)
    assert refusal.value.problems[0].key == key
    assert refusal.value.say("da") != refusal.value.say("en")


def test_too_few_controls_are_refused() -> None:
    with pytest.raises(RefusedError) as refusal:
        districts(CHANGE, [1, 1, 1, 1, 1, 0])
    assert refusal.value.problems[0].key == "too_few_control"


def test_labels_of_strata_may_be_text() -> None:
    found = districts(CHANGE, TREATED, strata=["town", "land", "town", "land", "town", "town"])
    assert found.strata.tolist() == [1, 0, 1, 0, 1, 1]


@pytest.mark.parametrize("scale", [1.0, -1000.0])
def test_what_one_district_carries_is_what_is_left_when_the_covariates_are_projected_out(scale: float) -> None:
    """Against the projection written out; neither the unit nor the origin of a covariate matters."""
    rng = np.random.default_rng(2)
    treated, weights = np.arange(14) < 5, rng.uniform(1, 4, 14)
    x = rng.standard_normal((14, 2)) + treated[:, None]
    rest = np.column_stack([np.ones(14), x])
    w = np.diag(weights)
    left = treated - rest @ np.linalg.inv(rest.T @ w @ rest) @ rest.T @ w @ treated
    expected = max((left[arm] ** 2).max() / (left[arm] ** 2).sum() for arm in (treated, ~treated))
    change = rng.standard_normal(14)
    found = districts(change, treated, weights=weights, covariates=scale * x + 7)
    assert leverage_share(found) == pytest.approx(expected)
    assert leverage_share(districts(change, treated, weights=weights)) == pytest.approx(1 / 5)


def test_the_heaviest_share_is_of_its_own_arm() -> None:
    assert heaviest_share(np.array([1.0, 1, 2, 9, 1, 1]), TREATED.astype(bool)) == pytest.approx(9 / 11)


@pytest.mark.parametrize("weighted", [False, True])
def test_units_of_a_cluster_count_as_one_and_leave_the_effect_as_it_is(weighted: bool) -> None:
    """Eight clusters of one to four units; whatever these share, the change of a cluster is one number."""
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.array(list("abcdefgh")), [1, 2, 3, 4, 4, 3, 2, 1])
    treated, change = cluster < "d", rng.normal(size=cluster.size)
    weights = rng.uniform(1, 5, cluster.size) if weighted else None
    units = districts(change, treated, weights=weights)
    clusters = districts(change, treated, weights=weights, cluster=cluster)
    assert clusters.change.size == 8
    assert clusters.shares @ clusters.change == pytest.approx(units.shares @ units.change)
    order = rng.permutation(cluster.size)
    turned = districts(
        change[order], treated[order], weights=None if weights is None else weights[order], cluster=cluster[order]
    )
    np.testing.assert_allclose(turned.change, clusters.change)
    copied = districts(np.repeat(change, 2), np.repeat(treated, 2), cluster=np.repeat(np.arange(cluster.size), 2))
    np.testing.assert_allclose(copied.change, change)
    assert copied.plain


def test_covariates_of_a_cluster_are_averaged_and_its_stratum_kept() -> None:
    cluster = np.repeat(np.arange(8), 2)
    covariates = np.random.default_rng(1).normal(size=(16, 2))
    found = districts(np.arange(16.0) ** 2, cluster < 3, covariates=covariates, strata=cluster % 2, cluster=cluster)
    np.testing.assert_allclose(found.covariates, covariates.reshape(8, 2, 2).mean(axis=1))
    np.testing.assert_array_equal(found.strata, np.arange(8) % 2)


@pytest.mark.parametrize("column", ["treated", "strata"])
def test_what_differs_within_a_cluster_is_refused(column: str) -> None:
    cluster = np.repeat(np.arange(8), 2)
    columns = {"treated": cluster < 3, "strata": cluster % 2}
    columns[column] = np.arange(16) % 2
    with pytest.raises(RefusedError) as caught:
        districts(np.arange(16.0) ** 2, columns["treated"], strata=columns["strata"], cluster=cluster)
    (problem,) = caught.value.problems
    assert (problem.key, problem.values["column"]) == ("inference_varies_in_cluster", column)


def test_arms_are_counted_in_clusters() -> None:
    with pytest.raises(RefusedError) as caught:
        districts(np.arange(16.0), np.arange(16) < 6, cluster=np.where(np.arange(16) < 6, 0, np.arange(16)))
    assert caught.value.problems[0].key == "too_few_treated"
