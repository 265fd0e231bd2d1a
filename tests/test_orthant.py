"""Orthant probabilities of many dimensions against closed forms, one-dimensional integrals and recursions."""

import numpy as np
import pytest
from scipy.special import gammaln, log_ndtr, logsumexp
from scipy.stats import norm

from sgdbayes.posterior import log_orthant_probability
from sgdbayes.posterior.orthant import log_orthant_weights


def random_walk(size: int) -> tuple[np.ndarray, np.ndarray, float]:
    """All partial sums positive: C(2 n, n) / 4^n, whatever the symmetric steps (Sparre Andersen 1953)."""
    steps = np.arange(1, size + 1)
    exact = gammaln(2 * size + 1) - 2 * gammaln(size + 1) - size * np.log(4)
    return np.minimum.outer(steps, steps).astype(float), np.ones(size, dtype=int), exact


def equicorrelated(size: int, correlation: float, negative: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Given the common part all are independent: an integral over one normal variable."""
    nodes, weights = np.polynomial.legendre.leggauss(4000)
    common = 12 * nodes * np.sqrt(correlation)
    signed = common / np.sqrt(1 - correlation)
    terms = (size - negative) * log_ndtr(signed) + negative * log_ndtr(-signed)
    exact = logsumexp(terms + norm.logpdf(12 * nodes) + np.log(12 * weights))
    labels = np.ones(size, dtype=int)
    labels[np.random.default_rng(0).permutation(size)[:negative]] = -1
    return np.full((size, size), correlation) + (1 - correlation) * np.eye(size), labels, exact


def autoregressive(size: int, correlation: float, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """A Markov chain: the probability of all later signs, as a function of the state, from the last backwards."""
    nodes, weights = np.polynomial.legendre.leggauss(800)
    state, weights = 5 * (nodes + 1), 5 * weights
    spread = np.sqrt(1 - correlation**2)
    step = {sign: norm.pdf(sign * state, correlation * state[:, None], spread) * weights for sign in (1, -1)}
    later, exact = np.ones(len(state)), 0.0
    for sign in (labels[:-1] * labels[1:])[::-1]:
        later = step[sign] @ later
        exact += np.log(later.max())
        later /= later.max()
    index = np.arange(size)
    covariance = correlation ** np.abs(np.subtract.outer(index, index))
    return covariance, labels, exact + np.log((norm.pdf(state) * weights) @ later)


def mixed(size: int) -> np.ndarray:
    return np.where(np.random.default_rng(size).random(size) < 0.5, -1, 1)


CASES = {
    "random walk of 500": random_walk(500),
    "equicorrelated 500, all equal": equicorrelated(500, 0.2, 0),
    "equicorrelated 500, 50 against": equicorrelated(500, 0.5, 50),
    "equicorrelated 500, half against": equicorrelated(500, 0.9, 250),
    "autoregressive 500, all equal": autoregressive(500, 0.5, np.ones(500, dtype=int)),
    "autoregressive 500, mixed": autoregressive(500, 0.5, mixed(500)),
    "autoregressive 200, strong, mixed": autoregressive(200, 0.9, mixed(200)),
}


@pytest.mark.parametrize("name", CASES)
def test_known_orthants_of_hundreds_of_dimensions(name):
    covariance, labels, exact = CASES[name]
    log_p, error = log_orthant_probability(np.zeros(len(labels)), covariance, labels, seed=0)
    assert np.isfinite(log_p) and 0 < error < 0.05
    assert abs(log_p - exact) < 4 * error


def test_probabilities_below_the_smallest_double():
    """P is about 1e-304: 550 alternating signs of a chain that hardly changes."""
    covariance, labels, exact = autoregressive(550, 0.995, np.where(np.arange(550) % 2, 1, -1))
    log_p, error = log_orthant_probability(np.zeros(550), covariance, labels, seed=1)
    assert exact < -300 * np.log(10)
    assert 0 < error < 0.2
    assert abs(log_p - exact) < 4 * error


def test_standard_errors_are_honest_in_a_hundred_dimensions():
    """Of 200 seeds about 95 % give an interval with the truth in it: 180 or more but for one chance in a thousand."""
    covariance, labels, exact = autoregressive(100, 0.8, mixed(100))
    results = [
        log_orthant_probability(np.zeros(100), covariance, labels, seed=seed, max_points=2048) for seed in range(200)
    ]
    inside = sum(abs(log_p - exact) < 1.96 * error for log_p, error in results)
    assert 180 <= inside <= 199


def test_order_and_scale_do_not_matter():
    covariance, labels, _ = autoregressive(60, 0.7, mixed(60))
    mean = np.random.default_rng(1).normal(0, 0.3, 60)
    reference, error = log_orthant_probability(mean, covariance, labels, seed=2)
    order, scale = np.random.default_rng(3).permutation(60), np.random.default_rng(4).uniform(0.1, 10, 60)
    changed = np.outer(scale, scale) * covariance[np.ix_(order, order)]
    log_p, other = log_orthant_probability(scale * mean[order], changed, labels[order], seed=5)
    assert abs(log_p - reference) < 4 * np.hypot(error, other)
    flipped, other = log_orthant_probability(-mean, covariance, -labels, seed=6)
    assert abs(flipped - reference) < 4 * np.hypot(error, other)


def test_single_weights_average_to_the_probability():
    covariance, labels, exact = autoregressive(30, 0.6, mixed(30))
    weights = log_orthant_weights(np.zeros((20_000, 30)), covariance, labels[None], seed=0)[0]
    relative = np.exp(weights - exact)
    assert abs(relative.mean() - 1) < 4 * relative.std() / np.sqrt(20_000)
