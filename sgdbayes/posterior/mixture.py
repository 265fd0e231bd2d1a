"""A mixture of Gaussians over the network outputs on E, one for each posterior draw of the outputs on S.

Given z_S the outputs on E are Gaussian with a mean that depends on z_S and a covariance that does not, so the
probability of a function is the mean over the draws of an orthant probability. Its standard error is that of a Markov
chain, from means of batches (Flegal and Jones, Ann. Stat. 38, 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import logsumexp, ndtr

from sgdbayes.checks import check_labels
from sgdbayes.posterior._checks import check_covariance, check_points, lower_cholesky
from sgdbayes.posterior.orthant import log_orthant_weights
from sgdbayes.statistics import student_factor

__all__ = ["FEWEST_DRAWS", "GaussianMixture", "batch_means_error"]

_BATCHES = 32
# Fewer have no standard error.
FEWEST_DRAWS = _BATCHES
# A 95 % interval from 32 batches needs Student's quantile; scaled by this, 1.96 standard errors are that interval.
_STUDENT = student_factor(_BATCHES)


@dataclass(frozen=True)
class GaussianMixture:
    """``means`` (chains, draws, m) of the equally likely components, in the order of the chains, and the ``covariance``
    (m, m) of each.

    >>> sb.GaussianMixture(np.zeros((4, 10, 3)), np.eye(3)).draw_functions(5, seed=0).shape
    (5, 3)
    """

    means: np.ndarray
    covariance: np.ndarray
    # A mean carried by fewer is too skewed for its interval: docs/methods.md.
    fewest_draws: ClassVar[int] = 100

    def __post_init__(self) -> None:
        covariance = check_covariance(self.covariance)
        means = np.asarray(self.means, dtype=np.float64)
        if means.ndim != 3 or means.shape[2] != len(covariance) or not np.isfinite(means).all():
            raise ValueError(f"means must be finite, of shape (chains, draws, {len(covariance)}), got {means.shape}")
        if means.shape[0] * means.shape[1] < FEWEST_DRAWS:
            raise ValueError(f"means must hold at least {FEWEST_DRAWS} draws for a standard error, got {means.shape}")
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariance", covariance)

    def on(self, points: slice) -> "GaussianMixture":
        """The marginal over some of the outputs, all in one piece. Raises ValueError if there are not so many."""
        check_points(points, len(self.covariance))
        return GaussianMixture(self.means[:, :, points], self.covariance[points, points])

    def halves(self) -> tuple["GaussianMixture", "GaussianMixture"]:
        """One to draw functions from and one that knows their probabilities, of different chains or parts of one.

        A component takes what was drawn from it for likelier than it is.
        """
        chains = len(self.means)
        first, second = np.array_split(self.means, 2, axis=0 if chains > 1 else 1)
        return GaussianMixture(first, self.covariance), GaussianMixture(second, self.covariance)

    def draw_functions(self, number: int, *, seed: int) -> np.ndarray:
        """Signs (number, m) bool of z_E, True the positive class, of components in turn.

        Raises numpy.linalg.LinAlgError if the covariance is not positive definite.
        """
        factor = lower_cholesky(self.covariance, name="covariance")
        rng = np.random.default_rng(seed)
        means = self.chain_by_chain()
        # Every component as often as any other, but for a rest.
        components = np.resize(rng.permutation(len(means)), number)
        return means[components] + rng.standard_normal((number, means.shape[1])) @ factor.T > 0

    def mean_test_error(self, test_labels: np.ndarray) -> tuple[float, float]:
        """Expected share of wrong signs against ``test_labels`` (m,), and its standard error."""
        labels = check_labels(test_labels, number=len(self.covariance))
        shares = ndtr(-labels * self.chain_by_chain() / np.sqrt(np.diag(self.covariance))).mean(1)
        return float(shares.mean()), float(batch_means_error(shares))

    def log_probabilities(
        self, labels: np.ndarray, *, seed: int | Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Natural log of P(sign z_E = labels) of each row of ``labels`` (F, m), its standard error, and how many draws
        carry it, each (F,).

        A mean over draws is carried by (sum w)^2 / sum w^2 of them, w their weights (Kish, "Survey Sampling", 1965,
        section 11.7): where these are few, neither it nor its standard error is to be trusted.
        """
        weights = log_orthant_weights(self.chain_by_chain(), self.covariance, labels, seed=seed)
        log_p = logsumexp(weights, axis=1) - np.log(weights.shape[1])
        carried = np.exp(2 * logsumexp(weights, axis=1) - logsumexp(2 * weights, axis=1))
        return log_p, batch_means_error(np.exp(weights - log_p[:, None]).T), carried

    def chain_by_chain(self) -> np.ndarray:
        """The means (chains * draws, m)."""
        return self.means.reshape(-1, self.means.shape[2])


def batch_means_error(values: np.ndarray) -> np.ndarray:
    """Standard error (...) of the mean of ``values`` (draws, ...), chain after chain, from the scatter of the means of
    32 batches.
    """
    batches = np.array([part.mean(0) for part in np.array_split(values, _BATCHES)])
    return _STUDENT * batches.std(0, ddof=1) / np.sqrt(_BATCHES)
