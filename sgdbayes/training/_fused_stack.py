"""Stacks of fully connected networks on a GPU, whose updates are computed where their gradients are.

Products of the forward pass and of the slopes are those of torch; `sgdbayes.training._fused` does the rest of a step.
The arithmetic is that of `TorchStack` up to rounding.
"""

from collections.abc import Iterable
from importlib.util import find_spec

import numpy as np
import torch

from sgdbayes.architectures import FullyConnected
from sgdbayes.training._compiled_stack import CompiledStack
from sgdbayes.training._torch_stack import TorchStack
from sgdbayes.training._updates import numbers_of_steps, states_of, update_of
from sgdbayes.training.optimizers import Optimizer

__all__ = ["FusedStack"]

# TF32 holds bfloat16 without rounding.
_PRODUCTS = {"float32": "ieee", "tf32": "tf32", "bfloat16": "tf32"}


class FusedStack(TorchStack):
    """M networks in training; everything but that as `TorchStack` does it."""

    def __init__(
        self,
        architecture: FullyConnected,
        networks: Iterable[list[torch.Tensor]],
        optimizer: Optimizer,
        inputs: np.ndarray,
        labels: np.ndarray,
        **options,
    ) -> None:
        """As `TorchStack`, for what it `serves`."""
        super().__init__(architecture, networks, optimizer, inputs, labels, **options)
        # Only where there is a GPU is Triton sure to be there.
        from sgdbayes.training import _fused

        self._fused = _fused
        update = update_of(optimizer)
        assert update is not None, "`serves` says so"
        self._update, self._done = update, 0
        self._states = states_of(update)
        self._memory = [part.new_zeros(self._states, *part.shape) for part in self._parameters]
        for memory in self._memory:
            memory[:1] = update.memory_start
        self._type = torch.bfloat16 if self._precision == "bfloat16" else torch.float32
        self._inputs = torch.from_numpy(inputs).to(self._device, self._type)
        self._squared = options["loss"] == "mse"

    @staticmethod
    def serves(architecture: object, optimizer: Optimizer, loss: str) -> bool:
        """Whether there are kernels for these, as there is compiled code, and Triton to compile them."""
        return CompiledStack.serves(architecture, optimizer, loss) and find_spec("triton") is not None

    @torch.no_grad()
    def train_epoch(self, order: np.ndarray) -> None:
        """One pass of each network over S in its own ``order`` (M, n)."""
        for batch in self._batches(order):
            with self._products():
                self._train(batch)

    def _train(self, batch: torch.Tensor) -> None:
        """One step of each network on its own rows ``batch`` (M, B) of S."""
        self._done += 1
        (numbers,) = numbers_of_steps(self._update, self._done, 1).tolist()
        step = self._fused.Step(tuple(numbers), self._update.code, self._states)
        parts = list(zip(self._parameters, self._memory, strict=True))
        layers = [self._fused.Layer(*weights, *biases) for weights, biases in zip(parts[::2], parts[1::2], strict=True)]
        # Examples in the last axis.
        activations = [self._inputs[batch].mT.contiguous()]
        for layer in layers[:-1]:
            if len(activations) > 1:
                activations[-1].relu_()
            matrix, shift = (part.to(self._type).mT for part in (layer.weights, layer.biases))
            activations.append(torch.baddbmm(shift, matrix, activations[-1]))
        self._fused.train_top(activations[-1], self._labels[batch], layers[-1], step, squared=self._squared)
        slopes = activations.pop()
        for layer, below in zip(layers[-2::-1], reversed(activations), strict=True):
            # Before the weights change.
            passed = None if below is activations[0] else torch.bmm(layer.weights.to(self._type), slopes)
            self._fused.train_weights(below, slopes, layer, step, precision=_PRODUCTS[self._precision])
            if passed is not None:
                slopes = torch.ops.aten.threshold_backward(passed, below, 0)

    def keep(self, kept: np.ndarray) -> None:
        """Drop all networks that are not in ``kept`` (M,) bool, with what the optimiser remembers of them."""
        super().keep(kept)
        rows = torch.from_numpy(kept).to(self._device)
        for i, memory in enumerate(self._memory):
            self._memory[i] = memory[:, rows]
