"""A Gaussian over the network outputs on E, and what it says about functions, the signs of those outputs."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from sgdbayes.checks import check_labels
from sgdbayes.posterior._checks import check_covariance, check_points, lower_cholesky
from sgdbayes.posterior.orthant import log_orthant_probability

__all__ = ["Gaussian"]


@dataclass(frozen=True)
class Gaussian:
    """``mean`` (m,) and ``covariance`` (m, m) of the outputs z_E.

    >>> sb.Gaussian(np.zeros(3), np.eye(3)).draw_functions(5, seed=0).shape
    (5, 3)
    """

    mean: np.ndarray
    covariance: np.ndarray

    def __post_init__(self) -> None:
        covariance = check_covariance(self.covariance)
        mean = np.asarray(self.mean, dtype=np.float64)
        if mean.shape != covariance.shape[:1] or not np.isfinite(mean).all():
            raise ValueError(f"mean must be finite, of shape {covariance.shape[:1]}, got shape {mean.shape}")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", covariance)

    def on(self, points: slice) -> "Gaussian":
        """The marginal over some of the outputs, all in one piece. Raises ValueError if there are not so many."""
        check_points(points, len(self.mean))
        return Gaussian(self.mean[points], self.covariance[points, points])

    def halves(self) -> tuple["Gaussian", "Gaussian"]:
        """One to draw functions from and one that knows their probabilities: itself, twice."""
        return self, self

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
        labels = check_labels(test_labels, number=len(self.mean))
        return float(ndtr(-labels * self.mean / np.sqrt(np.diag(self.covariance))).mean()), 0.0

    def log_probabilities(self, labels: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray, None]:
        """Natural log of P(sign z_E = labels) of each row of ``labels`` (F, m), its standard error, and None: no draws
        carry it.
        """
        return *log_orthant_probability(self.mean, self.covariance, labels, seed=seed), None
