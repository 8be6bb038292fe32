"""Published estimates, from the data sets that other packages ship, and those packages beside us where they are right.

Callaway & Sant'Anna (2021) on county employment (mpdta) · the Medicaid expansions of 2014 (ehec) · Arkhangelsky
et al. (2021) on California's Proposition 99. Nothing is downloaded: moderndid ships the first two, StatsPAI the third.
"""

from importlib.metadata import distribution
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from whole_window import around_go_live

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, Weighting, panel_from_rows
from sverige_did.did.event_study import event_study
from sverige_did.did.imputation import imputation
from sverige_did.did.staggered import group_time_effects
from sverige_did.did.synthetic import Synthetic, simplex_weights, synthetic_did, weighted_did
from sverige_did.inference.cluster_robust import cr1_test, least_squares
from sverige_did.inference.two_way import two_way_fixed_effects

quiet = pytest.mark.filterwarnings("ignore")  # what a peer warns about is not ours to fix
WHY = "the dependency group `bench` is not installed"


def peer(name: str) -> ModuleType:
    return pytest.importorskip(name, reason=WHY)


def shipped(package: str, file: str) -> str:
    if find_spec(package) is None:
        pytest.skip(WHY)
    return str(distribution(package).locate_file(file))


@pytest.fixture(scope="module")
def counties() -> pd.DataFrame:
    frame = pd.read_pickle(shipped("moderndid", "moderndid/core/datasets/mpdta_long.pkl.gz"))
    return frame.rename(columns={"first.treat": "first"}).astype({"first": float})


@pytest.fixture(scope="module")
def county_panel(counties: pd.DataFrame) -> DistrictPanel:
    treated = (counties["first"] > 0) & (counties["year"] >= counties["first"])
    return panel_from_rows(counties["countyreal"], counties["year"], counties["lemp"], treated)


@pytest.fixture(scope="module")
def states() -> pd.DataFrame:
    """43 states to 2015: 22 expanded Medicaid in 2014, the others not before 2016; those of 2015 are left out."""
    frame = pd.read_pickle(shipped("moderndid", "moderndid/core/datasets/ehec_data.pkl.gz"))
    frame = frame[(frame["year"] < 2016) & (frame["yexp2"] != 2015)]
    return frame.assign(expanded=(frame["yexp2"] == 2014).astype(int))


@pytest.fixture(scope="module")
def state_panel(states: pd.DataFrame) -> DistrictPanel:
    treated = (states["expanded"] == 1) & (states["year"] >= 2014)
    return panel_from_rows(states["stfips"], states["year"], states["dins"], treated)


@pytest.fixture(scope="module")
def smoking() -> pd.DataFrame:
    return pd.read_csv(shipped("statspai", "statspai/datasets/data/california_prop99.csv"))


def smoking_panel(frame: pd.DataFrame, state: str = "California") -> DistrictPanel:
    return panel_from_rows(
        frame["state"], frame["year"], frame["cigsale"], (frame["state"] == state) & (frame["year"] >= 1989)
    )


def test_employment_effects_by_cohort_and_year(county_panel: DistrictPanel) -> None:
    found = group_time_effects(county_panel)
    published = {
        2004: (-0.0105, -0.0704, -0.1373, -0.1008),
        2006: (0.0065, -0.0028, -0.0046, -0.0412),
        2007: (0.0305, -0.0027, -0.0311, -0.0261),
    }
    for cohort, effects in published.items():
        np.testing.assert_allclose(found.estimate[found.cohort == cohort], effects, atol=5.1e-5)


def test_employment_effects_averaged_in_four_ways(county_panel: DistrictPanel) -> None:
    found = group_time_effects(county_panel)
    published = {"simple": (-0.03995, 5e-6), "dynamic": (-0.0772, 5e-5), "group": (-0.0310, 5e-5)}
    for kind, (value, rounding) in (published | {"calendar": (-0.0417, 5e-5)}).items():
        assert aggregate(found, kind).overall == pytest.approx(value, abs=1.02 * rounding)  # type: ignore[arg-type]
    by_event_time = aggregate(found, "dynamic")
    np.testing.assert_allclose(
        by_event_time.estimate, [0.0305, -0.0006, -0.0245, -0.0199, -0.0510, -0.1373, -0.1008], atol=5.1e-5
    )
    assert aggregate(found, "group").overall_std_error == pytest.approx(0.0126, abs=0.0005)  # theirs is bootstrapped


