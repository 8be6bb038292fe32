import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg, stats

from sverige_did.did.arrays import panel_from_rows
from sverige_did.did.collapse import Window
from sverige_did.errors import RefusedError
from sverige_did.inference import cluster_robust as cr
from sverige_did.inference.districts import districts
from sverige_did.inference.two_way import two_way_fit

VARIANCES = (cr.cr0, cr.cr1, cr.cr2, cr.cr3)


def panel(seed: int = 0, *, weighted: bool = False) -> cr.LeastSquares:
    """Eight clusters of unlike size, an effect that varies between clusters and a regressor within them."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(8), [2, 3, 4, 3, 5, 2, 6, 4])
    x = np.column_stack([np.ones(29), cluster < 3, rng.standard_normal(29)])
    weights = rng.uniform(0.5, 3, 29) if weighted else None
    return cr.least_squares(rng.standard_normal(29), x, cluster, weights)


def fixed_effects() -> cr.LeastSquares:
    """Six districts in four periods, two of them treated in the last two; dummies for both."""
    unit, period = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    treated = (unit < 2) & (period > 1)
    x = np.column_stack([treated, np.eye(6)[unit], np.eye(4)[period][:, 1:]])
    return cr.least_squares(np.random.default_rng(1).standard_normal(24), x, unit)


def two_means(n_treated: int, groups: int) -> cr.LeastSquares:
    treated = np.arange(groups) < n_treated
    return cr.of_districts(districts(np.random.default_rng(2).standard_normal(groups), treated))


@pytest.mark.parametrize("fit", [panel(), fixed_effects()], ids=["panel", "fixed effects"])
def test_cr0_and_cr1_are_those_of_statsmodels(fit: cr.LeastSquares) -> None:
    model = sm.OLS(fit.y, fit.x)
    for ours, correction in ((cr.cr0, False), (cr.cr1, True)):
        options = {"groups": fit.cluster, "use_correction": correction}
        np.testing.assert_allclose(ours(fit), model.fit(cov_type="cluster", cov_kwds=options).cov_params(), atol=1e-12)


def test_with_one_row_a_cluster_they_are_hc2_and_the_jackknife() -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(15), rng.standard_normal((15, 2))])
    fit = cr.least_squares(rng.standard_normal(15), x, np.arange(15))
    reference = sm.OLS(fit.y, x).fit()
    np.testing.assert_allclose(cr.cr2(fit), reference.cov_HC2, atol=1e-12)
    np.testing.assert_allclose(cr.cr3(fit), reference.cov_HC3 * 14 / 15, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_cr3_is_the_refit_without_each_cluster(weighted: bool) -> None:
    fit = panel(weighted=weighted)
    changes = []
    for g in range(8):
        kept = fit.cluster != g
        changes.append(cr.least_squares(fit.y[kept], fit.x[kept], fit.cluster[kept], fit.weights[kept]).coefficients)
    difference = np.asarray(changes) - fit.coefficients
    np.testing.assert_allclose(cr.cr3(fit), difference.T @ difference * 7 / 8, atol=1e-12)


@pytest.mark.parametrize("fit", [panel(), panel(weighted=True), fixed_effects()], ids=["plain", "weighted", "fe"])
def test_cr2_is_unbiased_under_the_working_model(fit: cr.LeastSquares) -> None:
    """E(V) = sum of squared norms of p_g when rows vary alike; the true variance is that of the contrast."""
    column = 1 if fit.x.shape[1] == 3 else 0
    vectors = cr.cr2_vectors(fit, column)
    true = ((fit.bread @ (fit.x * fit.weights[:, None]).T)[column] ** 2).sum()
    assert (vectors**2).sum() == pytest.approx(true)
    assert ((vectors.T @ fit.y) ** 2).sum() == pytest.approx(cr.cr2(fit)[column, column])


def test_adjustments_and_degrees_of_freedom_by_matrix_functions() -> None:
    """The definition with full N x N matrices, and a matrix square root by Schur's method instead of eigenvalues."""
    fit = panel(4)
    n = fit.y.size
    maker = np.eye(n) - fit.x @ np.linalg.inv(fit.x.T @ fit.x) @ fit.x.T
    columns = []
    for g in fit.rows:
        adjust = np.linalg.inv(linalg.sqrtm(maker[np.ix_(g, g)]))
        columns.append(maker[:, g] @ adjust @ fit.x[g] @ fit.bread[1])
    p = np.column_stack(columns)
    values = np.linalg.eigvalsh(p.T @ p)
    found = cr.cr2_test(fit, 1)
    assert found.df == pytest.approx(values.sum() ** 2 / (values**2).sum())
    assert found.std_error == pytest.approx(np.sqrt(((p.T @ fit.y) ** 2).sum()))


@pytest.mark.parametrize(
    ("treated", "groups", "df"), [(2, 20, 1.23), (3, 20, 2.76), (4, 20, 4.63), (6, 20, 9.5), (10, 20, 18.0)]
)
def test_two_means_have_the_known_degrees_of_freedom(treated: int, groups: int, df: float) -> None:
    found = cr.cr2_test(two_means(treated, groups), 1)
    k, m = treated, groups - treated
    closed = (1 / k + 1 / m) ** 2 / (1 / (k**2 * (k - 1)) + 1 / (m**2 * (m - 1)))
    assert found.df == pytest.approx(closed)
    assert found.df == pytest.approx(df, abs=0.05)


