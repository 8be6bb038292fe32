"""What a run tells while it goes, from the events that Snakemake gives."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

import pytest

from sverige_did import words
from sverige_did.workflow.progress import LONG, USUAL, Steps, is_worth_reading

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
    assert not is_worth_reading(logging.makeLogRecord({"levelno": logging.INFO, "event": "run_info"}))
    assert is_worth_reading(logging.makeLogRecord({"levelno": logging.INFO, "module": "workflow"}))
