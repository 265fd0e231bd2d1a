"""Posteriors by the name the configuration calls them.

Each takes the kernel (n + m, n + m) over S then E, the labels (n,) of S and options of its own; it gives the Gaussian
on E and the figures worth recording about how it was come by.
"""

from collections.abc import Callable

import numpy as np

from sgdbayes.posterior.ep import expectation_propagation
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.regression import regression_posterior

__all__ = ["POSTERIORS"]


def _mse(kernel: np.ndarray, labels: np.ndarray, *, noise_variance: float = 1e-4) -> tuple[Gaussian, dict[str, float]]:
    return regression_posterior(kernel, labels, noise_variance=noise_variance), {}


def _ep(
    kernel: np.ndarray, labels: np.ndarray, *, tolerance: float = 1e-8, damping: float = 0.9, max_sweeps: int = 1000
) -> tuple[Gaussian, dict[str, float]]:
    result = expectation_propagation(kernel, labels, tolerance=tolerance, damping=damping, max_sweeps=max_sweeps)
    return result.predictive, {"log_evidence": result.log_evidence, "sweeps": result.sweeps}


POSTERIORS: dict[str, Callable[..., tuple[Gaussian, dict[str, float]]]] = {"mse": _mse, "ep": _ep}
