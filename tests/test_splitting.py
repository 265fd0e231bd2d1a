"""Splitting against rejection sampling, the exact posterior of the infinitely wide network, and itself."""

import numpy as np
import pytest
from conftest import random_task

from sgdbayes.architectures import LSTM, FullyConnected
from sgdbayes.datasets import load_task
from sgdbayes.posterior import (
    EmpiricalPosterior,
    log_orthant_probability,
    sample_by_rejection,
    sample_by_splitting,
    splitting,
    zero_one_predictive,
)
from sgdbayes.posterior.kinds import POSTERIORS

CASES = {
    "one narrow layer": (FullyConnected(depth=1, width=6), 8, 4),
    "two layers": (FullyConnected(depth=2, width=12, bias_variance=0.3), 10, 5),
    "three layers": (FullyConnected(depth=3, width=9, weight_variance=1.5, bias_variance=0.1), 7, 3),
    # In one of two networks from the prior all units of a layer are dead on some input.
    "shrinking layers": (FullyConnected(widths=(8, 4, 2)), 6, 4),
}


@pytest.mark.parametrize("case", CASES)
def test_it_agrees_with_rejection(case):
    architecture, size, inputs = CASES[case]
    rng = np.random.default_rng(7)
    train, test = rng.standard_normal((size, inputs)), rng.standard_normal((4, inputs))
    labels = np.where(train @ rng.standard_normal(inputs) > 0, 1, -1)
    # Of E one point is in S, one a multiple of one in S.
    test[0], test[1] = train[0], 2 * train[1]
    rejection = sample_by_rejection(architecture, train, labels, test, networks=400_000, seed=0)
    result = sample_by_splitting(architecture, train, labels, test, seed=1, particles=200, rounds=4)
    assert (result.functions[:, :, 0] == (labels[0] > 0)).all()
    low, high = np.log([rejection.acceptance_low, rejection.acceptance_high])
    error = np.hypot(result.standard_error, (high - low) / 3.92)
    assert abs(result.log_evidence - np.log(rejection.acceptance)) < 3.5 * error
    assert error < 0.25
    exact, sampled = EmpiricalPosterior(rejection.functions[None]), EmpiricalPosterior(result.functions)
    signs = np.where(np.unique(rejection.functions, axis=0), 1, -1)
    (log_p, error, draws), (log_q, deviation, carried) = (each.log_probabilities(signs) for each in (exact, sampled))
    often = (draws >= 20) & (carried >= sampled.fewest_draws)
    assert often.sum() >= 3
    assert np.abs((log_q - log_p) / np.hypot(error, deviation))[often].max() < 4


def test_wide_networks_are_the_exact_posterior_of_the_gaussian_process():
    architecture, task = FullyConnected(depth=1, width=128, bias_variance=0.2), random_task(train=12, test=3, inputs=4)
    kernel = architecture.kernel(np.concatenate([task.train_inputs, task.test_inputs]))
    result = sample_by_splitting(
        architecture, task.train_inputs, task.train_labels, task.test_inputs, seed=2, runs=4, particles=80, sweeps=1
    )
    log_p, error = log_orthant_probability(np.zeros(12), kernel[:12, :12], task.train_labels, seed=0)
    # At width 128 the two differ by about 1 %.
    assert abs(result.log_evidence - log_p) < 3.5 * np.hypot(result.standard_error, error) + 0.02
    mixture, _ = zero_one_predictive(kernel, task.train_labels, 1000, seed=0)
    signs = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1], [-1] * 3])
    log_q, deviation, carried = mixture.log_probabilities(signs, seed=1)
    log_p, error, draws = EmpiricalPosterior(result.functions).log_probabilities(signs)
    often = (carried >= 100) & (draws >= 5)
    assert often.sum() >= 3
    assert (np.abs(log_p - log_q) < 4 * np.hypot(error, deviation) + 0.02)[often].all()


def test_a_hard_point():
    """The last of five nearly equal inputs has the other label: few networks fit."""
    train = np.array([[1, 0], [1, 0.1], [1, 0.2], [1, 0.3], [1, -0.08]])
    labels, test = np.array([1, 1, 1, 1, -1]), np.eye(2)
    architecture = FullyConnected(depth=1, width=8, bias_variance=0.5)
    result = sample_by_splitting(architecture, train, labels, test, seed=0, particles=60, runs=8, rounds=1)
    rejection = sample_by_rejection(architecture, train, labels, test, networks=1_000_000, seed=0)
    low, high = np.log([rejection.acceptance_low, rejection.acceptance_high])
    error = np.hypot(result.standard_error, (high - low) / 3.92)
    assert abs(result.log_evidence - np.log(rejection.acceptance)) < 3.5 * error
    assert result.log_evidence < -4


