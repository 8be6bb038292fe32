"""What a user sees when something goes wrong around a run: another run, a kill, a full disk, odd names, rights."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from disturbed import published as study
from workflow_run import ROOT

from sverige_did import words
from sverige_did.cli import app
from sverige_did.disclosure.outside import earlier
from sverige_did.errors import InputError, RefusedError
from sverige_did.files import KEPT, discard_altered, hashes, read_model, record, sweep, write_folder, write_text
from sverige_did.results.estimates import Curve
from sverige_did.workflow import running
from sverige_did.workflow.discover import all_of, content_of, find_studies, registers_of, unusable_studies

fcntl = pytest.importorskip("fcntl")


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    own = os.environ | {"PYTHONPATH": str(ROOT), "SVERIGE_DID_LANG": "en"} | environment
    line = [sys.executable, "-m", "sverige_did", *map(str, arguments)]
    return subprocess.run(
        line, capture_output=True, text=True, env=own, check=False, encoding="utf-8", errors="replace"
    )


class Snakemake:
    """Stands for the program that a run starts: what it was given, and what it does meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, meanwhile=lambda: None) -> None:
        self.lines: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.signals: list[int] = []
        self.meanwhile = meanwhile
        monkeypatch.setattr(running.subprocess, "Popen", self._start)

    def _start(self, line, **options):
        self.lines.append(line)
        self.environments.append(options["env"])
        return nullcontext(self)

    def wait(self):
        self.meanwhile()
        return 0

    def send_signal(self, number):
        self.signals.append(number)


def test_a_second_run_in_one_folder_is_told_so_and_the_first_goes_on(tmp_path, monkeypatch):
    folder, said = study(tmp_path / "s"), []

    def second():
        with pytest.raises(RefusedError) as refusal:
            running.run_workflow(folder, 1, unlock=True)
        said.append(refusal.value.problems[0].key)

    assert (Snakemake(monkeypatch, second), running.run_workflow(folder, 1))[1] == 0
    assert said == ["run_in_progress"]


def test_the_lock_of_a_killed_run_is_taken_off_by_itself_and_what_it_left_is_swept(tmp_path, monkeypatch):
    folder = study(tmp_path / "s")
    locks = folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/x")
    (folder / ".snakemake" / running.LOCK).write_bytes(running.RUNNING)  # as a run that was killed leaves it
    left = folder / "reports" / ".madeup.en.html.abcd.unfinished"
    write_text(left, "half a page")
    started = Snakemake(monkeypatch)
    assert running.run_workflow(folder, 1) == 0
    assert len(started.lines) == 1
    assert not list(locks.iterdir())
    assert not left.exists()
    assert (folder / ".snakemake" / running.LOCK).read_bytes() == b""


def test_the_lock_of_a_run_that_was_not_started_here_is_named_and_unlock_takes_it_off(tmp_path, monkeypatch):
    folder = study(tmp_path / "s")
    (folder / ".snakemake" / "locks").mkdir(parents=True)
    (folder / ".snakemake" / "locks" / "0.output.lock").write_text("results/x")
    started = Snakemake(monkeypatch)
    with pytest.raises(RefusedError) as refusal:
        running.run_workflow(folder, 1)
    assert "--unlock" in refusal.value.say("en")
    assert "--unlock" in refusal.value.say("da")
    assert not started.lines
    assert running.run_workflow(folder, 1, unlock=True) == 0


def test_a_run_that_its_user_stops_waits_for_its_steps_and_the_marks_that_stay_are_known_as_its_own(
    tmp_path, monkeypatch
):
    folder = study(tmp_path / "s")
    mark = folder / ".snakemake" / "locks" / "0.output.lock"
    waited = []

    def stopped_once():
        waited.append(1)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("results/x")
        if len(waited) == 1:
            raise KeyboardInterrupt

    started = Snakemake(monkeypatch, stopped_once)
    assert running.run_workflow(folder, 1) == running.STOPPED
    assert (len(waited), started.signals) == (2, [signal.SIGTERM])
    Snakemake(monkeypatch)
    assert running.run_workflow(folder, 1) == 0  # it asks for no option
    assert not mark.exists()


