import numpy as np
import nutpie
import pymc as pm
import pytest
import xarray as xr

from sverige_did.bayes.sampling.sample import compile_model
from sverige_did.bayes.sampling.traces import KEPT_STATISTICS, read_trace

ASKED = {"draws": 150, "tune": 100, "chains": 3, "seed": 5, "progress_bar": False, "save_warmup": False}


def test_draws_dimensions_and_coordinates_are_those_of_the_samplers_own_conversion(shares):
    theirs = nutpie.sample(shares.code, **ASKED)
    ours = read_trace(nutpie.sample(shares.code, **ASKED, return_raw_trace=True), shares.code.coords, (3, 150))
    wanted = {"posterior": theirs["posterior"].to_dataset()}
    wanted["sample_stats"] = theirs["sample_stats"].to_dataset()[list(KEPT_STATISTICS)]
    for group, draws in wanted.items():
        xr.testing.assert_identical(ours[group].to_dataset(), draws.drop_attrs())
        assert [ours[group][name].dtype for name in draws.variables] == [
            kept.dtype for kept in draws.variables.values()
        ]
    assert list(ours["posterior"]["eta"].dims) == ["chain", "draw", "cell"]


def test_zero_sum_and_bounded_variables_are_kept_as_themselves_alone():
    with pm.Model() as model:
        pm.ZeroSumNormal("between", shape=3)
        pm.Beta("share", 2, 2)
    code = compile_model(model).code
    raw = nutpie.sample(code, **ASKED, return_raw_trace=True)
    kept = read_trace(raw, code.coords, (3, 150))["posterior"].to_dataset()
    assert set(kept.data_vars) == {"between", "share"}
    assert kept["between"].sum("between_dim_0").to_numpy() == pytest.approx(np.zeros((3, 150)))


def test_chains_that_are_too_short_are_not_taken_for_what_was_asked(shares):
    with pytest.raises(RuntimeError, match="3 chains of 151 draws"):
        read_trace(nutpie.sample(shares.code, **ASKED, return_raw_trace=True), shares.code.coords, (3, 151))
