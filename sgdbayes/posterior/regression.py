"""The MSE posterior: Gaussian-process regression on the labels -1/+1, computed by gpytorch.

Mingard et al., JMLR 2021, section 2; Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equations
2.22 to 2.24.
"""

import numpy as np

from sgdbayes.posterior._checks import check_on_s_and_e, lower_cholesky
from sgdbayes.posterior.gaussian import Gaussian

__all__ = ["fit_mse", "regression_posterior"]


def regression_posterior(kernel: np.ndarray, labels: np.ndarray, *, noise_variance: float) -> Gaussian:
    """Posterior of z_E, noise left out, given labels y_S = z_S + N(0, noise_variance).

    ``kernel`` (n + m, n + m) over S then E, ``labels`` (n,) of S. Raises ValueError for malformed input or a
    ``noise_variance`` that is not positive, numpy.linalg.LinAlgError if the kernel on S plus noise is not positive
    definite.

    >>> kernel = sb.FullyConnected().kernel(np.random.default_rng(0).normal(size=(30, 5)))
    >>> sb.regression_posterior(kernel, np.arange(20) < 10, noise_variance=1e-4).mean.shape
    (10,)
    """
    kernel, labels = check_on_s_and_e(kernel, labels)
    trained = len(labels)
    if not noise_variance > 0:
        raise ValueError(f"noise_variance must be positive, got {noise_variance}")
    lower_cholesky(kernel[:trained, :trained] + noise_variance * np.eye(trained), name="kernel on S")
    # Seconds to import: only who asks pays for it.
    from sgdbayes.posterior._exact_gp import exact_gp

    mean, covariance = exact_gp(kernel, labels, noise_variance)
    return Gaussian(mean, (covariance + covariance.T) / 2)


def fit_mse(
    kernel: np.ndarray, labels: np.ndarray, *, noise_variance: float = 1e-4
) -> tuple[Gaussian, dict[str, float]]:
    """`regression_posterior` as the configuration asks for it."""
    return regression_posterior(kernel, labels, noise_variance=noise_variance), {}
