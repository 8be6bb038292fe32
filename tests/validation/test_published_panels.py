"""Published numbers of more panels; of three of them where somebody has laid their data in a folder.

Expansions of self-defence law and homicides (Cheng & Hoekstra 2013, JHR 48:821; StatsPAI ships them) · a made-up panel
of staggered starts that pyfixest ships. No Python package ships the others: SVERIGE_DID_PUBLISHED names a folder with
deaths.dta (the minimum legal drinking age, from the website of *Mastering 'Metrics*), df_het.csv and voters.csv (R's
``write.csv`` of the data sets of these names in didimputation and fwildclusterboot).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_published_numbers import peer, quiet, shipped

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.imputation import imputation
from sverige_did.did.staggered import group_time_effects
from sverige_did.inference.cluster_robust import LeastSquares, cr1_test, cr2_test, cr3_test, least_squares
from sverige_did.inference.wild_bootstrap import wild_bootstrap

FOLDER = "SVERIGE_DID_PUBLISHED"


@pytest.fixture(scope="module")
def made_up() -> pd.DataFrame:
    return pd.read_csv(shipped("pyfixest", "pyfixest/did/data/df_het.csv"))


@pytest.fixture(scope="module")
def castle() -> pd.DataFrame:
    """50 states, 2000 to 2010; 21 expanded the law. ``cdl``: the part of the year that it was in force."""
    frame = pd.read_csv(shipped("statspai", "statspai/datasets/data/castle_2013.csv"))
    return frame.assign(region=frame["northeast"] + 2 * frame["midwest"] + 3 * frame["south"])


def laid(name: str) -> Path:
    """A file that no package ships."""
    path = Path(os.environ.get(FOLDER, "")) / name
    if FOLDER not in os.environ or not path.is_file():
        pytest.skip(f"{name} is in no package, and {FOLDER} names no folder that has it")
    return path


def dummies(column: pd.Series) -> np.ndarray:
    return pd.get_dummies(column).to_numpy(float)


def treated_from_the_start(rows: pd.DataFrame) -> DistrictPanel:
    """Made-up rows of the read-me's kind: ``g`` is the year of the start, and 0 of those that never do."""
    treated = (rows["g"] > 0) & (rows["year"] >= rows["g"])
    return panel_from_rows(rows["unit"], rows["year"], rows["dep_var"], treated)


def test_the_imputed_effect_of_the_read_me() -> None:
    """2.262952 (.03139684): all later years of all who are treated, clustered by unit."""
    found = imputation(treated_from_the_start(pd.read_csv(laid("df_het.csv"))))
    assert found.estimate[0] == pytest.approx(2.262952, abs=5.1e-7)
    assert found.std_error[0] == pytest.approx(0.03139684, abs=5.1e-9)


@quiet
def test_peers_impute_the_same_effect_of_the_panel_that_they_ship(made_up: pd.DataFrame) -> None:
    """Drawn by the read-me's code with another seed; pyfixest's documentation prints 2.2305 in two stages."""
    found = imputation(treated_from_the_start(made_up))
    theirs = peer("diff_diff").ImputationDiD().fit(made_up, "dep_var", "unit", "year", "g")
    assert found.estimate[0] == pytest.approx(theirs.overall_att, abs=1e-10)
    assert found.std_error[0] == pytest.approx(theirs.overall_se, rel=1e-8)
    assert round(float(found.estimate[0]), 4) == 2.2305


def two_way(castle: pd.DataFrame, *others: pd.Series) -> LeastSquares:
    """The logarithm of the homicide rate on the law, states and ``others``, weighted by population."""
    x = [castle[["cdl"]].to_numpy(float), dummies(castle["sid"]), *(dummies(one)[:, 1:] for one in others)]
    return least_squares(castle["l_homicide"], np.column_stack(x), castle["sid"], castle["popwt"])


def test_the_published_effects_of_the_self_defence_laws(castle: pd.DataFrame) -> None:
    """.0801 (.0342) with states and years, .0946 (.0279) with years by region; states are nested in the clusters."""
    years, by_region = castle["year"], castle["region"] * 10_000 + castle["year"]
    found = cr1_test(two_way(castle, years), 0, nested=49)
    assert (round(found.estimate, 4), round(found.std_error, 4)) == (0.0801, 0.0342)
    x = np.column_stack([castle["cdl"], dummies(castle["sid"]), dummies(by_region)])
    columns = [0, *(1 + np.flatnonzero(independent(x[:, 1:])))]
    fit = least_squares(castle["l_homicide"], x[:, columns], castle["sid"], castle["popwt"])
    found = cr1_test(fit, 0, nested=49)
    assert (round(found.estimate, 4), round(found.std_error, 4)) == (0.0946, 0.0279)


def independent(x: np.ndarray) -> np.ndarray:
    """Which columns of dummies are no combination of those to their left."""
    return np.abs(np.diag(np.linalg.qr(x, mode="r"))) > 1e-8


