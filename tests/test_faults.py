"""What can go wrong in a run: processes killed, files damaged, a full disk, two runs at once, edited code. The run
after it ends in the tables of a run to which nothing happened.
"""

import os
import shutil
import signal
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psutil
import pytest
from test_workflow import TINY, Project

from sgdbayes.files import provenance_path, read_provenance, read_table

pytestmark = pytest.mark.slow

# Networks are overtrained, and the posterior sampled, for long enough to be interrupted.
CONFIGURATION = {
    **{key: TINY[key] for key in ("device", "tasks", "architectures", "optimizers", "domains", "comparison")},
    "name": "tiny",
    "block_size": 10,
    "posteriors": {"zero_one": {"samples": 1000}},
    "experiments": {"small": {"task": "small", "architecture": "fcn", "optimizer": "sgd", "networks": 30,
                              "batch_size": 8, "domain_sizes": [8], "extra_epochs": 300}},
}  # fmt: skip
TABLES = [*(f"experiments/small/{name}.parquet" for name in ("runs", "functions")), "domains.parquet", "studies.csv"]
TARGETS = ["--", *(f"results/tiny/{name}" for name in TABLES)]


def new_project(folder: Path) -> Project:
    project = Project(folder)
    project.configure(CONFIGURATION)
    return project


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Project:
    """A run to which nothing happened."""
    project = new_project(tmp_path_factory.mktemp("undisturbed"))
    run = project.snakemake(*TARGETS)
    assert run.returncode == 0, run.stderr
    return project


@pytest.fixture(scope="module")
def expected(undisturbed) -> dict[str, pd.DataFrame]:
    return tables_of(undisturbed)


@pytest.fixture
def project(tmp_path) -> Project:
    return new_project(tmp_path)


def tables_of(project: Project) -> dict[str, pd.DataFrame]:
    return {name: read_table(project.folder / "results/tiny" / name) for name in TABLES}


def assert_tables(project: Project, expected: dict[str, pd.DataFrame], *, but: tuple[str, ...] = ()) -> None:
    for name, table in tables_of(project).items():
        pd.testing.assert_frame_equal(
            table.drop(columns=list(but), errors="ignore"), expected[name].drop(columns=list(but), errors="ignore")
        )


@contextmanager
def running(project: Project, *arguments: str, until: Callable[[], bool]) -> Iterator[subprocess.Popen]:
    """A run of Snakemake on one core at the moment when ``until`` became true; what is left of it then is killed."""
    command = ["snakemake", "--cores", "1", "--configfile", "tiny.yaml", *arguments]
    with (project.folder / "said.txt").open("w") as said:
        process = subprocess.Popen(command, cwd=project.folder, env=project.environment(), stdout=said, stderr=said)
    try:
        while not until():
            assert process.poll() is None, (project.folder / "said.txt").read_text()
            time.sleep(0.02)
        yield process
    finally:
        if process.poll() is None:
            family = [process, *psutil.Process(process.pid).children(recursive=True)]
            for member in family:
                member.kill()
            psutil.wait_procs(family[1:])
            process.wait()


def second_block(project: Project) -> Callable[[], bool]:
    """Whether one block is trained and the training of another has begun."""
    logs = project.folder / "results/tiny/logs/train/small"
    return lambda: sum(path.stat().st_size > 0 for path in logs.glob("*.log")) == 2


def test_killed_runs_go_on_to_the_same_tables_and_one_at_a_time(project, expected):
    blocks = project.folder / "results/tiny/experiments/small/blocks"
    with running(project, *TARGETS, until=second_block(project)) as first:
        # It waits, or it might have ended before the second has begun.
        first.send_signal(signal.SIGSTOP)
        second = project.snakemake(*TARGETS)
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stderr
    assert "Traceback" not in second.stderr
    # The first block comes first.
    assert (blocks / "0-10.parquet").exists()
    before = (blocks / "0-10.parquet").stat().st_mtime_ns
    for log in ("posterior/small/fcn/zero_one.log", "compare/small.log"):
        assert project.snakemake("--unlock").returncode == 0
        path = project.folder / "results/tiny/logs" / log
        with running(project, *TARGETS, until=path.exists):
            pass
    assert project.snakemake("--unlock").returncode == 0
    assert (blocks / "0-10.parquet").stat().st_mtime_ns == before
    run = project.snakemake(*TARGETS)
    assert run.returncode == 0, run.stderr
    assert_tables(project, expected)
    assert not list(project.folder.glob("results/**/.*.partial"))


