"""Samples of the exact 0-1 posterior against rejection sampling, another sampler, and themselves."""

import numpy as np
import pytest
from conftest import positive_orthant, random_covariance
from scipy import stats
from scipy.special import ndtr, ndtri

from sgdbayes.posterior import _walls, expectation_propagation, sample_zero_one, zero_one, zero_one_chains
from sgdbayes.posterior._walls_batched import batched_mover


def standard_error(draws: np.ndarray, batches: int = 40) -> np.ndarray:
    """Of the mean over the rows of a chain, from means of batches long against its correlation."""
    return np.array([part.mean(0) for part in np.array_split(draws, batches)]).std(0, ddof=1) / np.sqrt(batches)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_means_are_those_of_the_closed_form(size):
    """Tallis 1961: E[z; z > 0] = sum over k of K[:, k] phi(0) / sqrt(K_kk) P(the others > 0 | z_k = 0)."""
    kernel, labels = random_covariance(size, seed=size + 20), np.where(np.arange(size) % 2, -1, 1)
    folded = kernel * np.outer(labels, labels)
    mean = np.zeros(size)
    for k in range(size):
        others = np.arange(size) != k
        given = (folded - np.outer(folded[k], folded[k]) / folded[k, k])[np.ix_(others, others)]
        mean += folded[:, k] / np.sqrt(2 * np.pi * folded[k, k]) * positive_orthant(given)
    samples = sample_zero_one(kernel, labels, 20_000, seed=2)
    exact = labels * mean / positive_orthant(folded)
    assert np.abs((samples.mean(0) - exact) / standard_error(samples)).max() < 4


@pytest.mark.parametrize("size", [1, 2, 3, 8, 12])
def test_means_and_second_moments_are_those_of_rejection_sampling(size):
    kernel, labels = random_covariance(size, seed=size), np.where(np.arange(size) % 3, 1, -1)
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(size), kernel, 1_000_000)
    kept = draws[(np.sign(draws) == labels).all(1)]
    assert len(kept) > 100
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
    """Draw z from the prior, take its signs as labels: among 19 posterior draws any rank of z is as likely as any
    other.
    """
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


@pytest.fixture(scope="module")
def chains_on_the_line():
    kernel = np.exp(-np.abs(np.subtract.outer(np.arange(40), np.arange(40))) / 20)
    return zero_one_chains(kernel, np.where(np.arange(40) < 25, 1, -1), 2000, seed=1)


def test_chains_from_different_starts_agree_and_say_so(chains_on_the_line):
    chains = chains_on_the_line
    assert chains.draws.shape == (4, 2000, 40)
    assert chains.r_hat.shape == chains.effective_sample_size.shape == chains.autocorrelation_time.shape == (40,)
    assert chains.r_hat.max() < 1.01
    assert chains.bounces.min() >= 0 and chains.bounces.mean() > 1
    np.testing.assert_allclose(chains.autocorrelation_time * chains.effective_sample_size, 8000)
    # What the effective sample size promises is how far apart the means of the chains are.
    promised = chains.draws.std((0, 1)) / np.sqrt(chains.effective_sample_size / 4)
    assert 0.7 < np.sqrt((chains.draws.mean(1).var(0, ddof=1) / promised**2).mean()) < 1.4


def test_diagnostics_see_chains_that_disagree(chains_on_the_line):
    apart = chains_on_the_line.draws.copy()
    apart[0] += 3 * apart.std()
    r_hat, effective = zero_one.chain_diagnostics(apart)
    assert r_hat.min() > 1.2 and effective.max() < 100


def test_more_draws_extend_a_chain():
    kernel, labels = random_covariance(9, seed=8), np.where(np.arange(9) % 2, 1, -1)
    few, many = (zero_one_chains(kernel, labels, number, seed=3) for number in (5, 30))
    np.testing.assert_array_equal(few.draws, many.draws[:, :5])


def test_all_chains_at_once_in_torch_take_the_same_way(monkeypatch):
    kernel, labels = random_covariance(60, seed=9), np.where(np.arange(60) % 3, 1, -1)
    one_by_one = zero_one_chains(kernel, labels, 10, seed=4, device="cpu")
    monkeypatch.setattr(zero_one, "_mover", lambda folded, device: batched_mover(folded, device, zero_one._BOUNCES))
    at_once = zero_one_chains(kernel, labels, 10, seed=4, device="cpu")
    np.testing.assert_array_equal(at_once.bounces, one_by_one.bounces)
    np.testing.assert_allclose(at_once.draws, one_by_one.draws, rtol=1e-6, atol=1e-9)


def test_near_duplicates_with_opposite_labels_are_sampled():
    """z_1 > 0 > z_2 almost equal: given the signs, their difference d > |z_1 + z_2| has density d exp(-d^2 / 2 s^2)."""
    kernel = np.ones((2, 2)) + 1e-7 * np.eye(2)
    samples = sample_zero_one(kernel, np.array([1, -1]), 4000, seed=5)
    assert (samples[:, 0] > 0).all() and (samples[:, 1] < 0).all()
    difference = samples[:, 0] - samples[:, 1]
    exact = np.sqrt(2e-7) * np.sqrt(np.pi / 2)
    assert difference.mean() == pytest.approx(exact, abs=4 * standard_error(difference[:, None])[0])


def test_a_crossed_wall_and_an_endless_trajectory_are_errors(monkeypatch):
    def leave(positions, velocities, covariance, limit, samples):
        samples[:] = -1e-3
        return np.zeros(samples.shape[:2], dtype=int)

    monkeypatch.setattr(zero_one, "follow", leave)
    with pytest.raises(RuntimeError, match=r"crossed a wall by 0\.001 prior standard deviations"):
        sample_zero_one(np.eye(2), np.ones(2), 1, seed=0)
    monkeypatch.setattr(zero_one, "follow", _walls.follow)
    monkeypatch.setattr(zero_one, "_BOUNCES", 0)
    with pytest.raises(RuntimeError, match="did not end within 0 bounces"):
        sample_zero_one(np.eye(2), np.ones(2), 10, seed=0)


def test_bad_input():
    with pytest.raises(ValueError, match="at least 4 samples of each of 2 chains, got num_samples=0"):
        zero_one_chains(np.eye(2), np.ones(2), 0, seed=0)
    with pytest.raises(ValueError, match="kernel must be finite"):
        sample_zero_one(np.diag([1.0, np.nan]), np.ones(2), 1, seed=0)
    with pytest.raises(ValueError, match="kernel must be symmetric"):
        sample_zero_one(np.array([[1.0, 0.1], [0.0, 1.0]]), np.ones(2), 1, seed=0)
    with pytest.raises(np.linalg.LinAlgError, match="its diagonal goes down to 0"):
        sample_zero_one(np.diag([1.0, 0.0]), np.ones(2), 1, seed=0)
    with pytest.raises(ValueError, match="num_samples must be at least 1, got 0"):
        sample_zero_one(np.eye(2), np.ones(2), 0, seed=0)
    with pytest.raises(ValueError, match="kernel and labels must agree"):
        sample_zero_one(np.eye(3), np.ones(2), 1, seed=0)
    with pytest.raises(ValueError, match=r"labels must be bool or -1 and \+1"):
        sample_zero_one(np.eye(2), np.zeros(2), 1, seed=0)
    with pytest.raises(np.linalg.LinAlgError, match="kernel is not positive definite"):
        sample_zero_one(np.ones((2, 2)) - 2 * np.eye(2), np.ones(2), 1, seed=0)
