"""Images as networks are given them: max-pooled and standardised, if a task asks for it.

Peleg and Hein prepare MNIST so ("Bias of stochastic gradient descent or the architecture: disentangling the effects of
overparameterization of neural networks", ICML 2024), who standardise first: the same, as the largest pixel stays it.
"""

from collections.abc import Sequence
from math import isfinite
from numbers import Real

import numpy as np

from sgdbayes.datasets.task import Inputs

__all__ = ["check_images", "image_inputs", "prepare_images"]

_SIDE = 28


def prepare_images(images: np.ndarray, *, standardize: Sequence[float], pool: int) -> np.ndarray:
    """``images`` (N, 28, 28) from 0 to 1, float32, each square of ``pool`` x ``pool`` pixels its largest, less the mean
    and over the standard deviation that ``standardize`` holds, if it holds any: (N, 28 / pool, 28 / pool).

    Raises ValueError as `check_images` does.
    """
    check_images(standardize=standardize, pool=pool)
    if pool > 1:
        side = _SIDE // pool
        images = images.reshape(-1, side, pool, side, pool).max((2, 4))
    if len(standardize):
        mean, deviation = np.asarray(standardize, dtype=np.float32)
        images = (images - mean) / deviation
    return images


def check_images(*, standardize: Sequence[float], pool: int) -> None:
    """Raises ValueError for a factor that does not divide the side of an image, or another thing than two numbers, the
    second above 0, to standardise by.
    """
    if pool < 1 or _SIDE % pool:
        raise ValueError(f"pool must divide the {_SIDE} pixels of a side, got {pool}")
    if len(standardize) == 0:
        return
    numbers = [isinstance(each, Real) and not isinstance(each, bool) and isfinite(each) for each in standardize]
    if numbers != [True, True] or not standardize[1] > 0:
        raise ValueError(
            f"standardize must be the mean of pixels and a standard deviation above 0, got {list(standardize)}"
        )


def image_inputs(*, standardize: Sequence[float], pool: int) -> Inputs:
    """What an image is, as it is prepared."""
    return Inputs((_SIDE // pool, _SIDE // pool))
