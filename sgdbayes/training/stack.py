"""Train a stack of networks, each until it fits S without error (Mingard et al., JMLR 2021, section 2: P_OPT(f|S)).

M networks of one architecture are trained at once, their parameters stacked on a leading axis. Network ``index`` draws
its initial parameters and its batches from a random stream of its own, made from (seed, index), so which networks
exist depends neither on how they are grouped nor on the machine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import softplus

from sgdbayes.datasets.task import Task
from sgdbayes.device import resolve_device
from sgdbayes.training.optimizers import Optimizer

__all__ = ["LOSSES", "TrainedNetworks", "train_until_fit"]

LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cross_entropy": lambda outputs, labels: softplus(-labels * outputs),
    "mse": lambda outputs, labels: (outputs - labels) ** 2,
}
_RECORD_CHUNK = 1024


@dataclass(frozen=True)
class TrainedNetworks:
    """What N networks ended as, one entry a network in the order of ``indices``.

    ``functions`` (N, T) bool: labels given to the recorded test points, True the positive class. ``epochs`` (N,):
    epoch of the first zero training error, 0 if there was none. ``converged`` (N,) bool: training error zero when the
    labels were recorded. ``diverged`` (N,) bool: parameters no longer finite. ``training_loss``, ``margin_min``,
    ``margin_mean`` (N,): mean loss and the smallest and mean margin y z over S when the labels were recorded. Entries
    of networks that did not converge are False or NaN.
    """

    functions: np.ndarray
    epochs: np.ndarray
    converged: np.ndarray
    diverged: np.ndarray
    training_loss: np.ndarray
    margin_min: np.ndarray
    margin_mean: np.ndarray


def train_until_fit(
    architecture,  # noqa: ANN001 (any object with initial_parameters and outputs)
    task: Task,
    optimizer: Optimizer,
    *,
    indices: Sequence[int],
    seed: int,
    loss: str = "cross_entropy",
    batch_size: int = 32,
    max_epochs: int = 500,
    extra_epochs: int = 0,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> TrainedNetworks:
    """Train the networks ``indices`` to the first epoch with zero training error, at least ``extra_epochs`` after the
    first such.

    A network that has no zero training error within ``max_epochs`` (plus ``extra_epochs``), or whose parameters stop
    being finite, is left with ``converged`` False. ``progress(epoch, unfinished)`` is called after each epoch. Raises
    ValueError for an unknown loss or empty ``indices``.
    """
    if loss not in LOSSES:
        raise ValueError(f"unknown loss {loss!r}; known: {', '.join(LOSSES)}")
    if len(indices) == 0:
        raise ValueError("indices is empty: there is no network to train")
    device = resolve_device(device)
    # Moments of parameters that get hardly any gradient decay into denormal numbers, which CPUs handle many times
    # slower.
    torch.set_flush_denormal(True)

    streams = [np.random.default_rng([seed, index]) for index in indices]
    shape = task.train_inputs.shape[1:]
    drawn = zip(*(architecture.initial_parameters(shape, stream) for stream in streams), strict=True)
    parameters = [torch.from_numpy(np.stack(parts)).to(device).requires_grad_() for parts in drawn]
    stack = _Stack(architecture, parameters, optimizer.build(parameters))
    inputs = torch.from_numpy(task.train_inputs).to(device)
    labels = torch.from_numpy(task.train_labels.astype(np.float32)).to(device)
    test_inputs = torch.from_numpy(task.test_inputs).to(device)
    record = _empty_record(len(indices), len(task.test_labels))
    misses = torch.zeros(len(labels), device=device)
    position = np.arange(len(indices))

    for epoch in range(1, max_epochs + extra_epochs + 1):
        order = np.stack([streams[i].permutation(len(labels)) for i in position])
        stack.train_epoch(inputs, labels, torch.from_numpy(order).to(device), batch_size, LOSSES[loss])
        fits = stack.fits(inputs, labels, misses).cpu().numpy()
        finite = stack.finite().cpu().numpy()
        first = fits & (record.epochs[position] == 0)
        record.epochs[position[first]] = epoch
        fitted_at = record.epochs[position]
        done = fits & finite & (epoch >= fitted_at + extra_epochs)
        late = ((fitted_at == 0) & (epoch >= max_epochs)) | ~finite
        record.diverged[position[~finite]] = True
        if done.any():
            _record(record, position[done], stack.select(done), inputs, labels, test_inputs, LOSSES[loss])
        kept = ~(done | late)
        position = position[kept]
        if progress:
            progress(epoch, len(position))
        if len(position) == 0:
            break
        stack.keep(kept)
    return record


class _Stack:
    """M networks in training: their stacked parameters and the optimiser that holds state for each element."""

    def __init__(self, architecture, parameters: list[torch.Tensor], optimizer: torch.optim.Optimizer) -> None:  # noqa: ANN001
        self.architecture, self.parameters, self.optimizer = architecture, parameters, optimizer

    def train_epoch(self, inputs, labels, order, batch_size: int, loss) -> None:  # noqa: ANN001
        for batch in order.split(batch_size, dim=1):
            outputs = self.architecture.outputs(self.parameters, inputs[batch])
            self.optimizer.zero_grad()
            # The mean of each network's own batch, summed: no network's gradient depends on another.
            loss(outputs, labels[batch]).mean(dim=1).sum().backward()
            self.optimizer.step()

    @torch.no_grad()
    def fits(self, inputs: torch.Tensor, labels: torch.Tensor, misses: torch.Tensor) -> torch.Tensor:
        """Which networks (M,) have zero training error. ``misses`` counts errors by example, so that the hardest are
        tried first.
        """
        fits = torch.ones(len(self.parameters[0]), dtype=torch.bool, device=labels.device)
        order = misses.argsort(descending=True)
        start, size = 0, 32
        while start < len(order) and fits.any():
            chunk = order[start : start + size]
            survivors = self.parameters if fits.all() else [parameter[fits] for parameter in self.parameters]
            right = self.architecture.outputs(survivors, inputs[chunk][None]) * labels[chunk] > 0
            misses[chunk] += (~right).sum(0)
            fits[fits.clone()] = right.all(1)
            start, size = start + size, 2 * size
        return fits

    @torch.no_grad()
    def finite(self) -> torch.Tensor:
        return torch.stack([parameter.flatten(1).sum(1).isfinite() for parameter in self.parameters]).all(0)

    def select(self, chosen: np.ndarray) -> Callable[[torch.Tensor], torch.Tensor]:
        """The forward pass of the ``chosen`` (M,) networks on shared inputs (B, ...), in chunks, without gradients."""
        rows = torch.from_numpy(chosen).to(self.parameters[0].device)
        parameters = [parameter.detach()[rows] for parameter in self.parameters]

        def outputs(inputs: torch.Tensor) -> torch.Tensor:
            return torch.cat(
                [self.architecture.outputs(parameters, chunk[None]) for chunk in inputs.split(_RECORD_CHUNK)], dim=1
            )

        return outputs

    def keep(self, kept: np.ndarray) -> None:
        """Drop all other networks, with the optimiser's state for them."""
        if kept.all():
            return
        rows = torch.from_numpy(kept).to(self.parameters[0].device)
        for parameter in self.parameters:
            state = self.optimizer.state[parameter]
            for name, value in state.items():
                if torch.is_tensor(value) and value.shape == parameter.shape:
                    state[name] = value[rows]
            parameter.grad = None
            parameter.data = parameter.data[rows]