def test_a_step_that_outlived_its_run_is_waited_for(tmp_path, monkeypatch):
    folder = study(tmp_path / "s")
    lock = folder / ".snakemake" / running.LOCK
    started = Snakemake(monkeypatch)
    running.run_workflow(folder, 1)
    for name in (running.STEPS_LOCK, running.RUN):
        monkeypatch.setenv(name, started.environments[0][name])
    lock.write_text(started.environments[0][running.RUN])  # as it lies there while the run is at work, or was killed
    with running.step_at_work(), running.step_at_work():  # many may be at work at once
        with pytest.raises(RefusedError) as refusal:
            running.run_workflow(folder, 1)
        assert [one.key for one in refusal.value.problems] == ["run_in_progress"]
    assert running.run_workflow(folder, 1) == 0


def test_a_step_that_starts_when_its_run_is_dead_and_another_has_begun_does_nothing(tmp_path, monkeypatch):
    folder, refused = study(tmp_path / "s"), []
    first = Snakemake(monkeypatch)
    running.run_workflow(folder, 1)

    def late():
        for name in (running.STEPS_LOCK, running.RUN):
            monkeypatch.setenv(name, first.environments[0][name])
        with pytest.raises(RefusedError) as refusal, running.step_at_work():
            pass
        refused.extend(one.key for one in refusal.value.problems)

    Snakemake(monkeypatch, late)
    assert running.run_workflow(folder, 1) == 0
    assert refused == ["run_over"]


@pytest.mark.parametrize("free", [(0,), (running.LEAST_ROOM, 0)])
def test_a_disk_that_is_as_good_as_full_is_told_before_a_run_and_after_one_that_failed(tmp_path, monkeypatch, free):
    left = iter(free)
    monkeypatch.setattr(running.shutil, "disk_usage", lambda _: SimpleNamespace(free=next(left)))
    monkeypatch.setattr(running, "_snakemake", lambda *_: 1)
    with pytest.raises(InputError) as refusal:
        running.run_workflow(study(tmp_path / "s"), 1)
    assert [one.key for one in refusal.value.problems] == ["os_full"]
    assert not list(left)


def test_what_is_dated_in_the_future_is_dated_back_before_a_run(tmp_path, monkeypatch):
    folder = study(tmp_path / "s")
    result, plan, old = folder / "results" / "madeup" / "x.json", folder / "study.yaml", folder / "data" / "old.csv"
    write_text(result, "{}")
    write_text(old, "a")
    for path, when in ((result, 4e9), (plan, 4e9), (old, 1e9)):
        os.utime(path, (when, when))
    Snakemake(monkeypatch)
    assert running.run_workflow(folder, 1) == 0
    assert max(path.stat().st_mtime for path in (result, plan)) <= time.time()
    assert old.stat().st_mtime == 1e9


def test_data_changed_while_a_run_is_at_work_are_named_at_its_end(tmp_path, monkeypatch):
    folder = study(tmp_path / "s")
    figures = folder / "data" / "published.csv"
    Snakemake(monkeypatch, lambda: figures.write_text(figures.read_text("utf-8") + "\n", "utf-8"))
    with pytest.raises(InputError) as refusal:
        running.run_workflow(folder, 1)
    assert [(one.key, one.file) for one in refusal.value.problems] == [("input_changed", "study.yaml")]


def test_a_home_that_is_missing_or_cannot_be_written_gives_the_run_a_folder_of_its_own(tmp_path, monkeypatch):
    folder = study(tmp_path / "s")
    (tmp_path / "file").write_text("")
    for home in (None, str(tmp_path / "file")):
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setenv("HOME", home) if home else monkeypatch.delenv("HOME")
        started = Snakemake(monkeypatch)
        assert running.run_workflow(folder, 1) == 0
        (environment,) = started.environments
        assert "sverige-did-" in environment["XDG_CACHE_HOME"]
        assert not Path(environment["XDG_CACHE_HOME"]).exists()


