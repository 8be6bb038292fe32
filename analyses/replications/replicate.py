"""What this package finds in data of published results: one function a data set, its numbers by name.

Data come with the packages of the dependency group `bench`, or lie beside this file where they are a few numbers. The
numbers are named in published.yaml, which holds what was printed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

import sverige_did as sd
from sverige_did.did.arrays import panel_from_rows
from sverige_did.did.event_study import event_study
from sverige_did.did.synthetic import simplex_weights, synthetic_did, weighted_did
from sverige_did.inference.cluster_robust import cr1, cr1_test, least_squares
from sverige_did.inference.relative_magnitudes import event_effects, relative_interval
from sverige_did.inference.smoothness import frontier, smooth_interval
from sverige_did.survival.hazard_ratio import log_hazard_ratio
from sverige_did.survival.incidence import cumulative_incidence
from sverige_did.survival.waits import Waits

HERE = Path(__file__).parent


def shipped(package: str, file: str) -> Path:
    """A file of an installed package."""
    return Path(str(distribution(package).locate_file(file)))


def missing(needs: list[str]) -> list[str]:
    """Which of the packages that ship the data are not installed."""
    return [name for name in needs if find_spec(name) is None]


def employment() -> dict[str, float]:
    """County employment by starting year of the minimum wage."""
    # A pickle of the peer's own, whose package is locked by its hash.
    counties = pd.read_pickle(shipped("moderndid", "moderndid/core/datasets/mpdta_long.pkl.gz"))
    counties = counties.rename(columns={"first.treat": "first"}).astype({"first": float})
    columns = {"unit": "countyreal", "time": "year", "y": "lemp", "treated_from": "first"}
    cells = sd.did(counties, **columns).att_gt()
    frame = cells.to_frame()
    found = {f"ATT({row.cohort}, {row.period})": row.estimate for row in frame.itertuples()}
    names = {"simple": "simple average", "event": "average over event time", "group": "average over cohorts"}
    for kind, name in (names | {"calendar": "average over years"}).items():
        found[name] = cells.aggregate(kind).estimate
    adjusted = sd.did(counties, **columns, covariates="lpop").att_gt().aggregate("simple")
    found["with log population, doubly robust"] = adjusted.estimate
    found["its standard error"] = adjusted.std_error
    return found | {"two-way fixed effects": _swept(counties)}


def _swept(counties: pd.DataFrame) -> float:
    """Employment on being under the law, counties and years taken off both."""
    under = ((counties["first"] > 0) & (counties["year"] >= counties["first"])).astype(float)
    parts = []
    for values in (counties["lemp"], under):
        means = (values.groupby(counties[name]).transform("mean") for name in ("countyreal", "year"))
        parts.append((values - sum(means) + values.mean()).to_numpy())
    return float(parts[0] @ parts[1] / (parts[1] @ parts[1]))


def castle() -> dict[str, float]:
    """Homicides by the part of the year in which the law was in force, and by its first year."""
    frame = pd.read_csv(shipped("statspai", "statspai/datasets/data/castle_2013.csv"))
    dummies = [pd.get_dummies(frame[name]).to_numpy(float) for name in ("sid", "year")]
    x = np.column_stack([frame[["cdl"]].to_numpy(float), dummies[0], dummies[1][:, 1:]])
    both = cr1_test(least_squares(frame["l_homicide"], x, frame["sid"], frame["popwt"]), 0, nested=49)
    found = {"states and years, weighted": both.estimate, "its standard error, states": both.std_error}
    for later, name in ((0, "the law's"), (1, "the one after")):
        columns = {"unit": "state", "time": "year", "y": "l_homicide", "treated_from": "start"}
        study = sd.did(frame.assign(start=frame["effyear"] + later), **columns)
        found[f"simple average, first year = {name}"] = study.att_gt().aggregate("simple").estimate
    return found


def california() -> dict[str, float]:
    """Packs a head in California against the other states."""
    frame = pd.read_csv(shipped("statspai", "statspai/datasets/data/california_prop99.csv"))
    frame["law"] = (frame["state"] == "California") & (frame["year"] >= 1989)
    study = sd.did(frame, unit="state", time="year", y="cigsale", treated="law")
    ours = study.synthetic()
    found = {"synthetic difference-in-differences": ours.estimate}
    found |= {f"weight of {year}": ours.period_weights[str(year)] for year in (1986, 1987, 1988)}
    found |= {f"weight of {name}": ours.unit_weights[name] for name in ("Nevada", "New Hampshire", "Connecticut")}
    table, treated, after = study.panel.wide(), study.panel.ever_treated, study.panel.periods >= 1989
    controls, mine = table[~treated], table[treated].mean(axis=0)
    placebos = [synthetic_did(controls, np.arange(len(controls)) == at, after).estimate for at in range(len(controls))]
    found["standard error by placebos"] = float(np.std(placebos))
    before = ~after
    equal = np.full(len(controls), 1 / len(controls)), np.full(before.sum(), 1 / before.sum())
    found["difference-in-differences"] = weighted_did(controls, mine, after, *equal)
    tiny = 1e-6 * np.diff(controls[:, before], axis=1).std(ddof=1)
    weights = simplex_weights(controls[:, before].T, mine[before], tiny, intercept=False)
    return found | {"synthetic control": weighted_did(controls, mine, after, weights, np.zeros(before.sum()))}


def medicaid() -> dict[str, float]:
    """Insurance by year around the expansion, and its limits where trends may differ."""
    # A pickle of the peer's own, whose package is locked by its hash.
    frame = pd.read_pickle(shipped("moderndid", "moderndid/core/datasets/ehec_data.pkl.gz"))
    frame = frame[(frame["year"] < 2016) & (frame["yexp2"] != 2015)]
    treated = (frame["yexp2"] == 2014) & (frame["year"] >= 2014)
    study = event_study(panel_from_rows(frame["stfips"], frame["year"], frame["dins"], treated))
    found = {f"effect in {int(year)}": float(one) for year, one in zip(study.period, study.estimate, strict=True)}
    # The published errors count the seven effects and a constant.
    covariance = cr1(least_squares(study.y, study.regressors, study.cluster), nested=study.regressors.shape[1] - 8)[
        :7, :7
    ]
    since, first = study.period - 2013, np.array([1.0, 0.0])
    effects = event_effects(since[:5], since[5:], study.estimate, covariance)
    for M in (0.5, 1, 2):
        limits = relative_interval(effects, first, float(M), rng=np.random.default_rng(0))
        found |= {
            f"relative magnitudes, M = {M}, {end}": one for end, one in zip(("lower", "upper"), limits, strict=True)
        }
    front = frontier(effects.before, effects.after, first, effects.covariance)
    for M in (0, 0.03):
        limit = smooth_interval(effects, front, float(M))
        found |= {f"smoothness, M = {M}, lower": limit.lower, f"smoothness, M = {M}, upper": limit.upper}
    return found


def hope() -> dict[str, float]:
    """One treated state among 42."""
    changes = pd.read_csv(HERE / "hope.csv", comment="#")
    rows = pd.concat([changes.assign(after=0, enrolled=0.0), changes.assign(after=1, enrolled=changes["change"])])
    rows["hope"] = (rows["state"] == "Georgia") & (rows["after"] == 1)
    one = (
        sd.did(rows, unit="state", time="after", y="enrolled", treated="hope", level=1 - 4 / 42)
        .methods()
        .by("conley_taber")
    )
    return {"effect": one.estimate, "lower limit": one.lower, "upper limit": one.upper}


def leukaemia() -> dict[str, float]:
    """Weeks of remission under 6-MP and placebo."""
    frame = pd.read_csv(HERE / "leukaemia.csv", comment="#")
    waits = Waits(frame["weeks"].to_numpy(float), frame["ended"].to_numpy())
    placebo = frame["arm"].to_numpy() == "placebo"
    curve = cumulative_incidence(waits[~placebo])
    found = {f"in remission after {week} weeks": 1 - float(curve.at(week)[0]) for week in (6, 7, 10, 13, 16, 22, 23)}
    ratio = log_hazard_ratio(waits, placebo, np.zeros(len(frame), dtype=int))
    return found | {"log hazard ratio, placebo to 6-MP": float(ratio)}


def schools() -> dict[str, float]:
    """Eight schools by the sampler and the priors of the package."""
    from sverige_did.bayes.priors import Beta, Normal, build_priors
    from sverige_did.bayes.sampling.sample import Settings, sample

    # After ours, which settle how models are compiled before PyMC is loaded.
    import pymc as pm  # isort: skip
    import pytensor.tensor as pt  # isort: skip

    effects, errors = np.array([28.0, 8, -3, 7, -1, 1, 18, 12]), np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    with pm.Model() as model:
        built = build_priors({"mu": Normal(0.0, 5.0, "points", ""), "u": Beta(1.0, 1.0, "", "")})
        # A half-Cauchy of scale 5 is 5 tan(pi u / 2) with u uniform on (0, 1).
        tau = pm.Deterministic("tau", 5 * pt.tan(np.pi / 2 * built["u"]))
        theta = pm.Deterministic("theta", built["mu"] + tau * pm.Normal("school_z", shape=len(effects)))
        pm.Normal("y", theta, errors, observed=effects)
    fit = sample(model, seed=28, settings=Settings(draws=5000, tune=2000, target_accept=0.99))
    means = fit.values("theta").mean(axis=0)
    found = {name: float(fit.values(name).mean()) for name in ("mu", "tau")}
    return found | {f"theta {at + 1}": float(one) for at, one in enumerate(means)}


REPLICATIONS: dict[str, Callable[[], dict[str, float]]] = {
    one.__name__: one for one in (employment, castle, california, medicaid, hope, leukaemia, schools)
}
