"""What every posterior asks of its kernel and labels."""

import numpy as np
from scipy.linalg import cholesky

__all__ = [
    "check_covariance",
    "check_domain_size",
    "check_fully_connected",
    "check_kernel",
    "check_labels",
    "check_network_inputs",
    "lower_cholesky",
]

# Kernels are computed in double precision and symmetrised; 1e-8 of the largest entry is far above rounding, far below
# any real asymmetry.
_ASYMMETRY = 1e-8
_ROWS = 512


def check_labels(labels: np.ndarray, *, dimensions: int = 1, number: int | None = None) -> np.ndarray:
    """``labels`` as float64. Raises ValueError unless they are -1 or +1 in an array of ``dimensions`` dimensions, not
    empty, and ``number`` if that is given.
    """
    labels = np.asarray(labels)
    if labels.ndim != dimensions or labels.size == 0:
        raise ValueError(f"labels must be a non-empty array of {dimensions} dimension(s), got shape {labels.shape}")
    if not np.isin(labels, (-1, 1)).all():
        raise ValueError(f"labels must be -1 or +1, got {np.unique(labels)[:5].tolist()}")
    if number is not None and len(labels) != number:
        raise ValueError(f"labels must be {number}, got {len(labels)}")
    return labels.astype(np.float64)


def check_domain_size(size: int, available: int) -> None:
    """Raise ValueError unless a domain of ``size`` is the first part, not empty, of one of ``available``."""
    if not 1 <= size <= available:
        raise ValueError(f"the size of a domain must be from 1 to {available}, got {size}")


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


def check_fully_connected(architecture: object, sampler: str) -> None:
    """Raise ValueError unless networks of ``architecture`` are those that ``sampler`` can draw."""
    # Seconds to import, and not every posterior is one of networks.
    from sgdbayes.architectures.fully_connected import FullyConnected

    if type(architecture) is not FullyConnected:
        raise ValueError(f"{sampler} draws networks of FullyConnected only, not {type(architecture).__name__}")


def check_network_inputs(
    train_inputs: np.ndarray, train_labels: np.ndarray, test_inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of S and of E, float64, each flattened to (n, d) and (T, d). Raises ValueError unless they are finite, of one
    shape, and as many as ``train_labels`` (n,); T is at least 1.
    """
    train, test = np.asarray(train_inputs, dtype=np.float64), np.asarray(test_inputs, dtype=np.float64)
    if train.shape[:1] != train_labels.shape or min(train.ndim, test.ndim) < 2 or train.shape[1:] != test.shape[1:]:
        raise ValueError(
            f"inputs of S and E must be alike, of shape ({len(train_labels)}, ...) and (T, ...), got {train.shape} and {test.shape}"
        )
    if train[0].size == 0 or len(test) == 0:
        raise ValueError(f"there must be inputs of S and E, got shapes {train.shape} and {test.shape}")
    if not (np.isfinite(train).all() and np.isfinite(test).all()):
        raise ValueError("inputs of S and E must be finite")
    return train.reshape(len(train), -1), test.reshape(len(test), -1)


def lower_cholesky(matrix: np.ndarray, *, name: str = "kernel", overwrite: bool = False) -> np.ndarray:
    """Lower Cholesky factor of a symmetric matrix, with ``overwrite`` in its memory. Raises numpy.linalg.LinAlgError,
    naming the matrix, if it is not positive definite.
    """
    try:
        # The transposed matrix is in the order that LAPACK writes.
        return cholesky(matrix.T if overwrite else matrix, lower=True, overwrite_a=overwrite, check_finite=False)
    except np.linalg.LinAlgError as error:
        raise np.linalg.LinAlgError(f"{name} is not positive definite: {error}") from error
