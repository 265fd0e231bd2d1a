"""What a run shows: one line that changes on a terminal, lines now and then elsewhere, errors in a line each."""

import io
import json
import logging
import re

import pytest

from sgdbayes import screen as module
from sgdbayes.screen import Screen, Work, duration


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
            Work("train", {"experiment": "a", "block": block}, str(folder / f"{block}.log"), 100)
            for block in ("0-100", "100-200")
        ] + [Work("scatter", {"experiment": "a"}, str(folder / "scatter.log"))]

    def begin(self, **options) -> None:
        options = {"warnings": lambda work: [], "advice": lambda work: "; try 0.01", **options}
        self.screen.begin(self.jobs, cores=1, **options)

    def tell(self, event: str | None = None, text: str = "", level: int = logging.INFO, **facts) -> None:
        record = logging.LogRecord("snakemake", level, "", 0, text, None, None)
        vars(record).update(facts | ({"event": event} if event else {}))
        self.screen.handle(record)

    def start(self, number: int) -> None:
        work = self.jobs[number]
        self.tell("job_info", jobid=number, rule_name=work.rule, log=[work.log])

    def report(self, number: int, **state) -> None:
        (self.folder / f"{self.jobs[number].log}.progress").write_text(json.dumps(state))

    @property
    def said(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "_TICK", 3600)
    run = Run(tmp_path, io.StringIO())
    yield run
    run.screen.end()


def left(run: Run) -> float | None:
    return run.screen.seconds_left({number: module.progress_of(run.jobs[number].log) for number in run.screen._running})


def test_time_left_counts_what_runs_and_what_waits(run):
    run.begin()
    assert "sgdbayes: 3 jobs to do, 200 networks to train" in run.said
    # Nothing is known of how long a network takes.
    assert left(run) is None
    run.start(0)
    assert left(run) is None
    run.now = 10
    run.report(0, networks=100, done=40, seconds_left=30)
    # The first block is to take 40 s in all, so the second, too; and the figure a guess.
    guess = module._SAFE * module._GUESS
    assert left(run) == pytest.approx(30 + module._SAFE * 40 + guess)
    assert "40 of 200 networks" in run.screen._state()
    run.now = 60
    run.tell("job_finished", job_id=0)
    run.tell("progress", done=1, total=3)
    assert left(run) == pytest.approx(module._SAFE * 60 + guess)
    state = run.screen._state()
    assert "1 of 3 jobs, 100 of 200 networks, at most 90 s left; waiting" in state
    run.start(2)
    assert state != run.screen._state()
    assert run.screen._state().endswith("; scatter a")


def test_a_job_that_takes_longer_than_guessed_is_still_to_end(run):
    run.jobs = run.jobs[2:]
    run.begin()
    run.start(0)
    run.now = 100
    assert left(run) > 0


def test_chatter_is_left_out_and_messages_are_not(run):
    run.begin()
    for text in ("Select jobs to execute...", "Execute 2 jobs...", "Conda environments: ignored"):
        run.tell(text=text)
    run.tell("shellcmd", "python x")
    run.tell("run_info", "Job stats: ...")
    run.tell(text="Creating conda environment x")
    run.tell(text="Something is odd", level=logging.WARNING)
    assert run.said.splitlines()[1:] == ["Creating conda environment x", "Something is odd"]


def test_an_error_is_the_line_in_the_log_of_the_job_said_once(run):
    run.begin()
    line = "sgdbayes: error in train: experiment a: none of its networks ended: change the learning rate"
    (run.folder / "0-100.log").write_text(f"Traceback ...\n{line}\n")
    for _ in range(2):
        run.start(0)
        run.tell("job_error", level=logging.ERROR, jobid=0, rule_name="train", log=[run.jobs[0].log])
    run.start(2)
    run.tell("job_error", level=logging.ERROR, jobid=2, rule_name="scatter", log=[run.jobs[2].log])
    assert run.said.splitlines()[1:] == [
        f"{line}; try 0.01",
        f"sgdbayes: scatter a ended in an error; its log is {run.folder / 'scatter.log'}",
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
    assert run.said.splitlines()[1:] == ["sgdbayes: a: few networks fit S"]


def test_a_run_of_days_is_a_warning_while_there_is_time(run):
    run.begin()
    run.start(0)
    run.report(0, networks=100, done=10, seconds_left=200_000)
    for _ in range(2):
        run.screen._state()
    assert len(re.findall("up to 6 days are left: fewer networks", run.said)) == 1


def test_an_interrupted_run_says_how_to_go_on_and_no_more(run, monkeypatch):
    monkeypatch.setattr(run.screen, "_stop_jobs", lambda: None)
    run.begin()
    run.start(0)
    run.tell(text="Terminating processes on user request, this might take some time.")
    run.tell("job_error", level=logging.ERROR, jobid=0, rule_name="train", log=[run.jobs[0].log])
    run.screen.end()
    run.tell("error", "WorkflowError: At least one job did not complete successfully.", logging.ERROR)
    assert run.said.splitlines()[1:] == ["sgdbayes: interrupted; the same command goes on from here"]


def test_on_a_terminal_the_line_changes_in_place_and_ends_with_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TICK", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    run = Run(tmp_path, Terminal())
    run.begin()
    run.start(0)
    while run.said.count("\r\x1b[K[") < 3:
        pass
    run.screen.say("a message")
    run.screen.end()
    line = run.said.split("\r\x1b[K")[-4]
    assert len(line) <= 39
    assert "0 of 3 jobs" in line
    assert "\r\x1b[Ka message\n" in run.said
    assert run.said.endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (41, "50 s"), (90, "90 s"), (91, "2 min"), (5400, "90 min"), (5401, "2 h")]
)
def test_durations_are_rounded_up(seconds, said):
    assert duration(seconds) == said
