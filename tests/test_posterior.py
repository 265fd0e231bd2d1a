"""Posteriors against closed forms, brute force and independent libraries."""

import mpmath
import numpy as np
import pytest
from conftest import random_covariance
from scipy import integrate, stats
from scipy.special import log_ndtr

from sgdbayes.architectures import FullyConnected
from sgdbayes.datasets import Task
from sgdbayes.posterior import Gaussian, expectation_propagation, log_orthant_probability, regression_posterior
from sgdbayes.posterior.ep import _site
from sgdbayes.posterior.kinds import POSTERIORS


def equicorrelated(size: int, correlation: float) -> np.ndarray:
    return np.full((size, size), correlation) + (1 - correlation) * np.eye(size)


def three_dimensional_orthant(covariance: np.ndarray) -> float:
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    return 1 / 8 + np.arcsin(correlation[np.triu_indices(3, 1)]).sum() / (4 * np.pi)


# --- orthant probabilities -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 20, 100])
def test_equicorrelated_orthant(size):
    """With correlation 1/2 the n + 1 independent variables behind the n are equally likely to be the largest."""
    log_p, error = log_orthant_probability(np.zeros(size), equicorrelated(size, 0.5), np.ones(size), seed=size)
    assert np.isfinite(log_p)
    assert error <= 0.01
    assert abs(log_p + np.log(size + 1)) < max(4 * error, 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_three_dimensional_orthants(seed):
    covariance = random_covariance(3, seed=seed)
    labels = np.array([[1, 1, 1], [1, -1, 1], [-1, -1, 1]])
    log_p, error = log_orthant_probability(np.zeros(3), covariance, labels, seed=0, relative_error=1e-3)
    for row, sign in enumerate(labels):
        expected = np.log(three_dimensional_orthant(covariance * np.outer(sign, sign)))
        assert abs(log_p[row] - expected) < 4 * error[row] + 1e-12


def test_orthants_of_a_shifted_gaussian_agree_with_scipy():
    covariance, mean = random_covariance(6, seed=3), np.linspace(-1, 1.5, 6)
    labels = np.array([1, -1, 1, 1, -1, 1])
    log_p, error = log_orthant_probability(mean, covariance, labels, seed=0, relative_error=1e-3)
    folded = covariance * np.outer(labels, labels)
    expected = stats.multivariate_normal.cdf(labels * mean, cov=folded, abseps=1e-8, releps=1e-8, rng=0)
    assert abs(log_p - np.log(expected)) < 4 * error + 1e-5


def test_independent_orthant_far_below_the_smallest_double():
    mean = np.full(50, -12.0)
    log_p, error = log_orthant_probability(mean, np.eye(50), np.ones(50), seed=0)
    assert log_p == pytest.approx(50 * log_ndtr(-12.0), rel=1e-12)
    assert log_p < -1000
    assert error < 1e-9


def test_all_orthants_sum_to_one():
    covariance, mean = random_covariance(4, seed=9), np.array([0.3, -0.2, 0.0, 1.0])
    labels = np.array([[1 if code >> bit & 1 else -1 for bit in range(4)] for code in range(16)])
    log_p, error = log_orthant_probability(mean, covariance, labels, seed=1, relative_error=1e-3)
    p = np.exp(log_p)
    # All orthants share their points, so their errors may add up.
    assert abs(p.sum() - 1) < 4 * (p * error).sum()


def test_orthants_do_not_depend_on_company_order_or_scale():
    covariance, mean = random_covariance(8, seed=4), np.linspace(-0.5, 0.5, 8)
    labels = np.where(np.random.default_rng(0).random((5, 8)) < 0.5, 1, -1)
    together, _ = log_orthant_probability(mean, covariance, labels, seed=2)
    alone, _ = log_orthant_probability(mean, covariance, labels[3], seed=2)
    assert alone == together[3]
    scaled, _ = log_orthant_probability(10 * mean, 100 * covariance, labels[3], seed=2)
    # The search for the tilt stops at 1e-8, at another last digit for other scales.
    assert scaled == pytest.approx(float(alone), rel=1e-8)
    order = np.random.default_rng(1).permutation(8)
    permuted, _ = log_orthant_probability(mean[order], covariance[np.ix_(order, order)], labels[3][order], seed=2)
    assert permuted == pytest.approx(float(alone), rel=1e-9)


def test_standard_errors_are_honest():
    """Of 200 seeds 95 % give an interval with the truth in it: 180 or more but for one chance in a thousand."""
    size = 8
    covariance, truth = equicorrelated(size, 0.5), -np.log(size + 1)
    inside = 0
    for seed in range(200):
        log_p, error = log_orthant_probability(np.zeros(size), covariance, np.ones(size), seed=seed, relative_error=1.0)
        inside += abs(log_p - truth) < 1.96 * error
    assert 180 <= inside <= 200


def test_orthant_bad_input():
    with pytest.raises(ValueError, match=r"labels must be bool or -1 and \+1"):
        log_orthant_probability(np.zeros(2), np.eye(2), np.array([0, 1]), seed=0)
    with pytest.raises(ValueError, match="must agree, got shapes"):
        log_orthant_probability(np.zeros(2), np.eye(3), np.ones(3), seed=0)
    with pytest.raises(ValueError, match="covariance must be finite"):
        log_orthant_probability(np.zeros(2), np.array([[1, np.nan], [np.nan, 1]]), np.ones(2), seed=0)
    with pytest.raises(ValueError, match="mean must be finite"):
        log_orthant_probability(np.array([0, np.inf]), np.eye(2), np.ones(2), seed=0)
    with pytest.raises(np.linalg.LinAlgError, match="covariance is not positive definite"):
        log_orthant_probability(np.zeros(2), np.ones((2, 2)) - 2 * np.eye(2), np.ones(2), seed=0)


# --- the Gaussian on E -----------------------------------------------------------------------------------------------


def test_drawn_functions_have_the_orthants_probabilities():
    posterior = Gaussian(np.array([0.5, -0.2, 0.1]), random_covariance(3, seed=2))
    draws = posterior.draw_functions(40_000, seed=0)
    labels = np.array([[1 if code >> bit & 1 else -1 for bit in range(3)] for code in range(8)])
    log_p, _ = log_orthant_probability(posterior.mean, posterior.covariance, labels, seed=0, relative_error=1e-3)
    observed = (draws[:, None, :] == (labels > 0)).all(2).sum(0)
    assert stats.chisquare(observed, 40_000 * np.exp(log_p) / np.exp(log_p).sum()).pvalue > 1e-3


def test_mean_test_error_is_that_of_the_draws():
    posterior = Gaussian(np.array([0.5, -0.2, 0.1]), random_covariance(3, seed=2))
    labels = np.array([1, 1, -1])
    wrong = (posterior.draw_functions(40_000, seed=1) != (labels > 0)).mean(1)
    deviation = (wrong.mean() - posterior.mean_test_error(labels)[0]) / (wrong.std() / 200)
    assert abs(deviation) < 4


# --- MSE posterior ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.01, 1e-8])
def test_regression_posterior_is_the_closed_form(noise):
    # Eigenvalues down to 1e-6: there noise of 1e-8 and of 1e-6, which gpytorch would make of it, differ.
    factor = np.random.default_rng(1).standard_normal((12, 6))
    kernel, labels = factor @ factor.T + 1e-6 * np.eye(12), np.where(np.arange(8) % 3 == 0, 1, -1)
    posterior = regression_posterior(kernel, labels, noise_variance=noise)
    solved = np.linalg.solve(kernel[:8, :8] + noise * np.eye(8), np.column_stack([labels, kernel[:8, 8:]]))
    np.testing.assert_allclose(posterior.mean, kernel[8:, :8] @ solved[:, 0], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        posterior.covariance, kernel[8:, 8:] - kernel[8:, :8] @ solved[:, 1:], rtol=1e-6, atol=1e-7
    )


def test_regression_posterior_is_exact_beyond_the_size_where_gpytorch_turns_to_approximations():
    kernel, labels = random_covariance(910, seed=1), np.where(np.arange(900) % 3 == 0, 1, -1)
    posterior = regression_posterior(kernel, labels, noise_variance=1e-3)
    expected = kernel[900:, :900] @ np.linalg.solve(kernel[:900, :900] + 1e-3 * np.eye(900), labels)
    np.testing.assert_allclose(posterior.mean, expected, rtol=1e-6, atol=1e-9)


def test_regression_bad_input():
    kernel = random_covariance(4)
    with pytest.raises(ValueError, match="noise_variance must be positive"):
        regression_posterior(kernel, np.ones(2), noise_variance=0.0)
    with pytest.raises(ValueError, match="kernel must cover S and E"):
        regression_posterior(kernel, np.ones(4), noise_variance=0.1)
    with pytest.raises(ValueError, match="symmetric"):
        regression_posterior(kernel + np.triu(np.ones((4, 4)), 1), np.ones(2), noise_variance=0.1)
    with pytest.raises(ValueError, match="square matrix"):
        regression_posterior(kernel[:3], np.ones(2), noise_variance=0.1)
    with pytest.raises(np.linalg.LinAlgError, match="kernel on S is not positive definite"):
        regression_posterior(-kernel, np.ones(2), noise_variance=0.1)


# --- expectation propagation -----------------------------------------------------------------------------------------


NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)


