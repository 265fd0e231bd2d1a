"""What priors of architectures share: weights ~ N(0, weight_variance / fan_in), biases ~ N(0, bias_variance)."""

from collections.abc import Iterable
from math import isfinite, prod
from numbers import Real

import numpy as np

__all__ = ["check_variances", "draw", "draw_layers"]


def check_variances(weight_variance: float, bias_variance: float) -> None:
    """Raise ValueError unless both are finite, the first positive, the second not negative."""
    numbers = all(isinstance(each, Real) and isfinite(each) for each in (weight_variance, bias_variance))
    if not (numbers and weight_variance > 0 and bias_variance >= 0):
        raise ValueError(
            "weight_variance must be positive and bias_variance not negative, "
            f"got {weight_variance!r} and {bias_variance!r}"
        )


def draw_layers(
    shapes: Iterable[tuple[int, ...]], rng: np.random.Generator, *, weight_variance: float, bias_variance: float
) -> list[np.ndarray]:
    """Weights of these ``shapes`` (..., fan_out), fan_in the product of the others, and biases (1, fan_out) in turn."""
    return [
        draw(drawn, variance, rng)
        for shape in shapes
        for drawn, variance in ((shape, weight_variance / prod(shape[:-1])), ((1, shape[-1]), bias_variance))
    ]


def draw(shape: tuple[int, ...], variance: float, rng: np.random.Generator) -> np.ndarray:
    """Independent draws of N(0, variance), float32."""
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(variance**0.5)
