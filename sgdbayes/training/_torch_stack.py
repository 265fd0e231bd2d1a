"""Stacks of networks of any architecture in torch, on the CPU or a GPU: parameters stacked on a leading axis, so that one
batched operation serves all networks, and an optimiser of torch.optim, which acts element by element.
"""

import contextlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn.functional import softplus

from sgdbayes.training.optimizers import Optimizer

__all__ = ["CHUNK", "LOSSES", "TorchStack"]

LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cross_entropy": lambda outputs, labels: softplus(-labels * outputs),
    "mse": lambda outputs, labels: (outputs - labels) ** 2,
}
# Examples whose outputs are computed at once, if batches are not larger: more would take more memory than training.
CHUNK = 64


class TorchStack:
    """M networks in training."""

    def __init__(
        self,
        architecture,  # noqa: ANN001 (any object with outputs)
        networks: Sequence[list[np.ndarray]],
        optimizer: Optimizer,
        inputs: np.ndarray,
        labels: np.ndarray,
        *,
        loss: str,
        batch_size: int,
        device: str,
        precision: str,
    ) -> None:
        """``networks``: initial parameters of each. ``inputs`` (n, ...), ``labels`` (n,): S, float32. With precision
        "bfloat16" products are computed in it; parameters and updates stay float32.
        """
        self._architecture, self._loss, self._batch_size = architecture, LOSSES[loss], batch_size
        self._device, self._precision, self._chunk = device, precision, max(batch_size, CHUNK)
        drawn = zip(*networks, strict=True)
        self._parameters = [torch.from_numpy(np.stack(parts)).to(device).requires_grad_() for parts in drawn]
        self._optimizer = optimizer.build(self._parameters)
        self._labels = torch.from_numpy(labels).to(device)
        self._outputs_on_s = self._bound(inputs)
        self._missed = torch.zeros(len(labels), device=device)

    def train_epoch(self, order: np.ndarray) -> None:
        """One pass of each network over S in its own ``order`` (M, n)."""
        for batch in torch.from_numpy(order).to(self._device).split(self._batch_size, dim=1):
            outputs = self._outputs_on_s(self._parameters, batch)
            self._optimizer.zero_grad()
            # The mean of each network's own batch, summed: no network's gradient depends on another.
            self._loss(outputs, self._labels[batch]).mean(dim=1).sum().backward()
            self._optimizer.step()

    @torch.no_grad()
    def fits(self) -> np.ndarray:
        """Which networks (M,) have zero training error. What others missed is tried first."""
        fits = torch.ones(len(self._parameters[0]), dtype=torch.bool, device=self._device)
        order = self._missed.argsort(descending=True)
        for chunk in order.split(self._chunk):
            if not fits.any():
                break
            survivors = self._parameters if fits.all() else [parameter[fits] for parameter in self._parameters]
            right = self._outputs_on_s(survivors, chunk[None]) * self._labels[chunk] > 0
            self._missed[chunk] += (~right).sum(0)
            fits[fits.clone()] = right.all(1)
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
        on_device = torch.from_numpy(inputs).to(self._device)

        def outputs(parameters: list[torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
            with self._autocast():
                return self._architecture.outputs(parameters, on_device[rows]).float()

        return outputs

    def _autocast(self) -> contextlib.AbstractContextManager:
        if self._precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self._device, dtype=torch.bfloat16)
