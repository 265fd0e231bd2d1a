"""What a run shows: one line that changes on a terminal, lines now and then elsewhere, errors in a line each."""

import io
import json
import logging
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from sgdbayes.pipeline import run_time
from sgdbayes.pipeline import screen as module
from sgdbayes.pipeline.run_time import Work
from sgdbayes.pipeline.screen import Screen, duration
from sgdbayes.pipeline.show_run import say_left


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Run:
    """A run of two training jobs and a figure, told to a screen by hand."""

    def __init__(self, folder, stream: io.StringIO) -> None:
        self.now, self.stream, self.folder = 0.0, stream, folder
        other = logging.StreamHandler(stream)
        self.screen = Screen(stream, other, clock=lambda: self.now)
        self.jobs = [
            Work("train", {"experiment": "a", "block": block}, str(folder / f"{block}.log"), networks=100, model="m")
            for block in ("0-100", "100-200")
        ] + [Work("scatter", {"experiment": "a"}, str(folder / "scatter.log"))]

    def begin(self, *, cores: int = 1, **options) -> None:
        options = {"warnings": lambda work: [], "advice": lambda work: "; try 0.01", **options}
        self.screen.begin(self.jobs, cores=cores, **options)

    def tell(self, event: str | None = None, text: str = "", level: int = logging.INFO, **facts) -> None:
        record = logging.LogRecord("snakemake", level, "", 0, text, None, None)
        vars(record).update(facts | ({"event": event} if event else {}))
        self.screen.handle(record)

    def start(self, number: int) -> None:
        work = self.jobs[number]
        self.tell("job_info", jobid=number, rule_name=work.rule, log=[work.log])

    def fail(self, number: int) -> None:
        work = self.jobs[number]
        self.tell("job_error", level=logging.ERROR, jobid=number, rule_name=work.rule, log=[work.log])

    def report(self, number: int, **state) -> None:
        (self.folder / f"{self.jobs[number].log}.progress").write_text(json.dumps(state))

    @property
    def left(self) -> float | None:
        self.screen.state()
        return self.screen.seconds_left()[0]

    @property
    def said(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "_TICK", 3600)
    run = Run(tmp_path, io.StringIO())
    yield run
    run.screen.end()


SHORT = run_time._SAFE * run_time._GUESS


def test_time_left_counts_what_runs_and_what_waits(run):
    run.begin()
    assert run.said == ["sgdbayes: 3 jobs to do, up to 200 networks to train"]
    # Nothing is known of how long a network takes.
    assert run.left is None
    run.start(0)
    assert run.left is None
    run.now = 25
    # It waited for 15 s, and has 20 networks of an earlier job.
    run.report(0, age=10, done=40, missing=80, seconds_left=30)
    assert run.left == pytest.approx(30 + run_time._SAFE * 100 * 40 / 80 + SHORT)
    assert "40 of 200 networks" in run.screen.state()
    run.report(0, age=50, done=100, missing=80, seconds_left=0)
    run.screen.state()
    run.tell("job_finished", job_id=0)
    run.tell("progress", done=1, total=3)
    assert run.left == pytest.approx(run_time._SAFE * 100 * 50 / 80 + SHORT)
    assert "1 of 3 jobs, 100 of 200 networks, at most 90 s left; waiting" in run.screen.state()
    run.start(2)
    assert run.screen.state().endswith("; scatter a")


def test_jobs_of_several_rules_run_one_after_the_other_also_on_many_cores(run):
    run.jobs = [Work(rule, {}, str(run.folder / f"{rule}.log")) for rule in ("functions", "compare", "claims")]
    run.begin(cores=3)
    assert run.left == pytest.approx(SHORT + 2 / 3 * 3 * SHORT)


def test_a_job_of_which_nothing_is_known_is_left_out_and_named(run):
    run.jobs = [run.jobs[2], Work("posterior", {}, str(run.folder / "posterior.log"), short=False)]
    run.begin()
    assert "at most 10 s left, without posterior; waiting" in run.screen.state()
    run.start(0)
    run.now = 100
    assert "at most 0 s left, without scatter and 1 more; scatter a" in run.screen.state()


def test_an_experiment_on_the_same_model_says_how_long_another_takes(run):
    run.jobs[1] = Work("train", {"experiment": "b", "block": "0-100"}, run.jobs[1].log, networks=100, model="m")
    run.begin()
    run.start(0)
    run.report(0, age=50, done=100, missing=100, seconds_left=0)
    run.screen.state()
    run.tell("job_finished", job_id=0)
    assert run.left == pytest.approx(run_time._SAFE * 50 + SHORT)
    run.jobs[1].model = "wider"
    assert run.left is None


def test_what_a_killed_job_reported_is_forgotten_when_it_runs_again(run):
    run.begin()
    run.report(0, age=10, done=90, missing=100, seconds_left=1)
    run.start(0)
    assert "0 of 200 networks" in run.screen.state()


def test_chatter_is_left_out_and_messages_are_not(run):
    run.begin()
    for text in ("Select jobs to execute...", "Execute 2 jobs...", "Conda environments: ignored"):
        run.tell(text=text)
    run.tell("shellcmd", "python x")
    run.tell("run_info", "Job stats: ...")
    run.tell(text="Creating conda environment x")
    run.tell(text="Something is odd", level=logging.WARNING)
    assert run.said[1:] == ["Creating conda environment x", "Something is odd"]


