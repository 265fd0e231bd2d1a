"""Posteriors by the name the configuration calls them.

Each takes the kernel (n + m, n + m) over S then E, the labels (n,) of S, the tangent kernel if it has a parameter of that
name, and options of its own; it gives the distribution on E and the figures worth recording about how it was come by.
"""

from collections.abc import Callable

import numpy as np

from sgdbayes.posterior.ep import expectation_propagation
from sgdbayes.posterior.gaussian import Gaussian
from sgdbayes.posterior.mixture import GaussianMixture
from sgdbayes.posterior.ntk import ntk_ensemble
from sgdbayes.posterior.regression import regression_posterior
from sgdbayes.posterior.zero_one import zero_one_predictive

__all__ = ["POSTERIORS"]


def _mse(kernel: np.ndarray, labels: np.ndarray, *, noise_variance: float = 1e-4) -> tuple[Gaussian, dict[str, float]]:
    return regression_posterior(kernel, labels, noise_variance=noise_variance), {}


def _ep(
    kernel: np.ndarray, labels: np.ndarray, *, tolerance: float = 1e-8, damping: float = 0.9, max_sweeps: int = 1000
) -> tuple[Gaussian, dict[str, float]]:
    result = expectation_propagation(kernel, labels, tolerance=tolerance, damping=damping, max_sweeps=max_sweeps)
    return result.predictive, {"log_evidence": result.log_evidence, "sweeps": result.sweeps}


def _zero_one(
    kernel: np.ndarray,
    labels: np.ndarray,
    *,
    samples: int = 2000,
    chains: int = 4,
    warm_up: int = 20,
    seed: int = 0,
    device: str = "auto",
) -> tuple[GaussianMixture, dict[str, float]]:
    return zero_one_predictive(kernel, labels, samples, chains=chains, warm_up=warm_up, seed=seed, device=device)


def _ntk(kernel: np.ndarray, labels: np.ndarray, tangent_kernel: np.ndarray) -> tuple[Gaussian, dict[str, float]]:
    return ntk_ensemble(kernel, labels, tangent_kernel), {}


POSTERIORS: dict[str, Callable[..., tuple[Gaussian | GaussianMixture, dict[str, float]]]] = {
    "mse": _mse,
    "ep": _ep,
    "zero_one": _zero_one,
    "ntk": _ntk,
}
