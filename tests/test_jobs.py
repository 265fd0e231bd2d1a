"""What every job of the workflow does around its one call."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sgdbayes.storage import provenance_path, write_bytes

SCRIPT = """
import json, sys
from types import SimpleNamespace
from sgdbayes.jobs import job

from pathlib import Path
from sgdbayes.provenance import code_hash

# As Snakemake does in its copy of a script.
__file__ = {original!r}

class Named(list):
    code = {code}
    def items(self):
        return [("key", "k")]

fake = SimpleNamespace(rule="train", params=Named(), wildcards=Named(), input=json.loads(sys.argv[1]), log=[sys.argv[2]], threads=1)
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


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('labels must be -1 or +1')", "sgdbayes: error in train: labels must be -1 or +1\n"),
        ("{}['x']", "sgdbayes: error in train: 'x' (KeyError; see"),
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
    body = "from sgdbayes.storage import read_table; read_table({!r})"
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
