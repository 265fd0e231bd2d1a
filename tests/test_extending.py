"""What docs/extending.md promises: one object and one entry, and the configuration finds it."""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml

from sgdbayes.architectures import by_name as architectures
from sgdbayes.configuration import check_kinds, read_configuration
from sgdbayes.datasets import Dataset, LabelledData, load_task
from sgdbayes.datasets import by_name as datasets
from sgdbayes.plan import Plan
from sgdbayes.posterior import Gaussian
from sgdbayes.posterior import by_name as posteriors
from sgdbayes.training import optimizers
from sgdbayes.training.campaign import train_block

ROOT = Path(__file__).parents[1]


def load_parity(_folder: Path) -> LabelledData:
    """All 64 strings of six bits, by their number of ones."""
    bits = np.array([[code >> bit & 1 for bit in range(6)] for code in range(64)], dtype=np.float32)
    return LabelledData(bits, bits.sum(1).astype(int))


def centred(train, test, *, scale: float = 1.0):
    """Inputs less their mean over S."""
    mean = train.mean(0)
    return scale * (train - mean), scale * (test - mean)


@dataclass(frozen=True)
class RandomFeatures:
    """A fixed random hidden layer under a trained linear output: for the test, no kernel."""

    features: int = 100

    def initial_parameters(self, input_shape, rng):
        return [
            rng.standard_normal((*input_shape, self.features), dtype=np.float32),
            np.zeros((self.features, 1), np.float32),
        ]

    def outputs(self, parameters, inputs):
        hidden, output = parameters
        return (torch.relu(inputs.expand(len(hidden), -1, -1) @ hidden.detach()) @ output).squeeze(2)


def prior_posterior(kernel, labels, *, scale: float = 1.0):
    """A posterior that has learnt nothing."""
    rest = kernel[len(labels) :, len(labels) :]
    return Gaussian(np.zeros(len(rest)), scale * rest), {}


def test_everything_new_is_found_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setitem(datasets.DATASETS, "bits", Dataset(load_parity, 64, tuple(range(7)), encode=centred))
    monkeypatch.setitem(architectures.ARCHITECTURES, "RandomFeatures", RandomFeatures)
    monkeypatch.setitem(posteriors.POSTERIORS, "prior", prior_posterior)
    known = (*optimizers.OPTIMIZERS, "Adamax")
    monkeypatch.setattr(optimizers, "OPTIMIZERS", known)
    monkeypatch.setattr("sgdbayes.training.OPTIMIZERS", known)
    config = yaml.safe_load((ROOT / "config" / "quickstart.yaml").read_text())
    config = copy.deepcopy(config) | {
        "tasks": {
            "bits": {
                "dataset": "bits",
                "positive_classes": [3, 4, 5, 6],
                "train_size": 30,
                "recorded_test_size": 34,
                "options": {"scale": 2.0},
            }
        },
        "architectures": {"features": {"kind": "RandomFeatures", "features": 200}},
        "optimizers": {"adamax": {"kind": "Adamax", "learning_rate": 0.05}},
        "posteriors": {"prior": {"scale": 2.0}},
        "experiments": {
            "new": {
                "task": "bits",
                "architecture": "features",
                "optimizer": "adamax",
                "networks": 3,
                "domain_sizes": [10],
            }
        },
    }
    configuration = read_configuration(config, ROOT / "workflow" / "schemas" / "config.schema.yaml")
    check_kinds(configuration)
    plan = Plan(configuration, ROOT / "workflow" / "scripts")
    task = load_task(configuration.tasks["bits"], tmp_path)
    assert abs(task.train_inputs.mean(0)).max() < 1e-6
    assert np.unique(np.diff(np.sort(task.test_inputs[:, 0])).round(5)).tolist() == [0, 2]
    settings = plan.training("new")
    table = train_block(task, settings, "0-3", experiment="new", key="k", code="c", known=[], device="cpu")
    assert table["converged"].all()
