"""What is asked of an architecture: whatever has these methods is one, and need not inherit from anything."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # importing them takes seconds
    import numpy as np
    import torch

__all__ = ["Architecture", "FeatureArchitecture"]


class Architecture(Protocol):
    """A prior of networks with one output, which `sgdbayes.train_until_fit` trains in stacks."""

    def initial_parameters(self, input_shape: tuple[int, ...], rng: "np.random.Generator") -> "list[np.ndarray]":
        """Draw one network from the prior: float32 arrays."""

    def outputs(self, parameters: "list[torch.Tensor]", inputs: "torch.Tensor") -> "torch.Tensor":
        """Outputs (M, B) of M stacked networks on ``inputs`` (M, B, ...), each network its own batch, or (1, B, ...),
        shared. Differentiable with respect to the parameters.
        """


class FeatureArchitecture(Architecture, Protocol):
    """One whose kernel `monte_carlo_kernel` can estimate: its output unit is linear."""

    @property
    def weight_variance(self) -> float:
        """Of the output unit's weights, times their number."""

    @property
    def bias_variance(self) -> float:
        """Of the output unit's bias."""

    def features(self, parameters: "list[torch.Tensor]", inputs: "torch.Tensor") -> "torch.Tensor":
        """What the output unit of each network sees, (M, B, F), of ``inputs`` as in ``outputs``."""
