"""The exact 0-1 posterior on E against closed forms, rejection sampling and itself; the NTK ensemble against neural-
tangents.
"""

import inspect

import numpy as np
import pytest
from conftest import positive_orthant, random_covariance

from sgdbayes.functions import Domain, as_strings
from sgdbayes.pipeline.plan import Plan
from sgdbayes.posterior import (
    POSTERIORS,
    Gaussian,
    GaussianMixture,
    log_orthant_probability,
    ntk_ensemble,
    zero_one,
    zero_one_predictive,
)
from sgdbayes.posterior.orthant import log_orthant_weights
from sgdbayes.posterior.probabilities import drawn_functions, function_probabilities
from sgdbayes.posterior.stored import stored_posterior
from sgdbayes.registry import resolve

ALL_SIGNS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])


def test_probabilities_are_means_of_orthant_probabilities():
    covariance = random_covariance(5, seed=1)
    centres = np.random.default_rng(2).standard_normal((4, 5))
    mixture = GaussianMixture(np.repeat(centres, 5000, axis=0).reshape(4, 5000, 5), covariance)
    labels = np.where(np.random.default_rng(3).random((6, 5)) < 0.5, -1, 1)
    log_p, error, draws = mixture.log_probabilities(labels, seed=4)
    each = [np.exp(log_orthant_probability(centre, covariance, labels, seed=5)[0]) for centre in centres]
    assert np.isfinite(log_p).all()
    # Batches lie in chains with centres of their own here, so the standard error is far above the scatter.
    np.testing.assert_allclose(log_p, np.log(np.mean(each, axis=0)), atol=0.03)
    assert (draws <= 20_000).all() and (error > 0).all()


def test_standard_errors_are_honest():
    """Two training points and one test point: P(sign z_E | signs z_S) is a ratio of orthants in closed form. Of 200
    seeds about 95 % give an interval with the truth in it: 180 or more but for one chance in a thousand.
    """
    kernel, labels = random_covariance(3, seed=4), np.array([1, -1])
    signs = np.array([1, -1, 1])
    truth = np.log(
        positive_orthant(kernel * np.outer(signs, signs)) / positive_orthant(kernel[:2, :2] * np.outer(labels, labels))
    )
    inside, deviations = 0, []
    for seed in range(200):
        mixture, _ = zero_one_predictive(kernel, labels, 100, seed=seed)
        log_p, error, _ = mixture.log_probabilities(np.array([[1]]), seed=seed)
        deviations.append(log_p[0] - truth)
        inside += abs(deviations[-1]) < 1.96 * error[0]
    assert 180 <= inside <= 199
    assert abs(np.mean(deviations)) < 4 * np.std(deviations) / np.sqrt(200)


@pytest.fixture(scope="module")
def trained_and_tested():
    """Six training points, two test points: the mixture, and functions of E by rejection sampling."""
    kernel, labels = random_covariance(8, seed=6), np.array([1, -1, 1, 1, -1, 1])
    mixture, diagnostics = zero_one_predictive(kernel, labels, 2500, seed=1)
    z = np.random.default_rng(2).multivariate_normal(np.zeros(8), kernel, 2_000_000)
    return mixture, diagnostics, z[(np.sign(z[:, :6]) == labels).all(1)][:, 6:] > 0


def test_functions_are_as_probable_as_by_rejection(trained_and_tested):
    mixture, _, kept = trained_and_tested
    frequency = np.array([(kept == (signs > 0)).all(1).mean() for signs in ALL_SIGNS])
    spread = np.sqrt((1 - frequency) / frequency / len(kept))
    log_p, error, draws = mixture.log_probabilities(ALL_SIGNS, seed=3)
    assert np.abs((log_p - np.log(frequency)) / np.hypot(error, spread)).max() < 4
    assert np.exp(log_p).sum() == pytest.approx(1, abs=0.02)
    assert draws.min() > 1000
    drawn = mixture.draw_functions(20_000, seed=4)
    share = np.array([(drawn == (signs > 0)).all(1).mean() for signs in ALL_SIGNS])
    assert np.abs(share - frequency).max() < 4 * np.sqrt(0.25 / 10_000 + 0.25 / len(kept))