@quiet
@pytest.mark.parametrize(("ours", "theirs"), [("never", "nevertreated"), ("not_yet", "notyettreated")])
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_moderndid_gives_the_same_effects_and_standard_errors(
    counties: pd.DataFrame, county_panel: DistrictPanel, ours: str, theirs: str, base: str
) -> None:
    other = peer("moderndid")
    options = {"yname": "lemp", "tname": "year", "idname": "countyreal", "gname": "first", "est_method": "reg"}
    peers = other.att_gt(counties, control_group=theirs, base_period=base, **options)
    found = group_time_effects(county_panel, ours, base)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.cohort, peers.groups)
    np.testing.assert_array_equal(found.period, peers.times)
    np.testing.assert_allclose(found.estimate, peers.att_gt, atol=1e-10)
    known = np.isfinite(peers.se_gt)
    np.testing.assert_allclose(found.std_error[known], peers.se_gt[known], rtol=1e-8)
    for kind in ("simple", "dynamic", "group", "calendar"):
        average, peers_average = aggregate(found, kind), other.aggte(peers, type=kind)  # type: ignore[arg-type]
        assert average.overall == pytest.approx(peers_average.overall_att, abs=1e-10)
        assert average.overall_std_error == pytest.approx(peers_average.overall_se, rel=1e-6)


@quiet
def test_csdid_gives_the_same_effects_and_standard_errors(counties: pd.DataFrame, county_panel: DistrictPanel) -> None:
    fit = peer("csdid.att_gt").ATTgt(
        yname="lemp", tname="year", idname="countyreal", gname="first", data=counties, control_group=["nevertreated"]
    )
    results = fit.fit(est_method="reg", bstrap=False).results
    found = group_time_effects(county_panel)
    np.testing.assert_allclose(found.estimate, results["att"], atol=1e-10)
    np.testing.assert_allclose(found.std_error, results["se"], rtol=1e-8)


@quiet
def test_diff_diff_imputes_the_same_effects_and_standard_errors(
    counties: pd.DataFrame, county_panel: DistrictPanel
) -> None:
    fit = (
        peer("diff_diff").ImputationDiD().fit(counties, "lemp", "countyreal", "year", "first", aggregate="event_study")
    )
    overall, by_time = imputation(county_panel), imputation(county_panel, "event_time")
    assert overall.estimate[0] == pytest.approx(fit.overall_att, abs=1e-10)
    assert overall.std_error[0] == pytest.approx(fit.overall_se, rel=1e-8)
    for h, e in enumerate(by_time.at):
        effect = fit.event_study_effects[int(e)]
        assert by_time.estimate[h] == pytest.approx(effect["effect"], abs=1e-10)
        assert by_time.std_error[h] == pytest.approx(effect["se"], rel=1e-8)


def test_medicaid_event_study(state_panel: DistrictPanel) -> None:
    assert (state_panel.n_units, int(state_panel.ever_treated.sum())) == (43, 22)
    found = event_study(state_panel)
    published = [-0.00529, -0.01130, -0.00268, -0.00142, 0.00034, 0.04645, 0.06921]
    np.testing.assert_allclose(found.estimate, published, atol=5.1e-6)
    fit = sm.OLS(found.y, found.regressors).fit(cov_type="cluster", cov_kwds={"groups": found.cluster})
    # statsmodels counts all fixed effects as parameters; the published errors count the seven effects and a constant.
    errors = fit.bse[5:7] * np.sqrt((found.y.size - found.regressors.shape[1]) / (found.y.size - 8))
    np.testing.assert_allclose(errors, [0.00906, 0.01024], atol=5.1e-6)


@quiet
def test_pyfixest_gives_the_same_event_study(states: pd.DataFrame, state_panel: DistrictPanel) -> None:
    fixest = peer("pyfixest")
    fit = fixest.feols("dins ~ i(year, expanded, ref=2013) | stfips + year", data=states)
    np.testing.assert_allclose(event_study(state_panel).estimate, fit.coef().to_numpy(), atol=1e-8)


@quiet
@pytest.mark.parametrize("weights", [None, "W"])
@pytest.mark.parametrize("kept", [1.0, 0.85])
def test_pyfixest_prints_the_same_two_way_effect_with_its_error(
    states: pd.DataFrame, weights: str | None, kept: float
) -> None:
    """By default it clusters by state here, and does not count the states, which lie within the clusters."""
    rows = states.assign(under=states["expanded"] * (states["year"] >= 2014))
    rows["dins"] = rows["dins"].where(np.random.default_rng(5).random(len(rows)) < kept)
    fit = peer("pyfixest").feols("dins ~ under | stfips + year", rows, weights=weights, vcov={"CRV1": "stfips"})
    theirs = fit.tidy().loc["under"]
    panel = panel_from_rows(rows["stfips"], rows["year"], rows["dins"], rows["under"], weights=rows["W"])
    weighting: Weighting = "equal" if weights is None else "baseline"
    ours = two_way_fixed_effects(panel, around_go_live(panel), scale="share", weighting=weighting)
    found = [ours.estimate, ours.std_error, ours.p_value, ours.lower, ours.upper]
    columns = ["Estimate", "Std. Error", "Pr(>|t|)", "2.5%", "97.5%"]
    np.testing.assert_allclose(found, theirs[columns].to_numpy(float), rtol=1e-6)