@pytest.mark.parametrize("to", ["all", "snakemake"])
def test_an_interrupted_run_ends_in_seconds_in_one_line_and_goes_on(project, expected, to):
    """Ctrl-C in a terminal goes to all processes of the run, a signal of another program to one."""
    with running(project, *TARGETS, until=second_block(project)) as process:
        jobs = psutil.Process(process.pid).children(recursive=True)
        for member in [process, *(jobs if to == "all" else [])]:
            member.send_signal(signal.SIGINT)
        assert process.wait(timeout=15) != 0
        assert psutil.wait_procs(jobs, timeout=5)[1] == []
    said = (project.folder / "said.txt").read_text().splitlines()
    assert said[-1] == "sgdbayes: interrupted; the same command goes on from here"
    assert not any("Traceback" in line or "error" in line.lower() for line in said)
    for log in (project.folder / "results/tiny/logs").rglob("*.log"):
        assert "Traceback" not in log.read_text()
    run = project.snakemake(*TARGETS)
    assert run.returncode == 0, run.stderr
    assert_tables(project, expected)


def test_no_job_outlives_a_run_that_was_killed(project):
    with running(project, *TARGETS, until=second_block(project)) as process:
        jobs = psutil.Process(process.pid).children(recursive=True)
        assert jobs
        process.kill()
        process.wait()
        assert psutil.wait_procs(jobs, timeout=15)[1] == []


def test_code_edited_during_a_run_ends_it_and_what_was_made_is_kept(project, expected):
    module = project.folder / "sgdbayes/training/optimizers.py"
    with running(project, *TARGETS, until=second_block(project)) as process:
        module.write_text(module.read_text() + "\n\nUNUSED = 1\n")
        assert process.wait(timeout=300) != 0
    assert "the code behind train has changed since this run started" in (project.folder / "said.txt").read_text()
    run = project.snakemake(*TARGETS)
    assert run.returncode == 0, run.stderr
    assert_tables(project, expected, but=("code",))
    blocks = list((project.folder / "results/tiny/experiments/small/blocks").glob("*.parquet"))
    assert len(blocks) == 3
    codes = {read_provenance(block)["parameters"]["code"] for block in blocks}
    runs = read_table(project.folder / "results/tiny/experiments/small/runs.parquet")
    # Rows say by which code.
    assert codes == set(runs["code"])
    assert codes & set(expected["experiments/small/runs.parquet"]["code"])
    assert len(codes) == 2


def test_damaged_blocks_are_named_and_made_again(project, undisturbed, expected):
    shutil.copytree(undisturbed.folder / "results/tiny", project.folder / "results/tiny")
    experiment = project.folder / "results/tiny/experiments/small"
    truncated, flipped = (experiment / "blocks" / f"{name}.parquet" for name in ("0-10", "10-20"))
    truncated.write_bytes(truncated.read_bytes()[:-20])
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    (experiment / "runs.parquet").unlink()
    for block in (truncated, flipped):
        run = project.snakemake(*TARGETS)
        assert run.returncode != 0
        said = [line for line in run.stderr.splitlines() if line.startswith("sgdbayes: error")]
        named = f"{block.name} is damaged: it does not match its checksum; moved to {block.name}.damaged"
        assert named in said[0]
    run = project.snakemake(*TARGETS)
    assert run.returncode == 0, run.stderr
    assert_tables(project, expected)
    assert "networks 10 to 19, 10 of them to train" in project.log("train/small/10-20.log")


def test_a_full_disk_is_an_error_and_leaves_no_half_file(project, expected):
    results = project.folder / "results/tiny"
    results.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", results], check=False).returncode != 0:
        pytest.skip("a small tmpfs cannot be mounted here")
    try:
        run = project.snakemake(*TARGETS)
        assert run.returncode != 0
        assert "No space left on device" in run.stderr
        whole = 0
        for record in results.rglob("*.json"):
            path = record.with_suffix("")
            if path.suffix in (".parquet", ".csv"):
                read_table(path)
                whole += 1
        assert whole > 0
        assert not list(results.rglob(".*.partial"))
        subprocess.run(["mount", "-o", "remount,size=100m", results], check=True)
        run = project.snakemake(*TARGETS)
        assert run.returncode == 0, run.stderr
        assert_tables(project, expected)
    finally:
        subprocess.run(["umount", results], check=True)


def test_committed_tables_draw_their_figures_and_nothing_is_computed_again(project):
    """In a clone: no record of past runs, no kernels or posteriors, file times in any order."""
    desk = project.folder / "results/desk"
    for path in desk.rglob("*"):
        if path.is_file():
            os.utime(path, (1e9, 1e9 + zlib.crc32(path.name.encode()) % 1000))
    figure = "results/desk/figures/ep-against-exact.png"
    run = project.call("snakemake", "--cores", "2", "--configfile", "config/desk.yaml", "--", figure)
    assert run.returncode == 0, run.stderr
    assert (project.folder / figure).read_bytes().startswith(b"\x89PNG")
    assert provenance_path(project.folder / figure).exists()
    plan = project.call(
        "snakemake", "--configfile", "config/desk.yaml", "--dry-run", "--quiet", "rules", "--", "figures"
    )
    assert project.rules_in(plan.stdout + plan.stderr) <= {
        "answer", "scatter", "errors", "ranks", "reference_figure", "complexity_figure", "by_error_figure", "sweep",
        "predictors", "margins_figure", "figures",
    }  # fmt: skip