def test_an_older_copy_of_the_data_that_is_put_back_is_another_input(tmp_path):
    """As when the clock is set back, or a file is copied with its time: the time says nothing of the content."""
    folder = study(tmp_path / "s")
    (files,) = find_studies(folder).values()
    before, figures = content_of(folder, all_of(folder, files)), folder / "data" / "published.csv"
    figures.write_text(figures.read_text("utf-8") + "\n", "utf-8")
    os.utime(figures, (0, 0))
    assert content_of(folder, all_of(folder, files)) != before


NAMES = ["noter{x}.csv", "a\"b'c.csv", "ny\nlinje.csv", "procent%s.csv", "$(touch x).csv", "a;b|c.csv", "*.csv"]


def test_odd_names_dead_links_and_folders_beside_the_data_stop_no_study(tmp_path):
    folder = study(tmp_path / "s")
    (files,) = find_studies(folder).values()
    before = content_of(folder, all_of(folder, files))
    for name in NAMES:
        (folder / "data" / name).write_text("a;b\n")
    (folder / "data" / "død.csv").symlink_to("/nowhere")
    (folder / "data" / "kopi af data").mkdir()
    (folder / "data" / "børn og æbler.csv").write_text("a;b\n")
    assert registers_of(folder, files) == ["data/børn og æbler.csv", "data/published.csv"]
    assert content_of(folder, all_of(folder, files)) != before
    listed = subprocess.run(
        [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "-d", str(folder), "-n", "all"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)  # fmt: skip
    assert listed.returncode == 0, listed.stderr


def test_a_copy_of_a_study_is_named_in_words_and_no_other_study_is_stopped(tmp_path):
    for name in ("mine", "kopi af mine", "x{y}"):
        (tmp_path / "analyses" / name).mkdir(parents=True)
        (tmp_path / "analyses" / name / "study.yaml").write_text("study: mine\n")
    (tmp_path / "analyses" / "dead").mkdir()
    (tmp_path / "analyses" / "dead" / "study.yaml").symlink_to("/nowhere")
    assert list(find_studies(tmp_path)) == ["mine"]
    found = {(problem.key, problem.found) for problem in unusable_studies(tmp_path)}
    assert found == {("study_folder", "kopi af mine"), ("study_folder", "x{y}"), ("reg_no_file", None)}
    with pytest.raises(InputError):
        running.run_workflow(tmp_path, 1)


@pytest.mark.parametrize(
    ("error", "key"),
    [(OSError(errno.ENOSPC, "No space left", "a.json"), "os_full"), (OSError(errno.EDQUOT, "quota", "a"), "os_full"),
     (PermissionError(errno.EACCES, "no", "a"), "os_forbidden"), (OSError(errno.EROFS, "no", "a"), "os_forbidden"),
     (OSError(errno.EIO, "input/output error", "a"), "os_failed"), (MemoryError(), "out_of_memory"),
     (OSError(errno.ENOMEM, "Cannot allocate memory", "a"), "out_of_memory"),
     (ImportError("libx.so: failed to map segment from shared object"), "out_of_memory"),
     (RuntimeError("can't start new thread"), "out_of_memory"), (BrokenExecutor("a process died"), "worker_killed")],
)  # fmt: skip
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_the_machine_would_not_do_is_said_in_words(error, key, language, monkeypatch, capsys):
    def failing(*_, **__):
        raise error

    monkeypatch.setattr("sverige_did.tasks.new.run", failing)
    with pytest.raises(SystemExit) as ended:
        app(["--language", language, "new", "somewhere"])
    assert ended.value.code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert words.text(f"errors.{key}_mend", language) in said


FULL = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); sys.argv = sys.argv[1:]; import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); runpy.run_module('sverige_did', run_name='__main__')"  # noqa: E501