def _empty_record(networks: int, test_size: int) -> TrainedNetworks:
    def unknown() -> np.ndarray:
        return np.full(networks, np.nan)

    def no() -> np.ndarray:
        return np.zeros(networks, dtype=bool)

    functions = np.zeros((networks, test_size), dtype=bool)
    return TrainedNetworks(functions, np.zeros(networks, dtype=int), no(), no(), unknown(), unknown(), unknown())


def _record(record: TrainedNetworks, rows, outputs, inputs, labels, test_inputs, loss) -> None:  # noqa: ANN001
    on_train, on_test = outputs(inputs).double(), outputs(test_inputs)
    finite = (on_train.isfinite().all(1) & on_test.isfinite().all(1)).cpu().numpy()
    # Finite parameters may still overflow on their way through the layers.
    record.diverged[rows[~finite]] = True
    rows, on_train, on_test = rows[finite], on_train[finite], on_test[finite]
    margins = on_train * labels
    record.functions[rows] = (on_test > 0).cpu().numpy()
    record.converged[rows] = True
    record.training_loss[rows] = loss(on_train, labels).mean(1).cpu().numpy()
    record.margin_min[rows] = margins.amin(1).cpu().numpy()
    record.margin_mean[rows] = margins.mean(1).cpu().numpy()
