"""Faults that really happen, in real runs: a full disk, a killed step, a damaged file, a wrong clock, an odd place.

One finished study is copied for each test. A plan's statements of interviews are a short way to work: what follows from
them is the release and the pages, and nothing is sampled anew.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import disturbed
import pytest
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.tasks import power
from sverige_did.workflow import running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts, /proc and signals as Linux has them")

HEAD = "statement,question,source_group,direction,strength,source,place,said_da,said_en"
ROW = "{key},all,caseworkers,better,some,report.pdf,page 3,Der er mere ro.,There is more calm."


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """A file system mounted at a place that is made; skips where nobody may mount."""
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing may be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """A folder that nobody can write to: by its mode or, for root, whom modes do not bind, by a mount."""
    if os.geteuid():
        before = place.stat().st_mode
        place.chmod(0o555)
        yield
        place.chmod(before)
        return
    with mounted(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        yield


def told(*arguments: object, language: str = "en") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["--language", language, *map(str, arguments)], env={"COLUMNS": "400"})
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.parametrize("below", ["", "results", "results/madeup", ".snakemake"])
def test_a_folder_that_cannot_be_written_to_is_named_before_anything_is_run(tmp_path, monkeypatch, below):
    folder = disturbed.published(tmp_path / "s")
    (folder / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(running, "_snakemake", lambda *_: pytest.fail("it was run"))
    with read_only(folder / below):
        status, said = told("run", folder)
    assert status == 1
    assert f"{folder / below}: Nothing can be written in this folder." in said
    assert "Copy the study to a folder of your own" in said


def test_a_disk_without_room_is_told_before_anything_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "_snakemake", lambda *_: pytest.fail("it was run"))
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as disk:
        folder = disturbed.published(disk / "s")
        status, said = told("run", folder, language="da")
    assert status == 1
    assert "Disken er fuld" in said
    assert "Skaf plads" in said


LITTLE_MEMORY = """
    import resource
    import sverige_did.tasks.power
    from sverige_did.cli import app
    now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (500 << 20),) * 2)
    app(["power", "--districts", "4000", "--treated", "400", "--before", "40", "--after", "40"])
"""


def test_a_computer_with_too_little_memory_is_told_and_what_to_do():
    """A real limit: half a gigabyte beyond what the program takes, for a thousand studies of 4,000 districts."""
    line = [sys.executable, "-c", textwrap.dedent(LITTLE_MEMORY)]
    run = subprocess.run(line, capture_output=True, text=True, env=disturbed.environment(), check=False)
    said = " ".join(run.stderr.split())
    assert run.returncode == 1, said
    assert "There was not enough memory for this step." in said
    assert "--cores 1" in said
    assert "Traceback" not in said


def killed(*_: object, **__: object) -> None:
    """What the kernel does to a process for which there is no memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_told_as_what_it_most_often_is(monkeypatch, tmp_path):
    monkeypatch.setattr(power, "block_of_power", killed)
    status, said = told("power", "--simulations", "2000", "--cores", "2", "--keep", tmp_path / "kept.json")
    assert status == 1
    assert "A part of this command was killed from outside." in said
    assert "too little memory" in said
    assert "--cores 1" in said


# From here on: whole runs.


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = disturbed.published(tmp_path_factory.mktemp("finished") / "s")
    disturbed.finish(folder)
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """The finished study in another place, with its times and its hidden folders."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.fixture(scope="module")
def with_statement(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is made of the finished study where a statement of an interview is added, undisturbed."""
    folder = Path(shutil.copytree(finished, tmp_path_factory.mktemp("with") / "s"))
    state(folder)
    assert "1 statements of interviews read" in disturbed.finish(folder)
    return disturbed.made(folder)


def state(folder: Path, key: str = "a") -> None:
    (folder / "statements.csv").write_text(f"{HEAD}\n{ROW.format(key=key)}\n", "utf-8")


