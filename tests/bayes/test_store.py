import json
import subprocess
import sys

import pytest
import xarray as xr

from sverige_did.bayes import store
from sverige_did.bayes.group_totals import build_group_contrast
from sverige_did.bayes.sample import sample
from sverige_did.errors import RefusedError


@pytest.fixture
def fit(contrast):
    return sample(build_group_contrast(-0.75, 0.26, 0.625), seed=21, compiled=contrast)


@pytest.fixture
def written(fit, tmp_path):
    path = tmp_path / "draws" / "tau.nc"
    store.write(path, fit, plan_sha256="a" * 64, data_sha256="b" * 64, model="group_contrast")
    return path


def test_what_is_read_is_what_was_written(fit, written):
    stored = store.read(written, plan_sha256="a" * 64, data_sha256="b" * 64)
    assert stored.draws["posterior"].to_dataset().equals(fit.draws["posterior"].to_dataset())
    assert stored.report == fit.report
    assert stored.provenance.seed == 21
    assert set(stored.provenance.versions) == set(store.MADE_WITH)


def test_draws_from_another_plan_or_other_data_are_refused(written):
    for asked in ({"plan_sha256": "c" * 64}, {"data_sha256": "c" * 64}):
        with pytest.raises(RefusedError) as refused:
            store.read(written, **asked)
        assert refused.value.problems[0].key == "draws_stale"


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "other.nc"
    xr.DataTree(xr.Dataset({"x": 1.0})).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(RefusedError) as refused:
        store.read(path)
    assert refused.value.problems[0].key == "draws_unreadable"


def test_reading_needs_no_pymc(written):
    program = (
        f"import sys; from pathlib import Path; from sverige_did.bayes import store; "
        f"store.read(Path({json.dumps(str(written))})); sys.exit('pymc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