def sequential_ep(kernel: np.ndarray, labels: np.ndarray, sweeps: int = 60) -> tuple[float, np.ndarray]:
    """Textbook EP, a site at a time, with inverses and moments by quadrature: another algorithm with the same fixed
    point.
    """
    size = len(labels)
    tau, nu = np.zeros(size), np.zeros(size)
    prior = np.linalg.inv(kernel)

    def tilted(mean: float, variance: float, label: int) -> np.ndarray:
        scale = np.sqrt(variance)
        low, high = (0, mean + 12 * scale + 12) if label > 0 else (mean - 12 * scale - 12, 0)
        z = (high - low) / 2 * NODES + (high + low) / 2
        density = stats.norm.pdf(z, mean, scale) * WEIGHTS * (high - low) / 2
        mass = density.sum()
        first = (density * z).sum() / mass
        return np.array([mass, first, (density * (z - first) ** 2).sum() / mass])

    for _ in range(sweeps):
        for i in range(size):
            covariance = np.linalg.inv(prior + np.diag(tau))
            mean = covariance @ nu
            cavity_tau = 1 / covariance[i, i] - tau[i]
            cavity_mean = (mean[i] / covariance[i, i] - nu[i]) / cavity_tau
            _, first, second = tilted(cavity_mean, 1 / cavity_tau, labels[i])
            tau[i], nu[i] = 1 / second - cavity_tau, first / second - cavity_mean * cavity_tau
    covariance = np.linalg.inv(prior + np.diag(tau))
    mean, variance = covariance @ nu, np.diag(covariance)
    log_evidence = -np.linalg.slogdet(np.eye(size) + kernel @ np.diag(tau))[1] / 2 + nu @ mean / 2
    for i in range(size):
        cavity_tau = 1 / variance[i] - tau[i]
        cavity_mean = (mean[i] / variance[i] - nu[i]) / cavity_tau
        mass = tilted(cavity_mean, 1 / cavity_tau, labels[i])[0]
        # The integral of the cavity times exp(-tau z^2 / 2 + nu z), which the site's scale must turn into ``mass``.
        total = cavity_tau + tau[i]
        shift = cavity_mean * cavity_tau + nu[i]
        integral = np.sqrt(cavity_tau / total) * np.exp(shift**2 / total / 2 - cavity_mean**2 * cavity_tau / 2)
        log_evidence += np.log(mass / integral)
    return log_evidence, mean


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_ep_reaches_the_fixed_point_of_sequential_ep(size):
    kernel, labels = random_covariance(size, seed=size), np.where(np.arange(size) % 2, 1, -1)
    result = expectation_propagation(kernel, labels)
    log_evidence, mean = sequential_ep(kernel, labels)
    assert np.isfinite(result.log_evidence)
    assert result.log_evidence == pytest.approx(log_evidence, abs=1e-6)
    np.testing.assert_allclose(result.mean, mean, atol=1e-6)


