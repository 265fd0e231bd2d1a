"""The quickstart on another processor: other rounding tips a few labels, and moves nothing out of its interval."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from sgdbayes.analysis.comparison import compare
from sgdbayes.architectures import architecture_of
from sgdbayes.datasets import load_task
from sgdbayes.posterior.kinds import exact_posterior
from sgdbayes.training import Optimizer, train_until_fit

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "config" / "quickstart.yaml").read_text())


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("threads")
def test_other_rounding_moves_no_statistic_out_of_its_interval():
    task, architecture = (
        load_task(**CONFIG["tasks"]["mnist"], folder=ROOT / "data"),
        architecture_of(CONFIG["architectures"]["fcn"]),
    )
    (experiment,) = CONFIG["experiments"].values()
    kernel = architecture.kernel(np.concatenate([task.train_inputs, task.test_inputs]))
    exact = exact_posterior()
    posterior, _ = exact.fitted(task, None, [kernel], CONFIG["posteriors"][exact.name])
    settings = {name: experiment[name] for name in ("loss", "batch_size", "max_epochs", "seed")}
    # Float noise in the inputs, and other networks beside each other, stand for another order of sums.
    noise = np.random.default_rng(0).normal(1, 1e-7, task.train_inputs.shape).astype(np.float32)
    other = replace(task, train_inputs=task.train_inputs * noise)
    labels = []
    for each, size, number in ((task, None, 2), (other, 7, 1)):
        torch.set_num_threads(number)
        trained = train_until_fit(
            architecture, each, Optimizer("SGD", 0.1, {"momentum": 0.9}), stack_size=size,
            indices=range(experiment["networks"]), **settings,
        )  # fmt: skip
        labels.append(trained.functions)
    assert 0 < (labels[0] != labels[1]).mean() < 0.05
    (size,) = experiment["domain_sizes"]
    here, there = (compare(each, posterior, task.test_labels, domain_size=size).row for each in labels)
    names = [name.removesuffix("_low") for name in here if name.endswith("_low") and np.isfinite(here[name])]
    assert {"gap", "auc", "pearson", "test_error"} <= {*names}
    for name in names:
        assert here[f"{name}_low"] <= there[name] <= here[f"{name}_high"], name
        assert there[f"{name}_low"] <= here[name] <= there[f"{name}_high"], name
