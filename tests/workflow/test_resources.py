"""What a job asks a cluster for: more than was ever measured of it, and never a reason to refuse it on one machine."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from workflow_run import ROOT, snakemake

from sverige_did.workflow.resources import MEASURED, OWN_MB, UNMEASURED, asks, measured, memory, minutes, size_of

RULES = ROOT / "sverige_did" / "workflow"
HEAD = re.compile(r"^rule (\w+):\n((?:(?:    .*)?\n)+)", re.MULTILINE)
ASKED = re.compile(r"^    resources:\n        \*\*asks\(\"(\w+)\"\),\n", re.MULTILINE)
SIZES = (0.001, 0.5, 1.0, 3.0, 10.0, 100.0, 1000.0)


def rules() -> dict[str, str]:
    files = [RULES / "Snakefile", *RULES.glob("*.smk")]
    return {name: body for file in files for name, body in HEAD.findall(file.read_text("utf-8"))}


RUN = sorted(set(rules()) - {"all"})


def test_every_rule_asks_for_memory_and_time_by_its_own_name() -> None:
    assert len(RUN) > 25
    assert {name: ASKED.findall(rules()[name]) for name in RUN} == {name: [name] for name in RUN}
    assert set(asks("plan")) == {"mem_mb", "runtime"}


def test_every_rule_was_measured_and_nothing_else_stands_in_the_table() -> None:
    assert set(measured()) == set(RUN)


@pytest.mark.parametrize("rule", RUN)
def test_what_is_asked_for_is_above_all_that_was_measured(rule: str) -> None:
    for one in measured()[rule]:
        assert memory(rule, one.input_mb) - OWN_MB >= 1.2 * one.peak_mb
        assert 60 * minutes(rule, one.input_mb) >= 2 * one.seconds


@pytest.mark.parametrize("rule", RUN)
def test_more_input_and_another_attempt_ask_for_no_less(rule: str) -> None:
    for asked in (memory, minutes):
        found = [asked(rule, size) for size in SIZES]
        assert found == sorted(found)
        assert [asked(rule, size, 2) > asked(rule, size) for size in SIZES] == [True] * len(SIZES)
    assert memory(rule, 3.0, 2) >= 2 * (memory(rule, 3.0) - OWN_MB) - 100
    assert minutes(rule, 3.0, 2) == 2 * minutes(rule, 3.0)


def test_a_rule_that_nobody_measured_gets_two_gigabytes_and_half_an_hour() -> None:
    assert UNMEASURED
    assert (memory("a_new_rule", 0.5), minutes("a_new_rule", 0.5)) == (2000, 30)


def test_a_megabyte_of_text_holds_fewer_rows_than_one_of_parquet(tmp_path: Path) -> None:
    names = ("a.parquet", "a.csv", "a.xlsx", "plan.json")
    for name in names:
        (tmp_path / name).write_bytes(bytes(2**20))
    assert [size_of([str(tmp_path / name)]) for name in names] == [1.0, 0.2, 0.5, 1.0]
    assert size_of(str(tmp_path / name) for name in names) == pytest.approx(2.7)


def test_one_machine_with_less_memory_runs_every_job_and_counts_what_each_asks_for(tmp_path: Path) -> None:
    for kind in ("analyses", "data"):
        shutil.copytree(ROOT / kind / "rollout", tmp_path / kind / "rollout")
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "config.yaml").write_text("cores: 1\n", "utf-8")
    plain = ("--workflow-profile", str(tmp_path / "profile"))
    small = snakemake(tmp_path, *plain, "results/rollout/plan.json", "--resources", "mem_mb=100")
    assert small.returncode == 0, small.stdout + small.stderr
    assert "mem_mb=100" in small.stderr
    # The statements' own input is made in the same run: what they ask for is known only then.
    (tmp_path / "results" / "rollout" / "plan.json").unlink()
    usual = snakemake(tmp_path, *plain, "results/rollout/statements.json")
    assert usual.returncode == 0, usual.stdout + usual.stderr
    asked = re.findall(r"resources: .*runtime=(\d+), mem_mb=(\d+)", usual.stderr)
    assert asked == [(str(minutes(one, 0.0)), str(memory(one, 0.0))) for one in ("plan", "statements")]


@pytest.mark.parametrize("profile", ["slurm", "cluster-generic", "kubernetes"])
def test_the_profiles_try_again_with_more_and_set_nothing_that_the_rules_ask_for(profile: str) -> None:
    found = yaml.safe_load((ROOT / "profiles" / profile / "config.yaml").read_text("utf-8"))
    assert found["retries"] == 1
    assert "default-resources" not in found
    assert MEASURED.is_file()


def local() -> set[str]:
    """The rules that a cluster does not run."""
    listed = re.search(r"^localrules:\n((?:    \w+,\n)+)", (RULES / "Snakefile").read_text("utf-8"), re.MULTILINE)
    assert listed
    return set(re.findall(r"\w+", listed[1])) - {"all"}


def test_what_runs_where_snakemake_runs_is_short_and_small_at_every_size() -> None:
    assert local() < set(RUN)
    long = {(rule, one) for rule in local() for one in measured()[rule] if one.seconds > 60 or one.peak_mb > 500}
    assert long == set()