def test_ep_settles_where_damped_updates_alone_would_not():
    """All labels alike and nearly one output: damping of 0.9 goes round in circles, Anderson's step does not."""
    kernel, labels = equicorrelated(10, 0.99), np.ones(10)
    log_evidence, mean = sequential_ep(kernel, labels)
    result = expectation_propagation(kernel, labels, max_sweeps=100)
    assert result.log_evidence == pytest.approx(log_evidence, abs=1e-6)
    np.testing.assert_allclose(result.mean, mean, atol=1e-6)


@pytest.mark.parametrize("jitter", [1e-4, 1e-6])
def test_ep_settles_on_contradicting_labels_of_almost_equal_inputs(jitter):
    """Sites then grow by orders of magnitude: extrapolation alone would throw them back again and again."""
    kernel = np.kron(random_covariance(10, seed=3), np.ones((2, 2))) + jitter * np.eye(20)
    labels = np.tile([1, -1], 10)
    result = expectation_propagation(kernel, labels, max_sweeps=60)
    gentle = expectation_propagation(kernel, labels, damping=0.5)
    assert np.isfinite(result.log_evidence)
    assert result.log_evidence == pytest.approx(gentle.log_evidence, abs=1e-5)


def test_a_site_has_the_moments_of_a_truncated_normal():
    """Against mpmath with 60 digits, also where doubles lose all of theirs."""
    with mpmath.workdps(60):
        for x in (-1e6, -1e3, -51.0, -49.0, -30.0, -3.0, 0.0, 3.0, 10.0):
            exact = mpmath.mpf(x)
            pull = mpmath.npdf(exact) / mpmath.ncdf(exact)
            mean, kept = exact + pull, 1 - pull * (exact + pull)
            (tau,), (nu,) = _site(np.array([x]))
            assert tau == pytest.approx(float(1 / kept - 1), rel=1e-9)
            assert nu == pytest.approx(float(mean / kept - exact), rel=1e-9)


