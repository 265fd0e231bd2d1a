"""Pearson's correlation over chosen entries, corrected for known noise (Spearman, Am. J. Psychol. 15, 1904), and in what
batches it is resampled.
"""

from collections.abc import Iterator, Sequence

import numpy as np

__all__ = ["FEWEST", "FEWEST_DEFINED", "batches", "correlation_and_slope"]

FEWEST = 3
# An interval is given if at least this share of the resamples has enough functions to define the statistic.
FEWEST_DEFINED = 0.9
_BATCH = 2_000_000


def batches(resamples: int, functions: int) -> Iterator[int]:
    """Sizes, ``resamples`` together, of batches whose arrays (batch, functions) fit in a little memory."""
    size = max(1, _BATCH // max(1, functions))
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def correlation_and_slope(
    x: np.ndarray, y: np.ndarray, used: np.ndarray, *, noise: Sequence[float] = (0.0, 0.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of x and y, and slope of y on x, over the ``used`` entries of the last axis.

    ``noise``: mean variance of the errors of the used x and of the used y, independent, which the spread of each is less
    by; the correlation may then lie beyond 1. NaN with fewer than three entries or no spread but noise.
    """
    number = used.sum(-1)
    enough = number >= FEWEST

    def centred(values: np.ndarray) -> np.ndarray:
        kept = np.where(used, values, 0)
        return np.where(used, kept - kept.sum(-1, keepdims=True) / np.maximum(number, 1)[..., None], 0)

    x, y = centred(x), centred(y)
    xx, yy = ((v * v).sum(-1) - (number - 1) * known for v, known in ((x, noise[0]), (y, noise[1])))
    xy = (x * y).sum(-1)
    # Rounding leaves a spread of about 1e-30 where all values are equal.
    defined = enough & (xx > 1e-20) & (yy > 1e-20)
    pearson = np.divide(xy, np.sqrt(np.where(defined, xx * yy, 1)), out=np.full(xy.shape, np.nan), where=defined)
    slope = np.divide(xy, xx, out=np.full(xy.shape, np.nan), where=defined)
    return pearson, slope
