"""What a run of the workflow shows: on a terminal one line that changes, elsewhere a line now and then, and no pages of file
names. Jobs done, networks done, how long the rest takes at most, what runs now; errors in a line each.

It stands in for Snakemake's own output on screen, gets its events from Snakemake's logger and what jobs report from files
beside their logs, so that it works for jobs on other machines, too. The whole of Snakemake's output is in .snakemake/log.
"""

import logging
import math
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sgdbayes.jobs import error_of, progress_of

__all__ = ["Screen", "Work", "duration", "first_log"]

# Of Snakemake's events these are shown in the line, or not at all.
_SILENT = (
    "run_info", "workflow_started", "shellcmd", "job_started", "group_info", "resources_info", "rulegraph", "debug_dag", "group_error"
)  # fmt: skip
_CHATTER = re.compile(
    r"Select jobs|Execute \d+ jobs|Building DAG|Using shell|Complete log|Elapsed time|Conda environments|Singularity|Assuming "
    "unrestricted|Workflow defines that rule|Provided|Rules claiming|Config file .* is extended|Shutting down|"
    "Exiting because a job execution failed|RuleException:\nCalledProcessError|Removing output files of failed job|"
    "The Snakemake scheduler is|Trying to restart job"
)
_TERMINATED = re.compile("Terminating processes|Cancelling snakemake")
_FAILED, _STOPPING = "At least one job did not complete", "Will exit after finishing currently running jobs"
# Seconds between two changes of the line on a terminal and between two lines elsewhere, at first and after a while.
_TICK, _LINES, _LATER, _A_WHILE = 0.5, 30, 300, 300
# What a job takes of which nothing is known, in seconds; how many times as long as others like it, and of other experiments;
# and how long one that was interrupted has to end.
_GUESS, _SAFE, _FAR, _GRACE = 6, 1.3, 2, 2
_DAY, _BAR = 86400, 12


@dataclass
class Work:
    """A job of the run: its rule, what it is of, its log, and how many networks it trains, 0 for other jobs."""

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    log: str | None = None
    networks: int = 0
    started: float | None = None

    @property
    def kind(self) -> str:
        """What jobs that take about as long have in common."""
        return f"{self.rule} {self.wildcards.get('experiment', '')}" if self.networks else self.rule

    def __str__(self) -> str:
        return " ".join([self.rule, *self.wildcards.values()])


