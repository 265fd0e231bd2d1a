"""What clusters need: resources of every rule, a plan of the paper's experiments, an estimate of their cost.

The workflow on a real Slurm: tests/cluster/slurm.py.
"""

import base64
import json
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import cost
import pandas as pd
import pytest
import yaml

from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import read_configuration

ROOT = Path(__file__).parents[1]


def configuration(**changes):
    config = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text()) | changes
    return read_configuration(config, ROOT / "workflow" / "schemas" / "config.schema.yaml")


def rules():
    """The text of each rule of the workflow, by name."""
    texts = [path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk")]
    parts = [part for text in texts for part in re.split(r"^rule ", text, flags=re.MULTILINE)[1:]]
    return {part.split(":")[0]: part for part in parts}


def test_every_rule_asks_for_memory_and_time_that_grow_with_the_attempt():
    assert len(rules()) > 15
    for rule in rules().values():
        assert "mem_mb=grows(" in rule, rule
        assert "runtime=grows(" in rule, rule


def test_rules_in_arrays_ask_for_the_same_whatever_their_wildcards():
    """All tasks of an array get what the first one asks for."""
    profile = yaml.safe_load((ROOT / "workflow" / "profiles" / "slurm" / "config.yaml").read_text())
    for name in profile["slurm-array-jobs"].split(","):
        assert re.search(r"mem_mb=grows\([\w ]+\),\n +runtime=grows\(\d+\)", rules()[name]), name


def test_each_task_of_an_array_becomes_its_own_command():
    commands = {str(task): zlib.compress(f"echo task '{task}'".encode()).hex() for task in (2, 3)}
    option = "--slurm-jobstep-array-execs=" + base64.b64encode(json.dumps(commands).encode()).decode()
    said = {}
    for task in ("1", "2", "3", ""):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)} | ({"SLURM_ARRAY_TASK_ID": task} if task else {})
        code = "from sgdbayes.pipeline.slurm_arrays import become_array_task; become_array_task(); print('goes on')"
        run = subprocess.run(
            [sys.executable, "-c", code, "snakemake", option], env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        said[task] = run.stdout.strip()
    # The first task's command is the one that all are started with.
    assert said == {"1": "goes on", "2": "task 2", "3": "task 3", "": "goes on"}


def test_the_papers_experiments_are_a_few_thousand_jobs():
    plan = Plan(configuration(), ROOT / "workflow" / "scripts")
    blocks = {name: len(plan.blocks(name)) for name in plan.experiments}
    assert max(item.networks for item in plan.experiments.values()) == 1_000_000
    assert sum(blocks.values()) < 4000


def test_cost_is_images_trained_on_by_speed():
    experiment = {"task": "mnist", "architecture": "fcn", "optimizer": "adam", "networks": 7200}
    config = configuration(
        experiments={
            "measured": experiment,
            "longer": experiment | {"extra_epochs": 6},
            "other": experiment | {"architecture": "cnn"},
        },
        sweeps={},
    )
    # 3,000 images a minute and 600 a minute; |S| is 10,000.
    speeds = pd.DataFrame(
        {"benchmark": ["FCN 2x1024, batch 128", "CNN 2x32", "CNN 2x32, max pooling"], "value": [1.0, 0.2, 9.0]}
    )
    # Images an hour: of an optimiser, and of an architecture.
    gpu = {"adam": 2e8, "sgd": 1e8, "Convolutional": 1e7, "LSTM": 1e6}
    found = cost.costs(config, speeds, pd.Series({"measured": 3.0, "longer": 6.0}), gpu).set_index("experiment")
    assert found["core_hours"].to_dict() == pytest.approx({"measured": 1200.0, "longer": 4800.0, "other": 9000.0})
    assert found["measured"].tolist() == [True, True, False]
    assert (found["gpu_hours"] > 0).all()
    assert found.loc["measured", "gpu_hours"] == pytest.approx(found.loc["measured", "core_hours"] * 60 * 3000 / 2e8)