def test_two_means_have_welchs_standard_error() -> None:
    fit = two_means(4, 20)
    reference = stats.ttest_ind(fit.y[:4], fit.y[4:], equal_var=False)
    found = cr.cr2_test(fit, 1)
    assert found.estimate / found.std_error == pytest.approx(reference.statistic)
    half = stats.t.ppf(0.975, found.df) * found.std_error
    assert (found.lower, found.upper) == pytest.approx((found.estimate - half, found.estimate + half))


@pytest.mark.parametrize("variance", VARIANCES)
def test_order_labels_and_units_do_not_matter(variance: object) -> None:
    fit = panel(5, weighted=True)
    order = np.random.default_rng(6).permutation(fit.y.size)
    names = np.array(list("hgfedcba"))[fit.cluster]
    moved = cr.least_squares(7 * fit.y[order], fit.x[order], names[order], 3 * fit.weights[order])
    np.testing.assert_allclose(variance(moved), 49 * variance(fit), atol=1e-10)


def test_adding_a_constant_effect_moves_the_estimate_only() -> None:
    fit = panel(7)
    moved = cr.least_squares(fit.y + 2.5 * fit.x[:, 1], fit.x, fit.cluster)
    before, after = cr.cr2_test(fit, 1), cr.cr2_test(moved, 1)
    assert after.estimate == pytest.approx(before.estimate + 2.5)
    assert after.std_error == pytest.approx(before.std_error)


def test_collinear_regressors_are_refused() -> None:
    x = np.column_stack([np.ones(4), [1, 1, 0, 0], [0, 0, 1, 1]])
    with pytest.raises(RefusedError, match="told apart"):
        cr.least_squares([1.0, 2, 3, 5], x, range(4))


def test_no_variation_is_refused() -> None:
    with pytest.raises(RefusedError, match="changed alike"):
        cr.t_test(1.0, 0.0, 3, 0.05)


def test_cr1_without_the_dummies_nested_in_clusters_is_what_software_prints() -> None:
    """Twelve districts, six periods: fixest's and pyfixest's 0.4243 for y ~ D | district + period, clustered."""
    rng = np.random.default_rng(1)
    unit, period = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    under = (unit < 4) & (period >= 3)
    y = 0.3 * unit + 0.1 * period + under + rng.normal(0, 1, unit.size)
    x = np.column_stack([under, np.eye(12)[unit], np.eye(6)[period][:, 1:]])
    fit = cr.least_squares(y, x, unit)
    assert cr.cr1_test(fit, 0, nested=11).std_error == pytest.approx(0.4243, abs=5e-5)
    two_way = two_way_fit(panel_from_rows(unit, period, y, under), Window((0, 1, 2), (3, 4, 5)))
    assert cr.cr1_test(fit, 0, nested=11).std_error == pytest.approx(cr.cr1_test(two_way, 0).std_error)
    assert cr.cr1_test(fit, 0).std_error > cr.cr1_test(two_way, 0).std_error


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("column", [1, 2])
def test_one_row_a_cluster_needs_no_matrices(column: int, weighted: bool) -> None:
    """The closed forms of CR2, CR3 and the degrees of freedom against matrices of clusters, one treated alone."""
    rng = np.random.default_rng(8)
    x = np.column_stack([np.ones(15), np.arange(15) < 3, rng.standard_normal(15), np.arange(15) == 7])
    fit = cr.least_squares(rng.standard_normal(15), x, np.arange(15), rng.uniform(0.2, 5, 15) if weighted else None)
    vectors = cr.cr2_vectors(fit, column)
    found = cr.cr2_test(fit, column)
    assert fit.singles
    assert found.std_error**2 == pytest.approx(((vectors.T @ fit.y) ** 2).sum())
    assert found.df == pytest.approx(cr.satterthwaite(vectors))
    adjusted = np.array([(a @ fit.residuals[g]).item() for g, a in zip(fit.rows, cr.cr2_adjustments(fit), strict=True)])
    scores = fit.x * (fit.weights * adjusted)[:, None]
    np.testing.assert_allclose(cr.cr2(fit), fit.bread @ scores.T @ scores @ fit.bread, atol=1e-12)
    order = rng.permutation(15)
    other = cr.least_squares(fit.y[order], x[order], np.arange(15)[::-1], fit.weights[order])
    assert not other.singles
    np.testing.assert_allclose(cr.cr3(fit), cr.cr3(other), atol=1e-12)
    assert cr.cr2_test(other, column).df == pytest.approx(found.df)


@pytest.mark.parametrize("share", [1e-3, 1e-6, 1e-9])
def test_one_district_with_nearly_all_the_weight_of_its_arm_leaves_degrees_of_freedom(share: float) -> None:
    """The closed form of the degrees of freedom is a difference of sums that are nearly the same there."""
    rng, treated = np.random.default_rng(9), np.arange(16) < 3
    weights = np.where(np.arange(16) == 0, 1.0, np.where(treated, share, 1.0))
    sample = districts(rng.standard_normal(16), treated, weights=weights, covariates=rng.standard_normal(16))
    fit = cr.of_districts(sample)
    exact = cr.satterthwaite(cr.cr2_vectors(fit, 1))
    assert cr.cr2_test(fit, 1).df == pytest.approx(exact, rel=1e-5)
