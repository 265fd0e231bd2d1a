"""Convolutional ReLU networks with one output: prior over parameters, stacked forward pass, NNGP kernel.

Prior: weights ~ N(0, weight_variance / fan_in), biases ~ N(0, bias_variance). Kernel: without pooling the recursion of
Novak et al., "Bayesian deep convolutional networks with many channels are Gaussian processes" (ICLR 2019), computed by
neural-tangents; with pooling their Monte Carlo estimate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d

from sgdbayes.architectures._convolution import POOLINGS, convolve, pack, unpack
from sgdbayes.architectures._infinite_width import infinite_width_kernel
from sgdbayes.architectures._monte_carlo import KernelEstimate, monte_carlo_kernel
from sgdbayes.architectures._prior import check_variances, draw_layers

__all__ = ["Convolutional"]

# Covariances of one layer that are in memory at once.
_KERNEL_ENTRIES = 8_000_000


@dataclass(frozen=True)
class Convolutional:
    """``layers`` convolutions with ``channels`` filters of ``filter_size`` squared, stride 1, zeros around the image;
    ReLU and 2x2 ``pooling`` after each; ``dense`` ReLU units if not 0; one linear output unit.

    Inputs are grey images (H, W) or images with channels last (H, W, C). Without pooling the kernel takes
    neural-tangents, the extra ``convolutional`` of an installation.

    >>> images = np.random.default_rng(0).random((3, 8, 8))
    >>> sb.Convolutional(layers=1).kernel(images).shape
    (3, 3)
    """

    layers: int = 2
    channels: int = 32
    filter_size: int = 3
    pooling: str = "none"
    dense: int = 0
    weight_variance: float = 2.0
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        if self.layers < 1 or self.channels < 1:
            raise ValueError(f"layers and channels must be at least 1, got {self.layers} and {self.channels}")
        if self.filter_size < 1 or self.filter_size % 2 == 0:
            raise ValueError(f"filter_size must be odd and positive, got {self.filter_size}")
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, got {self.pooling!r}")
        if self.dense < 0:
            raise ValueError(f"dense must not be negative, got {self.dense}")
        check_variances(self.weight_variance, self.bias_variance)

    def initial_parameters(self, input_shape: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
        """Draw one network from the prior, float32: filters (filter_size, filter_size, C, channels) and biases
        (1, channels) of each convolution, then weights (fan_in, fan_out) and biases (1, fan_out).

        Raises ValueError if the inputs are no images, or too small for so many poolings.
        """
        _check_images(input_shape)
        height, width, entering = (*input_shape, 1)[:3]
        shrink = self._shrink**self.layers
        if height < shrink or width < shrink:
            raise ValueError(f"{self.layers} poolings need images of at least {shrink}x{shrink}, got {height}x{width}")
        size = self.filter_size
        shapes: list[tuple[int, ...]] = [
            (size, size, c, self.channels) for c in (entering, *[self.channels] * (self.layers - 1))
        ]
        flat = (height // shrink) * (width // shrink) * self.channels
        shapes += pairwise([flat, self.dense, 1] if self.dense else [flat, 1])
        return draw_layers(shapes, rng, weight_variance=self.weight_variance, bias_variance=self.bias_variance)

    def outputs(self, parameters: list[torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        """Outputs (M, B) of M stacked networks on ``inputs`` (M, B, H, W[, C]), each network its own batch, or
        (1, B, H, W[, C]), shared. Differentiable with respect to the parameters.
        """
        return torch.baddbmm(parameters[-1], self.features(parameters, inputs), parameters[-2]).squeeze(2)

    def features(self, parameters: list[torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        """What the output unit of each network sees, (M, B, F), of ``inputs`` as in ``outputs``."""
        images = inputs[..., None] if inputs.dim() == 4 else inputs
        layers = list(zip(parameters[: 2 * self.layers : 2], parameters[1 : 2 * self.layers : 2], strict=True))
        compiled = (
            images.device.type == "cpu" and images.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
        )
        images = (self._convolve_compiled if compiled else self._convolve)(layers, images)
        features = images.flatten(2)
        if self.dense:
            features = torch.baddbmm(parameters[-3], features, parameters[-4]).relu()
        return features

    @property
    def kernel_is_estimate(self) -> bool:
        """Whether ``kernel`` is a Monte Carlo estimate: with pooling the closed form, where there is one, costs a
        covariance of every two pixels for every two inputs.
        """
        return self.pooling != "none"

    def kernel(self, inputs: np.ndarray) -> np.ndarray:
        """NNGP kernel (n, n), float64, on ``inputs`` (n, H, W[, C]): of the infinitely wide network without pooling,
        else the Monte Carlo estimate.
        """
        if self.kernel_is_estimate:
            return self.kernel_estimate(inputs).kernel
        return infinite_width_kernel(self._layers, self._with_channels(inputs), kind="nngp")

    def kernel_estimate(self, inputs: np.ndarray) -> KernelEstimate:
        """Monte Carlo estimate, with its standard error, of the kernel on ``inputs`` (n, H, W[, C])."""
        return monte_carlo_kernel(self, inputs)

    def tangent_kernel(self, inputs: np.ndarray) -> np.ndarray:
        """Neural tangent kernel (n, n), float64, of the infinitely wide network on ``inputs`` (n, H, W[, C]).

        Raises ValueError with pooling, for which it has no closed form or none that is affordable.
        """
        if self.kernel_is_estimate:
            raise ValueError(f"the tangent kernel needs pooling 'none', got {self.pooling!r}")
        return infinite_width_kernel(self._layers, self._with_channels(inputs), kind="ntk")

    @property
    def _shrink(self) -> int:
        return 1 if self.pooling == "none" else 2

    def _convolve_compiled(self, layers: list[tuple[torch.Tensor, torch.Tensor]], images: torch.Tensor) -> torch.Tensor:
        batch, height, width = images.shape[1:4]
        packed = pack(images.detach(), self.filter_size)
        for weights, biases in layers:
            packed = convolve(packed, weights, biases, height, width, self.pooling)
            height, width = height // self._shrink, width // self._shrink
        return unpack(packed, batch, height, width, self.filter_size)

    def _convolve(self, layers: list[tuple[torch.Tensor, torch.Tensor]], images: torch.Tensor) -> torch.Tensor:
        networks, pool = len(layers[0][0]), {"none": None, "max": max_pool2d, "average": avg_pool2d}[self.pooling]
        activations = images.expand(networks, -1, -1, -1, -1).permute(1, 0, 4, 2, 3).flatten(1, 2)
        for weights, biases in layers:
            filters = weights.permute(0, 4, 3, 1, 2).flatten(0, 1)
            activations = conv2d(activations, filters, biases.flatten(), padding="same", groups=networks).relu()
            if pool:
                activations = pool(activations, 2)
        return activations.unflatten(1, (networks, -1)).permute(1, 0, 3, 4, 2)

    def _with_channels(self, inputs: np.ndarray) -> np.ndarray:
        inputs = np.asarray(inputs)
        _check_images(inputs.shape[1:])
        return inputs[..., None] if inputs.ndim == 3 else inputs

    def _layers(self, stax):  # noqa: ANN001, ANN202 (neural-tangents has no types and is slow to import)
        spread = {"W_std": self.weight_variance**0.5, "b_std": self.bias_variance**0.5}
        square = (self.filter_size, self.filter_size)
        hidden = [
            layer
            for _ in range(self.layers)
            for layer in (stax.Conv(self.channels, square, padding="SAME", **spread), stax.Relu())
        ]
        dense = [stax.Dense(self.dense, **spread), stax.Relu()] if self.dense else []
        *functions, kernel_function = stax.serial(*hidden, stax.Flatten(), *dense, stax.Dense(1, **spread))
        return *functions, _blockwise(kernel_function)


def _blockwise(kernel_function: Callable) -> Callable:
    """``kernel_function`` (inputs, None, kind), a block of pairs of inputs at a time: each pair costs a covariance for
    every pixel.
    """
    import jax

    function = jax.jit(kernel_function, static_argnums=2)

    def blocks(inputs: np.ndarray, _: None, kind: str) -> np.ndarray:
        size = max(1, int((_KERNEL_ENTRIES / prod(inputs.shape[1:3])) ** 0.5))
        kernel = np.empty((len(inputs), len(inputs)))
        for row in range(0, len(inputs), size):
            for column in range(0, row + 1, size):
                rows, columns = slice(row, row + size), slice(column, column + size)
                kernel[rows, columns] = function(inputs[rows], inputs[columns], kind)
                kernel[columns, rows] = kernel[rows, columns].T
        return kernel

    return blocks


def _check_images(shape: tuple[int, ...]) -> None:
    if len(shape) not in (2, 3):
        raise ValueError(f"inputs must be images (H, W) or (H, W, C), got shape {shape}")