def test_mean_test_error_is_that_of_rejection(trained_and_tested):
    mixture, diagnostics, kept = trained_and_tested
    value, error = mixture.mean_test_error(np.array([1, -1]))
    wrong = (kept != [True, False]).mean(1)
    assert abs(value - wrong.mean()) < 4 * np.hypot(error, wrong.std() / np.sqrt(len(kept)))
    assert diagnostics["r_hat"] < 1.01 and diagnostics["effective_sample_size"] > 5000


def test_too_few_draws_make_no_probability():
    means = np.random.default_rng(0).normal(0, 4, (4, 200, 12))
    mixture = GaussianMixture(means, 0.01 * np.eye(12))
    common = as_strings(means.reshape(-1, 12)[:1] > 0)[0]
    row = function_probabilities(mixture, [common], seed=0).iloc[0]
    assert row["draws"] < 100
    # It counts in a mean over functions; of itself it says too little.
    assert np.isfinite(row["log_p"])
    assert np.isnan(row["log_p_se"])
    table = function_probabilities(mixture.on(slice(1)), np.array([[True], [False]]), seed=0)
    assert table["function"].tolist() == ["1", "0"]
    assert np.isfinite(table[["log_p", "log_p_se"]]).all(axis=None)


def test_a_stored_mixture_is_the_mixture(trained_and_tested):
    mixture = trained_and_tested[0]
    again = stored_posterior({"means": mixture.means, "covariance": mixture.covariance})
    assert again.mean_test_error(np.ones(2)) == mixture.mean_test_error(np.ones(2))
    piece = mixture.on(slice(1, 2))
    np.testing.assert_array_equal(piece.means, mixture.means[:, :, 1:])
    np.testing.assert_array_equal(piece.covariance, mixture.covariance[1:, 1:])


def test_functions_that_are_drawn_are_judged_by_components_that_they_were_not_drawn_from(trained_and_tested):
    """Components far apart: a function drawn from one chain has no mass in the other."""
    means = np.array([[[3.0, 3.0]] * 50, [[3.0, -3.0]] * 50])
    table = drawn_functions(
        GaussianMixture(means, 0.01 * np.eye(2)), np.ones(2), [Domain(2, 0), Domain(1, 1)], asked=40, drawn=40, seed=0
    )
    pairs = table[table["domain_size"] == 2]
    assert pairs["function"].tolist() == ["11"]
    assert pairs["count"].tolist() == [40]
    assert pairs["log_p"].iloc[0] < -100
    assert table.loc[table["domain_size"] == 1, ["domain", "function", "test_errors"]].to_numpy().tolist() == [
        [1, "1", 0]
    ]
    # Where chains agree the halves do, too.
    mixture = trained_and_tested[0]
    halves = [half.log_probabilities(ALL_SIGNS, seed=0) for half in mixture.halves()]
    assert sum(len(half.means) for half in mixture.halves()) == len(mixture.means)
    assert np.abs((halves[0][0] - halves[1][0]) / np.hypot(halves[0][1], halves[1][1])).max() < 4
    one_chain = GaussianMixture(mixture.means[:1], mixture.covariance).halves()
    np.testing.assert_array_equal(np.concatenate([half.means for half in one_chain], axis=1), mixture.means[:1])


def test_chains_that_disagree_are_refused(monkeypatch):
    monkeypatch.setattr(zero_one, "_R_HAT", 0.5)
    with pytest.raises(RuntimeError, match=r"chains of the 0-1 posterior disagree \(R-hat 1\."):
        zero_one_predictive(random_covariance(4), np.ones(2), 50, seed=0)


