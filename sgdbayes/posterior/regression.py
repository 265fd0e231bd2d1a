"""The MSE posterior: Gaussian-process regression on the labels -1/+1, computed by gpytorch.

Mingard et al., JMLR 2021, section 2; Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equations
2.22 to 2.24.
"""

import gpytorch
import numpy as np
import torch

from sgdbayes.posterior._checks import check_kernel, check_labels, lower_cholesky
from sgdbayes.posterior.gaussian import Gaussian

__all__ = ["regression_posterior"]


class _Precomputed(gpytorch.kernels.Kernel):
    """A kernel whose inputs are row numbers of a matrix."""

    def __init__(self, matrix: torch.Tensor) -> None:
        super().__init__()
        self.matrix = matrix

    def forward(self, x1: torch.Tensor, x2: torch.Tensor, diag: bool = False, **_) -> torch.Tensor:
        rows, columns = x1.squeeze(-1).long(), x2.squeeze(-1).long()
        return self.matrix[rows, columns] if diag else self.matrix[rows][:, columns]


class _Regression(gpytorch.models.ExactGP):
    def __init__(self, rows, labels, likelihood, matrix: torch.Tensor) -> None:  # noqa: ANN001
        super().__init__(rows, labels, likelihood)
        self.mean, self.kernel = gpytorch.means.ZeroMean(), _Precomputed(matrix)

    def forward(self, rows: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        return gpytorch.distributions.MultivariateNormal(self.mean(rows), self.kernel(rows))


def regression_posterior(kernel: np.ndarray, labels: np.ndarray, *, noise_variance: float) -> Gaussian:
    """Posterior of z_E, noise left out, given labels y_S = z_S + N(0, noise_variance).

    ``kernel`` (n + m, n + m) over S then E, ``labels`` (n,) of S. Raises ValueError for malformed input or a
    ``noise_variance`` that is not positive, numpy.linalg.LinAlgError if the kernel on S plus noise is not positive
    definite.
    """
    kernel, labels = check_kernel(kernel), check_labels(labels)
    trained = len(labels)
    if trained >= len(kernel):
        raise ValueError(f"kernel must cover S and E: it has {len(kernel)} rows for {trained} labels")
    if not noise_variance > 0:
        raise ValueError(f"noise_variance must be positive, got {noise_variance}")
    lower_cholesky(kernel[:trained, :trained] + noise_variance * np.eye(trained), name="kernel on S")
    rows = torch.arange(len(kernel), dtype=torch.float64)
    likelihood = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(
        torch.full((trained,), noise_variance, dtype=torch.float64)
    )
    model = _Regression(rows[:trained], torch.from_numpy(labels), likelihood, torch.from_numpy(kernel))
    model.eval()
    # gpytorch turns to iterative, approximate solves above 800 rows unless told that a Cholesky is wanted at any size.
    with (
        torch.no_grad(),
        gpytorch.settings.max_cholesky_size(len(kernel) + 1),
        gpytorch.settings.fast_computations(False, False, False),
        gpytorch.settings.min_fixed_noise(double_value=noise_variance),
        gpytorch.settings.cholesky_max_tries(1),
    ):
        posterior = model(rows[trained:])
        mean, covariance = posterior.mean.numpy(), posterior.covariance_matrix.numpy()
    return Gaussian(mean, (covariance + covariance.T) / 2)
