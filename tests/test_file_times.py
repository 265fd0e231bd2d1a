"""File times follow content."""

import copy
import os
from itertools import pairwise
from pathlib import Path

import pytest
from test_workflow import TINY

from sgdbayes.files import provenance_path, read_checksum, write_bytes
from sgdbayes.pipeline.file_times import settle_file_times
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import read_configuration
from sgdbayes.pipeline.steps import STEPS

# In an empty folder there is no table to publish against.
CONFIGURATION = {name: value for name, value in TINY.items() if name != "published"}

ROOT = Path(__file__).parents[1]


@pytest.fixture
def chain(tmp_path):
    """A -> b -> c, each made from the one before, with times as if made in the opposite order."""
    paths = [tmp_path / name for name in "abc"]
    write_bytes(paths[0], b"a", {})
    for before, path in pairwise(paths):
        write_bytes(path, b"made from " + before.name.encode(), {"inputs": {str(before): read_checksum(before)}})
    for seconds, path in zip((3000, 2000, 1000), paths, strict=True):
        for part in (path, provenance_path(path)):
            os.utime(part, (seconds, seconds))
    return paths


def newer(first, second) -> bool:
    """What Snakemake asks of an input and an output."""
    return first.stat().st_mtime > min(second.stat().st_mtime, provenance_path(second).stat().st_mtime)


def test_what_is_up_to_date_looks_so(chain, tmp_path):
    a, b, c = chain
    assert newer(a, b)
    settle_file_times(tmp_path, None)
    assert not newer(a, b)
    assert not newer(b, c)


def test_what_is_out_of_date_looks_so(chain, tmp_path):
    a, b, c = chain
    write_bytes(b, b"another", {"inputs": {str(a): read_checksum(a)}})
    for part in (b, provenance_path(b)):
        os.utime(part, (1, 1))
    settle_file_times(tmp_path, None)
    assert not newer(a, b)
    assert newer(b, c)


def test_results_whose_inputs_are_gone_or_unknown_are_left_alone(chain, tmp_path):
    a, b, c = chain
    a.unlink()
    provenance_path(c).write_text("not JSON")
    settle_file_times(tmp_path, None)
    assert b.stat().st_mtime == 2000
    assert c.stat().st_mtime == 1000
    settle_file_times(tmp_path / "nowhere", None)


@pytest.mark.parametrize("same", [True, False])
def test_what_is_made_anew_the_same_makes_nothing_behind_a_gap_again(chain, tmp_path, same):
    a, b, c = chain
    beside = tmp_path / "beside"
    write_bytes(beside, b"", {"inputs": {str(a): read_checksum(a)}})
    # Kept in a clone: the record of what is not, and tables.
    beside.unlink()
    b.unlink()
    provenance_path(b).unlink()
    write_bytes(a, b"a" if same else b"another", {})
    settle_file_times(tmp_path, None)
    assert newer(a, c) != same
    before = a.stat().st_mtime
    settle_file_times(tmp_path, None)
    assert a.stat().st_mtime == before


def test_what_has_changed_stays_newer_than_what_a_killed_run_did_not_reach(chain, tmp_path):
    a, b, c = chain
    b.unlink()
    provenance_path(b).unlink()
    write_bytes(a, b"another", {})
    # All that say what they were made from are of the run that was killed.
    write_bytes(tmp_path / "beside", b"", {"inputs": {str(a): read_checksum(a)}})
    settle_file_times(tmp_path, None)
    assert newer(a, c)


def test_outputs_of_one_job_are_no_older_than_the_inputs_of_each(tmp_path):
    """Snakemake compares each of them with all inputs of the job."""
    inputs, outputs = [tmp_path / "a", tmp_path / "b"], [tmp_path / "drawn-a", tmp_path / "drawn-b"]
    for path in inputs:
        write_bytes(path, path.name.encode(), {})
    for source, path in zip(inputs, outputs, strict=True):
        record = {"rule": "draw", "wildcards": {}, "inputs": {str(source): read_checksum(source)}}
        write_bytes(path, b"drawn", record)
    for seconds, path in zip((1000, 4000, 3000, 2000), inputs + outputs, strict=True):
        for part in (path, provenance_path(path)):
            os.utime(part, (seconds, seconds))
    assert newer(inputs[1], outputs[0])
    settle_file_times(tmp_path, None)
    assert not any(newer(source, path) for source in inputs for path in outputs)
    write_bytes(inputs[1], b"another", {})
    settle_file_times(tmp_path, None)
    assert all(newer(inputs[1], path) for path in outputs)


def test_settings_are_compared_with_those_of_the_plan_and_code_is_counted(tmp_path, monkeypatch):
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"

    def planned(**changed):
        return Plan(read_configuration(copy.deepcopy(CONFIGURATION | changed), schema), ROOT / "workflow" / "scripts")

    plan, model = planned(), ("small", "fcn")
    monkeypatch.chdir(tmp_path)
    task, kernel, posterior = Path("task.npz"), Path("kernel.npz"), Path("mse.npz")

    def made(path, rule, *of, inputs=(), code=None):
        record = {"key": plan.key(rule, *of), "code": code or plan.code(rule, *of)}
        wildcards = dict(zip(STEPS[rule].of, of, strict=True))
        named = {str(each): read_checksum(each) for each in inputs}
        write_bytes(path, rule.encode(), {"rule": rule, "wildcards": wildcards, "parameters": record, "inputs": named})

    made(task, "task", "small")
    made(kernel, "kernel", *model, inputs=[task])
    made(posterior, "posterior", *model, "mse", inputs=[kernel], code="another")
    assert settle_file_times(Path(), plan) == ([], {"posterior": 1})
    assert not newer(kernel, posterior)
    assert settle_file_times(Path(), planned(other_code="again")) == (["mse.npz"], {})
    changed = planned(posteriors=TINY["posteriors"] | {"mse": {"noise_variance": 0.5}})
    assert settle_file_times(Path(), changed).outdated == ["mse.npz"]
    changed = planned(tasks={"small": TINY["tasks"]["small"] | {"train_size": 41}})
    assert sorted(settle_file_times(Path(), changed).outdated) == ["kernel.npz", "mse.npz", "task.npz"]


def test_results_of_models_that_are_gone_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan(
        read_configuration(CONFIGURATION, ROOT / "workflow/schemas/config.schema.yaml"), ROOT / "workflow" / "scripts"
    )
    wildcards = {"task": "small", "architecture": "gone", "kernel": "kernel"}
    write_bytes("kernel.npz", b"k", {"rule": "kernel", "wildcards": wildcards, "parameters": {"key": "k", "code": "c"}})
    assert settle_file_times(Path(), plan) == ([], {})
