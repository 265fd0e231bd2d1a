"""Small matrix products at the speed of large ones."""

from functools import cache

import numpy as np
from numba import njit

__all__ = ["prepare_blas"]

_LARGE = 512


@cache
def prepare_blas() -> None:
    """Make the work space of the BLAS that numba calls resident, once in a process.

    OpenBLAS prefetches beyond what it has packed; until some large product has touched those pages of its work space,
    each prefetch misses, which makes some small products three times slower.
    """
    square = np.ones((_LARGE, _LARGE), np.float32)
    _multiply(square, square)


@njit(cache=True)
def _multiply(left, right):
    return np.dot(left, right)