class Screen(logging.Handler):
    """Shows a run on ``stream``; messages for which it has no line of its own it leaves to ``other``."""

    def __init__(self, stream, other: logging.Handler, clock: Callable[[], float] = time.monotonic) -> None:  # noqa: ANN001
        super().__init__()
        self._stream, self._other, self._clock = stream, other, clock
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._waiting: list[Work] = []
        self._running: dict[int, Work] = {}
        self._took: dict[str, float] = {}
        self._jobs = self._done = self._networks = self._trained = 0
        self._cores, self._warnings, self._advice = 1, lambda work: [], lambda work: ""
        self._thread, self._over, self.interrupted = None, threading.Event(), False
        self._said: set[str] = set()
        self._begun, self._long = clock(), False

    def begin(
        self,
        jobs: Iterable[Work],
        *,
        cores: int,
        warnings: Callable[[Work], Sequence[str]],
        advice: Callable[[Work], str],
    ) -> None:
        """The run starts with these ``jobs`` to do on so many ``cores``. ``warnings`` gives lines on a job that has ended,
        ``advice`` the end of the line on one that failed.
        """
        self._waiting, self._cores, self._warnings, self._advice = list(jobs), cores, warnings, advice
        self._jobs, self._networks = len(self._waiting), sum(work.networks for work in self._waiting)
        networks = f", {self._networks:,} networks to train" if self._networks else ""
        self.say(f"sgdbayes: {self._jobs} jobs to do{networks}")
        self._begun = self._clock()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The run is over: the line goes."""
        self._over.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._clear()
        if self.interrupted:
            self.say("sgdbayes: interrupted; the same command goes on from here")

    def say(self, text: str, *, once: bool = False) -> None:
        """Write a line that stays."""
        with self.lock:
            if not (once and text in self._said):
                self._said.add(text)
                self._clear()
                self._stream.write(f"{text}\n")
                self._stream.flush()

    def emit(self, record: logging.LogRecord) -> None:
        event, text = str(getattr(record, "event", None)), str(record.msg)
        if _TERMINATED.match(text):
            self.interrupted = True
            self._stop_jobs()
        elif event == "job_info":
            self._start(record)
        elif event == "job_finished":
            self._finish(record.job_id)
        elif event == "job_error":
            self._fail(record)
        elif event == "progress":
            self._done, self._jobs = record.done, record.total
        elif self.interrupted or event in _SILENT:
            pass
        elif _STOPPING in text:
            self.say("sgdbayes: no new job starts; the run ends with those that run now, on Ctrl-C at once", once=True)
        elif _FAILED in text:
            self.say("sgdbayes: stopped at an error; what is finished is kept, and the same command goes on from here")
        elif not _CHATTER.match(text):
            self._clear()
            self._other.handle(record)

    def _start(self, record: logging.LogRecord) -> None:
        work = next(
            (each for each in self._waiting if (each.rule, each.log) == (record.rule_name, first_log(record.log))), None
        )
        if work is not None:
            self._waiting.remove(work)
            work.started = self._clock()
            self._running[record.jobid] = work

    def _finish(self, number: int) -> None:
        work = self._running.pop(number, None)
        if work is None:
            return
        took = (self._clock() - work.started) / max(work.networks, 1)
        self._took[work.kind] = max(took, self._took.get(work.kind, 0))
        self._trained += work.networks
        # Not worth a failed run.
        with suppress(Exception):
            for warning in self._warnings(work):
                self.say(f"sgdbayes: {warning}", once=True)

    def _fail(self, record: logging.LogRecord) -> None:
        work, log = self._running.pop(record.jobid, None), first_log(record.log)
        if work is not None:
            # It may be tried again.
            self._waiting.append(work)
        if not self.interrupted:
            said = log and error_of(log)
            if not said:
                said = f"sgdbayes: {work or record.rule_name} ended in an error{f'; its log is {log}' if log else ''}"
            elif "learning rate" in said and work is not None:
                said += self._advice(work)
            self.say(said, once=True)

    def _stop_jobs(self) -> None:
        """End the jobs on this machine, which may not have been told."""
        import psutil

        jobs = psutil.Process().children(recursive=True)
        for stop in (lambda job: None, lambda job: job.send_signal(signal.SIGINT), lambda job: job.kill()):
            for job in jobs:
                with suppress(psutil.NoSuchProcess):
                    stop(job)
            jobs = psutil.wait_procs(jobs, timeout=_GRACE)[1]

    def _watch(self) -> None:
        said = self._begun
        while not self._over.wait(_TICK):
            state = self._state()
            now = self._clock()
            if self._live:
                with self.lock:
                    width = shutil.get_terminal_size().columns - 1
                    self._stream.write(f"\r\x1b[K{state[:width]}")
                    self._stream.flush()
            elif now - said >= (_LINES if now - self._begun < _A_WHILE else _LATER):
                said = now
                self.say(f"sgdbayes: {state}")

    def _state(self) -> str:
        with self.lock:
            running = dict(self._running)
        reports = {number: progress_of(work.log) if work.log else {} for number, work in running.items()}
        trained = self._trained + sum(report.get("done", 0) for report in reports.values())
        left = self.seconds_left(reports)
        share = self._done / max(self._jobs, 1)
        if left is not None:
            elapsed = self._clock() - self._begun
            share = elapsed / max(elapsed + left, 1)
        full = min(int(share * _BAR), _BAR)
        parts = [f"[{'#' * full}{'.' * (_BAR - full)}] {self._done} of {self._jobs} jobs"]
        if self._networks:
            parts.append(f"{trained:,} of {self._networks:,} networks")
        if left is not None:
            parts.append(f"at most {duration(left)} left")
            if left > _DAY and trained and not self._long:
                self._long = True
                self.say(
                    f"sgdbayes: up to {math.ceil(left / _DAY)} days are left: fewer networks, a smaller train_size or a lower max_epochs "
                    "take less, a cluster takes more at once (docs/cluster.md)"
                )
        now = ", ".join(map(str, running.values())) or "waiting"
        return f"{', '.join(parts)}; {now}"

    def seconds_left(self, reports: Mapping[int, Mapping[str, Any]]) -> float | None:
        """The longest that what is left of the run should take, by what its jobs report and what others like them took; None
        while that says nothing.
        """
        now, lengths, took = self._clock(), [], dict(self._took)
        # Early in its first block the bound of an experiment is far off: others that have ended say more.
        longest = max((took[kind] for kind in took if " " in kind), default=math.inf)
        for number, work in self._running.items():
            age, said = now - work.started, reports.get(number, {}).get("seconds_left")
            if said is not None and work.networks and work.kind not in self._took:
                each = min((age + said) / work.networks, _FAR * longest)
                took[work.kind] = max(each, took.get(work.kind, 0))
        for number, work in self._running.items():
            age, said, expected = (
                now - work.started,
                reports.get(number, {}).get("seconds_left"),
                self._expected(work, took),
            )
            # What a job says of itself is a bound; that others took less says more, until it is passed.
            usual = None if expected is None or age > expected else expected - age
            known = [bound for bound in (said, usual) if bound is not None]
            lengths.append(min(known) if known else (None if work.networks else _GUESS / 2))
        lengths += [self._expected(work, took) for work in self._waiting]
        if any(length is None for length in lengths):
            return None
        return max([sum(lengths) / self._cores, *lengths], default=0)

    @staticmethod
    def _expected(work: Work, took: Mapping[str, float]) -> float | None:
        if not work.networks:
            return _SAFE * took.get(work.kind, _GUESS)
        others = [seconds for kind, seconds in took.items() if kind.startswith(f"{work.rule} ")]
        return _SAFE * work.networks * took.get(work.kind, max(others)) if others else None

    def _clear(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def duration(seconds: float) -> str:
    """Rounded up, for a reader in a hurry."""
    if seconds <= 90:
        return f"{10 * math.ceil(seconds / 10)} s"
    if seconds <= 5400:
        return f"{math.ceil(seconds / 60)} min"
    return f"{math.ceil(seconds / 3600)} h"


def first_log(log: Sequence[str] | None) -> str | None:
    """A job is known by its first log."""
    return str(log[0]) if log else None
