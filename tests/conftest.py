"""Shared by the tests: small random tasks and kernels, each from a seed of its own."""

from typing import Any

import numpy as np
import pytest
import torch

from sgdbayes.datasets import Task

# On several threads the small products of the tests wait for one another.
torch.set_num_threads(1)


def random_task(*, train: int = 24, test: int = 16, inputs: int = 6, seed: int = 0) -> Task:
    """Points in a cube, labelled by a noisy plane: separable by a small network, not by chance alone."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (train + test, inputs)).astype(np.float32)
    labels = np.where(points @ rng.standard_normal(inputs) > 0, 1, -1).astype(np.int8)
    rows = np.arange(train + test)
    return Task(points[:train], labels[:train], points[train:], labels[train:], rows[:train], rows[train:])


def training(**changes: Any) -> dict[str, Any]:
    """Settings of an experiment as the plan gives them to a job, with some of them changed."""
    return {
        "architecture": {"kind": "FullyConnected", "width": 8},
        "optimizer": {"kind": "SGD", "learning_rate": 0.1},
        "loss": "cross_entropy",
        "batch_size": 8,
        "max_epochs": 100,
        "extra_epochs": 0,
        "target_loss": None,
        "precision": "float32",
        "seed": 0,
    } | changes


def random_covariance(size: int, *, seed: int = 0) -> np.ndarray:
    """A well-conditioned random covariance matrix."""
    factor = np.random.default_rng(seed).standard_normal((size, 2 * size))
    return factor @ factor.T / (2 * size) + 0.1 * np.eye(size)


def positive_orthant(covariance: np.ndarray) -> float:
    """P(z > 0) in closed form, up to three dimensions (Sheppard 1899)."""
    correlation = covariance / np.sqrt(np.outer(covariance.diagonal(), covariance.diagonal()))
    size = len(covariance)
    angles = np.arcsin(correlation[np.triu_indices(size, 1)]).sum()
    return [1, 1 / 2, 1 / 4 + angles / (2 * np.pi), 1 / 8 + angles / (4 * np.pi)][size]


def stacked(architecture, shape: tuple[int, ...], networks: int, *, seed: int = 0) -> list[torch.Tensor]:
    """Initial parameters of ``networks`` networks, stacked."""
    drawn = [architecture.initial_parameters(shape, np.random.default_rng([seed, i])) for i in range(networks)]
    return [torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True)]


def outputs_and_gradients(forward, parameters: list[torch.Tensor]) -> list[torch.Tensor]:
    leaves = [parameter.clone().requires_grad_() for parameter in parameters]
    outputs = forward(leaves)
    weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(1))
    return [outputs.detach(), *torch.autograd.grad((outputs * weights).sum(), leaves)]


def assert_stack_equals_single_networks(architecture, parameters, inputs, alone, assert_equal) -> None:
    """Outputs and gradients of a stack are those of its networks one by one, ``alone(parameters, inputs)``."""

    def one_by_one(leaves):
        return torch.stack(
            [alone([leaf[i] for leaf in leaves], inputs[i % len(inputs)]) for i in range(len(parameters[0]))]
        )

    expected = outputs_and_gradients(one_by_one, parameters)
    assert_equal(outputs_and_gradients(lambda p: architecture.outputs(p, inputs), parameters), expected)
    # In double precision the plain path runs, as it does on a GPU.
    plain = outputs_and_gradients(
        lambda p: architecture.outputs([q.double() for q in p], inputs.double()).float(), parameters
    )
    assert_equal(plain, expected)


@pytest.fixture
def task() -> Task:
    return random_task()
