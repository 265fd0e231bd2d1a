"""A Gaussian over the network outputs on E, and what it says about functions, the signs of those outputs."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from sgdbayes.posterior._checks import check_covariance, check_domain_size, check_labels, lower_cholesky
from sgdbayes.posterior.orthant import log_orthant_probability

__all__ = ["Gaussian"]


@dataclass(frozen=True)
class Gaussian:
    """``mean`` (m,) and ``covariance`` (m, m) of the outputs z_E."""

    mean: np.ndarray
    covariance: np.ndarray

    def __post_init__(self) -> None:
        covariance = check_covariance(self.covariance)
        mean = np.asarray(self.mean, dtype=np.float64)
        if mean.shape != covariance.shape[:1] or not np.isfinite(mean).all():
            raise ValueError(f"mean must be finite, of shape {covariance.shape[:1]}, got shape {mean.shape}")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", covariance)

    def head(self, size: int) -> "Gaussian":
        """The marginal over the first ``size`` outputs. Raises ValueError if there are not so many."""
        check_domain_size(size, len(self.mean))
        return Gaussian(self.mean[:size], self.covariance[:size, :size])

    def draw_functions(self, number: int, *, seed: int) -> np.ndarray:
        """Signs (number, m) bool of independent draws of z_E, True the positive class.

        Raises numpy.linalg.LinAlgError if the covariance is not positive definite.
        """
        factor = lower_cholesky(self.covariance, name="covariance")
        draws = np.random.default_rng(seed).standard_normal((number, len(self.mean)))
        return self.mean + draws @ factor.T > 0

    def mean_test_error(self, test_labels: np.ndarray) -> tuple[float, float]:
        """Expected share of wrong signs against ``test_labels`` (m,), the mean of m normal tail probabilities, and its
        standard error, 0.
        """
        return float(self.wrong_labels(test_labels)[0].mean()), 0.0

    def wrong_labels(self, test_labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability (m,) of a sign other than that of ``test_labels`` (m,) at each point, and its error, 0."""
        labels = check_labels(test_labels, number=len(self.mean))
        wrong = ndtr(-labels * self.mean / np.sqrt(np.diag(self.covariance)))
        return wrong, np.zeros_like(wrong)

    def log_probabilities(self, labels: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray, None]:
        """Natural log of P(sign z_E = labels) of each row of ``labels`` (F, m), its standard error, and None: no draws
        carry it.
        """
        return *log_orthant_probability(self.mean, self.covariance, labels, seed=seed), None
