import json
import resource
import subprocess
import sys
from dataclasses import asdict

import arviz
import h5py
import numpy as np
import pytest
import xarray as xr
from group_contrast import build_group_contrast

from sverige_did.bayes.models.group_totals import build_group_totals
from sverige_did.bayes.models.hidden_districts import districts
from sverige_did.bayes.sampling import store
from sverige_did.bayes.sampling.sample import sample
from sverige_did.errors import RefusedError

PLAN = "a" * 64


@pytest.fixture(scope="module")
def fits(contrast, shares):
    models = {"share.all.effect": build_group_contrast(-0.75, 0.26, 0.6), "other": build_group_contrast(0.1, 0.2, 0.6)}
    alike = {name: sample(model, seed=21, compiled=contrast) for name, model in models.items()}
    totals = build_group_totals([[17, 8], [75, 75]], [[67, 58], [300, 300]], districts([1] * 4, [1] * 16))
    return alike | {"whole": sample(totals, seed=22, compiled=shares)}


@pytest.fixture
def written(fits, tmp_path):
    path = tmp_path / "new" / "draws.nc"
    store.write_draws(path, fits, PLAN)
    return path


def test_what_is_read_is_what_was_written(fits, written):
    opened = store.open_draws(written, PLAN)
    assert set(opened) == set(fits)
    for name, fit in fits.items():
        tree = opened[name]
        assert tree.isomorphic(fit.draws)
        for group in ("posterior", "sample_stats"):
            assert tree[group].to_dataset().equals(fit.draws[group].to_dataset())
        assert (tree.attrs["seed"], tree.attrs["data_sha256"]) == (fit.seed, fit.data_sha256)
        assert json.loads(tree.attrs["diagnostics"]) == asdict(fit.report)
        assert set(json.loads(tree.attrs["versions"])) == set(store.MADE_WITH)
        assert tree.attrs["plan_sha256"] == PLAN


def test_arviz_summarises_every_fit(fits, written):
    """Also one of another form: its arrays lie in a group of their own."""
    for name, tree in store.open_draws(written).items():
        found = arviz.summary(tree, ci_prob=0.89, ci_kind="eti", round_to="none")
        values = fits[name].values("tau")
        assert found.loc["tau", "mean"] == pytest.approx(values.mean())
        limits = found.loc["tau", ["eti89_lb", "eti89_ub"]]
        assert list(limits) == pytest.approx(np.quantile(values, [0.055, 0.945]), abs=1e-3)
        assert found["r_hat"].max() == pytest.approx(fits[name].report.rhat)
        assert found["ess_bulk"].min() == pytest.approx(fits[name].report.ess_bulk)


def test_a_fit_can_be_kept_by_itself_as_any_other_tree(written, tmp_path):
    tree = store.open_draws(written)["other"]
    tree.to_netcdf(tmp_path / "one.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "one.nc", engine="h5netcdf") as again:
        assert again.load().identical(tree)


def test_other_data_or_priors_have_another_hash(fits):
    assert len({fit.data_sha256 for fit in fits.values()}) == 3


def test_only_the_finished_file_is_left(written):
    assert [file.name for file in written.parent.iterdir()] == ["draws.nc"]


def test_draws_of_another_plan_are_refused(written):
    with pytest.raises(RefusedError) as refused:
        store.open_draws(written, "c" * 64)
    assert refused.value.problems[0].key == "draws_stale"


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "other.nc"
    xr.DataTree(xr.Dataset({"x": 1.0})).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(RefusedError) as refused:
        store.open_draws(path)
    assert refused.value.problems[0].key == "draws_unreadable"


def test_reading_needs_no_pymc(written):
    program = (
        f"import sys; from pathlib import Path; from sverige_did.bayes.sampling import store; "
        f"store.open_draws(Path({json.dumps(str(written))})); sys.exit('pymc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_text_that_is_said_to_be_longer_than_the_file_is_refused_before_memory_is_taken(written):
    with h5py.File(written) as file:
        at = file["0/fit"].id.get_offset()
    content = bytearray(written.read_bytes())
    content[at : at + 4] = (3 << 30).to_bytes(4, "little")
    written.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RefusedError) as refused:
        store.open_draws(written, PLAN)
    assert refused.value.problems[0].key == "draws_unreadable"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("size", [0, 1 << 40, 2**64 - 16])
def test_a_heap_whose_items_lead_nowhere_is_refused_and_not_walked_for_ever(written, size):
    content = bytearray(written.read_bytes())
    at = content.index(b"GCOL") + 16
    while int.from_bytes(content[at : at + 2], "little"):
        at += 16 + -(-int.from_bytes(content[at + 8 : at + 16], "little") // 8) * 8
    content[at + 8 : at + 16] = size.to_bytes(8, "little")  # of what is left over, on which HDF5 stays for ever
    written.write_bytes(content)
    with pytest.raises(RefusedError) as refused:
        store.open_draws(written, PLAN)
    assert refused.value.problems[0].key == "draws_unreadable"


def test_a_disk_that_cannot_take_the_draws_is_told_before_anything_is_written(fits, tmp_path):
    """A limit on files stands for the full disk. HDF5 finds it out on closing the file, and takes Python along."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"draws\.nc"):
            store.write_draws(tmp_path / "draws.nc", fits, PLAN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
