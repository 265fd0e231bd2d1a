"""The public API as a type checker sees it: `make lint` has mypy check this file, and nothing runs it."""

from typing import assert_type

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

import sgdbayes as sb


class Line:
    """An architecture of one's own, which inherits from nothing."""

    def initial_parameters(self, input_shape: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
        return [rng.standard_normal(input_shape, dtype=np.float32)]

    def outputs(self, parameters: list[torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        return (parameters[0][:, None] * inputs).sum(2)


def used_rightly() -> None:
    task = assert_type(sb.load_task("mnist", positive_classes=range(5, 10), train_size=100, seed=1), sb.Task)
    architecture = sb.FullyConnected(widths=[64, 64])
    kernel = assert_type(architecture.kernel(np.concatenate([task.train_inputs, task.test_inputs])), np.ndarray)
    optimizer = sb.Optimizer("SGD", 0.1, {"momentum": 0.9})
    networks = assert_type(sb.train_until_fit(architecture, task, optimizer, indices=9, seed=0), sb.TrainedNetworks)
    assert_type(sb.train_until_fit(Line(), task, optimizer, indices=[3, 5], seed=0).at_fit.margin_min, np.ndarray)
    posterior, diagnostics = sb.zero_one_predictive(kernel, task.train_labels, 1000, seed=0)
    assert_type(posterior, sb.GaussianMixture)
    assert_type(diagnostics, dict[str, float])
    sampled = sb.sample_by_rejection(
        architecture, task.train_inputs, task.train_labels, task.test_inputs, networks=1000, seed=0
    )
    comparison = assert_type(sb.compare(networks.functions, posterior, task.test_labels), sb.Comparison)
    sb.compare(networks.functions, sb.EmpiricalPosterior(sampled.functions[None]), task.test_labels, domains=3)
    assert_type(comparison["gap"], sb.Estimate)
    assert_type(comparison["gap"].low, float)
    assert_type(sb.figures.scatter(comparison), Figure)
    assert_type(sb.figures.scatter(comparison.functions, min_count=3), Figure)
    assert_type(sb.read_results("results/desk"), dict[str, pd.DataFrame])
    sb.check_architecture(Line(), task.train_inputs)


def used_wrongly(task: sb.Task, optimizer: sb.Optimizer, kernel: np.ndarray) -> None:
    sb.load_task(5, positive_classes=[1], train_size=100)  # type: ignore[arg-type]
    sb.FullyConnected(width="64")  # type: ignore[arg-type]
    sb.train_until_fit(object(), task, optimizer, indices=9, seed=0)  # type: ignore[arg-type]
    sb.train_until_fit(Line(), task, "SGD", indices=9, seed=0)  # type: ignore[arg-type]
    sb.zero_one_predictive(kernel, task.train_labels, 1000, sed=0)  # type: ignore[call-arg]
    sb.sample_by_splitting(Line(), kernel, kernel, kernel, seed=0)  # type: ignore[arg-type]
    sb.compare(kernel, kernel, kernel)  # type: ignore[arg-type]
    sb.figures.scatter("comparison.csv", min_count="3")  # type: ignore[arg-type]
    sb.read_result("results/desk")  # type: ignore[attr-defined]
