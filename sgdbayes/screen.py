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
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from sgdbayes.jobs import MAIN, error_of, progress_of
from sgdbayes.plan import Plan

__all__ = ["Screen", "Work", "duration", "show_run", "take_screen"]

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


def take_screen(workflow, snakefile: Path) -> "Screen | None":  # noqa: ANN001 (Snakemake's)
    """Put a Screen in the place of Snakemake's own output. None where that is asked for (--verbose, --quiet all, --dry-run,
    another logger plugin), where another workflow has that of ``snakefile`` as a module, and in jobs.
    """
    from snakemake.logging import logger
    from snakemake.settings.enums import Quietness

    settings = workflow.output_settings
    own = next((handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"), None)
    if not workflow.is_main_process or Path(workflow.main_snakefile).resolve() != snakefile.resolve():
        return None
    if own is None or settings.dryrun or settings.verbose or Quietness.ALL in (settings.quiet or ()):
        return None
    screen = Screen(own.stream, own)
    sys.excepthook, os.environ[MAIN] = _without_traceback, str(os.getpid())
    logger.removeHandler(own)
    logger.addHandler(screen)
    return screen


def _without_traceback(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("sgdbayes: interrupted before anything was started", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, where)


def show_run(screen: "Screen | None", workflow, plan: Plan, folder: str) -> None:  # noqa: ANN001
    """Tell ``screen`` what there is to do, when Snakemake has planned it, for results in ``folder``."""
    if screen is not None:
        jobs = map(_work, workflow.dag.needrun_jobs())
        resources = workflow.global_resources
        places = [resources[name].value for name in ("_cores", "_nodes")]
        cores = max((place for place in places if isinstance(place, int)), default=1)
        screen.begin(
            jobs,
            cores=cores,
            warnings=lambda work: _warnings(work, plan, folder),
            advice=lambda work: _advice(work, plan),
        )


def _work(job) -> "Work":  # noqa: ANN001
    wildcards = dict(job.wildcards_dict)
    networks = 0
    if job.rule.name == "train":
        start, stop = map(int, wildcards["block"].split("-"))
        networks = stop - start
    return Work(job.rule.name, wildcards, _first(job.log), networks)


def _warnings(work: "Work", plan: Plan, folder: str) -> list[str]:
    """Of the first block of an experiment."""
    block = work.wildcards.get("block", "")
    if not (work.networks and block.startswith("0-")):
        return []
    from sgdbayes.early_warnings import early_warnings
    from sgdbayes.storage import read_table

    name = work.wildcards["experiment"]
    item = plan.experiments[name]
    return early_warnings(
        read_table(f"{folder}/experiments/{name}/blocks/{block}.parquet"),
        optimizer=plan.configuration.optimizers[item.optimizer],
        max_epochs=item.max_epochs,
        domain_sizes=item.domain_sizes,
        learning_rates=_learning_rates(name, plan),
    )


def _advice(work: "Work", plan: Plan) -> str:
    """On a job that failed: which learning rate is known to do."""
    if not work.networks:
        return ""
    name = work.wildcards["experiment"]
    optimizer = plan.configuration.optimizers[plan.experiments[name].optimizer]
    rate = _learning_rates(name, plan).get(optimizer["kind"])
    known = f"; on this data set {optimizer['kind']} is known to do with {rate}"
    return "" if rate in (None, optimizer["learning_rate"]) else known


def _learning_rates(experiment: str, plan: Plan) -> Mapping[str, float]:
    from sgdbayes.datasets import DATASETS

    return DATASETS[plan.configuration.tasks[plan.experiments[experiment].task]["dataset"]].learning_rates


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
            (each for each in self._waiting if (each.rule, each.log) == (record.rule_name, _first(record.log))), None
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
        work, log = self._running.pop(record.jobid, None), _first(record.log)
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


def _first(log: Sequence[str] | None) -> str | None:
    return str(log[0]) if log else None