def test_ep_is_exact_in_one_dimension():
    result = expectation_propagation(np.array([[4.0]]), np.array([-1]))
    assert result.log_evidence == pytest.approx(np.log(0.5), abs=1e-9)
    assert result.mean[0] == pytest.approx(-2 * np.sqrt(2 / np.pi), abs=1e-7)
    assert result.variance[0] == pytest.approx(4 * (1 - 2 / np.pi), abs=1e-7)


@pytest.mark.parametrize("size", [2, 3, 5, 10])
def test_ep_against_brute_force(size):
    """EP's own error is small here: log evidence and means agree with rejection sampling to a few hundredths."""
    kernel, labels = equicorrelated(size, 0.5), np.ones(size)
    result = expectation_propagation(kernel, labels)
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(size), kernel, 400_000)
    kept = draws[(draws > 0).all(1)]
    assert result.log_evidence == pytest.approx(-np.log(size + 1), abs=0.03)
    np.testing.assert_allclose(result.mean, kept.mean(0), atol=0.02)
    np.testing.assert_allclose(result.variance, kept.var(0), atol=0.03)


def test_ep_predictive_probability_against_an_integral():
    """One training point, one test point: the exact probability of the test label is an integral over the first."""
    kernel = np.array([[1.0, 0.6], [0.6, 2.0]])
    predictive = expectation_propagation(kernel, np.array([1])).predictive
    density = stats.truncnorm(0, np.inf).pdf
    conditional = np.sqrt(2.0 - 0.36)
    exact, _ = integrate.quad(lambda z: density(z) * stats.norm.cdf(0.6 * z / conditional), 0, np.inf)
    approximate = stats.norm.cdf(predictive.mean[0] / np.sqrt(predictive.covariance[0, 0]))
    # EP puts a Gaussian in place of the half-normal of the training output; at one point that costs a few thousandths.
    assert approximate == pytest.approx(exact, abs=5e-3)


