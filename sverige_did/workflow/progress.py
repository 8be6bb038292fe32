"""What a run tells while it goes: how many steps are done, about how long is left, and what it waits for."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from sverige_did import words
from sverige_did.errors import Problem, of_machine
from sverige_did.words import Language

BAR = 20
"""Characters of the bar."""

USUAL = 3.0
LONG: Mapping[str, float] = {
    "panel_posterior": 12.0, "posterior": 12.0, "case_posterior": 8.0, "panel_sensitivity": 12.0, "panel_size": 8.0,
    "panel_release": 10.0, "panel_estimate": 6.0,
}  # fmt: skip
"""About how many seconds a step takes beside the others; only their proportions count."""

SHOWN = 3
"""So many of the steps that are running are named."""

SIGNAL = 128
"""A shell adds the number of the signal that ended a command to this."""

INTERRUPTED, KILLED = SIGNAL + 2, SIGNAL + 9

SAID_ELSEWHERE = ("Exiting because a job execution failed", "WorkflowError:\nAt least one job did not complete")
"""How Snakemake's lines begin that say no more than that a step failed."""

STATUS = re.compile(r"returned non-zero exit status (\d+)|died with <Signals\.\w+: (\d+)>")
ERRNO = re.compile(r"\[Errno (\d+)\]")


class Steps(logging.Handler):
    """Reads what Snakemake says of its jobs, and writes one line whenever a step is finished.

    A plain line and no moving bar: the commands write to the same screen, and a log keeps every line.
    """

    def __init__(
        self, language: Language, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``out`` is where the lines go, the screen by default; ``clock`` tells seconds."""
        super().__init__(logging.INFO)
        self.language, self.out, self.clock = language, out, clock
        self.began = clock()
        self.weight, self.done, self.total, self.finished = 0.0, 0.0, 0, 0
        self.running: dict[int, tuple[str, str]] = {}
        self.ended: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one event; those of which nothing is known here pass by, and what fails here stops no run."""
        try:
            self._take(record)
        except Exception:  # noqa: BLE001 - whatever it is, the run is worth more than its progress
            self.handleError(record)

    def _take(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", "") or "")
        if event == "run_info":
            self._begin(vars(record).get("stats") or {})
        elif event == "job_info":
            self.running[vars(record)["jobid"]] = (vars(record)["rule_name"], _which(vars(record).get("wildcards")))
        elif event == "job_finished" and self.total:
            self._finish(vars(record)["job_id"])
        elif event == "job_error":
            self._fail(vars(record))
        elif event == "error":
            self._hear(record.getMessage())

    def _begin(self, stats: Mapping[str, Any]) -> None:
        counts = {rule: int(many) for rule, many in stats.items() if rule not in {"total", "all"}}
        self.total, self.finished, self.done = sum(counts.values()), 0, 0.0
        self.weight = sum(many * LONG.get(rule, USUAL) for rule, many in counts.items())
        self.began = self.clock()

    def _finish(self, job: int) -> None:
        rule, _ = self.running.pop(job, ("all", ""))
        if rule == "all":
            return
        self.finished += 1
        self.done += LONG.get(rule, USUAL)
        self._print(self.line())

    def _print(self, text: str) -> None:
        out = self.out or sys.stdout
        encoding = out.encoding or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding), file=out, flush=True)

    def _hear(self, message: str) -> None:
        """Of a command: the status that it ended with; of Snakemake itself: what the machine would not do."""
        if status := STATUS.search(message):
            self.ended[message] = int(status[1] or SIGNAL + int(status[2]))
        elif problem := _of_machine(message):
            self._print(problem.say(self.language))

    def _fail(self, job: Mapping[str, Any]) -> None:
        """Say which step failed, and what is known of the reason. What a command says itself stands above."""
        rule, which = self.running.pop(job["jobid"], (job["rule_name"], ""))
        ended = {status for said, status in self.ended.items() if job["shellcmd"] and job["shellcmd"] in said}
        if (status := max(ended, default=1)) != INTERRUPTED:  # who stopped it knows
            self._print(failure(self._called(rule, which), status, job["log"]).say(self.language))

    def line(self) -> str:
        """What is said now."""
        filled = round(BAR * self.finished / self.total)
        said = words.text("steps.line", self.language, done=self.finished, total=self.total)
        parts = [f"{'━' * filled}{'╌' * (BAR - filled)} {said}"]
        left = max(0.0, self.clock() - self.began) * (self.weight - self.done) / self.done
        if self.finished < self.total:
            parts.append(self._left(left))
        if self.running:
            names = [self._called(*one) for one in list(self.running.values())[:SHOWN]]
            parts.append(words.text("steps.waits", self.language, names=", ".join(names)))
        return "  " + " · ".join(parts)

    def _left(self, seconds: float) -> str:
        if seconds < 90:
            return words.text("steps.seconds", self.language, seconds=max(10, int(round(seconds, -1))))
        return words.text("steps.minutes", self.language, minutes=round(seconds / 60))

    def _called(self, rule: str, which: str) -> str:
        name = words.text(f"steps.rule.{rule}", self.language)
        return f"{name} ({which})" if which else name


def failure(step: str, status: int, logs: Sequence[str] = ()) -> Problem:
    """What is told of a step that ended with a status other than 0; ``logs`` are the files that hold what it said."""
    log = ", ".join(logs) or "–"
    if status == KILLED:
        return Problem("step_killed", values={"step": step})
    if status > SIGNAL:
        return Problem("step_stopped", values={"step": step, "signal": status - SIGNAL})
    return Problem("step_failed", values={"step": step, "log": log})


def is_worth_reading(record: logging.LogRecord) -> bool:
    """Whether a line of Snakemake's own says more than that jobs are counted, chosen and finished.

    Of faults :class:`Steps` tells in words what it knows.
    """
    event, message = str(getattr(record, "event", "") or ""), record.getMessage()
    if event == "error" and (STATUS.search(message) or _of_machine(message)):
        return False
    if record.levelno > logging.INFO:
        return not any(message.startswith(one) for one in SAID_ELSEWHERE)
    return not (event in {"run_info", "resources_info"} or record.module == "job_scheduler")


def _of_machine(message: str) -> Problem | None:
    """What the machine would not do for Snakemake, where that can be said without the file."""
    number = ERRNO.search(message)
    problem = of_machine(OSError(int(number[1]), message)) if number else None
    return problem if problem and problem.key in {"os_full", "os_forbidden", "out_of_memory"} else None


def _which(wildcards: Mapping[str, str] | None) -> str:
    """The study and whatever else tells this job from another of its rule."""
    return ", ".join(str(value) for value in (wildcards or {}).values())
