"""The Bayesian models beside simuk, bambi and PyMC's own sampler, in one run.

    python benchmarks/bayes.py                        # some fifteen minutes on two quiet cores
    python benchmarks/bayes.py --work sdq

One JSON line a piece of work: {"work", "unit", "ours", "peer", "peer_name", "ratio", "goal", "equal", ...}. Higher is
better; ratio is ours / peer. ``equal``: the posteriors agree within four Monte Carlo standard errors.

- calibration: fits a minute of processor time in simulation-based calibration of the binomial share model, 800 draws
  after 500, one chain. simuk compiles every fit anew; ours compiles once, and its one compilation is counted in full.
- share_default, share_nutpie, share_nutpie_bold: effective draws a second on one core, the smallest over the
  parameters that both models have, of a binomial share model of 20 districts and 8 half-years. bambi by its own sampler
  and target acceptance (.8) against ours by our own (.95); bambi by nutpie with both at .95; and with both at .8.
  Districts' own levels, shocks and effects vary in both; persistence of shocks and drift, which bambi has not, are
  believed to be zero in ours. Compilation is left out; the median of the ratios of runs in turn, each pair from
  a seed of its own, counts.
- sdq: the same for 100 children with four SDQ questionnaires each; the peer is PyMC's own sampler, given our model and
  its machine code, so that the samplers alone are compared. Divergences of both are told.
- end_to_end: seconds of one process from its start to the draws of the share model, import and compilation included,
  with an empty cache and with a filled one; here the ratio is the peer's time over ours, both with a filled one.

Calibration is told in processor time of one process, which other work on a machine changes least. A missing peer ends
the run with exit code 1: install the dependency group ``bench``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

# Ours settles how PyTensor compiles, for the peers as well, so it comes before PyMC.
from sverige_did.bayes.models.binomial import SHARES, build_binomial
from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.sdq_growth import Scores, build_sdq
from sverige_did.bayes.priors import Beta, HalfNormal
from sverige_did.bayes.sampling.sample import Settings, compile_model, sample

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "validation"))
from sbc_ranks import calibrate

PEERS = {"bambi": "bambi", "simuk": "simuk"}
GOALS = {"calibration": 10.0, "share_default": 5.0, "share_nutpie": 1.3, "share_nutpie_bold": 1.3, "sdq": 3.0,
         "end_to_end": 1.0}  # fmt: skip
FITS, PEER_FITS = 40, 3
ROUNDS = 7
DRAWS = {"draws": 1000, "tune": 1000, "chains": 4, "cores": 1, "target_accept": 0.95}
ALIKE = {"gamma": "treated", "tau": "exposed", "sigma_alpha": "1|district_sigma", "sigma_s": "1|cell_sigma",
         "sigma_tau": "exposed|district_sigma"}  # fmt: skip
"""Parameters that both share models have: ours and bambi's name."""


