"""The ensemble of infinitely wide networks trained by gradient descent on the squared error to its end, on E.

Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein and Pennington, "Wide neural networks of any depth evolve as linear
models under gradient descent", NeurIPS 2019, equations 14 to 16 at t = infinity: started from the prior with kernel K
(NNGP), trained by the tangent kernel T, the outputs on E are Gaussian with mean T_ES T_SS^-1 y and covariance
K_EE + P K_SS P' - P K_SE - K_ES P', where P = T_ES T_SS^-1.
"""

import numpy as np
from scipy.linalg import cho_solve

from sgdbayes.checks import check_labels
from sgdbayes.posterior._checks import check_kernel, lower_cholesky
from sgdbayes.posterior.gaussian import Gaussian

__all__ = ["fit_ntk", "ntk_ensemble"]


def ntk_ensemble(kernel: np.ndarray, labels: np.ndarray, tangent_kernel: np.ndarray) -> Gaussian:
    """Gaussian over z_E of the trained ensemble.

    ``kernel`` and ``tangent_kernel`` (n + m, n + m) over S then E, ``labels`` (n,) of S. Raises ValueError for
    malformed input, numpy.linalg.LinAlgError if the tangent kernel on S is not positive definite.

    >>> x, architecture = np.random.default_rng(0).normal(size=(30, 5)), sb.FullyConnected(depth=1)
    >>> ensemble = sb.ntk_ensemble(architecture.kernel(x), np.arange(20) < 10, architecture.tangent_kernel(x))
    >>> ensemble.mean.shape
    (10,)
    """
    kernel, labels = check_kernel(kernel), check_labels(labels)
    tangent_kernel = check_kernel(tangent_kernel, name="tangent_kernel")
    trained = len(labels)
    if kernel.shape != tangent_kernel.shape or trained >= len(kernel):
        raise ValueError(
            "kernel and tangent_kernel must both cover S and E, got shapes "
            f"{kernel.shape} and {tangent_kernel.shape} for {trained} labels"
        )
    factor = lower_cholesky(tangent_kernel[:trained, :trained], name="tangent kernel on S")
    solved = cho_solve((factor, True), tangent_kernel[:trained, trained:], check_finite=False)
    crossed = solved.T @ kernel[:trained, trained:]
    covariance = kernel[trained:, trained:] + solved.T @ kernel[:trained, :trained] @ solved - crossed - crossed.T
    return Gaussian(solved.T @ labels, (covariance + covariance.T) / 2)


def fit_ntk(kernel: np.ndarray, labels: np.ndarray, tangent_kernel: np.ndarray) -> tuple[Gaussian, dict[str, float]]:
    """`ntk_ensemble` as the configuration asks for it."""
    return ntk_ensemble(kernel, labels, tangent_kernel), {}
