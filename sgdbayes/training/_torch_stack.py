"""Stacks of networks of any architecture in torch, on the CPU or a GPU.

Parameters are stacked on a leading axis, so that one batched operation serves all networks. The optimisers are those of
torch.optim that act element by element.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch.nn.functional import softplus

from sgdbayes.architectures import Architecture
from sgdbayes.training.optimizers import Optimizer

__all__ = ["LOSSES", "PRECISIONS", "TorchStack", "examples_at_once"]

PRECISIONS = ("float32", "tf32", "bfloat16")

LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cross_entropy": lambda outputs, labels: softplus(-labels * outputs),
    "mse": lambda outputs, labels: (outputs - labels) ** 2,
    # Of networks with two outputs, whose difference over the square root of 2 is our one: drawn from the same prior,
    # and moved alike.
    "two_outputs": lambda outputs, labels: softplus(-(2**0.5) * labels * outputs),
}
# Examples whose outputs are computed at once, if batches are not larger. On a CPU more would take more memory than
# training; a GPU likes large products.
_CHUNK = {"cpu": 64, "cuda": 1024}


def examples_at_once(batch_size: int, device: str) -> int:
    """Of how many examples a stack computes outputs at once, at most."""
    return max(batch_size, _CHUNK[device])


class TorchStack:
    """M networks in training."""

    def __init__(
        self,
        architecture: Architecture,
        networks: Iterable[list[torch.Tensor]],
        optimizer: Optimizer,
        inputs: np.ndarray,
        labels: np.ndarray,
        *,
        number: int,
        loss: str,
        batch_size: int,
        device: str,
        precision: str,
    ) -> None:
        """``networks``: initial parameters of each of ``number``. ``inputs`` (n, ...), ``labels`` (n,): S, float32.

        With precision "tf32" (on a GPU) or "bfloat16" products are computed in it; parameters and updates stay float32.
        """
        self._architecture, self._loss, self._batch_size = architecture, LOSSES[loss], batch_size
        self._device, self._precision, self._chunk = device, precision, examples_at_once(batch_size, device)
        self._parameters = _stacked(networks, number, device)
        self._optimizer = optimizer.build(self._parameters)
        self._labels = torch.from_numpy(labels).to(device)
        self._missed = torch.zeros(len(labels), device=device)
        # Of S and of the test points, which are asked for again and again.
        self._on_device: dict[int, tuple[np.ndarray, torch.Tensor]] = {}
        self._outputs_on_s = self._bound(inputs)

    def train_epoch(self, order: np.ndarray) -> None:
        """One pass of each network over S in its own ``order`` (M, n)."""
        for batch in self._batches(order):
            with self._products():
                outputs = self._outputs_on_s(self._parameters, batch)
                self._optimizer.zero_grad()
                # The mean of each network's own batch, summed: no network's gradient depends on another.
                self._loss(outputs, self._labels[batch]).mean(dim=1).sum().backward()
                self._optimizer.step()

    def _batches(self, order: np.ndarray) -> Iterator[torch.Tensor]:
        return iter(torch.from_numpy(order).to(self._device).split(self._batch_size, dim=1))

    @torch.no_grad()
    def fits(self) -> np.ndarray:
        """Which networks (M,) have zero training error. What others missed is tried first."""
        fits = torch.ones(len(self._parameters[0]), dtype=torch.bool, device=self._device)
        tried, parameters = torch.arange(len(fits), device=self._device), self._parameters
        order = self._missed.argsort(descending=True)
        # Few examples first: most networks go by them.
        first = min(len(order), max(self._batch_size, _CHUNK["cpu"]))
        for chunk in (order[:first], *order[first:].split(self._chunk)):
            if len(chunk) == 0:
                break
            with self._products():
                right = self._outputs_on_s(parameters, chunk[None]) * self._labels[chunk] > 0
            self._missed[chunk] += (~right).sum(0)
            fits[tried] &= right.all(1)
            left = fits[tried]
            if not left.any():
                break
            # Parameters are copied for it.
            if 2 * left.sum() <= len(left):
                tried, parameters = tried[left], [parameter[left] for parameter in parameters]
        return fits.cpu().numpy()

    @torch.no_grad()
    def finite(self) -> np.ndarray:
        """Which networks (M,) have finite parameters."""
        return torch.stack([part.isfinite().flatten(1).all(1) for part in self._parameters]).all(0).cpu().numpy()

    @torch.no_grad()
    def outputs(self, chosen: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Outputs (m, B) of the ``chosen`` (M,) bool networks on ``inputs`` (B, ...)."""
        rows = torch.from_numpy(chosen).to(self._device)
        parameters, outputs = [parameter[rows] for parameter in self._parameters], self._bound(inputs)
        chunks = torch.arange(len(inputs), device=self._device)[None].split(self._chunk, dim=1)
        with self._products():
            return torch.cat([outputs(parameters, chunk) for chunk in chunks], dim=1).cpu().numpy()

    def parameters(self, chosen: np.ndarray) -> list[list[np.ndarray]]:
        """Parameters of each of the ``chosen`` (M,) bool networks, as they were given."""
        rows = torch.from_numpy(chosen).to(self._device)
        parts = [parameter.detach()[rows].cpu().numpy() for parameter in self._parameters]
        return [list(network) for network in zip(*parts, strict=True)]

    def keep(self, kept: np.ndarray) -> None:
        """Drop all networks that are not in ``kept`` (M,) bool, with the optimiser's state for them."""
        rows = torch.from_numpy(kept).to(self._device)
        before, group = self._parameters, self._optimizer.param_groups[0]
        # New tensors: what autograd knows of the old ones has their old shape.
        self._parameters = group["params"] = [parameter.detach()[rows].requires_grad_() for parameter in before]
        for old, new in zip(before, self._parameters, strict=True):
            self._optimizer.state[new] = {
                name: value[rows] if torch.is_tensor(value) and value.shape == old.shape else value
                for name, value in self._optimizer.state.pop(old, {}).items()
            }

    def _bound(self, inputs: np.ndarray) -> Callable[[list[torch.Tensor], torch.Tensor], torch.Tensor]:
        """The forward pass on rows (M, B), or (1, B) shared, of ``inputs``, float32 out."""
        if id(inputs) not in self._on_device:
            self._on_device[id(inputs)] = inputs, torch.from_numpy(inputs).to(self._device)
        on_device = self._on_device[id(inputs)][1]

        def outputs(parameters: list[torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
            with self._autocast():
                return self._architecture.outputs(parameters, on_device[rows]).float()

        return outputs

    def _autocast(self) -> contextlib.AbstractContextManager:
        if self._precision == "bfloat16":
            return torch.autocast(self._device, dtype=torch.bfloat16)
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def _products(self) -> Iterator[None]:
        """Products of float32 matrices at the precision asked for, whatever the program around this has set."""
        of_products, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
        torch.set_float32_matmul_precision("high" if self._precision == "tf32" else "highest")
        torch.backends.cudnn.allow_tf32 = self._precision == "tf32"
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(of_products)
            torch.backends.cudnn.allow_tf32 = convolutions


def _stacked(networks: Iterable[list[torch.Tensor]], number: int, device: str) -> list[torch.Tensor]:
    """Parameters (M, ...) of ``number`` networks on ``device``, put there as they are drawn."""
    stacks: list[torch.Tensor] = []
    for place, network in enumerate(networks):
        if not stacks:
            stacks = [torch.empty((number, *part.shape), device=device) for part in network]
        for stack, part in zip(stacks, network, strict=True):
            stack[place].copy_(part, non_blocking=True)
    return [stack.requires_grad_() for stack in stacks]
