"""What a run tells while it goes, from the events that Snakemake gives."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

import pytest

from sverige_did import words
from sverige_did.workflow.progress import LONG, SAID_ELSEWHERE, USUAL, Steps, is_worth_reading

RULES = Path(__file__).parents[2] / "sverige_did" / "workflow"


class Clock:
    """Ten seconds later each time that it is asked after the start."""

    def __init__(self) -> None:
        self.now = -10.0

    def __call__(self) -> float:
        self.now += 10
        return self.now


def said(events: list[dict[str, object]], language: words.Language = "en", encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    steps = Steps(language, io.TextIOWrapper(raw, encoding, write_through=True), Clock())
    for event in events:
        steps.handle(logging.makeLogRecord({"levelno": logging.INFO, **event}))
    return raw.getvalue().decode(encoding).splitlines()


def job(number: int, rule: str, **wildcards: str) -> dict[str, object]:
    return {"event": "job_info", "jobid": number, "rule_name": rule, "wildcards": wildcards}


BEGUN = [
    {"event": "run_info", "stats": {"plan": 1, "panel_posterior": 2, "all": 1, "total": 4}},
    job(1, "plan", study="town"),
    job(2, "panel_posterior", study="town", likelihood="sdq"),
]


def finished(number: int) -> dict[str, object]:
    return {"event": "job_finished", "job_id": number}


def test_each_finished_step_has_one_line_with_what_is_left_and_what_runs() -> None:
    (line,) = said([*BEGUN, finished(1)])
    assert line.count("━") == 7
    assert "1 of 3 steps" in line
    assert line.endswith("running: posterior (town, sdq)")


def test_the_time_that_is_left_is_what_was_taken_by_the_weight_of_what_remains() -> None:
    """The clock stands at the start, at 10 when the run is known, and at 20 when the first step is done."""
    (line,) = said([*BEGUN, finished(1)])
    assert f"about {round(10 * 2 * LONG['panel_posterior'] / USUAL, -1):.0f} s left" in line


def test_a_clock_that_is_set_back_makes_no_time_negative() -> None:
    raw = io.StringIO()
    times = iter([1000.0, 1000.0, 400.0])
    steps = Steps("en", raw, lambda: next(times))
    for event in (*BEGUN, finished(1)):
        steps.handle(logging.makeLogRecord({"levelno": logging.INFO, **event}))
    assert "about 10 s left" in raw.getvalue()


def fault(command: str, how: str) -> dict[str, object]:
    return {"event": "error", "msg": f"CalledProcessError in file x:\nCommand 'set -e;  {command}' {how}."}


def failed(number: int, rule: str, command: str | None) -> dict[str, object]:
    return {"event": "job_error", "jobid": number, "rule_name": rule, "shellcmd": command, "log": ["results/a.log"]}


@pytest.mark.parametrize(
    ("how", "said_of_it"),
    [
        ("returned non-zero exit status 1", ["could not be finished", "results/a.log"]),
        ("returned non-zero exit status 137", ["was killed from outside", "too little memory", "--cores 1"]),
        ("died with <Signals.SIGKILL: 9>", ["was killed from outside", "too little memory", "--cores 1"]),
        ("returned non-zero exit status 134", ["ended by signal 6", "Too little memory"]),
    ],
)
def test_a_step_that_fails_is_named_with_the_reason_and_what_to_do(how: str, said_of_it: list[str]) -> None:
    other = fault("sverige-did plan", "returned non-zero exit status 139")
    told = " ".join(
        said(
            [*BEGUN, other, fault("sverige-did posterior", how), failed(2, "panel_posterior", "sverige-did posterior")]
        )
    )
    assert "posterior (town, sdq)" in told
    assert all(part in told for part in said_of_it)


def test_a_step_that_its_user_stopped_is_not_told_as_failed() -> None:
    assert said([*BEGUN, fault("c", "returned non-zero exit status 130"), failed(1, "plan", "c")]) == []


def test_a_step_of_a_cluster_of_which_no_status_is_known_is_named_with_its_log() -> None:
    assert "results/a.log" in " ".join(said([*BEGUN, failed(1, "plan", None)]))


def test_what_the_machine_would_not_do_for_snakemake_itself_is_told_in_our_words() -> None:
    event = {"event": "error", "msg": "WorkflowError:\nError recording metadata ([Errno 28] No space left on device)."}
    assert "The disk is full" in " ".join(said([event]))
    assert not is_worth_reading(logging.makeLogRecord({"levelno": logging.ERROR, **event}))
    lost = {"event": "error", "msg": "WorkflowError: [Errno 2] No such file or directory: 'results/x'"}
    assert said([lost]) == []  # Snakemake says which
    assert is_worth_reading(logging.makeLogRecord({"levelno": logging.ERROR, **lost}))


def test_the_last_step_leaves_nothing_and_the_rule_that_gathers_all_is_none() -> None:
    lines = said([*BEGUN, finished(1), finished(2), job(3, "panel_posterior"), finished(3), job(0, "all"), finished(0)])
    assert len(lines) == 3
    assert lines[-1].endswith("3 of 3 steps")


def test_a_screen_that_knows_no_such_letters_gets_others_and_no_fault() -> None:
    (line,) = said([*BEGUN, finished(1)], "da", "ascii")
    assert "1 af 3 trin" in line


def test_an_event_of_another_form_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert said([*BEGUN, {"event": "job_finished"}, finished(1)])[0].count("1 of 3") == 1


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_rule_has_its_words(language: words.Language) -> None:
    files = [*RULES.glob("*.smk"), RULES / "Snakefile"]
    rules = {name for file in files for name in re.findall(r"^rule (\w+):", file.read_text("utf-8"), re.M)} - {"all"}
    assert len(rules) > 25
    assert all(words.has(f"steps.rule.{rule}", language) for rule in rules)
    assert LONG.keys() <= rules


def test_a_fault_is_always_worth_reading_and_the_counting_of_jobs_is_not() -> None:
    assert is_worth_reading(logging.makeLogRecord({"levelno": logging.ERROR, "module": "job_scheduler"}))
    assert not is_worth_reading(logging.makeLogRecord({"levelno": logging.INFO, "module": "job_scheduler"}))
    assert not is_worth_reading(logging.makeLogRecord({"levelno": logging.ERROR, "msg": SAID_ELSEWHERE[0]}))
    assert not is_worth_reading(logging.makeLogRecord({"levelno": logging.INFO, "event": "run_info"}))
    assert is_worth_reading(logging.makeLogRecord({"levelno": logging.INFO, "module": "workflow"}))
