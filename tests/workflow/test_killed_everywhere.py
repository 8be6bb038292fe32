"""Killed in every rule and started again: nothing is half-written on the way, and the results are those of a run
that nobody stopped.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import disturbed
import pytest

from sverige_did.workflow.running import STOPPED

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for the steps of a run in /proc")

AT_WORK = 0.4
"""Seconds that a step has computed when it is killed at work; the shortest take one."""


def places(folder: Path) -> set[str]:
    """What lies there now of all that a run writes, but logs and times."""
    found = [path for name in ("results", "reports", "release") for path in (folder / name).rglob("*")]
    return {str(path) for path in found if not {"logs", "benchmarks"} & set(path.parts)}


def killed_in(folder: Path, run: subprocess.Popen[bytes], met: set[str], moment: str) -> str | None:
    """Kill the run in the first step of a rule that was not met; which, or None where the run ends before."""
    lay: dict[int, set[str]] = {}
    while run.poll() is None:
        for process, command in disturbed.steps(folder).items():
            if command in met:
                continue
            before = lay.setdefault(process, places(folder))
            is_time = disturbed.cpu_seconds(process) > AT_WORK if moment == "at work" else places(folder) - before
            if is_time:
                disturbed.kill(run, folder)
                return command
        time.sleep(0.002)
    return None


def walk(folder: Path, moment: str) -> list[str]:
    """Start and kill until every rule was killed once, then let it finish; the rules in their order."""
    killed: list[str] = []
    said = folder.parent / "said.txt"
    while True:
        run = disturbed.start(folder, said)
        command = killed_in(folder, run, set(killed), moment)
        if command is None:
            assert run.wait() == 0, said.read_text("utf-8", "replace")
            return killed
        killed.append(command)
        assert disturbed.half_written(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["at work", "writing"])
@pytest.mark.parametrize("kind", disturbed.KINDS)
def test_a_run_that_is_killed_once_in_every_rule_gives_the_same_results(tmp_path, kind, moment):
    undisturbed = disturbed.KINDS[kind](tmp_path / "undisturbed" / "our-study")
    disturbed.finish(undisturbed)
    folder = disturbed.KINDS[kind](tmp_path / "killed" / "our-study")
    began = time.monotonic()
    killed = walk(folder, moment)
    took = time.monotonic() - began
    print(f"{len(killed)} rules killed in {took:.0f} s: {', '.join(killed)}")  # noqa: T201 - seen with pytest -s
    assert set(killed) == disturbed.rules_run(undisturbed)
    assert not list(folder.rglob("*.unfinished"))
    assert "Nothing to be done" in disturbed.finish(folder)
    assert disturbed.made(folder) == disturbed.made(undisturbed)


def test_a_run_that_is_killed_while_it_writes_goes_on_by_itself(tmp_path):
    """Short: killed in its first rule and, started again, ended in the third; nobody is asked for an option."""
    folder, said = disturbed.published(tmp_path / "s"), tmp_path / "said.txt"
    assert killed_in(folder, disturbed.start(folder, said), set(), "writing") == "plan"
    assert disturbed.half_written(folder) == []
    run = disturbed.start(folder, said)
    disturbed.wait_until(lambda: (folder / "results" / "madeup" / "reported.json").exists() or run.poll() is not None)
    run.send_signal(signal.SIGTERM)
    assert run.wait() == STOPPED
    told = said.read_text("utf-8")
    assert "published figures read" in told
    assert "The run was stopped." in told
    assert "--unlock" not in told
    assert not list(folder.rglob("*.unfinished"))
