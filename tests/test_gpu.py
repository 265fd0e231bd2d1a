"""What a GPU runs, as far as a CPU can tell: benchmarks/gpu.py, and the compiled step in Triton's interpreter, where
Triton is there (requirements/gpu.txt).
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from conftest import random_task
from test_setup import load

from sgdbayes.architectures import FullyConnected
from sgdbayes.files import read_table
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import read_configuration
from sgdbayes.training import Optimizer
from sgdbayes.training._fused_stack import FusedStack
from sgdbayes.training._torch_stack import TorchStack

# Before Triton is imported.
os.environ["TRITON_INTERPRET"] = "1"
ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "benchmarks" / "gpu.py"


def run_script(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)


def test_the_script_trains_what_the_workflow_would_train(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    script = load(SCRIPT)
    text = (ROOT / "config" / "paper.yaml").read_text(encoding="utf-8")
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    monkeypatch.chdir(ROOT)
    plan = Plan(read_configuration(yaml.safe_load(text), schema), ROOT / "workflow" / "scripts")
    for name in script.EXPERIMENTS:
        task, training = script.settings_of(name)
        assert training == plan.training(name)
        assert task == plan.configuration.tasks[plan.experiments[name].task]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(tmp_path):
    run = run_script(str(tmp_path / "out"))
    assert run.returncode == 1
    assert run.stderr == "gpu.py: torch finds no GPU here: run it where there is one, or try it with --rehearse\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_rehearsal_does_all_of_it_and_goes_on_where_it_was(tmp_path):
    early = run_script(str(tmp_path), "--rehearse", "--seconds", "5")
    assert early.returncode == 0, early.stderr
    assert "the time is up" in early.stdout
    assert "not all of these was done: tests, speeds, networks" in early.stdout
    run = run_script(str(tmp_path), "--rehearse")
    assert run.returncode == 0, run.stderr
    tests, speeds, runs = (read_table(tmp_path / name) for name in ("tests.csv", "speeds.csv", "runs.parquet"))
    assert tests["passed"].all()
    # In single precision a CPU is compared with itself.
    assert (tests["difference"] > 0).any()
    assert speeds["value"].notna().all()
    assert len(runs) == len(runs.drop_duplicates(["key", "index"])) == 24
    again = run_script(str(tmp_path), "--rehearse", "--only", "networks")
    assert "to train" not in again.stdout
    assert read_table(tmp_path / "runs.parquet").equals(runs)


def test_committed_results_of_a_gpu():
    tests, runs = (read_table(ROOT / "results" / "gpu" / name) for name in ("tests.csv", "runs.parquet"))
    assert tests["passed"].all()
    assert runs["converged"].mean() > 0.999
    assert not runs.duplicated(["key", "index"]).any()


INTERPRETED = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"momentum": 0.8, "nesterov": True}),
    ("Adam", {"betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1}),
    ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-2}),
    ("RMSprop", {"alpha": 0.9, "eps": 1e-2}),
    ("RMSprop", {"momentum": 0.7}),
    ("Adadelta", {"rho": 0.8, "eps": 1e-3}),
]


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize(
    ("kind", "options", "widths", "batch_size"),
    [*((*each, (40, 40), 19) for each in INTERPRETED), ("Adam", {}, (40, 20, 10, 4), 2)],
    ids=str,
)
def test_the_fused_step_is_that_of_torch(kind, options, widths, batch_size, loss):
    pytest.importorskip("triton")
    task, optimizer = random_task(train=50, inputs=37), Optimizer(kind, 0.005, options)
    architecture = FullyConnected(widths=widths, bias_variance=0.1)
    streams = [np.random.default_rng([0, i]) for i in range(3)]
    drawn = [list(map(torch.from_numpy, architecture.initial_parameters((37,), stream))) for stream in streams]
    orders = np.array([[stream.permutation(50) for stream in streams] for _ in range(4)])
    outputs = []
    for stack_kind in (FusedStack, TorchStack):
        stack = stack_kind(
            architecture, drawn, optimizer, task.train_inputs, task.train_labels.astype(np.float32),
            number=3, loss=loss, batch_size=batch_size, device="cpu", precision="float32",
        )  # fmt: skip
        for order in orders[:3]:
            stack.train_epoch(order)
        stack.keep(np.array([True, False, True]))
        stack.train_epoch(orders[3][[0, 2]])
        outputs.append(stack.outputs(np.ones(2, dtype=bool), task.test_inputs))
    # Twelve steps of float32 (6e-8 each), some of which divide by small numbers; a wrong update is off by about 1.
    assert np.linalg.norm(outputs[0] - outputs[1]) < 1e-4 * np.linalg.norm(outputs[1])


@pytest.mark.slow
def test_the_fused_step_in_bfloat16_is_near_that_of_torch():
    pytest.importorskip("triton")
    task = random_task(train=50, inputs=37)
    architecture = FullyConnected(depth=3, width=40)
    streams = [np.random.default_rng([0, i]) for i in range(3)]
    drawn = [list(map(torch.from_numpy, architecture.initial_parameters((37,), stream))) for stream in streams]
    order = np.array([stream.permutation(50) for stream in streams])
    found = []
    for stack_kind in (FusedStack, TorchStack):
        stack = stack_kind(
            architecture, drawn, Optimizer("Adam", 0.003), task.train_inputs, task.train_labels.astype(np.float32),
            number=3, loss="cross_entropy", batch_size=10, device="cpu", precision="bfloat16",
        )  # fmt: skip
        everyone = np.ones(3, dtype=bool)
        before = stack.outputs(everyone, task.test_inputs)
        stack.train_epoch(order)
        found.append(stack.outputs(everyone, task.test_inputs))
    # bfloat16 has 8 bits; a wrong update is off by about 1.
    assert np.linalg.norm(found[0] - found[1]) < 0.1 * np.linalg.norm(found[1] - before)
