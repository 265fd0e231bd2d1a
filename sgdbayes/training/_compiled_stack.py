"""Stacks of fully connected networks on the CPU, each trained for an epoch at a time by compiled code.

A network's parameters, gradient and optimiser memory stay in the cache for an epoch, and nothing waits for Python
between steps. The arithmetic is that of `TorchStack` up to rounding.
"""

from collections.abc import Iterable

import numpy as np
import torch

from sgdbayes.architectures import Architecture, FullyConnected
from sgdbayes.training._compiled import (
    Network,
    SparseRows,
    Steps,
    fill_finite,
    fill_misses,
    fill_outputs,
    sparse_rows,
    train_epoch,
)
from sgdbayes.training._threads import in_threads
from sgdbayes.training._updates import numbers_of_steps, update_of
from sgdbayes.training.optimizers import Optimizer

__all__ = ["CompiledStack"]

# Parameters times examples that compiled code goes through in some tenths of a second, for which an interrupt waits.
_AT_ONCE = 2_000_000_000


class CompiledStack:
    """M networks in training."""

    def __init__(
        self,
        _architecture: Architecture,
        networks: Iterable[list[torch.Tensor]],
        optimizer: Optimizer,
        inputs: np.ndarray,
        labels: np.ndarray,
        *,
        number: int,
        loss: str,
        batch_size: int,
        **_of_torch,
    ) -> None:
        """As `TorchStack`, for what it `serves`, on the CPU in single precision."""
        self._inputs, self._labels = _flat_sparse(inputs), labels
        # Of S and of the test points, which are asked for again and again.
        self._sparse = {id(inputs): (inputs, self._inputs)}
        update = update_of(optimizer)
        assert update is not None, "`serves` says so"
        self._update, self._batch_size, self._squared, self._done = update, batch_size, loss == "mse", 0
        for place, network in enumerate(networks):
            if place == 0:
                self._shapes = [tuple(part.shape) for part in network]
                self._sizes = np.array([len(weights) for weights in network[::2]])
                self._parameters = np.empty((number, sum(part.numel() for part in network)), np.float32)
            np.concatenate([part.numpy().ravel() for part in network], out=self._parameters[place])
        self._memory = np.zeros((number, 2, self._parameters.shape[1]), np.float32)
        if update.memory_start:
            self._memory[:, 0] = update.memory_start
        self._most = max(1, _AT_ONCE // (self._parameters.shape[1] * max(1, len(labels))))
        # Those still in training.
        self._rows = np.arange(number)
        self._missed = np.zeros(len(labels), np.int64)

    @staticmethod
    def serves(architecture: object, optimizer: Optimizer, loss: str) -> bool:
        """Whether there is compiled code for these."""
        known = type(architecture) is FullyConnected and loss in ("cross_entropy", "mse")
        return known and update_of(optimizer) is not None

    def train_epoch(self, order: np.ndarray) -> None:
        """One pass of each network over S in its own ``order`` (M, n)."""
        batches = -(-order.shape[1] // self._batch_size)
        numbers = numbers_of_steps(self._update, self._done + 1, batches)
        steps = Steps(self._batch_size, self._squared, self._update.code, numbers)
        self._done += batches

        def train(part: slice) -> None:
            train_epoch(self._networks, self._memory, self._rows[part], self._inputs, self._labels, order[part], steps)

        in_threads(train, len(order), most=self._most)

    def fits(self) -> np.ndarray:
        """Which networks (M,) have zero training error. What others missed is tried first."""
        order = np.argsort(-self._missed, kind="stable")
        misses = np.zeros(len(self._rows), np.int64)

        def miss(part: slice) -> None:
            fill_misses(self._networks, self._rows[part], self._inputs, self._labels, order, misses[part])

        in_threads(miss, len(misses), most=self._most)
        np.add.at(self._missed, misses[misses >= 0], 1)
        return misses < 0

    def finite(self) -> np.ndarray:
        """Which networks (M,) have finite parameters."""
        finite = np.empty(len(self._rows), dtype=bool)

        def look(part: slice) -> None:
            fill_finite(self._networks, self._rows[part], finite[part])

        in_threads(look, len(finite))
        return finite

    def outputs(self, chosen: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Outputs (m, B) of the ``chosen`` (M,) bool networks on ``inputs`` (B, ...)."""
        if id(inputs) not in self._sparse:
            self._sparse[id(inputs)] = inputs, _flat_sparse(inputs)
        matrix = self._sparse[id(inputs)][1]
        rows = self._rows[chosen]
        z = np.empty((len(rows), len(inputs)), np.float32)

        def fill(part: slice) -> None:
            fill_outputs(self._networks, rows[part], matrix, z[part])

        in_threads(fill, len(z), most=self._most)
        return z

    def parameters(self, chosen: np.ndarray) -> list[list[np.ndarray]]:
        """Parameters of each of the ``chosen`` (M,) bool networks, as they were given."""
        ends = np.cumsum([np.prod(shape) for shape in self._shapes])[:-1]
        return [
            [part.reshape(shape).copy() for part, shape in zip(np.split(flat, ends), self._shapes, strict=True)]
            for flat in self._parameters[self._rows[chosen]]
        ]

    def keep(self, kept: np.ndarray) -> None:
        """Drop all networks that are not in ``kept`` (M,) bool."""
        self._rows = self._rows[kept]

    @property
    def _networks(self) -> Network:
        return Network(self._parameters, self._sizes)


def _flat_sparse(inputs: np.ndarray) -> SparseRows:
    return sparse_rows(inputs.reshape(len(inputs), -1))