def share_cells(groups=20, periods=8, n_treated=4, seed=20130601):
    """Twenty districts, four of them treated from the fifth half-year."""
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(groups * periods), periods)
    treated = np.arange(groups) < n_treated
    dose = np.where(treated[district] & (period >= periods // 2), 1.0, 0.0)
    size = rng.integers(15, 60, district.size).astype(float)
    eta = -1.2 + rng.normal(0, 0.4, groups)[district] + rng.normal(0, 0.3, district.size) - 0.6 * dose
    count = rng.binomial(size.astype(int), 1 / (1 + np.exp(-eta))).astype(float)
    return Cells(district, period, treated, dose, count, count, size)


def plain_priors():
    """Shocks without memory and no drift: what a model of random effects can say too."""
    memoryless, none = Beta(20.0, 2e4, "correlation", ""), HalfNormal(1e-3, "log_odds_sd", "")
    return replace(SHARES, persistence=memoryless, period_sd=none)


def bambi_share(cells):
    """The same model by a formula, with the same priors."""
    import bambi
    import pandas as pd

    p = plain_priors()

    def normal(prior):
        return bambi.Prior("Normal", mu=prior.mean, sigma=prior.sd)

    def varying(prior):
        return bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfNormal", sigma=prior.sd))

    columns = {
        "y": cells.low.astype(int), "n": cells.size.astype(int), "exposed": cells.dose,
        "treated": cells.treated[cells.district].astype(float), "district": cells.district.astype(str),
        "cell": np.arange(len(cells.low)).astype(str),
    }  # fmt: skip
    priors = {
        "Intercept": normal(p.level), "treated": normal(p.baseline_difference), "exposed": normal(p.effect),
        "1|district": varying(p.district), "exposed|district": varying(p.effect_sd), "1|cell": varying(p.shock),
    }  # fmt: skip
    formula = "p(y, n) ~ 1 + treated + exposed + (1|district) + (0 + exposed|district) + (1|cell)"
    model = bambi.Model(
        formula, pd.DataFrame(columns), family="binomial", priors=priors, center_predictors=False, auto_scale=False
    )
    model.build()
    return model


def sdq_scores(children=100, waves=4, seed=7):
    """Half the children are helped from the second of four half-yearly questionnaires."""
    rng = np.random.default_rng(seed)
    child, wave = np.divmod(np.arange(children * waves), waves)
    dose = (wave > 0) * (child % 2) * 1.0
    eta = -0.6 + rng.normal(0, 0.5, children)[child] - 0.4 * dose
    share = rng.beta(25 / (1 + np.exp(-eta)), 25 / (1 + np.exp(eta)))
    return Scores(child, np.zeros_like(child), 0.5 * wave, dose, rng.binomial(40, share).astype(float))


class Drawn(NamedTuple):
    """Draws (chains, draws) by name, seconds of sampling without compilation or diagnostics, and divergences."""

    draws: dict[str, np.ndarray]
    seconds: float
    diverged: int


def ours(model, names, target=DRAWS["target_accept"]):
    """A function that samples our model from a seed."""
    settings, compiled = Settings(**DRAWS | {"target_accept": target}), compile_model(model)

    def run(seed):
        fit = sample(model, seed=seed, settings=settings, criteria=None, compiled=compiled, progress=False)
        posterior = fit.draws["posterior"]
        return Drawn({name: posterior[name].to_numpy() for name in names}, fit.seconds, fit.report.divergences)

    return run


def peers(fit, names):
    """The same for a peer, whose sampler notes how long it sampled."""

    def run(seed):
        found = fit(draws=DRAWS["draws"], tune=DRAWS["tune"], random_seed=seed)
        draws = {name: np.asarray(found["posterior"][name]) for name in names}
        return Drawn(draws, found["posterior"].attrs["sampling_time"], int(found["sample_stats"]["diverging"].sum()))

    return run


def effective(draws):
    """Bulk effective draws of one parameter, (chains, draws)."""
    from arviz_stats import ess

    return float(ess(draws, method="bulk", chain_axis=0, draw_axis=1))


def agrees(ours, peer):
    """Whether means and sds are the same within four Monte Carlo standard errors."""
    apart = []
    for a, b in zip(ours, peer, strict=True):
        sd, error = a.std(), np.sqrt(1 / effective(a) + 1 / effective(b))
        apart += [abs(a.mean() - b.mean()) / (sd * error), abs(np.log(b.std() / sd)) / error]
    return bool(max(apart) < 4), round(float(max(apart)), 2)


def compared(work, mine, theirs, peer_name):
    """The line for two samplers of one posterior, run in turn; their parameters stand in the same order."""
    rounds = [(mine(seed), theirs(seed)) for seed in range(1, ROUNDS + 1)]
    found = np.array([[respondents(one), respondents(other)] for one, other in rounds])
    ratio = np.median(found[:, 0, 0] / found[:, 1, 0])
    (rate, least, seconds), (peer_rate, peer_least, peer_seconds) = np.median(found, axis=0)
    a, b = ([np.concatenate(all_rounds) for all_rounds in draws_of(side)] for side in zip(*rounds, strict=True))
    equal, apart = agrees(a, b)
    line = {"work": work, "unit": "effective draws a second on one core", "ours": round(rate, 1)}
    line |= {"peer": round(peer_rate, 1), "peer_name": peer_name, "ratio": round(ratio, 2)}
    line |= {"goal": GOALS[work], "equal": equal, "largest_difference_in_errors": apart, "rounds": ROUNDS}
    line |= {"divergences": [sum(drawn.diverged for drawn in side) for side in zip(*rounds, strict=True)]}
    return line | {"ess": [round(least), round(peer_least)], "seconds": [round(seconds, 1), round(peer_seconds, 1)]}


def respondents(drawn):
    """Effective draws a second, effective draws and seconds of one run."""
    least = min(map(effective, drawn.draws.values()))
    return least / drawn.seconds, least, drawn.seconds


def draws_of(side):
    """For each parameter its draws, round by round."""
    return zip(*(drawn.draws.values() for drawn in side), strict=True)


SHARES_BY = {"share_default": ("pymc", 0.95, 0.8), "share_nutpie": ("nutpie", 0.95, 0.95),
             "share_nutpie_bold": ("nutpie", 0.8, 0.8)}  # fmt: skip
"""The sampler that bambi uses, and the target acceptance of ours and of bambi's."""


def share(work):
    """Ours beside bambi by one of its samplers."""
    cells, (method, target, peer_target) = share_cells(), SHARES_BY[work]
    model = bambi_share(cells)
    options = {"chains": DRAWS["chains"], "cores": 1, "inference_method": method}

    def run(**how):
        return model.fit(target_accept=peer_target, progressbar=False, **options, **how)

    mine = ours(build_binomial(cells, plain_priors()), ALIKE, target)
    return compared(work, mine, peers(run, ALIKE.values()), f"bambi, {method}")


def sdq(work):
    """One model, our sampler beside PyMC's."""
    import pymc as pm
    import xarray as xr

    model = build_sdq(sdq_scores())
    names = ("level", "trend", "tau", "log_kappa", "sd_child", "sd_slope")
    normal, scale = names[:4], names[4:]

    def run(**how):
        options = {key: DRAWS[key] for key in ("chains", "cores", "target_accept")}
        with model:
            # Unless told, PyMC takes nutpie where it is installed.
            found = pm.sample(nuts_sampler="pymc", progressbar=False, **options, **how)
        posterior = found["posterior"]
        named = {name: posterior["normal"].sel(normal_name=name, drop=True) for name in normal}
        named |= {name: posterior["scale"].sel(scale_name=name, drop=True) for name in scale}
        return {"posterior": xr.Dataset(named, attrs=posterior.attrs), "sample_stats": found["sample_stats"]}

    return compared(work, ours(model, names), peers(run, names), "PyMC's NUTS")


def calibration(work):
    """Fits a minute; simuk is given our model, and one of its data sets is fitted by ours to compare."""
    import pymc as pm
    import simuk

    cells = share_cells(groups=6, periods=5, n_treated=3)
    model = build_binomial(cells)
    short = {"draws": 800, "tune": 500, "chains": 1, "cores": 1, "target_accept": 0.9}

    def again(y):
        return build_binomial(replace(cells, low=y, high=y))

    start = time.process_time()
    calibrate(model, again, ("tau",), FITS, np.random.default_rng(1), Settings(**short), 8)
    mine = 60 * FITS / (time.process_time() - start)
    start = time.process_time()
    peer = simuk.SBC(model, num_simulations=PEER_FITS, sample_kwargs=short, seed=1, progress_bar=False)
    peer.run_simulations()
    theirs = 60 * PEER_FITS / (time.process_time() - start)
    # The data that simuk made are kept nowhere; its seeds make them again, and it has no public name for them.
    with model:
        made = pm.sample_prior_predictive(draws=PEER_FITS, random_seed=peer._seeds[0])  # noqa: SLF001
    y = made["prior_predictive"]["y"].to_numpy()[0, 0].astype(float)
    drawn = ours(again(y), ["tau"])(seed=1)
    posterior = peer.posteriors[0]["normal"].sel(normal_name="tau").to_numpy()[None]
    equal, apart = agrees(drawn.draws.values(), [posterior])
    line = {"work": work, "unit": "fits a processor minute", "ours": round(mine, 1), "peer": round(theirs, 2)}
    line |= {"peer_name": "simuk", "ratio": round(mine / theirs, 1), "goal": GOALS[work], "equal": equal}
    return line | {"largest_difference_in_errors": apart, "fits": [FITS, PEER_FITS]}


def end_to_end(work):
    """Whole processes, with an empty cache and with the one that the first left behind."""
    seconds, draws = {}, {}
    for who in ("ours", "bambi"):
        with tempfile.TemporaryDirectory() as folder:
            flags = f"mode=NUMBA,cxx=,numba__fastmath=False,base_compiledir={folder}"
            environment = os.environ | {"PYTENSOR_FLAGS": flags, "NUMBA_CACHE_DIR": folder}
            for state in ("cold", "warm"):
                start = time.perf_counter()
                told = Path(folder) / "tau.npy"
                subprocess.run([sys.executable, __file__, "--whole", who, "--told", told], env=environment, check=True)
                seconds[who, state] = round(time.perf_counter() - start, 1)
            draws[who] = [np.load(told)]
    equal, apart = agrees(draws["ours"], draws["bambi"])
    mine, peer = seconds["ours", "warm"], seconds["bambi", "warm"]
    line = {"work": work, "unit": "seconds, lower is better", "ours": mine, "peer": peer, "peer_name": "bambi, pymc"}
    line |= {"ratio": round(peer / mine, 2), "goal": GOALS[work], "equal": equal, "largest_difference_in_errors": apart}
    return line | {"cold": [seconds["ours", "cold"], seconds["bambi", "cold"]]}


def whole(who, told):
    """One process of :func:`end_to_end`; the draws of the effect are left in a file."""
    cells = share_cells()
    if who == "ours":
        model = build_binomial(cells, plain_priors())
        found = sample(model, seed=1, settings=Settings(**DRAWS), criteria=None, progress=False).draws["posterior"][
            "tau"
        ]
    else:
        options = {key: DRAWS[key] for key in ("draws", "tune", "chains", "cores", "target_accept")}
        found = bambi_share(cells).fit(random_seed=1, progressbar=False, **options)["posterior"][ALIKE["tau"]]
    np.save(told, np.asarray(found))


WORKS = {
    "calibration": calibration,
    "share_default": share,
    "share_nutpie": share,
    "share_nutpie_bold": share,
    "sdq": sdq,
    "end_to_end": end_to_end,
}


def main():
    """Time the works asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", choices=WORKS, action="append")
    parser.add_argument("--whole", choices=("ours", "bambi"), help=argparse.SUPPRESS)
    parser.add_argument("--told", help=argparse.SUPPRESS)
    requested = parser.parse_args()
    missing = [name for name, module in PEERS.items() if find_spec(module) is None]
    if missing:
        print(f"not installed: {', '.join(missing)}; install the dependency group bench", file=sys.stderr)
        return 1
    warnings.simplefilter("ignore")  # the peers' remarks on short runs
    logging.getLogger("pymc").setLevel(logging.ERROR)
    if requested.whole:
        whole(requested.whole, requested.told)
        return 0
    for work in requested.work or WORKS:
        print(json.dumps(WORKS[work](work)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