def test_an_error_is_the_line_in_the_log_of_the_job_said_once(run):
    run.begin(keep_going=True)
    line = "sgdbayes: error in train: experiment a: none of its networks ended: change the learning rate"
    (run.folder / "0-100.log").write_text(f"Traceback ...\n{line}\n")
    run.start(0)
    run.fail(0)
    run.tell(text="Trying to restart job 0.")
    run.start(0)
    run.fail(0)
    run.start(2)
    run.fail(2)
    assert run.said[1:] == [
        f"{line}; try 0.01",
        "sgdbayes: train a 0-100 is tried again",
        f"sgdbayes: scatter a ended in an error; its log is {run.folder / 'scatter.log'}",
    ]


def test_after_an_error_nothing_new_starts_and_the_time_left_is_that_of_what_runs(run):
    run.begin()
    run.start(0)
    run.start(2)
    run.fail(2)
    assert run.said[2] == "sgdbayes: no new job starts; those that run now go on to their end"
    run.report(0, age=10, done=40, missing=100, seconds_left=30)
    assert run.left == pytest.approx(30)
    run.tell("error", "WorkflowError: At least one job did not complete successfully.", logging.ERROR)
    assert run.said[-1].startswith(
        "sgdbayes: stopped at an error; put it right, and the same command goes on from here"
    )


def test_a_block_of_which_nearly_all_is_known_does_not_say_how_long_a_network_takes(run):
    run.begin()
    run.start(0)
    run.report(0, age=10, done=99, missing=1, seconds_left=5)
    assert run.left is None


def test_a_locked_folder_is_one_line_and_says_who_is_at_work(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    locked = "LockException:\nError: Directory cannot be locked. Please make sure ..."
    run.tell("error", locked, logging.ERROR)
    with subprocess.Popen([sys.executable, "-c", "'snakemake'; import time; time.sleep(60)"]) as other:
        run.tell("error", locked, logging.ERROR)
        other.kill()
    assert run.said[0].startswith("sgdbayes: Directory cannot be locked: a run in this folder was killed")
    assert run.said[1].endswith(f"another run, process {other.pid}, is at work in this folder: wait for it, or stop it")


def test_where_there_is_nothing_to_do_the_answer_is_shown_again(run, tmp_path):
    (tmp_path / "summary.txt").write_text("the answer\n")
    run.screen.answer = lambda: tmp_path / "summary.txt"
    run.tell(text="Nothing to be done (all requested files are present and up to date).")
    assert run.said[0].startswith("Nothing to be done")
    assert "the answer" in run.said


def test_what_an_earlier_configuration_left_is_named(run, tmp_path):
    for folder in ("old-0", "old-1", "old-2", "new"):
        (tmp_path / "experiments" / folder).mkdir(parents=True)
    for name in ("studies.csv", "claims.csv"):
        (tmp_path / name).write_text("")
    plan = SimpleNamespace(experiments={"new": None})
    say_left(run.screen, tmp_path, {"studies.csv", "claims.csv"}, SimpleNamespace(experiments=dict.fromkeys(
        ("old-0", "old-1", "old-2", "new"))))  # fmt: skip
    assert run.said == []
    say_left(run.screen, tmp_path, {"studies.csv"}, plan)
    named = "sgdbayes: claims.csv, experiments/old-0, experiments/old-1 and 1 more"
    assert run.said[0].startswith(f"{named} in {tmp_path} are of an earlier configuration, and not used")


def test_a_run_that_is_told_to_stop_did_not_stop_at_an_error(run):
    run.begin()
    run.start(0)
    for _ in range(2):
        run.tell(text="Will exit after finishing currently running jobs (scheduler).")
    run.tell("error", "WorkflowError: At least one job did not complete successfully.", logging.ERROR)
    assert run.said[1:] == [
        "sgdbayes: no new job starts; the run ends with those that run now, on Ctrl-C at once",
        "sgdbayes: stopped; the same command goes on from here: what is finished is kept",
    ]


def test_what_a_finished_job_warns_of_is_said_once_and_a_warning_that_fails_is_no_harm(run):
    def warnings(work):
        if work.rule == "scatter":
            raise OSError
        return ["a: few networks fit S"]

    run.begin(warnings=warnings)
    for number in range(3):
        run.start(number)
        run.tell("job_finished", job_id=number)
    assert run.said[1:] == ["sgdbayes: a: few networks fit S"]


def test_a_run_of_days_is_a_warning_while_there_is_time(run):
    run.begin()
    run.start(0)
    run.report(0, age=10, done=10, missing=100, seconds_left=200_000)
    for _ in range(2):
        run.screen.state()
    assert len([line for line in run.said if "up to 6 days are left: fewer networks" in line]) == 1


def test_an_interrupted_run_says_how_to_go_on_and_no_more(run, monkeypatch):
    monkeypatch.setattr(run.screen, "_stop_jobs", lambda: None)
    run.begin()
    run.start(0)
    run.tell(text="Terminating processes on user request, this might take some time.")
    run.fail(0)
    run.screen.end()
    run.tell("error", "WorkflowError: At least one job did not complete successfully.", logging.ERROR)
    assert run.said[1:] == ["sgdbayes: interrupted; the same command goes on from here"]


def test_on_a_terminal_the_line_changes_in_place_and_ends_with_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TICK", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    run = Run(tmp_path, Terminal())
    run.begin()
    run.start(0)
    deadline = time.monotonic() + 30
    while (drawn := run.stream.getvalue()).count("\r\x1b[K[") < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    run.screen.say("a message")
    run.screen.end()
    lines = [line for line in drawn.split("\r\x1b[K") if line.startswith("[")]
    assert len(lines) >= 2
    assert all("0 of 3 jobs" in line and len(line) <= 39 for line in lines)
    assert "\r\x1b[Ka message\n" in run.stream.getvalue()
    assert run.stream.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (41, "50 s"), (90, "90 s"), (91, "2 min"), (5400, "90 min"), (5401, "2 h")]
)
def test_durations_are_rounded_up(seconds, said):
    assert duration(seconds) == said