def test_the_result_depends_on_the_seed_alone(monkeypatch):
    architecture, task = FullyConnected(depth=2, width=8), random_task(train=8, test=3, inputs=4)
    call = (architecture, task.train_inputs, task.train_labels, task.test_inputs)
    options = {"runs": 4, "particles": 40, "rounds": 2}
    seen = []
    one = sample_by_splitting(*call, seed=3, progress=lambda *each: seen.append(each), **options)
    monkeypatch.setattr(splitting, "get_num_threads", lambda: 1)
    again = sample_by_splitting(*call, seed=3, **options)
    np.testing.assert_array_equal(one.outputs, again.outputs)
    assert one.log_evidence == again.log_evidence
    assert seen[-1] == (3, 0.0, one.run_evidence[3])
    noise = [each[1] for each in seen if each[0] == 3]
    assert noise == sorted(noise, reverse=True)
    assert one.outputs.shape == one.functions.shape == (4, 80, 3)
    assert sample_by_splitting(*call, seed=4, **options).log_evidence != one.log_evidence


def test_it_is_a_posterior_of_the_configuration(monkeypatch):
    task = random_task(train=8, test=5, inputs=4)
    options = {"runs": 4, "particles": 80, "rounds": 2}
    posterior, facts = POSTERIORS["splitting"].fitted(task.head(3), FullyConnected(depth=1, width=8), [], options)
    assert posterior.functions.shape == (4, 160, 3)
    assert facts["r_hat"] < 1.1 and facts["log_evidence"] < 0 < facts["log_evidence_se"]
    monkeypatch.setattr("sgdbayes.posterior.splitting._R_HAT", 0.5)
    with pytest.raises(RuntimeError, match=r"the runs of splitting disagree \(R-hat 1\."):
        POSTERIORS["splitting"].fitted(task.head(3), FullyConnected(depth=1, width=8), [], options)


def test_bad_input():
    inputs, labels = np.eye(3), np.array([1, -1, 1])
    with pytest.raises(RuntimeError, match="splitting is stuck: too few networks fit all training points"):
        sample_by_splitting(FullyConnected(width=4), inputs[[0, 0, 1, 1]], np.array([1, -1, 1, -1]), inputs, seed=0)
    with pytest.raises(ValueError, match="networks of FullyConnected only, not LSTM"):
        sample_by_splitting(LSTM(), inputs, labels, inputs, seed=0)
    with pytest.raises(ValueError, match=r"at least 4 runs of 20 particles, 1 sweep and 1 round, got 3, 100, 1 and 5"):
        sample_by_splitting(FullyConnected(), inputs, labels, inputs, seed=0, runs=3)
    with pytest.raises(ValueError, match=r"labels must be bool or -1 and \+1"):
        sample_by_splitting(FullyConnected(), inputs, np.zeros(3), inputs, seed=0)


@pytest.mark.slow
def test_intervals_hold_the_evidence_that_rejection_finds():
    architecture, inputs = FullyConnected(depth=2, width=12), 6
    rng = np.random.default_rng(3)
    train, test = rng.standard_normal((16, inputs)), rng.standard_normal((1, inputs))
    labels = np.where(train @ rng.standard_normal(inputs) > 0, 1, -1)
    rejection = sample_by_rejection(architecture, train, labels, test, networks=20_000_000, seed=0)
    truth = np.log(rejection.acceptance)
    held, off, repetitions = 0, [], 200
    for seed in range(repetitions):
        result = sample_by_splitting(
            architecture, train, labels, test, seed=seed, runs=4, particles=20, rounds=1, sweeps=1
        )
        held += abs(result.log_evidence - truth) < 1.96 * result.standard_error
        off.append(np.exp(result.run_evidence - truth).mean())
    # 95 %, less 2.6 of its standard errors; P(S) itself is estimated without bias, or nearly.
    assert held / repetitions > 0.91
    assert abs(np.mean(off) - 1) < 0.02 + 3 * np.std(off) / repetitions**0.5


@pytest.mark.slow
def test_a_hundred_images_on_wide_networks_have_the_evidence_of_the_gaussian_process():
    task = load_task("mnist_embedded", positive_classes=[5, 6, 7, 8, 9], train_size=100, recorded_test_size=300)
    architecture = FullyConnected(depth=1, width=256)
    result = sample_by_splitting(
        architecture, task.train_inputs, task.train_labels, task.test_inputs, seed=0, runs=8, particles=50, rounds=1
    )
    kernel = architecture.kernel(task.train_inputs)
    log_p, error = log_orthant_probability(np.zeros(100), kernel, task.train_labels, seed=0)
    # Kernels of 256 units scatter about the limit.
    assert abs(result.log_evidence - log_p) < 3.5 * np.hypot(result.standard_error, error) + 0.5
