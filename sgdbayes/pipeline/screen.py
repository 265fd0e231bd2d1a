"""What a run of the workflow shows: on a terminal one line that changes, elsewhere a line now and then, and no pages of
file names. Jobs done, networks done, how long the rest takes at most, what runs now; errors in a line each.

It stands in for Snakemake's own output on screen, gets its events from Snakemake's logger and what jobs report from
files beside their logs, so that it works for jobs on other machines, too. The whole of Snakemake's output is in
.snakemake/log.
"""

import logging
import math
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from sgdbayes.pipeline.jobs import error_of, forget_progress, progress_of
from sgdbayes.pipeline.run_time import JobTimes, Running, Work

__all__ = ["Screen", "duration", "first_log"]

# Of Snakemake's events these are shown in the line, or not at all.
_SILENT = (
    "run_info", "workflow_started", "shellcmd", "job_started", "group_info", "resources_info", "rulegraph", "debug_dag",
)  # fmt: skip
_CHATTER = re.compile(
    r"Select jobs|Execute \d+ jobs|Building DAG|Using shell|Complete log|Elapsed time|Conda environments|Singularity|"
    "Assuming unrestricted|Workflow defines that rule|Provided|Rules claiming|Config file .* is extended|Shutting down|"
    "Exiting because a job execution failed|RuleException:\nCalledProcessError|Removing output files of failed job|"
    r"The Snakemake scheduler is|Job \d+ has been submitted|Submitted array job|Cleaning up SLURM"
)
_INTERRUPTED = re.compile("Terminating processes|Cancelling snakemake")
_LOCKED = re.compile("LockException")
_FAILED, _STOPPING = "At least one job did not complete", "Will exit after finishing currently running jobs"
_AGAIN = re.compile(r"Trying to restart job (\d+)")
# Seconds between two changes of the line on a terminal and between two lines elsewhere, at first and after a while.
_TICK, _LINES, _LATER, _A_WHILE = 0.5, 30, 300, 300
# Seconds that a job that was interrupted has to end.
_GRACE = 2
_DAY, _BAR, _NAMED = 86400, 12, 3


