"""Stacks of fully connected networks on the CPU, each trained for an epoch at a time by compiled code.

A network's parameters, gradient and optimiser memory stay in the cache for an epoch, and nothing waits for Python between
steps. The arithmetic is that of `TorchStack` up to rounding.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from sgdbayes.architectures import FullyConnected
from sgdbayes.training._compiled import UPDATES, first_miss, outputs, sparse_rows, train_epoch
from sgdbayes.training.optimizers import Optimizer

__all__ = ["CompiledStack", "numbers_of"]

_LOSSES = ("cross_entropy", "mse")


class CompiledStack:
    """M networks in training."""

    def __init__(
        self,
        networks: Sequence[list[np.ndarray]],
        optimizer: Optimizer,
        inputs: np.ndarray,
        labels: np.ndarray,
        *,
        loss: str,
        batch_size: int,
    ) -> None:
        """``networks``: initial parameters of each. ``inputs`` (n, ...), ``labels`` (n,): S, float32."""
        self._inputs, self._labels = _flat_sparse(inputs), labels
        # Of S and of the test points, which are asked for again and again.
        self._sparse = {id(inputs): (inputs, self._inputs)}
        self._squared, self._batch_size = loss == "mse", batch_size
        self._sizes = np.array([len(weights) for weights in networks[0][::2]])
        self._shapes = [part.shape for part in networks[0]]
        self._parameters = np.stack([np.concatenate([part.ravel() for part in network]) for network in networks])
        self._code, self._numbers, first = numbers_of(optimizer)
        self._memory = np.zeros((len(networks), 2, self._parameters.shape[1]), np.float32)
        self._memory[:, 0] = first
        self._steps = np.zeros(len(networks), np.int64)
        self._missed = np.zeros(len(labels), np.int64)

    @staticmethod
    def serves(architecture: object, optimizer: Optimizer, loss: str) -> bool:
        """Whether there is compiled code for these."""
        return type(architecture) is FullyConnected and loss in _LOSSES and numbers_of(optimizer) is not None

    def train_epoch(self, order: np.ndarray) -> None:
        """One pass of each network over S in its own ``order`` (M, n)."""

        def train(m: int) -> None:
            self._steps[m] = train_epoch(
                self._parameters[m], self._memory[m], self._steps[m], self._sizes, *self._inputs, self._labels, order[m],
                self._batch_size, self._squared, self._code, self._numbers,
            )  # fmt: skip

        self._each(train)

    def fits(self) -> np.ndarray:
        """Which networks (M,) have zero training error. What others missed is tried first."""
        order = np.argsort(-self._missed, kind="stable")
        misses = np.empty(len(self._parameters), np.int64)

        def check(m: int) -> None:
            misses[m] = first_miss(self._parameters[m], self._sizes, *self._inputs, self._labels, order)

        self._each(check)
        np.add.at(self._missed, misses[misses >= 0], 1)
        return misses < 0

    def finite(self) -> np.ndarray:
        """Which networks (M,) have finite parameters."""
        return np.isfinite(self._parameters).all(1)

    def outputs(self, chosen: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Outputs (m, B) of the ``chosen`` (M,) bool networks on ``inputs`` (B, ...)."""
        if id(inputs) not in self._sparse:
            self._sparse[id(inputs)] = inputs, _flat_sparse(inputs)
        matrix = self._sparse[id(inputs)][1]
        return np.array([outputs(parameters, self._sizes, *matrix) for parameters in self._parameters[chosen]])

    def parameters(self, chosen: np.ndarray) -> list[list[np.ndarray]]:
        """Parameters of each of the ``chosen`` (M,) bool networks, as they were given."""
        ends = np.cumsum([np.prod(shape) for shape in self._shapes])[:-1]
        return [
            [part.reshape(shape).copy() for part, shape in zip(np.split(flat, ends), self._shapes, strict=True)]
            for flat in self._parameters[chosen]
        ]

    def keep(self, kept: np.ndarray) -> None:
        """Drop all networks that are not in ``kept`` (M,) bool."""
        self._parameters, self._memory = self._parameters[kept], self._memory[kept]
        self._steps = self._steps[kept]

    def _each(self, work: Callable[[int], None]) -> None:
        """Do ``work`` for each network, on as many threads as torch would take."""
        networks, threads = range(len(self._parameters)), torch.get_num_threads()
        if threads == 1:
            for m in networks:
                work(m)
            return
        # Denormal numbers are many times slower; each thread has its own switch.
        with ThreadPoolExecutor(threads, initializer=torch.set_flush_denormal, initargs=(True,)) as pool:
            list(pool.map(work, networks))


def _flat_sparse(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return sparse_rows(inputs.reshape(len(inputs), -1))


def numbers_of(optimizer: Optimizer) -> tuple[int, np.ndarray, float] | None:
    """Code and numbers of an optimiser, and what its memory starts from; None where an option asks for torch's own."""
    if optimizer.kind not in UPDATES:
        return None
    code, names = UPDATES[optimizer.kind]
    if not set(optimizer.options) <= {*names, "initial_accumulator_value"}:
        return None
    settings = optimizer.settings()
    numbers = np.hstack([np.asarray(settings[name], dtype=np.float64) for name in names])
    return code, numbers, settings.get("initial_accumulator_value", 0.0)
