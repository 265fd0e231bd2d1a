"""What every job of the workflow does around its one call."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sgdbayes.files import provenance_path, write_bytes
from sgdbayes.pipeline.jobs import SHOWN, error_of, progress_of

SCRIPT = """
import json, sys
from types import SimpleNamespace
from sgdbayes.pipeline.jobs import job

from pathlib import Path
from sgdbayes.pipeline.provenance import code_hash

# As Snakemake does in its copy of a script.
__file__ = {original!r}

class Named(list):
    code, uses = {code}, ()
    def items(self):
        return [("key", "k")]

fake = SimpleNamespace(
    rule="train", params=Named(), wildcards=Named(), input=json.loads(sys.argv[1]), log=[sys.argv[2]], threads=1,
    config={{}}
)
with job(fake) as run:
    {body}
"""


def run_job(
    tmp_path: Path, body: str, inputs: list[str] | None = None, *, code: str = "code_hash(Path(__file__))"
) -> subprocess.CompletedProcess:
    original = str(Path(__file__).parents[1] / "workflow" / "scripts" / "train.py")
    command = [
        sys.executable,
        "-c",
        SCRIPT.format(body=body, code=code, original=original),
        json.dumps(inputs or []),
        str(tmp_path / "logs" / "job.log"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_what_a_job_prints_goes_to_its_log(tmp_path):
    run = run_job(tmp_path, "print('progress')")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / "logs" / "job.log").read_text() == "progress\n"


def test_libraries_keep_to_the_threads_of_the_job(tmp_path):
    body = "import torch, numba, threadpoolctl, scipy.linalg; print(torch.get_num_threads(), numba.get_num_threads(), "
    body += "max(pool['num_threads'] for pool in threadpoolctl.threadpool_info()))"
    assert run_job(tmp_path, body).returncode == 0
    assert (tmp_path / "logs" / "job.log").read_text() == "1 1 1\n"


def test_what_a_user_has_set_for_other_programs_is_not_for_jobs(tmp_path, monkeypatch):
    rc = tmp_path / "matplotlibrc"
    rc.write_text("text.usetex: true\nlines.linewidth: 40\nbackend: tkagg\n")
    for name, value in (("MATPLOTLIBRC", str(rc)), ("MPLBACKEND", "tkagg"), ("JAX_PLATFORMS", "cuda")):
        monkeypatch.setenv(name, value)
    body = (
        "import jax, matplotlib; from sgdbayes.figures.style import run_style; print(jax.devices()[0].platform)\n"
        "    with run_style(): print(matplotlib.rcParams['text.usetex'], matplotlib.rcParams['lines.linewidth'] < 4)"
    )
    assert run_job(tmp_path, body).returncode == 0
    assert (tmp_path / "logs" / "job.log").read_text() == "cpu\nFalse True\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('labels must be -1 or +1')", "sgdbayes: error in train: labels must be -1 or +1\n"),
        ("{}['x']", "sgdbayes: error in train: 'x' (KeyError; see"),
        ("raise RuntimeError", "sgdbayes: error in train: RuntimeError, without a word; see"),
        ("assert False", "sgdbayes: error in train: AssertionError, without a word; see"),
        ("raise MemoryError", "sgdbayes: error in train: out of memory; see"),
    ],
)
def test_errors_are_one_line_on_the_console(tmp_path, body, said):
    run = run_job(tmp_path, body)
    assert run.returncode == 1
    assert run.stderr.startswith(said)
    assert run.stderr.count("\n") == 1
    assert "Traceback" in (tmp_path / "logs" / "job.log").read_text()


def test_code_edited_since_the_run_started_is_refused(tmp_path):
    run = run_job(tmp_path, "print('computed')", code="'that of the plan'")
    assert run.returncode == 1
    assert run.stderr.startswith("sgdbayes: error in train: the code behind train has changed since this run started")
    assert "computed" not in (tmp_path / "logs" / "job.log").read_text()


def test_provenance_names_inputs_by_checksum(tmp_path):
    path = tmp_path / "in.txt"
    write_bytes(path, b"content", {})
    assert run_job(tmp_path, "print(json.dumps(run.provenance(device='cpu')))", [str(path)]).returncode == 0
    record = json.loads((tmp_path / "logs" / "job.log").read_text())
    assert record["inputs"] == {str(path): json.loads(provenance_path(path).read_text())["sha256"]}
    assert record["parameters"] == record["wildcards"] == {"key": "k"}
    assert record["threads"] == 1
    assert record["device"] == "cpu"
    assert record["versions"]["torch"]
    assert run_job(tmp_path, "print(json.dumps(run.provenance(inputs=[])))", [str(path)]).returncode == 0
    assert json.loads((tmp_path / "logs" / "job.log").read_text())["inputs"] == {}


@pytest.mark.parametrize("link", [False, True])
def test_a_damaged_input_is_moved_out_of_the_way_and_no_other_file(tmp_path, link):
    path, other = tmp_path / "in.csv", tmp_path / "other.csv"
    whole = tmp_path / "cache.csv" if link else path
    for each in (whole, other):
        write_bytes(each, b"a\n1\n", {})
        each.write_bytes(b"a\n2\n")
    if link:
        path.symlink_to(whole)
        provenance_path(path).symlink_to(provenance_path(whole))
    body = "from sgdbayes.files import read_table; read_table({!r})"
    run = run_job(tmp_path, body.format(str(other)), [str(path)])
    assert "other.csv is damaged: it does not match its checksum; delete it and run again" in run.stderr
    assert other.exists()
    run = run_job(tmp_path, body.format(str(path)), [str(path)])
    assert (
        "in.csv is damaged: it does not match its checksum; moved to in.csv.damaged, run again to make it" in run.stderr
    )
    assert not path.exists()
    assert not path.is_symlink()
    assert not whole.exists()
    assert (tmp_path / f"{whole.name}.damaged").read_bytes() == b"a\n2\n"


def test_an_interrupted_job_says_so_in_its_log_without_a_traceback(tmp_path):
    run = run_job(tmp_path, "raise KeyboardInterrupt")
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")
    assert (tmp_path / "logs" / "job.log").read_text() == "interrupted\n"


def test_where_the_run_shows_errors_a_job_leaves_them_to_it(tmp_path, monkeypatch):
    monkeypatch.setenv(SHOWN, "1")
    run = run_job(tmp_path, "raise ValueError('labels must be -1 or +1')")
    assert (run.returncode, run.stderr) == (1, "")
    assert error_of(tmp_path / "logs" / "job.log") == "sgdbayes: error in train: labels must be -1 or +1"
    assert error_of(tmp_path / "logs" / "none.log") is None


def test_what_a_job_reports_is_there_until_it_ends(tmp_path):
    body = "from sgdbayes.pipeline.jobs import progress_of; run.report(done=3); print(progress_of(sys.argv[2])['done'])"
    assert run_job(tmp_path, body).returncode == 0
    log = tmp_path / "logs" / "job.log"
    assert log.read_text() == "3\n"
    assert progress_of(log) == {}
    assert sorted(path.name for path in log.parent.iterdir()) == ["job.log"]


def test_a_job_ends_soon_after_the_run_that_started_it_was_killed(tmp_path):
    """As `kill -9` of Snakemake leaves it."""
    body = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    starter = (
        "import os, sys, time; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import test_jobs, "
        "sgdbayes.pipeline.jobs;os.environ[sgdbayes.pipeline.jobs.MAIN] = str(os.getpid()); "
        "test_jobs.run_job(Path(sys.argv[2]), sys.argv[3])"
    )
    command = [sys.executable, "-c", starter, str(Path(__file__).parent), str(tmp_path), body]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    log = tmp_path / "logs" / "job.log"
    with subprocess.Popen(command, env=environment) as run:
        while not (log.exists() and log.read_text().endswith("\n")):
            assert run.poll() is None
            time.sleep(0.05)
        job = psutil.Process(int(log.read_text()))
        time.sleep(1.5)
        assert job.is_running()
        run.kill()
    job.wait(timeout=10)