def test_the_two_way_error_of_the_counties_is_the_one_that_software_prints(counties: pd.DataFrame) -> None:
    """-.0365 (.01327): 500 counties are nested in the clusters; four years and the constant, swept out, are counted."""

    def swept(values: pd.Series) -> np.ndarray:
        means = (values.groupby(counties[name]).transform("mean") for name in ("countyreal", "year"))
        return (values - sum(means) + values.mean()).to_numpy()

    under = ((counties["first"] > 0) & (counties["year"] >= counties["first"])).astype(float)
    fit = least_squares(swept(counties["lemp"]), swept(under)[:, None], counties["countyreal"])
    found = cr1_test(fit, 0, nested=-5)
    assert (round(found.estimate, 4), round(found.std_error, 5)) == (-0.0365, 0.01327)


def frank_wolfe(
    A: np.ndarray, b: np.ndarray, ridge: float, intercept: bool, w: np.ndarray, steps: int, least: float
) -> np.ndarray:
    """The paper's solver, written from its description: exact line search to the best vertex, until little is won."""
    if intercept:
        A, b = A - A.mean(axis=0), b - b.mean()
    values = [np.inf, np.inf]
    for _ in range(steps):
        gradient = A.T @ (A @ w - b) + b.size * ridge**2 * w
        toward = np.eye(w.size)[gradient.argmin()] - w
        if not toward.any():
            break
        length = -(gradient @ toward) / (np.square(A @ toward).sum() + b.size * ridge**2 * toward @ toward)
        w = w + np.clip(length, 0, 1) * toward
        values.append(float(ridge**2 * w @ w + np.square(A @ w - b).sum() / b.size))
        if values[-2] - values[-1] <= least**2:
            break
    return w


def as_published(A: np.ndarray, b: np.ndarray, ridge: float, least: float, *, intercept: bool) -> np.ndarray:
    """100 steps from uniform weights, weights below a quarter of the largest set to zero, then up to 10,000 steps."""
    w = frank_wolfe(A, b, ridge, intercept, np.full(A.shape[1], 1 / A.shape[1]), 100, least)
    w = np.where(w > w.max() / 4, w, 0)
    return frank_wolfe(A, b, ridge, intercept, w / w.sum(), 10_000, least)


def california(frame: pd.DataFrame, state: str = "California") -> tuple[DistrictPanel, Synthetic]:
    panel = smoking_panel(frame, state)
    return panel, synthetic_did(panel.wide(), panel.ever_treated, panel.periods >= 1989)


def test_california_synthetic_did(smoking: pd.DataFrame) -> None:
    panel, found = california(smoking)
    assert found.estimate == pytest.approx(-15.604, abs=0.002)
    lam = dict(zip(panel.periods[panel.periods < 1989], found.lam, strict=True))
    assert [lam[year] for year in (1986, 1987, 1988)] == pytest.approx([0.366, 0.206, 0.427], abs=5.1e-4)
    omega = dict(zip(np.array(panel.labels)[~panel.ever_treated], found.omega, strict=True))
    largest = [omega[state] for state in ("Nevada", "New Hampshire", "Connecticut")]
    assert largest == pytest.approx([0.124, 0.105, 0.078], abs=5.1e-4)


def test_california_as_published_and_at_the_true_optimum(smoking: pd.DataFrame) -> None:
    """The published solver stops short of the optimum: by .001 packs in the synthetic DiD, by .11 in the control."""
    panel = smoking_panel(smoking)
    table, treated, post = panel.wide(), panel.ever_treated, panel.periods >= 1989
    controls, mine = table[~treated], table[treated].mean(axis=0)
    uniform = np.full(38, 1 / 38), np.full(19, 1 / 19)
    assert weighted_did(controls, mine, post, *uniform) == pytest.approx(-27.349, abs=5.1e-4)
    noise = np.diff(controls[:, ~post], axis=1).std(ddof=1)
    A, b, tiny = controls[:, ~post].T, mine[~post], 1e-6 * noise
    sc = as_published(A, b, tiny, 1e-5 * noise, intercept=False)
    assert weighted_did(controls, mine, post, sc, np.zeros(b.size)) == pytest.approx(-19.620, abs=5.1e-4)
    exact = simplex_weights(A, b, tiny, intercept=False)
    assert np.square(A @ exact - b).sum() < np.square(A @ sc - b).sum()
    assert weighted_did(controls, mine, post, exact, np.zeros(b.size)) == pytest.approx(-19.620, abs=0.11)

    omega = as_published(A, b, 12**0.25 * noise, 1e-5 * noise, intercept=True)
    lam = as_published(A.T, controls[:, post].mean(axis=1), tiny, 1e-5 * noise, intercept=True)
    assert weighted_did(controls, mine, post, omega, lam) == pytest.approx(-15.604, abs=5.1e-4)


def test_california_against_every_other_state(smoking: pd.DataFrame) -> None:
    effect = california(smoking)[1].estimate
    donors = smoking[smoking["state"] != "California"]
    placebo = np.array([california(donors, state)[1].estimate for state in donors["state"].unique()])
    assert placebo.size == 38
    assert placebo.std() == pytest.approx(9.37, abs=0.005)
    assert (1 + (np.abs(placebo) >= abs(effect)).sum()) / (1 + placebo.size) == pytest.approx(2 / 39)
