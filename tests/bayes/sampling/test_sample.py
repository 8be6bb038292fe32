import os
import subprocess
import sys

import numpy as np
import nutpie
import pymc as pm
import pytest
import xarray as xr
from group_contrast import build_group_contrast
from pymc.model.fgraph import clone_model

from sverige_did.bayes.compiled.nutpie_wrapper import compile_thinly
from sverige_did.bayes.models.group_totals import SHARES, build_group_totals
from sverige_did.bayes.models.hidden_districts import districts
from sverige_did.bayes.sampling.diagnostics import ConvergenceCriteria
from sverige_did.bayes.sampling.sample import KEPT_STATISTICS, Settings, data_of, kept, sample, structure
from sverige_did.errors import RefusedError

MODEL = build_group_contrast(-0.75, 0.26, 0.625)
HIDDEN = districts([1] * 4, [1] * 16)
PLACED = [[67, 58], [300, 300]]


def test_draws_do_not_depend_on_the_number_of_cores(contrast):
    one = sample(MODEL, seed=11, settings=Settings(cores=1), compiled=contrast)
    two = sample(MODEL, seed=11, settings=Settings(cores=2), compiled=contrast)
    assert np.array_equal(one.values("tau"), two.values("tau"))


def test_draws_do_not_depend_on_the_data_the_code_was_compiled_with(contrast):
    fresh = sample(MODEL, seed=12)
    bound = sample(MODEL, seed=12, compiled=contrast)
    assert np.array_equal(fresh.values("tau"), bound.values("tau"))


def test_another_seed_gives_other_draws_of_the_same_posterior(contrast):
    first, second = (sample(MODEL, seed=seed, compiled=contrast).values("tau") for seed in (13, 14))
    assert not np.array_equal(first, second)
    assert first.mean() == pytest.approx(second.mean(), abs=0.06)


def test_output_has_the_asked_shape_and_names(contrast):
    fit = sample(MODEL, seed=15, settings=Settings(draws=600, tune=500, chains=3), criteria=None, compiled=contrast)
    posterior = fit.draws["posterior"]
    assert (posterior.sizes["chain"], posterior.sizes["draw"]) == (3, 600)
    assert {"tau", "s"} <= set(posterior.data_vars)
    assert fit.values("tau").shape == (1800,)
    assert np.all(fit.values("s") > 0)


def test_code_of_another_structure_is_not_used(contrast):
    with pytest.raises(ValueError, match="another structure"):
        sample(build_group_totals([[1, 2], [3, 4]], PLACED, HIDDEN), seed=1, compiled=contrast)


def test_structure_ignores_data_and_prior_values_but_not_the_formula():
    one = build_group_totals([[1, 2], [3, 4]], PLACED, HIDDEN)
    other = build_group_totals([[5, 0], [3, 9]], PLACED, districts([1], [1, 2]), SHARES)
    assert structure(one) == structure(other)
    with pm.Model() as doubled:
        pm.Normal("x", 0, 2)
    with pm.Model() as plain:
        pm.Normal("x", 0, 1)
    assert structure(doubled) != structure(plain)


def test_draws_that_fail_a_gate_are_refused(contrast):
    with pytest.raises(RefusedError) as refused:
        sample(MODEL, seed=16, criteria=ConvergenceCriteria(ess=1e9), compiled=contrast)
    assert refused.value.problems[0].key == "not_converged"
    assert "ess_bulk" in refused.value.say("da")


def test_zero_sum_and_bounded_variables_are_kept_as_themselves_alone():
    with pm.Model() as model:
        pm.ZeroSumNormal("between", shape=3)
        pm.Beta("share", 2, 2)
    settings = Settings(draws=150, tune=100, chains=3)
    fit = sample(model, seed=5, settings=settings, criteria=None)
    posterior = fit.draws["posterior"].to_dataset()
    assert set(posterior.data_vars) == {"between", "share"}
    assert posterior["between"].sum("between_dim_0").to_numpy() == pytest.approx(np.zeros((3, 150)))


def test_equal_draws_make_equal_trees(contrast):
    """Nothing that the sampler notes of itself, such as the time of day, is kept."""
    one, two = (sample(MODEL, seed=11, compiled=contrast).draws for _ in range(2))
    xr.testing.assert_identical(one, two)
    assert set(one["sample_stats"].data_vars) == set(KEPT_STATISTICS)
    assert not any(node.attrs for node in one.subtree)


@pytest.mark.parametrize("cut", [slice(0, 149), None])
def test_chains_that_are_too_short_are_not_taken_for_what_was_asked(contrast, cut):
    settings = Settings(draws=150, tune=100, chains=3)
    found = nutpie.sample(contrast.code.with_data(**data_of(MODEL)), draws=150, tune=100, chains=3, seed=5,
                          progress_bar=False, save_warmup=False)  # fmt: skip
    assert kept(found, settings)["posterior"].sizes["draw"] == 150
    if cut:
        short = found.isel(draw=cut)
    else:  # one of them alone, which the sampler fills up with what is no number
        short = found.copy(deep=True)
        short["sample_stats"]["energy"][2, 149] = np.nan
    with pytest.raises(RuntimeError, match="3 chains of 150 draws"):
        kept(short, settings)


DISTRICTS = """
import sys
import numpy as np
from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.sampling.sample import Settings, sample
from sverige_did.bayes.models.district_effects import Cells

district, period = np.divmod(np.arange(24), 4)
treated = np.arange(6) < 2
dose = np.where(treated[district] & (period >= 2), 1.0, 0.0)
count = np.arange(24) % 7 + 2.0
cells = Cells(district, period, treated, dose, count, count, np.full(24, 30.0))
settings = Settings(draws=200, tune=300, chains=2, cores=int(sys.argv[1]))
fit = sample(build_binomial(cells), seed=17, settings=settings, gates=None)
print(fit.values("eta").tobytes().hex(), fit.values("tau").tobytes().hex())
"""


@pytest.mark.slow
def test_draws_of_a_district_model_do_not_depend_on_process_cache_or_cores(tmp_path):
    def drawn(cache, cores):
        environment = os.environ | {"SVERIGE_DID_CACHE": str(tmp_path / cache), "PYTENSOR_FLAGS": ""}
        environment |= {"OMP_NUM_THREADS": cores, "NUMBA_CACHE_DIR": str(tmp_path / cache)}
        command = [sys.executable, "-c", DISTRICTS, cores]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    cold = drawn("one", "2")
    assert len(cold) > 100_000
    assert any((tmp_path / "one" / "pytensor").rglob("*.nbc"))
    assert drawn("one", "1") == cold
    assert drawn("another", "1") == cold


@pytest.mark.slow
def test_thin_wrappers_give_the_draws_that_the_sampler_gives_with_its_own():
    model = build_group_totals([[1, 2], [3, 4]], PLACED, HIDDEN)
    settings = {"draws": 200, "tune": 200, "chains": 2, "seed": 18, "progress_bar": False, "save_warmup": False}
    theirs = nutpie.sample(nutpie.compile_pymc_model(clone_model(model), initial_points={}), **settings)
    ours = nutpie.sample(compile_thinly(clone_model(model), {}), **settings)
    assert np.array_equal(theirs["posterior"]["eta"], ours["posterior"]["eta"])
