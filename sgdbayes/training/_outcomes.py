"""What becomes of the networks of a stack: after each epoch, which of them fit S, have converged or have ended, and
what they are then.
"""

from typing import NamedTuple

import numpy as np
import torch

from sgdbayes.training._compiled_stack import CompiledStack
from sgdbayes.training._torch_stack import LOSSES, TorchStack
from sgdbayes.training.records import Record, TrainedNetworks

__all__ = ["Examples", "Goal", "Outcomes"]


class Goal(NamedTuple):
    """When training ends, as `train_until_fit` takes it."""

    loss: str
    max_epochs: int
    extra_epochs: int
    target_loss: float | None
    min_epochs: int

    @property
    def overtraining(self) -> bool:
        return max(self.extra_epochs, self.min_epochs) > 0 or self.target_loss is not None

    @property
    def last_epoch(self) -> int:
        return self.max_epochs + self.extra_epochs


class Examples(NamedTuple):
    """Inputs (n, ...) and ``labels`` (n,) of S, inputs (T, ...) of the recorded test points, all float32."""

    inputs: np.ndarray
    labels: np.ndarray
    test_inputs: np.ndarray


class Outcomes:
    """Records of N networks in training. ``rows`` (M,): which of them the stack still holds, in its order."""

    def __init__(self, stack: TorchStack | CompiledStack, networks: int, goal: Goal, examples: Examples) -> None:
        """All are at the start. Without overtraining the first fit is the end, and one record serves both."""
        self._stack, self._goal, self._examples = stack, goal, examples
        self._epochs = np.zeros(networks, dtype=int)
        self._converged, self._diverged = np.zeros((2, networks), dtype=bool)
        self._at_end = _empty_record(networks, len(examples.test_inputs))
        self._at_fit = _empty_record(networks, len(examples.test_inputs)) if goal.overtraining else self._at_end
        self.rows = np.arange(networks)

    def settle(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Record what the stack's networks are after ``epoch``; -> which (M,) have converged, and which have ended."""
        rows, goal = self.rows, self._goal
        finite = self._stack.finite()
        fits = self._stack.fits() & finite
        seen = fits & ((self._epochs[rows] == 0) | self._late_enough(epoch))
        figures = self._figures(seen, finite)
        first = seen & finite & (self._epochs[rows] == 0)
        self._epochs[rows[first]] = epoch
        converged = seen & finite & self._late_enough(epoch)
        if goal.target_loss is not None:
            converged &= figures["training_loss"] <= goal.target_loss
        if goal.overtraining:
            self._record(self._at_fit, first, figures, finite)
        self._record(self._at_end, converged, figures, finite)
        converged &= finite
        self._converged[rows], self._diverged[rows] = converged, ~finite
        out_of_epochs = epoch >= np.where(self._epochs[rows] == 0, goal.max_epochs, goal.last_epoch)
        return converged, converged | ~finite | out_of_epochs

    def drop(self, ended: np.ndarray) -> None:
        """Let the stack go on without the networks ``ended`` (M,) bool."""
        self._stack.keep(~ended)
        self.rows = self.rows[~ended]

    def networks(self, rows: np.ndarray | slice) -> TrainedNetworks:
        """What the networks ``rows`` of all are."""
        at_fit, at_end = (
            {name: values[rows] for name, values in vars(record).items()} for record in (self._at_fit, self._at_end)
        )
        return TrainedNetworks(
            **at_end,
            epochs=self._epochs[rows],
            converged=self._converged[rows],
            diverged=self._diverged[rows],
            at_fit=Record(**at_fit),
        )

    def _late_enough(self, epoch: int) -> np.ndarray:
        """Which networks (M,) of the stack, if they have fitted S, are past their extra and their least epochs."""
        return epoch >= np.maximum(self._epochs[self.rows] + self._goal.extra_epochs, self._goal.min_epochs)

    def _figures(self, seen: np.ndarray, finite: np.ndarray) -> dict[str, np.ndarray]:
        """Loss and margins (M,) over S of the networks ``seen`` (M,) bool, NaN for others."""
        labels, outputs = self._examples.labels, self._outputs(seen, self._examples.inputs, finite).astype(float)
        margins = outputs * labels
        losses = LOSSES[self._goal.loss](torch.from_numpy(outputs), torch.from_numpy(labels).double())
        figures = np.full((3, len(seen)), np.nan)
        figures[:, seen] = losses.mean(1), margins.min(1), margins.mean(1)
        return dict(zip(("training_loss", "margin_min", "margin_mean"), figures, strict=True))

    def _record(self, record: Record, chosen: np.ndarray, figures: dict[str, np.ndarray], finite: np.ndarray) -> None:
        """Write down the ``chosen`` (M,) bool networks of the stack, except those that turn out not to be finite."""
        outputs = self._outputs(chosen, self._examples.test_inputs, finite)
        rows, sound = self.rows[chosen & finite], finite[chosen]
        record.functions[rows] = outputs[sound] > 0
        for name, values in figures.items():
            getattr(record, name)[rows] = values[chosen & finite]

    def _outputs(self, chosen: np.ndarray, inputs: np.ndarray, finite: np.ndarray) -> np.ndarray:
        """Outputs (m, B) of the ``chosen`` (M,) bool networks; marks in ``finite`` (M,) those whose outputs are not."""
        if not chosen.any():
            return np.zeros((0, len(inputs)), dtype=np.float32)
        outputs = self._stack.outputs(chosen, inputs)
        # Finite parameters may still overflow on their way through the layers.
        finite[chosen] &= np.isfinite(outputs).all(1)
        return outputs


def _empty_record(networks: int, test_size: int) -> Record:
    def unknown() -> np.ndarray:
        return np.full(networks, np.nan)

    return Record(np.zeros((networks, test_size), dtype=bool), unknown(), unknown(), unknown())