def wait_for(folder: Path, command: str, run: subprocess.Popen[bytes]) -> int:
    """The process of a command that is at work."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = [process for process, name in disturbed.steps(folder).items() if name == command]
        return bool(found) or run.poll() is not None

    disturbed.wait_until(is_there)
    assert found, f"{command} was not run"
    return found[0]


def holds(process: int, name: str) -> bool:
    """Whether a process has a file of that name open."""
    try:
        return any(Path(one.readlink()).name == name for one in Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        return False


@pytest.mark.slow
def test_a_disk_that_fills_up_in_the_midst_is_told_and_the_run_goes_on_when_there_is_room(
    finished, with_statement, tmp_path
):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=12m", "tmpfs") as disk:
        folder, said = Path(shutil.copytree(finished, disk / "s")), tmp_path / "said.txt"
        state(folder)
        run = disturbed.start(folder, said)
        wait_for(folder, "release", run)
        with (disk / "ballast").open("wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(4096)):
                    pass
            except OSError:
                pass
        assert run.wait() == 1
        text = said.read_text("utf-8")
        assert "The disk is full; what was being written is not there." in text
        assert "Make room and give the command again" in text
        assert "Traceback" not in text
        assert disturbed.half_written(folder) == []
        (disk / "ballast").unlink()
        disturbed.finish(folder)
        assert disturbed.made(folder) == with_statement


@pytest.mark.slow
def test_a_plan_that_is_changed_while_a_run_is_at_work_is_named_and_the_next_run_mends_it(
    copy, with_statement, tmp_path
):
    state(copy, "b")
    run = disturbed.start(copy, tmp_path / "said.txt")
    wait_for(copy, "release", run)
    state(copy)
    assert run.wait() == 1
    text = (tmp_path / "said.txt").read_text("utf-8")
    assert "study.yaml: The plan or the data of this study were changed while the run was at work." in text
    assert "Traceback" not in text
    disturbed.finish(copy)
    assert disturbed.made(copy) == with_statement
    assert "Nothing to be done" in disturbed.finish(copy)


@pytest.mark.slow
def test_a_step_that_is_killed_is_named_with_its_likely_reason_and_the_others_go_on(copy, finished, tmp_path):
    for name in ("ladder", "targets", "economy"):
        (copy / "results" / "madeup" / f"{name}.json").unlink()
    run = disturbed.start(copy, tmp_path / "said.txt", cores=1)
    victim = "ladder"
    os.kill(wait_for(copy, victim, run), signal.SIGKILL)
    assert run.wait() == 1
    text = (tmp_path / "said.txt").read_text("utf-8")
    assert "The step “ladder (madeup)” was killed from outside." in text
    assert "too little memory" in text
    assert "The run is not finished" in text
    assert "Traceback" not in text
    assert "RuleException" not in text
    assert "CalledProcessError" not in text
    there = {path.stem for path in (copy / "results" / "madeup").glob("*.json")}
    assert {"targets", "economy"} <= there
    assert not {"ladder", "release"} & there
    disturbed.finish(copy)
    assert disturbed.made(copy) == disturbed.made(finished)


@pytest.mark.slow
def test_two_runs_an_orphan_and_unlock(copy, with_statement, tmp_path):
    """A second run is refused; so is one while a step lives on whose run is dead; then it goes on by itself."""
    state(copy)
    run = disturbed.start(copy, tmp_path / "said.txt")
    step = wait_for(copy, "release", run)
    disturbed.wait_until(lambda: holds(step, running.STEPS), every=0.002)
    os.kill(step, signal.SIGSTOP)
    try:
        for more in ((), ("--unlock",)):
            status, said = told("run", copy, *more)
            assert (status, "at work in this folder" in said) == (1, True)
        others = [int(line) for line in subprocess.run(["pgrep", "-g", str(run.pid), "-f", "snakemake"],
                  capture_output=True, text=True, check=True).stdout.split()]  # fmt: skip
        for process in {run.pid, *others}:
            os.kill(process, signal.SIGKILL)
        run.wait()
        status, said = told("run", copy, "--unlock")
        assert (status, "a step that outlived one" in said) == (1, True)
    finally:
        os.kill(step, signal.SIGCONT)
    disturbed.wait_until(lambda: not disturbed.steps(copy))
    disturbed.finish(copy)
    assert disturbed.made(copy) == with_statement


@pytest.mark.slow
def test_a_run_that_is_stopped_from_the_keyboard_goes_on_and_asks_for_nothing(copy, with_statement, tmp_path):
    state(copy)
    run = disturbed.start(copy, tmp_path / "said.txt")
    wait_for(copy, "release", run)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait() == running.STOPPED
    text = (tmp_path / "said.txt").read_text("utf-8")
    assert "The run was stopped." in text
    assert "Traceback" not in text
    assert not disturbed.steps(copy)
    assert "--unlock" not in disturbed.finish(copy)
    assert disturbed.made(copy) == with_statement


DAMAGE = {
    "results/madeup/posterior.nc": lambda content: content[: len(content) // 2],
    "results/madeup/panel.parquet": lambda content: content[:-20] + bytes(20),
    "results/madeup/release.json": lambda content: content.replace(b"0.9", b"0.8", 1),
    "results/madeup/estimates.csv": lambda _: b"",
    "reports/madeup.en.html": lambda content: content + b"<p>More</p>",
    "release/madeup/madeup.da.html": lambda content: content[:1000],
}


@pytest.mark.slow
def test_a_damaged_file_of_every_form_is_recognised_and_made_anew(copy, finished):
    for name, damage in DAMAGE.items():
        (copy / name).write_bytes(damage((copy / name).read_bytes()))
    said = disturbed.finish(copy)
    named = [name if "results" in name or "reports" in name else "release/madeup" for name in DAMAGE]
    assert all(f"“{name}” was not as it was written, and is made anew" in said for name in named)
    assert disturbed.made(copy) == disturbed.made(finished)


@pytest.mark.slow
def test_kept_machine_code_that_is_damaged_or_of_another_version_changes_no_result(finished, copy, tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "NUMBA_CACHE_DIR": str(tmp_path / "cache" / "numba")}
    (copy / "results" / "madeup" / "posterior.json").unlink()
    disturbed.finish(copy, **cache)
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix in {".nbi", ".nbc"}]
    assert kept
    for at, path in enumerate(kept):
        content = path.read_bytes()
        path.write_bytes(b"" if at % 3 == 0 else content[:-9] + bytes(9) if at % 3 == 1 else bytes(32) + content[32:])
    (copy / "results" / "madeup" / "posterior.json").unlink()
    disturbed.finish(copy, **cache)
    assert disturbed.made(copy) == disturbed.made(finished)


@pytest.mark.slow
def test_a_clock_that_was_wrong_neither_hides_a_change_nor_makes_anything_twice(copy, with_statement):
    """Results of the year 2040, a plan of the year 2041: nothing to do. Then a change that is dated 1990."""
    for place in ("results", "reports", "release"):
        for at, path in enumerate(sorted((copy / place).rglob("*"))):
            os.utime(path, (2_208_988_800 + at % 7,) * 2)
    os.utime(copy / "study.yaml", (2_240_611_200,) * 2)
    assert "Nothing to be done" in disturbed.finish(copy)
    state(copy)
    os.utime(copy / "statements.csv", (631_152_000,) * 2)
    assert "1 statements of interviews read" in disturbed.finish(copy)
    assert disturbed.made(copy) == with_statement
    assert "Nothing to be done" in disturbed.finish(copy)


ODD = "børn \"a\" 'b' 100% {x} $y"


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"TZ": "Pacific/Apia", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "HOME": "/dev/null/home"},
        {
            "TZ": "America/St_Johns",
            "LC_ALL": "tr_TR.UTF-8",
            "LANG": "da_DK.UTF-8",
            "SVERIGE_DID_LANG": "da",
            "HOME": "",
        },
    ],
    ids=["no letters", "Turkish"],
)
def test_wherever_and_whoever_runs_it_the_results_are_the_same(finished, tmp_path, changes):
    folder = disturbed.published(tmp_path / ODD)
    said = disturbed.finish(folder, XDG_CACHE_HOME="", **changes)
    assert "Traceback" not in said
    assert disturbed.made(folder) == disturbed.made(finished)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "draws"), [("published", "posterior"), ("cases", "posteriors/waits")])
def test_sampling_that_does_not_converge_is_told_and_the_page_still_comes_out(tmp_path, kind, draws):
    folder = disturbed.KINDS[kind](tmp_path / "our-study")
    plan = folder / "study.yaml"
    text = plan.read_text("utf-8")
    for old, few in (("draws: 500", "draws: 100"), ("tune: 400", "tune: 100"),
                     ("draws: 200, tune: 200", "draws: 100, tune: 100")):  # fmt: skip
        text = text.replace(old, few)
    plan.write_text(text, "utf-8")
    said = disturbed.finish(folder)
    (results,) = (path for path in (folder / "results").iterdir() if (path / "plan.json").exists())
    assert "its draws did not converge, and nothing is told of them" in said
    assert (results / f"{draws}.refused.nc").stat().st_size > 1000
    assert list((folder / "reports").glob("*.da.html"))
    assert not list((folder / "release").rglob("*.nc"))
