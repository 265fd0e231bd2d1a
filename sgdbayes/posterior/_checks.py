"""What every posterior asks of its kernel and labels."""

import numpy as np
from scipy.linalg import cholesky

from sgdbayes.checks import check_labels

__all__ = [
    "check_covariance",
    "check_kernel",
    "check_on_s",
    "check_on_s_and_e",
    "check_points",
    "lower_cholesky",
]

# Kernels are computed in double precision and symmetrised; 1e-8 of the largest entry is far above rounding, far below
# any real asymmetry.
_ASYMMETRY = 1e-8
_ROWS = 512


def check_points(points: slice, available: int) -> None:
    """Raise ValueError unless ``points`` are some, one after the other, of those ``available``."""
    piece = isinstance(points, slice) and points.step in (None, 1)
    if not piece or not 0 <= (points.start or 0) < points.stop <= available:
        raise ValueError(f"points must be a piece of the {available} that there are, got {points}")


def check_covariance(covariance: np.ndarray) -> np.ndarray:
    """``covariance`` as float64. Raises ValueError unless it is a square, finite, symmetric matrix,
    numpy.linalg.LinAlgError if a variance is not positive.
    """
    covariance = check_kernel(covariance, name="covariance")
    if not (covariance.diagonal() > 0).all():
        raise np.linalg.LinAlgError(
            f"covariance is not positive definite: its least variance is {covariance.diagonal().min():.3g}"
        )
    return covariance


def check_kernel(kernel: np.ndarray, *, name: str = "kernel") -> np.ndarray:
    """``kernel`` as float64. Raises ValueError unless it is a square, finite, symmetric matrix."""
    kernel = np.asarray(kernel, dtype=np.float64)
    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or kernel.size == 0:
        raise ValueError(f"{name} must be a square matrix, got shape {kernel.shape}")
    if not np.isfinite(kernel).all():
        raise ValueError(f"{name} must be finite, got {np.count_nonzero(~np.isfinite(kernel))} entries that are not")
    # By rows, so that a large kernel is not held three times.
    blocks = (slice(start, start + _ROWS) for start in range(0, len(kernel), _ROWS))
    asymmetry = max(np.abs(kernel[rows] - kernel[:, rows].T).max() for rows in blocks)
    if asymmetry > _ASYMMETRY * np.abs(kernel).max():
        raise ValueError(
            f"{name} must be symmetric, got entries that differ from their mirror image by {asymmetry:.3g}"
        )
    return kernel


def check_on_s(kernel: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``kernel`` (n, n) and ``labels`` (n,) of S as float64. Raises ValueError unless they are that."""
    kernel, labels = check_kernel(kernel), check_labels(labels)
    if len(kernel) != len(labels):
        raise ValueError(f"kernel and labels must agree, got shapes {kernel.shape} and {labels.shape}")
    return kernel, labels


def check_on_s_and_e(kernel: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``kernel`` (n + m, n + m) over S then E, m >= 1, and ``labels`` (n,) of S as float64. Raises ValueError unless
    they are that.
    """
    kernel, labels = check_kernel(kernel), check_labels(labels)
    if len(labels) >= len(kernel):
        raise ValueError(f"kernel must cover S and E: it has {len(kernel)} rows for {len(labels)} labels")
    return kernel, labels


def lower_cholesky(matrix: np.ndarray, *, name: str = "kernel", overwrite: bool = False) -> np.ndarray:
    """Lower Cholesky factor of a symmetric matrix, with ``overwrite`` in its memory. Raises numpy.linalg.LinAlgError,
    naming the matrix, if it is not positive definite.
    """
    try:
        # The transposed matrix is in the order that LAPACK writes.
        return cholesky(matrix.T if overwrite else matrix, lower=True, overwrite_a=overwrite, check_finite=False)
    except np.linalg.LinAlgError as error:
        # LAPACK's count of the first leading minor that is not positive.
        point = int(str(error).partition("-")[0]) - 1
        raise np.linalg.LinAlgError(
            f"{name} is not positive definite: the variance at its point {point} (from 0 on), given those before it, "
            "is not positive; leave out points that are equal, or all but equal, to others"
        ) from error
