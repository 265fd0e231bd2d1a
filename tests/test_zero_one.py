"""Samples of the exact 0-1 posterior against rejection sampling, another sampler, and themselves."""

import numpy as np
import pytest
from conftest import random_covariance
from scipy import stats
from scipy.special import ndtr, ndtri

from sgdbayes.posterior import expectation_propagation, sample_zero_one


def standard_error(draws: np.ndarray, batches: int = 40) -> np.ndarray:
    """Of the mean over the rows of a chain, from means of batches long against its correlation."""
    return np.array([part.mean(0) for part in np.array_split(draws, batches)]).std(0, ddof=1) / np.sqrt(batches)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_means_and_second_moments_are_those_of_rejection_sampling(size):
    kernel, labels = random_covariance(size, seed=size), np.where(np.arange(size) % 3, 1, -1)
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(size), kernel, 400_000)
    kept = draws[(np.sign(draws) == labels).all(1)]
    samples = sample_zero_one(kernel, labels, 8000, seed=1)
    assert (np.sign(samples) == labels).all()
    for power in (1, 2):
        difference = (samples**power).mean(0) - (kept**power).mean(0)
        error = np.hypot(standard_error(samples**power), (kept**power).std(0) / np.sqrt(len(kept)))
        assert np.abs(difference / error).max() < 4


def test_means_are_those_of_a_long_gibbs_chain():
    size = 50
    factor = np.random.default_rng(3).standard_normal((size, 10))
    kernel, labels = factor @ factor.T / 10 + 0.05 * np.eye(size), np.where(np.arange(size) % 2, 1, -1)
    precision = np.linalg.inv(kernel)
    rng, z, chain = np.random.default_rng(4), labels * 0.1, []
    for _ in range(8000):
        for i in range(size):
            scale = precision[i, i] ** -0.5
            mean = z[i] - precision[i] @ z / precision[i, i]
            # The part of the conditional Gaussian on the label's side, by inversion.
            below = ndtr(-mean / scale) if labels[i] > 0 else 0.0
            above = 1.0 if labels[i] > 0 else ndtr(-mean / scale)
            z[i] = mean + scale * ndtri(below + (above - below) * rng.random())
        chain.append(z.copy())
    chain = np.array(chain[1000:])
    samples = sample_zero_one(kernel, labels, 8000, seed=5)
    error = np.hypot(standard_error(samples), standard_error(chain))
    assert np.abs((samples.mean(0) - chain.mean(0)) / error).max() < 4


def test_simulation_based_calibration():
    """Draw z from the prior, take its signs as labels: among 19 posterior draws any rank of z is as likely as any other."""
    size, ranks = 6, []
    kernel = random_covariance(size, seed=11)
    for seed in range(400):
        z = np.random.default_rng([12, seed]).multivariate_normal(np.zeros(size), kernel)
        chain = sample_zero_one(kernel, np.sign(z), 19 * 5, seed=seed)[::5]
        ranks.append((chain[:, 0] < z[0]).sum())
    assert stats.chisquare(np.bincount(ranks, minlength=20)).pvalue > 1e-3


def test_samples_scale_and_flip_with_the_kernel_and_the_labels():
    kernel, labels = random_covariance(7, seed=2), np.where(np.arange(7) % 2, 1, -1)
    samples = sample_zero_one(kernel, labels, 5, seed=3)
    np.testing.assert_allclose(sample_zero_one(100 * kernel, labels, 5, seed=3), 10 * samples, rtol=1e-9)
    np.testing.assert_allclose(sample_zero_one(kernel, -labels, 5, seed=3), -samples, rtol=1e-9)


def test_ep_agrees_where_it_is_accurate():
    factor = np.random.default_rng(6).standard_normal((200, 40))
    kernel, labels = factor @ factor.T / 40 + 0.1 * np.eye(200), np.where(np.arange(200) % 2, 1, -1)
    samples = sample_zero_one(kernel, labels, 1500, seed=7)
    difference = samples.mean(0) - expectation_propagation(kernel, labels).mean
    # EP's own error is below the Monte Carlo error of 1,500 draws here: root mean square of the deviations about one.
    assert np.sqrt(((difference / standard_error(samples)) ** 2).mean()) < 1.5


def test_bad_input():
    with pytest.raises(ValueError, match="num_samples must be at least 1, got 0"):
        sample_zero_one(np.eye(2), np.ones(2), 0, seed=0)
    with pytest.raises(ValueError, match="kernel and labels must agree"):
        sample_zero_one(np.eye(3), np.ones(2), 1, seed=0)
    with pytest.raises(ValueError, match=r"labels must be -1 or \+1"):
        sample_zero_one(np.eye(2), np.zeros(2), 1, seed=0)
    with pytest.raises(np.linalg.LinAlgError, match="kernel is not positive definite"):
        sample_zero_one(np.ones((2, 2)) - 2 * np.eye(2), np.ones(2), 1, seed=0)
