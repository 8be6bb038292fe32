"""No command but ``statbank fetch`` uses the network: with every way out forbidden, all others do their work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import small_registers as small
import yaml
from made_up_exports import measures_xml
from small_published import FACTS, PLAN, write
from small_release import make_release
from typer.testing import CliRunner
from workflow_run import ROOT

from sverige_did.cli import app
from sverige_did.files import write_model

FORBIDDEN = """
import os, socket
def no(*asked, **_):
    with open(os.environ["ASKED"], "a") as file:
        file.write(repr(asked) + "\\n")
    raise OSError("no network here")
for name in ("connect", "connect_ex", "sendto"):
    kept = getattr(socket.socket, name)
    def method(self, *asked, kept=kept):
        return kept(self, *asked) if self.family == getattr(socket, "AF_UNIX", None) else no(*asked)
    setattr(socket.socket, name, method)
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = no
"""
"""What Python loads first of all: nobody leads out, and whoever tries is written down."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every try to reach the network, each of which fails."""
    tries: list[object] = []

    def no(*what: object, **_: object) -> None:
        tries.append(what)
        raise OSError("no network here")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, no)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, no)
    return tries


def done(*arguments: object) -> str:
    found = CliRunner().invoke(app, list(map(str, arguments)))
    assert found.exit_code == 0, found.output
    return found.output


def test_commands_do_their_work_without_a_network(asked: list[object], tmp_path: Path) -> None:
    folder, out = tmp_path / "study", tmp_path / "results"
    (folder / "data").mkdir(parents=True)
    small.write(folder / "data", small.delivery())
    (folder / "study.yaml").write_text(yaml.safe_dump(small.plan(), allow_unicode=True), "utf-8")
    for name in ("a", "b"):
        write_model(tmp_path / name / "release.json", make_release())
    source = tmp_path / "raw"
    source.mkdir()
    (source / "L201.xml").write_text(measures_xml([("SYN-2", "s1", "SEL 52.3.3", "2014-02-01", None)]), "utf-8")
    done("version")
    done("new", tmp_path / "new")
    done("check", folder)
    done("plan", "small", "--source", folder / "study.yaml", "--out", out / "plan.json")
    done("registers", "--plan", out / "plan.json", "--data", folder / "data", "--out", out / "problems.json")
    made = [f"--{name}={out / name}.json" for name in ("coverage", "left-out", "sources")]
    done("panel", "--plan", out / "plan.json", "--data", folder / "data", "--out", out / "panel.parquet", *made)
    done("design", "--plan", out / "plan.json", "--panel", out / "panel.parquet", "--out", out / "designs.json")
    done("compare", tmp_path / "a", tmp_path / "b")
    done("convert", source, tmp_path / "converted")
    assert asked == []


def test_the_one_command_that_asks_is_caught_by_this(asked: list[object], tmp_path: Path) -> None:
    (tmp_path / "analyses").symlink_to(ROOT / "analyses")
    found = CliRunner().invoke(app, ["statbank", "fetch", "rollout", "--folder", str(tmp_path), "--no-cache"])
    assert found.exit_code == 1
    assert asked
    assert not (tmp_path / "data" / "rollout").exists()


@pytest.mark.slow
def test_a_whole_run_asks_nobody(tmp_path: Path) -> None:
    """Snakemake and every process that it starts, the sampler among them."""
    first = tmp_path / "first"
    first.mkdir()
    (first / "sitecustomize.py").write_text(FORBIDDEN)
    kept = {"family_share", "caseload"}
    outcomes = [one for one in PLAN["outcomes"] if one["outcome"] in kept]  # type: ignore[attr-defined]
    folder = write(tmp_path / "study", [fact for fact in FACTS if fact[0] in kept], outcomes=outcomes)
    own = os.environ | {"PYTHONPATH": os.pathsep.join([str(first), str(ROOT)]), "ASKED": str(tmp_path / "asked.txt")}
    probe = [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80))"]
    assert subprocess.run(probe, env=own, capture_output=True, check=False).returncode == 1
    assert (tmp_path / "asked.txt").read_text()
    (tmp_path / "asked.txt").unlink()
    line = [sys.executable, "-m", "sverige_did", "run", str(folder), "--cores", "2"]
    run = subprocess.run(line, env=own, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (folder / "release" / "madeup" / "SHA256SUMS").is_file()
    tried = tmp_path / "asked.txt"
    assert not tried.exists(), tried.read_text()
