import json
import subprocess
import sys

import pytest
import xarray as xr

from sverige_did.bayes.models.group_totals import build_group_contrast
from sverige_did.bayes.sampling import store
from sverige_did.bayes.sampling.sample import sample
from sverige_did.errors import RefusedError

PLAN = "a" * 64


@pytest.fixture(scope="module")
def fits(contrast):
    models = {"share.all.effect": build_group_contrast(-0.75, 0.26, 0.6), "other": build_group_contrast(0.1, 0.2, 0.6)}
    return {name: sample(model, seed=21, compiled=contrast) for name, model in models.items()}


@pytest.fixture
def written(fits, tmp_path):
    path = tmp_path / "new" / "draws.nc"
    store.write_draws(path, fits, PLAN)
    return path


def test_what_is_read_is_what_was_written(fits, written):
    stored = store.read_draws(written, PLAN)
    assert set(stored.fits) == set(fits)
    assert set(stored.versions) == set(store.MADE_WITH)
    for name, fit in fits.items():
        back = stored.fits[name]
        assert back.draws["posterior"].to_dataset().equals(fit.draws["posterior"].to_dataset())
        assert (back.report, back.seed, back.data_sha256) == (fit.report, fit.seed, fit.data_sha256)


def test_other_data_or_priors_have_another_hash(fits):
    assert len({fit.data_sha256 for fit in fits.values()}) == 2


def test_only_the_finished_file_is_left(written):
    assert [file.name for file in written.parent.iterdir()] == ["draws.nc"]


def test_draws_of_another_plan_are_refused(written):
    with pytest.raises(RefusedError) as refused:
        store.read_draws(written, "c" * 64)
    assert refused.value.problems[0].key == "draws_stale"


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "other.nc"
    xr.DataTree(xr.Dataset({"x": 1.0})).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(RefusedError) as refused:
        store.read_draws(path)
    assert refused.value.problems[0].key == "draws_unreadable"


def test_reading_needs_no_pymc(written):
    program = (
        f"import sys; from pathlib import Path; from sverige_did.bayes.sampling import store; "
        f"store.read_draws(Path({json.dumps(str(written))})); sys.exit('pymc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