def test_a_full_disk_leaves_the_old_file_and_no_half_one_and_is_told(tmp_path):
    folder = study(tmp_path / "s")
    out = folder / "results" / "madeup" / "plan.json"
    write_text(out, "old")
    line = [
        sys.executable,
        "-c",
        FULL,
        "sverige-did",
        "plan",
        "madeup",
        "--source",
        str(folder / "study.yaml"),
        "--out",
        str(out),
    ]
    run = subprocess.run(line, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert run.returncode == 1
    assert "The disk is full" in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr
    assert out.read_text() == "old"
    assert [path.name for path in out.parent.iterdir() if path.is_file()] == ["plan.json"]


def test_a_screen_without_danish_letters_and_another_time_zone_stop_nothing(tmp_path):
    folder = study(tmp_path / "s")
    environment = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "TZ": "Pacific/Apia", "SVERIGE_DID_LANG": "da"}
    out = folder / "æ ø" / "plan.json"
    run = command("plan", "madeup", "--source", folder / "study.yaml", "--out", out, **environment)
    assert run.returncode == 0, run.stderr
    plain = command("plan", "madeup", "--source", folder / "study.yaml", "--out", folder / "b.json")
    assert plain.returncode == 0
    assert out.read_bytes() == (folder / "b.json").read_bytes()


def test_a_result_that_was_cut_off_or_changed_is_refused_by_name_and_made_anew(tmp_path):
    path = tmp_path / "s" / "a.json"
    write_text(path, Curve(name="c", x_name="x", y_name="y", x=(0.0,), y=(1.0,)).model_dump_json())
    record(hashes([path]))
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    with pytest.raises(InputError) as refusal:
        read_model(path, Curve)
    assert [(one.key, one.file) for one in refusal.value.problems] == [("result_unreadable", "a.json")]
    assert discard_altered(tmp_path) == [path]
    assert not path.exists()
    write_text(path, whole)
    assert discard_altered(tmp_path) == []


def test_an_earlier_release_that_was_changed_is_kept_and_refused_for_nothing_makes_it_anew(tmp_path):
    kept, other = tmp_path / "s" / KEPT / "0123.json", tmp_path / "s" / "a.json"
    for path in (kept, other):
        write_text(path, "{}")
        record(hashes([path]))
        path.write_text("{ }")
    with pytest.raises(InputError) as refusal:
        discard_altered(tmp_path)
    assert [(one.key, one.file) for one in refusal.value.problems] == [("kept_changed", "s/released/0123.json")]
    assert kept.exists()
    assert other.exists()
    with pytest.raises(InputError) as unread:
        earlier(tmp_path / "s")
    assert [(one.key, one.file) for one in unread.value.problems] == [("kept_changed", "s/released/0123.json")]
    for language in ("en", "da"):
        assert "made anew" not in str(unread.value.problems[0].say(language))


@pytest.mark.parametrize("found", [earlier, lambda study: discard_altered(study.parent)])
def test_an_earlier_release_that_is_gone_is_missed_until_what_is_written_of_it_goes_too(tmp_path, found):
    kept = tmp_path / "s" / KEPT / "0123.json"
    write_text(kept, "{}")
    record(hashes([kept]))
    kept.unlink()
    with pytest.raises(InputError) as refusal:
        found(tmp_path / "s")
    assert [(one.key, one.file) for one in refusal.value.problems] == [("kept_gone", "s/released/0123.json")]
    (kept.parent / ".sha256" / kept.name).unlink()
    assert not found(tmp_path / "s")


def test_an_earlier_release_of_another_version_is_told_from_one_that_was_changed(tmp_path):
    kept = tmp_path / "s" / KEPT / "0123.json"
    write_text(kept, '{"another": "form"}')
    record(hashes([kept]))
    assert discard_altered(tmp_path) == []
    with pytest.raises(InputError) as refusal:
        earlier(tmp_path / "s")
    assert [one.key for one in refusal.value.problems] == ["kept_of_another_version"]


def test_nothing_but_what_is_unfinished_is_swept(tmp_path):
    write_folder(tmp_path / "release" / "s", {"a.csv": b"1"})
    (tmp_path / "release" / ".s.abc.unfinished").mkdir()
    (tmp_path / "release" / ".hidden").write_text("mine")
    assert sweep(tmp_path) == 1
    assert sorted(path.name for path in (tmp_path / "release").rglob("*")) == [".hidden", "a.csv", "s"]