def by_start(castle: pd.DataFrame, later: int) -> DistrictPanel:
    """The states as treated from ``later`` years after the year in which the law came into force."""
    treated = castle["year"] >= castle["effyear"].fillna(np.inf) + later
    return panel_from_rows(castle["sid"], castle["year"], castle["l_homicide"], treated)


@pytest.mark.parametrize(("later", "published"), [(0, 0.110383035), (1, 0.019402808)])
def test_the_effects_of_the_laws_by_the_year_that_counts_as_the_first(
    castle: pd.DataFrame, later: int, published: float
) -> None:
    """As csdid in Stata and did in R give them; the logarithms were shipped with eight digits."""
    found = aggregate(group_time_effects(by_start(castle, later)), "simple")
    assert found.overall == pytest.approx(published, abs=1e-8)


@quiet
def test_peers_find_the_same_effects_of_the_laws(castle: pd.DataFrame) -> None:
    """Imputation without Florida and Montana, alone in their years: theirs takes a lone state to have no variance."""
    rows = castle.assign(first=castle["effyear"].fillna(0).astype(int))
    several = rows[~rows["first"].isin([2005, 2009])]
    imputed = peer("diff_diff").ImputationDiD().fit(several, "l_homicide", "sid", "year", "first")
    found = imputation(by_start(several, 0))
    assert found.estimate[0] == pytest.approx(imputed.overall_att, abs=1e-10)
    assert found.std_error[0] == pytest.approx(imputed.overall_se, rel=1e-8)
    fit = peer("pyfixest").feols("l_homicide ~ cdl | sid + year", rows, weights="popwt", vcov={"CRV1": "sid"})
    ours = cr1_test(two_way(castle, castle["year"]), 0, nested=49)
    theirs = fit.tidy().loc["cdl"]
    np.testing.assert_allclose(
        [ours.estimate, ours.std_error, ours.p_value], theirs[["Estimate", "Std. Error", "Pr(>|t|)"]].to_numpy(float)
    )


@quiet
def test_the_jackknife_of_weighted_states_is_fifty_refits(castle: pd.DataFrame) -> None:
    """To all digits, and StatsPAI's, which leaves out the factor (G - 1) / G, to the five that it keeps of them: the
    sixth differs from processor to processor."""
    whole = two_way(castle, castle["year"])
    rest = (castle[castle["sid"] != state] for state in castle["sid"].unique())
    moved = np.array([two_way(rows, rows["year"]).coefficients[0] for rows in rest]) - whole.coefficients[0]
    found = cr3_test(whole, 0)
    assert found.std_error == pytest.approx(np.sqrt(49 / 50 * np.square(moved).sum()), rel=1e-9)
    theirs = peer("statspai").regress(
        "l_homicide ~ cdl + C(sid) + C(year)", castle, vce="jackknife", cluster="sid", weights="popwt"
    )
    assert np.sqrt(np.square(moved).sum()) == pytest.approx(theirs.std_errors["cdl"], rel=2e-5)


@pytest.mark.parametrize(
    ("weighted", "published"),
    [(False, (7.58770762, 2.5130822, 24.5785189)), (True, (7.78005483, 2.1348183, 8.5195278))],
)
def test_cr2_of_the_drinking_age(weighted: bool, published: tuple[float, float, float]) -> None:
    """Deaths in traffic at 18 to 20, 1970 to 1983, on the share of them who may drink and the tax on beer: CR2 with
    Satterthwaite's degrees of freedom as R's clubSandwich prints it."""
    frame = pd.read_stata(laid("deaths.dta"))
    kept = (frame["dtype"] == "MVA") & (frame["agegr"] == "18-20 yrs") & (frame["year"] <= 1983)
    rows = frame[kept & frame["beertaxa"].notna()]
    x = np.column_stack([rows[["legal", "beertaxa"]], dummies(rows["state"]), dummies(rows["year"])[:, 1:]])
    weights = rows["pop"].astype(float) if weighted else None
    found = cr2_test(least_squares(rows["mrate"].astype(float), x, rows["state"], weights), 0)
    assert rows.shape[0] == 700
    np.testing.assert_allclose((found.estimate, found.std_error, found.df), published, rtol=3e-8)


def test_the_wild_bootstrap_of_the_voters() -> None:
    """.079, t = 3.983 and p = .001; the interval .039 to .119, of other draws to the third digit."""
    rows = pd.read_csv(laid("voters.csv"))
    codes = [dummies(rows[name])[:, 1:] for name in ("Q1_immigration", "Q2_defense")]
    x = np.column_stack([np.ones(len(rows)), rows[["treatment", "log_income"]], *codes])
    found = wild_bootstrap(
        least_squares(rows["proposition_vote"], x, rows["group_id1"]), 1, rng=np.random.default_rng(1)
    )
    assert (round(found.estimate, 3), round(found.observed, 3)) == (0.079, 3.983)
    assert found.p_value == pytest.approx(0.001, abs=0.0006)
    assert (found.region.lower, found.region.upper) == pytest.approx((0.039, 0.119), abs=0.0011)