class Screen(logging.Handler):
    """Shows a run on ``stream``; messages for which it has no line of its own it leaves to ``other``."""

    def __init__(self, stream: TextIO, other: logging.Handler, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._stream, self._other, self._clock = stream, other, clock
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._waiting: dict[tuple[str, str | None], Work] = {}
        self._running: dict[int, Work] = {}
        self._failed: dict[int, Work] = {}
        self._times = JobTimes()
        self._reports: dict[int, dict[str, Any]] = {}
        self._jobs = self._done = self._networks = self._trained = 0
        self._cores, self._here, self._keep_going = 1, True, False
        self._warnings, self._advice = lambda work: [], lambda work: ""
        self._thread, self._over = None, threading.Event()
        self._said: set[str] = set()
        self._started, self._share = clock(), 0.0
        # The file to show where there is nothing to do, if any.
        self.answer: Callable[[], Path | None] = lambda: None
        self.begun = self.interrupted = self._stopping = self._long = False

    def begin(
        self,
        jobs: Iterable[Work],
        *,
        cores: int,
        here: bool = True,
        keep_going: bool = False,
        warnings: Callable[[Work], Sequence[str]],
        advice: Callable[[Work], str],
    ) -> None:
        """The run starts with these ``jobs`` to do on so many ``cores``, of this machine if ``here``.

        ``warnings`` gives lines on a job that has ended, ``advice`` the end of the line on one that failed; after that
        no other starts, unless ``keep_going``.
        """
        self._waiting = {(work.rule, work.log): work for work in jobs}
        self._cores, self._here, self._keep_going = cores, here, keep_going
        self._warnings, self._advice = warnings, advice
        self._jobs, self._networks = len(self._waiting), sum(work.networks for work in self._waiting.values())
        networks = f", up to {self._networks:,} networks to train" if self._networks else ""
        self.say(f"sgdbayes: {self._jobs} jobs to do{networks}")
        self.begun, self._started = True, self._clock()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The run is over: the line goes. Not from within `emit`."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._clear()
        if self.interrupted:
            self.say("sgdbayes: interrupted; the same command goes on from here", once=True)

    def say(self, text: str, *, once: bool = False) -> None:
        """Write a line that stays."""
        with self.lock:
            if not (once and text in self._said):
                self._said.add(text)
                self._clear()
                self._stream.write(f"{text}\n")
                self._stream.flush()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._show(record)
        except Exception:
            self.handleError(record)

    def _show(self, record: logging.LogRecord) -> None:
        event, text = str(getattr(record, "event", None)), str(record.msg)
        if _INTERRUPTED.match(text):
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
        elif self.interrupted or event in _SILENT or _CHATTER.match(text):
            pass
        elif match := _AGAIN.match(text):
            self.say(f"sgdbayes: {self._failed.get(int(match[1]), f'job {match[1]}')} is tried again")
        elif _STOPPING in text:
            self._no_more("the run ends with those that run now, on Ctrl-C at once")
        elif _FAILED in text:
            how = "stopped" if self._stopping else "stopped at an error"
            first = "" if self._stopping else "put it right, and "
            self.say(f"sgdbayes: {how}; {first}the same command goes on from here: what is finished is kept")
        elif _LOCKED.match(text):
            self.say(f"sgdbayes: Directory cannot be locked: {_why_locked()}")
        else:
            if event == "error":
                self._over.set()
            self._clear()
            self._other.handle(record)
            answer = self.answer() if text.startswith("Nothing to be done") else None
            if answer and answer.exists():
                self.say(f"\n{answer.read_text(encoding='utf-8')}")

    def _start(self, record: logging.LogRecord) -> None:
        log = first_log(record.log)
        work = self._failed.pop(record.jobid, None) or self._waiting.pop((record.rule_name, log), None)
        if work is not None:
            if log:
                forget_progress(log)
            work.started = self._clock()
            self._running[record.jobid] = work

    def _finish(self, number: int) -> None:
        work = self._running.pop(number, None)
        if work is None:
            return
        self._times.add(self._as_running(number, work))
        self._reports.pop(number, None)
        self._trained += work.networks
        # Not worth a failed run.
        with suppress(Exception):
            for warning in self._warnings(work):
                self.say(f"sgdbayes: {warning}", once=True)

    def _fail(self, record: logging.LogRecord) -> None:
        work, log = self._running.pop(record.jobid, None), first_log(record.log)
        if work is not None:
            self._failed[record.jobid] = work
        if self.interrupted:
            return
        said = log and error_of(log)
        if not said:
            name = work or record.rule_name
            said = f"sgdbayes: {name} ended in an error{f'; its log is {log}' if log else ''}"
        elif "learning rate" in said and work is not None:
            said += self._advice(work)
        self.say(said, once=True)
        if self._running and not self._keep_going:
            self._no_more("those that run now go on to their end")

    def _no_more(self, why: str) -> None:
        self._stopping = self._stopping or "Ctrl-C" in why
        self._waiting.clear()
        self.say(f"sgdbayes: no new job starts; {why}", once=True)

    def _stop_jobs(self) -> None:
        """End the jobs on this machine, which may not have been told."""
        import psutil

        # One is enough; a second would break off what follows.
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        jobs = psutil.Process().children(recursive=True)
        for stop in (lambda job: None, lambda job: job.send_signal(signal.SIGINT), lambda job: job.kill()):
            for job in jobs:
                with suppress(psutil.NoSuchProcess):
                    stop(job)
            jobs = psutil.wait_procs(jobs, timeout=_GRACE)[1]

    def _watch(self) -> None:
        said = self._started
        while not self._over.wait(_TICK):
            state, now = self.state(), self._clock()
            every = _LINES if now - self._started < _A_WHILE else _LATER
            with self.lock:
                if self._over.is_set():
                    return
                if self._live:
                    width = shutil.get_terminal_size().columns - 1
                    self._stream.write(f"\r\x1b[K{state[:width]}")
                    self._stream.flush()
                elif now - said >= every:
                    said = now
                    self.say(f"sgdbayes: {state}")

    def state(self) -> str:
        """The line."""
        with self.lock:
            running = dict(self._running)
        reports = {number: progress_of(work.log) for number, work in running.items() if work.log}
        with self.lock:
            # Of those that have not ended meanwhile.
            self._reports |= {
                number: report for number, report in reports.items() if report and number in self._running
            }
            trained = self._trained + sum(self._reports.get(number, {}).get("done", 0) for number in self._running)
            left, apart = self.seconds_left()
            names = [str(work) for work in self._running.values()]
        elapsed = self._clock() - self._started
        share = self._done / max(self._jobs, 1) if left is None else elapsed / max(elapsed + left, 1)
        # It does not go back.
        self._share = max(share, self._share)
        full = min(int(self._share * _BAR), _BAR)
        parts = [f"[{'#' * full}{'.' * (_BAR - full)}] {self._done} of {self._jobs} jobs"]
        if self._networks:
            parts.append(f"{trained:,} of {self._networks:,} networks")
        if left is not None:
            but = f", without {apart[0]}{f' and {len(apart) - 1} more' if apart[1:] else ''}" if apart else ""
            parts.append(f"at most {duration(left)} left{but}{'' if self._here else ' once all run'}")
            if left > _DAY and trained and not self._long:
                self._long = True
                self.say(
                    f"sgdbayes: up to {math.ceil(left / _DAY)} days are left: fewer networks, a smaller train_size or "
                    "a lower max_epochs take less, a cluster takes more at once (docs/cluster.md)"
                )
        return f"{', '.join(parts)}; {_listed(names) or 'waiting'}"

    def seconds_left(self) -> tuple[float | None, list[str]]:
        """As `JobTimes.seconds_left` of what runs and waits."""
        running = [self._as_running(number, work) for number, work in self._running.items()]
        return self._times.seconds_left(running, self._waiting.values(), self._cores)

    def _as_running(self, number: int, work: Work) -> Running:
        report = self._reports.get(number, {})
        # What it says itself is without the time in a queue.
        return Running(work, report, report.get("age", self._clock() - work.started))

    def _clear(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _why_locked() -> str:
    import psutil

    def here(process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            return any("snakemake" in word for word in process.cmdline()[:3]) and process.cwd() == str(Path.cwd())
        return False

    runs = [process.pid for process in psutil.process_iter() if process.pid != os.getpid() and here(process)]
    if runs:
        return f"another run, process {min(runs)}, is at work in this folder: wait for it, or stop it"
    return (
        "a run in this folder was killed, or one is at work on another machine; if none is: `make unlock`, or the same "
        "command with --unlock, then the same command"
    )


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
