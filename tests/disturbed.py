"""The smallest study of each kind, runs of them that are killed at a chosen moment, and what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import small_cases
import small_published
import yaml
from workflow_run import ROOT

from sverige_did.tasks.new import run as new
from sverige_did.tasks.synthesize import run as synthesize
from sverige_did.workflow.records import GENERATED


def published(folder: Path) -> Path:
    """Two outcomes of a made-up study of published figures."""
    outcomes = {"family_share", "caseload"}
    facts = [fact for fact in small_published.FACTS if fact[0] in outcomes]
    wanted = [one for one in small_published.PLAN["outcomes"] if one["outcome"] in outcomes]
    return small_published.write(folder, facts, outcomes=wanted)


def panel(folder: Path) -> Path:
    """Registers of eight districts, one outcome, and its posterior."""
    new(folder, date(2026, 1, 31))
    for file in (folder / "data").iterdir():
        file.unlink()
    synthesize(folder / "data", 5, 8)
    kept = {"distrikter.csv", "boern.csv", "anbringelser.csv", "SYNTHETIC.txt"}
    for file in (folder / "data").iterdir():
        if file.name not in kept:
            file.unlink()
    plan = yaml.safe_load((folder / "study.yaml").read_text("utf-8"))
    example = yaml.safe_load((ROOT / "analyses" / "example" / "study.yaml").read_text("utf-8"))
    plan |= {"synthetic": True}
    plan["registers"] |= {"last_day_counts": False}
    plan["outcomes"] = [one for one in plan["outcomes"] if one["outcome"] == "institution_per_1000"]
    thresholds = [
        one for one in example["posterior"]["decision_thresholds"] if one["outcome"] == "institution_per_1000"
    ]
    plan["posterior"] = example["posterior"] | {"decision_thresholds": thresholds}
    (folder / "study.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True), "utf-8")
    return folder


def cases(folder: Path) -> Path:
    """Cases of three municipalities, few draws, and nobody asked."""
    small_cases.laid_out(folder)
    plan = folder / "study.yaml"
    text = plan.read_text("utf-8")
    for old, quick in (("horizons: [90, 180]", "horizons: [28, 56]"),
                       ("chains: 4, draws: 1000, tune: 700", "chains: 2, draws: 200, tune: 200")):  # fmt: skip
        assert old in text
        text = text.replace(old, quick)
    plan.write_text(text, "utf-8")
    (folder / "data" / "spoergeskema.csv").unlink()
    return folder


KINDS: dict[str, Callable[[Path], Path]] = {"published": published, "panel": panel, "cases": cases}


def run_line(folder: Path, cores: int = 2) -> list[str]:
    return [sys.executable, "-m", "sverige_did", "run", str(folder), "--cores", str(cores)]


def environment(**changes: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "SVERIGE_DID_LANG": "en", "COLUMNS": "200"} | changes


def finish(folder: Path, **changes: str) -> str:
    """Run to the end and undisturbed; all that is said."""
    done = subprocess.run(run_line(folder), capture_output=True, text=True, encoding="utf-8", errors="replace",
                          env=environment(**changes), check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def start(folder: Path, said: Path, cores: int = 2) -> subprocess.Popen[bytes]:
    """A run in a process group of its own; what it says is written to a file."""
    with said.open("ab") as out:
        return subprocess.Popen(
            run_line(folder, cores), env=environment(), start_new_session=True, stdout=out, stderr=out
        )


def kill(run: subprocess.Popen[bytes], folder: Path) -> None:
    """End the run and all its steps at once, as when the power goes."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    wait_until(lambda: not steps(folder))


def wait_until(is_so: Callable[[], object], seconds: float = 300, every: float = 0.02) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(every)


def steps(folder: Path) -> dict[int, str]:
    """The commands that are at work in a folder, by process."""
    return dict(_steps(folder.resolve()))


def _steps(folder: Path) -> Iterator[tuple[int, str]]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                is_step = words[1:3] == ["-m", "sverige_did"] and words[3] != "run"
                if is_step and (process / "cwd").readlink() == folder:
                    yield int(process.name), words[3]
            except (OSError, IndexError):
                continue


def cpu_seconds(process: int) -> float:
    """What a process has computed so far; nothing of one that has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def made(folder: Path) -> dict[str, bytes]:
    """All that a run made, by place, but logs and times."""
    beside = {"logs", "benchmarks"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for name in GENERATED
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and not beside & set(path.parts) and path.name != ".snakemake_timestamp"
    }


def rules_run(folder: Path) -> set[str]:
    """The commands of a finished run, from the times that it wrote down."""
    return {path.name.split(".")[0].replace("_", "-") for path in (folder / "results").rglob("benchmarks/*.tsv")}


def half_written(folder: Path) -> list[Path]:
    """Results under their own name that are not whole."""
    return [path for path in (folder / "results").rglob("*.json") if path.name[0] != "." and not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    if path.parent.name == ".sha256":
        return len(path.read_bytes()) == 64
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True
