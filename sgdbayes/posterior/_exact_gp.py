"""Exact Gaussian-process regression with a given kernel matrix, by gpytorch."""

import gpytorch
import numpy as np
import torch

__all__ = ["exact_gp"]


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


def exact_gp(kernel: np.ndarray, labels: np.ndarray, noise_variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean (m,) and covariance (m, m) of z_E given labels (n,) of S, ``kernel`` (n + m, n + m) over S then E."""
    trained = len(labels)
    rows = torch.arange(len(kernel), dtype=torch.float64)
    # gpytorch turns to iterative, approximate solves above 800 rows unless told that a Cholesky is wanted at any size.
    # It also raises small noise to a least value when the likelihood is made.
    with (
        torch.no_grad(),
        gpytorch.settings.max_cholesky_size(len(kernel) + 1),
        gpytorch.settings.fast_computations(False, False, False),
        gpytorch.settings.min_fixed_noise(double_value=noise_variance),
        gpytorch.settings.cholesky_max_tries(1),
    ):
        likelihood = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(
            torch.full((trained,), noise_variance, dtype=torch.float64)
        )
        model = _Regression(rows[:trained], torch.from_numpy(labels), likelihood, torch.from_numpy(kernel))
        model.eval()
        posterior = model(rows[trained:])
        return posterior.mean.numpy(), posterior.covariance_matrix.numpy()