def test_ntk_ensemble_is_that_of_neural_tangents():
    import jax

    from sgdbayes.architectures import FullyConnected
    from sgdbayes.architectures._infinite_width import _stax

    stax = _stax()
    from neural_tangents import predict

    def dense(width):
        return stax.Dense(width, W_std=2**0.5, b_std=0.1**0.5)

    architecture = FullyConnected(depth=2, width=8, bias_variance=0.1)
    x, labels = np.random.default_rng(0).standard_normal((9, 4)), np.array([1, -1, 1, 1, -1, -1])
    kernel, tangent_kernel = architecture.kernel(x), architecture.tangent_kernel(x)
    ensemble = ntk_ensemble(kernel, labels, tangent_kernel)
    with jax.experimental.enable_x64():
        _, _, kernels = stax.serial(*[layer for _ in range(2) for layer in (dense(8), stax.Relu())], dense(1))
        predicted = predict.gradient_descent_mse_ensemble(kernels, x[:6], labels[:, None].astype(float))
        mean, covariance = predicted(t=None, x_test=x[6:], get="ntk", compute_cov=True)
    np.testing.assert_allclose(ensemble.mean, np.asarray(mean)[:, 0], rtol=1e-8)
    np.testing.assert_allclose(ensemble.covariance, np.asarray(covariance), rtol=1e-7, atol=1e-10)


def test_the_plan_knows_which_kernels_posteriors_need():
    assert {name: Plan.kernels_of(None, name) for name in POSTERIORS} == {
        "mse": ["kernel"], "ep": ["kernel"], "zero_one": ["kernel"], "ntk": ["kernel", "tangent-kernel"],
        "rejection": [], "splitting": [],
    }  # fmt: skip
    for kind in POSTERIORS.values():
        parameters = inspect.signature(resolve(kind.fit)).parameters
        assert ("tangent_kernel" in parameters) == ("tangent_kernel" in kind.needs)
        assert ("architecture" in parameters) == kind.of_networks


def test_a_test_point_that_has_nothing_to_do_with_s_is_even():
    posterior, diagnostics = zero_one_predictive(np.eye(3), np.ones(2), 100, seed=0)
    assert diagnostics["r_hat"] < 1.05
    assert posterior.mean_test_error(np.ones(1))[0] == 0.5


def test_bad_input():
    with pytest.raises(ValueError, match="kernel must cover S and E: it has 2 rows for 2 labels"):
        zero_one_predictive(np.eye(2), np.ones(2), 10, seed=0)
    with pytest.raises(ValueError, match="must both cover S and E"):
        ntk_ensemble(np.eye(2), np.ones(2), np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="tangent kernel on S is not positive definite"):
        ntk_ensemble(np.eye(2), np.ones(1), -np.eye(2))
    with pytest.raises(ValueError, match=r"means must be finite, of shape \(chains, draws, 2\)"):
        GaussianMixture(np.full((4, 9, 2), np.nan), np.eye(2))
    with pytest.raises(ValueError, match="at least 32 draws"):
        GaussianMixture(np.zeros((4, 7, 2)), np.eye(2))
    for posterior in (Gaussian(np.zeros(2), np.eye(2)), GaussianMixture(np.zeros((4, 9, 2)), np.eye(2))):
        for points in (slice(3), slice(1, 1), slice(-1, 1), slice(0, 2, 2)):
            with pytest.raises(ValueError, match="points must be a piece of the 2 that there are"):
                posterior.on(points)
        with pytest.raises(ValueError, match="labels must have 2 entries along the last axis, got shape \\(1,\\)"):
            posterior.mean_test_error(np.ones(1))
    with pytest.raises(np.linalg.LinAlgError, match="covariance is not positive definite: its least variance is -1"):
        Gaussian(np.zeros(2), np.diag([1.0, -1.0]))
    with pytest.raises(ValueError, match="means and labels must have two dimensions"):
        log_orthant_weights(np.zeros(2), np.eye(2), np.ones(2), seed=0)