def test_ep_does_not_change_with_scale_relabelling_or_order():
    kernel = random_covariance(9, seed=5)
    labels = np.where(np.arange(6) % 2, 1, -1)
    result = expectation_propagation(kernel, labels)
    scaled = expectation_propagation(25 * kernel, labels)
    assert scaled.log_evidence == pytest.approx(result.log_evidence, abs=1e-7)
    np.testing.assert_allclose(scaled.mean, 5 * result.mean, atol=1e-6)
    flipped = expectation_propagation(kernel, -labels)
    np.testing.assert_allclose(flipped.predictive.mean, -result.predictive.mean, atol=1e-7)
    order = np.array([3, 1, 5, 0, 2, 4, 6, 7, 8])
    permuted = expectation_propagation(kernel[np.ix_(order, order)], labels[order[:6]])
    np.testing.assert_allclose(permuted.predictive.covariance, result.predictive.covariance, atol=1e-7)


def test_ep_bad_input():
    with pytest.raises(ValueError, match=r"labels must be bool or -1 and \+1, got \[2.0\]"):
        expectation_propagation(np.eye(1), np.array([2.0]))
    with pytest.raises(ValueError, match="kernel must cover S"):
        expectation_propagation(np.eye(1), np.ones(2))
    for option, value in (("damping", 0.0), ("tolerance", np.nan), ("tolerance", -1.0), ("max_sweeps", 0)):
        with pytest.raises(ValueError, match=option):
            expectation_propagation(np.eye(1), np.ones(1), **{option: value})
    with pytest.raises(np.linalg.LinAlgError, match="kernel on S is not positive definite"):
        expectation_propagation(np.ones((2, 2)) - 2 * np.eye(2), np.ones(2))
    with pytest.raises(RuntimeError, match="did not settle in 2 sweeps"):
        expectation_propagation(random_covariance(5), np.ones(5), max_sweeps=2)


# --- equal inputs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "options"), [("zero_one", {"samples": 60}), ("ep", {}), ("ntk", {})])
def test_equal_inputs_with_one_label_are_one_input(name, options):
    rng = np.random.default_rng(0)
    inputs, labels = rng.random((9, 5)).astype(np.float32), np.array([1, -1, 1, 1, -1, -1, 1, -1, 1])
    architecture, log_probabilities = FullyConnected(depth=1, width=8), []
    for chosen in (np.arange(6), np.array([0, 1, 1, 2, 3, 4, 0, 5, 5])):
        task = Task(inputs[chosen], labels[chosen], inputs[6:], labels[6:], chosen, np.arange(6, 9))
        every = np.concatenate([task.train_inputs, task.test_inputs])
        kernels = [architecture.kernel(every), architecture.tangent_kernel(every)][: len(POSTERIORS[name].needs)]
        posterior, _ = POSTERIORS[name].fitted(task, architecture, kernels, options)
        log_probabilities.append(posterior.log_probabilities(np.array([[1, -1, 1], [1, 1, 1]]), seed=0)[0])
    np.testing.assert_allclose(*log_probabilities, rtol=1e-9)
    opposite = Task(inputs[[0, 0]], labels[:2], inputs[6:], labels[6:], np.arange(2), np.arange(6, 9))
    with pytest.raises(ValueError, match="equal inputs with opposite labels: no network fits both"):
        POSTERIORS[name].fitted(opposite, architecture, [np.eye(5)] * len(kernels), options)


def test_a_point_that_others_determine_is_named():
    kernel = np.eye(5)
    kernel[3] = kernel[:, 3] = kernel[1]
    kernel[3, 3] = 1
    with pytest.raises(np.linalg.LinAlgError, match=r"the variance at its point 3 \(from 0 on\), given those before"):
        expectation_propagation(kernel, np.array([1, 1, 1, 1]))
