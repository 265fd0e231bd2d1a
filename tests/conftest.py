"""Shared by the tests: small random tasks and kernels, each from a seed of its own."""

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


@pytest.fixture
def task() -> Task:
    return random_task()
