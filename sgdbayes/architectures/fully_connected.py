"""Fully connected ReLU networks with one output: prior over parameters, stacked forward pass, NNGP kernel.

Prior: weights ~ N(0, weight_variance / fan_in), biases ~ N(0, bias_variance).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Literal

import numpy as np
import torch

from sgdbayes.architectures._prior import check_variances, draw_layers
from sgdbayes.architectures._relu_kernel import relu_kernel
from sgdbayes.checks import check_inputs

__all__ = ["FullyConnected"]

_DEPTH, _WIDTH = 2, 256


@dataclass(frozen=True)
class FullyConnected:
    """``depth`` hidden layers (2 by default) of ``width`` ReLU units (256), or a layer of each of the ``widths``, first
    layer first, and one linear output unit.

    Equal ``widths`` make what ``depth`` and ``width`` make. With others ``depth`` is their number and ``width`` None;
    ``layer_widths`` holds for all. Raises ValueError for widths beside depth or width, none of them, or below 1.

    >>> images = np.random.default_rng(0).random((3, 8, 8))
    >>> sb.FullyConnected(widths=[64, 32]).kernel(images).shape
    (3, 3)
    """

    depth: int | None = None
    width: int | None = None
    weight_variance: float = 2.0
    bias_variance: float = 0.0
    widths: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.widths is None:
            self._settle(depth=_DEPTH if self.depth is None else self.depth)
            self._settle(width=_WIDTH if self.width is None else self.width)
            if not all(map(_is_size, (self.depth, self.width))):
                raise ValueError(
                    f"depth and width must be at least 1, whole numbers, got {self.depth!r} and {self.width!r}"
                )
        else:
            if self.depth is not None or self.width is not None:
                raise ValueError("widths stand for depth and width: give one or the other")
            widths = tuple(self.widths) if isinstance(self.widths, Sequence) else ()
            if not widths or not all(map(_is_size, widths)):
                raise ValueError(f"widths must be whole numbers, 1 or more, one for each layer, got {self.widths!r}")
            equal = len(set(widths)) == 1
            self._settle(depth=len(widths), width=widths[0] if equal else None, widths=None if equal else widths)
        check_variances(self.weight_variance, self.bias_variance)

    @property
    def layer_widths(self) -> tuple[int, ...]:
        """The number of units of each hidden layer, first layer first."""
        if self.widths is not None:
            return tuple(self.widths)
        assert self.depth is not None and self.width is not None, "__post_init__ has settled them"
        return (self.width,) * self.depth

    def _settle(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def initial_parameters(self, input_shape: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
        """Draw one network from the prior: weights (fan_in, fan_out) and biases (1, fan_out) in turn, float32."""
        sizes = [int(np.prod(input_shape)), *self.layer_widths, 1]
        return draw_layers(pairwise(sizes), rng, weight_variance=self.weight_variance, bias_variance=self.bias_variance)

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
        inputs = check_inputs(inputs)
        return relu_kernel(
            inputs.reshape(len(inputs), -1),
            len(self.layer_widths),
            weight_variance=self.weight_variance,
            bias_variance=self.bias_variance,
            kind=kind,
        ).numpy()


def _is_size(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
