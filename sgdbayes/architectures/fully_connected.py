"""Fully connected ReLU networks with one output: prior over parameters, stacked forward pass, NNGP kernel.

Prior: weights ~ N(0, weight_variance / fan_in), biases ~ N(0, bias_variance).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch

from sgdbayes.architectures._prior import check_variances, draw_layers
from sgdbayes.architectures._relu_kernel import relu_kernel

__all__ = ["FullyConnected"]


@dataclass(frozen=True)
class FullyConnected:
    """``depth`` hidden layers of ``width`` ReLU units and one linear output unit."""

    depth: int = 2
    width: int = 256
    weight_variance: float = 2.0
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        if self.depth < 1 or self.width < 1:
            raise ValueError(f"depth and width must be at least 1, got {self.depth} and {self.width}")
        check_variances(self.weight_variance, self.bias_variance)

    def initial_parameters(self, input_shape: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
        """Draw one network from the prior: weights (fan_in, fan_out) and biases (1, fan_out) in turn, float32."""
        sizes = [int(np.prod(input_shape)), *[self.width] * self.depth, 1]
        return draw_layers(pairwise(sizes), rng, **self._variances)

    def outputs(self, parameters: list[torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        """Outputs (M, B) of M stacked networks on ``inputs`` (M, B, ...), each network its own batch, or (1, B, ...),
        shared.
        """
        activations = inputs.flatten(2).expand(len(parameters[0]), -1, -1)
        layers = list(zip(parameters[::2], parameters[1::2], strict=True))
        for weights, biases in layers[:-1]:
            activations = torch.baddbmm(biases, activations, weights).relu()
        weights, biases = layers[-1]
        return torch.baddbmm(biases, activations, weights).squeeze(2)

    def kernel(self, inputs: np.ndarray) -> np.ndarray:
        """NNGP kernel (n, n), float64, of the infinitely wide network on ``inputs`` (n, ...)."""
        return self._kernel(inputs, "nngp")

    def tangent_kernel(self, inputs: np.ndarray) -> np.ndarray:
        """Neural tangent kernel (n, n), float64, of the infinitely wide network on ``inputs`` (n, ...), every layer's
        weights scaled as in Jacot, Gabriel and Hongler (NeurIPS 2018), so that all layers learn.
        """
        return self._kernel(inputs, "ntk")

    def _kernel(self, inputs: np.ndarray, kind: Literal["nngp", "ntk"]) -> np.ndarray:
        return relu_kernel(inputs.reshape(len(inputs), -1), self.depth, kind=kind, **self._variances).numpy()

    @property
    def _variances(self) -> dict[str, float]:
        return {"weight_variance": self.weight_variance, "bias_variance": self.bias_variance}
